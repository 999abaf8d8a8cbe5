/* Words of 32 bits that lie lane after lane, brought to one after another over all lanes, in registers: eight lanes by
 * four words are eight shuffles instead of 32 single stores. Strides count bytes. */
#ifndef ASSAY_BACKEND_TRANSPOSE_AVX2_H
#define ASSAY_BACKEND_TRANSPOSE_AVX2_H

#include <immintrin.h>
#include <stddef.h>

/* 16 bytes of one lane, and of another. */
static inline __m256 assay_load_two(const char *low, const char *high)
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps((const float *)(const void *)low)),
                                _mm_loadu_ps((const float *)(const void *)high), 1);
}

/* x[i]: four words of lane i, then of lane i + 4. y[k]: word k of lanes 0 to 7. */
static inline void assay_transpose_words(const __m256 x[4], __m256 y[4])
{
    __m256 a = _mm256_unpacklo_ps(x[0], x[1]), b = _mm256_unpacklo_ps(x[2], x[3]), c = _mm256_unpackhi_ps(x[0], x[1]),
           d = _mm256_unpackhi_ps(x[2], x[3]);
    y[0] = _mm256_shuffle_ps(a, b, 0x44);
    y[1] = _mm256_shuffle_ps(a, b, 0xee);
    y[2] = _mm256_shuffle_ps(c, d, 0x44);
    y[3] = _mm256_shuffle_ps(c, d, 0xee);
}

/* Eight lanes of `count` words, a multiple of 4: word k of lane l to dst[k * width + l]. */
static inline void assay_transpose_eight(float *dst, size_t width, const char *src, ptrdiff_t stride, size_t count)
{
    for (size_t k = 0; k < count; k += 4, src += 16, dst += 4 * width) {
        __m256 x[4], y[4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) x[i] = assay_load_two(src + i * stride, src + (i + 4) * stride);
        assay_transpose_words(x, y);
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) _mm256_storeu_ps(dst + (size_t)i * width, y[i]);
    }
}

/* The same of four lanes. */
static inline void assay_transpose_four(float *dst, size_t width, const char *src, ptrdiff_t stride, size_t count)
{
    for (size_t k = 0; k < count; k += 4, src += 16, dst += 4 * width) {
        __m128 x[4];
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) x[i] = _mm_loadu_ps((const float *)(const void *)(src + i * stride));
        _MM_TRANSPOSE4_PS(x[0], x[1], x[2], x[3]);
#pragma GCC unroll 4
        for (int i = 0; i < 4; i++) _mm_storeu_ps(dst + (size_t)i * width, x[i]);
    }
}

#endif
