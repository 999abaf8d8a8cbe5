/* `assay eval` on answers in labelled steps: text, or with --json an object. */
#ifndef ASSAY_CLI_STEP_REPORT_H
#define ASSAY_CLI_STEP_REPORT_H

#include "task/eval_steps.h"

/* Prints what it says. */
assay_status assay_step_report_print(const assay_step_verdict *verdict, bool json, assay_error *err);

#endif
