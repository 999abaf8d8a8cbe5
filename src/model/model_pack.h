/* train --quantize: a checkpoint's matrices packed in memory, with the bytes that convert --quantize would write and a
 * loader of those would have, so that a run on either has the same bits.
 *
 *     ASSAY_TRY(assay_model_pack(checkpoint, arch, ASSAY_NF4, false, err)); // before a model is opened on it
 *
 * The memory is the checkpoint's own. Matrices that are packed already stay as they are. A tensor with values that the
 * type cannot say is refused by name; what was packed before it stays packed.
 */
#ifndef ASSAY_MODEL_MODEL_PACK_H
#define ASSAY_MODEL_MODEL_PACK_H

#include "checkpoint/checkpoint.h"
#include "family/architecture.h"

/* wanted, nested: as pack_rule.h and assay_save_options.double_quant. */
assay_status assay_model_pack(assay_checkpoint *checkpoint, const assay_architecture *arch, assay_dtype wanted,
                              bool nested, assay_error *err);

/* Bytes that a matrix will then take; false: it stays as it is. */
bool assay_model_packed_bytes(const assay_architecture *arch, const char *name, size_t rows, size_t cols,
                              assay_dtype wanted, bool nested, size_t *bytes);

#endif
