/* Several answers to one prompt as trees: what all of them begin with is computed once a tree.
 *
 *     size_t shared = assay_answers_shared(answers, count);
 *     for (size_t done = 0; done < count;) {
 *         done += assay_pack_answers(pack, scored_rows, answers + done, count - done, shared);
 *         if (done == count) break;
 *         ... compute what is in the pack, take its rewards
 *         assay_pack_clear(pack);
 *     }
 *
 * Answers that do not fit together become several trees with the same prompt; a score's bits depend neither on that nor
 * on the neighbours. Rewards come in the order of the answers. An answer of more tokens than the pack holds never fits:
 * the caller refuses it beforehand.
 */
#ifndef ASSAY_SCORE_PACK_ANSWERS_H
#define ASSAY_SCORE_PACK_ANSWERS_H

#include "engine/engine.h"
#include "score/pack.h"
#include "tokenizer/tokenizer.h"

/* Leading ids that all answers have in common, each keeping at least one of its own; 0 for a single answer. No answer
 * is empty. */
size_t assay_answers_shared(const assay_ids *answers, size_t count);

/* Adds one tree with as many of the answers as fit into what is left of the pack, and of the `scored` rows a
 * micro-batch may have; how many. 0: none. */
size_t assay_pack_answers(assay_pack *pack, size_t scored, const assay_ids *answers, size_t count, size_t shared);

/* Does the whole lot fit into what is left? */
bool assay_pack_answers_fit(const assay_pack *pack, size_t scored, const assay_ids *answers, size_t count,
                            size_t shared);

/* All of the above for one prompt, nothing else in the pack: rewards[i] of answers[i]. */
assay_status assay_score_answers(assay_engine *engine, assay_pack *pack, size_t scored, const assay_ids *answers,
                                 size_t count, float *rewards, assay_error *err);

#endif
