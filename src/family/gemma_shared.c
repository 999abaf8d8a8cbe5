/* Reference: Transformers, models/gemma/modeling_gemma.py, models/gemma2, models/gemma3; llama.cpp, llama-model.cpp. */
#include "family/gemma.h"

#include "base/json_doc.h"

#include <math.h>
#include <string.h>

enum { CLASS_HEAD_DIM = 256, CLASS_SCALAR = 256, CLASS_WINDOW = 4096 };

const assay_module_names assay_names_gemma2 = {.prefix = "model.",
                                               .embedding = "model.embed_tokens",
                                               .input_norm = "model.layers.%d.input_layernorm",
                                               .attention_norm = "model.layers.%d.post_attention_layernorm",
                                               .post_norm = "model.layers.%d.pre_feedforward_layernorm",
                                               .mlp_norm = "model.layers.%d.post_feedforward_layernorm",
                                               .final_norm = "model.norm",
                                               .q = "model.layers.%d.self_attn.q_proj",
                                               .k = "model.layers.%d.self_attn.k_proj",
                                               .v = "model.layers.%d.self_attn.v_proj",
                                               .q_norm = "model.layers.%d.self_attn.q_norm",
                                               .k_norm = "model.layers.%d.self_attn.k_norm",
                                               .out = "model.layers.%d.self_attn.o_proj",
                                               .gate = "model.layers.%d.mlp.gate_proj",
                                               .up = "model.layers.%d.mlp.up_proj",
                                               .down = "model.layers.%d.mlp.down_proj",
                                               .head = "score",
                                               .language_head = "lm_head"};

const assay_name_pair assay_gguf_gemma2_block[] = {{"attn_norm", "input_layernorm"},
                                                   {"attn_q", "self_attn.q_proj"},
                                                   {"attn_k", "self_attn.k_proj"},
                                                   {"attn_v", "self_attn.v_proj"},
                                                   {"attn_q_norm", "self_attn.q_norm"},
                                                   {"attn_k_norm", "self_attn.k_norm"},
                                                   {"attn_output", "self_attn.o_proj"},
                                                   {"post_attention_norm", "post_attention_layernorm"},
                                                   {"ffn_norm", "pre_feedforward_layernorm"},
                                                   {"ffn_gate", "mlp.gate_proj"},
                                                   {"ffn_up", "mlp.up_proj"},
                                                   {"ffn_down", "mlp.down_proj"},
                                                   {"post_ffw_norm", "post_feedforward_layernorm"},
                                                   {NULL, NULL}};

/* Gemma's first files say hidden_act "gelu" and mean the tanh form (configuration_gemma.py); where hidden_activation is
 * there it counts. */
static assay_status read_activation(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    const char *old = json_string_value(json_object_get(config, "hidden_act")), *tanh_form = "gelu_pytorch_tanh";
    if (old && strcmp(old, "gelu") != 0) tanh_form = old;
    return assay_config_activation(config, "hidden_activation", tanh_form, out, where, err);
}

assay_status assay_gemma_read(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    json_t *plain = json_copy(assay_json_lent(config));
    ASSAY_TRY_ALLOC(plain, "a config", err);
    json_object_del(plain, "hidden_act");
    assay_status status = assay_config_read_decoder(plain, where, out, err);
    json_decref(plain);
    ASSAY_TRY(status);
    ASSAY_TRY(read_activation(config, where, out, err));
    if (!json_object_get(config, "head_dim")) out->head_dim = out->rotary = CLASS_HEAD_DIM;
    out->mlp_bias = false;
    out->norm = ASSAY_NORM_RMS_PLUS_ONE;
    out->embedding_scale = (float)sqrt((double)out->hidden);
    return ASSAY_OK;
}

assay_status assay_gemma_read_attention(const json_t *config, double cap, assay_model_config *out, const char *where,
                                        assay_error *err)
{
    double scalar = CLASS_SCALAR;
    ASSAY_TRY(assay_json_double(config, "query_pre_attn_scalar", false, &scalar, where, err));
    if (!(scalar > 0)) return assay_error_set(err, ASSAY_E_FORMAT, "%s: query_pre_attn_scalar is %g", where, scalar);
    out->attention_scale = (float)(1 / sqrt(scalar));
    if (json_is_null(json_object_get(config, "attn_logit_softcapping"))) cap = 0;
    ASSAY_TRY(assay_config_real(config, "attn_logit_softcapping", (float)cap, &out->attention_cap, where, err));
    const json_t *window = json_object_get(config, "sliding_window"),
                 *old = json_object_get(config, "sliding_window_size"); /* first files have both */
    if (json_is_integer(old) && !json_equal(old, window))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: sliding_window_size is not sliding_window", where);
    if (!window) out->window = CLASS_WINDOW;
    return assay_config_window(config, "sliding_window", out, where, err);
}

json_t *assay_gemma_make(const assay_model_config *wanted, const char *model_type, const char *class_name)
{
    static const char *const drop[] = {"mlp_bias", "hidden_act", NULL};
    json_t *config = assay_config_make_like(wanted, model_type, class_name, drop);
    if (config) json_object_set_new(config, "hidden_activation", json_string("gelu_pytorch_tanh"));
    return config;
}

static json_int_t number(const json_t *config, const char *key)
{
    return json_integer_value(json_object_get(config, key));
}

assay_status assay_gemma_complete(json_t *config, json_int_t layers, assay_error *err)
{
    json_int_t scalar = number(config, "head_dim"), heads = number(config, "num_attention_heads");
    if (number(config, "num_hidden_layers") == layers && heads > 0) scalar = number(config, "hidden_size") / heads;
    if (json_object_set_new(config, "query_pre_attn_scalar", json_integer(scalar)) == 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a config");
}
