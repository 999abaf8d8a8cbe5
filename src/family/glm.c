/* Transformers' own Glm (glm-4-9b-hf and what --format glm writes of a ChatGLM2/3): the mathematics of ChatGLM with
 * separate q, k and v and a fused gate_up_proj whose first half is the gate. Reference: Transformers,
 * models/glm/modeling_glm.py. */
#include "family/glm.h"

extern const assay_architecture assay_arch_glm;

assay_status assay_glm_read(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    ASSAY_TRY(assay_config_read_decoder(config, where, out, err));
    out->qkv_bias = true;
    ASSAY_TRY(assay_json_bool(config, "attention_bias", false, &out->qkv_bias, where, err));
    ASSAY_TRY(assay_config_eps(config, "rms_norm_eps", 1.5625e-07, out, where, err));
    out->out_bias = out->mlp_bias = false;
    out->adjacent = true;
    return assay_config_partial_rotary(config, 0.5, out, where, err);
}

json_t *assay_glm_make(const assay_model_config *wanted, const char *model_type, const char *class_name)
{
    static const char *const drop[] = {"mlp_bias", NULL};
    json_t *config = assay_config_make_like(wanted, model_type, class_name, drop);
    if (!config) return NULL;
    double partial = wanted->rotary ? (double)wanted->rotary / (double)wanted->head_dim : 0.5;
    json_object_update_new(config, json_pack("{s:b, s:f, s:b}", "attention_bias", wanted->rotary ? wanted->qkv_bias : 1,
                                             "partial_rotary_factor", partial, "tie_word_embeddings", 0));
    return config;
}

static json_t *make_config(const assay_model_config *c) { return assay_glm_make(c, "glm", "GlmForCausalLM"); }

static const assay_model_shape shapes[] = {{"glm", true, 320, 64, 176, 2, 4, 2, 16, 2048, 1e-5, 10000, 0}, {0}};

static const char *const keys[] = {"partial_rotary_factor", NULL};

static const assay_module_names names = {.prefix = "model.",
                                         .embedding = "model.embed_tokens",
                                         .input_norm = "model.layers.%d.input_layernorm",
                                         .post_norm = "model.layers.%d.post_attention_layernorm",
                                         .final_norm = "model.norm",
                                         .q = "model.layers.%d.self_attn.q_proj",
                                         .k = "model.layers.%d.self_attn.k_proj",
                                         .v = "model.layers.%d.self_attn.v_proj",
                                         .out = "model.layers.%d.self_attn.o_proj",
                                         .gate_up = "model.layers.%d.mlp.gate_up_proj",
                                         .down = "model.layers.%d.mlp.down_proj",
                                         .head = "score",
                                         .language_head = "lm_head"};

const assay_architecture assay_arch_glm = {
    .name = "glm",
    .title = "Glm (Transformers' own classes)",
    .base_class = "GlmForCausalLM",
    .sequence_class = "GlmForSequenceClassification",
    .token_head = "score",
    .names = &names,
    .eps_key = "rms_norm_eps",
    .template_hint = "chatglm3, or the checkpoint's own",
    .shapes = shapes,
    .keys = keys,
    .read_config = assay_glm_read,
    .make_config = make_config,
};
