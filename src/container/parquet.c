/* The footer is read when the file is opened: the schema is kept, the row groups are looked through once, so that what
 * is not read is refused before the first row, and then read again one by one as the rows come to them. Rows are made
 * by parquet_row from columns (parquet_column), which read their pages from the mapping. */
#include "container/parquet.h"

#include "container/parquet_refuse.h"
#include "container/parquet_row.h"

#include <string.h>

enum {
    FRAME = 12,
    TAIL = 8
}; /* the shortest file: "PAR1", the footer's length, "PAR1"; what of it lies behind the footer */

/* After so many bytes of pages the mapping is given back. */
static const size_t forget_after = (size_t)32 << 20;

struct assay_parquet {
    char *path;
    assay_mapping map;
    size_t limit; /* where the footer begins */
    assay_parquet_schema schema;
    assay_parquet_chunk *chunks; /* of the current row group, by leaf */
    assay_parquet_record record;
    assay_thrift groups; /* at the next row group */
    size_t group, group_count;
    uint64_t rows, rows_left, number; /* of the file; of the row group; of the row made last */
    size_t bytes_read;
    bool broken;
};

static assay_status format_error(const char *what, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_FORMAT, "%s", what);
}

static assay_status find_footer(assay_parquet *file, size_t *size, assay_error *err)
{
    const assay_mapping *map = &file->map;
    if (map->size < FRAME || memcmp(map->data, "PAR", 3) != 0) return format_error("no Parquet file", err);
    const uint8_t *tail = map->data + map->size - TAIL;
    if (map->data[3] == 'E' || memcmp(tail + 4, "PARE", 4) == 0)
        return assay_parquet_refuse_file("is encrypted", file->path, err);
    if (memcmp(map->data, "PAR1", 4) != 0 || memcmp(tail + 4, "PAR1", 4) != 0)
        return format_error("a Parquet file without its end (\"PAR1\"); is it downloaded wholly?", err);
    *size = assay_parquet_u32(tail);
    if (*size > map->size - FRAME) return format_error("its footer is longer than the file", err);
    file->limit = map->size - TAIL - *size;
    return ASSAY_OK;
}

static assay_status check_chunk(const assay_parquet *file, const assay_parquet_node *leaf,
                                const assay_parquet_chunk *chunk, assay_error *err)
{
    if (chunk->encrypted) return assay_parquet_refuse_type(leaf, "is encrypted", file->path, err);
    if (chunk->elsewhere) return assay_parquet_refuse_type(leaf, "lies in another file", file->path, err);
    if (!chunk->described) return format_error("a column has no metadata", err);
    return assay_parquet_check_codec(leaf, chunk->codec, file->path, err);
}

/* Reads the next row group's metadata into file->chunks. */
static assay_status read_group(assay_parquet *file, assay_thrift *groups, size_t number, int64_t *rows,
                               assay_error *err)
{
    const assay_parquet_schema *schema = &file->schema;
    assay_status status = assay_parquet_read_group(groups, file->chunks, schema->leaf_count, rows, err);
    for (size_t i = 0; status == ASSAY_OK && i < schema->leaf_count; i++)
        if (schema->leaves[i]->wanted) status = check_chunk(file, schema->leaves[i], &file->chunks[i], err);
    return status == ASSAY_OK ? ASSAY_OK : assay_error_prefix(err, status, "row group %zu: ", number);
}

static assay_status check_groups(assay_parquet *file, assay_error *err)
{
    assay_thrift groups = file->groups;
    uint64_t sum = 0;
    for (size_t i = 0; i < file->group_count; i++) {
        int64_t rows = 0;
        ASSAY_TRY(read_group(file, &groups, i + 1, &rows, err));
        if (__builtin_add_overflow(sum, (uint64_t)rows, &sum)) sum = UINT64_MAX;
    }
    if (sum == file->rows) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "its row groups have %llu rows, the file %llu", (unsigned long long)sum,
                           (unsigned long long)file->rows);
}

static assay_status make_columns(assay_parquet *file, assay_error *err)
{
    size_t count = file->schema.leaf_count;
    file->chunks = assay_alloc(count, sizeof *file->chunks);
    ASSAY_TRY_ALLOC(file->chunks, "its columns", err);
    file->record.columns = assay_alloc(count, sizeof *file->record.columns);
    ASSAY_TRY_ALLOC(file->record.columns, "its columns", err);
    for (size_t i = 0; i < count; i++) {
        assay_parquet_column *column = &file->record.columns[i];
        column->leaf = file->schema.leaves[i];
        column->map = &file->map;
        column->path = file->path;
        column->bytes_read = &file->bytes_read;
    }
    return ASSAY_OK;
}

static assay_status read_footer(assay_parquet *file, const char *const *columns, size_t column_count, assay_error *err)
{
    assay_parquet_footer footer;
    size_t size = 0;
    ASSAY_TRY(find_footer(file, &size, err));
    assay_status status = assay_parquet_read_footer(file->map.data + file->limit, size, &footer, err);
    if (status != ASSAY_OK) return assay_error_prefix(err, status, "the footer: ");
    if (footer.encrypted) return assay_parquet_refuse_file("is encrypted", file->path, err);
    file->groups = footer.groups;
    file->group_count = footer.group_count;
    file->rows = (uint64_t)footer.rows;
    ASSAY_TRY(assay_parquet_schema_read(&file->schema, footer.schema, footer.element_count, columns, column_count,
                                        file->path, err));
    ASSAY_TRY(make_columns(file, err));
    return check_groups(file, err);
}

static assay_status open_file(assay_parquet *file, const char *path, const char *const *columns, size_t column_count,
                              assay_error *err)
{
    file->path = assay_strdup(path);
    ASSAY_TRY_ALLOC(file->path, path, err);
    ASSAY_TRY(assay_map_open(&file->map, path, err));
    assay_status status = read_footer(file, columns, column_count, err);
    return status == ASSAY_OK ? ASSAY_OK : assay_error_prefix(err, status, "%s: ", path);
}

assay_status assay_parquet_open(assay_parquet **out, const char *path, const char *const *columns, size_t column_count,
                                assay_error *err)
{
    *out = NULL;
    assay_parquet *file = assay_alloc(1, sizeof *file);
    ASSAY_TRY_ALLOC(file, path, err);
    assay_buf_init(&file->record.text, ASSAY_PARQUET_ROW_MAX);
    assay_status status = open_file(file, path, columns, column_count, err);
    if (status == ASSAY_OK) *out = file;
    else assay_parquet_close(file);
    return status;
}

void assay_parquet_close(assay_parquet *file)
{
    if (!file) return;
    for (size_t i = 0; file->record.columns && i < file->schema.leaf_count; i++)
        assay_parquet_column_release(&file->record.columns[i]);
    assay_free(file->record.columns);
    assay_free(file->chunks);
    assay_buf_release(&file->record.text);
    assay_parquet_schema_release(&file->schema);
    assay_map_close(&file->map);
    assay_free(file->path);
    assay_free(file);
}

static assay_status open_group(assay_parquet *file, assay_error *err)
{
    const assay_parquet_schema *schema = &file->schema;
    int64_t rows = 0;
    file->group++;
    ASSAY_TRY(read_group(file, &file->groups, file->group, &rows, err));
    file->rows_left = (uint64_t)rows;
    for (size_t i = 0; i < schema->leaf_count; i++)
        if (schema->leaves[i]->wanted)
            ASSAY_TRY(
                assay_parquet_column_open(&file->record.columns[i], &file->chunks[i], file->limit, file->group, err));
    return ASSAY_OK;
}

/* When a row group's rows are made, no column may have values left. */
static assay_status close_group(assay_parquet *file, assay_error *err)
{
    for (size_t i = 0; file->group > 0 && i < file->schema.leaf_count; i++) {
        assay_parquet_column *column = &file->record.columns[i];
        if (!column->leaf->wanted) continue;
        ASSAY_TRY(assay_parquet_column_peek(column, err));
        if (column->ended) continue;
        assay_status status = assay_error_set(err, ASSAY_E_FORMAT, "it has more rows than its row group");
        return assay_parquet_column_place(column, status, err);
    }
    return ASSAY_OK;
}

static void forget_pages(assay_parquet *file)
{
    if (file->bytes_read < forget_after) return;
    assay_map_forget(&file->map);
    file->bytes_read = 0;
}

/* *made: false at the end. */
static assay_status make_row(assay_parquet *file, bool *made, assay_error *err)
{
    *made = false;
    while (file->rows_left == 0) {
        ASSAY_TRY(close_group(file, err));
        if (file->group == file->group_count) return ASSAY_OK;
        ASSAY_TRY(open_group(file, err));
    }
    forget_pages(file);
    ASSAY_TRY(assay_parquet_record_make(&file->record, file->schema.nodes, err));
    file->rows_left--;
    file->number++;
    *made = true;
    return ASSAY_OK;
}

assay_status assay_parquet_next(assay_parquet *file, assay_parquet_row *row, assay_error *err)
{
    bool made = false;
    const assay_parquet_record *record = &file->record;
    *row = (assay_parquet_row){.number = file->number};
    if (file->broken) return ASSAY_OK;
    assay_status status = make_row(file, &made, err);
    if (status != ASSAY_OK) {
        file->broken = true;
        return assay_error_prefix(err, status, "%s: ", file->path);
    }
    row->number = file->number;
    if (!made) return ASSAY_OK;
    if (record->fault.status != ASSAY_OK)
        return assay_error_set(err, record->fault.status, "%s: row %llu: %s", file->path,
                               (unsigned long long)file->number, record->fault.text);
    row->text = record->text.data;
    row->size = record->text.size;
    return ASSAY_OK;
}

bool assay_parquet_broken(const assay_parquet *file) { return file->broken; }
