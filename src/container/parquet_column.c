/* A chunk is a row of pages, each with a header that says how long it is: perhaps a dictionary first, then data. Only
 * data pages count values; the chunk's own count says when to stop. All sizes are checked against the bytes that are
 * left before anything is made of them. */
#include "container/parquet_column.h"

#include "container/parquet_refuse.h"

#include <zlib.h>

assay_status assay_parquet_column_place(const assay_parquet_column *column, assay_status status, assay_error *err)
{
    if (status == ASSAY_OK) return ASSAY_OK;
    char *name = assay_parquet_node_path(column->leaf);
    assay_status placed = assay_error_prefix(err, status, "row group %zu, column %s, page %zu: ", column->group,
                                             name ? name : "?", column->page);
    assay_free(name);
    return placed;
}

static assay_status format_error(const char *what, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_FORMAT, "%s", what);
}

static size_t width_of(const assay_parquet_element *element)
{
    switch (element->type) {
    case ASSAY_PARQUET_INT32:
    case ASSAY_PARQUET_FLOAT:
        return 4;
    case ASSAY_PARQUET_INT64:
    case ASSAY_PARQUET_DOUBLE:
        return 8;
    case ASSAY_PARQUET_FIXED:
        return (size_t)element->width;
    default:
        return 0;
    }
}

/* Older writers give the dictionary's offset as 0 or not at all when there is none. */
static assay_status find_pages(assay_parquet_column *column, const assay_parquet_chunk *chunk, size_t limit,
                               assay_error *err)
{
    int64_t start = chunk->data_offset, first = chunk->dictionary_offset;
    if (first > 0 && first < start) start = first;
    if (start < 0 || chunk->packed_size < 0 || (uint64_t)start > limit ||
        (uint64_t)chunk->packed_size > limit - (uint64_t)start)
        return format_error("its pages are not where the file's metadata says", err);
    if (chunk->values < 0 || chunk->type != column->leaf->element.type)
        return format_error("its metadata has another type than the schema, or no number of values", err);
    column->pages.at = column->map->data + start;
    column->pages.end = column->pages.at + chunk->packed_size;
    return ASSAY_OK;
}

assay_status assay_parquet_column_open(assay_parquet_column *column, const assay_parquet_chunk *chunk, size_t limit,
                                       size_t group, assay_error *err)
{
    column->group = group;
    column->page = 0;
    column->ready = column->ended = false;
    column->page_left = 0;
    column->values_left = (uint64_t)chunk->values;
    column->codec = chunk->codec;
    column->values.dictionary = NULL;
    column->values.type = column->leaf->element.type;
    column->values.width = width_of(&column->leaf->element);
    return assay_parquet_column_place(column, find_pages(column, chunk, limit, err), err);
}

void assay_parquet_column_release(assay_parquet_column *column)
{
    assay_buf_release(&column->values.text);
    assay_free(column->dictionary.offsets);
    assay_free(column->page_block.data);
    assay_free(column->dictionary_block.data);
    *column = (assay_parquet_column){0};
}

static assay_status check_page(const assay_parquet_column *column, const assay_parquet_page *page, assay_error *err)
{
    const assay_thrift *pages = &column->pages;
    if (page->size < 0 || page->packed_size < 0 || page->packed_size > pages->end - pages->at)
        return format_error("it is longer than what is left of its row group", err);
    if (page->kind != ASSAY_PARQUET_INDEX_PAGE && (!page->described || page->values < 0))
        return format_error("its header does not say how many values it has", err);
    if (!page->has_crc) return ASSAY_OK;
    uLong crc = crc32(crc32(0, NULL, 0), pages->at, (uInt)page->packed_size);
    return (uint32_t)crc == (uint32_t)page->crc ? ASSAY_OK : format_error("its checksum is not that of its bytes", err);
}

/* The bytes of a page or of its compressed part, unpacked where they are packed. */
static assay_status page_bytes(const assay_parquet_column *column, assay_parquet_block *block, const uint8_t *packed,
                               size_t packed_size, size_t size, bool is_packed, const uint8_t **out, assay_error *err)
{
    if (is_packed && column->codec != ASSAY_PARQUET_UNCOMPRESSED) {
        ASSAY_TRY(assay_parquet_unpack(column->codec, packed, packed_size, size, block, err));
        *out = size ? block->data : packed;
        return ASSAY_OK;
    }
    *out = packed;
    return size == packed_size ? ASSAY_OK : format_error("its two sizes differ, and it is not compressed", err);
}

static assay_status load_dictionary(assay_parquet_column *column, const assay_parquet_page *page, assay_error *err)
{
    const uint8_t *bytes;
    if (page->encoding != ASSAY_PARQUET_PLAIN && page->encoding != ASSAY_PARQUET_PLAIN_DICTIONARY)
        return assay_parquet_refuse_encoding(page->encoding, column->path, err);
    if (column->values.dictionary) return format_error("it is a second dictionary", err);
    ASSAY_TRY(page_bytes(column, &column->dictionary_block, column->pages.at, (size_t)page->packed_size,
                         (size_t)page->size, true, &bytes, err));
    column->values.dictionary = &column->dictionary;
    return assay_parquet_dictionary_read(&column->dictionary, column->values.type, column->values.width, bytes,
                                         (size_t)page->size, (size_t)page->values, err);
}

/* Levels at the head of a v1 page; *at goes behind them. Levels that can only be 0 are not written. */
static assay_status open_levels(assay_parquet_runs *runs, int most, int32_t encoding, uint64_t count,
                                const uint8_t **at, const uint8_t *end, assay_error *err)
{
    int width = assay_parquet_width((uint32_t)most);
    uint64_t left = (uint64_t)(end - *at), size = (count * (uint64_t)width + 7) / 8;
    if (most == 0) return ASSAY_OK;
    if (encoding == ASSAY_PARQUET_BIT_PACKED) {
        if (size > left) return format_error("its levels are cut short", err);
        assay_parquet_runs_packed(runs, *at, (size_t)size, count, width);
        *at += size;
        return ASSAY_OK;
    }
    if (encoding != ASSAY_PARQUET_RLE) return format_error("its levels have an unknown encoding", err);
    if (left < 4 || assay_parquet_u32(*at) > left - 4) return format_error("its levels are cut short", err);
    size = assay_parquet_u32(*at);
    assay_parquet_runs_hybrid(runs, *at + 4, *at + 4 + size, width);
    *at += 4 + size;
    return ASSAY_OK;
}

static assay_status load_v1(assay_parquet_column *column, const assay_parquet_page *page, assay_error *err)
{
    const assay_parquet_node *leaf = column->leaf;
    const uint8_t *at, *end;
    uint64_t count = (uint64_t)page->values;
    ASSAY_TRY(page_bytes(column, &column->page_block, column->pages.at, (size_t)page->packed_size, (size_t)page->size,
                         true, &at, err));
    end = at + page->size;
    ASSAY_TRY(open_levels(&column->repetitions, leaf->max_repetition, page->repetition, count, &at, end, err));
    ASSAY_TRY(open_levels(&column->definitions, leaf->max_definition, page->definition, count, &at, end, err));
    return assay_parquet_values_open(&column->values, page->encoding, at, (size_t)(end - at), count, err);
}

/* In a v2 page the levels lie before what is compressed, without lengths of their own. */
static assay_status load_v2(assay_parquet_column *column, const assay_parquet_page *page, assay_error *err)
{
    const assay_parquet_node *leaf = column->leaf;
    const uint8_t *at = column->pages.at, *bytes;
    int64_t levels = (int64_t)page->repetition + page->definition;
    if (page->repetition < 0 || page->definition < 0 || levels > page->packed_size || levels > page->size)
        return format_error("its levels are longer than it is", err);
    const uint8_t *definitions = at + page->repetition, *values = definitions + page->definition;
    assay_parquet_runs_hybrid(&column->repetitions, at, definitions,
                              assay_parquet_width((uint32_t)leaf->max_repetition));
    assay_parquet_runs_hybrid(&column->definitions, definitions, values,
                              assay_parquet_width((uint32_t)leaf->max_definition));
    size_t size = (size_t)(page->size - levels);
    ASSAY_TRY(page_bytes(column, &column->page_block, values, (size_t)(page->packed_size - levels), size,
                         !page->unpacked, &bytes, err));
    return assay_parquet_values_open(&column->values, page->encoding, bytes, size, (uint64_t)page->values, err);
}

static assay_status load_data(assay_parquet_column *column, const assay_parquet_page *page, assay_error *err)
{
    if ((uint64_t)page->values > column->values_left)
        return format_error("it has more values than are left of its row group", err);
    if (!assay_parquet_encoding_fits(column->values.type, page->encoding))
        return assay_parquet_refuse_encoding(page->encoding, column->path, err);
    ASSAY_TRY(page->kind == ASSAY_PARQUET_DATA_PAGE ? load_v1(column, page, err) : load_v2(column, page, err));
    column->page_left = (uint64_t)page->values;
    column->values_left -= column->page_left;
    return ASSAY_OK;
}

static assay_status load_page(assay_parquet_column *column, assay_error *err)
{
    assay_parquet_page page;
    const uint8_t *start = column->pages.at;
    column->page++;
    if (start == column->pages.end) return format_error("its row group has fewer pages than its values need", err);
    ASSAY_TRY(assay_parquet_read_page(&column->pages, &page, err));
    ASSAY_TRY(check_page(column, &page, err));
    if (page.kind == ASSAY_PARQUET_DICTIONARY_PAGE) ASSAY_TRY(load_dictionary(column, &page, err));
    if (page.kind == ASSAY_PARQUET_DATA_PAGE || page.kind == ASSAY_PARQUET_DATA_PAGE_V2)
        ASSAY_TRY(load_data(column, &page, err));
    column->pages.at += page.packed_size;
    *column->bytes_read += (size_t)(column->pages.at - start);
    return ASSAY_OK;
}

static assay_status read_level(assay_parquet_runs *runs, int most, int *out, assay_error *err)
{
    uint32_t level = 0;
    if (most > 0) ASSAY_TRY(assay_parquet_runs_next(runs, &level, err));
    if (level > (uint32_t)most)
        return assay_error_set(err, ASSAY_E_FORMAT, "it has a level of %u where the schema allows %d", level, most);
    *out = (int)level;
    return ASSAY_OK;
}

static assay_status find_next(assay_parquet_column *column, assay_error *err)
{
    while (column->page_left == 0 && column->values_left > 0) ASSAY_TRY(load_page(column, err));
    if (column->page_left == 0) {
        column->ended = true;
        column->definition = column->repetition = 0;
        return ASSAY_OK;
    }
    ASSAY_TRY(read_level(&column->repetitions, column->leaf->max_repetition, &column->repetition, err));
    return read_level(&column->definitions, column->leaf->max_definition, &column->definition, err);
}

assay_status assay_parquet_column_peek(assay_parquet_column *column, assay_error *err)
{
    if (column->ready) return ASSAY_OK;
    assay_status status = find_next(column, err);
    if (status != ASSAY_OK) return assay_parquet_column_place(column, status, err);
    column->ready = true;
    return ASSAY_OK;
}

assay_status assay_parquet_column_value(assay_parquet_column *column, assay_parquet_value *out, assay_error *err)
{
    assay_status status = assay_parquet_values_next(&column->values, out, err);
    return status == ASSAY_OK ? ASSAY_OK : assay_parquet_column_place(column, status, err);
}

void assay_parquet_column_step(assay_parquet_column *column)
{
    column->ready = false;
    column->page_left--;
}
