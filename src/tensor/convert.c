/* Any weight type to f32. Block types are decoded by the files of quant/, a group of ASSAY_GROUP elements at a time. */
#include "tensor/dtype.h"

#include <assert.h>
#include <string.h>

static const assay_decode_group decoders[] = {
#define DECODER(name, file, ...) [ASSAY_##name] = assay_##file##_decode,
    ASSAY_BLOCK_MAP(DECODER)
#undef DECODER
};

static const assay_quantise_block quantisers[ASSAY_DTYPE_COUNT] = {
#define QUANTISER(name, file, bytes, block, gguf, made) [ASSAY_##name] = ASSAY_QUANTISER_##made(file),
    ASSAY_BLOCK_MAP(QUANTISER)
#undef QUANTISER
};

static uint16_t load_u16(const uint8_t *src)
{
    uint16_t bits;
    memcpy(&bits, src, sizeof bits);
    return bits;
}

static void decode_part(assay_decode_group decode, const uint8_t *block, size_t part, size_t first, size_t count,
                        float *dst)
{
    float whole[ASSAY_GROUP];
    decode(block, part, whole);
    memcpy(dst, whole + first, count * sizeof *dst);
}

/* row: where the row begins. */
static void decode_run(assay_decode_group decode, assay_dtype dtype, const uint8_t *row, size_t first, size_t count,
                       float *dst)
{
    size_t parts = assay_dtype_block(dtype) / ASSAY_GROUP, bytes = assay_dtype_block_bytes(dtype);
    for (size_t done = 0, taken; done < count; done += taken) {
        size_t at = first + done, group = at / ASSAY_GROUP, border = ASSAY_GROUP - at % ASSAY_GROUP;
        const uint8_t *block = row + group / parts * bytes;
        taken = border < count - done ? border : count - done;
        if (taken == ASSAY_GROUP) decode(block, group % parts, dst + done);
        else decode_part(decode, block, group % parts, at % ASSAY_GROUP, taken, dst + done);
    }
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
        decode_run(decoders[dtype], dtype, src, 0, count, dst);
    }
}

void assay_dtype_run_to_f32(assay_dtype dtype, const void *row, size_t first, size_t count, float *dst)
{
    if (assay_dtype_is_packed(dtype)) decode_run(decoders[dtype], dtype, row, first, count, dst);
    else assay_dtype_to_f32(dtype, (const uint8_t *)row + first * assay_dtype_block_bytes(dtype), dst, count);
}

static void narrow(assay_dtype dtype, const float *src, uint8_t *dst, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint16_t bits = dtype == ASSAY_BF16 ? assay_f32_to_bf16(src[i]) : assay_f32_to_f16(src[i]);
        memcpy(dst + i * sizeof bits, &bits, sizeof bits);
    }
}

void assay_dtype_from_f32(assay_dtype dtype, const float *src, void *data, size_t count)
{
    float values[256];
    uint8_t *dst = data;
    size_t block = assay_dtype_block(dtype), bytes = assay_dtype_block_bytes(dtype);
    assay_quantise_block quantise = quantisers[dtype];
    assert((block == 1 || quantise) && count % block == 0 && block <= sizeof values / sizeof *values);
    if (dtype == ASSAY_F32 && data != src && count) memcpy(dst, src, count * sizeof *src);
    if (block == 1 && dtype != ASSAY_F32) narrow(dtype, src, dst, count);
    for (size_t i = 0; block > 1 && i < count / block; i++) {
        memcpy(values, src + i * block, block * sizeof *values);
        quantise(values, dst + i * bytes);
    }
}

void assay_dtype_round_bf16(float *values, size_t count)
{
    for (size_t i = 0; i < count; i++) values[i] = assay_bf16_to_f32(assay_f32_to_bf16(values[i]));
}
