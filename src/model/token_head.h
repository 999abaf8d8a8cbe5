/* A judge without training: of the language head's rows for two tokens, the one less the other. With it a reward is
 *
 *     h . (W[yes] - W[no]) = logit(yes) - logit(no),
 *
 * whose sigmoid is the probability of "yes" among the two (what vLLM calls classifier_from_token with two tokens).
 */
#ifndef ASSAY_MODEL_TOKEN_HEAD_H
#define ASSAY_MODEL_TOKEN_HEAD_H

#include "checkpoint/checkpoint.h"
#include "family/architecture.h"

/* row [config->hidden], tokens: yes, no; both below the vocabulary. The embedding stands for a head that is tied to it.
 * ASSAY_E_UNSUPPORTED: the family's logits are no product of hidden state and row (a cap, normed rows, a bias), or the
 * file does not say their scale; ASSAY_E_FORMAT: there is no language head. */
assay_status assay_token_head_read(const assay_checkpoint *checkpoint, const assay_model_config *config,
                                   const int32_t tokens[2], float *row, assay_error *err);

#endif
