/* What the ChatGLM families share. */
#ifndef ASSAY_FAMILY_CHATGLM_H
#define ASSAY_FAMILY_CHATGLM_H

#include "family/architecture.h"

/* Refuses P-tuning and the model's own quantisation (pre_seq_len, quantization_bit). */
assay_status assay_chatglm_expect_plain(const json_t *config, const char *where, assay_error *err);

#endif
