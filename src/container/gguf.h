/* GGUF v2 and v3: metadata and tensors. Format: github.com/ggml-org/ggml, docs/gguf.md and src/gguf.cpp.
 *
 * Tensors come with shapes turned into Hugging Face's order (GGUF stores the fastest dimension first) and keep GGUF's
 * names ("blk.0.attn_q.weight"); renaming and un-permuting is checkpoint's work. Types other than F32, F16, BF16 and
 * those of quant/block_type.h are refused by name. */
#ifndef ASSAY_CONTAINER_GGUF_H
#define ASSAY_CONTAINER_GGUF_H

#include "container/tensor_file.h"

typedef struct assay_gguf assay_gguf;

assay_status assay_gguf_open(assay_gguf **out, const char *path, assay_error *err);
void assay_gguf_close(assay_gguf *gguf); /* NULL is fine */
const assay_tensor_file *assay_gguf_tensors(const assay_gguf *gguf);

/* Metadata by key. Each returns false when the key is missing or of another kind. Integers of any width, and bools,
 * come as int64_t; f32 and f64 (and integers) as double. Strings are zero-terminated copies owned by the file (a string
 * with a zero byte inside is cut there for this view; `length` gives the real one, may be NULL). */
bool assay_gguf_int(const assay_gguf *gguf, const char *key, int64_t *out);
bool assay_gguf_double(const assay_gguf *gguf, const char *key, double *out);
bool assay_gguf_string(const assay_gguf *gguf, const char *key, const char **out, size_t *length);

/* The keys, sorted bytewise; NULL behind the last. Owned by the file. */
const char *assay_gguf_key_at(const assay_gguf *gguf, size_t index);

/* Arrays: element count (0 and false when missing), then elements. */
bool assay_gguf_array_size(const assay_gguf *gguf, const char *key, size_t *count);
bool assay_gguf_array_string(const assay_gguf *gguf, const char *key, size_t index, const char **out, size_t *length);
bool assay_gguf_array_int(const assay_gguf *gguf, const char *key, size_t index, int64_t *out);
bool assay_gguf_array_double(const assay_gguf *gguf, const char *key, size_t index, double *out);

/* Writes a file of version 3, whole or not at all: general.architecture, general.quantization_version and the tensors,
 * in their order. Tensors and source as for assay_safetensors_write, block types too; `source` is never NULL. */
assay_status assay_gguf_write(const char *path, const char *architecture, const assay_tensor *tensors, size_t count,
                              assay_tensor_source source, void *context, assay_error *err);

#endif
