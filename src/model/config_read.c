/* What the config readers of the architectures share. */
#include "model/architecture.h"

#include <string.h>

bool assay_config_is_type(const json_t *config, const char *model_type)
{
    const char *found = json_string_value(json_object_get(config, "model_type"));
    return found && !strcmp(found, model_type);
}

assay_status assay_config_size_or(const json_t *config, const char *key, size_t most, size_t fallback, size_t *out,
                                  const char *where, assay_error *err)
{
    int64_t value = (int64_t)fallback;
    ASSAY_TRY(assay_json_int(config, key, false, &value, where, err));
    if (value < 1 || (uint64_t)value > most)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: \"%s\" is %lld, expected 1 to %zu", where, key,
                               (long long)value, most);
    *out = (size_t)value;
    return ASSAY_OK;
}

assay_status assay_config_size(const json_t *config, const char *key, size_t most, size_t *out, const char *where,
                               assay_error *err)
{
    int64_t value;
    ASSAY_TRY(assay_json_int(config, key, true, &value, where, err));
    return assay_config_size_or(config, key, most, (size_t)value, out, where, err);
}

/* A token id may be a number, null, or a list (several ends of text: the first counts). */
static int64_t token_id(const json_t *config, const char *key)
{
    const json_t *value = json_object_get(config, key);
    if (json_is_array(value)) value = json_array_get(value, 0);
    return json_is_integer(value) ? json_integer_value(value) : -1;
}

assay_status assay_config_tokens(const json_t *config, assay_model_config *out, const char *where, assay_error *err)
{
    (void)where;
    (void)err;
    out->pad_token = token_id(config, "pad_token_id");
    out->bos_token = token_id(config, "bos_token_id");
    out->eos_token = token_id(config, "eos_token_id");
    return ASSAY_OK;
}
