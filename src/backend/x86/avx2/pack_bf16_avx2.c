/* Packs operands of bf16 for the bf16 tile of AVX2: pairs of bf16 are words of 32 bits, so lanes are transposed as
 * words are, and two rows of k are interleaved where the lanes lie side by side. Everything else, and the tile, is what
 * bf16_avx2.c compiles. */
#if defined(__x86_64__)
#include "backend/kernels.h"
#include "backend/x86/avx2/transpose_avx2.h"
#include "base/sizes.h"

static void along(uint32_t *dst, size_t width, const char *src, ptrdiff_t stride, size_t pairs)
{
    float *words = (float *)(void *)dst;
    for (size_t lane = 0; lane < width; lane += 8, src += 8 * stride)
        if (width - lane >= 8) assay_transpose_eight(words + lane, width, src, stride, pairs);
        else assay_transpose_four(words + lane, width, src, stride, pairs);
}

/* Two rows of k for `width` lanes, a multiple of 16. */
static inline void across(uint32_t *dst, size_t width, const char *src, ptrdiff_t stride, size_t pairs)
{
    for (size_t k = 0; k < pairs; k++, src += 2 * stride)
        for (size_t lane = 0; lane < width; lane += 16, dst += 16) {
            const char *at = src + lane * sizeof(uint16_t);
            __m256i low = _mm256_loadu_si256((const __m256i *)(const void *)at),
                    high = _mm256_loadu_si256((const __m256i *)(const void *)(at + stride)),
                    first = _mm256_unpacklo_epi16(low, high), second = _mm256_unpackhi_epi16(low, high);
            _mm256_storeu_si256((__m256i *)(void *)dst, _mm256_permute2x128_si256(first, second, 0x20));
            _mm256_storeu_si256((__m256i *)(void *)(dst + 8), _mm256_permute2x128_si256(first, second, 0x31));
        }
}

/* A panel of bf16 with all its lanes; returns of how many of k. */
static size_t pack_whole(uint32_t *dst, size_t width, const assay_lanes *from, const char *src)
{
    ptrdiff_t bytes = sizeof(uint16_t);
    bool turned = from->lane_stride == 1 && width % 16 == 0;
    if (from->dtype != ASSAY_BF16 || (from->k_stride != 1 && !turned) || width % 4) return 0;
    size_t taken = from->k_stride == 1 ? from->k / 8 * 8 : from->k / 2 * 2;
    if (from->k_stride == 1) along(dst, width, src, from->lane_stride * bytes, taken / 2);
    else across(dst, width, src, from->k_stride * bytes, taken / 2);
    return taken;
}

static void pack_panel(uint32_t *dst, size_t width, size_t panel, const assay_lanes *from, size_t lane)
{
    const char *src = assay_element_at(from->src, from->dtype, (ptrdiff_t)lane * from->lane_stride);
    assay_lanes rest = *from;
    rest.lanes = assay_smaller(width, from->lanes - lane);
    size_t done = rest.lanes == width ? pack_whole(dst, width, from, src) : 0;
    rest.src = assay_element_at(src, from->dtype, (ptrdiff_t)done * from->k_stride);
    rest.k -= done;
    if (rest.k) assay_bf16_plain_avx2.pack(dst + done / 2 * width, width, panel, &rest);
}

static void pack(uint32_t *dst, size_t width, size_t panel, const assay_lanes *from)
{
    for (size_t lane = 0; lane < from->lanes; lane += width, dst += panel) pack_panel(dst, width, panel, from, lane);
}

static void tile(size_t pairs, const uint32_t *a, const uint32_t *b, float *c, size_t ldc, bool add, assay_ahead *ahead)
{
    assay_bf16_plain_avx2.tile(pairs, a, b, c, ldc, add, ahead);
}

const assay_bf16_kernels assay_bf16_avx2 = {.pack = pack, .tile = tile};
#endif
