/* The uses of every operation that test_op_contract.c tries. */
#ifndef OP_CASES_H
#define OP_CASES_H

#include "ops/op.h"

enum { VOCAB = 17, MOST_WEIGHTS = 4 };

#define W(row_count, col_count)                  \
    {                                            \
        .rows = (row_count), .cols = (col_count) \
    }
#define WEIGHTS(...) ((const assay_param_shape[]){__VA_ARGS__})

/* One use of an operation. `constants`: bits of inputs whose gradient nobody asks for, f32 in bf16 runs too. */
typedef struct op_case {
    const assay_op *op;
    const char *name;
    assay_op_shape shape;
    assay_op_attributes attr;
    unsigned constants;
    bool kinked; /* at 0: inputs lie 1/2 from it, so that no difference reaches over it */
    bool prefix; /* on texts whose beginning is read both ways, with two axes of positions */
} op_case;

static const float frequencies[] = {1.0f, 0.3f, 0.09f}, slopes[] = {0.5f, 0.25f, 0.125f, 0.0625f};

// clang-format off
static const op_case cases[] = {
    {.op = &assay_op_embedding, .name = "tokens", .shape = {.outputs = 1, .params = 1, .out_cols = {21},
        .param = WEIGHTS(W(VOCAB, 21))}},
    {.op = &assay_op_embedding, .name = "scaled", .shape = {.outputs = 1, .params = 1, .out_cols = {21},
        .param = WEIGHTS(W(VOCAB, 21))}, .attr = {.scale = 1.75f}},
    {.op = &assay_op_angles, .name = "plain", .shape = {.outputs = 1, .out_cols = {6}},
     .attr = {.rotary_half = 3, .inverse_frequency = frequencies, .angle_scale = 1}},
    {.op = &assay_op_angles, .name = "scaled", .shape = {.outputs = 1, .out_cols = {6}},
     .attr = {.rotary_half = 3, .inverse_frequency = frequencies, .angle_scale = 1.25f}},
    {.op = &assay_op_angles, .name = "two axes", .shape = {.outputs = 1, .out_cols = {12}},
     .attr = {.rotary_half = 3, .axes = 2, .inverse_frequency = frequencies, .angle_scale = 1}, .prefix = true},
    {.op = &assay_op_rms_norm, .name = "tokens", .shape = {.inputs = 1, .outputs = 1, .params = 1, .in_cols = {70},
        .out_cols = {70}, .param = WEIGHTS(W(1, 70))},
     .attr = {.eps = 1e-5f}},
    {.op = &assay_op_rms_norm, .name = "scored, large eps", .shape = {.inputs = 1, .outputs = 1, .params = 1,
        .in_cols = {19}, .out_cols = {19}, .param = WEIGHTS(W(1, 19)),
        .in_space = {ASSAY_SCORED}, .out_space = ASSAY_SCORED},
     .attr = {.eps = 0.5f}},
    {.op = &assay_op_rms_norm, .name = "heads", .shape = {.inputs = 1, .outputs = 1, .params = 1, .in_cols = {24},
        .out_cols = {24}, .param = WEIGHTS(W(1, 8))},
     .attr = {.eps = 1e-5f, .heads = 3, .head_dim = 8}},
    {.op = &assay_op_rms_norm, .name = "weights less one", .shape = {.inputs = 1, .outputs = 1, .params = 1,
        .in_cols = {70}, .out_cols = {70}, .param = WEIGHTS(W(1, 70))},
     .attr = {.eps = 1e-5f, .plus_one = true}},
    {.op = &assay_op_layer_norm, .name = "bias", .shape = {.inputs = 1, .outputs = 1, .params = 2, .in_cols = {70},
        .out_cols = {70}, .param = WEIGHTS(W(1, 70), W(1, 70))},
     .attr = {.eps = 1e-5f, .bias = true}},
    {.op = &assay_op_layer_norm, .name = "no bias, scored", .shape = {.inputs = 1, .outputs = 1, .params = 1,
        .in_cols = {19}, .out_cols = {19}, .param = WEIGHTS(W(1, 19)),
        .in_space = {ASSAY_SCORED}, .out_space = ASSAY_SCORED},
     .attr = {.eps = 0.5f}},
    {.op = &assay_op_linear, .name = "alone", .shape = {.inputs = 1, .outputs = 1, .params = 1, .in_cols = {19},
        .out_cols = {23}, .param = WEIGHTS(W(23, 19))}},
    {.op = &assay_op_linear, .name = "bias", .shape = {.inputs = 1, .outputs = 1, .params = 2, .in_cols = {19},
        .out_cols = {70}, .param = WEIGHTS(W(70, 19), W(1, 70))},
     .attr = {.bias = true}},
    {.op = &assay_op_linear, .name = "residual", .shape = {.inputs = 2, .outputs = 1, .params = 1, .in_cols = {19, 23},
        .out_cols = {23}, .param = WEIGHTS(W(23, 19))},
     .attr = {.residual = true}},
    {.op = &assay_op_linear, .name = "adapter", .shape = {.inputs = 1, .outputs = 1, .params = 3, .in_cols = {19},
        .out_cols = {23}, .param = WEIGHTS(W(23, 19), W(3, 19), W(23, 3))},
     .attr = {.adapter = true, .scale = 2}},
    {.op = &assay_op_linear, .name = "all", .shape = {.inputs = 2, .outputs = 1, .params = 4, .in_cols = {19, 23},
        .out_cols = {23}, .param = WEIGHTS(W(23, 19), W(1, 23), W(3, 19), W(23, 3))},
     .attr = {.bias = true, .residual = true, .adapter = true, .scale = 0.5f}},
    {.op = &assay_op_linear, .name = "all, dropout", .shape = {.inputs = 2, .outputs = 1, .params = 4,
        .in_cols = {19, 23}, .out_cols = {23}, .param = WEIGHTS(W(23, 19), W(1, 23), W(3, 19), W(23, 3))},
     .attr = {.bias = true, .residual = true, .adapter = true, .scale = 0.5f, .dropout = 0.25f, .site = 3}},
    {.op = &assay_op_linear, .name = "all, dropout, scored", .shape = {.inputs = 2, .outputs = 1, .params = 4,
        .in_cols = {19, 23}, .out_cols = {23}, .param = WEIGHTS(W(23, 19), W(1, 23), W(3, 19), W(23, 3)),
        .in_space = {ASSAY_SCORED, ASSAY_SCORED}, .out_space = ASSAY_SCORED},
     .attr = {.bias = true, .residual = true, .adapter = true, .scale = 0.5f, .dropout = 0.25f, .site = 4}},
    {.op = &assay_op_rope, .name = "halves", .shape = {.inputs = 2, .outputs = 1, .in_cols = {31, 6},
        .out_cols = {31}},
     .attr = {.heads = 3, .head_dim = 8, .rotary_half = 3}, .constants = 2},
    {.op = &assay_op_rope, .name = "adjacent", .shape = {.inputs = 2, .outputs = 1, .in_cols = {31, 8},
        .out_cols = {31}},
     .attr = {.heads = 3, .head_dim = 8, .rotary_half = 4, .adjacent = true}, .constants = 2},
    {.op = &assay_op_rope, .name = "two axes", .shape = {.inputs = 2, .outputs = 1, .in_cols = {31, 8},
        .out_cols = {31}},
     .attr = {.heads = 3, .head_dim = 9, .rotary_half = 2, .axes = 2}, .constants = 2},
    {.op = &assay_op_attention, .name = "a prefix", .shape = {.inputs = 3, .outputs = 1, .in_cols = {32, 16, 16},
        .out_cols = {32}},
     .attr = {.heads = 4, .kv_heads = 2, .head_dim = 8, .scale = 0.35f}, .prefix = true},
    {.op = &assay_op_attention, .name = "a prefix, scored", .shape = {.inputs = 3, .outputs = 1,
        .in_cols = {21, 21, 21}, .out_cols = {21}, .in_space = {ASSAY_SCORED}, .out_space = ASSAY_SCORED},
     .attr = {.heads = 3, .kv_heads = 3, .head_dim = 7, .scale = 0.4f}, .prefix = true},
    {.op = &assay_op_attention, .name = "grouped", .shape = {.inputs = 3, .outputs = 1, .in_cols = {32, 16, 16},
        .out_cols = {32}},
     .attr = {.heads = 4, .kv_heads = 2, .head_dim = 8, .scale = 0.35f}},
    {.op = &assay_op_attention, .name = "scored queries, odd heads", .shape = {.inputs = 3, .outputs = 1,
        .in_cols = {21, 21, 21}, .out_cols = {21}, .in_space = {ASSAY_SCORED}, .out_space = ASSAY_SCORED},
     .attr = {.heads = 3, .kv_heads = 3, .head_dim = 7, .scale = 0.4f}},
    {.op = &assay_op_attention, .name = "a window", .shape = {.inputs = 3, .outputs = 1, .in_cols = {32, 16, 16},
        .out_cols = {32}},
     .attr = {.heads = 4, .kv_heads = 2, .head_dim = 8, .scale = 0.35f, .window = 7}},
    {.op = &assay_op_attention, .name = "a window, scored", .shape = {.inputs = 3, .outputs = 1,
        .in_cols = {21, 21, 21}, .out_cols = {21}, .in_space = {ASSAY_SCORED}, .out_space = ASSAY_SCORED},
     .attr = {.heads = 3, .kv_heads = 3, .head_dim = 7, .scale = 0.4f, .window = 2}},
    {.op = &assay_op_attention, .name = "capped", .shape = {.inputs = 3, .outputs = 1, .in_cols = {32, 16, 16},
        .out_cols = {32}},
     .attr = {.heads = 4, .kv_heads = 2, .head_dim = 8, .scale = 0.35f, .cap = 1.5f}},
    {.op = &assay_op_attention, .name = "slopes", .shape = {.inputs = 3, .outputs = 1, .in_cols = {32, 16, 16},
        .out_cols = {32}},
     .attr = {.heads = 4, .kv_heads = 2, .head_dim = 8, .scale = 0.35f, .slopes = slopes}},
    {.op = &assay_op_regroup, .name = "grouped", .shape = {.inputs = 1, .outputs = 1, .in_cols = {40},
        .out_cols = {40}}, .attr = {.heads = 4, .kv_heads = 2, .head_dim = 5}},
    {.op = &assay_op_gelu, .name = "rows", .shape = {.inputs = 1, .outputs = 1, .in_cols = {33}, .out_cols = {33}}},
    {.op = &assay_op_relu, .name = "rows", .shape = {.inputs = 1, .outputs = 1, .in_cols = {33}, .out_cols = {33}},
     .kinked = true},
    {.op = &assay_op_add, .name = "scaled", .shape = {.inputs = 2, .outputs = 1, .in_cols = {19, 19},
        .out_cols = {19}}, .attr = {.scale = 0.22f}},
    {.op = &assay_op_add, .name = "scored", .shape = {.inputs = 2, .outputs = 1, .in_cols = {19, 19},
        .out_cols = {19}, .in_space = {ASSAY_SCORED, ASSAY_SCORED}, .out_space = ASSAY_SCORED},
     .attr = {.scale = 1}},
    {.op = &assay_op_swiglu, .name = "gelu", .shape = {.inputs = 2, .outputs = 1, .in_cols = {13, 13},
        .out_cols = {13}}, .attr = {.gelu = true}},
    {.op = &assay_op_swiglu, .name = "narrow", .shape = {.inputs = 2, .outputs = 1, .in_cols = {13, 13},
        .out_cols = {13}}},
    {.op = &assay_op_swiglu, .name = "more than a stretch, scored", .shape = {.inputs = 2, .outputs = 1,
        .in_cols = {1100, 1100}, .out_cols = {1100}, .in_space = {ASSAY_SCORED, ASSAY_SCORED},
        .out_space = ASSAY_SCORED}},
    {.op = &assay_op_gated_sum, .name = "scored", .shape = {.inputs = 2, .outputs = 1, .params = 2,
        .in_cols = {19, 19}, .out_cols = {39}, .param = WEIGHTS(W(19, 19), W(1, 1)),
        .in_space = {ASSAY_SCORED, ASSAY_SCORED}, .out_space = ASSAY_SCORED}, .attr = {.scale = 10}},
    {.op = &assay_op_gather, .name = "rows", .shape = {.inputs = 1, .outputs = 1, .in_cols = {13}, .out_cols = {13},
        .out_space = ASSAY_SCORED}},
};
// clang-format on

#endif
