/* Decoding of packed weights in AVX2, for the types that most files have; every other type keeps its file's own
 * decoder in quant/. The same f32 operations in the same order, so the same bits. The AVX-512 sets use these too: a
 * group of 32 is no more than a handful of registers, and its scales take as long as its elements. */
#if defined(__x86_64__)
#include "backend/kernels.h"
#include "quant/block_bytes.h"
#include "quant/four_bits.h"
#include "quant/k_scales.h"

#include <immintrin.h>
#include <math.h>

static inline float load_f16(const uint8_t *src)
{
    uint16_t bits;
    memcpy(&bits, src, sizeof bits);
    return _cvtsh_ss(bits);
}

static inline __m256i load_32(const uint8_t *src) { return _mm256_loadu_si256((const __m256i *)(const void *)src); }

/* Eight bytes of q from byte 8 i on, as f32. */
static inline __m256 unsigned_floats(__m256i q, int i)
{
    __m128i half = i < 2 ? _mm256_castsi256_si128(q) : _mm256_extracti128_si256(q, 1);
    return _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(i % 2 ? _mm_srli_si128(half, 8) : half));
}

static inline __m256 signed_floats(__m256i q, int i)
{
    __m128i half = i < 2 ? _mm256_castsi256_si128(q) : _mm256_extracti128_si256(q, 1);
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(i % 2 ? _mm_srli_si128(half, 8) : half));
}

static inline __m256i low_nibbles(__m256i q) { return _mm256_and_si256(q, _mm256_set1_epi8(15)); }

static inline __m256i nibbles(__m256i q, bool high) { return low_nibbles(high ? _mm256_srli_epi16(q, 4) : q); }

static void decode_q8_0(const uint8_t *src, size_t part, float *dst)
{
    __m256 d = _mm256_set1_ps(load_f16(src));
    __m256i q = load_32(src + 2);
    (void)part;
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) _mm256_storeu_ps(dst + 8 * i, _mm256_mul_ps(signed_floats(q, i), d));
}

/* step q - least: of Q4_K and Q5_K, whose scales lie alike. */
static inline void store_levels(const uint8_t *src, size_t part, __m256i q, float *dst)
{
    int scale, minimum;
    assay_k_scale(src + 4, part, &scale, &minimum);
    __m256 step = _mm256_set1_ps(load_f16(src) * (float)scale),
           least = _mm256_set1_ps(load_f16(src + 2) * (float)minimum);
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
        _mm256_storeu_ps(dst + 8 * i, _mm256_sub_ps(_mm256_mul_ps(step, unsigned_floats(q, i)), least));
}

static void decode_q4_k(const uint8_t *src, size_t part, float *dst)
{
    store_levels(src, part, nibbles(load_32(src + 16 + 32 * (part / 2)), part % 2), dst);
}

static void decode_q5_k(const uint8_t *src, size_t part, float *dst)
{
    __m256i low = nibbles(load_32(src + 48 + 32 * (part / 2)), part % 2), bit = _mm256_set1_epi8((char)(1u << part)),
            fifth = _mm256_cmpeq_epi8(_mm256_and_si256(load_32(src + 16), bit), bit);
    store_levels(src, part, _mm256_or_si256(low, _mm256_and_si256(fifth, _mm256_set1_epi8(16))), dst);
}

static void decode_q6_k(const uint8_t *src, size_t part, float *dst)
{
    size_t half = part / 4, k = part % 4;
    float d = load_f16(src + 208);
    __m128i up = _mm_cvtsi32_si128(2 * (int)k);
    __m256i low = nibbles(load_32(src + 64 * half + 32 * (k % 2)), k >= 2),
            high = _mm256_and_si256(_mm256_srl_epi16(load_32(src + 128 + 32 * half), up), _mm256_set1_epi8(3)),
            q = _mm256_sub_epi8(_mm256_or_si256(low, _mm256_slli_epi16(high, 4)), _mm256_set1_epi8(32));
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        __m256 step = _mm256_set1_ps(d * (float)(int8_t)src[192 + 2 * part + (size_t)i / 2]);
        _mm256_storeu_ps(dst + 8 * i, _mm256_mul_ps(step, signed_floats(q, i)));
    }
}

/* ---- NF4 and FP4 ---- */

/* Nearest even, for what is no NaN. */
static inline __m256 round_bf16(__m256 x)
{
    __m256i bits = _mm256_castps_si256(x), odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1)),
            up = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    return _mm256_castsi256_ps(_mm256_and_si256(up, _mm256_set1_epi32((int)0xffff0000u)));
}

static inline __m256 scaled(const float *code, float scale, assay_parts_round round)
{
    __m256 values = _mm256_mul_ps(_mm256_loadu_ps(code), _mm256_set1_ps(scale));
    if (round == ASSAY_PARTS_BF16) return round_bf16(values);
    if (round == ASSAY_PARTS_F16) return _mm256_cvtph_ps(_mm256_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT));
    return values;
}

/* Eight indices of four bits, as bytes: bit 3 chooses the table. */
static inline __m256 look_up(__m256 low, __m256 high, __m128i bytes)
{
    __m256i at = _mm256_cvtepu8_epi32(bytes);
    __m256 upper = _mm256_castsi256_ps(_mm256_slli_epi32(at, 28));
    return _mm256_blendv_ps(_mm256_permutevar8x32_ps(low, at), _mm256_permutevar8x32_ps(high, at), upper);
}

/* count elements, a multiple of 16, of one block, from an even one on. */
static void decode_sixteens(__m256 low, __m256 high, const uint8_t *src, size_t count, float *dst)
{
    const __m128i mask = _mm_set1_epi8(15);
    for (size_t i = 0; i < count; i += 16) {
        __m128i pairs = _mm_loadl_epi64((const __m128i *)(const void *)(src + i / 2)),
                at = _mm_unpacklo_epi8(_mm_and_si128(_mm_srli_epi16(pairs, 4), mask), _mm_and_si128(pairs, mask));
        _mm256_storeu_ps(dst + i, look_up(low, high, at));
        _mm256_storeu_ps(dst + i + 8, look_up(low, high, _mm_srli_si128(at, 8)));
    }
}

/* Block by block; what is no whole sixteen of a block goes the plain way. */
static void decode_four_bits(const float *code, const uint8_t *src, const assay_parts *parts, size_t first,
                             size_t count, float *dst)
{
    for (size_t at = first, end = first + count, taken; at < end; at += taken, dst += taken) {
        size_t block = at >> parts->block_shift, border = (block + 1) << parts->block_shift;
        size_t run = (border < end ? border : end) - at;
        float scale = assay_four_bits_scale(parts, block);
        taken = at % 2 == 0 && isfinite(scale) ? run / 16 * 16 : 0;
        if (taken)
            decode_sixteens(scaled(code, scale, parts->round), scaled(code + 8, scale, parts->round), src + at / 2,
                            taken, dst);
        else assay_four_bits_decode(code, src, parts, at, taken = run, dst);
    }
}

static void decode_nf4(const uint8_t *src, const assay_parts *parts, size_t first, size_t count, float *dst)
{
    decode_four_bits(assay_nf4_values, src, parts, first, count, dst);
}

static void decode_fp4(const uint8_t *src, const assay_parts *parts, size_t first, size_t count, float *dst)
{
    decode_four_bits(assay_fp4_values, src, parts, first, count, dst);
}

const assay_decoders assay_decoders_avx2 = {.group = {[ASSAY_Q8_0] = decode_q8_0,
                                                      [ASSAY_Q4_K] = decode_q4_k,
                                                      [ASSAY_Q5_K] = decode_q5_k,
                                                      [ASSAY_Q6_K] = decode_q6_k},
                                            .parts = {[ASSAY_NF4] = decode_nf4, [ASSAY_FP4] = decode_fp4}};
#endif
