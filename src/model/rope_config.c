/* Rotary frequencies: reading them from a config, in the v4 spelling (rope_theta, rope_scaling with "type" or
 * "rope_type") and the v5 one (rope_parameters), and forming them in f32 as Transformers' modeling_rope_utils does, so
 * that long positions agree. */
#include "model/architecture.h"

#include <math.h>
#include <string.h>

static const json_t *scaling_object(const json_t *config)
{
    const json_t *v5 = json_object_get(config, "rope_parameters"), *v4 = json_object_get(config, "rope_scaling");
    return json_is_object(v5) ? v5 : json_is_object(v4) ? v4 : NULL;
}

static assay_status read_llama3(const json_t *object, assay_rope_config *out, const char *where, assay_error *err)
{
    ASSAY_TRY(assay_json_double(object, "factor", true, &out->factor, where, err));
    ASSAY_TRY(assay_json_double(object, "low_freq_factor", true, &out->low_freq_factor, where, err));
    ASSAY_TRY(assay_json_double(object, "high_freq_factor", true, &out->high_freq_factor, where, err));
    ASSAY_TRY(assay_config_size(object, "original_max_position_embeddings", (size_t)1 << 30, &out->original_positions,
                                where, err));
    if (out->low_freq_factor != out->high_freq_factor && out->factor > 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "%s: rope scaling \"llama3\" with equal frequency factors or a factor that is not positive",
                           where);
}

static assay_status read_yarn(const json_t *object, size_t max_positions, assay_rope_config *out, const char *where,
                              assay_error *err)
{
    out->beta_fast = 32;
    out->beta_slow = 1;
    ASSAY_TRY(assay_json_double(object, "factor", true, &out->factor, where, err));
    ASSAY_TRY(assay_json_double(object, "beta_fast", false, &out->beta_fast, where, err));
    ASSAY_TRY(assay_json_double(object, "beta_slow", false, &out->beta_slow, where, err));
    ASSAY_TRY(assay_json_double(object, "attention_factor", false, &out->attention_factor, where, err));
    return assay_config_size_or(object, "original_max_position_embeddings", (size_t)1 << 30, max_positions,
                                &out->original_positions, where, err);
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
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "%s: rope scaling \"%s\" is not supported; supported are default, linear, llama3, yarn",
                           where, type);
}

assay_status assay_config_rope(const json_t *config, double base, size_t max_positions, assay_rope_config *out,
                               const char *where, assay_error *err)
{
    const json_t *object = scaling_object(config);
    const char *type = "default";
    *out = (assay_rope_config){.base = base, .factor = 1};
    ASSAY_TRY(assay_json_double(config, "rope_theta", false, &out->base, where, err));
    if (object) {
        ASSAY_TRY(assay_json_double(object, "rope_theta", false, &out->base, where, err));
        ASSAY_TRY(assay_json_string(object, "type", false, &type, where, err));
        ASSAY_TRY(assay_json_string(object, "rope_type", false, &type, where, err));
        ASSAY_TRY(read_scaling(object, type, max_positions, out, where, err));
    }
    if (out->base > 0 && out->factor > 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: rope base %g, factor %g; both must be positive", where, out->base,
                           out->factor);
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

static void yarn_frequencies(const assay_rope_config *rope, size_t rotary, float *inverse, float *angle_scale)
{
    double low = fmax(floor(yarn_border(rope, rope->beta_fast, rotary)), 0);
    double high = fmin(ceil(yarn_border(rope, rope->beta_slow, rotary)), (double)rotary - 1);
    if (low == high) high += 0.001;
    for (size_t i = 0; i < rotary / 2; i++) {
        float ramp = (float)fmin(fmax(((double)i - low) / (high - low), 0), 1), keep = 1 - ramp;
        inverse[i] = inverse[i] / (float)rope->factor * (1 - keep) + inverse[i] * keep;
    }
    *angle_scale = (float)(rope->attention_factor > 0 ? rope->attention_factor
                           : rope->factor > 1         ? 0.1 * log(rope->factor) + 1
                                                      : 1);
}

void assay_rope_frequencies(const assay_rope_config *rope, size_t rotary, float *inverse, float *angle_scale)
{
    *angle_scale = 1;
    for (size_t i = 0; i < rotary / 2; i++) {
        float exponent = (float)(2 * i) / (float)rotary;
        inverse[i] = 1.0f / powf((float)rope->base, exponent);
        if (rope->scaling == ASSAY_ROPE_LINEAR) inverse[i] /= (float)rope->factor;
        if (rope->scaling == ASSAY_ROPE_LLAMA3) inverse[i] = llama3_frequency(rope, inverse[i]);
    }
    if (rope->scaling == ASSAY_ROPE_YARN) yarn_frequencies(rope, rotary, inverse, angle_scale);
}
