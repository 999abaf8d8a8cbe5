/* cos and sin of the rotary angles of every token: out [tokens, 2 * half], cos first; with two axes of positions (the
 * geometry's positions and blocks) [tokens, 4 * half], the second axis behind the first.
 *
 * The angle is formed as the reference forms it, f32(position) * inverse_frequency in f32, and its cosine taken of that
 * f32; exact angles would differ by more than 1e-5 beyond a few hundred positions (Transformers,
 * LlamaRotaryEmbedding.forward). */
#include "ops/op.h"

#include <math.h>

enum { ROWS_OF_A_JOB = 32 };

static assay_status check(const assay_op_shape *shape, assay_error *err)
{
    size_t axes = shape->attr->axes ? shape->attr->axes : 1;
    if (axes <= 2 && shape->out_cols[0] == 2 * axes * shape->attr->rotary_half) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "angles of %u pairs on %zu axes into a value of width %zu",
                           shape->attr->rotary_half, axes, shape->out_cols[0]);
}

static unsigned reads(const assay_op_shape *shape)
{
    (void)shape;
    return 0;
}

static void turn(const assay_op_attributes *attr, float position, float *out)
{
    size_t half = attr->rotary_half;
    for (size_t i = 0; i < half; i++) {
        float angle = position * attr->inverse_frequency[i];
        out[i] = cosf(angle) * attr->angle_scale;
        out[half + i] = sinf(angle) * attr->angle_scale;
    }
}

static void forward_rows(const assay_op_run *run, size_t first, size_t rows, int worker)
{
    const assay_geometry *geometry = run->env->geometry;
    (void)worker;
    for (size_t t = first; t < first + rows; t++) {
        float *out = run->out[0].data + t * run->out[0].ld;
        turn(run->attr, (float)geometry->positions[t], out);
        if (run->attr->axes == 2) turn(run->attr, (float)geometry->blocks[t], out + 2 * (size_t)run->attr->rotary_half);
    }
}

static void forward(const assay_op_run *run) { assay_for_rows(run, run->out[0].rows, ROWS_OF_A_JOB, forward_rows); }

const assay_op assay_op_angles = {
    .name = "angles", .passes_gradient = -1, .check = check, .reads = reads, .forward = forward};
