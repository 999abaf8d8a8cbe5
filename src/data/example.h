/* Pairs and lists of answers as token ids, ready for batches.
 *
 *     assay_example_options options = {.max_length = 2048, .truncate = ASSAY_TRUNCATE_NONE};
 *     assay_example_set examples;
 *     ASSAY_TRY(assay_example_set_build(&examples, pairs, picked_or_null, picked_count, &renderer, &options, err));
 *     const assay_example_answer *best = assay_example_best(&examples, &examples.items[i]);
 *     const int32_t *ids = examples.ids + best->first;
 *     assay_example_set_release(&examples);
 *
 * An example is a pair, a single answer or, unless ends_only, a list with all its answers. A side is the whole
 * conversation, prompt and answer, rendered; its last id is the scored token. `shared` leading ids are equal on all
 * sides (the prompt, and what the answers begin with alike) and need computing once; each side keeps at least one id of
 * its own.
 *
 * An answer in steps is read at the end of each: its "answers" are then the steps, the prompt in front of the first,
 * one behind the other (steps: true), and the value of each is its label. Its renderer must have render_steps.
 *
 * Length rule: an example with a side over max_length is dropped and counted, with all its answers: without one of them
 * a list would be another. With truncation:
 *   left   drops as many ids from the start of all sides as the longest has too many, behind the leading special ids
 *          (renderer's head), so that the shared part stays shared. Only the shared part is cut: where the answers
 *          alone are too long, the example is dropped (ANSWER_TOO_LONG).
 *   right  cuts each side behind max_length ids: the end of the answer goes, the end-of-turn with it, and the scored
 *          token is the last id left. Where all sides become equal, the example is dropped (SAME_IDS).
 * Of an answer in steps, nothing is cut inside a step: right leaves out the steps that end behind max_length, and the
 * example is dropped where none is left (TOO_LONG) or none with a label (NO_LABEL); left drops it.
 *
 * Rewards of a set stand in the order of set->answers: that of answer i of an example at [example->answers + i].
 */
#ifndef ASSAY_DATA_EXAMPLE_H
#define ASSAY_DATA_EXAMPLE_H

#include "data/attributes.h"
#include "data/renderer.h"

typedef enum assay_truncate { ASSAY_TRUNCATE_NONE, ASSAY_TRUNCATE_LEFT, ASSAY_TRUNCATE_RIGHT } assay_truncate;

typedef struct assay_example_options {
    size_t max_length; /* 0: no limit */
    assay_truncate truncate;
    bool decided_only; /* pairs whose label does not prefer chosen are dropped (UNDECIDED): no accuracy counts them */
    bool ends_only;    /* of a list, the best and the worst answer alone */
    /* The attributes wanted as targets; NULL: none. What has none of them is dropped (NO_LABEL) where not decided_only.
     */
    const assay_label_list *labels;
} assay_example_options;

typedef struct assay_example_answer {
    size_t first;   /* index into ids */
    uint32_t count; /* tokens */
} assay_example_answer;

typedef struct assay_example {
    size_t answers;       /* its first in the set's; best first, so of a pair chosen, then rejected */
    size_t count;         /* of them, 2 or more; 1 of a single answer with a label; or of steps */
    bool steps;           /* they follow each other, and all together are one text */
    uint32_t shared;      /* tokens; fewer than any side has */
    uint32_t pair;        /* index into the pair set */
    double margin, share; /* NaN: none */
    double weight;        /* of the example in the loss; 1: as others */
} assay_example;

typedef struct assay_example_drop {
    uint32_t pair;
    assay_drop_reason reason;
    uint32_t length; /* tokens of the longest side */
} assay_example_drop;

typedef struct assay_example_set {
    const assay_pair_set *pairs; /* borrowed */
    assay_example *items;
    size_t count, capacity;
    assay_example_answer *answers;
    /* of each answer, what its list says of it (pair_set.h); of pairs 1 and 0; of steps their labels, NaN: not known */
    double *values;
    size_t answer_count, answer_capacity, value_capacity;
    double *targets;    /* [answer_count, label_count], of each answer each wanted attribute, NaN: not known */
    size_t label_count; /* 0: none are wanted */
    size_t target_capacity;
    int32_t *ids;
    size_t id_count, id_capacity;
    assay_example_drop *drops;
    size_t drop_count, drop_capacity;
    size_t truncated; /* pairs that were cut and kept */
    size_t longest;   /* tokens of the longest side kept */
} assay_example_set;

/* picked: indices of pairs (NULL: all; picked_count is then ignored), kept in their order. No pair left is an error
 * that says what was dropped and why; the set is then released, as after any error. pairs must outlive the set. */
assay_status assay_example_set_build(assay_example_set *set, const assay_pair_set *pairs, const uint32_t *picked,
                                     size_t picked_count, const assay_renderer *renderer,
                                     const assay_example_options *options, assay_error *err);
void assay_example_set_release(assay_example_set *set); /* safe on a zeroed set */

/* Its first and its last answer; borrowed. */
const assay_example_answer *assay_example_best(const assay_example_set *set, const assay_example *example);
const assay_example_answer *assay_example_worst(const assay_example_set *set, const assay_example *example);

/* Tokens of all sides; as computed, the shared part once; of the longest side. */
size_t assay_example_length(const assay_example_set *set, const assay_example *example);
size_t assay_example_tokens(const assay_example_set *set, const assay_example *example);
size_t assay_example_longest(const assay_example_set *set, const assay_example *example);

/* How many pairs were dropped for a reason. */
size_t assay_example_set_dropped(const assay_example_set *set, assay_drop_reason reason);

#endif
