/* A level or an index is asked for, one at a time; a run is begun when the one before it is used up. Every head takes
 * bytes, so runs of no numbers end too. */
#include "container/parquet_runs.h"

uint32_t assay_parquet_u32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

uint64_t assay_parquet_u64(const uint8_t *bytes)
{
    return assay_parquet_u32(bytes) | (uint64_t)assay_parquet_u32(bytes + 4) << 32;
}

int assay_parquet_width(uint32_t highest)
{
    int width = 0;
    while (width < 32 && highest >> width) width++;
    return width;
}

uint64_t assay_parquet_bits(const uint8_t *bytes, size_t size, uint64_t bit, int width)
{
    uint64_t value = 0, first = bit / 8;
    int shift = (int)(bit % 8), taken = -shift;
    if (width == 0 || first >= size) return 0;
    if (size - first >= 8 && shift + width <= 64) {
        value = assay_parquet_u64(bytes + first) >> shift;
    } else {
        for (uint64_t i = first; i < size && taken < width; i++, taken += 8)
            value |= taken < 0 ? (uint64_t)bytes[i] >> shift : (uint64_t)bytes[i] << taken;
    }
    return width == 64 ? value : value & ((UINT64_C(1) << width) - 1);
}

/* Widths of levels: at most 8 bits, so two bytes hold any number. */
static uint32_t high_bits(const uint8_t *bytes, size_t size, uint64_t bit, int width)
{
    uint64_t first = bit / 8;
    uint32_t pair = first < size ? (uint32_t)bytes[first] << 8 : 0;
    if (first + 1 < size) pair |= bytes[first + 1];
    return pair >> (16 - (int)(bit % 8) - width) & ((1u << width) - 1);
}

void assay_parquet_runs_hybrid(assay_parquet_runs *runs, const uint8_t *at, const uint8_t *end, int width)
{
    *runs = (assay_parquet_runs){.bytes = {at, end}, .width = width};
}

void assay_parquet_runs_packed(assay_parquet_runs *runs, const uint8_t *at, size_t size, uint64_t count, int width)
{
    const uint8_t *end = at + size;
    *runs = (assay_parquet_runs){
        .bytes = {end, end}, .packed = at, .packed_size = size, .left = count, .width = width, .high_first = true};
}

static assay_status cut_short(assay_error *err)
{
    return assay_error_set(err, ASSAY_E_FORMAT, "its runs end before its values do");
}

/* Packed numbers come in groups of eight; writers may leave away the bytes of a last group's unused end. */
static assay_status begin_packed(assay_parquet_runs *runs, uint64_t groups, assay_error *err)
{
    uint64_t left = (uint64_t)(runs->bytes.end - runs->bytes.at), width = (uint64_t)runs->width;
    if (groups > (width > 0 ? left / width + 1 : UINT32_MAX)) return cut_short(err);
    runs->packed = runs->bytes.at;
    runs->packed_size = (size_t)(groups * width < left ? groups * width : left);
    runs->bytes.at += runs->packed_size;
    runs->bit = 0;
    runs->left = width > 0 && groups * 8 > runs->packed_size * 8 / width ? runs->packed_size * 8 / width : groups * 8;
    return ASSAY_OK;
}

static assay_status begin_repeated(assay_parquet_runs *runs, uint64_t count, assay_error *err)
{
    size_t size = ((size_t)runs->width + 7) / 8, left = (size_t)(runs->bytes.end - runs->bytes.at);
    if (left < size) return cut_short(err);
    runs->packed = NULL;
    runs->value = (uint32_t)assay_parquet_bits(runs->bytes.at, size, 0, (int)size * 8);
    runs->bytes.at += size;
    runs->left = count;
    return ASSAY_OK;
}

static assay_status begin_run(assay_parquet_runs *runs, assay_error *err)
{
    uint64_t head = 0;
    if (runs->bytes.at == runs->bytes.end) return cut_short(err);
    ASSAY_TRY(assay_thrift_varint(&runs->bytes, &head, err));
    return head & 1 ? begin_packed(runs, head >> 1, err) : begin_repeated(runs, head >> 1, err);
}

assay_status assay_parquet_runs_next(assay_parquet_runs *runs, uint32_t *out, assay_error *err)
{
    while (runs->left == 0) ASSAY_TRY(begin_run(runs, err));
    runs->left--;
    if (!runs->packed) {
        *out = runs->value;
        return ASSAY_OK;
    }
    *out = runs->high_first ? high_bits(runs->packed, runs->packed_size, runs->bit, runs->width)
                            : (uint32_t)assay_parquet_bits(runs->packed, runs->packed_size, runs->bit, runs->width);
    runs->bit += (uint64_t)runs->width;
    return ASSAY_OK;
}
