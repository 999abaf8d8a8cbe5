/* Streams of small unsigned numbers: levels and dictionary indexes. For parquet.
 *
 * One number a call, nothing allocated: a run of a thousand million nulls takes five bytes in the file and none in
 * memory. Format: parquet-format, Encodings.md, "Run Length Encoding / Bit-Packing Hybrid (RLE = 3)" and "Bit-packed
 * (Deprecated) (BIT_PACKED = 4)". */
#ifndef ASSAY_CONTAINER_PARQUET_RUNS_H
#define ASSAY_CONTAINER_PARQUET_RUNS_H

#include "container/parquet_thrift.h"

typedef struct assay_parquet_runs {
    assay_thrift bytes;    /* behind the current run */
    const uint8_t *packed; /* the current run's numbers; NULL: one value again and again */
    size_t packed_size;
    uint64_t left, bit; /* numbers of the current run; the next one's first bit */
    uint32_t value;
    int width;       /* bits of a number, 0 to 32 */
    bool high_first; /* BIT_PACKED: one run without a head, the highest bit of a byte first */
} assay_parquet_runs;

/* The bits that hold numbers from 0 to `highest`. */
int assay_parquet_width(uint32_t highest);

/* RLE: runs up to `end`. */
void assay_parquet_runs_hybrid(assay_parquet_runs *runs, const uint8_t *at, const uint8_t *end, int width);

/* BIT_PACKED: `count` numbers in exactly as many bytes as they take, which the caller has checked. */
void assay_parquet_runs_packed(assay_parquet_runs *runs, const uint8_t *at, size_t size, uint64_t count, int width);

assay_status assay_parquet_runs_next(assay_parquet_runs *runs, uint32_t *out, assay_error *err);

/* `width` (0 to 64) bits from bit `bit` on, the lowest first; bits behind the end are 0. */
uint64_t assay_parquet_bits(const uint8_t *bytes, size_t size, uint64_t bit, int width);

/* Little-endian numbers. */
uint32_t assay_parquet_u32(const uint8_t *bytes);
uint64_t assay_parquet_u64(const uint8_t *bytes);

#endif
