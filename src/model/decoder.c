/* Writing the program. The last layer's attention output and MLP are computed for the scored rows only (unless
 * all_rows): keys and values of every token are needed, nothing else is. In bf16 the rows of all tokens are stored in
 * bf16, angles apart; what comes after the last layer's gathering is f32, the head above all. */
#include "model/decoder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME = 192, PARAM_NAME = 256 };

typedef struct writer {
    assay_program *program;
    const assay_model_config *config;
    const assay_decoder_options *options;
    int layer;
    uint32_t site;            /* counts adapters, for dropout */
    int angles, local_angles; /* of layers with a window, where they have their own */
    const float *slopes;      /* ALiBi's; NULL: none */
    bool wide;                /* from here on values are f32 in a bf16 run, too */
} writer;

static void module_name(char *out, const char *pattern, int layer)
{
    const char *mark = strstr(pattern, "%d");
    if (mark) snprintf(out, NAME, "%.*s%d%s", (int)(mark - pattern), pattern, layer, mark + 2);
    else snprintf(out, NAME, "%s", pattern);
}

static int weight_param(writer *w, const char *module, const char *suffix, size_t rows, size_t cols, bool vector)
{
    char name[PARAM_NAME];
    snprintf(name, sizeof name, "%s.%s", module, suffix);
    assay_param param = {
        .name = name, .rows = rows, .cols = cols, .vector = vector, .no_decay = vector, .role = ASSAY_ROLE_BASE};
    param.trained = w->options->tuning == ASSAY_TUNE_FULL;
    return assay_program_param(w->program, &param);
}

static int lora_param(writer *w, const char *module, const char *suffix, size_t rows, size_t cols,
                      assay_param_role role)
{
    char name[PARAM_NAME];
    snprintf(name, sizeof name, "%s.%s.weight", module, suffix);
    assay_param param = {
        .name = name, .rows = rows, .cols = cols, .role = role, .trained = w->options->tuning == ASSAY_TUNE_LORA};
    return assay_program_param(w->program, &param);
}

static size_t value_cols(const writer *w, int value) { return value < 0 ? 0 : w->program->values[value].cols; }
static assay_space_id value_space(const writer *w, int value)
{
    return value < 0 ? ASSAY_TOKENS : w->program->values[value].space;
}

static bool is_bf16(const writer *w, int value) { return value >= 0 && w->program->values[value].dtype == ASSAY_BF16; }

/* In bf16 all token rows are stored so; the few scored rows stay f32, and so does what stands for them where all rows
 * are computed. */
static int new_value(writer *w, assay_space_id space, size_t cols, const char *name)
{
    int value = assay_program_value(w->program, space, cols, w->layer, name);
    if (w->options->bf16 && space == ASSAY_TOKENS && !w->wide) assay_program_store_bf16(w->program, value);
    return value;
}

/* A step from one operand to one value. */
static assay_step unary(const writer *w, const assay_op *op, const char *name, assay_operand x, int y)
{
    return (assay_step){.op = op, .name = name, .layer = w->layer, .inputs = 1, .in = {x}, .outputs = 1, .out = {y}};
}

static void attach_adapter(writer *w, assay_step *step, const char *module, size_t in, size_t out)
{
    float scale = 0;
    size_t rank = w->options->adapter ? w->options->adapter(w->options->adapter_context, module, &scale) : 0;
    if (rank == 0) return;
    step->attr.adapter = true;
    step->attr.scale = scale;
    step->attr.dropout = w->options->dropout;
    step->attr.site = w->site++;
    step->param[step->params++] = lora_param(w, module, "lora_A", rank, in, ASSAY_ROLE_LORA_A);
    step->param[step->params++] = lora_param(w, module, "lora_B", out, rank, ASSAY_ROLE_LORA_B);
}

/* A linear module; residual -1: none. */
static int linear(writer *w, const char *pattern, int x, size_t out, bool bias, int residual)
{
    char module[NAME];
    size_t in = value_cols(w, x);
    module_name(module, pattern, w->layer);
    int y = new_value(w, value_space(w, x), out, module);
    assay_step step = unary(w, &assay_op_linear, module, (assay_operand){x, 0, 0}, y);
    step.attr.bias = bias;
    step.attr.bf16 = is_bf16(w, x);
    if (residual >= 0) {
        step.attr.residual = true;
        step.in[step.inputs++] = (assay_operand){residual, 0, 0};
    }
    step.param[step.params++] = weight_param(w, module, "weight", out, in, false);
    if (bias) step.param[step.params++] = weight_param(w, module, "bias", 1, out, true);
    attach_adapter(w, &step, module, in, out);
    assay_program_step(w->program, &step);
    return y;
}

static int norm_step(writer *w, const char *pattern, int x, size_t heads)
{
    const assay_model_config *c = w->config;
    bool layer = c->norm == ASSAY_NORM_LAYER;
    size_t cols = value_cols(w, x) / (heads ? heads : 1);
    char module[NAME];
    module_name(module, pattern, w->layer);
    int y = new_value(w, value_space(w, x), value_cols(w, x), module);
    assay_step step = unary(w, layer ? &assay_op_layer_norm : &assay_op_rms_norm, module, (assay_operand){x, 0, 0}, y);
    step.attr.eps = c->eps;
    step.attr.plus_one = c->norm == ASSAY_NORM_RMS_PLUS_ONE;
    step.attr.bias = layer && c->norm_bias;
    step.attr.heads = (uint32_t)heads;
    step.attr.head_dim = heads ? (uint32_t)cols : 0;
    step.param[step.params++] = weight_param(w, module, "weight", 1, cols, true);
    if (step.attr.bias) step.param[step.params++] = weight_param(w, module, "bias", 1, cols, true);
    assay_program_step(w->program, &step);
    return y;
}

/* A norm that the family has not got is x itself. */
static int norm(writer *w, const char *pattern, int x) { return pattern ? norm_step(w, pattern, x, 0) : x; }

static int qk_norm(writer *w, const char *pattern, int x, size_t heads)
{
    assay_qk_norm kind = w->config->qk_norm;
    return kind == ASSAY_QK_PLAIN ? x : norm_step(w, pattern, x, kind == ASSAY_QK_HEADS ? heads : 0);
}

static bool has_window(const writer *w) { return assay_layer_in(&w->config->windowed, (size_t)w->layer); }

static int rope(writer *w, int x, size_t heads)
{
    const assay_model_config *c = w->config;
    if (c->positions != ASSAY_POSITIONS_ROTARY || assay_layer_in(&c->unrotated, (size_t)w->layer)) return x;
    int y = new_value(w, value_space(w, x), value_cols(w, x), "rope");
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

static int regroup(writer *w, int x)
{
    const assay_model_config *c = w->config;
    if (c->qkv_layout == ASSAY_QKV_BLOCKS) return x;
    int y = new_value(w, value_space(w, x), value_cols(w, x), "regroup");
    assay_step step = unary(w, &assay_op_regroup, "regroup", (assay_operand){x, 0, 0}, y);
    step.attr.heads = (uint32_t)c->heads;
    step.attr.kv_heads = (uint32_t)c->kv_heads;
    step.attr.head_dim = (uint32_t)c->head_dim;
    assay_program_step(w->program, &step);
    return y;
}

static int gather(writer *w, assay_operand from)
{
    size_t cols = from.cols ? from.cols : value_cols(w, from.value);
    int y = new_value(w, ASSAY_SCORED, cols, "scored rows");
    assay_step step = unary(w, &assay_op_gather, "scored rows", from, y);
    assay_program_step(w->program, &step);
    return y;
}

/* The three operands of attention, rotated: ranges of one value or three values. */
static void queries_keys_values(writer *w, int x, assay_operand qkv[3])
{
    const assay_model_config *c = w->config;
    size_t q = c->heads * c->head_dim, kv = c->kv_heads * c->head_dim;
    if (c->arch->names->qkv) {
        int raw = regroup(w, linear(w, c->arch->names->qkv, x, q + 2 * kv, c->qkv_bias, -1));
        int fused = rope(w, raw, c->heads + c->kv_heads);
        qkv[0] = (assay_operand){fused, 0, q};
        qkv[1] = (assay_operand){fused, q, kv};
        qkv[2] = (assay_operand){fused, q + kv, kv};
        return;
    }
    int raw_q = linear(w, c->arch->names->q, x, q, c->qkv_bias, -1),
        raw_k = linear(w, c->arch->names->k, x, kv, c->qkv_bias, -1);
    int v = linear(w, c->arch->names->v, x, kv, c->qkv_bias, -1);
    int q_normed = qk_norm(w, c->arch->names->q_norm, raw_q, c->heads),
        k_normed = qk_norm(w, c->arch->names->k_norm, raw_k, c->kv_heads);
    qkv[0] = (assay_operand){rope(w, q_normed, c->heads), 0, 0};
    qkv[1] = (assay_operand){rope(w, k_normed, c->kv_heads), 0, 0};
    qkv[2] = (assay_operand){v, 0, 0};
}

static int attention(writer *w, const assay_operand qkv[3])
{
    const assay_model_config *c = w->config;
    assay_space_id space = value_space(w, qkv[0].value);
    int y = new_value(w, space, c->heads * c->head_dim, "attention");
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

static int gated(writer *w, assay_operand gate, assay_operand up)
{
    const assay_model_config *c = w->config;
    int s = new_value(w, value_space(w, gate.value), c->ffn, "swiglu");
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

static int gelu(writer *w, int x)
{
    int y = new_value(w, value_space(w, x), value_cols(w, x), "gelu");
    assay_step step = unary(w, &assay_op_gelu, "gelu", (assay_operand){x, 0, 0}, y);
    assay_program_step(w->program, &step);
    return y;
}

/* The MLP up to its last product. */
static int widened(writer *w, int x)
{
    const assay_model_config *c = w->config;
    const assay_module_names *names = c->arch->names;
    if (names->gate_up) {
        int both = linear(w, names->gate_up, x, 2 * c->ffn, c->mlp_bias, -1);
        return gated(w, (assay_operand){both, 0, c->ffn}, (assay_operand){both, c->ffn, c->ffn});
    }
    if (!names->gate) return gelu(w, linear(w, names->up, x, c->ffn, c->mlp_bias, -1));
    int gate = linear(w, names->gate, x, c->ffn, c->mlp_bias, -1),
        up = linear(w, names->up, x, c->ffn, c->mlp_bias, -1);
    return gated(w, (assay_operand){gate, 0, 0}, (assay_operand){up, 0, 0});
}

static int add(writer *w, int x, int scaled, float scale)
{
    int y = new_value(w, value_space(w, x), value_cols(w, x), "residual");
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

/* A branch's last product, which adds the residual itself unless either of the two is normed or scaled first. */
static int join(writer *w, const char *module, int x, bool bias, const char *branch_norm, int residual)
{
    const assay_model_config *c = w->config;
    if (c->normed_residual > 0) return add(w, linear(w, module, x, c->hidden, bias, -1), residual, c->normed_residual);
    if (!branch_norm && !(c->residual_scale > 0)) return linear(w, module, x, c->hidden, bias, residual);
    return add(w, residual, norm(w, branch_norm, linear(w, module, x, c->hidden, bias, -1)),
               c->residual_scale > 0 ? c->residual_scale : 1.0f);
}

static int block(writer *w, int x, bool scored_only)
{
    const assay_model_config *c = w->config;
    const assay_module_names *names = c->arch->names;
    assay_operand qkv[3];
    int normed = norm(w, names->input_norm, x);
    queries_keys_values(w, normed, qkv);
    if (c->normed_residual > 0) x = normed;
    w->wide = w->layer + 1 == (int)c->layers && !w->options->input_gradient;
    if (scored_only) {
        qkv[0] = (assay_operand){gather(w, qkv[0]), 0, 0};
        x = gather(w, (assay_operand){x, 0, 0});
        if (c->parallel) normed = gather(w, (assay_operand){normed, 0, 0});
    }
    x = join(w, names->out, attention(w, qkv), c->out_bias, names->attention_norm, x);
    if (!c->parallel) normed = norm(w, names->post_norm, x);
    int wide = widened(w, normed);
    return join(w, names->down, wide, c->mlp_bias, names->mlp_norm, c->normed_residual > 0 ? normed : x);
}

static int embedding(writer *w)
{
    const assay_model_config *c = w->config;
    int x = new_value(w, ASSAY_TOKENS, c->hidden, "embeddings");
    assay_step step = {.op = &assay_op_embedding,
                       .name = c->arch->names->embedding,
                       .layer = -1,
                       .outputs = 1,
                       .out = {x},
                       .params = 1};
    step.attr.scale = c->embedding_scale == 1 ? 0 : c->embedding_scale;
    step.param[0] = weight_param(w, c->arch->names->embedding, "weight", c->vocab, c->hidden, false);
    if (w->options->input_gradient && step.param[0] >= 0) w->program->params[step.param[0]].trained = true;
    assay_program_step(w->program, &step);
    return norm(w, c->arch->names->embedding_norm, x);
}

static int angles(writer *w, const assay_rope_config *rope)
{
    const assay_model_config *c = w->config;
    float inverse[ASSAY_FOLD / 2], scale;
    assay_rope_frequencies(rope, c->rotary, inverse, &scale);
    size_t axes = c->position_axes ? c->position_axes : 1;
    int value = assay_program_value(w->program, ASSAY_TOKENS, axes * c->rotary, -1, "angles");
    assay_step step = {.op = &assay_op_angles, .name = "angles", .layer = -1, .outputs = 1, .out = {value}};
    step.attr.rotary_half = (uint32_t)(c->rotary / 2);
    step.attr.axes = (uint32_t)axes;
    step.attr.angle_scale = scale;
    step.attr.inverse_frequency = assay_program_table(w->program, inverse, c->rotary / 2);
    assay_program_step(w->program, &step);
    return value;
}

static int head_param(writer *w, const char *module, const char *suffix, size_t rows, size_t cols)
{
    bool vector = !strcmp(suffix, "bias");
    char name[PARAM_NAME];
    snprintf(name, sizeof name, "%s.%s", module, suffix);
    assay_param param = {
        .name = name, .rows = rows, .cols = cols, .vector = vector, .no_decay = vector, .role = ASSAY_ROLE_HEAD};
    param.trained = w->options->tuning != ASSAY_TUNE_NOTHING;
    return assay_program_param(w->program, &param);
}

static int head_layer(writer *w, const char *module, int x, size_t outputs, bool bias, const char *name)
{
    int y = new_value(w, ASSAY_SCORED, outputs, name);
    assay_step step = unary(w, &assay_op_linear, module, (assay_operand){x, 0, 0}, y);
    step.attr.bias = bias;
    step.param[step.params++] = head_param(w, module, "weight", outputs, value_cols(w, x));
    if (bias) step.param[step.params++] = head_param(w, module, "bias", 1, outputs);
    assay_program_step(w->program, &step);
    return y;
}

static int head(writer *w, int x)
{
    const assay_head *head = &w->config->head;
    if (!head->count) return head_layer(w, w->config->arch->names->head, x, 1, w->config->head_bias, "reward");
    for (size_t i = 0; i < head->count; i++) {
        const assay_head_layer *layer = &head->layers[i];
        x = head_layer(w, layer->module, x, layer->outputs, layer->bias,
                       i + 1 < head->count ? layer->module : "reward");
    }
    return x;
}

/* ALiBi's slopes (Press et al., arXiv:2108.12409): powers of 2^(-8/n) for the largest power of two n of heads, and for
 * the rest every other one of the series for 2n. */
static const float *alibi_slopes(writer *w)
{
    float slopes[ASSAY_MOST_LAYERS];
    size_t heads = w->config->heads, power = 1;
    while (2 * power <= heads) power *= 2;
    for (size_t h = 0; h < heads && h < ASSAY_MOST_LAYERS; h++) {
        double exponent =
            h < power ? 8.0 * (double)(h + 1) / (double)power : 4.0 * (double)(2 * (h - power) + 1) / (double)power;
        slopes[h] = (float)exp2(-exponent);
    }
    return assay_program_table(w->program, slopes, heads);
}

static void positions(writer *w)
{
    const assay_model_config *c = w->config;
    w->angles = w->local_angles = -1;
    if (c->positions == ASSAY_POSITIONS_ALIBI) w->slopes = alibi_slopes(w);
    else w->angles = angles(w, &c->rope);
    if (c->local_rope.base > 0) w->local_angles = angles(w, &c->local_rope);
}

static void write_program(writer *w)
{
    const assay_model_config *c = w->config;
    int x = embedding(w);
    positions(w);
    for (w->layer = 0; w->layer < (int)c->layers; w->layer++) {
        assay_program_hidden_state(w->program, x);
        x = block(w, x, w->layer + 1 == (int)c->layers && !w->options->all_rows);
    }
    x = norm(w, c->arch->names->final_norm, x);
    assay_program_hidden_state(w->program, x);
    if (w->options->all_rows) x = gather(w, (assay_operand){x, 0, 0});
    w->program->layers = (int)c->layers;
    w->program->output = head(w, x);
}

assay_status assay_decoder_program(assay_program **out, const assay_model_config *config,
                                   const assay_decoder_options *options, assay_error *err)
{
    ASSAY_TRY(assay_program_create(out, err));
    writer w = {.program = *out, .config = config, .options = options, .layer = -1};
    write_program(&w);
    assay_status status = assay_program_verify(*out, err);
    if (status != ASSAY_OK) {
        assay_program_free(*out);
        *out = NULL;
    }
    return status;
}
