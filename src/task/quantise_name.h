/* The types of --quantize by name, for options and assay.json. */
#ifndef ASSAY_TASK_QUANTISE_NAME_H
#define ASSAY_TASK_QUANTISE_NAME_H

#include "options/options.h"
#include "tensor/dtype.h"

assay_dtype assay_quantise_type(assay_opt_quantize wanted); /* none: ASSAY_F32 */
const char *assay_quantise_name(assay_dtype type);          /* of one that has a name */
bool assay_quantise_read(const char *name, assay_dtype *out);

#endif
