#include "checkpoint/checkpoint_private.h"

#include "base/hub_cache.h"

assay_status assay_checkpoint_locate(const char *path, char **out, assay_error *err)
{
    if (assay_path_exists(path)) return assay_path_absolute(path, out, err);
    if (!assay_hub_id_is(path)) return assay_error_set(err, ASSAY_E_IO, "%s: no such folder or file", path);
    char *found = assay_hub_cache_find(ASSAY_HUB_MODEL, path);
    if (!found)
        return assay_error_set(err, ASSAY_E_IO,
                               "%s is neither a folder here nor in the Hugging Face or ModelScope cache; fetch it with "
                               "\"hf download %s\" or \"modelscope download --model %s\"",
                               path, path, path);
    assay_status status = assay_path_absolute(found, out, err);
    assay_free(found);
    return status;
}
