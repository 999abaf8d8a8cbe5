/* A pair, or a list of answers to one prompt, as a tree of a micro-batch. */
#ifndef ASSAY_PACKING_PACK_EXAMPLE_H
#define ASSAY_PACKING_PACK_EXAMPLE_H

#include "data/example.h"
#include "packing/pack.h"

/* Prompt shared, two or more scored answers (plain texts where nothing is shared), or a chain of scored steps.
 * identity: what dropout counts by. The caller stays within the pack's capacities: assay_example_tokens tokens, a
 * segment more than answers; with a gate two more, and two an answer where nothing is shared. */
void assay_pack_example(assay_pack *pack, const assay_example_set *set, const assay_example *example,
                        uint64_t identity);

#endif
