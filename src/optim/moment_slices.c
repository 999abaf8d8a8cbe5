#include "optim/moment_slices.h"

#include "base/alloc.h"
#include "base/sizes.h"
#include "optim/optimizer.h"

size_t assay_moment_border(const assay_sliced_weight *weight, size_t before, size_t total, size_t slices, size_t slice)
{
    size_t share = total / slices * slice + (total % slices * slice + slices - 1) / slices,
           chunk = assay_optimizer_moment_bytes(ASSAY_OPTIMIZER_CHUNK, weight->packed);
    if (share <= before) return 0;
    size_t chunks = (share - before + chunk - 1) / chunk;
    return chunks < assay_optimizer_chunks(weight->count) ? chunks * ASSAY_OPTIMIZER_CHUNK : weight->count;
}

static void add_weight(assay_moment_slices *s, const assay_sliced_weight *weight, size_t before, size_t total)
{
    for (size_t i = 0; i <= s->count; i++) {
        size_t values = i < s->count ? assay_moment_border(weight, before, total, s->count, i) : weight->count;
        s->gradients[i] += values * sizeof(float);
        s->weights[i] += values * weight->width;
        s->squares[i] += assay_optimizer_chunks(values) * sizeof(double);
    }
}

assay_status assay_moment_slices_make(assay_moment_slices *out, const assay_sliced_weight *weights, size_t count,
                                      size_t slices, assay_error *err)
{
    size_t total = 0, before = 0;
    *out = (assay_moment_slices){.count = slices,
                                 .gradients = assay_alloc(slices + 1, sizeof *out->gradients),
                                 .weights = assay_alloc(slices + 1, sizeof *out->weights),
                                 .squares = assay_alloc(slices + 1, sizeof *out->squares)};
    if (!out->gradients || !out->weights || !out->squares) {
        assay_moment_slices_release(out);
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a list of slices");
    }
    for (size_t i = 0; i < count; i++) total += assay_optimizer_moment_bytes(weights[i].count, weights[i].packed);
    for (size_t i = 0; i < count; i++) {
        add_weight(out, &weights[i], before, total);
        before += assay_optimizer_moment_bytes(weights[i].count, weights[i].packed);
    }
    return ASSAY_OK;
}

void assay_moment_slices_release(assay_moment_slices *slices)
{
    assay_free(slices->gradients);
    assay_free(slices->weights);
    assay_free(slices->squares);
    *slices = (assay_moment_slices){0};
}

static size_t within(size_t value, size_t first, size_t count)
{
    return value < first ? 0 : assay_smaller(value - first, count);
}

void assay_moment_slices_part(const assay_moment_slices *slices, size_t slice, size_t first, size_t count,
                              size_t *begin, size_t *end)
{
    *begin = within(slices->gradients[slice] / sizeof(float), first, count);
    *end = within(slices->gradients[slice + 1] / sizeof(float), first, count);
    if (*begin == *end) *begin = *end = count;
}
