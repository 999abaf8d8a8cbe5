/* Granite 3: Llama with four factors, of the embeddings, of attention scores, of each branch before it joins the
 * residual, and of the logits (which a reward has not). Transformers has no class of it for sequence classification:
 * the head is written beside the base model. Reference: Transformers, models/granite/modeling_granite.py. */
#include "family/architecture.h"

extern const assay_architecture assay_arch_granite;

static assay_status read_config(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    ASSAY_TRY(assay_config_read_decoder(config, where, out, err));
    ASSAY_TRY(assay_config_real(config, "embedding_multiplier", 1, &out->embedding_scale, where, err));
    ASSAY_TRY(assay_config_real(config, "attention_multiplier", 1, &out->attention_scale, where, err));
    return assay_config_real(config, "residual_multiplier", 1, &out->residual_scale, where, err);
}

static json_t *make_config(const assay_model_config *wanted)
{
    json_t *config = assay_config_make_like(wanted, "granite", "GraniteForCausalLM", NULL);
    if (config)
        json_object_update_new(config,
                               json_pack("{s:f, s:f, s:f, s:f}", "embedding_multiplier", 12.0, "attention_multiplier",
                                         0.125, "residual_multiplier", 0.22, "logits_scaling", 8.0));
    return config;
}

static const assay_model_shape shapes[] = {{"granite", true, 320, 64, 176, 2, 4, 2, 16, 2048, 1e-5, 10000, 0}, {0}};

static const char *const keys[] = {"embedding_multiplier", "attention_multiplier", "residual_multiplier", NULL};

static const assay_gguf_key own_keys[] = {{"attention.scale", "attention_multiplier", true, false},
                                          {"embedding_scale", "embedding_multiplier", true, false},
                                          {"residual_scale", "residual_multiplier", true, false},
                                          {NULL, NULL, false, false}};

static const assay_name_pair switches[] = {{"blk.0.attn_q.bias", "attention_bias"}, {NULL, NULL}};

static const assay_gguf_family gguf = {.name = "granite",
                                       .block = "model.layers.",
                                       .whole = assay_gguf_llama_whole,
                                       .in_block = assay_gguf_llama_block,
                                       .permuted = true,
                                       .keys = assay_gguf_llama_keys,
                                       .own_keys = own_keys,
                                       .fixed = "{\"model_type\": \"granite\", \"hidden_act\": \"silu\"}",
                                       .switches = switches,
                                       .vocab_key = "vocab_size",
                                       .head_dim_key = "head_dim",
                                       .kv_heads_key = "num_key_value_heads",
                                       .class_prefix = "Granite",
                                       .base_class = "ForCausalLM"};

const assay_architecture assay_arch_granite = {
    .name = "granite",
    .title = "Granite 3",
    .base_class = "GraniteForCausalLM",
    .names = &assay_names_llama,
    .eps_key = "rms_norm_eps",
    .template_hint = "the checkpoint's own",
    .shapes = shapes,
    .gguf = &gguf,
    .keys = keys,
    .read_config = read_config,
    .make_config = make_config,
};
