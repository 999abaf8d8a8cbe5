/* A node's path and what it becomes, for people. */
#include "container/parquet_schema.h"

#include <string.h>

static assay_status append_path(const assay_parquet_node *node, assay_buf *out)
{
    const assay_parquet_element *element = &node->element;
    if (node->parent && node->parent->parent) {
        ASSAY_TRY(append_path(node->parent, out));
        ASSAY_TRY(assay_buf_byte(out, '.', NULL));
    }
    return assay_buf_append(out, element->name, element->name_size, NULL);
}

char *assay_parquet_node_path(const assay_parquet_node *node)
{
    assay_buf path;
    assay_buf_init(&path, SIZE_MAX / 4);
    if (append_path(node, &path) == ASSAY_OK) return assay_buf_take(&path, NULL);
    assay_buf_release(&path);
    return NULL;
}

static const char *leaf_word(const assay_parquet_element *element)
{
    static const char *const types[ASSAY_PARQUET_TYPES] = {"bool",  "int",   "int",  "timestamp",
                                                           "float", "float", "text", "text"};
    switch (element->logical) {
    case ASSAY_PARQUET_UNKNOWN:
        return "null";
    case ASSAY_PARQUET_DATE:
        return "date";
    case ASSAY_PARQUET_TIME:
        return "time";
    case ASSAY_PARQUET_TIMESTAMP:
        return "timestamp";
    default:
        return types[element->type];
    }
}

static assay_status describe_field(const assay_parquet_node *node, assay_buf *out, assay_error *err);
static assay_status describe_content(const assay_parquet_node *node, assay_buf *out, assay_error *err);

static assay_status describe_list(const assay_parquet_node *repeated, bool itself, assay_buf *out, assay_error *err)
{
    ASSAY_TRY(assay_buf_byte(out, '[', err));
    ASSAY_TRY(itself ? describe_content(repeated, out, err) : describe_field(repeated->child, out, err));
    return assay_buf_byte(out, ']', err);
}

static assay_status describe_map(const assay_parquet_node *entry, assay_buf *out, assay_error *err)
{
    ASSAY_TRY(assay_buf_text(out, "{\"*\":", err));
    ASSAY_TRY(describe_field(entry->child->next, out, err));
    return assay_buf_byte(out, '}', err);
}

static assay_status describe_group(const assay_parquet_node *node, assay_buf *out, assay_error *err)
{
    ASSAY_TRY(assay_buf_byte(out, '{', err));
    for (const assay_parquet_node *child = node->child; child; child = child->next) {
        if (!child->wanted) continue;
        if (out->data[out->size - 1] != '{') ASSAY_TRY(assay_buf_byte(out, ',', err));
        ASSAY_TRY(assay_buf_text(out, child->key, err));
        ASSAY_TRY(describe_field(child, out, err));
    }
    return assay_buf_byte(out, '}', err);
}

static assay_status describe_content(const assay_parquet_node *node, assay_buf *out, assay_error *err)
{
    switch (node->shape) {
    case ASSAY_PARQUET_IS_LIST:
        return describe_list(node->child, node->child->is_element, out, err);
    case ASSAY_PARQUET_IS_MAP:
        return describe_map(node->child, out, err);
    case ASSAY_PARQUET_IS_GROUP:
        return describe_group(node, out, err);
    default:
        return assay_buf_printf(out, err, "\"%s\"", leaf_word(&node->element));
    }
}

static assay_status describe_field(const assay_parquet_node *node, assay_buf *out, assay_error *err)
{
    if (node->element.repetition == ASSAY_PARQUET_REPEATED && node->parent) return describe_list(node, true, out, err);
    return describe_content(node, out, err);
}

assay_status assay_parquet_node_describe(const assay_parquet_node *node, assay_buf *out, assay_error *err)
{
    return describe_field(node, out, err);
}
