/* Command R and Aya 23: one LayerNorm without bias a layer, attention and MLP side by side on it, rotation of
 * neighbouring columns. Transformers has no class of it for sequence classification: the head is written beside the
 * base model. Norms of q and k (Command R+) are not supported. Reference: Transformers,
 * models/cohere/modeling_cohere.py. */
#include "family/architecture.h"

extern const assay_architecture assay_arch_cohere;

static assay_status read_config(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    ASSAY_TRY(assay_config_read_decoder(config, where, out, err));
    ASSAY_TRY(assay_config_rope(config, 500000, out->max_positions, &out->rope, where, err));
    ASSAY_TRY(assay_config_eps(config, "layer_norm_eps", 1e-5, out, where, err));
    out->norm = ASSAY_NORM_LAYER;
    out->adjacent = true;
    out->parallel = true;
    out->mlp_bias = false;
    return ASSAY_OK;
}

static json_t *make_config(const assay_model_config *wanted)
{
    static const char *const drop[] = {"mlp_bias", "head_dim", "rms_norm_eps", NULL};
    json_t *config = assay_config_make_like(wanted, "cohere", "CohereForCausalLM", drop);
    if (config) json_object_update_new(config, json_pack("{s:f, s:b}", "logit_scale", 0.0625, "use_qk_norm", 0));
    return config;
}

static const assay_model_shape shapes[] = {{"cohere", true, 320, 64, 176, 2, 4, 2, 16, 2048, 1e-5, 10000, 0}, {0}};

static const char *const keys[] = {"layer_norm_eps", NULL};

static const assay_module_names names = {.prefix = "model.",
                                         .embedding = "model.embed_tokens",
                                         .input_norm = "model.layers.%d.input_layernorm",
                                         .final_norm = "model.norm",
                                         .q = "model.layers.%d.self_attn.q_proj",
                                         .k = "model.layers.%d.self_attn.k_proj",
                                         .v = "model.layers.%d.self_attn.v_proj",
                                         .out = "model.layers.%d.self_attn.o_proj",
                                         .gate = "model.layers.%d.mlp.gate_proj",
                                         .up = "model.layers.%d.mlp.up_proj",
                                         .down = "model.layers.%d.mlp.down_proj",
                                         .head = "score",
                                         .language_head = "lm_head"};

static const assay_gguf_key gguf_keys[] = {{"embedding_length", "hidden_size", false, false},
                                           {"feed_forward_length", "intermediate_size", false, false},
                                           {"block_count", "num_hidden_layers", false, false},
                                           {"attention.head_count", "num_attention_heads", false, false},
                                           {"context_length", "max_position_embeddings", false, false},
                                           {"attention.layer_norm_epsilon", "layer_norm_eps", true, false},
                                           {NULL, NULL, false, false}};

static const assay_gguf_family gguf = {.name = "command-r",
                                       .block = "model.layers.",
                                       .whole = assay_gguf_llama_whole,
                                       .in_block = assay_gguf_llama_block,
                                       .keys = gguf_keys,
                                       .fixed = "{\"model_type\": \"cohere\", \"hidden_act\": \"silu\"}",
                                       .vocab_key = "vocab_size",
                                       .kv_heads_key = "num_key_value_heads",
                                       .class_prefix = "Cohere",
                                       .base_class = "ForCausalLM"};

const assay_architecture assay_arch_cohere = {
    .name = "cohere",
    .title = "Command R, Aya 23",
    .base_class = "CohereForCausalLM",
    .names = &names,
    .eps_key = "layer_norm_eps",
    .template_hint = "the checkpoint's own",
    .shapes = shapes,
    .gguf = &gguf,
    .keys = keys,
    .read_config = read_config,
    .make_config = make_config,
};
