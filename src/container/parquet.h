/* Parquet files as rows of JSON: what the hub and the `datasets` library store their data in.
 *
 *     assay_parquet *file;
 *     ASSAY_TRY(assay_parquet_open(&file, path, NULL, 0, err));
 *     for (;;) {
 *         assay_parquet_row row;
 *         status = assay_parquet_next(file, &row, err);
 *         if (status != ASSAY_OK && assay_parquet_broken(file)) break; // nothing more can be read
 *         if (status != ASSAY_OK) continue; // this row is bad, the next may be fine
 *         if (!row.text) break; // the end
 *         ...
 *     }
 *     assay_parquet_close(file);
 *
 * A row is one JSON object with the wanted columns in the file's order; nulls are there as null. What types become:
 *     BOOLEAN                       true, false
 *     INT32, INT64                  all digits, unsigned where the column is
 *     FLOAT, DOUBLE                 the shortest digits that read back as the same double (a FLOAT is widened first, as
 * Python does); NaN, Infinity and -Infinity as those words, as Python writes them: no JSON, and named as such by
 *                                   whoever reads the row
 *     BYTE_ARRAY                    a text: STRING, ENUM, JSON (not parsed) or without annotation; not valid UTF-8: a
 * bad row. A FIXED one only where it is so annotated DATE, TIME, TIMESTAMP         texts as Python's isoformat() writes
 * them: "2024-02-29T23:59:59.250000+00:00". (Arrow's durations are plain INT64 in the file, and so here) UNKNOWN null
 *     groups, LIST, MAP, repeated   objects and arrays, see container/parquet_schema.h. A MAP is an object even if a
 * key comes twice
 *
 * Read: pages v1 and v2; PLAIN, PLAIN_DICTIONARY, RLE_DICTIONARY, RLE, BIT_PACKED levels, DELTA_BINARY_PACKED,
 * DELTA_LENGTH_BYTE_ARRAY, DELTA_BYTE_ARRAY, BYTE_STREAM_SPLIT; uncompressed, SNAPPY, GZIP, ZSTD. Refused by name when
 * the file is opened, with the line to type: BROTLI, LZ4, LZ4_RAW, LZO, encryption, INT96, DECIMAL, INTERVAL, UUID,
 * FLOAT16, BSON, VARIANT, GEOMETRY, GEOGRAPHY, and columns that lie in another file. In columns that are not wanted all
 * of it is allowed: nothing of them is read.
 *
 * Memory: a page and a dictionary for each wanted column (each at most ASSAY_PARQUET_PAGE_MAX unpacked, and never more
 * than comes out of the file's bytes), one row of text, and what is mapped of the file, given back every 32 MiB. Row
 * groups are not held. Time: a row costs what its values cost; a row of more than ASSAY_PARQUET_ROW_VALUES values is an
 * error. A run of equal values takes a few bytes in the file, so how many rows there are is bounded by what the file
 * says, not by its size.
 *
 * Errors begin with the path and name row group, column and page; or the row, where only the row is bad. Input is never
 * trusted. Format: github.com/apache/parquet-format (README.md, Encodings.md, LogicalTypes.md, parquet.thrift); record
 * assembly: Melnik et al., "Dremel: interactive analysis of web-scale datasets", VLDB 2010, section 4. */
#ifndef ASSAY_CONTAINER_PARQUET_H
#define ASSAY_CONTAINER_PARQUET_H

#include "base/buf.h"

#include <stdint.h>

/* A row: bytes of its text, and values, which in a run cost the file nothing. */
#define ASSAY_PARQUET_ROW_MAX ((size_t)32 << 20)
#define ASSAY_PARQUET_ROW_VALUES ((size_t)1 << 20)

typedef struct assay_parquet assay_parquet;

typedef struct assay_parquet_row {
    const char *text; /* JSON with a zero byte behind it; valid until the next call. NULL: the end */
    size_t size;
    uint64_t number; /* 1-based in the file; also of a bad row */
} assay_parquet_row;

/* `columns`: names of the top level that are wanted, borrowed for the call; those the file has not are passed over, but
 * one must be there. NULL: all. On failure *out is NULL. */
assay_status assay_parquet_open(assay_parquet **out, const char *path, const char *const *columns, size_t column_count,
                                assay_error *err);
void assay_parquet_close(assay_parquet *file); /* NULL is fine */

/* row->text becomes NULL at the end, and on failure. */
assay_status assay_parquet_next(assay_parquet *file, assay_parquet_row *row, assay_error *err);

/* The last error ended the reading. */
bool assay_parquet_broken(const assay_parquet *file);

#endif
