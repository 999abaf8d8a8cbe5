/* What the Gemma families share: embeddings times sqrt(hidden), norms whose weights are stored less one, gelu. */
#ifndef ASSAY_FAMILY_GEMMA_H
#define ASSAY_FAMILY_GEMMA_H

#include "family/architecture.h"

/* Names of Gemma 2 and 3: a norm before and one behind each branch. */
extern const assay_module_names assay_names_gemma2;
extern const assay_name_pair assay_gguf_gemma2_block[];

/* activation_key: "hidden_activation", or hidden_act as the first Gemma had it. */
assay_status assay_gemma_read(const json_t *config, const char *where, assay_model_config *out, assay_error *err);
/* query_pre_attn_scalar, the window and the cap of Gemma 2 and 3; fallback: the cap where the key is absent. */
assay_status assay_gemma_read_attention(const json_t *config, double cap, assay_model_config *out, const char *where,
                                        assay_error *err);
json_t *assay_gemma_make(const assay_model_config *wanted, const char *model_type, const char *class_name);

/* The scale of attention is not in GGUF's metadata: by head_dim, but by hidden / heads in the model of `layers` layers
 * (llama.cpp decides so, too). */
assay_status assay_gemma_complete(json_t *config, json_int_t layers, assay_error *err);

#endif
