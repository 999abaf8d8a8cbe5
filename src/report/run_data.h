/* What a run directory holds, as far as it is there: of a run that goes on or was cut off, too. */
#ifndef ASSAY_REPORT_RUN_DATA_H
#define ASSAY_REPORT_RUN_DATA_H

#include "base/json_doc.h"

typedef struct assay_run_data {
    char *folder;
    char written[32];            /* when metrics.jsonl was last written, in UTC; "": not known */
    json_t *notes;               /* assay.json; NULL: the run did not end */
    json_t *machine;             /* machine.json; NULL: none */
    json_t *state;               /* trainer_state.json; NULL: none */
    json_t *steps, *evaluations; /* arrays of metrics.jsonl's lines */
    json_t *pairs;               /* array of eval_pairs.jsonl's lines; empty: none */
} assay_run_data;

/* ASSAY_E_USAGE when the folder is no run's (no metrics.jsonl). A last line that is cut off is left out; any other
 * broken line is an error. */
assay_status assay_run_data_open(assay_run_data *data, const char *folder, assay_error *err);
void assay_run_data_close(assay_run_data *data); /* safe on a zeroed one */

/* What was trained on, and so what the run's numbers are of: answers that are compared, that have labels (bce),
 * attributes (regression) or labelled steps (process). By the objective that the steps name; a run of bt's names none.
 */
typedef enum assay_run_kind {
    ASSAY_RUN_COMPARED,
    ASSAY_RUN_LABELLED,
    ASSAY_RUN_GRADED,
    ASSAY_RUN_STEPS
} assay_run_kind;

assay_run_kind assay_run_kind_of(const assay_run_data *data);

/* A number of a line; NaN where there is none. */
double assay_run_number(const json_t *line, const char *key);

/* The numbers of a key of all lines, freed with assay_free; NULL: out of memory (never for an empty list of lines). */
double *assay_run_column(const json_t *lines, const char *key, assay_error *err);

/* The last line of a list; NULL: it is empty. */
const json_t *assay_report_last(const json_t *lines);

#endif
