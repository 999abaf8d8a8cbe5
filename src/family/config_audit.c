#include "family/config_audit.h"

#include "base/alloc.h"
#include "base/foreign_kind.h"
#include "base/json_doc.h"
#include "base/text.h"
#include "family/quantisation.h"

#include <stdio.h>
#include <string.h>

/* What Llama's spelling reads (config_decoder.c), and what the audit itself looks at. */
static const char *const decoder_keys[] = {"hidden_act",
                                           "vocab_size",
                                           "hidden_size",
                                           "intermediate_size",
                                           "num_hidden_layers",
                                           "num_attention_heads",
                                           "num_key_value_heads",
                                           "head_dim",
                                           "max_position_embeddings",
                                           "rms_norm_eps",
                                           "attention_bias",
                                           "mlp_bias",
                                           "rope_theta",
                                           "rope_scaling",
                                           "rope_parameters",
                                           "original_max_position_embeddings",
                                           NULL};

/* Bookkeeping, generation, dropouts (a score has none, and training here has its own), what only the language head
 * needs, and how sums were split over devices. */
static const char *const harmless[] = {"model_type",
                                       "architectures",
                                       "bos_token_id",
                                       "eos_token_id",
                                       "pad_token_id",
                                       "sep_token_id",
                                       "cls_token_id",
                                       "unk_token_id",
                                       "mask_token_id",
                                       "gmask_token_id",
                                       "decoder_start_token_id",
                                       ASSAY_LABEL_KEY,
                                       "id2label",
                                       "label2id",
                                       "num_labels",
                                       "problem_type",
                                       "torch_dtype",
                                       "dtype",
                                       "transformers_version",
                                       "_name_or_path",
                                       "name_or_path",
                                       "auto_map",
                                       "use_cache",
                                       "tie_word_embeddings",
                                       "tie_encoder_decoder",
                                       "initializer_range",
                                       "initializer_factor",
                                       "attention_dropout",
                                       "attention_probs_dropout_prob",
                                       "hidden_dropout",
                                       "hidden_dropout_prob",
                                       "classifier_dropout",
                                       "resid_pdrop",
                                       "embd_pdrop",
                                       "attn_pdrop",
                                       "embedding_dropout",
                                       "residual_dropout",
                                       "dropout",
                                       "bias_dropout_fusion",
                                       "attn_implementation",
                                       "_attn_implementation",
                                       "_attn_implementation_autoset",
                                       "_flash_attn_2_enabled",
                                       "use_flash_attn",
                                       "flash_attention",
                                       "attention_softmax_in_fp32",
                                       "fp32_residual_connection",
                                       "apply_query_key_layer_scaling",
                                       "torchscript",
                                       "pretraining_tp",
                                       "slow_but_exact",
                                       "chunk_size_feed_forward",
                                       "is_encoder_decoder",
                                       "cross_attention_hidden_size",
                                       "pruned_heads",
                                       "return_dict",
                                       "output_hidden_states",
                                       "output_attentions",
                                       "output_scores",
                                       "return_dict_in_generate",
                                       "finetuning_task",
                                       "task_specific_params",
                                       "tokenizer_class",
                                       "prefix",
                                       "use_bfloat16",
                                       "unsloth_version",
                                       "unsloth_fixed",
                                       "max_length",
                                       "min_length",
                                       "do_sample",
                                       "early_stopping",
                                       "num_beams",
                                       "num_beam_groups",
                                       "diversity_penalty",
                                       "temperature",
                                       "top_k",
                                       "top_p",
                                       "typical_p",
                                       "repetition_penalty",
                                       "length_penalty",
                                       "no_repeat_ngram_size",
                                       "encoder_no_repeat_ngram_size",
                                       "bad_words_ids",
                                       "num_return_sequences",
                                       "forced_bos_token_id",
                                       "forced_eos_token_id",
                                       "remove_invalid_values",
                                       "exponential_decay_length_penalty",
                                       "suppress_tokens",
                                       "begin_suppress_tokens",
                                       "max_new_tokens",
                                       "tf_legacy_loss",
                                       "use_mrope",
                                       "max_window_layers",
                                       "final_logit_softcapping",
                                       "logit_scale",
                                       "logits_scaling",
                                       "gradient_checkpointing",
                                       "sentence_transformers",
                                       "interleaved_sliding_window",
                                       "model_max_length",
                                       "max_sequence_length",
                                       "vocab_size_per_layer_input",
                                       "training_max_length",
                                       "rm_max_length",
                                       "keys_to_ignore_at_inference",
                                       "bos_token",
                                       "eos_token",
                                       "pad_token",
                                       "output_router_logits",
                                       "router_aux_loss_coef",
                                       "router_jitter_noise",
                                       "summary_type",
                                       "_commit_hash",
                                       "ignore_index",
                                       "transformers.js_config",
                                       "tensor_parallel_degree",
                                       "ctc_loss_reduction",
                                       "z_loss_coefficient",
                                       "z_loss_weight",
                                       "dim_model_base",
                                       "use_fused_rms_norm",
                                       "use_fused_cross_entropy",
                                       "use_fused_rope",
                                       "use_fused_swiglu",
                                       "init_device",
                                       "is_llama_config",
                                       "_from_model_config",
                                       "skip_bias_add",
                                       "skip_bias_add_qkv",
                                       "masked_softmax_fusion",
                                       "offset_alibi",
                                       "cache_implementation",
                                       "mtp_loss_weight",
                                       NULL};

/* The value at which a key changes nothing. */
typedef enum neutral {
    NEVER_ON, /* null, false, 0, empty */
    ALWAYS_ON,
    ONE,
    ROTARY,      /* a name of rotary positions */
    FULL_LAYERS, /* every layer full_attention */
    BEYOND       /* a window that no text reaches */
} neutral;

typedef struct rule {
    const char *key;
    neutral neutral;
    const char *what;
} rule;

static const rule rules[] = {
    {"is_causal", ALWAYS_ON, "attention in both directions"},
    {"use_bidirectional_attention", NEVER_ON, "attention in both directions"},
    {"bidirectional", NEVER_ON, "attention in both directions"},
    {"add_cross_attention", NEVER_ON, "cross attention"},
    {"sliding_window", BEYOND, "a sliding window"},
    {"use_sliding_window", NEVER_ON, "a sliding window"},
    {"sliding_window_size", BEYOND, "a sliding window"},
    {"attention_window", BEYOND, "a sliding window"},
    {"sliding_window_pattern", NEVER_ON, "layers with a window"},
    {"layer_types", FULL_LAYERS, "layers of several kinds"},
    {"attention_chunk_size", BEYOND, "attention in chunks"},
    {"attn_logit_softcapping", NEVER_ON, "capped attention scores"},
    {"attn_logit_softcap", NEVER_ON, "capped attention scores"},
    {"attention_logits_soft_cap", NEVER_ON, "capped attention scores"},
    {"query_pre_attn_scalar", NEVER_ON, "another scale of attention scores"},
    {"attention_multiplier", NEVER_ON, "another scale of attention scores"},
    {"attention_scale", NEVER_ON, "another scale of attention scores"},
    {"softmax_scale", NEVER_ON, "another scale of attention scores"},
    {"attn_scale", NEVER_ON, "another scale of attention scores"},
    {"attn_temperature_tuning", NEVER_ON, "scores that depend on the position"},
    {"use_logn_attn", NEVER_ON, "scores that depend on the position"},
    {"use_dynamic_ntk", NEVER_ON, "a rotary base that depends on the length"},
    {"embedding_multiplier", ONE, "scaled embeddings"},
    {"scale_emb", ONE, "scaled embeddings"},
    {"residual_multiplier", ONE, "scaled residuals"},
    {"scale_depth", NEVER_ON, "scaled residuals"},
    {"scale_attn_weights", ALWAYS_ON, "unscaled attention scores"},
    {"qk_layernorm", NEVER_ON, "norms of queries and keys"},
    {"use_qk_norm", NEVER_ON, "norms of queries and keys"},
    {"qk_norm", NEVER_ON, "norms of queries and keys"},
    {"attn_qk_norm", NEVER_ON, "norms of queries and keys"},
    {"clip_qkv", NEVER_ON, "clipped queries, keys and values"},
    {"parallel_attn", NEVER_ON, "attention beside the MLP"},
    {"use_parallel_residual", NEVER_ON, "attention beside the MLP"},
    {"parallel_residual", NEVER_ON, "attention beside the MLP"},
    {"alibi", NEVER_ON, "ALiBi positions"},
    {"use_alibi", NEVER_ON, "ALiBi positions"},
    {"position_encoding_2d", NEVER_ON, "positions on two axes"},
    {"position_embedding_type", ROTARY, "other positions"},
    {"rotary_pct", ONE, "heads rotated in part"},
    {"rotary_emb_fraction", ONE, "heads rotated in part"},
    {"partial_rotary_factor", ONE, "heads rotated in part"},
    {"rotary_dim", NEVER_ON, "heads rotated in part"},
    {"rotary_emb_interleaved", NEVER_ON, "rotation of neighbouring columns"},
    {"rope_interleaved", NEVER_ON, "rotation of neighbouring columns"},
    {"rope_scaling", NEVER_ON, "scaled rotary positions"},
    {"rope_parameters", NEVER_ON, "scaled rotary positions"},
    {"rope_ratio", ONE, "another rotary base"},
    {"rope_local_base_freq", NEVER_ON, "another rotary base for some layers"},
    {"rotary_emb_base", NEVER_ON, "another rotary base"},
    {"rotary_base", NEVER_ON, "another rotary base"},
    {"no_rope_layers", NEVER_ON, "layers without positions"},
    {"no_rope_layer_interval", NEVER_ON, "layers without positions"},
    {"use_rope", ALWAYS_ON, "layers without positions"},
    {"bias", NEVER_ON, "biases"},
    {"use_bias", NEVER_ON, "biases"},
    {"qkv_bias", NEVER_ON, "biases"},
    {"attention_out_bias", NEVER_ON, "biases"},
    {"attention_output_bias", NEVER_ON, "biases"},
    {"num_key_value_groups", NEVER_ON, "grouped keys under another name"},
    {"multi_query", NEVER_ON, "grouped keys under another name"},
    {"first_k_dense_replace", NEVER_ON, "a mixture of experts"},
    {"num_nextn_predict_layers", NEVER_ON, "layers behind the last"},
    {"use_mup", NEVER_ON, "scaled layers"},
    {"hidden_activation", NEVER_ON, "an activation under another name"},
    {"activation_function", NEVER_ON, "an activation under another name"},
    {"use_attention_sinks", NEVER_ON, "attention sinks"},
    {"attention_sink_size", NEVER_ON, "attention sinks"},
    {"altup_num_inputs", NEVER_ON, "alternating updates"},
    {"laurel_rank", NEVER_ON, "low-rank residuals"},
    {"layer_norm_epsilon", NEVER_ON, "another epsilon under another name"},
    {"n_inner", NEVER_ON, "an MLP of another width"},
    {"apply_residual_connection_post_layernorm", NEVER_ON, "residuals taken behind the norm"},
    {"pre_seq_len", NEVER_ON, "P-tuning"},
    {"quantization_bit", NEVER_ON, "quantised weights"},
};

static const char *const expert_keys[] = {"num_local_experts", "num_experts",         "n_routed_experts",
                                          "moe_num_experts",   "num_experts_per_tok", NULL};

static bool is_full(const json_t *types)
{
    size_t i;
    const json_t *type;
    json_array_foreach(types, i, type)
    {
        const char *name = json_string_value(type);
        if (!name || strcmp(name, "full_attention") != 0) return false;
    }
    return json_is_array(types);
}

static bool is_beyond(const json_t *window, const json_t *config)
{
    const json_t *most = json_object_get(config, "max_position_embeddings");
    if (!json_is_integer(window)) return assay_json_is_off(window);
    return json_integer_value(window) <= 0 ||
           (json_is_integer(most) && json_integer_value(window) >= json_integer_value(most));
}

static bool is_neutral(neutral how, const json_t *value, const json_t *config)
{
    if (json_is_null(value)) return true;
    if (how == ALWAYS_ON) return json_is_true(value);
    if (how == ONE) return json_is_number(value) && json_number_value(value) == 1;
    if (how == ROTARY) {
        const char *name = json_string_value(value);
        return name && (!strcmp(name, "rope") || !strcmp(name, "rotary"));
    }
    if (how == FULL_LAYERS) return is_full(value);
    return how == BEYOND ? is_beyond(value, config) : assay_json_is_off(value);
}

static const rule *find_rule(const char *key)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (!strcmp(rules[i].key, key)) return &rules[i];
    return NULL;
}

static bool is_read(const assay_architecture *arch, const char *key)
{
    return assay_text_listed(arch->keys, key) || (!arch->own_spelling && assay_text_listed(decoder_keys, key));
}

static assay_status check_key(const json_t *config, const assay_architecture *arch, const char *key,
                              const json_t *value, const char *where, assay_error *err)
{
    const rule *found = find_rule(key);
    if (is_read(arch, key) || assay_head_reads_key(assay_head_of_class(config), key)) return ASSAY_OK;
    if (assay_text_listed(expert_keys, key) && json_number_value(value) > 1)
        return assay_foreign_error(err, where, ASSAY_FOREIGN_EXPERTS, key);
    if (!found || is_neutral(found->neutral, value, config)) return ASSAY_OK;
    char *text = assay_json_dump(value, JSON_COMPACT | JSON_ENCODE_ANY);
    assay_status status = assay_error_set(
        err, ASSAY_E_UNSUPPORTED,
        "%s: \"%s\" is %.80s: %s is not supported in a %s model. If this model's own code does not look at the key "
        "either: --ignore-config %s",
        where, key, text ? text : "set", found->what, arch->name, key);
    assay_free(text);
    return status;
}

/* A class whose head is another than one linear layer: its weights would be left out. */
static assay_status check_class(const json_t *config, const char *where, assay_error *err)
{
    static const char *const plain[] = {
        "ForCausalLM", "LMHeadModel", "Model", "ForSequenceClassification", "ForConditionalGeneration", NULL};
    const char *name = json_string_value(json_array_get(json_object_get(config, "architectures"), 0));
    bool known = !name || !*name;
    if (assay_head_of_class(config)) return ASSAY_OK;
    for (size_t i = 0; plain[i] && !known; i++) known = assay_text_ends(name, plain[i]);
    if (known && (!name || (!strstr(name, "Reward") && !strstr(name, "ForScore")))) return ASSAY_OK;
    return assay_foreign_error(err, where, ASSAY_FOREIGN_HEAD, name);
}

/* ": helpful, safe", as far as it fits. */
static void list_labels(const json_t *id2label, char *text, size_t size)
{
    const char *key;
    json_t *name;
    size_t used = 0;
    json_object_foreach(assay_json_lent(id2label), key, name)
    {
        const char *shown = json_string_value(name);
        if (used < size)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : ": ", shown ? shown : key);
    }
}

static assay_status check_labels(const json_t *config, const char *where, assay_error *err)
{
    const char *name = json_string_value(json_array_get(json_object_get(config, "architectures"), 0));
    size_t labels = json_object_size(json_object_get(config, "id2label"));
    const json_t *number = json_object_get(config, "num_labels");
    if (!labels && json_is_integer(number)) labels = (size_t)json_integer_value(number);
    if (json_object_get(config, ASSAY_LABEL_KEY)) return ASSAY_OK;
    if (labels <= 1 || !name || !strstr(name, "ForSequenceClassification")) return ASSAY_OK;
    char detail[400], list[340] = "";
    list_labels(json_object_get(config, "id2label"), list, sizeof list);
    snprintf(detail, sizeof detail, "id2label has %zu%s", labels, list);
    return assay_foreign_error(err, where, ASSAY_FOREIGN_LABELS, detail);
}

assay_status assay_config_audit(const json_t *config, const assay_architecture *arch, const char *where,
                                assay_error *err)
{
    const char *key;
    json_t *value;
    ASSAY_TRY(assay_quantisation_audit(config, where, err));
    ASSAY_TRY(check_class(config, where, err));
    ASSAY_TRY(check_labels(config, where, err));
    json_object_foreach(assay_json_lent(config), key, value) ASSAY_TRY(check_key(config, arch, key, value, where, err));
    return ASSAY_OK;
}

static bool is_unknown(const assay_architecture *arch, const char *key, const json_t *value)
{
    bool says_something = json_is_number(value) || json_is_true(value) || json_object_size(value) > 0;
    return says_something && !is_read(arch, key) && !assay_text_listed(harmless, key) &&
           !assay_text_listed(expert_keys, key) && !find_rule(key) && strcmp(key, "quantization_config") != 0;
}

static void add_unknown(json_t *notes, const char *key, const json_t *value)
{
    char *text = assay_json_dump(value, JSON_COMPACT | JSON_ENCODE_ANY);
    json_array_append_new(notes, json_sprintf("config.json: \"%s\" is %.80s; the key is not known and changes nothing "
                                              "here",
                                              key, text ? text : "set"));
    assay_free(text);
}

json_t *assay_config_notes(const json_t *config, const assay_architecture *arch, const assay_head_kind *kind, bool head)
{
    const char *key;
    json_t *value, *notes = json_array();
    if (!notes) return NULL;
    json_object_foreach(assay_json_lent(config), key,
                        value) if (is_unknown(arch, key, value) && !assay_head_reads_key(kind, key))
        add_unknown(notes, key, value);
    assay_quantisation_notes(config, notes);
    const json_t *pad = json_object_get(config, "pad_token_id"), *eos = json_object_get(config, "eos_token_id");
    if (head && json_is_integer(pad) && json_equal(pad, eos))
        json_array_append_new(
            notes, json_sprintf("config.json: pad_token_id is eos_token_id (%lld): Transformers scores the last token "
                                "that differs from it, Assay the last token; the two differ where a text ends with it",
                                (long long)json_integer_value(pad)));
    return notes;
}
