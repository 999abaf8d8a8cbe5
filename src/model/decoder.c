/* Writing the program. The last layer's attention output and MLP are computed for the scored rows only (unless
 * all_rows): keys and values of every token are needed, nothing else is. In bf16 the rows of all tokens are stored in
 * bf16, angles apart; what comes after the last layer's gathering is f32, the head above all. */
#include "model/decoder.h"

#include "model/layer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { PARAM_NAME = 256 };

/* A branch's last product, which adds the residual itself unless either of the two is normed or scaled first. */
static int join(assay_layer_writer *w, const char *module, int x, bool bias, const char *branch_norm, int residual)
{
    const assay_model_config *c = w->config;
    if (!branch_norm && !(c->residual_scale > 0)) return assay_layer_linear(w, module, x, c->hidden, bias, residual);
    return assay_layer_sum(w, residual,
                           assay_layer_norm(w, branch_norm, assay_layer_linear(w, module, x, c->hidden, bias, -1)),
                           c->residual_scale > 0 ? c->residual_scale : 1.0f);
}

static int common_layer(assay_layer_writer *w, int x, bool scored_only)
{
    const assay_model_config *c = w->config;
    const assay_module_names *names = c->arch->names;
    assay_operand qkv[3];
    int normed = assay_layer_norm(w, names->input_norm, x);
    assay_layer_qkv(w, normed, qkv);
    assay_layer_widen_last(w);
    if (scored_only) {
        qkv[0] = (assay_operand){assay_layer_gather(w, qkv[0]), 0, 0};
        x = assay_layer_gather(w, (assay_operand){x, 0, 0});
        if (c->parallel) normed = assay_layer_gather(w, (assay_operand){normed, 0, 0});
    }
    x = join(w, names->out, assay_layer_attention(w, qkv), c->out_bias, names->attention_norm, x);
    if (!c->parallel) normed = assay_layer_norm(w, names->post_norm, x);
    int wide = assay_layer_widened(w, normed);
    return join(w, names->down, wide, c->mlp_bias, names->mlp_norm, x);
}

static int embedding(assay_layer_writer *w)
{
    const assay_model_config *c = w->config;
    int x = assay_layer_value(w, ASSAY_TOKENS, c->hidden, "embeddings");
    int weight = assay_layer_weight(w, c->arch->names->embedding, "weight", c->vocab, c->hidden, false);
    assay_step step = {.op = &assay_op_embedding,
                       .name = c->arch->names->embedding,
                       .layer = -1,
                       .outputs = 1,
                       .out = {x},
                       .param = &weight,
                       .params = 1};
    step.attr.scale = c->embedding_scale == 1 ? 0 : c->embedding_scale;
    if (w->options->input_gradient && weight >= 0) w->program->params[weight].trained = true;
    assay_program_step(w->program, &step);
    return assay_layer_norm(w, c->arch->names->embedding_norm, x);
}

static int angles(assay_layer_writer *w, const assay_rope_config *rope)
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

static int head_param(assay_layer_writer *w, const char *name, size_t rows, size_t cols, bool vector)
{
    assay_param param = {
        .name = name, .rows = rows, .cols = cols, .vector = vector, .no_decay = vector, .role = ASSAY_ROLE_HEAD};
    param.trained = w->options->tuning != ASSAY_TUNE_NOTHING;
    return assay_program_param(w->program, &param);
}

static int head_layer(assay_layer_writer *w, const char *module, int x, size_t outputs, bool bias, const char *name)
{
    char weight[PARAM_NAME], biases[PARAM_NAME];
    int param[2], y = assay_layer_value(w, ASSAY_SCORED, outputs, name);
    snprintf(weight, sizeof weight, "%s.weight", module);
    snprintf(biases, sizeof biases, "%s.bias", module);
    assay_step step = assay_layer_unary(w, &assay_op_linear, module, (assay_operand){x, 0, 0}, y);
    step.attr.bias = bias;
    step.param = param;
    param[step.params++] = head_param(w, weight, outputs, assay_layer_cols(w, x), false);
    if (bias) param[step.params++] = head_param(w, biases, 1, outputs, true);
    assay_program_step(w->program, &step);
    return y;
}

static int relu(assay_layer_writer *w, int x)
{
    int y = assay_layer_value(w, ASSAY_SCORED, assay_layer_cols(w, x), "relu");
    assay_step step = assay_layer_unary(w, &assay_op_relu, "relu", (assay_operand){x, 0, 0}, y);
    assay_program_step(w->program, &step);
    return y;
}

static int gated_sum(assay_layer_writer *w, int x, int logits)
{
    const assay_head_gate *gate = &w->config->head.gate;
    size_t count = gate->rewards.outputs;
    int rewards = head_layer(w, gate->rewards.module, x, count, gate->rewards.bias, gate->rewards.module);
    int y = assay_layer_value(w, ASSAY_SCORED, 1 + 2 * count, "reward");
    int param[2] = {head_param(w, gate->matrix, count, count, false), head_param(w, gate->scale, 1, 1, true)};
    assay_step step = assay_layer_unary(w, &assay_op_gated_sum, "gate", (assay_operand){rewards, 0, 0}, y);
    step.inputs = 2;
    step.in[1] = (assay_operand){logits, 0, 0};
    step.param = param;
    step.params = 2;
    step.attr.scale = (float)gate->temperature;
    assay_program_step(w->program, &step);
    return y;
}

static int head(assay_layer_writer *w, int x)
{
    const assay_head *head = &w->config->head;
    if (!head->count) return head_layer(w, w->config->arch->names->head, x, 1, w->config->head_bias, "reward");
    int chain = x;
    for (size_t i = 0; i < head->count; i++) {
        const assay_head_layer *layer = &head->layers[i];
        bool last = i + 1 == head->count && head->gate.rewards.outputs == 0;
        chain = head_layer(w, layer->module, chain, layer->outputs, layer->bias, last ? "reward" : layer->module);
        if (i + 1 < head->count) chain = relu(w, chain);
    }
    return head->gate.rewards.outputs ? gated_sum(w, x, chain) : chain;
}

/* ALiBi's slopes (Press et al., arXiv:2108.12409): powers of 2^(-8/n) for the largest power of two n of heads, and for
 * the rest every other one of the series for 2n. */
static const float *alibi_slopes(assay_layer_writer *w)
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

static void positions(assay_layer_writer *w)
{
    const assay_model_config *c = w->config;
    w->angles = w->local_angles = -1;
    if (c->positions == ASSAY_POSITIONS_ALIBI) w->slopes = alibi_slopes(w);
    else w->angles = angles(w, &c->rope);
    if (c->local_rope.base > 0) w->local_angles = angles(w, &c->local_rope);
}

static void write_program(assay_layer_writer *w)
{
    const assay_model_config *c = w->config;
    int x = embedding(w);
    positions(w);
    for (w->layer = 0; w->layer < (int)c->layers; w->layer++) {
        assay_program_hidden_state(w->program, x);
        x = w->write(w, x, w->layer + 1 == (int)c->layers && !w->options->all_rows);
    }
    x = assay_layer_norm(w, c->arch->names->final_norm, x);
    assay_program_hidden_state(w->program, x);
    if (w->options->all_rows) x = assay_layer_gather(w, (assay_operand){x, 0, 0});
    w->program->layers = (int)c->layers;
    w->program->output = head(w, x);
}

#define LAYER_NAMED(name) {#name, assay_layer_##name},
static const struct {
    const char *name;
    assay_layer_block *write;
} layers[] = {ASSAY_LAYER_MAP(LAYER_NAMED)};
#undef LAYER_NAMED

static assay_status find_layer(assay_layer_block **out, const assay_architecture *arch, assay_error *err)
{
    *out = common_layer;
    if (!arch->own_layer) return ASSAY_OK;
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        if (!strcmp(layers[i].name, arch->own_layer)) {
            *out = layers[i].write;
            return ASSAY_OK;
        }
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "the family %s has the layer \"%s\", which model/layer.h does not list", arch->name,
                           arch->own_layer);
}

assay_status assay_decoder_program(assay_program **out, const assay_model_config *config,
                                   const assay_decoder_options *options, assay_error *err)
{
    assay_layer_block *layer;
    *out = NULL;
    ASSAY_TRY(find_layer(&layer, config->arch, err));
    ASSAY_TRY(assay_program_create(out, err));
    assay_layer_writer w = {.program = *out, .config = config, .options = options, .write = layer, .layer = -1};
    write_program(&w);
    assay_status status = assay_program_verify(*out, err);
    if (status != ASSAY_OK) {
        assay_program_free(*out);
        *out = NULL;
    }
    return status;
}
