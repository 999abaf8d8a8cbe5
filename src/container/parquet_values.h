/* The values of a page, one a call, whatever their encoding. For parquet_column.
 *
 * Nothing is allocated but the last value of DELTA_BYTE_ARRAY and a dictionary's offsets. Which encodings a type may
 * have: all                                   PLAIN, PLAIN_DICTIONARY, RLE_DICTIONARY (no dictionaries of BOOLEAN)
 *     BOOLEAN                               RLE
 *     INT32, INT64                          DELTA_BINARY_PACKED, BYTE_STREAM_SPLIT
 *     FLOAT, DOUBLE, FIXED                  BYTE_STREAM_SPLIT
 *     BYTE_ARRAY                            DELTA_LENGTH_BYTE_ARRAY
 *     BYTE_ARRAY, FIXED                     DELTA_BYTE_ARRAY
 * Format: parquet-format, Encodings.md. */
#ifndef ASSAY_CONTAINER_PARQUET_VALUES_H
#define ASSAY_CONTAINER_PARQUET_VALUES_H

#include "base/buf.h"
#include "container/parquet_delta.h"
#include "container/parquet_meta.h"
#include "container/parquet_runs.h"

typedef struct assay_parquet_value {
    int64_t whole;        /* BOOLEAN, INT32, INT64 */
    double real;          /* FLOAT, DOUBLE */
    const uint8_t *bytes; /* BYTE_ARRAY, FIXED; valid until the next call */
    size_t size;
} assay_parquet_value;

/* A dictionary page's values; zeroed at first. `bytes` is the caller's. */
typedef struct assay_parquet_dictionary {
    const uint8_t *bytes, *end;
    uint32_t *offsets; /* BYTE_ARRAY: where each value's length stands */
    size_t count, capacity;
} assay_parquet_dictionary;

typedef struct assay_parquet_values {
    int32_t type, encoding;
    size_t width;            /* bytes of a value; 0: BOOLEAN and BYTE_ARRAY */
    const uint8_t *at, *end; /* PLAIN and what is like it */
    uint64_t index, count; /* BYTE_STREAM_SPLIT: the next value, and how many there are; PLAIN BOOLEAN: the next bit */
    assay_parquet_runs runs;
    assay_parquet_delta delta, suffixes;
    const assay_parquet_dictionary *dictionary;
    assay_buf text; /* the value put together last; released with assay_buf_release */
} assay_parquet_values;

/* Checks `count` values at `bytes` (PLAIN). */
assay_status assay_parquet_dictionary_read(assay_parquet_dictionary *dictionary, int32_t type, size_t width,
                                           const uint8_t *bytes, size_t size, size_t count, assay_error *err);

/* Begins a page. values->type, width and dictionary (NULL: none) are set by the caller; `most` is the number of values,
 * nulls too. */
assay_status assay_parquet_values_open(assay_parquet_values *values, int32_t encoding, const uint8_t *bytes,
                                       size_t size, uint64_t most, assay_error *err);

/* Whether a type may have an encoding. */
bool assay_parquet_encoding_fits(int32_t type, int32_t encoding);

assay_status assay_parquet_values_next(assay_parquet_values *values, assay_parquet_value *out, assay_error *err);

#endif
