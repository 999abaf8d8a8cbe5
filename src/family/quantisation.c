/* One row a way of storing weights: its names, what its reader takes, and which of its keys may stand there. */
#include "family/quantisation.h"

#include "base/foreign_kind.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* Read, or about how weights were made, which were left whole, and how other engines compute with them. */
static const char *const grouped_keys[] = {"quant_method",
                                           "bits",
                                           "group_size",
                                           "desc_act",
                                           "sym",
                                           "checkpoint_format",
                                           "format",
                                           "dynamic",
                                           "pack_dtype",
                                           "lm_head",
                                           "static_groups",
                                           "true_sequential",
                                           "damp_percent",
                                           "damp_auto_increment",
                                           "act_group_aware",
                                           "hyb_act",
                                           "mse",
                                           "meta",
                                           "quantizer",
                                           "model_name_or_path",
                                           "model_file_base_name",
                                           "model_seqlen",
                                           "max_input_length",
                                           "dataset",
                                           "tokenizer",
                                           "batch_size",
                                           "pad_token_id",
                                           "cache_block_outputs",
                                           "block_name_to_quantize",
                                           "module_name_preceding_first_block",
                                           "modules_in_block_to_quantize",
                                           "modules_to_not_convert",
                                           "inside_layer_modules",
                                           "offload_to_disk",
                                           "backend",
                                           "use_exllama",
                                           "disable_exllama",
                                           "exllama_config",
                                           "use_cuda_fp16",
                                           "version",
                                           "zero_point",
                                           "do_fuse",
                                           "fuse_max_seq_len",
                                           "modules_to_fuse",
                                           NULL};

static const char *const compressed_keys[] = {"quant_method",
                                              "config_groups",
                                              "format",
                                              "ignore",
                                              "kv_cache_scheme",
                                              "quantization_status",
                                              "global_compression_ratio",
                                              "packed_modules_mapping",
                                              "sparsity_config",
                                              "version",
                                              NULL};

/* Keys that change what the tensors mean where they are set. */
typedef struct refused_key {
    const char *key, *what;
} refused_key;

static const refused_key refused[] = {
    {"adapter", "an adapter of the quantiser's own"},  {"rotation", "rotated weights"},
    {"is_marlin_format", "Marlin's order of weights"}, {"transform_config", "rotated weights"},
    {"moe_sparsity_config", "weights left out"},
};

static const refused_key *find_refused(const json_t *how)
{
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (!assay_json_is_off(json_object_get(how, refused[i].key))) return &refused[i];
    return NULL;
}

const char *assay_quantisation_format(const json_t *how)
{
    const char *format = json_string_value(json_object_get(how, "checkpoint_format"));
    if (!format) format = json_string_value(json_object_get(how, "version"));
    if (!format) format = json_string_value(json_object_get(how, "format"));
    return format ? format : "";
}

/* The other keys of bitsandbytes say how its own products are computed, which weights it left whole (their tensors say
 * so too) and in what type bytes are stored. */
static bool is_bitsandbytes(const json_t *how)
{
    return json_is_true(json_object_get(how, "load_in_4bit")) || json_is_true(json_object_get(how, "load_in_8bit"));
}

/* Its format, as far as all groups have it: a group may have one of its own. */
static bool has_format(const json_t *how, const char *const *names)
{
    const char *name;
    json_t *group;
    json_object_foreach(assay_json_lent(json_object_get(how, "config_groups")), name, group)
    {
        const char *own = json_string_value(json_object_get(group, "format"));
        if (own && !assay_text_listed(names, own)) return false;
    }
    return assay_text_listed(names, assay_quantisation_format(how));
}

/* sparsity_config is written, with the format "dense", where nothing is sparse. */
static bool is_sparse(const json_t *how)
{
    const char *format = json_string_value(json_object_get(json_object_get(how, "sparsity_config"), "format"));
    return format && strcmp(format, "dense") != 0;
}

/* Names of modules, or nothing; compressed-tensors reads no other. (quantization/quant_config.py) */
static bool is_ignore_list(const json_t *ignore)
{
    size_t i;
    const json_t *name;
    json_array_foreach(ignore, i, name)
    {
        if (!json_is_string(name)) return false;
    }
    return !ignore || json_is_null(ignore) || json_is_array(ignore);
}

/* All groups' weights are of this type. */
static bool has_type(const json_t *how, const char *type)
{
    const char *name;
    json_t *group;
    const json_t *groups = json_object_get(how, "config_groups");
    json_object_foreach(assay_json_lent(groups), name, group)
    {
        const char *found = json_string_value(json_object_get(json_object_get(group, "weights"), "type"));
        if (!found || strcmp(found, type) != 0) return false;
    }
    return json_object_size(groups) > 0;
}

/* In one of the formats, and nothing else is said that is not read. */
static bool is_plainly_compressed(const json_t *how, const char *const *formats)
{
    return has_format(how, formats) && !is_sparse(how) && !find_refused(how) &&
           is_ignore_list(json_object_get(how, "ignore"));
}

static bool is_compressed(const json_t *how)
{
    static const char *const formats[] = {"pack-quantized", "int-quantized", "naive-quantized", NULL};
    return is_plainly_compressed(how, formats) && has_type(how, "int");
}

static bool is_compressed_fp8(const json_t *how)
{
    static const char *const formats[] = {"float-quantized", "naive-quantized", NULL};
    bool floats = has_type(how, "float") || (json_object_size(json_object_get(how, "config_groups")) == 0 &&
                                             !strcmp(assay_quantisation_format(how), "float-quantized"));
    return is_plainly_compressed(how, formats) && floats;
}

/* E4M3 alone. The other keys say how products of bytes are computed, and which weights were left whole. */
static bool is_fp8(const json_t *how)
{
    const char *bits = json_string_value(json_object_get(how, "fmt"));
    return !bits || !strcmp(bits, "e4m3");
}

static bool has_bits(const json_t *how)
{
    const json_t *bits = json_object_get(how, "bits");
    json_int_t value = json_integer_value(bits);
    return json_is_integer(bits) && (value == 2 || value == 3 || value == 4 || value == 8);
}

static bool is_gptq(const json_t *how)
{
    static const char *const formats[] = {"", "gptq", "gptq_v2", NULL};
    return has_bits(how) && assay_text_listed(formats, assay_quantisation_format(how)) && !find_refused(how);
}

/* backend llm-awq orders weights in a way of its own, whatever the version says. */
static bool is_awq(const json_t *how)
{
    static const char *const formats[] = {"", "gemm", "GEMM", NULL};
    const char *backend = json_string_value(json_object_get(how, "backend"));
    return json_integer_value(json_object_get(how, "bits")) == 4 && !find_refused(how) &&
           assay_text_listed(formats, assay_quantisation_format(how)) && !(backend && !strcmp(backend, "llm-awq"));
}

assay_quantisation assay_quantisation_of(const json_t *config)
{
    const json_t *how = json_object_get(config, "quantization_config");
    switch (assay_foreign_of_method(json_string_value(json_object_get(how, "quant_method")))) {
    case ASSAY_FOREIGN_BITSANDBYTES:
        return is_bitsandbytes(how) ? ASSAY_QUANTISED_BITSANDBYTES : ASSAY_QUANTISED_NOT;
    case ASSAY_FOREIGN_FP8:
        return is_fp8(how) ? ASSAY_QUANTISED_FP8 : ASSAY_QUANTISED_NOT;
    case ASSAY_FOREIGN_GPTQ:
        return is_gptq(how) ? ASSAY_QUANTISED_GPTQ : ASSAY_QUANTISED_NOT;
    case ASSAY_FOREIGN_AWQ:
        return is_awq(how) ? ASSAY_QUANTISED_AWQ : ASSAY_QUANTISED_NOT;
    case ASSAY_FOREIGN_COMPRESSED:
        if (is_compressed_fp8(how)) return ASSAY_QUANTISED_FP8;
        return is_compressed(how) ? ASSAY_QUANTISED_COMPRESSED : ASSAY_QUANTISED_NOT;
    default:
        return ASSAY_QUANTISED_NOT;
    }
}

/* Why it is not read, beyond what its method's row says; *text: none. */
static void explain(const json_t *how, assay_foreign_kind kind, const char *method, char *text, size_t size)
{
    const refused_key *key = find_refused(how);
    const char *format = assay_quantisation_format(how);
    *text = '\0';
    if (kind == ASSAY_FOREIGN_QUANTISED)
        snprintf(text, size, "%.80s", method ? method : "quantization_config has no quant_method, which says how");
    bool compressed = kind == ASSAY_FOREIGN_COMPRESSED;
    if (!compressed && kind != ASSAY_FOREIGN_GPTQ && kind != ASSAY_FOREIGN_AWQ) return;
    if (key) snprintf(text, size, "\"%s\" is set: %s", key->key, key->what);
    else if (compressed && !is_ignore_list(json_object_get(how, "ignore")))
        snprintf(text, size, "\"ignore\" is no list of names");
    else if (compressed)
        snprintf(text, size, "its format is \"%.60s\"%s", format, is_sparse(how) ? ", and sparse" : "");
    else if (!has_bits(how)) snprintf(text, size, "\"bits\" is none of 2, 3, 4 and 8");
    else
        snprintf(text, size, "its format is \"%.80s\", its bits are %d", *format ? format : "not said",
                 (int)json_integer_value(json_object_get(how, "bits")));
}

/* compression_config, an older name of compressed-tensors, is looked at here alone: nothing is joined by it. */
assay_status assay_quantisation_audit(const json_t *config, const char *where, assay_error *err)
{
    char text[160];
    const json_t *how = json_object_get(config, "quantization_config");
    if (assay_quantisation_of(config) != ASSAY_QUANTISED_NOT) return ASSAY_OK;
    if (!how) how = json_object_get(config, "compression_config");
    if (assay_json_is_off(how)) return ASSAY_OK;
    const char *method = json_string_value(json_object_get(how, "quant_method"));
    assay_foreign_kind kind = assay_foreign_of_method(method);
    explain(how, kind, method, text, sizeof text);
    return assay_foreign_error(err, where, kind, *text ? text : NULL);
}

static void note_unknown(const json_t *how, const char *const *known, json_t *notes)
{
    const char *key;
    json_t *value;
    json_object_foreach(assay_json_lent(how), key, value)
    {
        if (assay_json_is_off(value) || assay_text_listed(known, key)) continue;
        char *text = assay_json_dump(value, JSON_COMPACT | JSON_ENCODE_ANY);
        json_array_append_new(notes, json_sprintf("config.json: \"%s\" of quantization_config is %.80s; the key is not "
                                                  "known and changes nothing here",
                                                  key, text ? text : "set"));
        assay_free(text);
    }
}

bool assay_quantisation_orders(const json_t *config)
{
    const char *name;
    json_t *group;
    const json_t *groups = json_object_get(json_object_get(config, "quantization_config"), "config_groups");
    json_object_foreach(assay_json_lent(groups), name, group)
    {
        const json_t *order = json_object_get(json_object_get(group, "weights"), "actorder");
        const char *word = json_string_value(order);
        if (!json_is_true(order) &&
            !(word && (!assay_text_compare(word, "group") || !assay_text_compare(word, "dynamic"))))
            return false;
    }
    return json_object_size(groups) > 0;
}

static bool rounds_activations(const json_t *how)
{
    const char *name;
    json_t *group;
    json_object_foreach(assay_json_lent(json_object_get(how, "config_groups")), name, group)
    {
        if (!assay_json_is_off(json_object_get(group, "input_activations"))) return true;
        if (!assay_json_is_off(json_object_get(group, "output_activations"))) return true;
    }
    return !assay_json_is_off(json_object_get(how, "kv_cache_scheme"));
}

void assay_quantisation_notes(const json_t *config, json_t *notes)
{
    static const char fp8[] = "the weights are fp8: products take q s as a number; engines that round what "
                              "they are multiplied with to fp8 too give scores that differ a little",
                      int8[] = "the weights are int8: products take q SCB / 127 as a number; LLM.int8 rounds what they "
                               "are multiplied with to int8 too, so its scores differ a little",
                      rounded[] = "the weights are integers: products take s (q - z) as a number; engines that round "
                                  "activations (input_activations, output_activations, kv_cache_scheme of "
                                  "quantization_config) give scores that differ a little";
    const json_t *how = json_object_get(config, "quantization_config");
    assay_quantisation kind = assay_quantisation_of(config);
    if (json_is_true(json_object_get(how, "load_in_8bit"))) json_array_append_new(notes, json_string(int8));
    if (kind == ASSAY_QUANTISED_FP8) json_array_append_new(notes, json_string(fp8));
    if (kind == ASSAY_QUANTISED_GPTQ || kind == ASSAY_QUANTISED_AWQ) note_unknown(how, grouped_keys, notes);
    if (kind != ASSAY_QUANTISED_COMPRESSED) return;
    note_unknown(how, compressed_keys, notes);
    if (rounds_activations(how)) json_array_append_new(notes, json_string(rounded));
}
