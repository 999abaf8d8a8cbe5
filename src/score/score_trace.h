/* The reward at every token: what the model would have said had the text ended there.
 *
 * A decoder sees nothing behind a token, so one pass gives them all: the head is applied to every row instead of the
 * last one of each text.
 *
 *     ... the model is opened with all_rows, the engine made for as many SCORED rows as tokens
 *     ... fill the pack as for scoring (trees with shared prompts too)
 *     // rewards[t] of token row t, valid until the next forward
 *     ASSAY_TRY(assay_score_trace(engine, pack, &rewards, err));
 *     for (size_t s = 0; s < pack->segment_count; s++) {
 *         if (pack->segments[s].scored_row < 0) continue;
 *         size_t n = assay_trace_length(pack, s);
 *         assay_trace_path(pack, s, rewards, ids, path_rewards); // n ids and n rewards, from the text's first token on
 *     }
 *
 * path[n - 1] has the bits of the score that scoring alone gives; path[t] those of the text cut behind token t.
 */
#ifndef ASSAY_SCORE_SCORE_TRACE_H
#define ASSAY_SCORE_SCORE_TRACE_H

#include "engine/engine.h"
#include "score/pack.h"

assay_status assay_score_trace(assay_engine *engine, assay_pack *pack, const float **rewards, assay_error *err);

/* Tokens of the text that ends with the segment, its parents' included. */
size_t assay_trace_length(const assay_pack *pack, size_t segment);
void assay_trace_path(const assay_pack *pack, size_t segment, const float *rewards, int32_t *ids, float *path);

#endif
