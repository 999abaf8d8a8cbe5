/* One model's verdict on the data of `assay eval`: every reward, and the statistics made of them.
 *
 *     assay_verdict verdict;
 *     // opens and closes options->model (and adapter)
 *     ASSAY_TRY(assay_verdict_make(&verdict, &data, options, context, err));
 *     ...
 *     assay_verdict_release(&verdict); // before the data
 */
#ifndef ASSAY_TASK_EVAL_JUDGE_H
#define ASSAY_TASK_EVAL_JUDGE_H

#include "judge/judge.h"
#include "judge/judge_attributes.h"
#include "judge/judge_bins.h"
#include "judge/judge_choices.h"
#include "judge/judge_lists.h"
#include "judge/judge_singles.h"
#include "judge/judge_subsets.h"
#include "task/context.h"
#include "task/eval_data.h"
#include "task/scoring.h"

typedef struct assay_verdict {
    bool has_pairs, has_choices;
    size_t pairs_left_out, choices_left_out; /* too long for this model */
    assay_judgement judgement;               /* of the pairs, and of lists their best and worst answers */
    assay_list_judgement lists;
    assay_single_judgement singles; /* answers 0: there are none */
    assay_label_list labels;        /* of the attributes that were judged; count 0: there are none */
    assay_attributes_judgement attributes;
    assay_judged *judged; /* the pairs that were judged, in the data's order */
    size_t count;
    assay_subsets subsets;
    assay_length_bin length_bins[ASSAY_LENGTH_BINS];
    assay_calibration calibration;
    assay_judged_choice *judged_choices; /* those that were judged; rewards point into choice_rewards */
    uint32_t *choice_places;             /* their indices in the data */
    double *choice_rewards;
    size_t choice_count;
    assay_choices choices;
    assay_reward_scale scale; /* of all rewards */
    /* where the model's assay.json is or would be; NULL: the model is a single file */
    char *notes_folder;
    json_t *notes; /* as the model was used (assay_source_notes) */
} assay_verdict;

assay_status assay_verdict_make(assay_verdict *verdict, const assay_eval_data *data, const assay_options *options,
                                const assay_task_context *context, assay_error *err);
void assay_verdict_release(assay_verdict *verdict); /* safe on a zeroed one */

/* --store: adds "rewards" to the model's assay.json, which is made where there is none. *path is the caller's. */
assay_status assay_verdict_store(const assay_verdict *verdict, const assay_log *log, char **path, assay_error *err);

#endif
