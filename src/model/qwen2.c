/* Qwen2 and Qwen2.5: Llama with a bias on q, k and v, always, and none elsewhere.
 * Reference: Transformers, models/qwen2/modeling_qwen2.py and configuration_qwen2.py. */
#include "model/architecture.h"

#include <string.h>

static bool recognise(const json_t *config) { return assay_config_is_type(config, "qwen2"); }

/* Layers with a window would need another mask; released checkpoints have it switched off. */
static assay_status refuse_windows(const json_t *config, const char *where, assay_error *err)
{
    bool sliding = false;
    size_t index;
    const json_t *type;
    ASSAY_TRY(assay_json_bool(config, "use_sliding_window", false, &sliding, where, err));
    json_array_foreach(json_object_get(config, "layer_types"), index, type)
    {
        const char *name = json_string_value(type);
        sliding = sliding || !name || strcmp(name, "full_attention") != 0;
    }
    if (!sliding) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "%s: sliding-window attention is not supported (use_sliding_window, layer_types)", where);
}

static assay_status read_config(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    ASSAY_TRY(refuse_windows(config, where, err));
    ASSAY_TRY(assay_arch_llama.read_config(config, where, out, err));
    out->qkv_bias = true;
    out->out_bias = out->mlp_bias = false;
    return ASSAY_OK;
}

static json_t *make_config(const assay_model_config *wanted)
{
    json_t *config = assay_arch_llama.make_config(wanted);
    if (!config) return NULL;
    json_object_del(config, "attention_bias");
    json_object_del(config, "mlp_bias");
    json_t *differences = json_pack("{s:s, s:[s], s:b}", "model_type", "qwen2", "architectures", "Qwen2ForCausalLM",
                                    "use_sliding_window", 0);
    json_object_update_new(config, differences);
    return config;
}

const assay_architecture assay_arch_qwen2 = {
    .name = "qwen2",
    .title = "Qwen2, Qwen2.5",
    .sequence_class = "Qwen2ForSequenceClassification",
    .template_hint = "qwen",
    .names = {.prefix = "model.",
              .embedding = "model.embed_tokens",
              .input_norm = "model.layers.%d.input_layernorm",
              .post_norm = "model.layers.%d.post_attention_layernorm",
              .final_norm = "model.norm",
              .q = "model.layers.%d.self_attn.q_proj",
              .k = "model.layers.%d.self_attn.k_proj",
              .v = "model.layers.%d.self_attn.v_proj",
              .out = "model.layers.%d.self_attn.o_proj",
              .gate = "model.layers.%d.mlp.gate_proj",
              .up = "model.layers.%d.mlp.up_proj",
              .down = "model.layers.%d.mlp.down_proj",
              .head = "score"},
    .recognise = recognise,
    .read_config = read_config,
    .make_config = make_config,
};
