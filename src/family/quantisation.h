/* What config.json's quantization_config says of the weights' files. Of its keys each is read, or is known to concern
 * only how the weights were made and how other engines compute with them, or is refused by name; one that is not known
 * is a note. Which weights were left whole (modules_to_not_convert, ignore, dynamic) their tensors say themselves. */
#ifndef ASSAY_FAMILY_QUANTISATION_H
#define ASSAY_FAMILY_QUANTISATION_H

#include "base/json_doc.h"

/* Who stored the weights in a way that checkpoint/ puts together. */
typedef enum assay_quantisation {
    ASSAY_QUANTISED_NOT, /* or in a way that the audit refuses */
    ASSAY_QUANTISED_BITSANDBYTES,
    ASSAY_QUANTISED_FP8,
    ASSAY_QUANTISED_GPTQ,
    ASSAY_QUANTISED_AWQ,
    ASSAY_QUANTISED_COMPRESSED /* integers; its floats are FP8 */
} assay_quantisation;

assay_quantisation assay_quantisation_of(const json_t *config);

/* Where the files' layout has several versions: the one that is meant ("gptq_v2"); "": not said. */
const char *assay_quantisation_format(const json_t *how);

/* All groups of compressed-tensors' say that columns are grouped in an order of their own ("actorder"), which their
 * tensors tell. */
bool assay_quantisation_orders(const json_t *config);

/* ASSAY_E_UNSUPPORTED for what is quantised in a way that is not read. */
assay_status assay_quantisation_audit(const json_t *config, const char *where, assay_error *err);

/* Appends what is worth saying once, where a model is opened. */
void assay_quantisation_notes(const json_t *config, json_t *notes);

#endif
