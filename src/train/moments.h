/* Which trained weights have moments in eight bits, and what the optimizer's memory is then.
 *
 * Embeddings, vectors, the head and small matrices keep floats: their rows are seldom touched or few, and a block's
 * largest magnitude would hide them (Dettmers et al., arXiv:2110.02861, section 2.3; bitsandbytes' limit is 4096
 * values, too).
 */
#ifndef ASSAY_TRAIN_MOMENTS_H
#define ASSAY_TRAIN_MOMENTS_H

#include "optim/moment_slices.h"
#include "program/program.h"

#include <stdbool.h>
#include <stddef.h>

/* eight_bits: of the settings. Without it no parameter is packed. */
bool assay_moments_packed(const assay_program *program, size_t param, bool eight_bits);

/* A parameter as optim/moment_slices.h asks for it, but for its width; one that is not trained has no values. */
assay_sliced_weight assay_moments_of(const assay_program *program, size_t param, bool eight_bits);

/* Of both moments of all trained parameters; where they are in slices (optim/moment_slices.h; 0: they are not), of the
 * largest. */
size_t assay_moments_bytes(const assay_program *program, bool eight_bits, size_t slices);

#endif
