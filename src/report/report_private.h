/* The parts of report.html, each a row of sections on the page. What a run does not have is said or left out. */
#ifndef ASSAY_REPORT_REPORT_PRIVATE_H
#define ASSAY_REPORT_REPORT_PRIVATE_H

#include "report/page.h"
#include "report/run_data.h"

extern const char assay_report_style[]; /* the style sheet */

extern const char assay_report_script[]; /* values under the pointer, a button that copies, print */

void assay_report_summary(assay_page *page, const assay_run_data *data);    /* title, figures, what to look at */
void assay_report_training(assay_page *page, const assay_run_data *data);   /* curves over steps */
void assay_report_evaluation(assay_page *page, const assay_run_data *data); /* margins, calibration, lengths */
/* the pairs judged worst, with their texts */
void assay_report_worst(assay_page *page, const assay_run_data *data);
/* the command line that makes this run again; nothing without assay.json */
void assay_report_command(assay_page *page, const assay_run_data *data);
/* the options, those that are not the defaults first */
void assay_report_options(assay_page *page, const json_t *options);
/* fingerprints, machine, evaluations as tables, and the options */
void assay_report_facts(assay_page *page, const assay_run_data *data);

#endif
