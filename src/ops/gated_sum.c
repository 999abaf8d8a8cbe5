/* y = [score | r | g]: of K objectives r, the sum by weights g that another row gives.  In 0: r [scored, K]; in 1:
 * logits [scored, K].  Params: M [K, K], s [1].  Out 0: [scored, 1 + 2K].
 *
 *     g = s softmax(logits of the gate's row / temperature),   score = sum over i, j of r_i M_ij g_j
 *
 * (ArmoRM: Wang et al., arXiv:2406.12845.) The gate's row is that of the nearest segment above that is a gate
 * (ops/geometry.h); a row without one above is its own. Heads that are read, not trained on, have it: there is no
 * backward pass. Rows are few and K is small, so one thread does it all, in double. */
#include "ops/op.h"

#include <math.h>
#include <string.h>

static assay_status check(const assay_op_shape *shape, assay_error *err)
{
    size_t count = shape->in_cols[0];
    bool spaces = shape->in_space[0] == ASSAY_SCORED && shape->in_space[1] == ASSAY_SCORED;
    if (count > 0 && spaces && shape->out_space == ASSAY_SCORED && shape->in_cols[1] == count &&
        shape->out_cols[0] == 1 + 2 * count && 2 * count <= ASSAY_ROW_MEMORY && shape->param[0].rows == count &&
        shape->param[0].cols == count && shape->param[1].cols == 1 && shape->attr->scale > 0)
        return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "%zu objectives against %zu weights into %zu columns of scored rows",
                           count, shape->in_cols[1], shape->out_cols[0]);
}

static unsigned reads(const assay_op_shape *shape)
{
    (void)shape;
    return 0;
}

static size_t gate_row(const assay_geometry *geometry, const assay_segment *segment)
{
    for (int32_t at = segment->parent; at >= 0; at = geometry->segments[at].parent)
        if (geometry->segments[at].gate) return (size_t)geometry->segments[at].scored_row;
    return (size_t)segment->scored_row;
}

static void weigh(const float *logits, size_t count, float temperature, float factor, float *weights)
{
    double most = (double)logits[0], sum = 0;
    for (size_t i = 1; i < count; i++) most = fmax(most, (double)logits[i]);
    for (size_t i = 0; i < count; i++) sum += exp(((double)logits[i] - most) / (double)temperature);
    for (size_t i = 0; i < count; i++)
        weights[i] = (float)((double)factor * exp(((double)logits[i] - most) / (double)temperature) / sum);
}

static void forward_row(const assay_op_run *run, size_t row, size_t gate)
{
    size_t count = run->in[0].cols;
    float *y = run->out[0].data + row * run->out[0].ld, *weights = y + 1 + count, *line = assay_row_memory(run, 0);
    const float *rewards = run->in[0].data + row * run->in[0].ld, *factor = run->param[1].data;
    const assay_param_view *matrix = &run->param[0];
    size_t bytes = count * assay_dtype_block_bytes(matrix->dtype);
    double score = 0;
    weigh(run->in[1].data + gate * run->in[1].ld, count, run->attr->scale, factor[0], weights);
    for (size_t i = 0; i < count; i++) {
        double share = 0;
        assay_dtype_to_f32(matrix->dtype, (const uint8_t *)matrix->data + i * bytes, line, count);
        for (size_t j = 0; j < count; j++) share += (double)line[j] * (double)weights[j];
        score += (double)rewards[i] * share;
    }
    memcpy(y + 1, rewards, count * sizeof *y);
    y[0] = (float)score;
}

static void forward(const assay_op_run *run)
{
    const assay_geometry *geometry = run->env->geometry;
    for (size_t s = 0; s < geometry->segment_count; s++) {
        const assay_segment *segment = &geometry->segments[s];
        if (segment->scored_row >= 0) forward_row(run, (size_t)segment->scored_row, gate_row(geometry, segment));
    }
}

const assay_op assay_op_gated_sum = {
    .name = "gated_sum", .passes_gradient = -1, .check = check, .reads = reads, .forward = forward};
