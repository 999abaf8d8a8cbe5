/* Packing of bf16 operands in AVX-512, the counterpart of the tile beside it; see assay_bf16_kernels.pack for layout
 * and arguments. */
#ifndef ASSAY_BACKEND_PACK_AVX512BF16_H
#define ASSAY_BACKEND_PACK_AVX512BF16_H

#include "backend/kernels.h"

void assay_pack_avx512bf16(uint32_t *dst, size_t width, size_t panel, const assay_lanes *from);

#endif
