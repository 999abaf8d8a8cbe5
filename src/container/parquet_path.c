/* A column's name in sentences: those of all nodes above it, with points between. Apart from the schema, because what
 * refuses parts of a schema names them. */
#include "container/parquet_schema.h"

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
