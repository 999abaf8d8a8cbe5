#include "train/moments.h"

#include "base/sizes.h"
#include "optim/optimizer.h"

bool assay_moments_packed(const assay_program *program, size_t i, bool eight_bits)
{
    return eight_bits && program->params[i].trained && assay_program_is_bulk(program, i);
}

assay_sliced_weight assay_moments_of(const assay_program *program, size_t i, bool eight_bits)
{
    const assay_param *param = &program->params[i];
    return (assay_sliced_weight){.count = param->trained ? param->rows * param->cols : 0,
                                 .packed = assay_moments_packed(program, i, eight_bits)};
}

static size_t all_bytes(const assay_program *program, bool eight_bits)
{
    size_t bytes = 0;
    for (size_t i = 0; i < program->param_count; i++) {
        const assay_sliced_weight weight = assay_moments_of(program, i, eight_bits);
        bytes += assay_optimizer_moment_bytes(weight.count, weight.packed);
    }
    return bytes;
}

/* A slice as it grows, weight by weight. */
typedef struct growing {
    size_t slices, total, before; /* bytes of all moments, and of those of the weights before */
    size_t slice, held, most;
} growing;

static void grow(growing *g, const assay_sliced_weight *weight)
{
    size_t first = 0;
    for (size_t end = 0; g->slice < g->slices; first = end) {
        end = g->slice + 1 < g->slices ? assay_moment_border(weight, g->before, g->total, g->slices, g->slice + 1)
                                       : weight->count;
        g->held += assay_optimizer_moment_bytes(end - first, weight->packed);
        g->most = assay_larger(g->most, g->held);
        if (end == weight->count) break;
        g->held = 0;
        g->slice++;
    }
    g->before += assay_optimizer_moment_bytes(weight->count, weight->packed);
}

size_t assay_moments_bytes(const assay_program *program, bool eight_bits, size_t slices)
{
    growing g = {.slices = slices, .total = all_bytes(program, eight_bits)};
    for (size_t i = 0; slices > 1 && i < program->param_count; i++) {
        const assay_sliced_weight weight = assay_moments_of(program, i, eight_bits);
        grow(&g, &weight);
    }
    return slices > 1 ? g.most : g.total;
}
