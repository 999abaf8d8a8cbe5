/* One column of one row group, walked value by value. For parquet_row.
 *
 *     assay_parquet_column column = {.leaf = leaf, .map = &map, .path = path, .bytes_read = &bytes};
 *     ASSAY_TRY(assay_parquet_column_open(&column, &chunk, limit, group, err));
 *     for (;;) {
 *         ASSAY_TRY(assay_parquet_column_peek(&column, err)); // levels of the next value; ended: there is none
 *         if (column.ended) break;
 *         if (column.definition == leaf->max_definition) ASSAY_TRY(assay_parquet_column_value(&column, &value, err));
 *         assay_parquet_column_step(&column);
 *     }
 *     assay_parquet_column_release(&column);
 *
 * Opened again for the next row group, with its memory kept: one page and one dictionary. Pages that are not compressed
 * are read where they lie in the file. A page's checksum is compared where it has one. Errors name row group, column
 * and page. */
#ifndef ASSAY_CONTAINER_PARQUET_COLUMN_H
#define ASSAY_CONTAINER_PARQUET_COLUMN_H

#include "base/file.h"
#include "container/parquet_schema.h"
#include "container/parquet_unpack.h"
#include "container/parquet_values.h"

typedef struct assay_parquet_column {
    const assay_parquet_node *leaf; /* set by the caller, like the next three */
    const assay_mapping *map;
    const char *path;
    size_t *bytes_read; /* what is read of the file is added here */

    int definition, repetition; /* of the next value; 0, 0 at the end */
    bool ready, ended;          /* the levels above are read; the row group has no more values */

    assay_thrift pages; /* what of the row group's bytes is not read */
    int32_t codec;
    uint64_t values_left, page_left; /* of the row group behind the current page; of the page */
    size_t group, page;              /* 1-based, for messages */
    assay_parquet_runs definitions, repetitions;
    assay_parquet_values values;
    assay_parquet_dictionary dictionary;
    assay_parquet_block page_block, dictionary_block;
} assay_parquet_column;

/* `limit`: where the footer begins. `group` counts from 1. */
assay_status assay_parquet_column_open(assay_parquet_column *column, const assay_parquet_chunk *chunk, size_t limit,
                                       size_t group, assay_error *err);

/* Safe on a zeroed column. */
void assay_parquet_column_release(assay_parquet_column *column);

/* Reads on to the next value's levels, unless they are there. */
assay_status assay_parquet_column_peek(assay_parquet_column *column, assay_error *err);

/* The value itself; at most once between two steps, and only where the definition level says that it is there. */
assay_status assay_parquet_column_value(assay_parquet_column *column, assay_parquet_value *out, assay_error *err);

void assay_parquet_column_step(assay_parquet_column *column);

/* Puts row group, column and page before the sentence. */
assay_status assay_parquet_column_place(const assay_parquet_column *column, assay_status status, assay_error *err);

#endif
