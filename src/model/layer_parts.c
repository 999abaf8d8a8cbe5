/* The parts of a layer as steps of a program: a module and its adapter, a norm, rotated queries and keys, an MLP.
 * Numbers and names come from the family's config; which part follows which is the block's. */
#include "model/layer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME = 192, PARAM_NAME = 256 };

static void module_name(char *out, const char *pattern, int layer)
{
    const char *mark = strstr(pattern, "%d");
    if (mark) snprintf(out, NAME, "%.*s%d%s", (int)(mark - pattern), pattern, layer, mark + 2);
    else snprintf(out, NAME, "%s", pattern);
}

int assay_layer_weight(assay_layer_writer *w, const char *module, const char *suffix, size_t rows, size_t cols,
                       bool vector)
{
    char name[PARAM_NAME];
    snprintf(name, sizeof name, "%s.%s", module, suffix);
    assay_param param = {
        .name = name, .rows = rows, .cols = cols, .vector = vector, .no_decay = vector, .role = ASSAY_ROLE_BASE};
    param.trained = w->options->tuning == ASSAY_TUNE_FULL;
    return assay_program_param(w->program, &param);
}

static int lora_param(assay_layer_writer *w, const char *module, const char *suffix, size_t rows, size_t cols,
                      assay_param_role role)
{
    char name[PARAM_NAME];
    snprintf(name, sizeof name, "%s.%s.weight", module, suffix);
    assay_param param = {
        .name = name, .rows = rows, .cols = cols, .role = role, .trained = w->options->tuning == ASSAY_TUNE_LORA};
    return assay_program_param(w->program, &param);
}

size_t assay_layer_cols(const assay_layer_writer *w, int value)
{
    return value < 0 ? 0 : w->program->values[value].cols;
}
static assay_space_id value_space(const assay_layer_writer *w, int value)
{
    return value < 0 ? ASSAY_TOKENS : w->program->values[value].space;
}

static bool is_bf16(const assay_layer_writer *w, int value)
{
    return value >= 0 && w->program->values[value].dtype == ASSAY_BF16;
}

/* In bf16 all token rows are stored so; the few scored rows stay f32, and so does what stands for them where all rows
 * are computed. */
int assay_layer_value(assay_layer_writer *w, assay_space_id space, size_t cols, const char *name)
{
    int value = assay_program_value(w->program, space, cols, w->layer, name);
    if (w->options->bf16 && space == ASSAY_TOKENS && !w->wide) assay_program_store_bf16(w->program, value);
    return value;
}

/* A step from one operand to one value. */
assay_step assay_layer_unary(const assay_layer_writer *w, const assay_op *op, const char *name, assay_operand x, int y)
{
    return (assay_step){.op = op, .name = name, .layer = w->layer, .inputs = 1, .in = {x}, .outputs = 1, .out = {y}};
}

/* param: the step's list, with room for two more. */
static void attach_adapter(assay_layer_writer *w, assay_step *step, int *param, const char *module, size_t in,
                           size_t out)
{
    float scale = 0;
    size_t rank = w->options->adapter ? w->options->adapter(w->options->adapter_context, module, &scale) : 0;
    if (rank == 0) return;
    step->attr.adapter = true;
    step->attr.scale = scale;
    step->attr.dropout = w->options->dropout;
    step->attr.site = w->site++;
    param[step->params++] = lora_param(w, module, "lora_A", rank, in, ASSAY_ROLE_LORA_A);
    param[step->params++] = lora_param(w, module, "lora_B", out, rank, ASSAY_ROLE_LORA_B);
}

/* A linear module; residual -1: none. */
int assay_layer_linear(assay_layer_writer *w, const char *pattern, int x, size_t out, bool bias, int residual)
{
    char module[NAME];
    size_t in = assay_layer_cols(w, x);
    module_name(module, pattern, w->layer);
    int param[4], y = assay_layer_value(w, value_space(w, x), out, module);
    assay_step step = assay_layer_unary(w, &assay_op_linear, module, (assay_operand){x, 0, 0}, y);
    step.param = param;
    step.attr.bias = bias;
    step.attr.bf16 = is_bf16(w, x);
    if (residual >= 0) {
        step.attr.residual = true;
        step.in[step.inputs++] = (assay_operand){residual, 0, 0};
    }
    param[step.params++] = assay_layer_weight(w, module, "weight", out, in, false);
    if (bias) param[step.params++] = assay_layer_weight(w, module, "bias", 1, out, true);
    attach_adapter(w, &step, param, module, in, out);
    assay_program_step(w->program, &step);
    return y;
}

static int norm_step(assay_layer_writer *w, const char *pattern, int x, size_t heads)
{
    const assay_model_config *c = w->config;
    bool layer = c->norm == ASSAY_NORM_LAYER;
    size_t cols = assay_layer_cols(w, x) / (heads ? heads : 1);
    char module[NAME];
    module_name(module, pattern, w->layer);
    int param[2], y = assay_layer_value(w, value_space(w, x), assay_layer_cols(w, x), module);
    assay_step step =
        assay_layer_unary(w, layer ? &assay_op_layer_norm : &assay_op_rms_norm, module, (assay_operand){x, 0, 0}, y);
    step.attr.eps = c->eps;
    step.attr.plus_one = c->norm == ASSAY_NORM_RMS_PLUS_ONE;
    step.attr.bias = layer && c->norm_bias;
    step.attr.heads = (uint32_t)heads;
    step.attr.head_dim = heads ? (uint32_t)cols : 0;
    step.param = param;
    param[step.params++] = assay_layer_weight(w, module, "weight", 1, cols, true);
    if (step.attr.bias) param[step.params++] = assay_layer_weight(w, module, "bias", 1, cols, true);
    assay_program_step(w->program, &step);
    return y;
}

/* A norm that the family has not got is x itself. */
int assay_layer_norm(assay_layer_writer *w, const char *pattern, int x)
{
    return pattern ? norm_step(w, pattern, x, 0) : x;
}

static int qk_norm(assay_layer_writer *w, const char *pattern, int x, size_t heads)
{
    assay_qk_norm kind = w->config->qk_norm;
    return kind == ASSAY_QK_PLAIN ? x : norm_step(w, pattern, x, kind == ASSAY_QK_HEADS ? heads : 0);
}

static bool has_window(const assay_layer_writer *w) { return assay_layer_in(&w->config->windowed, (size_t)w->layer); }

static int rope(assay_layer_writer *w, int x, size_t heads)
{
    const assay_model_config *c = w->config;
    if (c->positions != ASSAY_POSITIONS_ROTARY || assay_layer_in(&c->unrotated, (size_t)w->layer)) return x;
    int y = assay_layer_value(w, value_space(w, x), assay_layer_cols(w, x), "rope");
    int angles = has_window(w) && w->local_angles >= 0 ? w->local_angles : w->angles;
    assay_step step = {.op = &assay_op_rope,
                       .name = "rope",
                       .layer = w->layer,
                       .inputs = 2,
                       .in = {{x, 0, 0}, {angles, 0, 0}},
                       .outputs = 1,
                       .out = {y}};
    step.attr.heads = (uint32_t)heads;
    step.attr.head_dim = (uint32_t)c->head_dim;
    step.attr.rotary_half = (uint32_t)(c->rotary / 2);
    step.attr.axes = (uint32_t)c->position_axes;
    step.attr.adjacent = c->adjacent;
    assay_program_step(w->program, &step);
    return y;
}

static int regroup(assay_layer_writer *w, int x)
{
    const assay_model_config *c = w->config;
    if (c->qkv_layout == ASSAY_QKV_BLOCKS) return x;
    int y = assay_layer_value(w, value_space(w, x), assay_layer_cols(w, x), "regroup");
    assay_step step = assay_layer_unary(w, &assay_op_regroup, "regroup", (assay_operand){x, 0, 0}, y);
    step.attr.heads = (uint32_t)c->heads;
    step.attr.kv_heads = (uint32_t)c->kv_heads;
    step.attr.head_dim = (uint32_t)c->head_dim;
    assay_program_step(w->program, &step);
    return y;
}

int assay_layer_gather(assay_layer_writer *w, assay_operand from)
{
    size_t cols = from.cols ? from.cols : assay_layer_cols(w, from.value);
    int y = assay_layer_value(w, ASSAY_SCORED, cols, "scored rows");
    assay_step step = assay_layer_unary(w, &assay_op_gather, "scored rows", from, y);
    assay_program_step(w->program, &step);
    return y;
}

/* The three operands of attention, rotated: ranges of one value or three values. */
void assay_layer_qkv(assay_layer_writer *w, int x, assay_operand qkv[3])
{
    const assay_model_config *c = w->config;
    size_t q = c->heads * c->head_dim, kv = c->kv_heads * c->head_dim;
    if (c->arch->names->qkv) {
        int raw = regroup(w, assay_layer_linear(w, c->arch->names->qkv, x, q + 2 * kv, c->qkv_bias, -1));
        int fused = rope(w, raw, c->heads + c->kv_heads);
        qkv[0] = (assay_operand){fused, 0, q};
        qkv[1] = (assay_operand){fused, q, kv};
        qkv[2] = (assay_operand){fused, q + kv, kv};
        return;
    }
    int raw_q = assay_layer_linear(w, c->arch->names->q, x, q, c->qkv_bias, -1),
        raw_k = assay_layer_linear(w, c->arch->names->k, x, kv, c->qkv_bias, -1);
    int v = assay_layer_linear(w, c->arch->names->v, x, kv, c->qkv_bias, -1);
    int q_normed = qk_norm(w, c->arch->names->q_norm, raw_q, c->heads),
        k_normed = qk_norm(w, c->arch->names->k_norm, raw_k, c->kv_heads);
    qkv[0] = (assay_operand){rope(w, q_normed, c->heads), 0, 0};
    qkv[1] = (assay_operand){rope(w, k_normed, c->kv_heads), 0, 0};
    qkv[2] = (assay_operand){v, 0, 0};
}

int assay_layer_attention(assay_layer_writer *w, const assay_operand qkv[3])
{
    const assay_model_config *c = w->config;
    assay_space_id space = value_space(w, qkv[0].value);
    int y = assay_layer_value(w, space, c->heads * c->head_dim, "attention");
    assay_step step = {
        .op = &assay_op_attention, .name = "attention", .layer = w->layer, .inputs = 3, .outputs = 1, .out = {y}};
    memcpy(step.in, qkv, 3 * sizeof *qkv);
    step.attr.heads = (uint32_t)c->heads;
    step.attr.kv_heads = (uint32_t)c->kv_heads;
    step.attr.head_dim = (uint32_t)c->head_dim;
    step.attr.scale = c->attention_scale > 0 ? c->attention_scale : 1.0f / sqrtf((float)c->head_dim);
    step.attr.window = has_window(w) ? (uint32_t)c->window : 0;
    step.attr.cap = c->attention_cap;
    step.attr.slopes = w->slopes;
    step.attr.bf16 = is_bf16(w, qkv[1].value);
    assay_program_step(w->program, &step);
    return y;
}

static int gated(assay_layer_writer *w, assay_operand gate, assay_operand up)
{
    const assay_model_config *c = w->config;
    int s = assay_layer_value(w, value_space(w, gate.value), c->ffn, "swiglu");
    assay_step step = {.op = &assay_op_swiglu,
                       .name = "swiglu",
                       .layer = w->layer,
                       .inputs = 2,
                       .in = {gate, up},
                       .outputs = 1,
                       .out = {s}};
    step.attr.gelu = c->activation == ASSAY_GELU_TANH;
    assay_program_step(w->program, &step);
    return s;
}

static int gelu(assay_layer_writer *w, int x)
{
    int y = assay_layer_value(w, value_space(w, x), assay_layer_cols(w, x), "gelu");
    assay_step step = assay_layer_unary(w, &assay_op_gelu, "gelu", (assay_operand){x, 0, 0}, y);
    assay_program_step(w->program, &step);
    return y;
}

/* The MLP up to its last product. */
int assay_layer_widened(assay_layer_writer *w, int x)
{
    const assay_model_config *c = w->config;
    const assay_module_names *names = c->arch->names;
    if (names->gate_up) {
        int both = assay_layer_linear(w, names->gate_up, x, 2 * c->ffn, c->mlp_bias, -1);
        return gated(w, (assay_operand){both, 0, c->ffn}, (assay_operand){both, c->ffn, c->ffn});
    }
    if (!names->gate) return gelu(w, assay_layer_linear(w, names->up, x, c->ffn, c->mlp_bias, -1));
    int gate = assay_layer_linear(w, names->gate, x, c->ffn, c->mlp_bias, -1),
        up = assay_layer_linear(w, names->up, x, c->ffn, c->mlp_bias, -1);
    return gated(w, (assay_operand){gate, 0, 0}, (assay_operand){up, 0, 0});
}

int assay_layer_sum(assay_layer_writer *w, int x, int scaled, float scale)
{
    int y = assay_layer_value(w, value_space(w, x), assay_layer_cols(w, x), "residual");
    assay_step step = {.op = &assay_op_add,
                       .name = "residual",
                       .layer = w->layer,
                       .inputs = 2,
                       .in = {{x, 0, 0}, {scaled, 0, 0}},
                       .outputs = 1,
                       .out = {y}};
    step.attr.scale = scale;
    assay_program_step(w->program, &step);
    return y;
}

void assay_layer_widen_last(assay_layer_writer *w)
{
    w->wide = w->layer + 1 == (int)w->config->layers && !w->options->input_gradient;
}
