/* Models into a server. The loader opens a whole scoring (task/scoring.h) for every adapter: the mapped base file is
 * the same pages in memory for all of them, and what a model converted into memory of its own is shared by hand
 * (assay_model_share) with the base opened alone. An adapter brings the precision it was trained in, and only weights
 * of one type can be shared: there is a base for each precision that came up. */
#include "serve/model_loader.h"

#include "base/alloc.h"
#include "base/file.h"
#include "machine/machine.h"
#include "serve/served_fingerprint.h"
#include "task/resources.h"
#include "task/scoring.h"

#include <string.h>

struct assay_model_loader {
    const assay_options *options;
    const assay_task_context *context;
    assay_scoring *bases[2]; /* the base alone, in f32 and in bf16: weights to share. NULL: no adapter needed it yet */
    char base_fingerprint[ASSAY_HASH_TEXT]; /* of what all adapters are put on */
    size_t budget, models;                  /* bytes for all; engines that may exist at once */
    size_t own;                             /* bytes for all engines, by limits of the process alone */
};

typedef struct assay_model_loader loading;

static void close_scoring(void *owner) { assay_scoring_close(owner); }

/* A share of the budget: two engines for every model, as a reload of all has the new ones beside the old ones. */
static assay_status make_engine(const loading *l, assay_scoring *scoring, assay_error *err)
{
    scoring->room = (assay_scoring_room){.budget = l->budget, .own = l->own, .engines = 2 * l->models};
    return assay_scoring_answer_engine(scoring, l->options, (size_t)scoring->source->max_length, err);
}

/* Loads come one at a time (serve/served_model.h), so nobody else opens a base meanwhile. */
static assay_status share_base(loading *l, const assay_scoring *scoring, assay_error *err)
{
    bool bf16 = scoring->model->program->bf16;
    assay_options options = *l->options;
    assay_task_context silent = *l->context;
    silent.log = NULL;
    options.adapter = NULL;
    options.precision = bf16 ? ASSAY_OPT_BF16 : ASSAY_OPT_F32;
    if (!l->bases[bf16])
        ASSAY_TRY(assay_scoring_open(&l->bases[bf16], &options, &silent, &(assay_scoring_wants){0}, err));
    assay_model_share(scoring->model, l->bases[bf16]->model);
    return ASSAY_OK;
}

static assay_status finish(loading *l, assay_scoring *scoring, assay_served *model, assay_error *err)
{
    char own[ASSAY_HASH_TEXT];
    const char *base = l->base_fingerprint;
    if (l->options->adapters.count) {
        ASSAY_TRY(share_base(l, scoring, err));
    } else { /* the model's own files may be others than at the start */
        ASSAY_TRY(assay_checkpoint_fingerprint(scoring->source->checkpoint, own, err));
        base = own;
    }
    ASSAY_TRY(make_engine(l, scoring, err));
    ASSAY_TRY(assay_served_fingerprint(model->fingerprint, base, scoring, l->options, err));
    model->batch = &scoring->batch;
    model->chosen = scoring->source->chosen;
    model->renderer = &scoring->renderer;
    model->max_length = (size_t)scoring->source->max_length;
    model->planned_bytes = scoring->plan.total_bytes;
    model->streamed_bytes = scoring->streamed;
    model->read_bytes = scoring->plan.read_bytes;
    model->bf16 = scoring->model->program->bf16;
    model->folder =
        scoring->source->adapter_folder ? scoring->source->adapter_folder : scoring->source->checkpoint->path;
    model->config = scoring->source->checkpoint->config;
    assay_head_score_name(&scoring->model->config.head, model->config, model->label);
    model->architecture = scoring->model->config.arch->name;
    model->owner = scoring;
    model->release = close_scoring;
    return ASSAY_OK;
}

static assay_status load(void *context, const char *folder, assay_served *model, assay_error *err)
{
    loading *l = context;
    assay_options options = *l->options;
    assay_scoring *scoring;
    options.adapter = folder;
    ASSAY_TRY(assay_scoring_open(&scoring, &options, l->context, &(assay_scoring_wants){.need_head = true}, err));
    assay_status status = assay_scoring_refuse_steps(scoring, "serve", err);
    if (status == ASSAY_OK) status = finish(l, scoring, model, err);
    if (status != ASSAY_OK) assay_scoring_close(scoring);
    return status;
}

/* Limits of the process alone do not count weights that lie mapped in their files: they bound the engines. */
static assay_status measure_room(loading *l, assay_error *err)
{
    assay_machine_memory memory;
    l->budget = l->options->memory;
    l->own = SIZE_MAX;
    if (l->options->memory) return ASSAY_OK;
    ASSAY_TRY(assay_machine_memory_read(&memory, "", err));
    l->budget = assay_memory_share(memory.free);
    if (memory.own != UINT64_MAX) l->own = assay_memory_share(memory.own);
    return ASSAY_OK;
}

/* Measures the memory there is before anything is taken, and names what all adapters share. */
static assay_status open_base(loading *l, assay_error *err)
{
    assay_model_source *source;
    ASSAY_TRY(measure_room(l, err));
    if (!l->options->adapters.count) return ASSAY_OK;
    ASSAY_TRY(assay_model_source_open(&source, l->options->model, NULL, &l->options->ignore_config, l->options->label,
                                      0, err));
    assay_status status = assay_checkpoint_fingerprint(source->checkpoint, l->base_fingerprint, err);
    assay_model_source_close(source);
    return status;
}

/* NAME=DIR, or DIR, which is called by its last part. */
static assay_status add_adapter(assay_served_set *models, const char *text, assay_error *err)
{
    const char *equals = strchr(text, '='), *slash = strchr(text, '/');
    bool named = equals && equals > text && (!slash || equals < slash);
    const char *folder = named ? equals + 1 : text;
    char *name = named ? assay_strndup(text, (size_t)(equals - text)) : assay_strdup(text);
    ASSAY_TRY_ALLOC(name, "a name", err);
    size_t length = strlen(name);
    while (!named && length > 1 && name[length - 1] == '/') name[--length] = '\0';
    assay_status status = assay_served_set_add(models, named ? name : assay_path_base(name), folder, err);
    assay_free(name);
    return status;
}

static assay_status add_models(loading *l, assay_served_set *models, assay_error *err)
{
    const assay_string_list *adapters = &l->options->adapters;
    l->models = adapters->count ? adapters->count : 1;
    ASSAY_TRY(open_base(l, err));
    if (!adapters->count) return assay_served_set_add(models, "default", NULL, err);
    for (size_t i = 0; i < adapters->count; i++) ASSAY_TRY(add_adapter(models, adapters->items[i], err));
    return ASSAY_OK;
}

assay_status assay_model_loader_open(assay_model_loader **out, const assay_options *options,
                                     const assay_task_context *context, assay_served_set **models, assay_error *err)
{
    loading *l = assay_alloc(1, sizeof *l);
    *models = NULL;
    *out = l;
    ASSAY_TRY_ALLOC(l, "a loader of models", err);
    l->options = options;
    l->context = context;
    ASSAY_TRY(assay_served_set_create(models, &(assay_served_loader){l, load}, err));
    return add_models(l, *models, err);
}

void assay_model_loader_close(assay_model_loader *loader)
{
    if (!loader) return;
    for (size_t i = 0; i < 2; i++) assay_scoring_close(loader->bases[i]);
    assay_free(loader);
}
