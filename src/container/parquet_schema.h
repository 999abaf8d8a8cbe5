/* Parquet's schema as a tree of JSON values. For parquet.
 *
 * What a node becomes:
 *     leaf             a number, true or false, a text
 *     group            an object
 *     LIST             an array; its repeated child is the element itself or holds it (LogicalTypes.md, "Lists", with
 * its rules for older files) MAP              an object; its keys are texts or whole numbers, which become texts
 *     repeated         (outside a LIST or MAP) an array of what the node is otherwise
 *
 * A node's levels are those of the Dremel encoding: a value whose definition level is at least max_definition lies in a
 * present node; an array's next element begins with the repetition level max_repetition.
 *
 * Two fields of one name in one group, names that are no UTF-8, more than ASSAY_PARQUET_MAX_DEPTH levels and more than
 * ASSAY_PARQUET_MAX_FIELDS fields are refused. Types that are not read are refused only where a wanted column has them.
 */
#ifndef ASSAY_CONTAINER_PARQUET_SCHEMA_H
#define ASSAY_CONTAINER_PARQUET_SCHEMA_H

#include "base/buf.h"
#include "container/parquet_meta.h"

enum { ASSAY_PARQUET_MAX_DEPTH = 64, ASSAY_PARQUET_MAX_FIELDS = 16384 };

typedef enum assay_parquet_shape {
    ASSAY_PARQUET_IS_LEAF,
    ASSAY_PARQUET_IS_GROUP,
    ASSAY_PARQUET_IS_LIST,
    ASSAY_PARQUET_IS_MAP
} assay_parquet_shape;

typedef struct assay_parquet_node {
    assay_parquet_element element;
    char *key;                                        /* the name as a JSON text with its colon: "name": */
    struct assay_parquet_node *parent, *child, *next; /* NULL: none */
    size_t first_leaf, leaf_count;                    /* the leaves below it, or itself */
    assay_parquet_shape shape;
    int max_definition, max_repetition;
    bool is_element; /* the repeated child of a LIST, and no wrapper around the element but the element */
    bool wanted;     /* it lies in a wanted column */
} assay_parquet_node;

typedef struct assay_parquet_schema {
    assay_parquet_node *nodes; /* the root first, then depth first */
    assay_parquet_node **leaves;
    size_t node_count, leaf_count;
} assay_parquet_schema;

/* Reads `count` elements. `columns`: names of the top level that are wanted; names the file has not are passed over,
 * but one must be there. NULL: all. `path` is the file's, for the lines to type. On failure nothing is to be released.
 */
assay_status assay_parquet_schema_read(assay_parquet_schema *schema, assay_thrift elements, size_t count,
                                       const char *const *columns, size_t column_count, const char *path,
                                       assay_error *err);
void assay_parquet_schema_release(assay_parquet_schema *schema);

/* "messages.list.element.content" in fresh memory; NULL: out of memory. */
char *assay_parquet_node_path(const assay_parquet_node *node);

#endif
