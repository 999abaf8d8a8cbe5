/* A list of tensors to write, each a range of rows of a matrix that lies somewhere else; for model_save*.c and
 * model_init.c. */
#ifndef ASSAY_MODEL_MODEL_SAVE_TENSORS_H
#define ASSAY_MODEL_MODEL_SAVE_TENSORS_H

#include "model/model_save_rows.h"

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

/* Where a tensor's bytes go, any number at a time, in order. */
typedef struct assay_save_sink {
    assay_status (*put)(void *context, const void *bytes, size_t size, assay_error *err);
    void *context;
} assay_save_sink;

bool assay_save_all_finite(const float *values, size_t count);

/* The error for values that a packed type cannot say: rounded to one, NaN would be a number like any other. */
assay_status assay_save_cannot_pack(const assay_save_tensor *tensor, assay_error *err);

assay_save_sink assay_save_into_file(assay_writer *writer); /* borrows it */

/* A tensor's bytes as they are on disk; of a type that is one tensor there. */
assay_status assay_save_tensor_write(assay_save_tensor *tensor, const assay_save_sink *sink, assay_error *err);

/* Weight files into the folder, in the list's order, sharded above shard_bytes. */
assay_status assay_save_list_write(assay_save_list *list, const char *folder, size_t shard_bytes, assay_error *err);

/* The same into one packed body (checkpoint.h, ASSAY_BODY_FILE) of the folder. */
assay_status assay_save_list_write_body(assay_save_list *list, const char *folder, const char *architecture,
                                        assay_error *err);

#endif
