/* Gemma 3, the text model: Gemma 2 without caps, with norms over the heads of q and k, and a rotary base of their own
 * for the layers with a window (five of six). Config in both spellings: rope_theta and rope_local_base_freq with a
 * rope_scaling for the full layers, or rope_parameters by kind of layer. Reference: Transformers,
 * models/gemma3/configuration_gemma3.py (Gemma3TextConfig) and modeling_gemma3.py. */
#include "family/gemma.h"

#include "base/json_doc.h"

extern const assay_architecture assay_arch_gemma3;

enum { LAYERS_OF_27B = 62 };

static bool recognise(const json_t *config) { return assay_config_is_type(config, "gemma3_text"); }

static bool has_window(const json_t *config, size_t layer)
{
    const json_t *pattern = json_object_get(config, "sliding_window_pattern");
    json_int_t every = json_is_integer(pattern) && json_integer_value(pattern) > 0 ? json_integer_value(pattern) : 6;
    return (layer + 1) % (size_t)every != 0;
}

static assay_status read_rope(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    const json_t *kinds = json_object_get(config, "rope_parameters"), *full = json_object_get(kinds, "full_attention"),
                 *sliding = json_object_get(kinds, "sliding_attention"),
                 *scaling = json_object_get(config, "rope_scaling");
    out->rope = (assay_rope_config){.base = 1000000, .factor = 1};
    out->local_rope = (assay_rope_config){.base = 10000, .factor = 1};
    ASSAY_TRY(assay_json_double(config, "rope_theta", false, &out->rope.base, where, err));
    ASSAY_TRY(assay_json_double(config, "rope_local_base_freq", false, &out->local_rope.base, where, err));
    if (json_is_object(full)) ASSAY_TRY(assay_config_rope_object(full, out->max_positions, &out->rope, where, err));
    if (json_is_object(sliding))
        ASSAY_TRY(assay_config_rope_object(sliding, out->max_positions, &out->local_rope, where, err));
    if (json_is_object(scaling))
        ASSAY_TRY(assay_config_rope_object(scaling, out->max_positions, &out->rope, where, err));
    return ASSAY_OK;
}

/* The shared reader would not take rope_parameters by kind. */
static json_t *without_rope(const json_t *config)
{
    json_t *plain = json_copy(assay_json_lent(config));
    json_object_del(plain, "rope_parameters");
    json_object_del(plain, "rope_scaling");
    return plain;
}

static assay_status read_config(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    json_t *plain = without_rope(config);
    ASSAY_TRY_ALLOC(plain, "a config", err);
    assay_status status = assay_gemma_read(plain, where, out, err);
    json_decref(plain);
    ASSAY_TRY(status);
    out->qk_norm = ASSAY_QK_HEADS;
    ASSAY_TRY(read_rope(config, where, out, err));
    ASSAY_TRY(assay_gemma_read_attention(config, 0, out, where, err));
    return assay_config_layer_types(config, has_window, out, where, err);
}

static json_t *make_config(const assay_model_config *wanted)
{
    json_t *config = assay_gemma_make(wanted, "gemma3_text", "Gemma3ForCausalLM");
    if (config)
        json_object_update_new(config,
                               json_pack("{s:I, s:f, s:I, s:i}", "query_pre_attn_scalar", (json_int_t)wanted->head_dim,
                                         "rope_local_base_freq", 10000.0, "sliding_window",
                                         (json_int_t)wanted->max_positions / 8, "sliding_window_pattern", 2));
    return config;
}

static assay_status complete(json_t *config, assay_error *err)
{
    return assay_gemma_complete(config, LAYERS_OF_27B, err);
}

static const assay_model_shape shapes[] = {{"gemma3", true, 320, 64, 176, 2, 4, 2, 24, 512, 1e-6, 1000000, 0}, {0}};

static const char *const keys[] = {"hidden_activation",       "query_pre_attn_scalar", "attn_logit_softcapping",
                                   "sliding_window",          "layer_types",           "sliding_window_pattern",
                                   "_sliding_window_pattern", "rope_local_base_freq",  NULL};

static const assay_gguf_key own_keys[] = {{"attention.sliding_window", "sliding_window", false, false},
                                          {"rope.freq_base_swa", "rope_local_base_freq", true, true},
                                          {NULL, NULL, false, false}};

static const assay_gguf_family gguf = {
    .name = "gemma3",
    .block = "model.layers.",
    .whole = assay_gguf_llama_whole,
    .in_block = assay_gguf_gemma2_block,
    .norm_plus_one = true,
    .keys = assay_gguf_llama_keys,
    .own_keys = own_keys,
    .fixed = "{\"model_type\": \"gemma3_text\", \"hidden_activation\": \"gelu_pytorch_tanh\"}",
    .complete = complete,
    .vocab_key = "vocab_size",
    .head_dim_key = "head_dim",
    .head_dim_always = true,
    .kv_heads_key = "num_key_value_heads",
    .class_prefix = "Gemma3",
    .base_class = "ForCausalLM"};

const assay_architecture assay_arch_gemma3 = {
    .name = "gemma3",
    .title = "Gemma 3 (text)",
    .base_class = "Gemma3ForCausalLM",
    .sequence_class = "Gemma3TextForSequenceClassification",
    .names = &assay_names_gemma2,
    .eps_key = "rms_norm_eps",
    .template_hint = "gemma, or the checkpoint's own",
    .shapes = shapes,
    .gguf = &gguf,
    .keys = keys,
    .recognise = recognise,
    .read_config = read_config,
    .make_config = make_config,
};
