#include "task/adapter_base.h"

#include "base/alloc.h"
#include "base/file.h"

#include <string.h>

static const char key[] = "base_types";

char *assay_adapter_base_path(const char *adapter, const char *base)
{
    if (*base == '/' || assay_path_exists(base)) return assay_strdup(base);
    char *around = assay_path_join(adapter, ".."), *beside = around ? assay_path_join(around, base) : NULL;
    assay_free(around);
    if (beside && assay_path_exists(beside)) return beside;
    assay_free(beside);
    return assay_strdup(base);
}

static bool is_in_place(const char *trained_on, const char *folder, const assay_checkpoint *base)
{
    char *absolute = NULL, *path = assay_adapter_base_path(folder, trained_on);
    bool known = path && assay_path_absolute(path, &absolute, NULL) == ASSAY_OK;
    bool same = known ? !strcmp(absolute, base->path) : !strcmp(trained_on, base->name);
    assay_free(absolute);
    assay_free(path);
    return same;
}

void assay_adapter_base_warn(const assay_adapter_file *adapter, const char *folder, const json_t *notes,
                             const assay_checkpoint *base, const assay_log *log)
{
    char types[ASSAY_CHECKPOINT_TYPES_SIZE];
    const char *trained = json_string_value(json_object_get(notes, key));
    const char *place = adapter->config.base;
    if (place && *place && !is_in_place(place, folder, base))
        assay_warn(log,
                   "the adapter %s was trained on %s, not on %s; its scores mean something only if the two hold the "
                   "same weights",
                   folder, place, base->name);
    assay_checkpoint_types(base, types);
    if (trained && *types && strcmp(trained, types) != 0)
        assay_warn(
            log,
            "the adapter %s was trained on weights in %s, and %s has %s: they round differently, so its scores are "
            "not quite those it was trained to give",
            folder, trained, base->name, types);
}

int assay_adapter_base_note(json_t *notes, const assay_checkpoint *base)
{
    char types[ASSAY_CHECKPOINT_TYPES_SIZE];
    assay_checkpoint_types(base, types);
    return *types ? json_object_set_new(notes, key, json_string(types)) : 0;
}
