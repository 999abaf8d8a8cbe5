#include "stream/stream_list.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t inside_block = ASSAY_STREAM_BLOCK - 1;

size_t assay_stream_span(uint64_t offset, size_t bytes)
{
    return (size_t)(((offset & inside_block) + bytes + inside_block) & ~inside_block);
}

/* Where a file is not known, its offset is not either: it may be the worst. */
static size_t span_of(const assay_stream_piece *piece)
{
    size_t span = assay_stream_span(piece->offset, piece->bytes);
    return piece->file < 0 ? span + ASSAY_STREAM_BLOCK : span;
}

assay_status assay_stream_list_create(assay_stream_list **out, size_t params, int layers, assay_error *err)
{
    assay_stream_list *list = assay_alloc(1, sizeof *list);
    *out = NULL;
    ASSAY_TRY_ALLOC(list, "a list of weights", err);
    *list = (assay_stream_list){.layer_count = layers, .rows = {.param = -1}};
    list->group = assay_alloc(params + 1, sizeof *list->group);
    list->layers = assay_alloc((size_t)layers + 1, sizeof *list->layers);
    if (!list->group || !list->layers) {
        assay_stream_list_free(list);
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a list of weights");
    }
    for (size_t i = 0; i < params; i++) list->group[i] = ASSAY_STREAM_NOT;
    *out = list;
    return ASSAY_OK;
}

void assay_stream_list_free(assay_stream_list *list)
{
    if (!list) return;
    for (size_t i = 0; i < list->file_count; i++) assay_free(list->files[i].path);
    assay_free(list->files);
    assay_free(list->pieces);
    assay_free(list->layers);
    assay_free(list->group);
    assay_free(list);
}

assay_status assay_stream_list_file(assay_stream_list *list, const char *path, uint64_t bytes, int *file,
                                    assay_error *err)
{
    for (size_t i = 0; i < list->file_count; i++)
        if (!strcmp(list->files[i].path, path)) {
            *file = (int)i;
            return ASSAY_OK;
        }
    ASSAY_TRY(assay_grow(&list->files, &list->file_capacity, list->file_count + 1, sizeof *list->files, err));
    assay_stream_file *added = &list->files[list->file_count];
    *added = (assay_stream_file){.path = assay_strdup(path), .bytes = bytes};
    ASSAY_TRY_ALLOC(added->path, path, err);
    *file = (int)list->file_count++;
    return ASSAY_OK;
}

assay_status assay_stream_list_add(assay_stream_list *list, const assay_stream_piece *piece, assay_error *err)
{
    ASSAY_TRY(assay_grow(&list->pieces, &list->piece_capacity, list->piece_count + 1, sizeof *list->pieces, err));
    list->pieces[list->piece_count++] = *piece;
    list->group[piece->param] = piece->layer;
    list->bytes += piece->bytes;
    return ASSAY_OK;
}

void assay_stream_list_by_row(assay_stream_list *list, const assay_stream_piece *row, size_t rows)
{
    list->rows = *row;
    list->row_count = rows;
    list->group[row->param] = ASSAY_STREAM_ROWS;
    list->bytes += row->bytes * rows;
}

static int by_place(const void *a, const void *b)
{
    const assay_stream_piece *x = a, *y = b;
    if (x->layer != y->layer) return x->layer < y->layer ? -1 : 1;
    if (x->file != y->file) return x->file < y->file ? -1 : 1;
    if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
    if (x->param != y->param) return x->param < y->param ? -1 : 1;
    return (int)x->part - (int)y->part;
}

void assay_stream_list_settle(assay_stream_list *list)
{
    if (list->piece_count) qsort(list->pieces, list->piece_count, sizeof *list->pieces, by_place);
    for (size_t i = 0; i < list->piece_count; i++) {
        assay_stream_piece *piece = &list->pieces[i];
        assay_stream_layer *layer = &list->layers[piece->layer];
        if (layer->count++ == 0) *layer = (assay_stream_layer){.first = i, .count = 1, .bytes = ASSAY_STREAM_BLOCK};
        piece->place = layer->bytes - ASSAY_STREAM_BLOCK + (size_t)(piece->offset & inside_block);
        layer->bytes += span_of(piece);
        layer->read += span_of(piece);
    }
}

size_t assay_stream_rows_read(const assay_stream_list *list, size_t tokens)
{
    return list->rows.param < 0 ? 0 : tokens * (assay_stream_span(0, list->rows.bytes) + ASSAY_STREAM_BLOCK);
}

size_t assay_stream_rows_held(const assay_stream_list *list, size_t tokens)
{
    return list->rows.param < 0 ? 0 : tokens * list->rows.bytes;
}
