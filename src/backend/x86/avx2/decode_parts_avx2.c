/* Weights of several tensors in AVX2: the f32 operations of the types' own decoders in quant/, in the same order, so
 * the same bits. A run is cut where its scale changes; what is left over of a piece goes the plain way. */
#if defined(__x86_64__)
#include "backend/x86/avx2/decode_avx2.h"
#include "base/sizes.h"
#include "quant/four_bits.h"
#include "quant/fp8.h"

#include <immintrin.h>
#include <math.h>

static inline __m128i load_8(const uint8_t *src) { return _mm_loadl_epi64((const __m128i *)(const void *)src); }

/* Nearest even, for what is no NaN. */
static inline __m256 round_bf16(__m256 x)
{
    __m256i bits = _mm256_castps_si256(x), odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1)),
            up = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
    return _mm256_castsi256_ps(_mm256_and_si256(up, _mm256_set1_epi32((int)0xffff0000u)));
}

static inline __m256 rounded(__m256 values, assay_parts_round round)
{
    if (round == ASSAY_PARTS_BF16) return round_bf16(values);
    if (round == ASSAY_PARTS_F16) return _mm256_cvtph_ps(_mm256_cvtps_ph(values, _MM_FROUND_TO_NEAREST_INT));
    return values;
}

/* ---- NF4 and FP4 ---- */

static inline __m256 scaled(const float *code, float scale, assay_parts_round round)
{
    return rounded(_mm256_mul_ps(_mm256_loadu_ps(code), _mm256_set1_ps(scale)), round);
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
        __m128i pairs = load_8(src + i / 2),
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
        size_t block = at >> parts->block_shift;
        size_t run = assay_smaller((block + 1) << parts->block_shift, end) - at;
        float scale = assay_four_bits_scale(parts, block);
        taken = at % 2 == 0 && isfinite(scale) ? run / 16 * 16 : 0;
        if (taken)
            decode_sixteens(scaled(code, scale, parts->round), scaled(code + 8, scale, parts->round), src + at / 2,
                            taken, dst);
        else assay_four_bits_decode(code, src, parts, at, taken = run, dst);
    }
}

void assay_nf4_avx2(const uint8_t *src, const assay_parts *parts, size_t first, size_t count, float *dst)
{
    decode_four_bits(assay_nf4_values, src, parts, first, count, dst);
}

void assay_fp4_avx2(const uint8_t *src, const assay_parts *parts, size_t first, size_t count, float *dst)
{
    decode_four_bits(assay_fp4_values, src, parts, first, count, dst);
}

/* ---- INT8 and FP8 ---- */

void assay_int8_avx2(const uint8_t *src, const assay_parts *parts, size_t first, size_t count, float *dst)
{
    const __m256 share = _mm256_set1_ps(7.874015718698502e-3f);
    for (size_t at = first, end = first + count, run; at < end; at += run, dst += run) {
        size_t row = at / parts->cols, taken = 0;
        run = assay_smaller((row + 1) * parts->cols, end) - at;
        const __m256 scale = _mm256_set1_ps(assay_parts_f32(parts->scales, row));
        for (; taken + 8 <= run; taken += 8) {
            __m256 q = _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(load_8(src + at + taken)));
            _mm256_storeu_ps(dst + taken, _mm256_mul_ps(_mm256_mul_ps(q, scale), share));
        }
        if (taken < run) assay_int8_decode(src, parts, at + taken, run - taken, dst + taken);
    }
}

/* As in quant/fp8.c: the bits as those of an f32 whose exponent is 120 too small. */
static inline __m256 wide_fp8(__m128i bytes)
{
    const __m256i low = _mm256_set1_epi32(127);
    __m256i bits = _mm256_cvtepu8_epi32(bytes), magnitude = _mm256_and_si256(bits, low);
    __m256 value = _mm256_mul_ps(_mm256_castsi256_ps(_mm256_slli_epi32(magnitude, 20)), _mm256_set1_ps(0x1p120f)),
           no_number = _mm256_castsi256_ps(_mm256_cmpeq_epi32(magnitude, low)),
           sign = _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_andnot_si256(low, bits), 24));
    return _mm256_or_ps(_mm256_or_ps(value, sign), no_number);
}

/* Elements that share a scale, whole eights of them. What is no number stays none. */
static void decode_fp8_run(const uint8_t *src, float scale, assay_parts_round round, size_t count, float *dst)
{
    const __m256 factor = _mm256_set1_ps(scale);
    for (size_t i = 0; i < count; i += 8) {
        __m256 value = _mm256_mul_ps(wide_fp8(load_8(src + i)), factor),
               no_number = _mm256_cmp_ps(value, value, _CMP_UNORD_Q);
        _mm256_storeu_ps(dst + i, _mm256_or_ps(rounded(value, round), no_number));
    }
}

void assay_fp8_avx2(const uint8_t *src, const assay_parts *parts, size_t first, size_t count, float *dst)
{
    for (size_t at = first, end = first + count, run, taken; at < end; at += run, dst += run) {
        run = assay_smaller(assay_fp8_run(parts, at), end - at);
        taken = run / 8 * 8;
        decode_fp8_run(src + at, assay_fp8_scale(parts, at), parts->round, taken, dst);
        if (taken < run) assay_fp8_decode(src, parts, at + taken, run - taken, dst + taken);
    }
}
#endif
