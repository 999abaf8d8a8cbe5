/* For the fuzz targets of packed weights: decodes a weight as products do and as a conversion does.
 *
 * Its tensors are copied to memory without a byte to spare, so that a decoder that reads behind one of them is seen.
 * Every row is decoded whole, and from its middle, by the type's own decoder and by the kernel set's; the target ends
 * where their bits differ. Integers are passed over. */
#ifndef ASSAY_FUZZ_DECODE_WEIGHT_H
#define ASSAY_FUZZ_DECODE_WEIGHT_H

#include "checkpoint/checkpoint.h"

/* A folder with this config.json and the input as its weights: all of them. config is static. */
void assay_fuzz_decode_folder(const char *config, const void *weights, size_t size);

/* A config that every input so far was refused with; NULL: each was read with one. */
const char *assay_fuzz_unread_config(void);

void assay_fuzz_decode(const assay_checkpoint *checkpoint, const assay_weight *weight);

#endif
