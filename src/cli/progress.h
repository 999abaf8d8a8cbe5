/* The progress of a long job on stderr: a bar on a terminal, plain lines (one an interval) everywhere else.
 *
 *     assay_progress progress;
 *     assay_progress_begin(&progress, terminal, "train", total_steps, log_steps);
 *     assay_progress_update(&progress, &sample); // after every step
 *     assay_progress_end(&progress);
 *
 * On a terminal too narrow for all of it, steps, rate, memory and the time left stay.
 *
 * A sample's unknown numbers are NaN (or 0 for bytes) and left out. The time left is counted from the first update on,
 * so that loading and the slow first step do not spoil it.
 */
#ifndef ASSAY_CLI_PROGRESS_H
#define ASSAY_CLI_PROGRESS_H

#include "cli/terminal.h"

#include <stddef.h>
#include <stdint.h>

typedef struct assay_progress {
    assay_terminal *terminal;
    const char *what; /* borrowed */
    int64_t total;    /* steps; 0: unknown */
    int64_t interval; /* steps between plain lines */
    int64_t first_step;
    double first_seconds, shown_seconds;
    char line[512]; /* as of the last step */
} assay_progress;

typedef struct assay_progress_sample {
    int64_t step; /* steps done, from 1 */
    double loss, accuracy, margin, lr, tokens_per_second;
    uint64_t memory_bytes, memory_limit; /* of the whole process; of what is planned */
    uint64_t planned_bytes;              /* shown where the process has more than the limit */
} assay_progress_sample;

void assay_progress_begin(assay_progress *progress, assay_terminal *terminal, const char *what, int64_t total,
                          int64_t interval);
void assay_progress_update(assay_progress *progress, const assay_progress_sample *sample);
void assay_progress_end(assay_progress *progress);

#endif
