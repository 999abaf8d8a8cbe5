/* At each level of the tree two processes have a run of slices together, and exchange it: on the way up each gives the
 * other one half of its sums, on the way back each gives the other its half of what is whole. So a process sends and
 * receives at each level as much as its run has. */
#include "task/slice_forecast.h"

#include "base/alloc.h"
#include "comm/comm.h"
#include "train/moments.h"

enum { WEIGHT_HALF = 2 };

static assay_sliced_weight weight_of(const assay_training *t, const assay_program *program, size_t i)
{
    const assay_param *param = &program->params[i];
    bool half = t->settings.half_weights && assay_program_is_bulk(program, i);
    return (assay_sliced_weight){.count = param->trained ? param->rows * param->cols : 0,
                                 .packed = assay_moments_packed(program, i, t->settings.eight_bits),
                                 .width = half ? WEIGHT_HALF : sizeof(float)};
}

static assay_status find_slices(assay_moment_slices *slices, int processes, const assay_training *t, assay_error *err)
{
    assay_program *program;
    assay_model_size size;
    ASSAY_TRY(assay_model_measure(&program, &size, t->source->checkpoint, t->source->adapter, &t->wanted, err));
    assay_sliced_weight *weights = assay_alloc(program->param_count, sizeof *weights);
    for (size_t i = 0; weights && i < program->param_count; i++) weights[i] = weight_of(t, program, i);
    assay_status status = weights
                              ? assay_moment_slices_make(slices, weights, program->param_count, (size_t)processes, err)
                              : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a list of weights");
    assay_free(weights);
    assay_program_free(program);
    return status;
}

/* Sent and received by one process for one such block. */
static uint64_t moved_by(int rank, int processes, const size_t *borders)
{
    size_t slice = (size_t)assay_comm_slice(rank, processes);
    uint64_t bytes = 0;
    for (size_t run = (size_t)processes; run > 1; run /= 2) {
        size_t first = slice / run * run;
        bytes += borders[first + run] - borders[first];
    }
    return bytes;
}

assay_status assay_slice_forecast_make(assay_slice_forecast *out, int processes, const assay_training *t,
                                       assay_error *err)
{
    assay_moment_slices s;
    ASSAY_TRY(find_slices(&s, processes, t, err));
    const size_t *const blocks[] = {s.gradients, s.squares, s.weights};
    *out = (assay_slice_forecast){.gradient_bytes = s.gradients[processes], .weight_bytes = s.weights[processes]};
    for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++) {
        for (int width = 1; width < processes; width *= 2) out->messages++;
        out->first += moved_by(0, processes, blocks[b]);
        out->last += moved_by(processes - 1, processes, blocks[b]);
        for (int r = 0; r < processes; r++) out->all += moved_by(r, processes, blocks[b]);
    }
    out->all /= 2; /* what is sent is received */
    assay_moment_slices_release(&s);
    return ASSAY_OK;
}
