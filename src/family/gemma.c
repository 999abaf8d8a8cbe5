/* Gemma 1: Llama with scaled embeddings, norms stored less one, and gelu for silu. Reference: Transformers,
 * models/gemma/modeling_gemma.py. */
#include "family/gemma.h"

extern const assay_architecture assay_arch_gemma;

static json_t *make_config(const assay_model_config *wanted)
{
    return assay_gemma_make(wanted, "gemma", "GemmaForCausalLM");
}

static const assay_model_shape shapes[] = {{"gemma", true, 320, 64, 176, 2, 4, 2, 24, 2048, 1e-6, 10000, 0}, {0}};

static const char *const keys[] = {"hidden_activation", NULL};

static const assay_gguf_family gguf = {.name = "gemma",
                                       .block = "model.layers.",
                                       .whole = assay_gguf_llama_whole,
                                       .in_block = assay_gguf_llama_block,
                                       .norm_plus_one = true,
                                       .keys = assay_gguf_llama_keys,
                                       .fixed =
                                           "{\"model_type\": \"gemma\", \"hidden_activation\": \"gelu_pytorch_tanh\"}",
                                       .vocab_key = "vocab_size",
                                       .head_dim_key = "head_dim",
                                       .head_dim_always = true,
                                       .kv_heads_key = "num_key_value_heads",
                                       .class_prefix = "Gemma",
                                       .base_class = "ForCausalLM"};

const assay_architecture assay_arch_gemma = {
    .name = "gemma",
    .title = "Gemma 2B, 7B",
    .base_class = "GemmaForCausalLM",
    .sequence_class = "GemmaForSequenceClassification",
    .token_head = "score",
    .names = &assay_names_llama,
    .eps_key = "rms_norm_eps",
    .template_hint = "gemma, or the checkpoint's own",
    .shapes = shapes,
    .gguf = &gguf,
    .keys = keys,
    .read_config = assay_gemma_read,
    .make_config = make_config,
};
