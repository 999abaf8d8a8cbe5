/* From a flat list of elements to a tree, in one pass with the path to the root as its stack: an element says how many
 * children follow it. Levels grow on the way down, ranges of leaves are closed on the way up. Then each wanted node is
 * given its shape. */
#include "container/parquet_schema.h"

#include "container/parquet_refuse.h"
#include "container/parquet_text.h"

#include <stdlib.h>
#include <string.h>

/* The nodes around the place where the next element goes, the root at the bottom. */
typedef struct open_node {
    assay_parquet_node *node, *last; /* last: its newest child */
    int32_t missing;                 /* children that are still to come */
} open_node;

typedef struct builder {
    assay_parquet_schema *schema;
    open_node open[ASSAY_PARQUET_MAX_DEPTH + 1];
    int depth;
} builder;

static assay_status schema_error(const assay_parquet_node *node, const char *what, assay_error *err)
{
    char *path = assay_parquet_node_path(node);
    assay_error_set(err, ASSAY_E_FORMAT, "the column %s %s", path ? path : "?", what);
    assay_free(path);
    return ASSAY_E_FORMAT;
}

static assay_status check_element(const assay_parquet_node *node, assay_error *err)
{
    const assay_parquet_element *e = &node->element;
    bool is_group = e->children > 0;
    if (node->parent && (e->repetition < ASSAY_PARQUET_REQUIRED || e->repetition > ASSAY_PARQUET_REPEATED))
        return schema_error(node, "is neither required nor optional nor repeated", err);
    if (is_group ? e->type != -1 : e->children != 0 || e->type < 0 || e->type >= ASSAY_PARQUET_TYPES)
        return schema_error(node, "is neither a group nor of a known type", err);
    if (e->type == ASSAY_PARQUET_FIXED && e->width <= 0) return schema_error(node, "has values of no bytes", err);
    return ASSAY_OK;
}

static void set_levels(assay_parquet_node *node)
{
    const assay_parquet_node *parent = node->parent;
    node->max_definition = parent->max_definition + (node->element.repetition != ASSAY_PARQUET_REQUIRED);
    node->max_repetition = parent->max_repetition + (node->element.repetition == ASSAY_PARQUET_REPEATED);
}

/* Hangs a node under the innermost open one. */
static void hang(builder *b, assay_parquet_node *node)
{
    open_node *above = &b->open[b->depth - 1];
    node->parent = above->node;
    if (above->last) above->last->next = node;
    else above->node->child = node;
    above->last = node;
    above->missing--;
}

static void close_full(builder *b)
{
    while (b->depth > 0 && b->open[b->depth - 1].missing == 0) {
        assay_parquet_node *node = b->open[--b->depth].node;
        node->leaf_count = b->schema->leaf_count - node->first_leaf;
    }
}

static assay_status make_key(assay_parquet_node *node, assay_error *err)
{
    assay_buf key;
    assay_buf_init(&key, SIZE_MAX / 4);
    assay_status status = assay_parquet_text_string(&key, node->element.name, node->element.name_size, err);
    if (status == ASSAY_OK) status = assay_buf_byte(&key, ':', err);
    if (status == ASSAY_OK) node->key = assay_buf_take(&key, NULL);
    assay_buf_release(&key);
    if (status != ASSAY_OK) return assay_error_prefix(err, status, "the name of a column: ");
    ASSAY_TRY_ALLOC(node->key, "a column's name", err);
    return ASSAY_OK;
}

static assay_status add_node(builder *b, assay_parquet_node *node, assay_error *err)
{
    node->first_leaf = b->schema->leaf_count;
    if (b->depth > 0) hang(b, node);
    ASSAY_TRY(make_key(node, err));
    ASSAY_TRY(check_element(node, err));
    if (node->parent) set_levels(node);
    if (node->element.children == 0) {
        b->schema->leaves[b->schema->leaf_count++] = node;
        node->leaf_count = 1;
        return ASSAY_OK;
    }
    if (b->depth > ASSAY_PARQUET_MAX_DEPTH)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "its schema is more than %d levels deep",
                               ASSAY_PARQUET_MAX_DEPTH);
    node->shape = ASSAY_PARQUET_IS_GROUP;
    b->open[b->depth++] = (open_node){node, NULL, node->element.children};
    return ASSAY_OK;
}

static assay_status read_nodes(builder *b, assay_thrift elements, size_t count, assay_error *err)
{
    assay_parquet_schema *schema = b->schema;
    while (schema->node_count < count && (schema->node_count == 0 || b->depth > 0)) {
        assay_parquet_node *node = &schema->nodes[schema->node_count++];
        ASSAY_TRY(assay_parquet_read_element(&elements, &node->element, err));
        ASSAY_TRY(add_node(b, node, err));
        close_full(b);
    }
    if (b->depth > 0 || schema->node_count < count || schema->nodes[0].element.children == 0)
        return assay_error_set(err, ASSAY_E_FORMAT, "its schema is no tree of its %zu elements", count);
    return ASSAY_OK;
}

static int compare_siblings(const void *a, const void *b)
{
    const assay_parquet_node *x = *(assay_parquet_node *const *)a, *y = *(assay_parquet_node *const *)b;
    if (x->parent != y->parent) return x->parent < y->parent ? -1 : 1;
    return strcmp(x->key, y->key);
}

static assay_status check_names(const assay_parquet_schema *schema, assay_error *err)
{
    assay_status status = ASSAY_OK;
    const assay_parquet_node **sorted = assay_alloc(schema->node_count, sizeof *sorted);
    ASSAY_TRY_ALLOC(sorted, "the names of the columns", err);
    for (size_t i = 0; i < schema->node_count; i++) sorted[i] = &schema->nodes[i];
    qsort(sorted, schema->node_count, sizeof *sorted, compare_siblings);
    for (size_t i = 1; status == ASSAY_OK && i < schema->node_count; i++)
        if (compare_siblings(&sorted[i - 1], &sorted[i]) == 0) status = schema_error(sorted[i], "is there twice", err);
    assay_free(sorted);
    return status;
}

static bool is_named(const assay_parquet_node *node, const char *name)
{
    size_t size = strlen(name);
    return node->element.name_size == size && !memcmp(node->element.name, name, size);
}

/* "array" and "<list>_tuple" are what parquet-avro and Thrift's writer called an element that is a group of one field.
 */
static bool has_element_name(const assay_parquet_node *list, const assay_parquet_node *repeated)
{
    static const char tail[] = "_tuple";
    const assay_parquet_element *outer = &list->element, *inner = &repeated->element;
    if (is_named(repeated, "array")) return true;
    return inner->name_size == outer->name_size + sizeof tail - 1 &&
           !memcmp(inner->name, outer->name, outer->name_size) &&
           !memcmp(inner->name + outer->name_size, tail, sizeof tail - 1);
}

static bool is_element_itself(const assay_parquet_node *list, const assay_parquet_node *repeated)
{
    const assay_parquet_node *child = repeated->child;
    if (!child || child->next || child->element.repetition == ASSAY_PARQUET_REPEATED) return true;
    int logical = repeated->element.logical;
    return logical == ASSAY_PARQUET_LIST || logical == ASSAY_PARQUET_MAP || has_element_name(list, repeated);
}

static bool has_repeated_child(const assay_parquet_node *node)
{
    return node->child && !node->child->next && node->child->element.repetition == ASSAY_PARQUET_REPEATED;
}

static assay_status shape_list(assay_parquet_node *node, assay_error *err)
{
    if (!has_repeated_child(node)) return schema_error(node, "is a list without a repeated element", err);
    node->shape = ASSAY_PARQUET_IS_LIST;
    node->child->is_element = is_element_itself(node, node->child);
    return ASSAY_OK;
}

static bool can_be_key(const assay_parquet_node *key)
{
    int32_t type = key->element.type;
    return type == ASSAY_PARQUET_BYTE_ARRAY || type == ASSAY_PARQUET_INT32 || type == ASSAY_PARQUET_INT64;
}

static assay_status shape_map(assay_parquet_node *node, const char *path, assay_error *err)
{
    const assay_parquet_node *key = has_repeated_child(node) ? node->child->child : NULL;
    const assay_parquet_node *value = key ? key->next : NULL;
    if (!value || value->next) return schema_error(node, "is a map without keys and values", err);
    if (key->shape != ASSAY_PARQUET_IS_LEAF || !can_be_key(key) || key->element.repetition == ASSAY_PARQUET_REPEATED)
        return assay_parquet_refuse_type(node, "is a map whose keys are neither texts nor whole numbers", path, err);
    node->shape = ASSAY_PARQUET_IS_MAP;
    return ASSAY_OK;
}

/* The repeated child of a MAP may be annotated as a map once more, and what lies in a LIST is looked at as what it is
 * itself. */
static assay_status shape_node(assay_parquet_node *node, const char *path, assay_error *err)
{
    const assay_parquet_node *parent = node->parent;
    if (node->shape == ASSAY_PARQUET_IS_LEAF) return assay_parquet_check_leaf(node, path, err);
    if (parent->shape == ASSAY_PARQUET_IS_MAP) return ASSAY_OK;
    if (parent->shape == ASSAY_PARQUET_IS_LIST && !node->is_element) return ASSAY_OK;
    switch (node->element.logical) {
    case ASSAY_PARQUET_NONE:
        return ASSAY_OK;
    case ASSAY_PARQUET_LIST:
        return shape_list(node, err);
    case ASSAY_PARQUET_MAP:
        return shape_map(node, path, err);
    default:
        return assay_parquet_refuse_group(node, path, err);
    }
}

static bool is_wanted(const assay_parquet_node *node, const char *const *columns, size_t count)
{
    bool wanted = !columns;
    for (size_t i = 0; !wanted && i < count; i++) wanted = is_named(node, columns[i]);
    return wanted;
}

static assay_status choose_columns(assay_parquet_schema *schema, const char *const *columns, size_t count,
                                   const char *path, assay_error *err)
{
    size_t chosen = 0;
    for (size_t i = 1; i < schema->node_count; i++) {
        assay_parquet_node *node = &schema->nodes[i];
        bool is_column = node->parent == schema->nodes;
        node->wanted = is_column ? is_wanted(node, columns, count) : node->parent->wanted;
        chosen += is_column && node->wanted;
        if (node->wanted) ASSAY_TRY(shape_node(node, path, err));
    }
    return chosen ? ASSAY_OK : assay_parquet_refuse_columns(schema, err);
}

/* Every element takes at least four bytes, so the count is bounded by the footer's length as well. */
static assay_status build(builder *b, assay_thrift elements, size_t count, assay_error *err)
{
    if (count > ASSAY_PARQUET_MAX_FIELDS)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "its schema has %zu fields, at most %d are read", count,
                               ASSAY_PARQUET_MAX_FIELDS);
    b->schema->nodes = assay_alloc(count, sizeof *b->schema->nodes);
    ASSAY_TRY_ALLOC(b->schema->nodes, "its schema", err);
    b->schema->leaves = assay_alloc(count, sizeof *b->schema->leaves);
    ASSAY_TRY_ALLOC(b->schema->leaves, "its schema", err);
    ASSAY_TRY(read_nodes(b, elements, count, err));
    return check_names(b->schema, err);
}

assay_status assay_parquet_schema_read(assay_parquet_schema *schema, assay_thrift elements, size_t count,
                                       const char *const *columns, size_t column_count, const char *path,
                                       assay_error *err)
{
    builder b = {.schema = schema};
    *schema = (assay_parquet_schema){0};
    assay_status status = build(&b, elements, count, err);
    if (status == ASSAY_OK) status = choose_columns(schema, columns, column_count, path, err);
    if (status != ASSAY_OK) assay_parquet_schema_release(schema);
    return status;
}

void assay_parquet_schema_release(assay_parquet_schema *schema)
{
    for (size_t i = 0; i < schema->node_count; i++) assay_free(schema->nodes[i].key);
    assay_free(schema->nodes);
    assay_free(schema->leaves);
    *schema = (assay_parquet_schema){0};
}
