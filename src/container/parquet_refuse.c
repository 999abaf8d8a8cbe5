/* The lines to type need Python with pyarrow, which whoever has such a file mostly has. They take the paths as
 * arguments, because a path may hold anything, and write a new file beside the old one. */
#include "container/parquet_refuse.h"

#include <string.h>

/* `change`: Python that works on the table t, NULL: no memory for it. */
static assay_status refuse(const char *sentence, const char *change, const char *path, assay_error *err)
{
    if (!sentence || !change) return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a message");
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "%s: python3 -c \"import sys, pyarrow.parquet as q; t = q.read_table(sys.argv[1]); %s"
                           "q.write_table(t, sys.argv[2], compression='zstd')\" '%s' new.parquet",
                           sentence, change, path);
}

static const assay_parquet_element *top_of(const assay_parquet_node *node)
{
    while (node->parent->parent) node = node->parent;
    return &node->element;
}

/* Frees its three texts. */
static assay_status refuse_column(char *name, char *sentence, char *change, const char *path, assay_error *err)
{
    assay_status status = refuse(sentence, change, path, err);
    assay_free(name);
    assay_free(sentence);
    assay_free(change);
    return status;
}

assay_status assay_parquet_refuse_type(const assay_parquet_node *node, const char *what, const char *path,
                                       assay_error *err)
{
    const assay_parquet_element *top = top_of(node);
    char *name = assay_parquet_node_path(node);
    char *sentence = assay_strfmt("the column %s %s, which is not read; leave it out", name ? name : "?", what);
    char *change = assay_strfmt("t = t.drop_columns(['%.*s']); ", (int)top->name_size, top->name);
    return refuse_column(name, sentence, change, path, err);
}

/* A cast reaches a column of the top level only. */
static assay_status refuse_decimal(const assay_parquet_node *leaf, const char *path, assay_error *err)
{
    const assay_parquet_element *top = top_of(leaf);
    if (top != &leaf->element) return assay_parquet_refuse_type(leaf, "has decimal numbers", path, err);
    char *name = assay_parquet_node_path(leaf);
    char *sentence =
        assay_strfmt("the column %s has decimal numbers, which are not read; write them as doubles", name ? name : "?");
    char *change = assay_strfmt("n = '%.*s'; t = t.set_column(t.column_names.index(n), n, t[n].cast('double')); ",
                                (int)top->name_size, top->name);
    return refuse_column(name, sentence, change, path, err);
}

static assay_status refuse_int96(const assay_parquet_node *leaf, const char *path, assay_error *err)
{
    char *name = assay_parquet_node_path(leaf);
    char *sentence = assay_strfmt("the column %s has timestamps of 96 bits (INT96), which are not read; write them "
                                  "with 64",
                                  name ? name : "?");
    return refuse_column(name, sentence, assay_strdup(""), path, err);
}

static const char *logical_name(int logical)
{
    static const char *const names[] = {"NONE", "STRING",    "MAP",      "LIST",     "ENUM",     "DECIMAL", "DATE",
                                        "TIME", "TIMESTAMP", "INTERVAL", "INTEGER",  "UNKNOWN",  "JSON",    "BSON",
                                        "UUID", "FLOAT16",   "VARIANT",  "GEOMETRY", "GEOGRAPHY"};
    return logical >= 0 && (size_t)logical < sizeof names / sizeof *names ? names[logical] : "of an unknown type";
}

static assay_status refuse_logical(const assay_parquet_node *node, const char *path, assay_error *err)
{
    char *what = assay_strfmt("is annotated as %s", logical_name(node->element.logical));
    ASSAY_TRY_ALLOC(what, "a message", err);
    assay_status status = assay_parquet_refuse_type(node, what, path, err);
    assay_free(what);
    return status;
}

assay_status assay_parquet_refuse_group(const assay_parquet_node *group, const char *path, assay_error *err)
{
    return refuse_logical(group, path, err);
}

static bool is_whole(int32_t type) { return type == ASSAY_PARQUET_INT32 || type == ASSAY_PARQUET_INT64; }

static bool is_text(int32_t type) { return type == ASSAY_PARQUET_BYTE_ARRAY || type == ASSAY_PARQUET_FIXED; }

/* An annotation on a type it does not belong to is refused like one that is not known. */
static bool fits(const assay_parquet_element *element)
{
    int32_t type = element->type;
    switch (element->logical) {
    case ASSAY_PARQUET_NONE:
    case ASSAY_PARQUET_UNKNOWN:
        return true;
    case ASSAY_PARQUET_STRING:
    case ASSAY_PARQUET_ENUM:
    case ASSAY_PARQUET_JSON:
        return is_text(type);
    case ASSAY_PARQUET_INTEGER:
        return is_whole(type);
    case ASSAY_PARQUET_DATE:
        return type == ASSAY_PARQUET_INT32;
    case ASSAY_PARQUET_TIME:
        return element->digits > 0 && type == (element->digits == 3 ? ASSAY_PARQUET_INT32 : ASSAY_PARQUET_INT64);
    case ASSAY_PARQUET_TIMESTAMP:
        return element->digits > 0 && type == ASSAY_PARQUET_INT64;
    default:
        return false;
    }
}

/* A BYTE_ARRAY without annotation is read as text: older writers left it away. One of a fixed length never is a text by
 * chance. */
assay_status assay_parquet_check_leaf(const assay_parquet_node *leaf, const char *path, assay_error *err)
{
    const assay_parquet_element *element = &leaf->element;
    if (element->type == ASSAY_PARQUET_INT96) return refuse_int96(leaf, path, err);
    if (element->logical == ASSAY_PARQUET_DECIMAL) return refuse_decimal(leaf, path, err);
    if (!fits(element)) return refuse_logical(leaf, path, err);
    if (element->type == ASSAY_PARQUET_FIXED && element->logical == ASSAY_PARQUET_NONE)
        return assay_parquet_refuse_type(leaf, "has bytes of a fixed length", path, err);
    return ASSAY_OK;
}

static assay_status refuse_rewrite(char *sentence, const char *path, assay_error *err)
{
    assay_status status = refuse(sentence, "", path, err);
    assay_free(sentence);
    return status;
}

assay_status assay_parquet_check_codec(const assay_parquet_node *leaf, int32_t codec, const char *path,
                                       assay_error *err)
{
    static const char *const names[] = {NULL, NULL, NULL, "LZO", "BROTLI", "LZ4", NULL, "LZ4_RAW"};
    const char *codec_name = "an unknown method";
    if (codec >= 0 && (size_t)codec < sizeof names / sizeof *names) codec_name = names[codec];
    if (!codec_name) return ASSAY_OK;
    char *name = assay_parquet_node_path(leaf);
    char *sentence = assay_strfmt("the column %s is compressed with %s, which is not read; compress it with ZSTD",
                                  name ? name : "?", codec_name);
    assay_free(name);
    return refuse_rewrite(sentence, path, err);
}

assay_status assay_parquet_refuse_encoding(int32_t encoding, const char *path, assay_error *err)
{
    return refuse_rewrite(
        assay_strfmt("it has the encoding %d, which is not read for this type; write it anew", (int)encoding), path,
        err);
}

assay_status assay_parquet_refuse_file(const char *what, const char *path, assay_error *err)
{
    return refuse_rewrite(assay_strfmt("the file %s, which is not read; write it anew", what), path, err);
}

static assay_status list_columns(const assay_parquet_schema *schema, assay_buf *list, assay_error *err)
{
    for (const assay_parquet_node *node = schema->nodes->child; node; node = node->next) {
        ASSAY_TRY(assay_buf_text(list, list->size ? ", " : "", err));
        ASSAY_TRY(assay_buf_append(list, node->element.name, node->element.name_size, err));
    }
    return ASSAY_OK;
}

assay_status assay_parquet_refuse_columns(const assay_parquet_schema *schema, assay_error *err)
{
    assay_buf list;
    assay_buf_init(&list, SIZE_MAX / 4);
    assay_status status = list_columns(schema, &list, err);
    if (status == ASSAY_OK)
        status = assay_error_set(err, ASSAY_E_UNSUPPORTED, "none of the columns that are looked for; it has: %.1500s",
                                 list.data);
    assay_buf_release(&list);
    return status;
}
