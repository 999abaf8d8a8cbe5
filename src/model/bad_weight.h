/* The weight that makes results NaN or infinite. Slow (reads all weights), and only asked where something is wrong
 * already. */
#ifndef ASSAY_MODEL_BAD_WEIGHT_H
#define ASSAY_MODEL_BAD_WEIGHT_H

#include "model/model.h"

/* Writes "weight NAME holds NaN or infinity, first at [r, c]" where parameter `param` does; else false. */
bool assay_model_bad_weight(const assay_model *model, size_t param, char *text, size_t size);

/* The same of the first parameter that does. */
bool assay_model_first_bad_weight(const assay_model *model, char *text, size_t size);

#endif
