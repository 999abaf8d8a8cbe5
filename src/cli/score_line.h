/* One line of `assay score`: what it was, the scores that have come for it so far, and how it is written.
 *
 *     assay_score_line line;
 *     ASSAY_TRY(assay_score_line_begin(&line, &input, &style, err));
 *     ... line.scores[line.received++], in the order of the answers; with style.trace also line.traces[i]
 *     ASSAY_TRY(assay_score_line_print(&line, &style, err)); // when received == count
 *     assay_score_line_release(&line);
 *
 * Scores are rewards with the model's score_offset added. A score that is not finite is ASSAY_E_NUMERIC. Full
 * precision: nine significant digits tell every f32.
 */
#ifndef ASSAY_CLI_SCORE_LINE_H
#define ASSAY_CLI_SCORE_LINE_H

#include "data/input_file.h"
#include "judge/reward_scale.h"
#include "tokenizer/tokenizer.h"

typedef struct assay_score_style {
    bool best, pairs, trace;
    const assay_reward_scale *scale;  /* NULL: raw scores alone */
    const assay_tokenizer *tokenizer; /* for traces */
} assay_score_style;

typedef struct assay_score_trace_of {
    int32_t *ids;
    float *rewards;
    size_t count;
} assay_score_trace_of;

typedef struct assay_score_line {
    uint64_t index;
    char *id; /* JSON text; NULL: none */
    size_t count, received;
    bool list;                    /* a list is written even for one score */
    double *scores;               /* count of them */
    assay_score_trace_of *traces; /* NULL without style.trace */
    json_t *prompt, *answers;     /* for best and pairs; else NULL. prompt NULL: texts as they stand */
} assay_score_line;

assay_status assay_score_line_begin(assay_score_line *line, const assay_input *input, const assay_score_style *style,
                                    assay_error *err);
assay_status assay_score_line_print(const assay_score_line *line, const assay_score_style *style, assay_error *err);
void assay_score_line_release(assay_score_line *line); /* safe on a zeroed line */

/* Best and worst answer; the first among equals. */
void assay_score_line_ends(const assay_score_line *line, size_t *best, size_t *worst);

#endif
