/* What made a step's numbers NaN or infinite: the weight, or the layer and the pair. Slow, and only asked where
 * something is wrong already.
 *
 *     char where[600]; // "weight model.layers.1.mlp.up_proj.weight holds nan at [3, 7] ..."
 *     bool found = assay_culprit_find(trainer, picked, count, where, sizeof where);
 *
 * Looks, in this order, at all weights, then runs the step's pairs one by one, looking at every result, forward and
 * backward. The trained weights' gradients are overwritten; nothing else changes. */
#ifndef ASSAY_TRAIN_CULPRIT_H
#define ASSAY_TRAIN_CULPRIT_H

#include "train/trainer.h"

/* True: it lies in the model's own file, and no option helps. */
bool assay_culprit_find(assay_trainer *trainer, const uint32_t *picked, size_t count, char *text, size_t size);

/* Of trained weights alone: ASSAY_E_NUMERIC names the first that holds NaN or infinity. */
assay_status assay_culprit_check_trained(const assay_trainer *trainer, assay_error *err);

#endif
