#include "task/earlier_run.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/json_doc.h"
#include "task/staging.h"
#include "train/checkpoint_dir.h"
#include "train/lanes.h"

enum { STATE_BYTES = 16 << 20, LAUNCHED_LANES = 8 };

/* The checkpoint's folder; NULL: none. The caller frees it. */
static char *find_folder(const assay_options *options)
{
    char *folder = NULL;
    if (!options->resume || (!*options->resume && !options->output)) return NULL;
    if (*options->resume) return assay_strdup(options->resume);
    return assay_checkpoint_dir_newest(options->output, NULL, &folder, NULL) == ASSAY_OK ? folder : NULL;
}

static assay_earlier_run find(const assay_options *options)
{
    json_t *state = NULL;
    char *folder = find_folder(options), *path = folder ? assay_path_join(folder, "state.json") : NULL;
    assay_earlier_run earlier = {0};
    if (path && assay_json_load(path, STATE_BYTES, &state, NULL) == ASSAY_OK) {
        double lanes = json_number_value(json_object_get(json_object_get(state, "options"), "lanes"));
        earlier.was_01 = !json_object_get(state, "rendering");
        earlier.lanes = lanes > 1 && lanes <= (double)ASSAY_LANES_MOST ? (int64_t)lanes : 1;
    }
    json_decref(state);
    assay_free(path);
    assay_free(folder);
    return earlier;
}

assay_status assay_earlier_run_find(assay_earlier_run *earlier, const assay_options *options, assay_comm *comm,
                                    assay_error *err)
{
    *earlier = assay_comm_rank(comm) == 0 ? find(options) : (assay_earlier_run){0};
    return assay_comm_broadcast(comm, earlier, sizeof *earlier, err);
}

/* The largest power of two that is not more. */
static int64_t power_below(int64_t number)
{
    int64_t power = 1;
    while (2 * power <= number) power *= 2;
    return power;
}

/* Eight, so that one to eight processes give the same bits; gradients of all weights are too large for that. */
static int64_t usual_lanes(const assay_options *options, const assay_comm *comm)
{
    int64_t size = assay_staging_processes(options, comm, !comm);
    if (options->stages > 1 && size >= options->stages) size /= options->stages;
    if (!comm && !options->processes && options->stages <= 1) return 1;
    return options->tuning == ASSAY_OPT_FULL ? power_below(2 * size - 1) : LAUNCHED_LANES;
}

assay_status assay_earlier_run_lanes(const assay_earlier_run *earlier, const assay_options *options,
                                     const assay_comm *comm, size_t *lanes, assay_error *err)
{
    int64_t wanted = options->lanes   ? options->lanes
                     : earlier->lanes ? earlier->lanes
                                      : usual_lanes(options, comm),
            below = power_below(wanted);
    *lanes = (size_t)wanted;
    if (wanted == below) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE, "--lanes %lld is no power of two; the nearest are %lld and %lld",
                           (long long)wanted, (long long)below, (long long)(2 * below));
}
