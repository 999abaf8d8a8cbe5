/* Reference: Transformers, models/qwen2/configuration_qwen2.py, __post_init__: sliding_window counts only under
 * use_sliding_window, and then for the layers from max_window_layers on, unless layer_types lists them. */
#include "family/qwen.h"

const char *const assay_qwen_keys[] = {"use_sliding_window", "sliding_window", "max_window_layers", "layer_types",
                                       NULL};

static bool behind_max_window_layers(const json_t *config, size_t layer)
{
    const json_t *first = json_object_get(config, "max_window_layers");
    return (json_int_t)layer >= (json_is_integer(first) ? json_integer_value(first) : 28);
}

assay_status assay_qwen_windows(const json_t *config, const char *where, assay_model_config *out, assay_error *err)
{
    bool sliding = false;
    int64_t first = 28;
    const json_t *window = json_object_get(config, "sliding_window");
    ASSAY_TRY(assay_json_bool(config, "use_sliding_window", false, &sliding, where, err));
    ASSAY_TRY(assay_json_int(config, "max_window_layers", false, &first, where, err));
    if (sliding && !window) out->window = 4096;
    if (sliding) ASSAY_TRY(assay_config_window(config, "sliding_window", out, where, err));
    return assay_config_layer_types(config, behind_max_window_layers, out, where, err);
}
