/* The bf16 tile for processors with AVX512-BF16: 12 rows by 32 columns, 24 accumulators; each step multiplies a pair of
 * k. Every so many steps it asks for a line of what will be packed next: spread so thinly, memory's latency hides
 * behind the multiplications; in bursts it would hold up the tile's own loads. */
#if defined(__x86_64__)
#include "backend/x86/avx512bf16/pack_avx512bf16.h"

#include <immintrin.h>

enum { MR = ASSAY_BF16_MR, NR = ASSAY_BF16_NR, PAIRS_A_LINE = 16 };

static inline void fetch_line(assay_ahead *ahead)
{
    if (ahead->lines == 0) return;
    _mm_prefetch((const char *)ahead->at, _MM_HINT_T0); /* the second level's hint fetched nothing here */
    ahead->at += ASSAY_CACHE_LINE;
    ahead->lines--;
    if (--ahead->in_run > 0) return;
    ahead->at += (uintptr_t)ahead->jump;
    ahead->in_run = ahead->run;
}

/* A pair of k in all columns. clang 16 crashes where it sees an integer's copies become bf16; what it cannot see
 * through is the same value. */
static inline __m512bh everywhere(int pair)
{
    __m512i all = _mm512_set1_epi32(pair);
#if defined(__clang__) && __clang_major__ == 16
    __asm__("" : "+v"(all));
#endif
    return (__m512bh)all;
}

static void tile_native(size_t pairs, const uint32_t *a, const uint32_t *b, float *c, size_t ldc, bool add,
                        assay_ahead *ahead)
{
    __m512 left[MR], right[MR];
    assay_ahead next = ahead ? *ahead : (assay_ahead){0};
#pragma GCC unroll 12
    for (int i = 0; i < MR; i++) {
        left[i] = add ? _mm512_loadu_ps(c + (size_t)i * ldc) : _mm512_setzero_ps();
        right[i] = add ? _mm512_loadu_ps(c + (size_t)i * ldc + 16) : _mm512_setzero_ps();
    }
    for (size_t p = 0; p < pairs; p++, a += MR, b += NR) {
        if (p % PAIRS_A_LINE == 0) fetch_line(&next);
        __m512bh b0 = (__m512bh)_mm512_loadu_si512(b), b1 = (__m512bh)_mm512_loadu_si512(b + 16);
#pragma GCC unroll 12
        for (int i = 0; i < MR; i++) {
            __m512bh ai = everywhere((int)a[i]);
            left[i] = _mm512_dpbf16_ps(left[i], ai, b0);
            right[i] = _mm512_dpbf16_ps(right[i], ai, b1);
        }
    }
    if (ahead) *ahead = next;
#pragma GCC unroll 12
    for (int i = 0; i < MR; i++) {
        _mm512_storeu_ps(c + (size_t)i * ldc, left[i]);
        _mm512_storeu_ps(c + (size_t)i * ldc + 16, right[i]);
    }
}

static double spin(size_t rounds)
{
    enum { CHAINS = 16 };
    __m512 sums[CHAINS];
    __m512bh x = everywhere((int)rounds), y = everywhere((int)(rounds & 3));
#pragma GCC unroll 16
    for (int i = 0; i < CHAINS; i++) sums[i] = _mm512_set1_ps((float)i); /* equal chains would be merged into one */
    for (size_t r = 0; r < rounds; r++) {
#pragma GCC unroll 16
        for (int i = 0; i < CHAINS; i++) sums[i] = _mm512_dpbf16_ps(sums[i], x, y);
    }
    for (int i = 1; i < CHAINS; i++) sums[0] = _mm512_add_ps(sums[0], sums[i]);
    volatile float sink = _mm512_reduce_add_ps(sums[0]);
    (void)sink;
    return CHAINS * 16 * 4.0;
}

const assay_bf16_kernels assay_bf16_native_avx512 = {
    .native = true, .pack = assay_pack_avx512bf16, .tile = tile_native, .spin = spin};
#endif
