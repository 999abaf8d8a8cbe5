/* Block types of packed weights in AVX2: the f32 operations of the types' own decoders in quant/, in the same order, so
 * the same bits. A run of groups is decoded at once. The steps of a block of 256 are made together, as floats in
 * memory, and an element's level is brought to a byte before it becomes a float. The AVX-512 sets use these too: a
 * group of 32 is no more than a handful of registers. */
#if defined(__x86_64__)
#include "backend/x86/avx2/decode_avx2.h"

#include "base/sizes.h"
#include "quant/block_bytes.h"
#include "quant/iq4_values.h"
#include "quant/mxfp4_values.h"

#include <immintrin.h>

enum {
    PARTS = 8, /* groups of a block of 256 */
#define BLOCK_BYTES(name, file, bytes, ...) name##_BYTES = bytes,
    ASSAY_BLOCK_MAP(BLOCK_BYTES)
#undef BLOCK_BYTES
};

static inline float load_f16(const uint8_t *src)
{
    uint16_t bits;
    memcpy(&bits, src, sizeof bits);
    return _cvtsh_ss(bits);
}

static inline __m256i load_32(const uint8_t *src) { return _mm256_loadu_si256((const __m256i *)(const void *)src); }

static inline __m128i load_16(const uint8_t *src) { return _mm_loadu_si128((const __m128i *)(const void *)src); }

/* Eight bytes from byte 8 i on. */
static inline __m128i eighth(__m256i q, int i)
{
    __m128i half = i < 2 ? _mm256_castsi256_si128(q) : _mm256_extracti128_si256(q, 1);
    return i % 2 ? _mm_srli_si128(half, 8) : half;
}

/* Signed levels times a step, the first half's and the second half's. */
static inline void store_steps(__m256i q, __m256 first, __m256 second, float *dst)
{
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++)
        _mm256_storeu_ps(dst + 8 * i,
                         _mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(eighth(q, i))), i < 2 ? first : second));
}

/* Levels times a step, and an offset, of each half. A minimum that is taken away is an offset of the other sign. */
static inline void store_levels(__m256i q, const float step[2], const float offset[2], float *dst)
{
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        __m256 level = _mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(eighth(q, i)));
        _mm256_storeu_ps(dst + 8 * i, _mm256_add_ps(_mm256_mul_ps(_mm256_set1_ps(step[i / 2]), level),
                                                    _mm256_set1_ps(offset[i / 2])));
    }
}

/* ---- blocks of 32 ---- */

/* 16 bytes: the low nibbles, then the high ones. */
static inline __m256i load_nibbles(const uint8_t *src)
{
    __m128i bytes = load_16(src);
    return _mm256_and_si256(_mm256_set_m128i(_mm_srli_epi16(bytes, 4), bytes), _mm256_set1_epi8(15));
}

/* 16 where the bit of an element is set. */
static inline __m256i fifth_bits(uint32_t bits)
{
    const __m256i spread = _mm256_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3,
                                            3, 3, 3, 3, 3, 3, 3),
                  bit = _mm256_set1_epi64x((long long)0x8040201008040201u);
    __m256i bytes = _mm256_shuffle_epi8(_mm256_set1_epi32((int)bits), spread);
    return _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit), bit), _mm256_set1_epi8(16));
}

static inline void store_even(__m256i q, float d, float *dst)
{
    store_steps(q, _mm256_set1_ps(d), _mm256_set1_ps(d), dst);
}

static inline void store_affine(__m256i q, float d, float m, float *dst)
{
    store_levels(q, (const float[2]){d, d}, (const float[2]){m, m}, dst);
}

void assay_q8_0_avx2(const uint8_t *row, size_t first, size_t count, float *dst)
{
    const uint8_t *src = row + first * Q8_0_BYTES;
    for (size_t i = 0; i < count; i++, src += Q8_0_BYTES, dst += ASSAY_GROUP)
        store_even(load_32(src + 2), load_f16(src), dst);
}

void assay_q4_0_avx2(const uint8_t *row, size_t first, size_t count, float *dst)
{
    const uint8_t *src = row + first * Q4_0_BYTES;
    for (size_t i = 0; i < count; i++, src += Q4_0_BYTES, dst += ASSAY_GROUP)
        store_even(_mm256_sub_epi8(load_nibbles(src + 2), _mm256_set1_epi8(8)), load_f16(src), dst);
}

void assay_q4_1_avx2(const uint8_t *row, size_t first, size_t count, float *dst)
{
    const uint8_t *src = row + first * Q4_1_BYTES;
    for (size_t i = 0; i < count; i++, src += Q4_1_BYTES, dst += ASSAY_GROUP)
        store_affine(load_nibbles(src + 4), load_f16(src), load_f16(src + 2), dst);
}

void assay_q5_0_avx2(const uint8_t *row, size_t first, size_t count, float *dst)
{
    const uint8_t *src = row + first * Q5_0_BYTES;
    for (size_t i = 0; i < count; i++, src += Q5_0_BYTES, dst += ASSAY_GROUP) {
        __m256i q = _mm256_or_si256(load_nibbles(src + 6), fifth_bits(assay_block_u32(src + 2)));
        store_even(_mm256_sub_epi8(q, _mm256_set1_epi8(16)), load_f16(src), dst);
    }
}

void assay_q5_1_avx2(const uint8_t *row, size_t first, size_t count, float *dst)
{
    const uint8_t *src = row + first * Q5_1_BYTES;
    for (size_t i = 0; i < count; i++, src += Q5_1_BYTES, dst += ASSAY_GROUP)
        store_affine(_mm256_or_si256(load_nibbles(src + 8), fifth_bits(assay_block_u32(src + 4))), load_f16(src),
                     load_f16(src + 2), dst);
}

static inline __m256i look_up(const int8_t table[16], __m256i q)
{
    return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(load_16((const uint8_t *)table)), q);
}

void assay_iq4_nl_avx2(const uint8_t *row, size_t first, size_t count, float *dst)
{
    const uint8_t *src = row + first * IQ4_NL_BYTES;
    for (size_t i = 0; i < count; i++, src += IQ4_NL_BYTES, dst += ASSAY_GROUP)
        store_even(look_up(assay_iq4_values, load_nibbles(src + 2)), load_f16(src), dst);
}

void assay_mxfp4_avx2(const uint8_t *row, size_t first, size_t count, float *dst)
{
    const uint8_t *src = row + first * MXFP4_BYTES;
    for (size_t i = 0; i < count; i++, src += MXFP4_BYTES, dst += ASSAY_GROUP)
        store_even(look_up(assay_mxfp4_values, load_nibbles(src + 1)), assay_mxfp4_power(src[0]), dst);
}

/* ---- blocks of 256 ---- */

typedef void (*decode_parts)(const uint8_t *block, size_t part, size_t parts, float *dst);

static void decode_blocks(const uint8_t *row, size_t first, size_t count, size_t bytes, decode_parts decode, float *dst)
{
    for (size_t done = 0, parts; done < count; done += parts) {
        size_t at = first + done, part = at % PARTS;
        parts = assay_smaller(PARTS - part, count - done);
        decode(row + at / PARTS * bytes, part, parts, dst + done * ASSAY_GROUP);
    }
}

/* Eight bytes as floats times d. */
static inline __m256 scaled_8(__m128i bytes, float d)
{
    return _mm256_mul_ps(_mm256_set1_ps(d), _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(bytes)));
}

static inline void scaled_16(__m128i bytes, float d, float steps[16])
{
    _mm256_storeu_ps(steps, scaled_8(bytes, d));
    _mm256_storeu_ps(steps + 8, scaled_8(_mm_srli_si128(bytes, 8), d));
}

static inline __m256 negative(__m256 x) { return _mm256_xor_ps(x, _mm256_set1_ps(-0.0f)); }

/* A step and an offset of each group: the scales of Q4_K and Q5_K (quant/k_scales.h), four to a word. */
typedef struct k_levels {
    float step[PARTS], offset[PARTS];
} k_levels;

static inline k_levels load_k_levels(const uint8_t *src)
{
    const uint32_t six = 0x3f3f3f3fu, four = 0x0f0f0f0fu, two = 0x03030303u;
    uint32_t a = assay_block_u32(src + 4), b = assay_block_u32(src + 8), c = assay_block_u32(src + 12);
    uint64_t scales = (a & six) | (uint64_t)((c & four) | (a >> 6 & two) << 4) << 32,
             minima = (b & six) | (uint64_t)((c >> 4 & four) | (b >> 6 & two) << 4) << 32;
    k_levels levels;
    _mm256_storeu_ps(levels.step, scaled_8(_mm_cvtsi64_si128((long long)scales), load_f16(src)));
    _mm256_storeu_ps(levels.offset, negative(scaled_8(_mm_cvtsi64_si128((long long)minima), load_f16(src + 2))));
    return levels;
}

static inline void store_part(__m256i q, const k_levels *levels, size_t part, float *dst)
{
    store_affine(q, levels->step[part], levels->offset[part], dst);
}

/* The two, four or eight groups of some bytes: bits from `shift` on, those of the mask. */
static inline __m256i bits_of(__m256i bytes, size_t shift, char mask)
{
    return _mm256_and_si256(_mm256_srl_epi16(bytes, _mm_cvtsi32_si128((int)shift)), _mm256_set1_epi8(mask));
}

static void q4_k_parts(const uint8_t *src, size_t part, size_t parts, float *dst)
{
    const k_levels levels = load_k_levels(src);
    for (size_t p = part; p < part + parts; p++, dst += ASSAY_GROUP)
        store_part(bits_of(load_32(src + 16 + 32 * (p / 2)), 4 * (p % 2), 15), &levels, p, dst);
}

static void q5_k_parts(const uint8_t *src, size_t part, size_t parts, float *dst)
{
    const k_levels levels = load_k_levels(src);
    const __m256i fifth = load_32(src + 16);
    for (size_t p = part; p < part + parts; p++, dst += ASSAY_GROUP) {
        __m256i low = bits_of(load_32(src + 48 + 32 * (p / 2)), 4 * (p % 2), 15);
        store_part(_mm256_or_si256(low, _mm256_slli_epi16(bits_of(fifth, p, 1), 4)), &levels, p, dst);
    }
}

static void q6_k_parts(const uint8_t *src, size_t part, size_t parts, float *dst)
{
    float steps[2 * PARTS];
    scaled_16(load_16(src + 192), load_f16(src + 208), steps);
    for (size_t p = part; p < part + parts; p++, dst += ASSAY_GROUP) {
        size_t half = p / 4, k = p % 4;
        __m256i low = bits_of(load_32(src + 64 * half + 32 * (k % 2)), k < 2 ? 0 : 4, 15),
                high = _mm256_slli_epi16(bits_of(load_32(src + 128 + 32 * half), 2 * k, 3), 4);
        store_steps(_mm256_sub_epi8(_mm256_or_si256(low, high), _mm256_set1_epi8(32)), _mm256_set1_ps(steps[2 * p]),
                    _mm256_set1_ps(steps[2 * p + 1]), dst);
    }
}

static void q3_k_parts(const uint8_t *src, size_t part, size_t parts, float *dst)
{
    const uint32_t four = 0x0f0f0f0fu, two = 0x03030303u;
    uint32_t a = assay_block_u32(src + 96), b = assay_block_u32(src + 100), c = assay_block_u32(src + 104);
    const uint32_t scales[4] = {(a & four) | (c & two) << 4, (b & four) | (c >> 2 & two) << 4,
                                (a >> 4 & four) | (c >> 4 & two) << 4, (b >> 4 & four) | (c >> 6 & two) << 4};
    float steps[2 * PARTS];
    scaled_16(_mm_sub_epi8(load_16((const uint8_t *)scales), _mm_set1_epi8(32)), load_f16(src + 108), steps);
    const __m256i third = load_32(src);
    for (size_t p = part; p < part + parts; p++, dst += ASSAY_GROUP) {
        __m256i low = bits_of(load_32(src + 32 + 32 * (p / 4)), 2 * (p % 4), 3),
                high = _mm256_slli_epi16(bits_of(third, p, 1), 2);
        store_steps(_mm256_sub_epi8(_mm256_or_si256(low, high), _mm256_set1_epi8(4)), _mm256_set1_ps(steps[2 * p]),
                    _mm256_set1_ps(steps[2 * p + 1]), dst);
    }
}

static void q2_k_parts(const uint8_t *src, size_t part, size_t parts, float *dst)
{
    const __m128i scales = load_16(src), low = _mm_set1_epi8(15);
    float steps[2 * PARTS], minima[2 * PARTS];
    scaled_16(_mm_and_si128(scales, low), load_f16(src + 80), steps);
    scaled_16(_mm_and_si128(_mm_srli_epi16(scales, 4), low), load_f16(src + 82), minima);
    for (size_t p = part; p < part + parts; p++, dst += ASSAY_GROUP) {
        const float offset[2] = {-minima[2 * p], -minima[2 * p + 1]};
        store_levels(bits_of(load_32(src + 16 + 32 * (p / 4)), 2 * (p % 4), 3), steps + 2 * p, offset, dst);
    }
}

static void iq4_xs_parts(const uint8_t *src, size_t part, size_t parts, float *dst)
{
    float d = load_f16(src);
    unsigned upper = src[2] | (unsigned)src[3] << 8;
    for (size_t p = part; p < part + parts; p++, dst += ASSAY_GROUP) {
        unsigned low = (unsigned)src[4 + p / 2] >> 4 * (p % 2) & 15u, high = upper >> 2 * p & 3u;
        store_even(look_up(assay_iq4_values, load_nibbles(src + 8 + 16 * p)), d * (float)((int)(low | high << 4) - 32),
                   dst);
    }
}

void assay_q2_k_avx2(const uint8_t *row, size_t first, size_t count, float *dst)
{
    decode_blocks(row, first, count, Q2_K_BYTES, q2_k_parts, dst);
}

void assay_q3_k_avx2(const uint8_t *row, size_t first, size_t count, float *dst)
{
    decode_blocks(row, first, count, Q3_K_BYTES, q3_k_parts, dst);
}

void assay_q4_k_avx2(const uint8_t *row, size_t first, size_t count, float *dst)
{
    decode_blocks(row, first, count, Q4_K_BYTES, q4_k_parts, dst);
}

void assay_q5_k_avx2(const uint8_t *row, size_t first, size_t count, float *dst)
{
    decode_blocks(row, first, count, Q5_K_BYTES, q5_k_parts, dst);
}

void assay_q6_k_avx2(const uint8_t *row, size_t first, size_t count, float *dst)
{
    decode_blocks(row, first, count, Q6_K_BYTES, q6_k_parts, dst);
}

void assay_iq4_xs_avx2(const uint8_t *row, size_t first, size_t count, float *dst)
{
    decode_blocks(row, first, count, IQ4_XS_BYTES, iq4_xs_parts, dst);
}
#endif
