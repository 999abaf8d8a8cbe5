#include "task/earlier_run.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/json_doc.h"
#include "train/checkpoint_dir.h"
#include "train/lanes.h"

enum { STATE_BYTES = 16 << 20 };

/* The checkpoint's folder; NULL: none. The caller frees it. */
static char *find_folder(const assay_options *options)
{
    char *folder = NULL;
    if (!options->resume || (!*options->resume && !options->output)) return NULL;
    if (*options->resume) return assay_strdup(options->resume);
    return assay_checkpoint_dir_newest(options->output, NULL, &folder, NULL) == ASSAY_OK ? folder : NULL;
}

assay_earlier_run assay_earlier_run_find(const assay_options *options)
{
    json_t *state = NULL;
    char *folder = find_folder(options), *path = folder ? assay_path_join(folder, "state.json") : NULL;
    assay_earlier_run earlier = {0};
    if (path && assay_json_load(path, STATE_BYTES, &state, NULL) == ASSAY_OK) {
        double lanes = json_number_value(json_object_get(json_object_get(state, "options"), "lanes"));
        earlier.was_01 = !json_object_get(state, "rendering");
        earlier.lanes = lanes > 1 && lanes <= ASSAY_LANES_MOST ? (int64_t)lanes : 1;
    }
    json_decref(state);
    assay_free(path);
    assay_free(folder);
    return earlier;
}

assay_status assay_earlier_run_lanes(const assay_earlier_run *earlier, const assay_options *options, size_t *lanes,
                                     assay_error *err)
{
    int64_t wanted = options->lanes ? options->lanes : earlier->lanes ? earlier->lanes : 1, below = 1;
    while (2 * below <= wanted) below *= 2;
    *lanes = (size_t)wanted;
    if (wanted == below) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE, "--lanes %lld is no power of two; the nearest are %lld and %lld",
                           (long long)wanted, (long long)below, (long long)(2 * below));
}
