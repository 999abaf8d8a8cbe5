/* Baichuan 1 and 2: Llama with one fused module W_pack in blocks; the models of 7B are rotated, those of 13B (hidden
 * size 5120) have ALiBi, which their own code does not say in a key: modeling_baichuan.py of the two sizes differ. A
 * config says which by model_max_length (13B) or max_position_embeddings (7B), as the two classes read them. Its
 * classes are remote code; there is none for sequence classification, so the head is written beside the base model.
 * Reference: baichuan-inc/Baichuan-7B, Baichuan-13B-Chat, Baichuan2-7B, Baichuan2-13B. */
#include "family/architecture.h"

extern const assay_architecture assay_arch_baichuan;

static bool recognise(const json_t *config) { return assay_config_is_type(config, "baichuan"); }

static assay_status read_config(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    bool long_key = json_object_get(config, "model_max_length") != NULL,
         rotary_key = json_object_get(config, "max_position_embeddings") != NULL;
    ASSAY_TRY(assay_config_read_decoder(config, where, out, err));
    out->qkv_bias = out->out_bias = out->mlp_bias = false;
    if (json_object_size(json_object_get(config, "rope_scaling")))
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: Baichuan's own code has no \"rope_scaling\"; to score without it: --ignore-config "
                               "rope_scaling",
                               where);
    if (!long_key && !rotary_key)
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "%s: neither \"max_position_embeddings\" (7B, rotary) nor \"model_max_length\" (13B, "
                               "ALiBi): the positions are not known",
                               where);
    if (!rotary_key) out->positions = ASSAY_POSITIONS_ALIBI;
    if (!rotary_key)
        return assay_config_size(config, "model_max_length", (size_t)1 << 30, &out->max_positions, where, err);
    return ASSAY_OK;
}

static json_t *make_config(const assay_model_config *wanted)
{
    static const char *const drop[] = {"attention_bias",      "mlp_bias",   "head_dim",
                                       "num_key_value_heads", "rope_theta", NULL};
    json_t *config = assay_config_make_like(wanted, "baichuan", "BaichuanForCausalLM", drop);
    if (!config) return NULL;
    json_object_set_new(config, "tie_word_embeddings", json_false());
    if (wanted->max_positions > 1024) return config;
    json_object_set_new(config, "model_max_length", json_integer((json_int_t)wanted->max_positions));
    json_object_del(config, "max_position_embeddings");
    return config;
}

static const assay_model_shape shapes[] = {
    {"baichuan", true, 320, 64, 176, 2, 4, 4, 16, 2048, 1e-6, 10000, 0},
    {"baichuan-13b", true, 320, 96, 176, 2, 6, 6, 16, 512, 1e-6, 10000, 0},
    {0},
};

static const char *const keys[] = {"model_max_length", NULL};

static const assay_module_names names = {.prefix = "model.",
                                         .embedding = "model.embed_tokens",
                                         .input_norm = "model.layers.%d.input_layernorm",
                                         .post_norm = "model.layers.%d.post_attention_layernorm",
                                         .final_norm = "model.norm",
                                         .qkv = "model.layers.%d.self_attn.W_pack",
                                         .out = "model.layers.%d.self_attn.o_proj",
                                         .gate = "model.layers.%d.mlp.gate_proj",
                                         .up = "model.layers.%d.mlp.up_proj",
                                         .down = "model.layers.%d.mlp.down_proj",
                                         .head = "score",
                                         .language_head = "lm_head"};

enum { LAYERS_OF_13B = 40 };

/* llama.cpp, too, tells the two sizes by their layers; the converter cut W_pack up as Llama has it. */
static assay_status complete(json_t *config, assay_error *err)
{
    if (json_integer_value(json_object_get(config, "num_hidden_layers")) < LAYERS_OF_13B) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "a GGUF of Baichuan 13B is not supported: take the Hugging Face folder");
}

static const assay_gguf_family gguf = {.name = "baichuan",
                                       .block = "model.layers.",
                                       .whole = assay_gguf_llama_whole,
                                       .in_block = assay_gguf_llama_block,
                                       .permuted = true,
                                       .keys = assay_gguf_llama_keys,
                                       .fixed = "{\"model_type\": \"llama\", \"hidden_act\": \"silu\"}",
                                       .complete = complete,
                                       .vocab_key = "vocab_size",
                                       .head_dim_key = "head_dim",
                                       .kv_heads_key = "num_key_value_heads",
                                       .class_prefix = "Llama",
                                       .base_class = "ForCausalLM"};

const assay_architecture assay_arch_baichuan = {
    .name = "baichuan",
    .title = "Baichuan and Baichuan2, 7B and 13B",
    .base_class = "BaichuanForCausalLM",
    .names = &names,
    .eps_key = "rms_norm_eps",
    .template_hint = "the checkpoint's own",
    .shapes = shapes,
    .gguf = &gguf,
    .keys = keys,
    .recognise = recognise,
    .read_config = read_config,
    .make_config = make_config,
};
