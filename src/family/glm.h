/* What Transformers' Glm and Glm4 share: pairs rotated side by side over half a head, a bias at q, k and v. */
#ifndef ASSAY_FAMILY_GLM_H
#define ASSAY_FAMILY_GLM_H

#include "family/architecture.h"

assay_status assay_glm_read(const json_t *config, const char *where, assay_model_config *out, assay_error *err);
/* wanted->rotary 0: the class's own half of a head, and its bias. NULL: out of memory. */
json_t *assay_glm_make(const assay_model_config *wanted, const char *model_type, const char *class_name);

#endif
