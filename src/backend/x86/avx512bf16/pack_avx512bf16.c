/* Packs operands for the bf16 tile, 16 lanes at a time. Where a lane's elements lie side by side, 16 lanes by 32
 * elements are 16 registers of pairs, transposed in registers: four rounds of shuffles instead of 256 single stores.
 * Where the lanes lie side by side, two rows of k are interleaved. f32 is rounded to nearest even on the way by the
 * processor's own instruction, which reads a denormal as zero: so does the product that follows. F16 and operands with
 * two strides are rare and take the portable road. */
#if defined(__x86_64__)
#include "backend/x86/avx512bf16/pack_avx512bf16.h"

#include "base/sizes.h"

#include <immintrin.h>

#define INLINED __attribute__((always_inline))

enum { GROUP = 16, RUN = 32 }; /* lanes, and elements of k, that one transposition takes */

static __mmask32 first32(size_t count) { return count >= 32 ? 0xffffffffu : (__mmask32)((1u << count) - 1); }

static __mmask16 first16(size_t count) { return (__mmask16)(count >= 16 ? 0xffffu : (1u << count) - 1); }

/* `count` (at most 32) neighbouring elements as bf16, zero beyond. */
static inline INLINED __m512i load_run(assay_dtype dtype, const void *src, size_t count)
{
    if (dtype == ASSAY_BF16)
        return count == RUN ? _mm512_loadu_si512(src) : _mm512_maskz_loadu_epi16(first32(count), src);
    const float *x = src;
    if (count == RUN) return (__m512i)_mm512_cvtne2ps_pbh(_mm512_loadu_ps(x + 16), _mm512_loadu_ps(x));
    __m512 low = _mm512_maskz_loadu_ps(first16(count), x),
           high = _mm512_maskz_loadu_ps(first16(count > 16 ? count - 16 : 0), x + 16);
    return (__m512i)_mm512_cvtne2ps_pbh(high, low);
}

/* x[i] holds row i of a 16 x 16 matrix of pairs; afterwards column i. */
static inline INLINED void transpose(__m512i x[GROUP])
{
    __m512i y[GROUP];
#pragma GCC unroll 4
    for (int i = 0; i < GROUP; i += 4) {
        __m512i a = _mm512_unpacklo_epi32(x[i], x[i + 1]), b = _mm512_unpackhi_epi32(x[i], x[i + 1]);
        __m512i c = _mm512_unpacklo_epi32(x[i + 2], x[i + 3]), d = _mm512_unpackhi_epi32(x[i + 2], x[i + 3]);
        y[i] = _mm512_unpacklo_epi64(a, c);
        y[i + 1] = _mm512_unpackhi_epi64(a, c);
        y[i + 2] = _mm512_unpacklo_epi64(b, d);
        y[i + 3] = _mm512_unpackhi_epi64(b, d);
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) {
        __m512i a = _mm512_shuffle_i32x4(y[i], y[i + 4], 0x88), b = _mm512_shuffle_i32x4(y[i], y[i + 4], 0xdd);
        __m512i c = _mm512_shuffle_i32x4(y[i + 8], y[i + 12], 0x88),
                d = _mm512_shuffle_i32x4(y[i + 8], y[i + 12], 0xdd);
        x[i] = _mm512_shuffle_i32x4(a, c, 0x88);
        x[i + 8] = _mm512_shuffle_i32x4(a, c, 0xdd);
        x[i + 4] = _mm512_shuffle_i32x4(b, d, 0x88);
        x[i + 12] = _mm512_shuffle_i32x4(b, d, 0xdd);
    }
}

/* One run of all lanes. inner: every lane is there, the run is whole and another follows: then a row of a narrow panel
 * may be stored with what sticks out, because the next row overwrites it. */
static inline INLINED void along_run(uint32_t *dst, size_t width, assay_dtype dtype, const void *src,
                                     ptrdiff_t lane_stride, size_t lanes, size_t count, bool inner)
{
#pragma GCC unroll 2
    for (size_t lane = 0; lane < width; lane += GROUP) {
        __m512i x[GROUP];
        size_t pairs = inner ? GROUP : (count + 1) / 2;
#pragma GCC unroll 16
        for (size_t i = 0; i < GROUP; i++) {
            bool there = lane + i < (inner ? width : lanes);
            x[i] = there ? load_run(dtype, assay_element_at(src, dtype, (ptrdiff_t)(lane + i) * lane_stride),
                                    inner ? RUN : count)
                         : _mm512_setzero_si512();
        }
        transpose(x);
#pragma GCC unroll 16
        for (size_t i = 0; i < pairs; i++)
            if (inner) _mm512_storeu_si512(dst + i * width + lane, x[i]);
            else _mm512_mask_storeu_epi32(dst + i * width + lane, first16(width - lane), x[i]);
    }
}

static inline INLINED void along(uint32_t *dst, size_t width, assay_dtype dtype, const assay_lanes *from, size_t lane)
{
    const void *src = assay_element_at(from->src, dtype, (ptrdiff_t)lane * from->lane_stride);
    size_t first = 0, lanes = assay_smaller(width, from->lanes - lane);
    if (lanes == width)
        for (; first + RUN < from->k; first += RUN)
            along_run(dst + first / 2 * width, width, dtype, assay_element_at(src, dtype, (ptrdiff_t)first),
                      from->lane_stride, width, RUN, true);
    for (; first < from->k; first += RUN)
        along_run(dst + first / 2 * width, width, dtype, assay_element_at(src, dtype, (ptrdiff_t)first),
                  from->lane_stride, lanes, assay_smaller(RUN, from->k - first), false);
}

/* Two rows of k for 16 lanes as pairs. second: the mask of lanes that have a second row. */
static inline INLINED __m512i load_pair(assay_dtype dtype, const void *row, const void *next, __mmask16 lanes,
                                        __mmask16 second)
{
    const __m512i interleave = _mm512_set_epi16(31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22,
                                                6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    if (dtype == ASSAY_F32)
        return _mm512_permutexvar_epi16(interleave, (__m512i)_mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps(second, next),
                                                                                 _mm512_maskz_loadu_ps(lanes, row)));
    __m512i low = _mm512_castsi256_si512(_mm256_maskz_loadu_epi16(lanes, row)),
            high = _mm512_castsi256_si512(_mm256_maskz_loadu_epi16(second, next));
    return _mm512_permutex2var_epi16(
        low, _mm512_add_epi16(interleave, _mm512_and_si512(interleave, _mm512_set1_epi16(16))), high);
}

/* One pair of rows for one panel; inner: all lanes are there and another pair follows, see along_run. */
static inline INLINED void across_pair(uint32_t *dst, size_t width, assay_dtype dtype, const void *row,
                                       const void *next, size_t lanes, bool paired, bool inner)
{
#pragma GCC unroll 2
    for (size_t lane = 0; lane < width; lane += GROUP) {
        __mmask16 mask = inner ? first16(width - lane) : first16(lanes > lane ? lanes - lane : 0);
        __m512i x = load_pair(dtype, assay_element_at(row, dtype, (ptrdiff_t)lane),
                              assay_element_at(next, dtype, (ptrdiff_t)lane), mask, inner || paired ? mask : 0);
        if (inner || width - lane >= GROUP) _mm512_storeu_si512(dst + lane, x);
        else _mm512_mask_storeu_epi32(dst + lane, first16(width - lane), x);
    }
}

/* Row by row over all panels: a row is read once from end to end, however far the rows are apart. */
static inline INLINED void across(uint32_t *dst, size_t width, size_t panel, assay_dtype dtype, const assay_lanes *from)
{
    for (size_t i = 0; i < from->k; i += 2, dst += width) {
        const char *row = assay_element_at(from->src, dtype, (ptrdiff_t)i * from->k_stride),
                   *next =
                       i + 1 < from->k ? assay_element_at(from->src, dtype, (ptrdiff_t)(i + 1) * from->k_stride) : row;
        size_t lane = 0;
        uint32_t *to = dst;
        for (; i + 2 < from->k && lane + width <= from->lanes; lane += width, to += panel)
            across_pair(to, width, dtype, assay_element_at(row, dtype, (ptrdiff_t)lane),
                        assay_element_at(next, dtype, (ptrdiff_t)lane), width, true, true);
        for (; lane < from->lanes; lane += width, to += panel)
            across_pair(to, width, dtype, assay_element_at(row, dtype, (ptrdiff_t)lane),
                        assay_element_at(next, dtype, (ptrdiff_t)lane), assay_smaller(width, from->lanes - lane),
                        i + 1 < from->k, false);
    }
}

/* The tile's widths and the dtypes by name, so that each road is compiled for them. */
static inline INLINED void pack_as(uint32_t *dst, size_t width, size_t panel, assay_dtype dtype,
                                   const assay_lanes *from)
{
    if (from->k_stride != 1) across(dst, width, panel, dtype, from);
    else
        for (size_t lane = 0; lane < from->lanes; lane += width, dst += panel) along(dst, width, dtype, from, lane);
}

static inline INLINED void pack_width(uint32_t *dst, size_t width, size_t panel, const assay_lanes *from)
{
    if (from->dtype == ASSAY_BF16) pack_as(dst, width, panel, ASSAY_BF16, from);
    else pack_as(dst, width, panel, ASSAY_F32, from);
}

void assay_pack_avx512bf16(uint32_t *dst, size_t width, size_t panel, const assay_lanes *from)
{
    bool strided = from->lane_stride != 1 && from->k_stride != 1;
    if (from->dtype == ASSAY_F16 || strided || (width != ASSAY_BF16_MR && width != ASSAY_BF16_NR))
        assay_bf16_avx512.pack(dst, width, panel, from);
    else if (width == ASSAY_BF16_MR) pack_width(dst, ASSAY_BF16_MR, panel, from);
    else pack_width(dst, ASSAY_BF16_NR, panel, from);
}
#endif
