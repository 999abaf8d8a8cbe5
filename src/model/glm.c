/* Transformers' own Glm (glm-4-9b-hf and what --format glm writes of a ChatGLM2/3): the mathematics of ChatGLM with
 * separate q, k and v and a fused gate_up_proj whose first half is the gate. Reference: Transformers,
 * models/glm/modeling_glm.py. */
#include "model/architecture.h"

static bool recognise(const json_t *config) { return assay_config_is_type(config, "glm"); }

static assay_status read_config(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    double partial = 0.5, eps = 1.5625e-07;
    ASSAY_TRY(assay_arch_llama.read_config(config, where, out, err));
    const json_t *rope = json_object_get(config, "rope_parameters");
    out->qkv_bias = true;
    ASSAY_TRY(assay_json_bool(config, "attention_bias", false, &out->qkv_bias, where, err));
    ASSAY_TRY(assay_json_double(config, "rms_norm_eps", false, &eps, where, err));
    ASSAY_TRY(assay_json_double(config, "partial_rotary_factor", false, &partial, where, err));
    if (json_is_object(rope)) ASSAY_TRY(assay_json_double(rope, "partial_rotary_factor", false, &partial, where, err));
    if (!(partial > 0 && partial <= 1))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: partial_rotary_factor %g", where, partial);
    out->eps = (float)eps;
    out->out_bias = out->mlp_bias = false;
    out->rotary = (size_t)((double)out->head_dim * partial);
    out->adjacent = true;
    return ASSAY_OK;
}

static json_t *make_config(const assay_model_config *c)
{
    json_t *config = assay_arch_llama.make_config(c);
    if (!config) return NULL;
    json_object_del(config, "mlp_bias");
    json_t *differences = json_pack("{s:s, s:[s], s:b, s:f, s:b}", "model_type", "glm", "architectures",
                                    "GlmForCausalLM", "attention_bias", c->qkv_bias, "partial_rotary_factor",
                                    (double)c->rotary / (double)c->head_dim, "tie_word_embeddings", 0);
    json_object_update_new(config, differences);
    return config;
}

const assay_architecture assay_arch_glm = {
    .name = "glm",
    .title = "Glm (Transformers' own classes)",
    .sequence_class = "GlmForSequenceClassification",
    .template_hint = "chatglm3, or the checkpoint's own",
    .names = {.prefix = "model.",
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
              .head = "score"},
    .recognise = recognise,
    .read_config = read_config,
    .make_config = make_config,
};
