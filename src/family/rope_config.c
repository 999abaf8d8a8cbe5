/* Rotary frequencies: reading them from a config, in the v4 spelling (rope_theta, rope_scaling with "type" or
 * "rope_type") and the v5 one (rope_parameters), and forming them in f32 as Transformers' modeling_rope_utils does, so
 * that long positions agree.
 *
 * Longrope has two factors for each frequency, and the reference takes the long ones for every token of a batch whose
 * longest text has more tokens than the model was first trained on: the same text scores otherwise in other company.
 * Assay has the short ones alone, and whoever sets the longest text refuses more (assay_rope_longest). */
#include "family/architecture.h"

#include "base/json_doc.h"

#include <math.h>
#include <string.h>

/* Where both are there, rope_scaling replaces rope_parameters whole, its rope_theta too (modeling_rope_utils.py,
 * convert_rope_params_to_dict). */
static const json_t *scaling_object(const json_t *config)
{
    const json_t *v5 = json_object_get(config, "rope_parameters"), *v4 = json_object_get(config, "rope_scaling");
    if (json_is_object(v4) && json_object_size(v4) > 0) return v4;
    return json_is_object(v5) ? v5 : NULL;
}

/* "su" is the name that Phi-3's first files had for it. */
static bool is_longrope(const char *type) { return !strcmp(type, "longrope") || !strcmp(type, "su"); }

/* `fallback`: the key outside the object, which Phi-3 has and which goes before. */
static assay_status read_original(const json_t *object, const json_t *config, size_t max_positions,
                                  assay_rope_config *out, const char *where, assay_error *err)
{
    const char *key = "original_max_position_embeddings";
    size_t inside;
    ASSAY_TRY(assay_config_size_or(object, key, (size_t)1 << 30, max_positions, &inside, where, err));
    return assay_config_size_or(config, key, (size_t)1 << 30, inside, &out->original_positions, where, err);
}

static assay_status read_llama3(const json_t *object, assay_rope_config *out, const char *where, assay_error *err)
{
    ASSAY_TRY(assay_json_double(object, "factor", true, &out->factor, where, err));
    ASSAY_TRY(assay_json_double(object, "low_freq_factor", true, &out->low_freq_factor, where, err));
    ASSAY_TRY(assay_json_double(object, "high_freq_factor", true, &out->high_freq_factor, where, err));
    if (out->low_freq_factor != out->high_freq_factor && out->factor > 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "%s: rope scaling \"llama3\" with equal frequency factors or a factor that is not positive",
                           where);
}

static assay_status read_yarn(const json_t *object, size_t max_positions, assay_rope_config *out, const char *where,
                              assay_error *err)
{
    bool truncate = true;
    out->factor = (double)max_positions / (double)out->original_positions; /* where the key is null */
    out->beta_fast = out->beta_slow = 0;
    ASSAY_TRY(assay_json_double(object, "factor", false, &out->factor, where, err));
    ASSAY_TRY(assay_json_double(object, "beta_fast", false, &out->beta_fast, where, err));
    ASSAY_TRY(assay_json_double(object, "beta_slow", false, &out->beta_slow, where, err));
    ASSAY_TRY(assay_json_double(object, "attention_factor", false, &out->attention_factor, where, err));
    ASSAY_TRY(assay_json_double(object, "mscale", false, &out->mscale, where, err));
    ASSAY_TRY(assay_json_double(object, "mscale_all_dim", false, &out->mscale_all_dim, where, err));
    ASSAY_TRY(assay_json_bool(object, "truncate", false, &truncate, where, err));
    out->keep_fraction = !truncate;
    if (out->beta_fast == 0) out->beta_fast = 32;
    if (out->beta_slow == 0) out->beta_slow = 1;
    return ASSAY_OK;
}

/* A list of positive numbers; `out` NULL: looked at only. */
static assay_status read_factors(const json_t *object, const char *key, float *out, size_t *count, const char *where,
                                 assay_error *err)
{
    const json_t *list = json_object_get(object, key), *one;
    size_t i;
    if (!json_is_array(list) || json_array_size(list) > ASSAY_MOST_ROPE_FACTORS)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: rope scaling \"longrope\" should have a list \"%s\"", where,
                               key);
    *count = json_array_size(list);
    json_array_foreach(list, i, one)
    {
        if (!(json_number_value(one) > 0) || !isfinite((float)json_number_value(one)))
            return assay_error_set(err, ASSAY_E_FORMAT, "%s: %s has an entry, number %zu, that is no positive number",
                                   where, key, i);
        if (out) out[i] = (float)json_number_value(one);
    }
    return ASSAY_OK;
}

/* Transformers, _compute_longrope_parameters: a factor that is not given is how much longer texts became. */
static assay_status read_longrope(const json_t *object, size_t max_positions, assay_rope_config *out, const char *where,
                                  assay_error *err)
{
    size_t long_count;
    out->factor = (double)max_positions / (double)out->original_positions;
    ASSAY_TRY(assay_json_double(object, "factor", false, &out->factor, where, err));
    ASSAY_TRY(assay_json_double(object, "attention_factor", false, &out->attention_factor, where, err));
    ASSAY_TRY(read_factors(object, "short_factor", out->short_factors, &out->short_count, where, err));
    ASSAY_TRY(read_factors(object, "long_factor", NULL, &long_count, where, err));
    if (long_count == out->short_count) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: long_factor has %zu entries, short_factor %zu", where, long_count,
                           out->short_count);
}

static assay_status read_scaling(const json_t *object, const char *type, size_t max_positions, assay_rope_config *out,
                                 const char *where, assay_error *err)
{
    if (!strcmp(type, "default")) return ASSAY_OK;
    if (!strcmp(type, "linear")) {
        out->scaling = ASSAY_ROPE_LINEAR;
        return assay_json_double(object, "factor", true, &out->factor, where, err);
    }
    if (!strcmp(type, "llama3")) {
        out->scaling = ASSAY_ROPE_LLAMA3;
        return read_llama3(object, out, where, err);
    }
    if (!strcmp(type, "yarn")) {
        out->scaling = ASSAY_ROPE_YARN;
        return read_yarn(object, max_positions, out, where, err);
    }
    if (is_longrope(type)) {
        out->scaling = ASSAY_ROPE_LONG;
        return read_longrope(object, max_positions, out, where, err);
    }
    return assay_error_set(
        err, ASSAY_E_UNSUPPORTED,
        "%s: rope scaling \"%s\" is not supported; supported are default, linear, llama3, yarn, longrope", where, type);
}

/* A key of the object that nobody here reads would change the positions without a word. */
static assay_status check_keys(const json_t *object, const char *type, const char *where, assay_error *err)
{
    static const char *const long_keys[] = {"short_factor", "long_factor", NULL};
    static const char *const known[] = {"rope_type",
                                        "type",
                                        "rope_theta",
                                        "factor",
                                        "low_freq_factor",
                                        "high_freq_factor",
                                        "original_max_position_embeddings",
                                        "beta_fast",
                                        "beta_slow",
                                        "attention_factor",
                                        "mscale",
                                        "mscale_all_dim",
                                        "truncate",
                                        "partial_rotary_factor",
                                        "max_position_embeddings",
                                        "finetuned",
                                        NULL};
    const char *key;
    json_t *value;
    json_object_foreach(assay_json_lent(object), key, value)
    {
        bool found = json_is_null(value);
        for (size_t i = 0; known[i] && !found; i++) found = !strcmp(key, known[i]);
        for (size_t i = 0; is_longrope(type) && long_keys[i] && !found; i++) found = !strcmp(key, long_keys[i]);
        if (!found)
            return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: rope scaling has the key \"%s\", which is not known",
                                   where, key);
    }
    return ASSAY_OK;
}

static assay_status read_object(const json_t *object, const json_t *config, size_t max_positions,
                                assay_rope_config *out, const char *where, assay_error *err)
{
    const char *type = "default";
    ASSAY_TRY(assay_json_string(object, "type", false, &type, where, err));
    ASSAY_TRY(assay_json_string(object, "rope_type", false, &type, where, err));
    ASSAY_TRY(check_keys(object, type, where, err));
    ASSAY_TRY(assay_json_double(object, "rope_theta", false, &out->base, where, err));
    ASSAY_TRY(read_original(object, config, max_positions, out, where, err));
    bool told = json_is_integer(json_object_get(object, "original_max_position_embeddings")) ||
                json_is_integer(json_object_get(config, "original_max_position_embeddings"));
    if (is_longrope(type) && !told)
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "%s: rope scaling \"longrope\" without \"original_max_position_embeddings\"", where);
    return read_scaling(object, type, max_positions, out, where, err);
}

static assay_status check_positive(const assay_rope_config *rope, const char *where, assay_error *err)
{
    if (rope->base > 0 && rope->factor > 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: rope base %g, factor %g; both must be positive", where, rope->base,
                           rope->factor);
}

assay_status assay_config_rope_object(const json_t *object, size_t max_positions, assay_rope_config *out,
                                      const char *where, assay_error *err)
{
    ASSAY_TRY(read_object(object, object, max_positions, out, where, err));
    return check_positive(out, where, err);
}

assay_status assay_config_rope(const json_t *config, double base, size_t max_positions, assay_rope_config *out,
                               const char *where, assay_error *err)
{
    const json_t *object = scaling_object(config);
    *out = (assay_rope_config){.base = base, .factor = 1};
    ASSAY_TRY(assay_json_double(config, "rope_theta", false, &out->base, where, err));
    if (object) ASSAY_TRY(read_object(object, config, max_positions, out, where, err));
    return check_positive(out, where, err);
}

assay_status assay_config_partial_rotary(const json_t *config, double fallback, assay_model_config *out,
                                         const char *where, assay_error *err)
{
    const json_t *object = scaling_object(config);
    double partial = fallback;
    ASSAY_TRY(assay_json_double(config, "partial_rotary_factor", false, &partial, where, err));
    if (object) ASSAY_TRY(assay_json_double(object, "partial_rotary_factor", false, &partial, where, err));
    if (!(partial > 0 && partial <= 1))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: partial_rotary_factor %g", where, partial);
    out->rotary = (size_t)((double)out->head_dim * partial);
    return ASSAY_OK;
}

static float llama3_frequency(const assay_rope_config *rope, float f)
{
    float original = (float)rope->original_positions, wave = 2 * (float)M_PI / f;
    float low = original / (float)rope->low_freq_factor, high = original / (float)rope->high_freq_factor;
    if (wave < high) return f;
    if (wave > low) return f / (float)rope->factor;
    float smooth =
        (original / wave - (float)rope->low_freq_factor) / (float)(rope->high_freq_factor - rope->low_freq_factor);
    return (1 - smooth) * f / (float)rope->factor + smooth * f;
}

static double yarn_border(const assay_rope_config *rope, double rotations, size_t rotary)
{
    return (double)rotary * log((double)rope->original_positions / (rotations * 2 * M_PI)) / (2 * log(rope->base));
}

static double yarn_scale(double factor, double mscale) { return factor > 1 ? 0.1 * mscale * log(factor) + 1 : 1; }

static double yarn_attention_factor(const assay_rope_config *rope)
{
    if (rope->attention_factor > 0) return rope->attention_factor;
    if (rope->mscale != 0 && rope->mscale_all_dim != 0)
        return yarn_scale(rope->factor, rope->mscale) / yarn_scale(rope->factor, rope->mscale_all_dim);
    return yarn_scale(rope->factor, 1);
}

static void yarn_frequencies(const assay_rope_config *rope, size_t rotary, float *inverse, float *angle_scale)
{
    double low = yarn_border(rope, rope->beta_fast, rotary), high = yarn_border(rope, rope->beta_slow, rotary);
    low = fmax(rope->keep_fraction ? low : floor(low), 0);
    high = fmin(rope->keep_fraction ? high : ceil(high), (double)rotary - 1);
    if (low == high) high += 0.001;
    for (size_t i = 0; i < rotary / 2; i++) {
        float ramp = (float)fmin(fmax(((double)i - low) / (high - low), 0), 1), keep = 1 - ramp;
        inverse[i] = inverse[i] / (float)rope->factor * (1 - keep) + inverse[i] * keep;
    }
    *angle_scale = (float)yarn_attention_factor(rope);
}

static float longrope_attention_factor(const assay_rope_config *rope)
{
    if (rope->attention_factor > 0) return (float)rope->attention_factor;
    return rope->factor > 1 ? (float)sqrt(1 + log(rope->factor) / log((double)rope->original_positions)) : 1;
}

size_t assay_rope_longest(const assay_rope_config *rope)
{
    return rope->scaling == ASSAY_ROPE_LONG ? rope->original_positions : SIZE_MAX;
}

/* f16 has 11 significant bits, and below 2^-14 fewer. */
static float rounded_to_half(float f)
{
    int exponent;
    frexpf(f, &exponent);
    float unit = ldexpf(1, (exponent > -13 ? exponent : -13) - 11);
    return rintf(f / unit) * unit;
}

void assay_rope_frequencies(const assay_rope_config *rope, size_t rotary, float *inverse, float *angle_scale)
{
    *angle_scale = 1;
    for (size_t i = 0; i < rotary / 2; i++) {
        float exponent = (float)(2 * i) / (float)rotary, power = powf((float)rope->base, exponent);
        inverse[i] = 1.0f / (rope->scaling == ASSAY_ROPE_LONG ? rope->short_factors[i] * power : power);
        if (rope->scaling == ASSAY_ROPE_LINEAR) inverse[i] /= (float)rope->factor;
        if (rope->scaling == ASSAY_ROPE_LLAMA3) inverse[i] = llama3_frequency(rope, inverse[i]);
    }
    if (rope->scaling == ASSAY_ROPE_LONG) *angle_scale = longrope_attention_factor(rope);
    if (rope->scaling == ASSAY_ROPE_YARN) yarn_frequencies(rope, rotary, inverse, angle_scale);
    for (size_t i = 0; rope->half && i < rotary / 2; i++) inverse[i] = rounded_to_half(inverse[i]);
}
