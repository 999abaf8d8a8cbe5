/* What Parquet has and Assay does not read, each refused with the line that rewrites the file. For parquet.
 *
 * All return ASSAY_E_UNSUPPORTED (or ASSAY_OK where they check). `path` is the file's; sentences do not begin with it,
 * the caller prefixes it. */
#ifndef ASSAY_CONTAINER_PARQUET_REFUSE_H
#define ASSAY_CONTAINER_PARQUET_REFUSE_H

#include "container/parquet_schema.h"

/* Whether a leaf's type and annotation are read. */
assay_status assay_parquet_check_leaf(const assay_parquet_node *leaf, const char *path, assay_error *err);

/* A group annotated as something that is no list and no map. */
assay_status assay_parquet_refuse_group(const assay_parquet_node *group, const char *path, assay_error *err);

/* "the column X WHAT", with the line that leaves its top-level column out. */
assay_status assay_parquet_refuse_type(const assay_parquet_node *node, const char *what, const char *path,
                                       assay_error *err);

assay_status assay_parquet_check_codec(const assay_parquet_node *leaf, int32_t codec, const char *path,
                                       assay_error *err);
assay_status assay_parquet_refuse_encoding(int32_t encoding, const char *path, assay_error *err);

/* "the file WHAT", with the line that writes it anew. */
assay_status assay_parquet_refuse_file(const char *what, const char *path, assay_error *err);

/* None of the wanted columns is there. */
assay_status assay_parquet_refuse_columns(const assay_parquet_schema *schema, assay_error *err);

#endif
