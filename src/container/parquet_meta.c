/* One function for each struct of parquet.thrift, each a loop over fields: those that matter are read, the others
 * (statistics, indexes, encoding lists, key-value metadata) are skipped, because no value depends on them. */
#include "container/parquet_meta.h"

#include "base/alloc.h"

#include <string.h>

/* Reads one field of a struct into `out`; what it does not know it skips. */
typedef assay_status (*field_reader)(assay_thrift *thrift, const assay_thrift_field *field, void *out,
                                     assay_error *err);

static assay_status read_struct(assay_thrift *thrift, field_reader read, void *out, assay_error *err)
{
    assay_thrift_field field = {0};
    for (;;) {
        ASSAY_TRY(assay_thrift_next(thrift, &field, err));
        if (field.type == ASSAY_THRIFT_STOP) return ASSAY_OK;
        ASSAY_TRY(read(thrift, &field, out, err));
    }
}

static assay_status read_inner(assay_thrift *thrift, const assay_thrift_field *field, field_reader read, void *out,
                               assay_error *err)
{
    ASSAY_TRY(assay_thrift_struct(field, err));
    return read_struct(thrift, read, out, err);
}

static assay_status skip(assay_thrift *thrift, const assay_thrift_field *field, assay_error *err)
{
    return assay_thrift_skip(thrift, field->type, err);
}

/* A list's place is kept and its elements are skipped: they are read later, one by one. */
static assay_status keep_list(assay_thrift *thrift, const assay_thrift_field *field, assay_thrift *place, size_t *count,
                              assay_error *err)
{
    ASSAY_TRY(assay_thrift_structs(thrift, field, count, err));
    *place = *thrift;
    for (size_t i = 0; i < *count; i++) ASSAY_TRY(assay_thrift_skip(thrift, ASSAY_THRIFT_STRUCT, err));
    return ASSAY_OK;
}

static assay_status footer_field(assay_thrift *thrift, const assay_thrift_field *field, void *out, assay_error *err)
{
    assay_parquet_footer *footer = out;
    switch (field->id) {
    case 2:
        return keep_list(thrift, field, &footer->schema, &footer->element_count, err);
    case 3:
        return assay_thrift_i64(thrift, field, &footer->rows, err);
    case 4:
        return keep_list(thrift, field, &footer->groups, &footer->group_count, err);
    case 8:
        footer->encrypted = true;
        return skip(thrift, field, err);
    default:
        return skip(thrift, field, err);
    }
}

assay_status assay_parquet_read_footer(const uint8_t *bytes, size_t size, assay_parquet_footer *out, assay_error *err)
{
    assay_thrift thrift = {bytes, bytes + size};
    *out = (assay_parquet_footer){.rows = -1};
    ASSAY_TRY(read_struct(&thrift, footer_field, out, err));
    if (out->element_count == 0 || out->rows < 0)
        return assay_error_set(err, ASSAY_E_FORMAT, "it has no schema or no number of rows");
    return ASSAY_OK;
}

/* The annotation of older writers: parquet.thrift, ConvertedType, LogicalTypes.md for what each means. */
static void apply_converted(assay_parquet_element *element, int32_t converted)
{
    static const uint8_t meaning[] = {
        ASSAY_PARQUET_STRING,  ASSAY_PARQUET_MAP,       ASSAY_PARQUET_MAP,       ASSAY_PARQUET_LIST,
        ASSAY_PARQUET_ENUM,    ASSAY_PARQUET_DECIMAL,   ASSAY_PARQUET_DATE,      ASSAY_PARQUET_TIME,
        ASSAY_PARQUET_TIME,    ASSAY_PARQUET_TIMESTAMP, ASSAY_PARQUET_TIMESTAMP, ASSAY_PARQUET_INTEGER,
        ASSAY_PARQUET_INTEGER, ASSAY_PARQUET_INTEGER,   ASSAY_PARQUET_INTEGER,   ASSAY_PARQUET_INTEGER,
        ASSAY_PARQUET_INTEGER, ASSAY_PARQUET_INTEGER,   ASSAY_PARQUET_INTEGER,   ASSAY_PARQUET_JSON,
        ASSAY_PARQUET_BSON,    ASSAY_PARQUET_INTERVAL};
    enum { TIME_MILLIS = 7, TIMESTAMP_MILLIS = 9, UINT_8 = 11, UINT_64 = 14 };
    if (element->logical != ASSAY_PARQUET_NONE || converted < 0) return;
    element->logical = (size_t)converted < sizeof meaning ? meaning[converted] : INT32_MAX;
    element->digits = converted == TIME_MILLIS || converted == TIMESTAMP_MILLIS ? 3 : 6;
    element->utc = true;
    element->is_unsigned = converted >= UINT_8 && converted <= UINT_64;
}

static assay_status unit_field(assay_thrift *thrift, const assay_thrift_field *field, void *out, assay_error *err)
{
    assay_parquet_element *element = out;
    if (field->id >= 1 && field->id <= 3) element->digits = 3 * field->id;
    return skip(thrift, field, err);
}

static assay_status time_field(assay_thrift *thrift, const assay_thrift_field *field, void *out, assay_error *err)
{
    assay_parquet_element *element = out;
    if (field->id == 1) return assay_thrift_bool(field, &element->utc, err);
    if (field->id == 2) return read_inner(thrift, field, unit_field, out, err);
    return skip(thrift, field, err);
}

static assay_status integer_field(assay_thrift *thrift, const assay_thrift_field *field, void *out, assay_error *err)
{
    assay_parquet_element *element = out;
    bool is_signed = true;
    if (field->id != 2) return skip(thrift, field, err);
    ASSAY_TRY(assay_thrift_bool(field, &is_signed, err));
    element->is_unsigned = !is_signed;
    return ASSAY_OK;
}

/* A union: the field that is there is the type. */
static assay_status logical_field(assay_thrift *thrift, const assay_thrift_field *field, void *out, assay_error *err)
{
    assay_parquet_element *element = out;
    element->logical = field->id > 0 && field->id != ASSAY_PARQUET_INTERVAL ? field->id : INT32_MAX;
    if (field->id == ASSAY_PARQUET_TIME || field->id == ASSAY_PARQUET_TIMESTAMP)
        return read_inner(thrift, field, time_field, out, err);
    if (field->id == ASSAY_PARQUET_INTEGER) return read_inner(thrift, field, integer_field, out, err);
    return skip(thrift, field, err);
}

/* The older annotation is applied when the whole element is known: the newer one goes before it, wherever it stands. */
typedef struct element_reading {
    assay_parquet_element *element;
    int32_t converted;
} element_reading;

static assay_status element_field(assay_thrift *thrift, const assay_thrift_field *field, void *out, assay_error *err)
{
    element_reading *reading = out;
    assay_parquet_element *element = reading->element;
    switch (field->id) {
    case 1:
        return assay_thrift_i32(thrift, field, &element->type, err);
    case 2:
        return assay_thrift_i32(thrift, field, &element->width, err);
    case 3:
        return assay_thrift_i32(thrift, field, &element->repetition, err);
    case 4:
        return assay_thrift_text(thrift, field, &element->name, &element->name_size, err);
    case 5:
        return assay_thrift_i32(thrift, field, &element->children, err);
    case 6:
        return assay_thrift_i32(thrift, field, &reading->converted, err);
    case 10:
        return read_inner(thrift, field, logical_field, element, err);
    default:
        return skip(thrift, field, err);
    }
}

assay_status assay_parquet_read_element(assay_thrift *thrift, assay_parquet_element *out, assay_error *err)
{
    *out = (assay_parquet_element){.type = -1, .repetition = -1};
    element_reading reading = {out, -1};
    ASSAY_TRY(read_struct(thrift, element_field, &reading, err));
    if (!out->name) return assay_error_set(err, ASSAY_E_FORMAT, "a column without a name in its schema");
    apply_converted(out, reading.converted);
    return ASSAY_OK;
}

static assay_status described_field(assay_thrift *thrift, const assay_thrift_field *field, void *out, assay_error *err)
{
    assay_parquet_chunk *chunk = out;
    switch (field->id) {
    case 1:
        return assay_thrift_i32(thrift, field, &chunk->type, err);
    case 4:
        return assay_thrift_i32(thrift, field, &chunk->codec, err);
    case 5:
        return assay_thrift_i64(thrift, field, &chunk->values, err);
    case 7:
        return assay_thrift_i64(thrift, field, &chunk->packed_size, err);
    case 9:
        return assay_thrift_i64(thrift, field, &chunk->data_offset, err);
    case 11:
        return assay_thrift_i64(thrift, field, &chunk->dictionary_offset, err);
    default:
        return skip(thrift, field, err);
    }
}

static assay_status chunk_field(assay_thrift *thrift, const assay_thrift_field *field, void *out, assay_error *err)
{
    assay_parquet_chunk *chunk = out;
    if (field->id == 1) chunk->elsewhere = true;
    if (field->id == 8 || field->id == 9) chunk->encrypted = true;
    if (field->id != 3) return skip(thrift, field, err);
    chunk->described = true;
    return read_inner(thrift, field, described_field, out, err);
}

typedef struct group_reading {
    assay_parquet_chunk *chunks;
    size_t expected, count;
    int64_t rows;
} group_reading;

static assay_status read_chunks(assay_thrift *thrift, const assay_thrift_field *field, group_reading *group,
                                assay_error *err)
{
    ASSAY_TRY(assay_thrift_structs(thrift, field, &group->count, err));
    if (group->count != group->expected)
        return assay_error_set(err, ASSAY_E_FORMAT, "it has %zu columns, the schema %zu", group->count,
                               group->expected);
    for (size_t i = 0; i < group->count; i++) {
        group->chunks[i] = (assay_parquet_chunk){.type = -1, .codec = -1, .values = -1, .data_offset = -1};
        ASSAY_TRY(read_struct(thrift, chunk_field, &group->chunks[i], err));
    }
    return ASSAY_OK;
}

static assay_status group_field(assay_thrift *thrift, const assay_thrift_field *field, void *out, assay_error *err)
{
    group_reading *group = out;
    if (field->id == 1) return read_chunks(thrift, field, group, err);
    if (field->id == 3) return assay_thrift_i64(thrift, field, &group->rows, err);
    return skip(thrift, field, err);
}

assay_status assay_parquet_read_group(assay_thrift *thrift, assay_parquet_chunk *chunks, size_t count, int64_t *rows,
                                      assay_error *err)
{
    group_reading group = {.chunks = chunks, .expected = count, .rows = -1};
    ASSAY_TRY(read_struct(thrift, group_field, &group, err));
    if (group.count != count || group.rows < 0)
        return assay_error_set(err, ASSAY_E_FORMAT, "it has no columns or no number of rows");
    *rows = group.rows;
    return ASSAY_OK;
}

static assay_status data_field(assay_thrift *thrift, const assay_thrift_field *field, void *out, assay_error *err)
{
    assay_parquet_page *page = out;
    switch (field->id) {
    case 1:
        return assay_thrift_i32(thrift, field, &page->values, err);
    case 2:
        return assay_thrift_i32(thrift, field, &page->encoding, err);
    case 3:
        return assay_thrift_i32(thrift, field, &page->definition, err);
    case 4:
        return assay_thrift_i32(thrift, field, &page->repetition, err);
    default:
        return skip(thrift, field, err);
    }
}

static assay_status dictionary_field(assay_thrift *thrift, const assay_thrift_field *field, void *out, assay_error *err)
{
    if (field->id == 1 || field->id == 2) return data_field(thrift, field, out, err);
    return skip(thrift, field, err);
}

static assay_status data_v2_field(assay_thrift *thrift, const assay_thrift_field *field, void *out, assay_error *err)
{
    assay_parquet_page *page = out;
    bool packed = true;
    switch (field->id) {
    case 1:
        return assay_thrift_i32(thrift, field, &page->values, err);
    case 4:
        return assay_thrift_i32(thrift, field, &page->encoding, err);
    case 5:
        return assay_thrift_i32(thrift, field, &page->definition, err);
    case 6:
        return assay_thrift_i32(thrift, field, &page->repetition, err);
    case 7:
        ASSAY_TRY(assay_thrift_bool(field, &packed, err));
        page->unpacked = !packed;
        return ASSAY_OK;
    default:
        return skip(thrift, field, err);
    }
}

static assay_status page_details(assay_thrift *thrift, const assay_thrift_field *field, field_reader read,
                                 assay_parquet_page *page, assay_error *err)
{
    page->described = true;
    return read_inner(thrift, field, read, page, err);
}

static assay_status page_field(assay_thrift *thrift, const assay_thrift_field *field, void *out, assay_error *err)
{
    assay_parquet_page *page = out;
    switch (field->id) {
    case 1:
        return assay_thrift_i32(thrift, field, &page->kind, err);
    case 2:
        return assay_thrift_i32(thrift, field, &page->size, err);
    case 3:
        return assay_thrift_i32(thrift, field, &page->packed_size, err);
    case 4:
        page->has_crc = true;
        return assay_thrift_i32(thrift, field, &page->crc, err);
    case 5:
        return page_details(thrift, field, data_field, page, err);
    case 7:
        return page_details(thrift, field, dictionary_field, page, err);
    case 8:
        return page_details(thrift, field, data_v2_field, page, err);
    default:
        return skip(thrift, field, err);
    }
}

assay_status assay_parquet_read_page(assay_thrift *thrift, assay_parquet_page *out, assay_error *err)
{
    *out = (assay_parquet_page){.kind = -1, .size = -1, .packed_size = -1, .values = -1, .encoding = -1};
    return read_struct(thrift, page_field, out, err);
}
