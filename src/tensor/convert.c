/* Any weight type to f32. The block layouts are ggml's: a scale d (f16), sometimes a minimum m (f16), then 32 small
 * integers; Q4 and Q5 hold element j in the low nibble of byte j and element j + 16 in its high nibble, Q5's fifth bits
 * in one u32. Source: ggml, ggml-common.h (layouts) and ggml-quants.c dequantize_row_q*. */
#include "tensor/dtype.h"

#include <assert.h>
#include <string.h>

static uint16_t load_u16(const uint8_t *src)
{
    uint16_t bits;
    memcpy(&bits, src, sizeof bits);
    return bits;
}

static void q8_0_block(const uint8_t *src, float *dst)
{
    float d = assay_f16_to_f32(load_u16(src));
    for (int j = 0; j < 32; j++) dst[j] = (float)(int8_t)src[2 + j] * d;
}

static void q4_0_block(const uint8_t *src, float *dst)
{
    float d = assay_f16_to_f32(load_u16(src));
    for (int j = 0; j < 16; j++) {
        dst[j] = (float)((src[2 + j] & 15) - 8) * d;
        dst[j + 16] = (float)((src[2 + j] >> 4) - 8) * d;
    }
}

static void q4_1_block(const uint8_t *src, float *dst)
{
    float d = assay_f16_to_f32(load_u16(src)), m = assay_f16_to_f32(load_u16(src + 2));
    for (int j = 0; j < 16; j++) {
        dst[j] = (float)(src[4 + j] & 15) * d + m;
        dst[j + 16] = (float)(src[4 + j] >> 4) * d + m;
    }
}

static void fifth_bits(const uint8_t *high, const uint8_t *low, int values[32])
{
    uint32_t bits;
    memcpy(&bits, high, sizeof bits);
    for (int j = 0; j < 16; j++) {
        values[j] = (low[j] & 15) | (int)((bits >> j & 1u) << 4);
        values[j + 16] = (low[j] >> 4) | (int)((bits >> (j + 16) & 1u) << 4);
    }
}

static void q5_0_block(const uint8_t *src, float *dst)
{
    float d = assay_f16_to_f32(load_u16(src));
    int values[32];
    fifth_bits(src + 2, src + 6, values);
    for (int j = 0; j < 32; j++) dst[j] = (float)(values[j] - 16) * d;
}

static void q5_1_block(const uint8_t *src, float *dst)
{
    float d = assay_f16_to_f32(load_u16(src)), m = assay_f16_to_f32(load_u16(src + 2));
    int values[32];
    fifth_bits(src + 4, src + 8, values);
    for (int j = 0; j < 32; j++) dst[j] = (float)values[j] * d + m;
}

static void convert_blocks(assay_dtype dtype, const uint8_t *src, float *dst, size_t count)
{
    void (*block)(const uint8_t *, float *) = dtype == ASSAY_Q8_0   ? q8_0_block
                                              : dtype == ASSAY_Q4_0 ? q4_0_block
                                              : dtype == ASSAY_Q4_1 ? q4_1_block
                                              : dtype == ASSAY_Q5_0 ? q5_0_block
                                                                    : q5_1_block;
    size_t bytes = assay_dtype_block_bytes(dtype);
    for (size_t i = 0; i < count / 32; i++) block(src + i * bytes, dst + i * 32);
}

static void convert_f64(const uint8_t *src, float *dst, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double value;
        memcpy(&value, src + i * sizeof value, sizeof value);
        dst[i] = (float)value;
    }
}

void assay_dtype_to_f32(assay_dtype dtype, const void *data, float *dst, size_t count)
{
    const uint8_t *src = data;
    assert(assay_dtype_is_weight(dtype) && count % assay_dtype_block(dtype) == 0);
    switch (dtype) {
    case ASSAY_F32:
        if (count) memcpy(dst, src, count * sizeof *dst);
        break;
    case ASSAY_F16:
        for (size_t i = 0; i < count; i++) dst[i] = assay_f16_to_f32(load_u16(src + 2 * i));
        break;
    case ASSAY_BF16:
        for (size_t i = 0; i < count; i++) dst[i] = assay_bf16_to_f32(load_u16(src + 2 * i));
        break;
    case ASSAY_F64:
        convert_f64(src, dst, count);
        break;
    default:
        convert_blocks(dtype, src, dst, count);
    }
}
