/* The decoders of decode_avx2.c's table, which live in two files: block types, and types of several tensors. Their
 * signatures are those of tensor/stored.h and quant/parts_type.h. */
#ifndef ASSAY_BACKEND_DECODE_AVX2_H
#define ASSAY_BACKEND_DECODE_AVX2_H

#include "backend/kernels.h"

#define DECODE_BLOCKS(name, file, ...) \
    void assay_##file##_avx2(const uint8_t *row, size_t first, size_t count, float *dst);
ASSAY_BLOCK_MAP(DECODE_BLOCKS)
#undef DECODE_BLOCKS

#define DECODE_PARTS(name, file, ...) \
    void assay_##file##_avx2(const uint8_t *src, const assay_parts *parts, size_t first, size_t count, float *dst);
ASSAY_PARTS_MAP(DECODE_PARTS)
#undef DECODE_PARTS

#endif
