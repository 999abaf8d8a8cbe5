/* What Qwen2 and Qwen3 share: windows for the layers from max_window_layers on. */
#ifndef ASSAY_FAMILY_QWEN_H
#define ASSAY_FAMILY_QWEN_H

#include "family/architecture.h"

extern const char *const assay_qwen_keys[];

/* use_sliding_window, sliding_window, max_window_layers and layer_types. Needs out->layers. */
assay_status assay_qwen_windows(const json_t *config, const char *where, assay_model_config *out, assay_error *err);

#endif
