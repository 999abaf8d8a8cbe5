/* DELTA_BINARY_PACKED: whole numbers as differences in blocks. For parquet_values.
 *
 * A plain value: a copy walks on by itself. Sums wrap, as the format wants; 32-bit columns take the low half.
 * Format: parquet-format, Encodings.md, "Delta Encoding (DELTA_BINARY_PACKED = 5)". */
#ifndef ASSAY_CONTAINER_PARQUET_DELTA_H
#define ASSAY_CONTAINER_PARQUET_DELTA_H

#include "container/parquet_thrift.h"

typedef struct assay_parquet_delta {
    assay_thrift bytes;       /* behind the current miniblock */
    uint64_t per_mini, minis; /* numbers of a miniblock; miniblocks of a block */
    uint64_t left;            /* numbers that were not handed out */
    uint64_t value, lowest; /* the next number, or what the next difference is added to; the block's least difference */
    const uint8_t *widths;  /* of the block's miniblocks */
    uint64_t mini;          /* the next miniblock of the block */
    const uint8_t *packed;  /* the current miniblock */
    size_t packed_size;
    uint64_t mini_left, bit;
    int width;
    bool begun; /* the first number was handed out */
} assay_parquet_delta;

/* `most`: the values of the page; a stream that says it has more is an error. */
assay_status assay_parquet_delta_open(assay_parquet_delta *delta, const uint8_t *at, const uint8_t *end, uint64_t most,
                                      assay_error *err);
assay_status assay_parquet_delta_next(assay_parquet_delta *delta, int64_t *out, assay_error *err);

/* Where the bytes of a newly opened stream end; takes a step for each miniblock. */
assay_status assay_parquet_delta_end(const assay_parquet_delta *delta, const uint8_t **end, assay_error *err);

#endif
