/* What each process of a run has of a step: whole lanes, so that each sums up whole subtrees (train/lanes.h), and so a
 * run of consecutive pairs and of their answers. Where the model is cut into stages, so many processes in a row share
 * the lanes of a group, and the last of them has its rewards: rank r is stage r % stages of group r / stages.
 *
 *     assay_shares shares;
 *     // ASSAY_E_USAGE: they cannot be shared out
 *     ASSAY_TRY(assay_shares_make(&shares, comm_or_null, stages, lanes, err));
 *     assay_shares_cut(&shares, examples, outputs, picked, count);     // each step
 *     assay_shares_release(&shares);
 */
#ifndef ASSAY_TRAIN_SHARES_H
#define ASSAY_TRAIN_SHARES_H

#include "comm/comm.h"
#include "data/example.h"

typedef struct assay_shares {
    assay_comm *comm;          /* borrowed; NULL: this process is alone */
    int stages, stage, groups; /* 1, 0 and the number of processes: the model is not cut */
    assay_comm *row;           /* the stages of this group; NULL: one */
    assay_comm *column;        /* this stage in all groups; NULL: one */
    size_t lanes, first_lane;  /* of this process */
    size_t *rewards; /* of the step, or of an evaluation: rank r's begin at byte rewards[r] and end at rewards[r + 1] */
    bool *there;     /* of the step: group g has pairs */
    uint64_t *pairs; /* of all steps so far, by rank */
} assay_shares;

/* ASSAY_E_USAGE names the nearest numbers of processes where so many rows of stages cannot share the lanes. */
assay_status assay_shares_check(size_t size, size_t stages, size_t lanes, assay_error *err);

assay_status assay_shares_make(assay_shares *shares, assay_comm *comm, int stages, size_t lanes, assay_error *err);
void assay_shares_release(assay_shares *shares); /* safe on a zeroed one */

/* outputs: numbers of the model's head for an answer; all of them are its rewards here. */
void assay_shares_cut(assay_shares *shares, const assay_example_set *examples, size_t outputs, const uint32_t *picked,
                      size_t count);

#endif
