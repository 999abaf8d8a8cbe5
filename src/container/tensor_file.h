/* A file of named tensors, whatever its container.
 *
 * Opening validates everything that can be validated without reading tensor data: after success every tensor's `data`
 * points at exactly `bytes` readable bytes inside the mapping (or inside memory the file object owns), its shape and
 * dtype agree with `bytes`, and names are unique and sorted bytewise. Hostile input stops here: no size from a file is
 * used unchecked.
 *
 *     assay_tensor_file *file;
 *     ASSAY_TRY(assay_safetensors_open(&file, path, err));
 *     const assay_tensor *weight = assay_tensor_file_find(file, "score.weight"); // NULL: not there
 *     ...
 *     assay_tensor_file_close(file); // tensors die with the file
 */
#ifndef ASSAY_CONTAINER_TENSOR_FILE_H
#define ASSAY_CONTAINER_TENSOR_FILE_H

#include "base/file.h"
#include "tensor/tensor.h"

typedef struct assay_tensor_file {
    char *path;
    assay_mapping map;
    assay_tensor *tensors; /* sorted by name */
    size_t count;
    void *owned; /* names and whatever else the container's reader allocated; released by close */
    void (*release)(void *owned);
} assay_tensor_file;

const assay_tensor *assay_tensor_file_find(const assay_tensor_file *file, const char *name);
void assay_tensor_file_close(assay_tensor_file *file); /* NULL is fine */

/* A file object with its path and mapping and no tensor yet. For the containers' readers. */
assay_status assay_tensor_file_create(assay_tensor_file **out, const char *path, assay_error *err);

/* Sorts the tensors by name and refuses a name that appears twice. For the containers' readers. */
assay_status assay_tensor_file_index(assay_tensor_file *file, assay_error *err);

/* Where tensor bytes come from when writing: called once a tensor, in file order; must hand over exactly tensor->bytes
 * bytes by any number of assay_writer_write calls. Lets a 12 GB model be written without holding it. */
typedef assay_status (*assay_tensor_source)(void *context, const assay_tensor *tensor, assay_writer *writer,
                                            assay_error *err);

#endif
