/* A list of tensors to write, each a range of rows of a matrix that lies somewhere else; for model_save*.c and
 * model_init.c. */
#ifndef ASSAY_MODEL_MODEL_SAVE_TENSORS_H
#define ASSAY_MODEL_MODEL_SAVE_TENSORS_H

#include "model/model.h"

struct assay_save_tensor;

/* Fills dst with rows [first, first + count) of the tensor's source as f32; for sources that are computed. */
typedef void (*assay_row_reader)(const void *context, const struct assay_save_tensor *tensor, size_t first,
                                 size_t count, float *dst);

typedef struct assay_save_tensor {
    char *name; /* on disk; owned by the list */
    int rank;
    size_t shape[ASSAY_MAX_RANK]; /* on disk; shape[0] is `count` (a scalar: rank 0) */
    assay_dtype dtype;            /* on disk */
    const void *data;             /* the whole source, in type `from`; or */
    assay_row_reader read;        /* a computed one */
    const void *context;
    assay_dtype from;
    const assay_parts *parts;          /* of a source of several tensors (tensor/stored.h); NULL */
    size_t rows, cols;                 /* of the source: a vector is a column */
    size_t first, count;               /* the rows taken */
    int permuted_heads, grouped_heads; /* rows lie as GGUF lays them out (checkpoint.h); 0: not */
    bool plus_one;                     /* the source holds one more (checkpoint.h) */
    const uint32_t *row_map;           /* or which stored row is a row, of a parameter used in place (op.h); NULL */
    assay_weight stored;               /* the same three of the file; with block types, for a packed body */
    double squares, lost;              /* set by writing a block type: of the values, and of what rounding took */
    const float *a, *b; /* an adapter to add: A [adapter_rank, cols], B [rows, adapter_rank]; NULL: none */
    size_t adapter_rank;
    float scale;
} assay_save_tensor;

typedef struct assay_save_list {
    assay_save_tensor *items;
    size_t count, capacity;
} assay_save_list;

void assay_save_list_release(assay_save_list *list); /* safe on a zeroed list */

/* Appends a copy of *tensor under a copy of `name`. */
assay_status assay_save_list_add(assay_save_list *list, const assay_save_tensor *tensor, const char *name,
                                 assay_error *err);

/* Where a file leaves out the base model's prefix, the name with it, in text; else the name itself. */
const char *assay_save_full_name(const assay_architecture *arch, const char *name, char *text, size_t size);

/* A source out of a checkpoint's weight or of a program's parameter (with its adapter, if any). Whole, on disk as it is
 * in the source. */
assay_save_tensor assay_save_tensor_of_weight(const assay_weight *weight);
assay_save_tensor assay_save_tensor_of_param(const assay_model *model, size_t param);

/* The table of rotary frequencies [rotary / 2] of a family whose own class reads only its type, but misses it when it
 * is not there (arch->frequencies). */
assay_status assay_save_list_add_frequencies(assay_save_list *list, const assay_model_config *config, assay_error *err);

/* Sets the type on disk of everything that is a weight. keep: plain types stay, block types become f32. */
void assay_save_list_set_dtype(assay_save_list *list, assay_dtype dtype, bool keep);

/* Weight files into the folder, in the list's order, sharded above shard_bytes. */
assay_status assay_save_list_write(assay_save_list *list, const char *folder, size_t shard_bytes, assay_error *err);

/* The same into one packed body (checkpoint.h, ASSAY_BODY_FILE) of the folder. */
assay_status assay_save_list_write_body(assay_save_list *list, const char *folder, const char *architecture,
                                        assay_error *err);

#endif
