/* Packs operands for the f32 tile of AVX2: lanes of f32 or bf16, transposed in registers where a lane's elements lie
 * side by side, copied where the lanes do. What is left at the end of k, panels at a border, f16 and operands with two
 * strides take the portable road. */
#if defined(__x86_64__)
#include "backend/kernels.h"
#include "backend/x86/avx2/transpose_avx2.h"

enum { SIX = 6 }; /* rows of a tile */

/* Rows of a tile, count a multiple of 4: the upper half of a register has two lanes more. */
static void six_along(float *dst, const char *src, ptrdiff_t stride, size_t count)
{
    for (size_t k = 0; k < count; k += 4, src += 16) {
        __m256 x[4], y[4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) x[i] = assay_load_two(src + i * stride, src + (i < 2 ? i + 4 : i) * stride);
        assay_transpose_words(x, y);
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++, dst += SIX) {
            _mm_storeu_ps(dst, _mm256_castps256_ps128(y[i]));
            _mm_storel_pi((__m64 *)(void *)(dst + 4), _mm256_extractf128_ps(y[i], 1));
        }
    }
}

/* Eight bf16 as the upper halves of words; low: the first four of each half of the register. */
static inline __m256 widen_halves(__m256i x, bool low)
{
    const __m256i zero = _mm256_setzero_si256();
    return _mm256_castsi256_ps(low ? _mm256_unpacklo_epi16(zero, x) : _mm256_unpackhi_epi16(zero, x));
}

/* Eight lanes of bf16, count a multiple of 8. */
static void bf16_along(float *dst, size_t width, const char *src, ptrdiff_t stride, size_t count)
{
    for (size_t k = 0; k < count; k += 8, src += 16, dst += 8 * width) {
        __m256i x[4], y[4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++)
            x[i] = _mm256_castps_si256(assay_load_two(src + i * stride, src + (i + 4) * stride));
        __m256i a = _mm256_unpacklo_epi16(x[0], x[1]), b = _mm256_unpacklo_epi16(x[2], x[3]),
                c = _mm256_unpackhi_epi16(x[0], x[1]), d = _mm256_unpackhi_epi16(x[2], x[3]);
        y[0] = _mm256_unpacklo_epi32(a, b);
        y[1] = _mm256_unpackhi_epi32(a, b);
        y[2] = _mm256_unpacklo_epi32(c, d);
        y[3] = _mm256_unpackhi_epi32(c, d);
#pragma GCC unroll 4
        for (size_t i = 0; i < 4; i++) {
            _mm256_storeu_ps(dst + 2 * i * width, widen_halves(y[i], true));
            _mm256_storeu_ps(dst + (2 * i + 1) * width, widen_halves(y[i], false));
        }
    }
}

static inline __m256 load_eight(assay_dtype dtype, const char *src)
{
    if (dtype == ASSAY_F32) return _mm256_loadu_ps((const float *)(const void *)src);
    __m128i half = _mm_loadu_si128((const __m128i *)(const void *)src);
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(half), 16));
}

static inline void across(float *dst, size_t width, assay_dtype dtype, const char *src, ptrdiff_t stride, size_t count)
{
    size_t bytes = dtype == ASSAY_F32 ? sizeof(float) : sizeof(uint16_t);
    for (size_t k = 0; k < count; k++, src += stride, dst += width)
        for (size_t lane = 0; lane < width; lane += 8)
            _mm256_storeu_ps(dst + lane, load_eight(dtype, src + lane * bytes));
}

static void along(float *dst, size_t width, assay_dtype dtype, const char *src, ptrdiff_t stride, size_t count)
{
    for (size_t lane = 0; lane < width; lane += 8, dst += 8, src += 8 * stride)
        if (dtype == ASSAY_F32) assay_transpose_eight(dst, width, src, stride, count);
        else bf16_along(dst, width, src, stride, count);
}

/* A panel with all its lanes; returns of how many of k. */
static size_t pack_whole(float *dst, size_t width, assay_dtype dtype, const void *src, ptrdiff_t lane_stride,
                         ptrdiff_t k_stride, size_t k)
{
    ptrdiff_t bytes = dtype == ASSAY_F32 ? sizeof(float) : sizeof(uint16_t);
    size_t along_k = dtype == ASSAY_F32 ? k / 4 * 4 : k / 8 * 8;
    if (dtype == ASSAY_F32 && width == SIX && k_stride == 1) six_along(dst, src, lane_stride * bytes, along_k);
    else if (dtype == ASSAY_F16 || width % 8 || (k_stride != 1 && lane_stride != 1)) return 0;
    else if (k_stride == 1) along(dst, width, dtype, src, lane_stride * bytes, along_k);
    else {
        if (dtype == ASSAY_F32) across(dst, width, ASSAY_F32, src, k_stride * bytes, k);
        else across(dst, width, ASSAY_BF16, src, k_stride * bytes, k);
        return k;
    }
    return along_k;
}

void assay_panel_pack_avx2(float *dst, size_t width, assay_dtype dtype, const void *src, ptrdiff_t lane_stride,
                           ptrdiff_t k_stride, size_t lanes, size_t k)
{
    size_t done = lanes == width ? pack_whole(dst, width, dtype, src, lane_stride, k_stride, k) : 0;
    if (done < k)
        assay_panel_pack_plain_avx2(dst + done * width, width, dtype,
                                    assay_element_at(src, dtype, (ptrdiff_t)done * k_stride), lane_stride, k_stride,
                                    lanes, k - done);
}
#endif
