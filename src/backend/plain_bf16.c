/* Products of bf16 operands in plain C: the packing (avx2 and avx512bf16 have their own for usual operands), and the
 * tile of processors without a bf16 instruction. Compiled once for each set of registers, like plain_rows.c. Packing
 * works in blocks of BLOCK elements of k: a lane's run is first brought to bf16 in a small buffer, then dealt out pair
 * by pair, so every element type shares one way out. All lanes of a block are dealt before the next: the strided stores
 * then stay within a few cache lines, where a whole lane at a time would walk over more than the first-level cache. */
#include "backend/kernels.h"
#include "base/float_bits.h"

#include <math.h>
#include <string.h>

#ifndef ASSAY_BF16_TABLE
#define ASSAY_BF16_TABLE assay_bf16_plain
#endif

enum { BLOCK = ASSAY_BF16_NR };

static inline void convert(uint16_t *restrict dst, assay_dtype dtype, const void *src, size_t count)
{
    if (dtype == ASSAY_BF16) memcpy(dst, src, count * sizeof *dst);
    else if (dtype == ASSAY_F32)
        for (size_t i = 0; i < count; i++) dst[i] = assay_bf16_round(((const float *)src)[i]);
    else
        for (size_t i = 0; i < count; i++) dst[i] = assay_bf16_round(assay_f16_wide(((const uint16_t *)src)[i]));
}

/* The usual counts by name: a copy of known size is a few moves, one of unknown size a call of the C library. */
static void contiguous(uint16_t *restrict dst, assay_dtype dtype, const void *src, size_t count)
{
    if (count == BLOCK) convert(dst, dtype, src, BLOCK);
    else if (count == ASSAY_BF16_MR) convert(dst, dtype, src, ASSAY_BF16_MR);
    else convert(dst, dtype, src, count);
}

static void along(uint32_t *restrict dst, size_t width, assay_dtype dtype, const void *src, ptrdiff_t lane_stride,
                  size_t lanes, size_t k)
{
    for (size_t first = 0; first < k; first += BLOCK)
        for (size_t lane = 0; lane < lanes; lane++) {
            uint32_t run[BLOCK / 2];
            size_t count = k - first < BLOCK ? k - first : BLOCK, pairs = (count + 1) / 2;
            run[pairs - 1] = 0;
            contiguous((uint16_t *)(void *)run, dtype,
                       assay_element_at(src, dtype, (ptrdiff_t)lane * lane_stride + (ptrdiff_t)first), count);
            for (size_t i = 0; i < pairs; i++) dst[(first / 2 + i) * width + lane] = run[i];
        }
}

static void across(uint32_t *restrict dst, size_t width, assay_dtype dtype, const void *src, ptrdiff_t k_stride,
                   size_t lanes, size_t k)
{
    uint16_t low[ASSAY_BF16_NR], high[ASSAY_BF16_NR] = {0};
    for (size_t i = 0; i < k; i += 2, dst += width) {
        contiguous(low, dtype, assay_element_at(src, dtype, (ptrdiff_t)i * k_stride), lanes);
        if (i + 1 < k) contiguous(high, dtype, assay_element_at(src, dtype, (ptrdiff_t)(i + 1) * k_stride), lanes);
        else memset(high, 0, sizeof high);
        for (size_t lane = 0; lane < lanes; lane++) dst[lane] = (uint32_t)low[lane] | (uint32_t)high[lane] << 16;
    }
}

static void anywhere(uint32_t *dst, size_t width, assay_dtype dtype, const void *src, ptrdiff_t lane_stride,
                     ptrdiff_t k_stride, size_t lanes, size_t k)
{
    for (size_t lane = 0; lane < lanes; lane++)
        for (size_t i = 0; i < k; i++) {
            uint16_t rounded;
            contiguous(&rounded, dtype,
                       assay_element_at(src, dtype, (ptrdiff_t)lane * lane_stride + (ptrdiff_t)i * k_stride), 1);
            dst[i / 2 * width + lane] |= (uint32_t)rounded << (i % 2 ? 16 : 0);
        }
}

static void pack_panel(uint32_t *dst, size_t width, const assay_lanes *from, size_t lane)
{
    const void *src = assay_element_at(from->src, from->dtype, (ptrdiff_t)lane * from->lane_stride);
    size_t lanes = from->lanes - lane < width ? from->lanes - lane : width;
    bool general = from->lane_stride != 1 && from->k_stride != 1;
    if (lanes < width || general) memset(dst, 0, (from->k + 1) / 2 * width * sizeof *dst);
    if (from->k_stride == 1) along(dst, width, from->dtype, src, from->lane_stride, lanes, from->k);
    else if (from->lane_stride == 1) across(dst, width, from->dtype, src, from->k_stride, lanes, from->k);
    else anywhere(dst, width, from->dtype, src, from->lane_stride, from->k_stride, lanes, from->k);
}

static void pack(uint32_t *dst, size_t width, size_t panel, const assay_lanes *from)
{
    for (size_t lane = 0; lane < from->lanes; lane += width, dst += panel) pack_panel(dst, width, from, lane);
}

static void tile(size_t pairs, const uint32_t *a, const uint32_t *b, float *c, size_t ldc, bool add, assay_ahead *ahead)
{
    (void)ahead;
    enum { MR = ASSAY_BF16_MR, NR = ASSAY_BF16_NR };
    float chains[MR][NR] = {{0}};
    for (size_t i = 0; add && i < MR; i++) memcpy(chains[i], c + i * ldc, sizeof chains[i]);
    for (size_t p = 0; p < pairs; p++, a += MR, b += NR)
        for (int i = 0; i < MR; i++) {
            float low = assay_bits_float(a[i] << 16), high = assay_bits_float(a[i] & 0xffff0000u);
            for (int j = 0; j < NR; j++)
                chains[i][j] = fmaf(high, assay_bits_float(b[j] & 0xffff0000u),
                                    fmaf(low, assay_bits_float(b[j] << 16), chains[i][j]));
        }
    for (size_t i = 0; i < MR; i++) memcpy(c + i * ldc, chains[i], sizeof chains[i]);
}

const assay_bf16_kernels ASSAY_BF16_TABLE = {.pack = pack, .tile = tile};
