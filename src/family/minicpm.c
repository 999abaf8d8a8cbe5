/* MiniCPM 1B and 2B: Llama with scaled embeddings and every branch scaled by scale_depth / sqrt(layers) before it joins
 * the residual. Its classes are remote code; there is none for sequence classification, so the head is written beside
 * the base model. Reference: modeling_minicpm.py of openbmb/MiniCPM-2B-sft-bf16. */
#include "family/architecture.h"

#include <math.h>

extern const assay_architecture assay_arch_minicpm;

static assay_status read_config(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    float depth;
    ASSAY_TRY(assay_config_read_decoder(config, where, out, err));
    ASSAY_TRY(assay_config_real(config, "scale_emb", 1, &out->embedding_scale, where, err));
    ASSAY_TRY(assay_config_real(config, "scale_depth", 1, &depth, where, err));
    out->residual_scale = (float)((double)depth / sqrt((double)out->layers));
    out->mlp_bias = false;
    if (out->rope.scaling == ASSAY_ROPE_LONG && out->rope.original_positions < out->max_positions)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: \"max_position_embeddings\" is %zu: MiniCPM's own code then turns texts of every "
                               "length by long_factor, which is not supported",
                               where, out->max_positions);
    return ASSAY_OK;
}

static json_t *make_config(const assay_model_config *wanted)
{
    static const char *const drop[] = {"attention_bias", "mlp_bias", "head_dim", NULL};
    json_t *config = assay_config_make_like(wanted, "minicpm", "MiniCPMForCausalLM", drop);
    if (config)
        json_object_update_new(
            config, json_pack("{s:i, s:f, s:i}", "scale_emb", 12, "scale_depth", 1.4, "dim_model_base", 256));
    return config;
}

/* The metadata has the branch's factor itself. */
static assay_status complete(json_t *config, assay_error *err)
{
    double scale = json_number_value(json_object_get(config, "scale_depth"));
    double layers = json_number_value(json_object_get(config, "num_hidden_layers"));
    if (json_object_set_new(config, "scale_depth", json_real(scale * sqrt(layers))) == 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a config");
}

static const assay_model_shape shapes[] = {{"minicpm", true, 320, 64, 176, 2, 4, 2, 16, 2048, 1e-5, 10000, 0}, {0}};

static const char *const keys[] = {"scale_emb", "scale_depth", NULL};

static const assay_gguf_key own_keys[] = {{"embedding_scale", "scale_emb", true, false},
                                          {"residual_scale", "scale_depth", true, false},
                                          {NULL, NULL, false, false}};

static const assay_gguf_family gguf = {.name = "minicpm",
                                       .block = "model.layers.",
                                       .whole = assay_gguf_llama_whole,
                                       .in_block = assay_gguf_llama_block,
                                       .permuted = true,
                                       .keys = assay_gguf_llama_keys,
                                       .own_keys = own_keys,
                                       .fixed = "{\"model_type\": \"minicpm\", \"hidden_act\": \"silu\"}",
                                       .complete = complete,
                                       .vocab_key = "vocab_size",
                                       .kv_heads_key = "num_key_value_heads",
                                       .class_prefix = "MiniCPM",
                                       .base_class = "ForCausalLM"};

const assay_architecture assay_arch_minicpm = {
    .name = "minicpm",
    .title = "MiniCPM 1B, 2B",
    .base_class = "MiniCPMForCausalLM",
    .names = &assay_names_llama,
    .eps_key = "rms_norm_eps",
    .template_hint = "the checkpoint's own",
    .shapes = shapes,
    .gguf = &gguf,
    .keys = keys,
    .read_config = read_config,
    .make_config = make_config,
};
