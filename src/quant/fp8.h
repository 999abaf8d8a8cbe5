/* Scales of FP8, for the decoders of every kernel set: the one of element `at`, counted over all rows of the matrix,
 * and how many elements from there on, along its row, share it. */
#ifndef ASSAY_QUANT_FP8_H
#define ASSAY_QUANT_FP8_H

#include "quant/parts_type.h"

float assay_fp8_scale(const assay_parts *parts, size_t at);
size_t assay_fp8_run(const assay_parts *parts, size_t at);

#endif
