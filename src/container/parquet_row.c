/* The schema is walked once a row, and each node asks the next value of its first leaf what is there:
 *
 *     a definition level one below an optional node's: the node is null
 *     one below a repeated node's:                     the array is empty
 *     at least the node's:                             it is there; after an array's element, a repetition level equal
 * to the array's says that another follows
 *
 * `repetition` is the level with which the values below a node must begin: 0 for a row's first, an array's own for its
 * further elements. Every value is compared with it and with the definition level its place demands, so columns that
 * disagree about the shape of a row are found out at the first value. Recursion is as deep as the schema, at most
 * ASSAY_PARQUET_MAX_DEPTH. */
#include "container/parquet_row.h"

#include "container/parquet_text.h"

#include <string.h>

static assay_status make_field(assay_parquet_record *record, const assay_parquet_node *node, int repetition,
                               assay_error *err);
static assay_status make_content(assay_parquet_record *record, const assay_parquet_node *node, int repetition,
                                 assay_error *err);

static assay_parquet_column *first_column(const assay_parquet_record *record, const assay_parquet_node *node)
{
    return &record->columns[node->first_leaf];
}

/* Once a row is bad its text does not matter; memory that ran out does. */
static assay_status note_fault(assay_parquet_record *record, assay_status status, assay_error *err)
{
    if (status == ASSAY_E_MEMORY) return assay_error_set(err, status, "%s", record->fault.text);
    record->fault.status = status;
    return ASSAY_OK;
}

static assay_status put(assay_parquet_record *record, const char *text, size_t size, assay_error *err)
{
    if (record->fault.status != ASSAY_OK) return ASSAY_OK;
    assay_status status = assay_buf_append(&record->text, text, size, &record->fault);
    return status == ASSAY_OK ? ASSAY_OK : note_fault(record, status, err);
}

static assay_status put_text(assay_parquet_record *record, const char *text, assay_error *err)
{
    return put(record, text, strlen(text), err);
}

static assay_status append_plain(assay_buf *out, const assay_parquet_element *element, const assay_parquet_value *value,
                                 assay_error *err)
{
    switch (element->type) {
    case ASSAY_PARQUET_BOOLEAN:
        return assay_buf_text(out, value->whole ? "true" : "false", err);
    case ASSAY_PARQUET_INT32:
        if (!element->is_unsigned) return assay_parquet_text_whole(out, value->whole, false, err);
        return assay_parquet_text_whole(out, (uint32_t)value->whole, true, err);
    case ASSAY_PARQUET_INT64:
        return assay_parquet_text_whole(out, value->whole, element->is_unsigned, err);
    case ASSAY_PARQUET_FLOAT:
    case ASSAY_PARQUET_DOUBLE:
        return assay_parquet_text_real(out, value->real, err);
    default:
        return assay_parquet_text_string(out, value->bytes, value->size, err);
    }
}

static assay_status append_value(assay_buf *out, const assay_parquet_element *element, const assay_parquet_value *value,
                                 assay_error *err)
{
    switch (element->logical) {
    case ASSAY_PARQUET_DATE:
        return assay_parquet_text_date(out, value->whole, err);
    case ASSAY_PARQUET_TIME:
        return assay_parquet_text_time(out, value->whole, element->digits, err);
    case ASSAY_PARQUET_TIMESTAMP:
        return assay_parquet_text_timestamp(out, value->whole, element->digits, element->utc, err);
    default:
        return append_plain(out, element, value, err);
    }
}

static assay_status put_value(assay_parquet_record *record, const assay_parquet_node *leaf,
                              const assay_parquet_value *value, assay_error *err)
{
    if (record->fault.status != ASSAY_OK) return ASSAY_OK;
    assay_status status = append_value(&record->text, &leaf->element, value, &record->fault);
    if (status == ASSAY_OK) return ASSAY_OK;
    char *name = assay_parquet_node_path(leaf);
    assay_error_prefix(&record->fault, status, "column %s: ", name ? name : "?");
    assay_free(name);
    return note_fault(record, status, err);
}

/* The next value must be at this place of the row. */
static assay_status check_levels(assay_parquet_record *record, assay_parquet_column *column, int repetition,
                                 int definition, assay_error *err)
{
    ASSAY_TRY(assay_parquet_column_peek(column, err));
    assay_status status = ASSAY_OK;
    if (column->ended) status = assay_error_set(err, ASSAY_E_FORMAT, "it has fewer rows than its row group");
    else if (column->repetition != repetition || column->definition != definition)
        status = assay_error_set(err, ASSAY_E_FORMAT,
                                 "a value with the levels %d, %d where the schema and the other columns want %d, %d",
                                 column->repetition, column->definition, repetition, definition);
    else if (record->values++ >= ASSAY_PARQUET_ROW_VALUES)
        status = assay_error_set(err, ASSAY_E_FORMAT, "a row of more than %zu values", ASSAY_PARQUET_ROW_VALUES);
    return assay_parquet_column_place(column, status, err);
}

static assay_status make_leaf(assay_parquet_record *record, const assay_parquet_node *leaf, int repetition,
                              assay_error *err)
{
    assay_parquet_column *column = first_column(record, leaf);
    assay_parquet_value value;
    ASSAY_TRY(check_levels(record, column, repetition, leaf->max_definition, err));
    ASSAY_TRY(assay_parquet_column_value(column, &value, err));
    ASSAY_TRY(put_value(record, leaf, &value, err));
    assay_parquet_column_step(column);
    return ASSAY_OK;
}

/* Where a node is null or an array is empty, each leaf below has one value that says so. */
static assay_status pass_leaves(assay_parquet_record *record, const assay_parquet_node *node, int repetition,
                                assay_error *err)
{
    for (size_t i = 0; i < node->leaf_count; i++) {
        assay_parquet_column *column = &record->columns[node->first_leaf + i];
        ASSAY_TRY(check_levels(record, column, repetition, node->max_definition - 1, err));
        assay_parquet_column_step(column);
    }
    return ASSAY_OK;
}

static assay_status is_there(const assay_parquet_record *record, const assay_parquet_node *node, bool *out,
                             assay_error *err)
{
    assay_parquet_column *column = first_column(record, node);
    ASSAY_TRY(assay_parquet_column_peek(column, err));
    *out = !column->ended && column->definition >= node->max_definition;
    return ASSAY_OK;
}

/* Whether another element of the array follows the one just made. */
static assay_status goes_on(const assay_parquet_record *record, const assay_parquet_node *repeated, bool *out,
                            assay_error *err)
{
    assay_parquet_column *column = first_column(record, repeated);
    ASSAY_TRY(assay_parquet_column_peek(column, err));
    *out = !column->ended && column->repetition == repeated->max_repetition;
    return ASSAY_OK;
}

typedef assay_status (*element_maker)(assay_parquet_record *record, const assay_parquet_node *repeated, int repetition,
                                      assay_error *err);

static assay_status make_wrapped(assay_parquet_record *record, const assay_parquet_node *repeated, int repetition,
                                 assay_error *err)
{
    return make_field(record, repeated->child, repetition, err);
}

static assay_status make_key(assay_parquet_record *record, const assay_parquet_node *key, int repetition,
                             assay_error *err)
{
    const assay_parquet_element *element = &key->element;
    bool is_number = (element->type == ASSAY_PARQUET_INT32 || element->type == ASSAY_PARQUET_INT64) &&
                     (element->logical == ASSAY_PARQUET_NONE || element->logical == ASSAY_PARQUET_INTEGER);
    if (is_number) ASSAY_TRY(put_text(record, "\"", err));
    ASSAY_TRY(make_leaf(record, key, repetition, err));
    return put_text(record, is_number ? "\":" : ":", err);
}

static assay_status make_entry(assay_parquet_record *record, const assay_parquet_node *repeated, int repetition,
                               assay_error *err)
{
    ASSAY_TRY(make_key(record, repeated->child, repetition, err));
    return make_field(record, repeated->child->next, repetition, err);
}

/* All elements of an array, or all entries of a map, with their brackets. */
static assay_status make_elements(assay_parquet_record *record, const assay_parquet_node *repeated, element_maker make,
                                  const char *brackets, int repetition, assay_error *err)
{
    bool more = false;
    ASSAY_TRY(put(record, brackets, 1, err));
    ASSAY_TRY(is_there(record, repeated, &more, err));
    if (!more) ASSAY_TRY(pass_leaves(record, repeated, repetition, err));
    while (more) {
        ASSAY_TRY(make(record, repeated, repetition, err));
        ASSAY_TRY(goes_on(record, repeated, &more, err));
        if (more) ASSAY_TRY(put_text(record, ",", err));
        repetition = repeated->max_repetition;
    }
    return put(record, brackets + 1, 1, err);
}

static assay_status make_group(assay_parquet_record *record, const assay_parquet_node *group, int repetition,
                               assay_error *err)
{
    const char *before = "{";
    for (const assay_parquet_node *child = group->child; child; child = child->next) {
        if (!child->wanted) continue;
        ASSAY_TRY(put_text(record, before, err));
        ASSAY_TRY(put_text(record, child->key, err));
        ASSAY_TRY(make_field(record, child, repetition, err));
        before = ",";
    }
    return put_text(record, "}", err);
}

/* A node that is there, whatever its repetition. */
static assay_status make_content(assay_parquet_record *record, const assay_parquet_node *node, int repetition,
                                 assay_error *err)
{
    switch (node->shape) {
    case ASSAY_PARQUET_IS_LIST:
        return make_elements(record, node->child, node->child->is_element ? make_content : make_wrapped, "[]",
                             repetition, err);
    case ASSAY_PARQUET_IS_MAP:
        return make_elements(record, node->child, make_entry, "{}", repetition, err);
    case ASSAY_PARQUET_IS_GROUP:
        return make_group(record, node, repetition, err);
    default:
        return make_leaf(record, node, repetition, err);
    }
}

static assay_status make_field(assay_parquet_record *record, const assay_parquet_node *node, int repetition,
                               assay_error *err)
{
    bool there = true;
    if (node->element.repetition == ASSAY_PARQUET_REPEATED)
        return make_elements(record, node, make_content, "[]", repetition, err);
    if (node->element.repetition == ASSAY_PARQUET_OPTIONAL) ASSAY_TRY(is_there(record, node, &there, err));
    if (there) return make_content(record, node, repetition, err);
    ASSAY_TRY(pass_leaves(record, node, repetition, err));
    return put_text(record, "null", err);
}

assay_status assay_parquet_record_make(assay_parquet_record *record, const assay_parquet_node *root, assay_error *err)
{
    assay_buf_reset(&record->text);
    record->values = 0;
    record->fault.status = ASSAY_OK;
    return make_group(record, root, 0, err);
}
