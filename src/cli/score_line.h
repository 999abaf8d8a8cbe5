/* One line of `assay score`: what it was, and how it is written once its scores are there.
 *
 *     assay_score_line *line;
 *     ASSAY_TRY(assay_score_line_make(&line, &input, ids, &style, err)); // ids: of each answer, for traces
 *     ... assay_score_lines_add(lines, ids, count, line, err); score/score_lines.h gives it back with its scores
 *     ASSAY_TRY(assay_score_line_print(line, lot, &style, err));
 *     assay_score_line_free(line);
 *
 * Full precision: nine significant digits tell every f32.
 */
#ifndef ASSAY_CLI_SCORE_LINE_H
#define ASSAY_CLI_SCORE_LINE_H

#include "data/input_file.h"
#include "head/head.h"
#include "judge/reward_scale.h"
#include "score/score_batch.h"
#include "tokenizer/tokenizer.h"

typedef struct assay_score_style {
    bool best, pairs, trace;
    const assay_reward_scale *scale;  /* NULL: raw scores alone */
    const json_t *config;             /* names the labels of a head of several */
    const assay_head *head;           /* NULL, or of one label: there is none to tell */
    const assay_tokenizer *tokenizer; /* for traces */
} assay_score_style;

typedef struct assay_score_line {
    uint64_t index;
    char *id; /* JSON text; NULL: none */
    size_t count;
    bool list;                /* a list is written even for one score */
    assay_ids *ids;           /* of each answer, with style.trace; else NULL */
    json_t *prompt, *answers; /* for best and pairs; else NULL. prompt NULL: texts as they stand */
    const assay_lot *lot;     /* its scores, while it is printed */
} assay_score_line;

assay_status assay_score_line_make(assay_score_line **out, const assay_input *input, const assay_ids *ids,
                                   const assay_score_style *style, assay_error *err);
assay_status assay_score_line_print(assay_score_line *line, const assay_lot *lot, const assay_score_style *style,
                                    assay_error *err);
void assay_score_line_free(assay_score_line *line); /* NULL is fine */

/* Best and worst answer; the first among equals. */
void assay_score_line_ends(const assay_lot *lot, size_t *best, size_t *worst);

#endif
