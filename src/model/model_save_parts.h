/* Matrices packed into types of several tensors (quant/parts_type.h), as bitsandbytes would pack them.
 *
 *     assay_made_parts made;
 *     ASSAY_TRY(assay_made_parts_open(&made, tensor, nested, err)); // reads the tensor once: its scales
 *     assay_status status = assay_made_parts_write(&made, tensor, &sink, err); // reads it again: its bytes
 *     assay_made_parts_close(&made);
 *
 * tensor->dtype is NF4 or INT8; values are rounded to tensor->plain first, as a loader of that type has them, and so
 * are those that come out. What rounding took is added to tensor->squares and lost. A tensor with values that no scale
 * can say is refused by name.
 */
#ifndef ASSAY_MODEL_MODEL_SAVE_PARTS_H
#define ASSAY_MODEL_MODEL_SAVE_PARTS_H

#include "model/model_save_tensors.h"
#include "quant/parts_make.h"

typedef struct assay_made_parts {
    assay_parts parts; /* what decodes the bytes; points into the memory below */
    float *scales;     /* of blocks, or of INT8's rows */
    size_t count;
    /* nested; else NULL */
    uint8_t *levels;
    float *map_scales, *map;
} assay_made_parts;

/* Bytes of a packed matrix, and of its scales besides; false: it is too large. */
bool assay_made_parts_bytes(assay_dtype dtype, bool nested, size_t rows, size_t cols, size_t *packed, size_t *scales);

assay_status assay_made_parts_open(assay_made_parts *made, const assay_save_tensor *tensor, bool nested,
                                   assay_error *err);
assay_status assay_made_parts_write(const assay_made_parts *made, assay_save_tensor *tensor,
                                    const assay_save_sink *sink, assay_error *err);
void assay_made_parts_close(assay_made_parts *made); /* safe on a zeroed one */

#endif
