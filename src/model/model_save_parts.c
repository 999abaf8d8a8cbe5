/* Scales first, then bytes: both come out of a pass over the matrix, and nothing of its size is kept. What bitsandbytes
 * would compute from weights in bf16 it computes from what they are in f32, so a pass rounds them to that and goes on
 * in f32. */
#include "model/model_save_parts.h"

#include "base/alloc.h"
#include "base/sizes.h"
#include "quant/dynamic_map.h"
#include "quant/four_bits.h"

#include <math.h>

static bool is_int8(const assay_save_tensor *tensor) { return tensor->dtype == ASSAY_INT8; }

static assay_parts_round round_of(assay_dtype plain)
{
    return plain == ASSAY_BF16 ? ASSAY_PARTS_BF16 : plain == ASSAY_F16 ? ASSAY_PARTS_F16 : ASSAY_PARTS_F32;
}

/* What is packed: values as a loader has them. */
static assay_status settle_values(const assay_save_tensor *tensor, float *values, size_t count, assay_error *err)
{
    if (tensor->plain == ASSAY_BF16) assay_dtype_round_bf16(values, count);
    if (tensor->plain == ASSAY_F16 || is_int8(tensor)) assay_int8_round(values, count);
    return assay_save_all_finite(values, count) ? ASSAY_OK : assay_save_cannot_pack(tensor, err);
}

bool assay_made_parts_bytes(assay_dtype dtype, bool nested, size_t rows, size_t cols, size_t *packed, size_t *scales)
{
    size_t elements;
    if (!assay_mul_size(rows, cols, &elements)) return false;
    *packed = dtype == ASSAY_INT8 ? elements : assay_divide_up(elements, 2);
    size_t blocks = dtype == ASSAY_INT8 ? rows : assay_divide_up(elements, ASSAY_NF4_BLOCK);
    *scales = blocks * sizeof(float);
    if (dtype != ASSAY_INT8 && nested)
        *scales = blocks + assay_divide_up(blocks, ASSAY_DYNAMIC_BLOCK) * sizeof(float) + ASSAY_PARTS_MAP_BYTES;
    return true;
}

/* ---- scales ---- */

typedef struct scale_pass {
    const assay_save_tensor *tensor;
    float *scales;
    size_t width, done; /* elements of a scale; scales that are found */
} scale_pass;

/* Runs are whole blocks, or whole rows. bitsandbytes clamps the scale of a short block, and of no other. */
static assay_status find_scales(void *context, float *values, size_t count, assay_error *err)
{
    scale_pass *pass = context;
    ASSAY_TRY(settle_values(pass->tensor, values, count, err));
    for (size_t i = 0; i < count; i += pass->width) {
        size_t length = assay_smaller(pass->width, count - i);
        float scale = assay_parts_largest(values + i, length);
        pass->scales[pass->done++] = length < pass->width ? fmaxf(scale, 1e-38f) : scale;
    }
    return ASSAY_OK;
}

/* The scales less their mean are packed as blocks of values of the map. */
static void nest_scales(assay_made_parts *made)
{
    float rests[ASSAY_DYNAMIC_BLOCK];
    double sum = 0;
    for (size_t i = 0; i < made->count; i++) sum += (double)made->scales[i];
    made->parts.offset = (float)(sum / (double)made->count);
    assay_dynamic_map(made->map, true);
    for (size_t first = 0, block = 0; first < made->count; first += ASSAY_DYNAMIC_BLOCK, block++) {
        size_t length = assay_smaller(ASSAY_DYNAMIC_BLOCK, made->count - first);
        for (size_t i = 0; i < length; i++) rests[i] = made->scales[first + i] - made->parts.offset;
        made->map_scales[block] = assay_parts_largest(rests, length);
        assay_dynamic_levels(made->map, rests, length, made->map_scales[block], made->levels + first);
    }
}

static assay_status take_memory(assay_made_parts *made, const assay_save_tensor *tensor, bool nested, assay_error *err)
{
    made->scales = assay_alloc(made->count + 1, sizeof *made->scales);
    ASSAY_TRY_ALLOC(made->scales, tensor->name, err);
    if (!nested) return ASSAY_OK;
    made->levels = assay_alloc(made->count + 1, 1);
    made->map_scales = assay_alloc(assay_divide_up(made->count, ASSAY_DYNAMIC_BLOCK) + 1, sizeof *made->map_scales);
    made->map = assay_alloc(ASSAY_DYNAMIC_LEVELS, sizeof *made->map);
    if (made->levels && made->map_scales && made->map) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the scales of %s", tensor->name);
}

static void describe_parts(assay_made_parts *made, const assay_save_tensor *tensor, bool nested)
{
    made->parts = (assay_parts){.scales = (const uint8_t *)made->scales,
                                .scale_bytes = made->count * sizeof(float),
                                .offset = made->parts.offset,
                                .cols = tensor->cols};
    if (is_int8(tensor)) return;
    made->parts.block_shift = 6;
    made->parts.round = round_of(tensor->plain);
    if (!nested) return;
    made->parts.map_shift = 8;
    made->parts.scales = made->levels;
    made->parts.scale_bytes = made->count;
    made->parts.map = (const uint8_t *)made->map;
    made->parts.map_scales = (const uint8_t *)made->map_scales;
    made->parts.map_scale_bytes = assay_divide_up(made->count, ASSAY_DYNAMIC_BLOCK) * sizeof(float);
}

assay_status assay_made_parts_open(assay_made_parts *made, const assay_save_tensor *tensor, bool nested,
                                   assay_error *err)
{
    scale_pass pass = {.tensor = tensor, .width = is_int8(tensor) ? tensor->cols : ASSAY_NF4_BLOCK};
    *made = (assay_made_parts){0};
    nested = nested && !is_int8(tensor);
    made->count = assay_divide_up(tensor->count * tensor->cols, pass.width);
    assay_status status = take_memory(made, tensor, nested, err);
    pass.scales = made->scales;
    if (status == ASSAY_OK)
        status = assay_save_tensor_read(tensor, is_int8(tensor) ? 1 : ASSAY_NF4_BLOCK, find_scales, &pass, err);
    if (status != ASSAY_OK) {
        assay_made_parts_close(made);
        return status;
    }
    if (nested) nest_scales(made);
    describe_parts(made, tensor, nested);
    return ASSAY_OK;
}

void assay_made_parts_close(assay_made_parts *made)
{
    assay_free(made->scales);
    assay_free(made->levels);
    assay_free(made->map_scales);
    assay_free(made->map);
    *made = (assay_made_parts){0};
}

/* ---- bytes ---- */

typedef struct byte_pass {
    const assay_made_parts *made;
    assay_save_tensor *tensor;
    const assay_save_sink *sink;
    uint8_t *bytes; /* of a run */
    size_t done;    /* scales that are behind */
} byte_pass;

/* decoded is what comes back of the values. */
static bool count_loss(assay_save_tensor *tensor, const float *values, const float *decoded, size_t count)
{
    if (!assay_save_all_finite(decoded, count)) return false;
    for (size_t i = 0; i < count; i++) {
        double value = (double)values[i], rest = value - (double)decoded[i];
        tensor->squares += value * value;
        tensor->lost += rest * rest;
    }
    return true;
}

static bool pack_block(byte_pass *pass, const float *values, size_t count, uint8_t *bytes)
{
    uint8_t levels[ASSAY_NF4_BLOCK + 1];
    float decoded[ASSAY_NF4_BLOCK], scale = assay_four_bits_scale(&pass->made->parts, pass->done);
    const assay_parts alone = {.scales = (const uint8_t *)&scale, .block_shift = 6, .round = pass->made->parts.round};
    assay_nf4_levels(values, count, pass->made->scales[pass->done++], levels);
    levels[count] = ASSAY_NF4_ZERO; /* what an odd element is put together with */
    for (size_t i = 0; i < count; i += 2) bytes[i / 2] = (uint8_t)(levels[i] << 4 | levels[i + 1]);
    assay_nf4_decode(bytes, &alone, 0, count, decoded);
    return count_loss(pass->tensor, values, decoded, count);
}

static bool pack_row(byte_pass *pass, const float *values, size_t count, uint8_t *bytes)
{
    float decoded[ASSAY_NF4_BLOCK], scale = pass->made->scales[pass->done++];
    bool whole = true;
    assay_int8_levels(values, count, scale, bytes);
    for (size_t i = 0, length; whole && i < count; i += length) {
        length = assay_smaller(ASSAY_NF4_BLOCK, count - i);
        const assay_parts alone = {.scales = (const uint8_t *)&scale, .cols = length};
        assay_int8_decode(bytes + i, &alone, 0, length, decoded);
        whole = count_loss(pass->tensor, values + i, decoded, length);
    }
    return whole;
}

static assay_status pack_run(void *context, float *values, size_t count, assay_error *err)
{
    byte_pass *pass = context;
    bool int8 = is_int8(pass->tensor), fits = true;
    size_t width = int8 ? pass->tensor->cols : ASSAY_NF4_BLOCK;
    ASSAY_TRY(settle_values(pass->tensor, values, count, err));
    for (size_t i = 0; fits && i < count; i += width)
        fits = int8 ? pack_row(pass, values + i, width, pass->bytes + i)
                    : pack_block(pass, values + i, assay_smaller(width, count - i), pass->bytes + i / 2);
    if (!fits) return assay_save_cannot_pack(pass->tensor, err);
    return pass->sink->put(pass->sink->context, pass->bytes, int8 ? count : assay_divide_up(count, 2), err);
}

assay_status assay_made_parts_write(const assay_made_parts *made, assay_save_tensor *tensor,
                                    const assay_save_sink *sink, assay_error *err)
{
    size_t run, block = is_int8(tensor) ? 1 : ASSAY_NF4_BLOCK;
    byte_pass pass = {.made = made, .tensor = tensor, .sink = sink};
    pass.bytes = assay_save_tensor_run(tensor, block, &run) ? assay_alloc(run + 1, 1) : NULL;
    ASSAY_TRY_ALLOC(pass.bytes, tensor->name, err);
    tensor->squares = tensor->lost = 0;
    assay_status status = assay_save_tensor_read(tensor, block, pack_run, &pass, err);
    assay_free(pass.bytes);
    return status;
}
