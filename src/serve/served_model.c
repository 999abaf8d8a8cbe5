#include "serve/served_model.h"

#include <pthread.h>
#include <string.h>

enum { MODELS_AT_MOST = 64 };

typedef struct slot {
    char *name, *folder;
    assay_served *model;
} slot;

struct assay_served_set {
    assay_served_loader loader;
    pthread_mutex_t mutex, loading; /* mutex: the slots' models; loading: one load at a time */
    slot slots[MODELS_AT_MOST];
    size_t count;
};

assay_status assay_served_set_create(assay_served_set **out, const assay_served_loader *loader, assay_error *err)
{
    assay_served_set *set = assay_alloc(1, sizeof *set);
    *out = set;
    ASSAY_TRY_ALLOC(set, "the models", err);
    set->loader = *loader;
    pthread_mutex_init(&set->mutex, NULL);
    pthread_mutex_init(&set->loading, NULL);
    return ASSAY_OK;
}

void assay_served_give(assay_served *model)
{
    if (!model || atomic_fetch_sub(&model->references, 1) > 1) return;
    model->release(model->owner);
    assay_free(model);
}

void assay_served_set_free(assay_served_set *set)
{
    if (!set) return;
    for (size_t i = 0; i < set->count; i++) {
        assay_served_give(set->slots[i].model);
        assay_free(set->slots[i].name);
        assay_free(set->slots[i].folder);
    }
    pthread_mutex_destroy(&set->mutex);
    pthread_mutex_destroy(&set->loading);
    assay_free(set);
}

static assay_status load(assay_served_set *set, const slot *place, assay_served **out, assay_error *err)
{
    assay_served *model = assay_alloc(1, sizeof *model);
    ASSAY_TRY_ALLOC(model, place->name, err);
    assay_status status = set->loader.load(set->loader.context, place->folder, model, err);
    if (status != ASSAY_OK) {
        assay_free(model);
        return assay_error_prefix(err, status, "%s: ", place->name);
    }
    model->name = place->name;
    atomic_init(&model->references, 1);
    *out = model;
    return ASSAY_OK;
}

static slot *find(assay_served_set *set, const char *name)
{
    if (!name) return set->count ? &set->slots[0] : NULL;
    for (size_t i = 0; i < set->count; i++)
        if (!strcmp(set->slots[i].name, name)) return &set->slots[i];
    return NULL;
}

assay_status assay_served_set_add(assay_served_set *set, const char *name, const char *folder, assay_error *err)
{
    if (set->count == MODELS_AT_MOST) return assay_error_set(err, ASSAY_E_USAGE, "more than %d models", MODELS_AT_MOST);
    if (find(set, name) && set->count)
        return assay_error_set(err, ASSAY_E_USAGE, "two adapters are called \"%s\"; give names: --adapter NAME=DIR",
                               name);
    slot *place = &set->slots[set->count];
    place->name = assay_strdup(name);
    place->folder = assay_strdup(folder);
    set->count++;
    ASSAY_TRY_ALLOC(place->name, "a name", err);
    if (folder) ASSAY_TRY_ALLOC(place->folder, "a path", err);
    return load(set, place, &place->model, err);
}

/* models[i]: the slot's new one, NULL: it keeps the one it has. */
static assay_status load_all(assay_served_set *set, const char *name, assay_served **models, assay_error *err)
{
    for (size_t i = 0; i < set->count; i++)
        if (!name || !strcmp(set->slots[i].name, name)) ASSAY_TRY(load(set, &set->slots[i], &models[i], err));
    return ASSAY_OK;
}

/* At once: no request sees some new and some old ones by asking in between. models gets the old ones. */
static void exchange_all(assay_served_set *set, assay_served **models)
{
    pthread_mutex_lock(&set->mutex);
    for (size_t i = 0; i < set->count; i++) {
        assay_served *new = models[i];
        if (!new) continue;
        models[i] = set->slots[i].model;
        set->slots[i].model = new;
    }
    pthread_mutex_unlock(&set->mutex);
}

assay_status assay_served_set_reload(assay_served_set *set, const char *name, assay_error *err)
{
    assay_served *models[MODELS_AT_MOST] = {NULL};
    if (name && !find(set, name)) return assay_error_set(err, ASSAY_E_USAGE, "no model is called \"%.100s\"", name);
    pthread_mutex_lock(&set->loading);
    assay_status status = load_all(set, name, models, err);
    if (status == ASSAY_OK) exchange_all(set, models);
    for (size_t i = 0; i < set->count; i++) assay_served_give(models[i]);
    pthread_mutex_unlock(&set->loading);
    return status;
}

assay_served *assay_served_take(assay_served_set *set, const char *name)
{
    slot *place = find(set, name);
    if (!place) return NULL;
    pthread_mutex_lock(&set->mutex);
    assay_served *model = place->model;
    atomic_fetch_add(&model->references, 1);
    pthread_mutex_unlock(&set->mutex);
    return model;
}

size_t assay_served_count(const assay_served_set *set) { return set->count; }
const char *assay_served_name(const assay_served_set *set, size_t index) { return set->slots[index].name; }
