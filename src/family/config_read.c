/* What the config readers of the families share. */
#include "family/architecture.h"

#include <math.h>
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

assay_status assay_config_real(const json_t *config, const char *key, float fallback, float *out, const char *where,
                               assay_error *err)
{
    double value = (double)fallback;
    ASSAY_TRY(assay_json_double(config, key, false, &value, where, err));
    *out = (float)value;
    if (isfinite(*out) && *out >= 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: \"%s\" is %g; it should be a positive number", where, key, value);
}

assay_status assay_config_eps(const json_t *config, const char *key, double fallback, assay_model_config *out,
                              const char *where, assay_error *err)
{
    double eps = fallback;
    ASSAY_TRY(assay_json_double(config, key, false, &eps, where, err));
    out->eps = (float)eps;
    return ASSAY_OK;
}

assay_status assay_config_expect(const json_t *config, const char *key, bool fallback, bool wanted, const char *family,
                                 const char *where, assay_error *err)
{
    bool found = fallback;
    ASSAY_TRY(assay_json_bool(config, key, false, &found, where, err));
    if (found == wanted) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: \"%s\" is %s; only %s is supported (as in every released %s)",
                           where, key, found ? "true" : "false", wanted ? "true" : "false", family);
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

/* Names: Transformers, activations.py (ACT2FN). "gelu" there is the exact one, by the error function, which no family
 * here uses. */
assay_status assay_config_activation(const json_t *config, const char *key, const char *fallback,
                                     assay_model_config *out, const char *where, assay_error *err)
{
    static const struct {
        const char *name;
        assay_activation activation;
    } known[] = {{"silu", ASSAY_SILU},
                 {"swish", ASSAY_SILU},
                 {"gelu_pytorch_tanh", ASSAY_GELU_TANH},
                 {"gelu_new", ASSAY_GELU_TANH},
                 {"gelu_fast", ASSAY_GELU_TANH}};
    const char *name = fallback;
    ASSAY_TRY(assay_json_string(config, key, false, &name, where, err));
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (!strcmp(name, known[i].name)) {
            out->activation = known[i].activation;
            return ASSAY_OK;
        }
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: %s \"%s\"; silu and gelu_pytorch_tanh are supported", where,
                           key, name);
}

assay_status assay_config_window(const json_t *config, const char *key, assay_model_config *out, const char *where,
                                 assay_error *err)
{
    const json_t *value = json_object_get(config, key);
    if (!value || json_is_null(value)) return ASSAY_OK;
    ASSAY_TRY(assay_config_size(config, key, (size_t)1 << 30, &out->window, where, err));
    for (size_t layer = 0; layer < out->layers; layer++) assay_layer_add(&out->windowed, layer);
    return ASSAY_OK;
}

static assay_status read_layer_type(const json_t *type, size_t layer, assay_model_config *out, const char *where,
                                    assay_error *err)
{
    const char *name = json_string_value(type);
    if (name && !strcmp(name, "full_attention")) return ASSAY_OK;
    if (!name || strcmp(name, "sliding_attention") != 0)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: layer_types has \"%s\" for layer %zu; full_attention and sliding_attention are "
                               "supported",
                               where, name ? name : "?", layer);
    assay_layer_add(&out->windowed, layer);
    return ASSAY_OK;
}

/* The window's layers; where there is no window they are full after all. */
assay_status assay_config_layer_types(const json_t *config, bool (*fallback)(const json_t *config, size_t layer),
                                      assay_model_config *out, const char *where, assay_error *err)
{
    const json_t *types = json_object_get(config, "layer_types");
    out->windowed = (assay_layer_set){0};
    if (json_is_array(types) && json_array_size(types) != out->layers)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: layer_types has %zu entries for %zu layers", where,
                               json_array_size(types), out->layers);
    for (size_t layer = 0; layer < out->layers; layer++) {
        if (json_is_array(types)) ASSAY_TRY(read_layer_type(json_array_get(types, layer), layer, out, where, err));
        else if (fallback && fallback(config, layer)) assay_layer_add(&out->windowed, layer);
    }
    if (out->window == 0) out->windowed = (assay_layer_set){0};
    return ASSAY_OK;
}
