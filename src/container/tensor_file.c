#include "container/tensor_file.h"

#include "base/foreign_kind.h"

#include <stdlib.h>
#include <string.h>

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const assay_tensor *)a)->name, ((const assay_tensor *)b)->name);
}

assay_status assay_tensor_file_index(assay_tensor_file *file, assay_error *err)
{
    if (file->count == 0) return ASSAY_OK;
    qsort(file->tensors, file->count, sizeof *file->tensors, compare_names);
    for (size_t i = 1; i < file->count; i++)
        if (!compare_names(&file->tensors[i - 1], &file->tensors[i]))
            return assay_error_set(err, ASSAY_E_FORMAT, "%s: the tensor \"%s\" is there twice", file->path,
                                   file->tensors[i].name);
    return ASSAY_OK;
}

const assay_tensor *assay_tensor_file_find(const assay_tensor_file *file, const char *name)
{
    assay_tensor key = {.name = name};
    if (file->count == 0) return NULL;
    return bsearch(&key, file->tensors, file->count, sizeof key, compare_names);
}

void assay_tensor_file_close(assay_tensor_file *file)
{
    if (!file) return;
    if (file->release) file->release(file->owned);
    assay_free(file->tensors);
    assay_map_close(&file->map);
    assay_free(file->path);
    assay_free(file);
}

assay_status assay_tensor_file_create(assay_tensor_file **out, const char *path, assay_error *err)
{
    *out = NULL;
    assay_tensor_file *file = assay_alloc(1, sizeof *file);
    ASSAY_TRY_ALLOC(file, path, err);
    file->path = assay_strdup(path);
    assay_status status = file->path ? assay_map_open(&file->map, path, err)
                                     : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for %s", path);
    if (status != ASSAY_OK) {
        assay_tensor_file_close(file);
        return status;
    }
    if (assay_foreign_is_lfs_pointer(file->map.data, file->map.size)) {
        assay_tensor_file_close(file);
        return assay_foreign_error(err, path, ASSAY_FOREIGN_LFS_POINTER, NULL);
    }
    *out = file;
    return ASSAY_OK;
}
