/* Thrift's compact protocol, the part Parquet's footer and page headers are written in. For parquet_meta.
 *
 *     assay_thrift_field field = {0};
 *     for (;;) {
 *         ASSAY_TRY(assay_thrift_next(&thrift, &field, err));
 *         if (field.type == ASSAY_THRIFT_STOP) break;
 *         if (field.id == 3) ASSAY_TRY(assay_thrift_i32(&thrift, &field, &count, err));
 *         else ASSAY_TRY(assay_thrift_skip(&thrift, field.type, err));
 *     }
 *
 * Nothing is allocated; texts are pointed at where they lie. Every element takes at least one byte, so a count beyond
 * the bytes that are left is an error, and skipping takes time in proportion to the bytes. Nesting is at most
 * ASSAY_THRIFT_MAX_DEPTH deep. Errors say what is wrong and leave it to the caller to say where. Format:
 * github.com/apache/thrift, doc/specs/thrift-compact-protocol.md. */
#ifndef ASSAY_CONTAINER_PARQUET_THRIFT_H
#define ASSAY_CONTAINER_PARQUET_THRIFT_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ASSAY_THRIFT_MAX_DEPTH = 32 };

typedef enum assay_thrift_type {
    ASSAY_THRIFT_STOP,
    ASSAY_THRIFT_TRUE, /* in a list: a bool of one byte */
    ASSAY_THRIFT_FALSE,
    ASSAY_THRIFT_I8,
    ASSAY_THRIFT_I16,
    ASSAY_THRIFT_I32,
    ASSAY_THRIFT_I64,
    ASSAY_THRIFT_DOUBLE,
    ASSAY_THRIFT_BINARY,
    ASSAY_THRIFT_LIST,
    ASSAY_THRIFT_SET,
    ASSAY_THRIFT_MAP,
    ASSAY_THRIFT_STRUCT,
    ASSAY_THRIFT_UUID
} assay_thrift_type;

/* The bytes that are not read yet. */
typedef struct assay_thrift {
    const uint8_t *at, *end;
} assay_thrift;

/* Zeroed before a struct's first field; the ids are written as differences. */
typedef struct assay_thrift_field {
    int16_t id;
    assay_thrift_type type;
} assay_thrift_field;

/* An unsigned number of 7 bits a byte; used by Parquet's own encodings too. */
assay_status assay_thrift_varint(assay_thrift *thrift, uint64_t *out, assay_error *err);
/* The same, signs folded in (zigzag). */
assay_status assay_thrift_signed(assay_thrift *thrift, int64_t *out, assay_error *err);

assay_status assay_thrift_next(assay_thrift *thrift, assay_thrift_field *field, assay_error *err);

/* The value of a field; another type than asked for is an error. Whole numbers may be of any width that holds them. */
assay_status assay_thrift_bool(const assay_thrift_field *field, bool *out, assay_error *err);
assay_status assay_thrift_i32(assay_thrift *thrift, const assay_thrift_field *field, int32_t *out, assay_error *err);
assay_status assay_thrift_i64(assay_thrift *thrift, const assay_thrift_field *field, int64_t *out, assay_error *err);
assay_status assay_thrift_text(assay_thrift *thrift, const assay_thrift_field *field, const char **text, size_t *size,
                               assay_error *err);
assay_status assay_thrift_struct(const assay_thrift_field *field, assay_error *err);

/* The head of a list of structs, whose elements are then read one by one. */
assay_status assay_thrift_structs(assay_thrift *thrift, const assay_thrift_field *field, size_t *count,
                                  assay_error *err);

assay_status assay_thrift_skip(assay_thrift *thrift, assay_thrift_type type, assay_error *err);

#endif
