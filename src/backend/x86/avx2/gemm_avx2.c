/* The tile for AVX2: 6 rows by 16 columns, 12 accumulators, two loads of B and six broadcasts of A for each k. */
#if defined(__x86_64__)
#include "backend/kernels.h"

#include <immintrin.h>

enum { MR = 6, NR = 16 };

static void tile(size_t k, const float *a, const float *b, float *c, size_t ldc, bool add)
{
    __m256 left[MR], right[MR];
#pragma GCC unroll 6
    for (int i = 0; i < MR; i++) left[i] = right[i] = _mm256_setzero_ps();
    for (size_t p = 0; p < k; p++, a += MR, b += NR) {
        __m256 b0 = _mm256_loadu_ps(b), b1 = _mm256_loadu_ps(b + 8);
#pragma GCC unroll 6
        for (int i = 0; i < MR; i++) {
            __m256 ai = _mm256_broadcast_ss(a + i);
            left[i] = _mm256_fmadd_ps(ai, b0, left[i]);
            right[i] = _mm256_fmadd_ps(ai, b1, right[i]);
        }
    }
#pragma GCC unroll 6
    for (int i = 0; i < MR; i++) {
        float *row = c + (size_t)i * ldc;
        _mm256_storeu_ps(row, add ? _mm256_add_ps(_mm256_loadu_ps(row), left[i]) : left[i]);
        _mm256_storeu_ps(row + 8, add ? _mm256_add_ps(_mm256_loadu_ps(row + 8), right[i]) : right[i]);
    }
}

const assay_kernels assay_kernels_avx2 = {.name = "avx2",
                                          .rows = &assay_rows_avx2,
                                          .pack = assay_panel_pack_avx2,
                                          .mr = MR,
                                          .nr = NR,
                                          .tile = tile,
                                          .bf16 = &assay_bf16_avx2,
                                          .scores = &assay_scores_avx2,
                                          .decoders = &assay_decoders_avx2};
#endif
