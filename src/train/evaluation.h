/* Rewards of examples that are not trained on, between a trainer's steps and with its engine. Its setup named them, so
 * that the plan has room (assay_trainer_setup.evaluation). Several processes share the examples out, and all have all
 * numbers behind it.
 *
 *     ASSAY_TRY(assay_trainer_evaluate(trainer, examples, &interrupted, rewards, NULL, err));
 */
#ifndef ASSAY_TRAIN_EVALUATION_H
#define ASSAY_TRAIN_EVALUATION_H

#include "train/trainer.h"

/* With the present weights, dropout off: a reward an answer, and every number of the head's (numbers NULL: none;
 * score/score_examples.h). stop (may be NULL): ASSAY_E_STOPPED where that of any process is a signal. */
assay_status assay_trainer_evaluate(assay_trainer *trainer, const assay_example_set *examples,
                                    const volatile sig_atomic_t *stop, double *rewards, double *numbers,
                                    assay_error *err);

#endif
