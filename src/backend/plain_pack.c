/* Packing for the f32 product in plain C; compiled once for each set of registers, like plain_rows.c. AVX2 has its own
 * for the usual operands. */
#include "backend/kernels.h"
#include "base/float_bits.h"

#include <string.h>

#ifndef ASSAY_PANEL_PACK
#define ASSAY_PANEL_PACK assay_panel_pack_plain
#endif

static void pack_f32_across(float *restrict dst, size_t width, const float *src, ptrdiff_t k_stride, size_t k)
{
    for (size_t i = 0; i < k; i++, src += k_stride, dst += width)
        for (size_t lane = 0; lane < width; lane++) dst[lane] = src[lane];
}

static void pack_f32_along(float *restrict dst, size_t width, const float *src, ptrdiff_t lane_stride, size_t lanes,
                           size_t k)
{
    for (size_t lane = 0; lane < lanes; lane++) {
        const float *row = src + (ptrdiff_t)lane * lane_stride;
        for (size_t i = 0; i < k; i++) dst[i * width + lane] = row[i];
    }
}

static float load_any(assay_dtype dtype, const void *src, ptrdiff_t index)
{
    if (dtype == ASSAY_F32) return ((const float *)src)[index];
    const uint16_t *half = (const uint16_t *)src + index;
    return dtype == ASSAY_BF16 ? assay_bf16_wide(*half) : assay_f16_wide(*half);
}

static void pack_bf16_along(float *restrict dst, size_t width, const uint16_t *src, ptrdiff_t lane_stride, size_t lanes,
                            size_t k)
{
    for (size_t lane = 0; lane < lanes; lane++) {
        const uint16_t *row = src + (ptrdiff_t)lane * lane_stride;
        for (size_t i = 0; i < k; i++) dst[i * width + lane] = assay_bf16_wide(row[i]);
    }
}

static void pack_f16_along(float *restrict dst, size_t width, const uint16_t *src, ptrdiff_t lane_stride, size_t lanes,
                           size_t k)
{
    for (size_t lane = 0; lane < lanes; lane++) {
        const uint16_t *row = src + (ptrdiff_t)lane * lane_stride;
        for (size_t i = 0; i < k; i++) dst[i * width + lane] = assay_f16_wide(row[i]);
    }
}

static void pack_bf16_across(float *restrict dst, size_t width, assay_dtype dtype, const uint16_t *src,
                             ptrdiff_t k_stride, size_t lanes, size_t k)
{
    for (size_t i = 0; i < k; i++, src += k_stride, dst += width) {
        if (dtype == ASSAY_BF16)
            for (size_t lane = 0; lane < lanes; lane++) dst[lane] = assay_bf16_wide(src[lane]);
        else
            for (size_t lane = 0; lane < lanes; lane++) dst[lane] = assay_f16_wide(src[lane]);
    }
}

static void pack_any(float *dst, size_t width, assay_dtype dtype, const void *src, ptrdiff_t lane_stride,
                     ptrdiff_t k_stride, size_t lanes, size_t k)
{
    for (size_t i = 0; i < k; i++)
        for (size_t lane = 0; lane < lanes; lane++)
            dst[i * width + lane] = load_any(dtype, src, (ptrdiff_t)lane * lane_stride + (ptrdiff_t)i * k_stride);
}

void ASSAY_PANEL_PACK(float *dst, size_t width, assay_dtype dtype, const void *src, ptrdiff_t lane_stride,
                      ptrdiff_t k_stride, size_t lanes, size_t k)
{
    if (dtype == ASSAY_F32 && lane_stride == 1 && lanes == width) {
        pack_f32_across(dst, width, src, k_stride, k);
        return;
    }
    if (lanes < width) memset(dst, 0, k * width * sizeof *dst);
    if (dtype == ASSAY_F32 && k_stride == 1) pack_f32_along(dst, width, src, lane_stride, lanes, k);
    else if (dtype == ASSAY_BF16 && k_stride == 1) pack_bf16_along(dst, width, src, lane_stride, lanes, k);
    else if (dtype == ASSAY_F16 && k_stride == 1) pack_f16_along(dst, width, src, lane_stride, lanes, k);
    else if (dtype != ASSAY_F32 && lane_stride == 1) pack_bf16_across(dst, width, dtype, src, k_stride, lanes, k);
    else pack_any(dst, width, dtype, src, lane_stride, k_stride, lanes, k);
}
