/* The tile for AVX-512: 12 rows by 32 columns, 24 accumulators, two loads of B and twelve broadcasts of A for each k. */
#if defined(__x86_64__)
#include "backend/kernels.h"

#include <immintrin.h>

enum { MR = 12, NR = 32 };

static void tile(size_t k, const float *a, const float *b, float *c, size_t ldc, bool add)
{
    __m512 left[MR], right[MR];
#pragma GCC unroll 12
    for (int i = 0; i < MR; i++) left[i] = right[i] = _mm512_setzero_ps();
    for (size_t p = 0; p < k; p++, a += MR, b += NR) {
        __m512 b0 = _mm512_loadu_ps(b), b1 = _mm512_loadu_ps(b + 16);
#pragma GCC unroll 12
        for (int i = 0; i < MR; i++) {
            __m512 ai = _mm512_set1_ps(a[i]);
            left[i] = _mm512_fmadd_ps(ai, b0, left[i]);
            right[i] = _mm512_fmadd_ps(ai, b1, right[i]);
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < MR; i++) {
        float *row = c + (size_t)i * ldc;
        _mm512_storeu_ps(row, add ? _mm512_add_ps(_mm512_loadu_ps(row), left[i]) : left[i]);
        _mm512_storeu_ps(row + 16, add ? _mm512_add_ps(_mm512_loadu_ps(row + 16), right[i]) : right[i]);
    }
}

const assay_kernels assay_kernels_avx512 = {.name = "avx512", .rows = &assay_rows_avx512, .mr = MR, .nr = NR, .tile = tile, .halves = &assay_halves_avx512, .scores = &assay_scores_avx512};
const assay_kernels assay_kernels_avx512bf16 = {.name = "avx512bf16", .rows = &assay_rows_avx512, .mr = MR, .nr = NR, .tile = tile, .halves = &assay_halves_avx512bf16, .scores = &assay_scores_avx512};
#endif
