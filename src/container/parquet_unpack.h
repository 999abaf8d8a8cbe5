/* Pages unpacked: SNAPPY, GZIP, ZSTD. For parquet_column.
 *
 * Memory follows what comes out, not what a header promises: a size no method can make of so few bytes is refused, the
 * block begins at no more than 64 KiB and 64 times the packed bytes, grows by doubling, and ends at the promised size,
 * which is at most ASSAY_PARQUET_PAGE_MAX. */
#ifndef ASSAY_CONTAINER_PARQUET_UNPACK_H
#define ASSAY_CONTAINER_PARQUET_UNPACK_H

#include "base/alloc.h"

#include <stdint.h>

/* pyarrow closes a page at 1 MiB, but looks only every 1024 values: enough for 1024 texts of 256 KiB in one page. */
#define ASSAY_PARQUET_PAGE_MAX ((size_t)256 << 20)

/* A block that is used again; zeroed at first, its data freed with assay_free. */
typedef struct assay_parquet_block {
    uint8_t *data;
    size_t capacity;
} assay_parquet_block;

/* Unpacks exactly `size` bytes into the block, whose old contents are lost. `codec` is SNAPPY, GZIP or ZSTD. */
assay_status assay_parquet_unpack(int32_t codec, const uint8_t *packed, size_t packed_size, size_t size,
                                  assay_parquet_block *block, assay_error *err);

#endif
