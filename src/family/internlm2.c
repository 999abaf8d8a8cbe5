/* InternLM2 and InternLM2.5: Llama with one fused module whose rows lie in groups, for each key head its query heads,
 * its key, its value. llama.cpp's converter cuts it up and writes what Llama has, so a GGUF of it is read as Llama.
 * Reference: modeling_internlm2.py and configuration_internlm2.py of internlm/internlm2-7b (remote code). */
#include "family/architecture.h"

extern const assay_architecture assay_arch_internlm2;

static assay_status read_config(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    bool bias = true; /* the class's default; released files say false */
    ASSAY_TRY(assay_config_read_decoder(config, where, out, err));
    ASSAY_TRY(assay_json_bool(config, "bias", false, &bias, where, err));
    out->qkv_layout = ASSAY_QKV_GROUPS;
    out->qkv_bias = out->out_bias = bias;
    out->mlp_bias = false;
    return ASSAY_OK;
}

static json_t *make_config(const assay_model_config *wanted)
{
    static const char *const drop[] = {"attention_bias", "mlp_bias", "head_dim", NULL};
    json_t *config = assay_config_make_like(wanted, "internlm2", "InternLM2ForCausalLM", drop);
    if (config) json_object_update_new(config, json_pack("{s:b, s:b}", "bias", 0, "tie_word_embeddings", 0));
    return config;
}

static const assay_model_shape shapes[] = {{"internlm2", true, 320, 64, 176, 2, 4, 2, 16, 2048, 1e-5, 1000000, 0}, {0}};

static const char *const keys[] = {"bias", NULL};

static const assay_module_names names = {.prefix = "model.",
                                         .embedding = "model.tok_embeddings",
                                         .input_norm = "model.layers.%d.attention_norm",
                                         .post_norm = "model.layers.%d.ffn_norm",
                                         .final_norm = "model.norm",
                                         .qkv = "model.layers.%d.attention.wqkv",
                                         .out = "model.layers.%d.attention.wo",
                                         .gate = "model.layers.%d.feed_forward.w1",
                                         .up = "model.layers.%d.feed_forward.w3",
                                         .down = "model.layers.%d.feed_forward.w2",
                                         .head = "score",
                                         .language_head = "output"};

static const assay_name_pair switches[] = {{"blk.0.attn_q.bias", "attention_bias"}, {NULL, NULL}};

static const assay_gguf_family gguf = {.name = "internlm2",
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

const assay_architecture assay_arch_internlm2 = {
    .name = "internlm2",
    .title = "InternLM2, InternLM2.5",
    .base_class = "InternLM2ForCausalLM",
    .sequence_class = "InternLM2ForSequenceClassification",
    .pooling = ASSAY_POOL_BEFORE_PAD,
    .names = &names,
    .eps_key = "rms_norm_eps",
    .template_hint = "the checkpoint's own",
    .shapes = shapes,
    .gguf = &gguf,
    .keys = keys,
    .read_config = read_config,
    .make_config = make_config,
};
