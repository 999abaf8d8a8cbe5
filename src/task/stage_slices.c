#include "task/stage_slices.h"

#include "base/alloc.h"
#include "train/moments.h"

static assay_sliced_weight weight_of(const assay_training *t, const assay_program *program, size_t i)
{
    assay_sliced_weight weight = assay_moments_of(program, i, t->settings.eight_bits);
    bool half = t->settings.half_weights && assay_program_is_bulk(program, i);
    weight.width = half ? sizeof(uint16_t) : sizeof(float);
    return weight;
}

assay_status assay_stage_slices_make(assay_moment_slices *out, const assay_training *t, int stage, assay_error *err)
{
    const assay_staging *staging = &t->staging;
    assay_model_options options = t->wanted;
    assay_program *program;
    assay_model_size size;
    if (staging->stages > 1) options.slice = (assay_slice){staging->borders[stage], staging->borders[stage + 1]};
    ASSAY_TRY(assay_model_measure(&program, &size, t->source->checkpoint, t->source->adapter, &options, err));
    assay_sliced_weight *weights = assay_alloc(program->param_count, sizeof *weights);
    for (size_t i = 0; weights && i < program->param_count; i++) weights[i] = weight_of(t, program, i);
    assay_status status = weights
                              ? assay_moment_slices_make(out, weights, program->param_count, t->settings.slices, err)
                              : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a list of weights");
    assay_free(weights);
    assay_program_free(program);
    return status;
}
