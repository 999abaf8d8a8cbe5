/* Gemma 2: Gemma with a norm before and one behind each branch, attention scores capped by tanh, and a window in every
 * other layer, the first among them. Reference: Transformers, models/gemma2/modeling_gemma2.py. */
#include "family/gemma.h"

extern const assay_architecture assay_arch_gemma2;

enum { LAYERS_OF_27B = 46 };

static bool has_window(const json_t *config, size_t layer)
{
    (void)config;
    return layer % 2 == 0;
}

static assay_status read_config(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    ASSAY_TRY(assay_gemma_read(config, where, out, err));
    ASSAY_TRY(assay_gemma_read_attention(config, 50, out, where, err));
    return assay_config_layer_types(config, has_window, out, where, err);
}

static json_t *make_config(const assay_model_config *wanted)
{
    json_t *config = assay_gemma_make(wanted, "gemma2", "Gemma2ForCausalLM");
    if (config)
        json_object_update_new(config,
                               json_pack("{s:I, s:f, s:f, s:I}", "query_pre_attn_scalar", (json_int_t)wanted->head_dim,
                                         "attn_logit_softcapping", 50.0, "final_logit_softcapping", 30.0,
                                         "sliding_window", (json_int_t)wanted->max_positions / 8));
    return config;
}

static assay_status complete(json_t *config, assay_error *err)
{
    return assay_gemma_complete(config, LAYERS_OF_27B, err);
}

static const assay_model_shape shapes[] = {{"gemma2", true, 320, 64, 176, 2, 4, 2, 24, 512, 1e-6, 10000, 0}, {0}};

static const char *const keys[] = {"hidden_activation",
                                   "query_pre_attn_scalar",
                                   "attn_logit_softcapping",
                                   "sliding_window",
                                   "sliding_window_size",
                                   "layer_types",
                                   NULL};

static const assay_gguf_key own_keys[] = {{"attn_logit_softcapping", "attn_logit_softcapping", true, true},
                                          {"attention.sliding_window", "sliding_window", false, true},
                                          {NULL, NULL, false, false}};

static const assay_gguf_family gguf = {.name = "gemma2",
                                       .block = "model.layers.",
                                       .whole = assay_gguf_llama_whole,
                                       .in_block = assay_gguf_gemma2_block,
                                       .norm_plus_one = true,
                                       .keys = assay_gguf_llama_keys,
                                       .own_keys = own_keys,
                                       .fixed =
                                           "{\"model_type\": \"gemma2\", \"hidden_activation\": \"gelu_pytorch_tanh\"}",
                                       .complete = complete,
                                       .vocab_key = "vocab_size",
                                       .head_dim_key = "head_dim",
                                       .head_dim_always = true,
                                       .kv_heads_key = "num_key_value_heads",
                                       .class_prefix = "Gemma2",
                                       .base_class = "ForCausalLM"};

const assay_architecture assay_arch_gemma2 = {
    .name = "gemma2",
    .title = "Gemma 2",
    .base_class = "Gemma2ForCausalLM",
    .sequence_class = "Gemma2ForSequenceClassification",
    .token_head = "score",
    .names = &assay_names_gemma2,
    .eps_key = "rms_norm_eps",
    .template_hint = "gemma, or the checkpoint's own",
    .shapes = shapes,
    .gguf = &gguf,
    .keys = keys,
    .read_config = read_config,
    .make_config = make_config,
};
