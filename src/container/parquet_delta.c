/* A block says its least difference and, for each of its miniblocks, how many bits what lies above it takes. Miniblocks
 * are whole in the file even where the last numbers of one are not used. */
#include "container/parquet_delta.h"

#include "container/parquet_runs.h"

assay_status assay_parquet_delta_open(assay_parquet_delta *delta, const uint8_t *at, const uint8_t *end, uint64_t most,
                                      assay_error *err)
{
    uint64_t block = 0;
    int64_t first = 0;
    *delta = (assay_parquet_delta){.bytes = {at, end}};
    ASSAY_TRY(assay_thrift_varint(&delta->bytes, &block, err));
    ASSAY_TRY(assay_thrift_varint(&delta->bytes, &delta->minis, err));
    ASSAY_TRY(assay_thrift_varint(&delta->bytes, &delta->left, err));
    ASSAY_TRY(assay_thrift_signed(&delta->bytes, &first, err));
    delta->value = (uint64_t)first;
    delta->mini = delta->minis;
    delta->per_mini = delta->minis ? block / delta->minis : 0;
    if (delta->per_mini == 0 || delta->per_mini % 8 || block % delta->minis || block > UINT32_MAX)
        return assay_error_set(err, ASSAY_E_FORMAT, "its differences have blocks of %llu in %llu parts",
                               (unsigned long long)block, (unsigned long long)delta->minis);
    if (delta->left > most)
        return assay_error_set(err, ASSAY_E_FORMAT, "it has %llu differences for %llu values",
                               (unsigned long long)delta->left, (unsigned long long)most);
    return ASSAY_OK;
}

static assay_status cut_short(assay_error *err)
{
    return assay_error_set(err, ASSAY_E_FORMAT, "its differences are cut short");
}

static assay_status begin_block(assay_parquet_delta *delta, assay_error *err)
{
    int64_t lowest = 0;
    ASSAY_TRY(assay_thrift_signed(&delta->bytes, &lowest, err));
    if ((uint64_t)(delta->bytes.end - delta->bytes.at) < delta->minis) return cut_short(err);
    delta->lowest = (uint64_t)lowest;
    delta->widths = delta->bytes.at;
    delta->bytes.at += delta->minis;
    delta->mini = 0;
    return ASSAY_OK;
}

static assay_status begin_mini(assay_parquet_delta *delta, assay_error *err)
{
    if (delta->mini == delta->minis) ASSAY_TRY(begin_block(delta, err));
    delta->width = delta->widths[delta->mini++];
    if (delta->width > 64) return assay_error_set(err, ASSAY_E_FORMAT, "its differences have %d bits", delta->width);
    uint64_t size = delta->per_mini / 8 * (uint64_t)delta->width;
    if (size > (uint64_t)(delta->bytes.end - delta->bytes.at)) return cut_short(err);
    delta->packed = delta->bytes.at;
    delta->packed_size = (size_t)size;
    delta->bytes.at += size;
    delta->mini_left = delta->per_mini;
    delta->bit = 0;
    return ASSAY_OK;
}

assay_status assay_parquet_delta_next(assay_parquet_delta *delta, int64_t *out, assay_error *err)
{
    if (delta->left == 0) return assay_error_set(err, ASSAY_E_FORMAT, "its differences end before its values do");
    if (delta->begun) {
        if (delta->mini_left == 0) ASSAY_TRY(begin_mini(delta, err));
        delta->value += delta->lowest;
        delta->value += assay_parquet_bits(delta->packed, delta->packed_size, delta->bit, delta->width);
        delta->bit += (uint64_t)delta->width;
        delta->mini_left--;
    }
    delta->begun = true;
    delta->left--;
    *out = (int64_t)delta->value;
    return ASSAY_OK;
}

/* Behind the first number all the others lie in miniblocks. */
assay_status assay_parquet_delta_end(const assay_parquet_delta *delta, const uint8_t **end, assay_error *err)
{
    assay_parquet_delta walk = *delta;
    uint64_t left = walk.left ? walk.left - 1 : 0;
    while (left > 0) {
        ASSAY_TRY(begin_mini(&walk, err));
        left -= left < walk.per_mini ? left : walk.per_mini;
    }
    *end = walk.bytes.at;
    return ASSAY_OK;
}
