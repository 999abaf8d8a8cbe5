/* What `assay eval` prints of single answers: those with labels, and those with attributes. */
#ifndef ASSAY_CLI_EVAL_ANSWERS_H
#define ASSAY_CLI_EVAL_ANSWERS_H

#include "task/eval_judge.h"

/* Appends nothing where there are none. */
assay_status assay_eval_answers_text(const assay_verdict *verdict, assay_buf *out, assay_error *err);

#endif
