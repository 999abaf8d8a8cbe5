/* What a run writes down while it goes: metrics.jsonl (a line a step or evaluation), the same for TensorBoard
 * (train/tfevents.h), and Transformers' trainer_state.json.
 *
 * metrics.jsonl is appended to and flushed line by line; assay_metrics_open cuts off lines behind `step` (resume),
 * including a torn last one. All numbers but seconds, tokens_per_second, rss_bytes and anon_ ones are the same in every
 * run of the same settings. */
#ifndef ASSAY_TRAIN_METRICS_H
#define ASSAY_TRAIN_METRICS_H

#include "judge/judge.h"
#include "train/tfevents.h"
#include "train/trainer.h"

#include <stdio.h>

typedef struct assay_metrics {
    FILE *file;
    char *path;
    json_t *history; /* log_history of trainer_state.json */
    assay_tfevents events;
} assay_metrics;

assay_status assay_metrics_open(assay_metrics *metrics, const char *folder, uint64_t step, assay_error *err);
void assay_metrics_close(assay_metrics *metrics); /* safe on a zeroed one */

/* Looks at the process's memory too: trainer->peak_anonymous. */
assay_status assay_metrics_step(assay_metrics *metrics, assay_trainer *trainer, const assay_step_record *record,
                                assay_error *err);
assay_status assay_metrics_evaluation(assay_metrics *metrics, const assay_trainer *trainer,
                                      const assay_judgement *judgement, double seconds, assay_error *err);

/* trainer_state.json, exactly the keys that Transformers' TrainerState takes. */
assay_status assay_metrics_trainer_state(const assay_metrics *metrics, const assay_trainer *trainer, int64_t log_steps,
                                         int64_t eval_steps, int64_t save_steps, const char *folder, assay_error *err);

#endif
