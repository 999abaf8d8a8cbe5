/* Each encoding is a way to find a value's bytes, or the number itself; plain_value makes a value of bytes. */
#include "container/parquet_values.h"

#include <string.h>

static assay_status cut_short(assay_error *err)
{
    return assay_error_set(err, ASSAY_E_FORMAT, "its values are cut short");
}

/* A value of a fixed width. */
static void plain_value(int32_t type, const uint8_t *bytes, size_t width, assay_parquet_value *out)
{
    uint32_t low;
    uint64_t all;
    float single;
    switch (type) {
    case ASSAY_PARQUET_INT32:
        out->whole = (int32_t)assay_parquet_u32(bytes);
        break;
    case ASSAY_PARQUET_INT64:
        out->whole = (int64_t)assay_parquet_u64(bytes);
        break;
    case ASSAY_PARQUET_FLOAT:
        low = assay_parquet_u32(bytes);
        memcpy(&single, &low, sizeof single);
        out->real = (double)single;
        break;
    case ASSAY_PARQUET_DOUBLE:
        all = assay_parquet_u64(bytes);
        memcpy(&out->real, &all, sizeof out->real);
        break;
    default:
        out->bytes = bytes;
        out->size = width;
    }
}

/* A length of four bytes, then the text; goes behind it. */
static assay_status take_text(const uint8_t **at, const uint8_t *end, assay_parquet_value *out, assay_error *err)
{
    if (end - *at < 4) return cut_short(err);
    size_t size = assay_parquet_u32(*at);
    if (size > (size_t)(end - *at) - 4) return cut_short(err);
    out->bytes = *at + 4;
    out->size = size;
    *at += 4 + size;
    return ASSAY_OK;
}

/* A value takes at least four bytes, so the offsets take no more memory than the page. */
static assay_status find_offsets(assay_parquet_dictionary *dictionary, assay_error *err)
{
    const uint8_t *at = dictionary->bytes;
    assay_parquet_value value;
    void *offsets = dictionary->offsets;
    if (dictionary->count > (size_t)(dictionary->end - at) / 4) return cut_short(err);
    ASSAY_TRY(assay_grow(&offsets, &dictionary->capacity, dictionary->count, sizeof *dictionary->offsets, err));
    dictionary->offsets = offsets;
    for (size_t i = 0; i < dictionary->count; i++) {
        dictionary->offsets[i] = (uint32_t)(at - dictionary->bytes);
        ASSAY_TRY(take_text(&at, dictionary->end, &value, err));
    }
    return ASSAY_OK;
}

assay_status assay_parquet_dictionary_read(assay_parquet_dictionary *dictionary, int32_t type, size_t width,
                                           const uint8_t *bytes, size_t size, size_t count, assay_error *err)
{
    dictionary->bytes = bytes;
    dictionary->end = bytes + size;
    dictionary->count = count;
    if (type == ASSAY_PARQUET_BOOLEAN) return assay_error_set(err, ASSAY_E_FORMAT, "it is a dictionary of BOOLEAN");
    if (type == ASSAY_PARQUET_BYTE_ARRAY) return find_offsets(dictionary, err);
    return count <= size / width ? ASSAY_OK : cut_short(err);
}

bool assay_parquet_encoding_fits(int32_t type, int32_t encoding)
{
    switch (encoding) {
    case ASSAY_PARQUET_PLAIN:
        return true;
    case ASSAY_PARQUET_PLAIN_DICTIONARY:
    case ASSAY_PARQUET_RLE_DICTIONARY:
        return type != ASSAY_PARQUET_BOOLEAN;
    case ASSAY_PARQUET_RLE:
        return type == ASSAY_PARQUET_BOOLEAN;
    case ASSAY_PARQUET_DELTA_BINARY_PACKED:
        return type == ASSAY_PARQUET_INT32 || type == ASSAY_PARQUET_INT64;
    case ASSAY_PARQUET_DELTA_LENGTH_BYTE_ARRAY:
        return type == ASSAY_PARQUET_BYTE_ARRAY;
    case ASSAY_PARQUET_DELTA_BYTE_ARRAY:
        return type == ASSAY_PARQUET_BYTE_ARRAY || type == ASSAY_PARQUET_FIXED;
    case ASSAY_PARQUET_BYTE_STREAM_SPLIT:
        return type != ASSAY_PARQUET_BOOLEAN && type != ASSAY_PARQUET_BYTE_ARRAY;
    default:
        return false;
    }
}

/* The width of the indexes, then runs of them. A page of nulls only may have no bytes at all. */
static assay_status open_indexes(assay_parquet_values *values, assay_error *err)
{
    if (values->at == values->end) return ASSAY_OK;
    int width = *values->at++;
    if (width > 32) return assay_error_set(err, ASSAY_E_FORMAT, "its dictionary's indexes have %d bits", width);
    if (!values->dictionary) return assay_error_set(err, ASSAY_E_FORMAT, "it has no dictionary");
    assay_parquet_runs_hybrid(&values->runs, values->at, values->end, width);
    return ASSAY_OK;
}

static assay_status open_bools(assay_parquet_values *values, assay_error *err)
{
    if (values->at == values->end) return ASSAY_OK;
    if (values->end - values->at < 4) return cut_short(err);
    size_t size = assay_parquet_u32(values->at);
    values->at += 4;
    if (size > (size_t)(values->end - values->at)) return cut_short(err);
    assay_parquet_runs_hybrid(&values->runs, values->at, values->at + size, 1);
    return ASSAY_OK;
}

/* A page of nulls only may have no bytes: then there is nothing to hand out. */
static assay_status open_delta(assay_parquet_delta *delta, const assay_parquet_values *values, uint64_t most,
                               assay_error *err)
{
    *delta = (assay_parquet_delta){.bytes = {values->at, values->end}};
    return values->at == values->end ? ASSAY_OK : assay_parquet_delta_open(delta, values->at, values->end, most, err);
}

/* Lengths first, then all texts without anything between them. */
static assay_status open_lengths(assay_parquet_delta *lengths, assay_parquet_values *values, uint64_t most,
                                 assay_error *err)
{
    ASSAY_TRY(open_delta(lengths, values, most, err));
    return assay_parquet_delta_end(lengths, &values->at, err);
}

static assay_status open_prefixes(assay_parquet_values *values, uint64_t most, assay_error *err)
{
    assay_buf_reset(&values->text);
    ASSAY_TRY(open_lengths(&values->delta, values, most, err));
    return open_lengths(&values->suffixes, values, most, err);
}

assay_status assay_parquet_values_open(assay_parquet_values *values, int32_t encoding, const uint8_t *bytes,
                                       size_t size, uint64_t most, assay_error *err)
{
    values->encoding = encoding;
    values->at = bytes;
    values->end = bytes + size;
    values->index = 0;
    values->runs = (assay_parquet_runs){0};
    if (values->text.ceiling == 0) assay_buf_init(&values->text, SIZE_MAX / 4);
    switch (encoding) {
    case ASSAY_PARQUET_PLAIN_DICTIONARY:
    case ASSAY_PARQUET_RLE_DICTIONARY:
        return open_indexes(values, err);
    case ASSAY_PARQUET_RLE:
        return open_bools(values, err);
    case ASSAY_PARQUET_DELTA_BINARY_PACKED:
        return open_delta(&values->delta, values, most, err);
    case ASSAY_PARQUET_DELTA_LENGTH_BYTE_ARRAY:
        return open_lengths(&values->delta, values, most, err);
    case ASSAY_PARQUET_DELTA_BYTE_ARRAY:
        return open_prefixes(values, most, err);
    case ASSAY_PARQUET_BYTE_STREAM_SPLIT:
        values->count = size / values->width;
        return ASSAY_OK;
    default:
        return ASSAY_OK;
    }
}

static assay_status next_plain(assay_parquet_values *values, assay_parquet_value *out, assay_error *err)
{
    size_t left = (size_t)(values->end - values->at);
    if (values->type == ASSAY_PARQUET_BYTE_ARRAY) return take_text(&values->at, values->end, out, err);
    if (values->type == ASSAY_PARQUET_BOOLEAN) {
        if (values->index / 8 >= left) return cut_short(err);
        out->whole = values->at[values->index / 8] >> values->index % 8 & 1;
        values->index++;
        return ASSAY_OK;
    }
    if (left < values->width) return cut_short(err);
    plain_value(values->type, values->at, values->width, out);
    values->at += values->width;
    return ASSAY_OK;
}

static assay_status next_indexed(assay_parquet_values *values, assay_parquet_value *out, assay_error *err)
{
    const assay_parquet_dictionary *dictionary = values->dictionary;
    uint32_t index = 0;
    ASSAY_TRY(assay_parquet_runs_next(&values->runs, &index, err));
    if (index >= dictionary->count)
        return assay_error_set(err, ASSAY_E_FORMAT, "it has the index %u into a dictionary of %zu values", index,
                               dictionary->count);
    if (values->type != ASSAY_PARQUET_BYTE_ARRAY) {
        plain_value(values->type, dictionary->bytes + index * values->width, values->width, out);
        return ASSAY_OK;
    }
    const uint8_t *at = dictionary->bytes + dictionary->offsets[index];
    return take_text(&at, dictionary->end, out, err);
}

static assay_status next_bool(assay_parquet_values *values, assay_parquet_value *out, assay_error *err)
{
    uint32_t bit = 0;
    ASSAY_TRY(assay_parquet_runs_next(&values->runs, &bit, err));
    out->whole = bit;
    return ASSAY_OK;
}

static assay_status next_delta(assay_parquet_values *values, assay_parquet_value *out, assay_error *err)
{
    ASSAY_TRY(assay_parquet_delta_next(&values->delta, &out->whole, err));
    if (values->type == ASSAY_PARQUET_INT32) out->whole = (int32_t)(uint32_t)out->whole;
    return ASSAY_OK;
}

static assay_status take_bytes(assay_parquet_delta *lengths, assay_parquet_values *values, assay_parquet_value *out,
                               assay_error *err)
{
    int64_t size = 0;
    ASSAY_TRY(assay_parquet_delta_next(lengths, &size, err));
    if (size < 0 || size > values->end - values->at) return cut_short(err);
    out->bytes = values->at;
    out->size = (size_t)size;
    values->at += size;
    return ASSAY_OK;
}

/* The beginning of the value before, and what follows it. No value is longer than the page, because every byte was once
 * in a suffix. */
static assay_status next_prefixed(assay_parquet_values *values, assay_parquet_value *out, assay_error *err)
{
    int64_t prefix = 0;
    ASSAY_TRY(assay_parquet_delta_next(&values->delta, &prefix, err));
    ASSAY_TRY(take_bytes(&values->suffixes, values, out, err));
    if (prefix < 0 || (uint64_t)prefix > values->text.size)
        return assay_error_set(err, ASSAY_E_FORMAT, "a value begins like %lld bytes of one of %zu", (long long)prefix,
                               values->text.size);
    values->text.size = (size_t)prefix;
    ASSAY_TRY(assay_buf_append(&values->text, out->bytes, out->size, err));
    out->bytes = (const uint8_t *)values->text.data;
    out->size = values->text.size;
    if (values->width == 0 || out->size == values->width) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "a value of %zu bytes where all have %zu", out->size, values->width);
}

/* All first bytes, then all second bytes, and so on. */
static assay_status next_split(assay_parquet_values *values, assay_parquet_value *out, assay_error *err)
{
    if (values->index >= values->count) return cut_short(err);
    assay_buf_reset(&values->text);
    for (size_t i = 0; i < values->width; i++)
        ASSAY_TRY(assay_buf_byte(&values->text, (char)values->at[i * values->count + values->index], err));
    values->index++;
    plain_value(values->type, (const uint8_t *)values->text.data, values->width, out);
    return ASSAY_OK;
}

assay_status assay_parquet_values_next(assay_parquet_values *values, assay_parquet_value *out, assay_error *err)
{
    switch (values->encoding) {
    case ASSAY_PARQUET_PLAIN:
        return next_plain(values, out, err);
    case ASSAY_PARQUET_PLAIN_DICTIONARY:
    case ASSAY_PARQUET_RLE_DICTIONARY:
        return next_indexed(values, out, err);
    case ASSAY_PARQUET_RLE:
        return next_bool(values, out, err);
    case ASSAY_PARQUET_DELTA_BINARY_PACKED:
        return next_delta(values, out, err);
    case ASSAY_PARQUET_DELTA_LENGTH_BYTE_ARRAY:
        return take_bytes(&values->delta, values, out, err);
    case ASSAY_PARQUET_DELTA_BYTE_ARRAY:
        return next_prefixed(values, out, err);
    default:
        return next_split(values, out, err);
    }
}
