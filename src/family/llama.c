/* Llama and what shares its code: pre-norm decoder, rotate-half positions over the whole head, grouped keys, SwiGLU.
 * Reference: Transformers, models/llama/modeling_llama.py and configuration_llama.py. */
#include "family/architecture.h"

extern const assay_architecture assay_arch_llama;

static const assay_model_shape shapes[] = {
    {"llama", true, 320, 64, 176, 2, 4, 2, 16, 2048, 1e-5, 10000, 0},
    {"llama-3.2-1b", false, 128256, 2048, 8192, 16, 32, 8, 64, 131072, 1e-5, 500000, 32},
    {"smollm2-135m", false, 49152, 576, 1536, 30, 9, 3, 64, 8192, 1e-5, 100000, 0},
    {0},
};

static const assay_name_pair switches[] = {{"blk.0.attn_q.bias", "attention_bias"}, {NULL, NULL}};

static const assay_gguf_family gguf = {.name = "llama",
                                       .block = "model.layers.",
                                       .whole = assay_gguf_llama_whole,
                                       .in_block = assay_gguf_llama_block,
                                       .permuted = true,
                                       .keys = assay_gguf_llama_keys,
                                       .fixed = "{\"model_type\": \"llama\", \"hidden_act\": \"silu\"}",
                                       .switches = switches,
                                       .vocab_key = "vocab_size",
                                       .head_dim_key = "head_dim",
                                       .kv_heads_key = "num_key_value_heads",
                                       .class_prefix = "Llama",
                                       .base_class = "ForCausalLM"};

const assay_architecture assay_arch_llama = {
    .name = "llama",
    .title = "Llama 2/3, SmolLM2, TinyLlama",
    .base_class = "LlamaForCausalLM",
    .sequence_class = "LlamaForSequenceClassification",
    .token_head = "score",
    .names = &assay_names_llama,
    .eps_key = "rms_norm_eps",
    .template_hint = "llama2, llama3, or the checkpoint's own",
    .shapes = shapes,
    .gguf = &gguf,
    .read_config = assay_config_read_decoder,
    .make_config = assay_config_make_decoder,
};
