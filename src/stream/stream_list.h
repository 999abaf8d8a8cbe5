/* Which weights do not stay in memory, and where in which files they are: what is read, how it lies in memory, how many
 * bytes that takes. Pure data; a plan is made from it before a file is opened.
 *
 *     assay_stream_list *list;
 *     ASSAY_TRY(assay_stream_list_create(&list, params, layers, err));
 *     // for each tensor; a file that is known is found
 *     ASSAY_TRY(assay_stream_list_file(list, path, size, &file, err));
 *     ASSAY_TRY(assay_stream_list_add(list, &piece, err)); // in any order
 *     assay_stream_list_by_row(list, &piece, rows);        // at most one: the embedding
 *     assay_stream_list_settle(list);                      // then places and sums are known
 *     ...
 *     assay_stream_list_free(list);
 *
 * A layer's pieces come and go together: they have one slot. What is read of a file begins and ends at multiples of
 * ASSAY_STREAM_BLOCK, as reading past the page cache wants it, and lies in the slot as it does in the file: a piece's
 * first byte is as far behind a multiple of the block as its offset is. A slot has one block more than its pieces take,
 * so that its first block can begin anywhere.
 *
 * Of the weight that is read by row, only the rows whose ids a micro-batch has come, one for each token.
 */
#ifndef ASSAY_STREAM_STREAM_LIST_H
#define ASSAY_STREAM_STREAM_LIST_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ASSAY_STREAM_BLOCK = 4096 };

/* Groups of weights that come together: layers from 0 on, or one of these. */
enum { ASSAY_STREAM_ROWS = -1, ASSAY_STREAM_NOT = -2 };

/* Which bytes of a weight a piece has. A plain or block type has values alone; for the others see quant/parts_type.h.
 */
typedef enum assay_stream_part {
    ASSAY_STREAM_VALUES,
    ASSAY_STREAM_SCALES,
    ASSAY_STREAM_MAP,
    ASSAY_STREAM_MAP_SCALES,
    ASSAY_STREAM_ZEROS,
    ASSAY_STREAM_GROUPS
} assay_stream_part;

typedef struct assay_stream_piece {
    int layer, param; /* of the program */
    assay_stream_part part;
    int file;           /* -1: not known, in a plan without files */
    uint64_t offset;    /* in the file */
    size_t bytes;       /* of the weight; of one row where it is read by row */
    size_t place;       /* in the slot; filled in by settle */
    const char *tensor; /* for messages; borrowed */
} assay_stream_piece;

typedef struct assay_stream_file {
    char *path;
    uint64_t bytes; /* when its header was read */
} assay_stream_file;

typedef struct assay_stream_layer {
    size_t first, count; /* pieces */
    size_t bytes;        /* of its slot; 0: nothing of it is streamed */
    size_t read;         /* bytes that are read to fill it */
} assay_stream_layer;

typedef struct assay_stream_list {
    assay_stream_file *files;
    assay_stream_piece *pieces; /* by layer, then as they lie in the files */
    assay_stream_layer *layers;
    int *group;              /* per parameter: its layer, ASSAY_STREAM_ROWS or ASSAY_STREAM_NOT */
    assay_stream_piece rows; /* param -1: no weight is read by row */
    size_t row_count;
    size_t file_count, piece_count, file_capacity, piece_capacity;
    int layer_count;
    size_t bytes; /* of all these weights: what need not stay in memory */
} assay_stream_list;

assay_status assay_stream_list_create(assay_stream_list **out, size_t params, int layers, assay_error *err);
void assay_stream_list_free(assay_stream_list *list); /* NULL is fine */

assay_status assay_stream_list_file(assay_stream_list *list, const char *path, uint64_t bytes, int *file,
                                    assay_error *err);
assay_status assay_stream_list_add(assay_stream_list *list, const assay_stream_piece *piece, assay_error *err);
void assay_stream_list_by_row(assay_stream_list *list, const assay_stream_piece *row, size_t rows);
void assay_stream_list_settle(assay_stream_list *list);

/* Bytes of the whole blocks from the one with `offset` to the one with the last of `bytes`. */
size_t assay_stream_span(uint64_t offset, size_t bytes);

/* At most so many bytes are read, and so many held, for the rows of a micro-batch of so many tokens. */
size_t assay_stream_rows_read(const assay_stream_list *list, size_t tokens);
size_t assay_stream_rows_held(const assay_stream_list *list, size_t tokens);

#endif
