/* Parquet's metadata as plain numbers: the footer's parts, a row group's columns, a page's header. For parquet.
 *
 * The footer stays where it lies. Its schema and its row groups are handed out as bytes to read on from, one element at
 * a time, so a file of many row groups costs no memory for those that are not being read. Names point into the footer.
 * Format: github.com/apache/parquet-format, src/main/thrift/parquet.thrift; the numbers of the enums are that file's.
 */
#ifndef ASSAY_CONTAINER_PARQUET_META_H
#define ASSAY_CONTAINER_PARQUET_META_H

#include "container/parquet_thrift.h"

typedef enum assay_parquet_type {
    ASSAY_PARQUET_BOOLEAN,
    ASSAY_PARQUET_INT32,
    ASSAY_PARQUET_INT64,
    ASSAY_PARQUET_INT96,
    ASSAY_PARQUET_FLOAT,
    ASSAY_PARQUET_DOUBLE,
    ASSAY_PARQUET_BYTE_ARRAY,
    ASSAY_PARQUET_FIXED,
    ASSAY_PARQUET_TYPES
} assay_parquet_type;

typedef enum assay_parquet_repetition {
    ASSAY_PARQUET_REQUIRED,
    ASSAY_PARQUET_OPTIONAL,
    ASSAY_PARQUET_REPEATED
} assay_parquet_repetition;

typedef enum assay_parquet_encoding {
    ASSAY_PARQUET_PLAIN = 0,
    ASSAY_PARQUET_PLAIN_DICTIONARY = 2,
    ASSAY_PARQUET_RLE = 3,
    ASSAY_PARQUET_BIT_PACKED = 4,
    ASSAY_PARQUET_DELTA_BINARY_PACKED = 5,
    ASSAY_PARQUET_DELTA_LENGTH_BYTE_ARRAY = 6,
    ASSAY_PARQUET_DELTA_BYTE_ARRAY = 7,
    ASSAY_PARQUET_RLE_DICTIONARY = 8,
    ASSAY_PARQUET_BYTE_STREAM_SPLIT = 9
} assay_parquet_encoding;

typedef enum assay_parquet_codec {
    ASSAY_PARQUET_UNCOMPRESSED,
    ASSAY_PARQUET_SNAPPY,
    ASSAY_PARQUET_GZIP,
    ASSAY_PARQUET_LZO,
    ASSAY_PARQUET_BROTLI,
    ASSAY_PARQUET_LZ4,
    ASSAY_PARQUET_ZSTD,
    ASSAY_PARQUET_LZ4_RAW
} assay_parquet_codec;

/* What a column's values mean. The older annotation (ConvertedType) is read into these too. */
typedef enum assay_parquet_logical {
    ASSAY_PARQUET_NONE = 0,
    ASSAY_PARQUET_STRING = 1,
    ASSAY_PARQUET_MAP = 2,
    ASSAY_PARQUET_LIST = 3,
    ASSAY_PARQUET_ENUM = 4,
    ASSAY_PARQUET_DECIMAL = 5,
    ASSAY_PARQUET_DATE = 6,
    ASSAY_PARQUET_TIME = 7,
    ASSAY_PARQUET_TIMESTAMP = 8,
    ASSAY_PARQUET_INTERVAL = 9, /* no LogicalType has this number; the older annotation has it */
    ASSAY_PARQUET_INTEGER = 10,
    ASSAY_PARQUET_UNKNOWN = 11, /* always null */
    ASSAY_PARQUET_JSON = 12,
    ASSAY_PARQUET_BSON = 13,
    ASSAY_PARQUET_UUID = 14,
    ASSAY_PARQUET_FLOAT16 = 15,
    ASSAY_PARQUET_VARIANT = 16,
    ASSAY_PARQUET_GEOMETRY = 17,
    ASSAY_PARQUET_GEOGRAPHY = 18
} assay_parquet_logical;

/* One element of the schema, which is a tree in depth-first order. */
typedef struct assay_parquet_element {
    const char *name;
    size_t name_size;
    int32_t type;       /* assay_parquet_type; -1: a group */
    int32_t width;      /* bytes of a FIXED */
    int32_t repetition; /* assay_parquet_repetition; -1: not said, as of the root */
    int32_t children;
    int logical;      /* assay_parquet_logical, or a number this reader does not know */
    int32_t digits;   /* TIME and TIMESTAMP: of a second's fraction, 3, 6 or 9 */
    bool utc;         /* TIME and TIMESTAMP: counted in UTC, not in some local time */
    bool is_unsigned; /* INTEGER */
} assay_parquet_element;

/* A column of a row group. Offsets and sizes are as the file says them, unchecked. */
typedef struct assay_parquet_chunk {
    int32_t type, codec;
    int64_t values, packed_size, data_offset, dictionary_offset; /* dictionary_offset 0: none */
    bool described;                                              /* it has metadata at all */
    bool elsewhere;                                              /* in another file */
    bool encrypted;
} assay_parquet_chunk;

typedef enum assay_parquet_page_kind {
    ASSAY_PARQUET_DATA_PAGE,
    ASSAY_PARQUET_INDEX_PAGE,
    ASSAY_PARQUET_DICTIONARY_PAGE,
    ASSAY_PARQUET_DATA_PAGE_V2
} assay_parquet_page_kind;

typedef struct assay_parquet_page {
    int32_t kind;              /* assay_parquet_page_kind */
    int32_t size, packed_size; /* bytes; both may be anything */
    int32_t crc;               /* of the bytes behind the header, where has_crc */
    int32_t values, encoding;
    int32_t definition, repetition;    /* v1: the levels' encodings; v2: their bytes */
    bool has_crc, described, unpacked; /* unpacked: a v2 page that says it is not compressed */
} assay_parquet_page;

typedef struct assay_parquet_footer {
    assay_thrift schema, groups; /* at the first element */
    size_t element_count, group_count;
    int64_t rows;
    bool encrypted;
} assay_parquet_footer;

assay_status assay_parquet_read_footer(const uint8_t *bytes, size_t size, assay_parquet_footer *out, assay_error *err);
assay_status assay_parquet_read_element(assay_thrift *thrift, assay_parquet_element *out, assay_error *err);

/* Reads a row group into `chunks`, which holds `count`; any other number of columns is an error. */
assay_status assay_parquet_read_group(assay_thrift *thrift, assay_parquet_chunk *chunks, size_t count, int64_t *rows,
                                      assay_error *err);

/* Goes behind the header. */
assay_status assay_parquet_read_page(assay_thrift *thrift, assay_parquet_page *out, assay_error *err);

#endif
