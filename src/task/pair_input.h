/* --data, --columns and --skip-bad-lines, done: the pairs of all paths in one set.
 *
 *     assay_pair_set *pairs;
 *     ASSAY_TRY(assay_pair_input_read(&pairs, &options->data, options, context->log, err));
 *     ...
 *     assay_pair_set_free(pairs);
 *
 * Bad lines that --skip-bad-lines left out, and pairs that teach nothing (an empty answer, two equal ones), are counted
 * in the set and told to the log, with their places. No path is ASSAY_E_USAGE; no pair left is ASSAY_E_FORMAT and says
 * where they went.
 */
#ifndef ASSAY_TASK_PAIR_INPUT_H
#define ASSAY_TASK_PAIR_INPUT_H

#include "data/columns.h"
#include "data/example.h"
#include "data/pair_set.h"
#include "options/options.h"

/* *out is NULL on failure; else the caller's. log may be NULL. */
assay_status assay_pair_input_read(assay_pair_set **out, const assay_string_list *paths, const assay_options *options,
                                   const assay_log *log, assay_error *err);

/* The same without a word and without the rule that a pair must be left; bad lines are left out and counted whatever
 * the options say. */
assay_status assay_pair_input_survey(assay_pair_set **out, const assay_string_list *paths, const assay_options *options,
                                     assay_error *err);

/* --columns as the reader wants them; release with assay_columns_release, after a failure too. */
assay_status assay_pair_input_columns(assay_columns *columns, const assay_options *options, assay_error *err);

/* The sentence for a set without pairs: how many were dropped, and why. Returns ASSAY_E_FORMAT. */
assay_status assay_pair_input_none_left(const assay_pair_set *pairs, assay_error *err);

/* Whether a pair's prompt was one string, which a chat template makes a user's message of. */
bool assay_pair_input_has_text_prompts(const assay_pair_set *pairs);

/* Warns of `count` things ("training pairs", "texts") that --truncate has cut; on the right their end of turn is gone.
 */
void assay_pair_input_say_cuts(size_t count, const char *what, const assay_options *options, const assay_log *log);

/* --truncate in the words of data/example.h. */
assay_truncate assay_pair_input_truncate(const assay_options *options);

#endif
