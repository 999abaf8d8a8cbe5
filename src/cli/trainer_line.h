/* Command lines and YAML files of other trainers, put into words that assay_options_parse reads. */
#ifndef ASSAY_CLI_TRAINER_LINE_H
#define ASSAY_CLI_TRAINER_LINE_H

#include "base/log.h"
#include "options/options.h"

typedef struct assay_trainer_line {
    const struct assay_trainer_kind *trainer; /* whose defaults hold; NULL: MedicalGPT's by its names, or Assay's own */
    int64_t processes;                        /* that a launcher starts; at least 1 */
    assay_string_list words;                  /* options only; release with assay_trainer_line_release */
    assay_string_list owned;
} assay_trainer_line;

/* Recognises the program in the words (TRL, LLaMA-Factory, ms-swift, OpenRLHF, reward_modeling.py, assay itself, or
 * options alone). What would train something else than a reward model, and what is none of these, is
 * ASSAY_E_UNSUPPORTED. What changes the optimum without having a name here is warned of. Release also after an error.
 */
assay_status assay_trainer_line_read(assay_trainer_line *line, const assay_string_list *words, const assay_log *log,
                                     assay_error *err);

/* The same of a YAML file; *is_run false: no key of it tells a training run, nothing was read. text is its content. */
assay_status assay_trainer_line_of_yaml(assay_trainer_line *line, const char *path, const char *text, bool *is_run,
                                        const assay_log *log, assay_error *err);

void assay_trainer_line_release(assay_trainer_line *line);

#endif
