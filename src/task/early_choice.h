/* Whether gradients can be applied as the backward pass reaches them (train/early.h) where that is asked for. */
#ifndef ASSAY_TASK_EARLY_CHOICE_H
#define ASSAY_TASK_EARLY_CHOICE_H

#include "train/trainer.h"

/* What stands against it, as "--clip 1 needs ...", in `text`; "": nothing. stage: the run is cut into stages;
 * step_tokens: more than any step of it has. */
void assay_early_hindrance(const assay_train_settings *settings, bool stage, size_t step_tokens, char *text,
                           size_t size);

#endif
