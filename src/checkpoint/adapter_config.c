/* PEFT's LoraConfig has some fifty keys; most say how the adapter was made, a few change what it computes. The latter
 * are listed here with the only value that is supported ("off"); any other value is refused, because ignoring one would
 * score wrongly without a word. Keys that are not listed are left alone, as PEFT itself does with those of newer
 * versions. Source: PEFT, src/peft/tuners/lora/config.py. */
#include "checkpoint/adapter_config.h"

#include <math.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

static const char *const must_be_off[] = {
    "use_dora",          "lora_bias",         "fan_in_fan_out", "layer_replication",       "trainable_token_indices",
    "target_parameters", "use_qalora",        "use_bdlora",     "alora_invocation_tokens", "arrow_config",
    "kasa_config",       "monteclora_config", "velora_config"};
static const char no_targets[] = "dummy-target-modules";

static bool is_off(const json_t *value)
{
    return !value || json_is_null(value) || json_is_false(value) ||
           (json_is_array(value) && json_array_size(value) == 0) ||
           (json_is_object(value) && json_object_size(value) == 0);
}

static assay_status refuse(const char *where, const char *key, const json_t *value, assay_error *err)
{
    char *text = assay_json_dump(value, JSON_ENCODE_ANY | JSON_COMPACT);
    assay_error_set(err, ASSAY_E_UNSUPPORTED,
                    "%s: \"%s\": %.200s is not supported (plain LoRA and fully trained modules are)", where, key,
                    text ? text : "?");
    assay_free(text);
    return ASSAY_E_UNSUPPORTED;
}

/* Initialisations that change the base's weights make an adapter that only fits the changed base. */
static assay_status check_init(const json_t *object, const char *where, assay_error *err)
{
    static const char *const harmless[] = {"gaussian", "eva", "orthogonal"};
    const json_t *value = json_object_get(object, "init_lora_weights");
    if (!json_is_string(value)) return ASSAY_OK;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++)
        if (!strcmp(json_string_value(value), harmless[i])) return ASSAY_OK;
    return refuse(where, "init_lora_weights", value, err);
}

static assay_status check_kind(const json_t *object, const char *where, assay_error *err)
{
    const char *type = "null", *bias = "none";
    ASSAY_TRY(assay_json_string(object, "peft_type", false, &type, where, err));
    ASSAY_TRY(assay_json_string(object, "bias", false, &bias, where, err));
    if (strcmp(type, "LORA") != 0)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: \"peft_type\" is %s; only LORA is supported", where,
                               type);
    if (strcmp(bias, "none") != 0) return refuse(where, "bias", json_object_get(object, "bias"), err);
    for (size_t i = 0; i < sizeof must_be_off / sizeof *must_be_off; i++) {
        const json_t *value = json_object_get(object, must_be_off[i]);
        if (!is_off(value)) return refuse(where, must_be_off[i], value, err);
    }
    return check_init(object, where, err);
}

static assay_status read_names(const json_t *list, const char *key, const char *const **out, size_t *count,
                               const char *where, assay_error *err)
{
    size_t size = json_array_size(list);
    const char **names = assay_alloc(size, sizeof *names);
    *out = names;
    ASSAY_TRY_ALLOC(names, where, err);
    for (; *count < size; ++*count) {
        const char *name = json_string_value(json_array_get(list, *count));
        if (!name) return assay_error_set(err, ASSAY_E_FORMAT, "%s: \"%s\" should be a list of names", where, key);
        names[*count] = assay_strdup(name);
        ASSAY_TRY_ALLOC(names[*count], where, err);
    }
    return ASSAY_OK;
}

static assay_status read_targets(assay_adapter_config *config, const json_t *object, const char *where,
                                 assay_error *err)
{
    const json_t *targets = json_object_get(object, "target_modules");
    if (!targets || json_is_null(targets)) return ASSAY_OK;
    if (json_is_array(targets))
        return read_names(targets, "target_modules", &config->targets, &config->target_count, where, err);
    if (!json_is_string(targets))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: \"target_modules\" should be a list of names or a string",
                               where);
    if (!strcmp(json_string_value(targets), no_targets)) {
        config->rank = 0;
        return ASSAY_OK;
    }
    const char **pattern = assay_alloc(1, sizeof *pattern);
    config->targets = pattern;
    ASSAY_TRY_ALLOC(pattern, where, err);
    pattern[0] = assay_strdup(json_string_value(targets));
    config->target_is_pattern = true;
    ASSAY_TRY_ALLOC(pattern[0], where, err);
    config->target_count = 1;
    return ASSAY_OK;
}

static assay_status read_saved_modules(assay_adapter_config *config, const json_t *object, const char *where,
                                       assay_error *err)
{
    const json_t *modules = json_object_get(object, "modules_to_save");
    if (!modules || json_is_null(modules)) return ASSAY_OK;
    if (!json_is_array(modules))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: \"modules_to_save\" should be a list of names", where);
    return read_names(modules, "modules_to_save", &config->saved_modules, &config->saved_module_count, where, err);
}

static assay_status read_pattern(const json_t *object, const char *key, json_t **out, const char *where,
                                 assay_error *err)
{
    json_t *pattern = json_object_get(object, key), *value;
    const char *name;
    if (!pattern || json_is_null(pattern)) return ASSAY_OK;
    if (!json_is_object(pattern))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: \"%s\" should be an object", where, key);
    json_object_foreach(
        pattern, name,
        value) if (!json_is_number(value) ||
                   !(json_number_value(value) >
                     0)) return assay_error_set(err, ASSAY_E_FORMAT,
                                                "%s: \"%s\": the value of \"%s\" should be a positive number", where,
                                                key, name);
    *out = json_incref(pattern);
    return ASSAY_OK;
}

static assay_status read_numbers(assay_adapter_config *config, const json_t *object, const char *where,
                                 assay_error *err)
{
    int64_t rank = 8;
    config->alpha = 8;
    ASSAY_TRY(assay_json_int(object, "r", false, &rank, where, err));
    ASSAY_TRY(assay_json_double(object, "lora_alpha", false, &config->alpha, where, err));
    ASSAY_TRY(assay_json_double(object, "lora_dropout", false, &config->dropout, where, err));
    ASSAY_TRY(assay_json_bool(object, "use_rslora", false, &config->rslora, where, err));
    if (rank < 1 || rank > 65536)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: \"r\" is %lld", where, (long long)rank);
    if (!(config->dropout >= 0 && config->dropout < 1))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: \"lora_dropout\" should be from 0 to below 1", where);
    config->rank = (int)rank;
    return ASSAY_OK;
}

assay_status assay_adapter_config_read(assay_adapter_config *config, const json_t *object, const char *where,
                                       assay_error *err)
{
    const char *base = NULL, *task = NULL;
    if (!json_is_object(object)) return assay_error_set(err, ASSAY_E_FORMAT, "%s: should be a JSON object", where);
    ASSAY_TRY(check_kind(object, where, err));
    ASSAY_TRY(read_numbers(config, object, where, err));
    ASSAY_TRY(assay_json_string(object, "base_model_name_or_path", false, &base, where, err));
    ASSAY_TRY(assay_json_string(object, "task_type", false, &task, where, err));
    config->task_type_null = !task;
    config->token_classes = task && !strcmp(task, "TOKEN_CLS");
    config->base = assay_strdup(base);
    if (base) ASSAY_TRY_ALLOC(config->base, where, err);
    ASSAY_TRY(read_targets(config, object, where, err));
    ASSAY_TRY(read_saved_modules(config, object, where, err));
    ASSAY_TRY(read_pattern(object, "rank_pattern", &config->rank_pattern, where, err));
    return read_pattern(object, "alpha_pattern", &config->alpha_pattern, where, err);
}

static void free_names(const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) assay_free(names[i]);
    assay_free(names);
}

void assay_adapter_config_release(assay_adapter_config *config)
{
    free_names(config->targets, config->target_count);
    free_names(config->saved_modules, config->saved_module_count);
    assay_free(config->base);
    json_decref(config->rank_pattern);
    json_decref(config->alpha_pattern);
    *config = (assay_adapter_config){0};
}

static json_t *name_list(const char *const *names, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) json_array_append_new(list, json_string(names[i]));
    return list;
}

static json_t *targets_json(const assay_adapter_config *config)
{
    if (config->rank == 0) return json_string(no_targets);
    if (config->target_is_pattern && config->target_count == 1) return json_string(config->targets[0]);
    return name_list(config->targets, config->target_count);
}

/* A whole number stays one, as PEFT writes it. */
static json_t *number_json(double value)
{
    bool whole = fabs(value) < 1e15 && !(floor(value) < value);
    return whole ? json_integer((json_int_t)value) : json_real(value);
}

/* The keys that every PEFT knows: PEFT 0.9.0 refuses a file with a key of a later version, even when it is null. A key
 * whose value is the default is left out. */
json_t *assay_adapter_config_json(const assay_adapter_config *config)
{
    json_t *modules =
        config->saved_module_count ? name_list(config->saved_modules, config->saved_module_count) : json_null();
    json_t *dropout = config->dropout > 0 ? json_real(config->dropout) : json_real(0);
    json_t *object =
        json_pack("{s:s, s:o, s:s?, s:i, s:o, s:o, s:o, s:o, s:s, s:b, s:b}", "peft_type", "LORA", "task_type",
                  config->token_classes    ? json_string("TOKEN_CLS")
                  : config->task_type_null ? json_null()
                                           : json_string("SEQ_CLS"),
                  "base_model_name_or_path", config->base, "r", config->rank ? config->rank : 1, "lora_alpha",
                  number_json(config->alpha), "lora_dropout", dropout, "target_modules", targets_json(config),
                  "modules_to_save", modules, "bias", "none", "fan_in_fan_out", 0, "inference_mode", 1);
    if (!object) return NULL;
    if (config->rslora) json_object_set_new(object, "use_rslora", json_true());
    if (json_object_size(config->rank_pattern)) json_object_set(object, "rank_pattern", config->rank_pattern);
    if (json_object_size(config->alpha_pattern)) json_object_set(object, "alpha_pattern", config->alpha_pattern);
    return object;
}

/* 1: the module's end matches the key, 0: not, -1: no valid expression. Limits keep a hostile one from running for
 * ever. */
static int matches(const char *key, const char *module)
{
    char *text = assay_strfmt("^(?:.*\\.)?(?:%s)$", key);
    int code = 0, found = -1;
    PCRE2_SIZE place;
    pcre2_code *compiled =
        text ? pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &code, &place, NULL) : NULL;
    pcre2_match_data *data = compiled ? pcre2_match_data_create_from_pattern(compiled, NULL) : NULL;
    pcre2_match_context *limits = pcre2_match_context_create(NULL);
    if (data && limits) {
        pcre2_set_match_limit(limits, 100000);
        code = pcre2_match(compiled, (PCRE2_SPTR)module, PCRE2_ZERO_TERMINATED, 0, 0, data, limits);
        found = code >= 0 ? 1 : code == PCRE2_ERROR_NOMATCH ? 0 : -1;
    }
    pcre2_match_context_free(limits);
    pcre2_match_data_free(data);
    pcre2_code_free(compiled);
    assay_free(text);
    return found;
}

assay_status assay_adapter_scale(const assay_adapter_config *config, const char *module, size_t rank, double *scale,
                                 assay_error *err)
{
    double alpha = config->alpha;
    const char *key;
    json_t *value;
    json_object_foreach(config->alpha_pattern, key, value)
    {
        int match = matches(key, module);
        if (match < 0)
            return assay_error_set(err, ASSAY_E_FORMAT, "alpha_pattern: \"%s\" is not a usable regular expression",
                                   key);
        if (match == 0) continue;
        alpha = json_number_value(value);
        break;
    }
    *scale = config->rslora ? alpha / sqrt((double)rank) : alpha / (double)rank;
    return ASSAY_OK;
}
