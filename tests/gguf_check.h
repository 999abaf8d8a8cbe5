/* A GGUF file as an opener of container_check.h wants it: every tensor's bytes are read, then it is closed. */
#ifndef ASSAY_TESTS_GGUF_CHECK_H
#define ASSAY_TESTS_GGUF_CHECK_H

#include "base/alloc.h"
#include "container/gguf.h"

#include "container_check.h"

static inline assay_status open_gguf(assay_tensor_file **out, const char *path, assay_error *err)
{
    assay_gguf *gguf;
    *out = NULL;
    ASSAY_TRY(assay_gguf_open(&gguf, path, err));
    volatile uint8_t sum = 0;
    const assay_tensor_file *file = assay_gguf_tensors(gguf);
    for (size_t i = 0; i < file->count; i++)
        for (size_t j = 0; j < file->tensors[i].bytes; j++)
            sum = (uint8_t)(sum + ((const uint8_t *)file->tensors[i].data)[j]);
    assay_gguf_close(gguf);
    *out = assay_alloc(1, sizeof **out); /* an empty file object for the caller to close */
    return *out ? ASSAY_OK : ASSAY_E_MEMORY;
}

#endif
