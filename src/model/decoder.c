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
    uint32_t site; /* counts adapters, for dropout */
    int angles;
    bool wide; /* from here on values are f32 in a bf16 run, too */
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
    assay_step step = {.op = &assay_op_linear,
                       .name = module,
                       .layer = w->layer,
                       .inputs = 1,
                       .in = {{x, 0, 0}},
                       .outputs = 1,
                       .out = {y}};
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

static int norm(writer *w, const char *pattern, int x)
{
    char module[NAME];
    module_name(module, pattern, w->layer);
    int y = new_value(w, value_space(w, x), value_cols(w, x), module);
    assay_step step = {.op = &assay_op_rms_norm,
                       .name = module,
                       .layer = w->layer,
                       .inputs = 1,
                       .in = {{x, 0, 0}},
                       .outputs = 1,
                       .out = {y},
                       .params = 1};
    step.attr.eps = w->config->eps;
    step.param[0] = weight_param(w, module, "weight", 1, value_cols(w, x), true);
    assay_program_step(w->program, &step);
    return y;
}

static int rope(writer *w, int x, size_t heads)
{
    int y = new_value(w, value_space(w, x), value_cols(w, x), "rope");
    assay_step step = {.op = &assay_op_rope,
                       .name = "rope",
                       .layer = w->layer,
                       .inputs = 2,
                       .in = {{x, 0, 0}, {w->angles, 0, 0}},
                       .outputs = 1,
                       .out = {y}};
    step.attr.heads = (uint32_t)heads;
    step.attr.head_dim = (uint32_t)w->config->head_dim;
    step.attr.rotary_half = (uint32_t)(w->config->rotary / 2);
    step.attr.adjacent = w->config->adjacent;
    assay_program_step(w->program, &step);
    return y;
}

static int gather(writer *w, assay_operand from)
{
    size_t cols = from.cols ? from.cols : value_cols(w, from.value);
    int y = new_value(w, ASSAY_SCORED, cols, "scored rows");
    assay_step step = {.op = &assay_op_gather,
                       .name = "scored rows",
                       .layer = w->layer,
                       .inputs = 1,
                       .in = {from},
                       .outputs = 1,
                       .out = {y}};
    assay_program_step(w->program, &step);
    return y;
}

/* The three operands of attention, rotated: ranges of one value or three values. */
static void queries_keys_values(writer *w, int x, assay_operand qkv[3])
{
    const assay_model_config *c = w->config;
    size_t q = c->heads * c->head_dim, kv = c->kv_heads * c->head_dim;
    if (c->arch->names.qkv) {
        int fused = rope(w, linear(w, c->arch->names.qkv, x, q + 2 * kv, c->qkv_bias, -1), c->heads + c->kv_heads);
        qkv[0] = (assay_operand){fused, 0, q};
        qkv[1] = (assay_operand){fused, q, kv};
        qkv[2] = (assay_operand){fused, q + kv, kv};
        return;
    }
    int raw_q = linear(w, c->arch->names.q, x, q, c->qkv_bias, -1),
        raw_k = linear(w, c->arch->names.k, x, kv, c->qkv_bias, -1);
    int v = linear(w, c->arch->names.v, x, kv, c->qkv_bias, -1);
    qkv[0] = (assay_operand){rope(w, raw_q, c->heads), 0, 0};
    qkv[1] = (assay_operand){rope(w, raw_k, c->kv_heads), 0, 0};
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
    step.attr.scale = 1.0f / sqrtf((float)c->head_dim);
    step.attr.bf16 = is_bf16(w, qkv[1].value);
    assay_program_step(w->program, &step);
    return y;
}

static int mlp(writer *w, int x, int residual)
{
    const assay_model_config *c = w->config;
    const assay_module_names *names = &c->arch->names;
    assay_operand gate, up;
    if (names->gate_up) {
        int both = linear(w, names->gate_up, x, 2 * c->ffn, c->mlp_bias, -1);
        gate = (assay_operand){both, 0, c->ffn};
        up = (assay_operand){both, c->ffn, c->ffn};
    } else {
        gate = (assay_operand){linear(w, names->gate, x, c->ffn, c->mlp_bias, -1), 0, 0};
        up = (assay_operand){linear(w, names->up, x, c->ffn, c->mlp_bias, -1), 0, 0};
    }
    int s = new_value(w, value_space(w, x), c->ffn, "swiglu");
    assay_step step = {.op = &assay_op_swiglu,
                       .name = "swiglu",
                       .layer = w->layer,
                       .inputs = 2,
                       .in = {gate, up},
                       .outputs = 1,
                       .out = {s}};
    assay_program_step(w->program, &step);
    return linear(w, names->down, s, c->hidden, c->mlp_bias, residual);
}

static int block(writer *w, int x, bool scored_only)
{
    const assay_module_names *names = &w->config->arch->names;
    assay_operand qkv[3];
    queries_keys_values(w, norm(w, names->input_norm, x), qkv);
    w->wide = w->layer + 1 == (int)w->config->layers && !w->options->input_gradient;
    if (scored_only) {
        qkv[0] = (assay_operand){gather(w, qkv[0]), 0, 0};
        x = gather(w, (assay_operand){x, 0, 0});
    }
    x = linear(w, names->out, attention(w, qkv), w->config->hidden, w->config->out_bias, x);
    return mlp(w, norm(w, names->post_norm, x), x);
}

static int embedding(writer *w)
{
    const assay_model_config *c = w->config;
    int x = new_value(w, ASSAY_TOKENS, c->hidden, "embeddings");
    assay_step step = {.op = &assay_op_embedding,
                       .name = c->arch->names.embedding,
                       .layer = -1,
                       .outputs = 1,
                       .out = {x},
                       .params = 1};
    step.param[0] = weight_param(w, c->arch->names.embedding, "weight", c->vocab, c->hidden, false);
    if (w->options->input_gradient && step.param[0] >= 0) w->program->params[step.param[0]].trained = true;
    assay_program_step(w->program, &step);
    return x;
}

static int angles(writer *w)
{
    const assay_model_config *c = w->config;
    float inverse[ASSAY_FOLD / 2], scale;
    assay_rope_frequencies(&c->rope, c->rotary, inverse, &scale);
    int value = assay_program_value(w->program, ASSAY_TOKENS, c->rotary, -1, "angles");
    assay_step step = {.op = &assay_op_angles, .name = "angles", .layer = -1, .outputs = 1, .out = {value}};
    step.attr.rotary_half = (uint32_t)(c->rotary / 2);
    step.attr.angle_scale = scale;
    step.attr.inverse_frequency = assay_program_table(w->program, inverse, c->rotary / 2);
    assay_program_step(w->program, &step);
    return value;
}

static int head_param(writer *w, const char *suffix, size_t cols, bool vector)
{
    char name[PARAM_NAME];
    snprintf(name, sizeof name, "%s.%s", w->config->arch->names.head, suffix);
    assay_param param = {
        .name = name, .rows = 1, .cols = cols, .vector = vector, .no_decay = vector, .role = ASSAY_ROLE_HEAD};
    param.trained = w->options->tuning != ASSAY_TUNE_NOTHING;
    return assay_program_param(w->program, &param);
}

static int head(writer *w, int x)
{
    const assay_model_config *c = w->config;
    int y = new_value(w, ASSAY_SCORED, 1, "reward");
    assay_step step = {.op = &assay_op_linear,
                       .name = c->arch->names.head,
                       .layer = w->layer,
                       .inputs = 1,
                       .in = {{x, 0, 0}},
                       .outputs = 1,
                       .out = {y}};
    step.attr.bias = c->head_bias;
    step.param[step.params++] = head_param(w, "weight", c->hidden, false);
    if (c->head_bias) step.param[step.params++] = head_param(w, "bias", 1, true);
    assay_program_step(w->program, &step);
    return y;
}

static void write_program(writer *w)
{
    const assay_model_config *c = w->config;
    int x = embedding(w);
    w->angles = angles(w);
    for (w->layer = 0; w->layer < (int)c->layers; w->layer++) {
        assay_program_hidden_state(w->program, x);
        x = block(w, x, w->layer + 1 == (int)c->layers && !w->options->all_rows);
    }
    x = norm(w, c->arch->names.final_norm, x);
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
