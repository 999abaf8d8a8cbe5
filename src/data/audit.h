/* What is in the pairs: counts, faults, and how much of the answer length explains.
 *
 *     assay_audit audit;
 *     ASSAY_TRY(assay_audit_make(&audit, pairs, examples_or_null, eval_pairs_or_null, template_or_null, err));
 *     ASSAY_TRY(assay_audit_json(&audit, &object, err)); // or as text:
 *     ASSAY_TRY(assay_audit_text(&audit, &buf, err));
 *     assay_audit_release(&audit);
 *
 * Lengths are characters (code points) of the message texts, without roles and template. "Longer wins" is the share of
 * pairs whose chosen answer is the longer one, among those whose lengths differ, with the 95 % Wilson score interval
 * (E. B. Wilson, JASA 22, 1927). length_accuracy is what a reward model would reach that looks at length alone, in its
 * better direction (ties half). length_auc asks the same across prompts: the chance that a chosen answer drawn from all
 * is longer than a rejected one drawn from all (0.5: length says nothing).
 */
#ifndef ASSAY_DATA_AUDIT_H
#define ASSAY_DATA_AUDIT_H

#include "data/example.h"
#include "data/finding.h"
#include "data/pair_formats.h"
#include "data/split.h"

typedef struct assay_length_stats {
    size_t count, max;
    double mean, median, p95; /* percentiles by linear interpolation */
} assay_length_stats;

/* Lists of more than two answers, and what their best and worst alone would leave out. */
typedef struct assay_audit_lists {
    size_t count, answers, fewest, most;
    size_t decided;        /* lists whose answers are not all equal */
    size_t compared, ties; /* couples of which one is better; of equal value, found so */
} assay_audit_lists;

typedef struct assay_audit {
    size_t files, pairs, records;         /* records = pairs + dropped + bad lines */
    size_t by_format[ASSAY_FORMATS_MOST]; /* index of assay_pair_format_name */
    size_t prompts;                       /* different ones */
    size_t multi_turn;                    /* pairs whose prompt has more than one message besides the system's */
    size_t bad_lines;
    char *bad[ASSAY_FINDING_PLACES]; /* the first sentences */
    assay_finding dropped[ASSAY_DROP_COUNT];
    assay_finding empty_prompts;
    assay_finding duplicates;     /* pairs that repeat an earlier one */
    assay_finding contradictions; /* pairs that say the opposite of an earlier one */
    bool has_control;             /* there was a template: the next is set */
    assay_finding control_tokens; /* pairs with the text of a special token inside a message */
    bool has_eval;
    size_t eval_pairs;
    assay_finding in_both;                                 /* evaluation pairs whose prompt is in the training pairs */
    size_t longer, shorter, ties;                          /* chosen against rejected, characters */
    double longer_wins, longer_wins_low, longer_wins_high; /* NaN where all are ties */
    double length_accuracy, length_auc;                    /* NaN without pairs */
    assay_length_stats prompt_characters, chosen_characters, rejected_characters;
    bool has_tokens;                                                  /* the rest of the block is set */
    assay_length_stats chosen_tokens, rejected_tokens, shared_tokens; /* sides with their prompt */
    size_t tokens, tokens_shared, truncated; /* all to compute in an epoch; those saved by sharing */
    size_t margins, margins_negative;        /* pairs with one; below zero */
    size_t tied, shares;                     /* pairs that are ties; with another share of votes */
    size_t singles, good;                    /* single answers with labels; those above 1/2 */
    size_t graded;                           /* single answers with attributes */
    assay_audit_lists lists;
    double margin_mean, margin_min, margin_max;
} assay_audit;

/* examples, eval, chosen: NULL where there are none. The audit owns what it holds and needs none of them afterwards. */
assay_status assay_audit_make(assay_audit *audit, const assay_pair_set *pairs, const assay_example_set *examples,
                              const assay_pair_set *eval, const assay_template *chosen, assay_error *err);
void assay_audit_release(assay_audit *audit); /* safe on a zeroed one */

/* A new object of the caller's. Numbers that do not exist are null. */
assay_status assay_audit_json(const assay_audit *audit, json_t **object, assay_error *err);
/* Appends a plain text table, with a line of advice for each finding that matters. */
assay_status assay_audit_text(const assay_audit *audit, assay_buf *out, assay_error *err);

/* Sorts `values`. */
void assay_length_stats_of(assay_length_stats *stats, size_t *values, size_t count);

/* {"mean", "median", "p95", "max"}, null where there was nothing; NULL: out of memory. */
json_t *assay_length_stats_json(const assay_length_stats *stats);

/* A row of the table that assay_length_stats_head begins; nothing where there was nothing. */
assay_status assay_length_stats_head(assay_buf *out, assay_error *err);
assay_status assay_length_stats_text(const assay_length_stats *stats, const char *name, assay_buf *out,
                                     assay_error *err);

#endif
