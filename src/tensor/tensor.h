/* A tensor as files hold it: type, shape, borrowed bytes, name. Rows are contiguous, the last dimension varies fastest,
 * and shapes are in Hugging Face's order ([out, in] for a linear weight). Nothing here owns memory. */
#ifndef ASSAY_TENSOR_TENSOR_H
#define ASSAY_TENSOR_TENSOR_H

#include "tensor/dtype.h"

enum { ASSAY_MAX_RANK = 8 };

typedef struct assay_tensor {
    const char *name;
    assay_dtype dtype;
    int rank; /* 0: a scalar */
    size_t shape[ASSAY_MAX_RANK];
    const void *data; /* may be misaligned */
    size_t bytes;
    const assay_parts *parts; /* what else a type of several tensors has; NULL: data is all */
} assay_tensor;

/* Product of the shape; false on overflow. */
bool assay_tensor_elements(const assay_tensor *tensor, size_t *elements);

/* Bytes of the file that hold its values, scales in tensors of their own included. */
size_t assay_tensor_stored_bytes(const assay_tensor *tensor);

/* "[4608, 4096]" into text (truncated to fit); returns text. */
char *assay_shape_text(const assay_tensor *tensor, char *text, size_t size);

#endif
