/* eval_pairs.jsonl: what the last evaluation of a run said of each pair, for report.html and for whoever wants to look
 * closer.
 *
 * A line a pair, in the evaluation set's order: step, at ("file:line"), id (if it has one), chosen and rejected
 * (rewards), margin (their difference; of a single answer with a label the reward towards the label, and rejected is
 * null; of one with attributes minus how far the score is from its target; of one in steps the worst step's score, the
 * least distance from 1/2 towards the labels, and "steps": [{"score", "label"}]), tokens_chosen and tokens_rejected
 * (prompt included), chars_chosen and chars_rejected (the answers alone). The worst pairs, those of the smallest
 * margins, also have texts: {"prompt":
 * [{role, content}...], "chosen": [...], "rejected": [...]}, each content cut to a few thousand bytes. */
#ifndef ASSAY_TRAIN_EVAL_PAIRS_H
#define ASSAY_TRAIN_EVAL_PAIRS_H

#include "data/example.h"

#define ASSAY_EVAL_PAIRS_NAME "eval_pairs.jsonl"

enum { ASSAY_WORST_PAIRS = 20 };

/* rewards as assay_score_examples gives them. Written whole or not at all, over what was there. */
assay_status assay_eval_pairs_write(const assay_example_set *set, const double *rewards, uint64_t step,
                                    const char *folder, assay_error *err);

#endif
