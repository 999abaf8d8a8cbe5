/* The verdict of `assay eval` as text and as JSON. */
#ifndef ASSAY_CLI_EVAL_REPORT_H
#define ASSAY_CLI_EVAL_REPORT_H

#include "judge/judge_compare.h"
#include "task/eval_judge.h"

typedef struct assay_eval_report {
    const assay_eval_data *data;
    const assay_verdict *verdict;
    const char *model;
    const char *against;                  /* NULL: no comparison */
    assay_comparison pairs, choices;      /* with --against */
    double other_accuracy, other_choices; /* of the other one on all it judged; NaN: none */
    size_t worst;                         /* pairs to list */
    const char *stored;                   /* the file --store wrote; NULL: none */
} assay_eval_report;

assay_status assay_eval_report_text(const assay_eval_report *report, assay_buf *out, assay_error *err);
/* *out is the caller's */
assay_status assay_eval_report_json(const assay_eval_report *report, json_t **out, assay_error *err);

#endif
