/* The tile for AVX-512: 12 rows by 32 columns, 24 accumulators, two loads of B and twelve broadcasts of A for each
 * k. */
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

static double spin(size_t rounds)
{
    enum { CHAINS = 16 };
    __m512 sums[CHAINS], x = _mm512_set1_ps((float)rounds), y = _mm512_set1_ps(0.5f);
#pragma GCC unroll 16
    for (int i = 0; i < CHAINS; i++) sums[i] = _mm512_set1_ps((float)i); /* equal chains would be merged into one */
    for (size_t r = 0; r < rounds; r++) {
#pragma GCC unroll 16
        for (int i = 0; i < CHAINS; i++) sums[i] = _mm512_fmadd_ps(x, y, sums[i]);
    }
    for (int i = 1; i < CHAINS; i++) sums[0] = _mm512_add_ps(sums[0], sums[i]);
    volatile float sink = _mm512_reduce_add_ps(sums[0]);
    (void)sink;
    return CHAINS * 16 * 2.0;
}

const assay_kernels assay_kernels_avx512 = {.name = "avx512",
                                            .rows = &assay_rows_avx512,
                                            .pack = assay_panel_pack_avx512,
                                            .mr = MR,
                                            .nr = NR,
                                            .tile = tile,
                                            .spin = spin,
                                            .bf16 = &assay_bf16_avx512,
                                            .scores = &assay_scores_avx512,
                                            .decoders = &assay_decoders_avx2};
const assay_kernels assay_kernels_avx512bf16 = {.name = "avx512bf16",
                                                .rows = &assay_rows_avx512,
                                                .pack = assay_panel_pack_avx512,
                                                .mr = MR,
                                                .nr = NR,
                                                .tile = tile,
                                                .spin = spin,
                                                .bf16 = &assay_bf16_native_avx512,
                                                .scores = &assay_scores_avx512,
                                                .decoders = &assay_decoders_avx2};
#endif
