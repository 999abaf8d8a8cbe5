/* Train and evaluation parts by prompt, and prompts that two sets share.
 *
 * Pairs of one prompt (by assay_prompt_key: white space and ASCII case do not count) always fall on the same side: a
 * model must not be judged on prompts it was trained on. The groups are taken for evaluation in the order of a hash of
 * (seed, prompt), each if it still fits, until the wanted number is reached: the same data and seed give the same
 * split, whatever the order of the lines.
 *
 *     assay_split split;
 *     assay_split_size size = {.kind = ASSAY_SPLIT_AUTO};
 *     // split.train, split.eval: pair indices, ascending
 *     ASSAY_TRY(assay_split_make(&split, pairs, &size, seed, err));
 *     assay_split_release(&split);
 */
#ifndef ASSAY_DATA_SPLIT_H
#define ASSAY_DATA_SPLIT_H

#include "data/pair_set.h"

typedef struct assay_split_size {
    enum { ASSAY_SPLIT_AUTO, ASSAY_SPLIT_SHARE } kind; /* AUTO: the larger of 5 % and 200 pairs, at most 20 % */
    double share;                                      /* 0 < share < 1 */
} assay_split_size;

/* Pairs wanted for evaluation out of `pairs`; 0 for fewer than 2. */
size_t assay_split_wanted(const assay_split_size *size, size_t pairs);

typedef struct assay_split {
    uint32_t *train, *eval;
    size_t train_count, eval_count;
    size_t prompts; /* different ones */
} assay_split;

/* Both sides get at least one prompt; a set with a single prompt is an error. */
assay_status assay_split_make(assay_split *split, const assay_pair_set *pairs, const assay_split_size *size,
                              uint64_t seed, assay_error *err);
void assay_split_release(assay_split *split); /* safe on a zeroed one */

/* Leakage: which pairs of `eval` have a prompt that is also in `train`. All of them: the two are the same data, as in
 * MedicalGPT's run_rm.sh; the caller warns and splits. */
enum { ASSAY_OVERLAP_LISTED = 10 };
typedef struct assay_overlap {
    size_t pairs; /* of eval, whose prompt is in train */
    size_t exact; /* of these, whose chosen and rejected are the same too */
    size_t listed;
    uint32_t train[ASSAY_OVERLAP_LISTED], eval[ASSAY_OVERLAP_LISTED]; /* the first ones; pair indices */
} assay_overlap;

assay_status assay_overlap_find(assay_overlap *overlap, const assay_pair_set *train, const assay_pair_set *eval,
                                assay_error *err);

/* One key a pair, of its prompt; freed with assay_free. */
assay_status assay_prompt_keys(const assay_pair_set *pairs, uint64_t **keys, assay_error *err);

#endif
