/* Token ids into the geometry of a micro-batch: trees of segments, one behind the other, no padding.
 *
 *     assay_pack pack;
 *     // capacities; nothing is allocated afterwards
 *     ASSAY_TRY(assay_pack_init(&pack, tokens, segments, prefix_or_null, err));
 *     assay_pack_clear(&pack);
 *     assay_pack_tree(&pack, pair_number);
 *     int prompt = assay_pack_segment(&pack, ids, n, -1, false);
 *     assay_pack_segment(&pack, chosen, c, prompt, true); // scored: its last token gets a reward
 *     assay_pack_segment(&pack, rejected, r, prompt, true);
 *     // valid until the next clear; rewards come in this order
 *     const assay_geometry *geometry = assay_pack_finish(&pack);
 *     assay_pack_release(&pack);
 *
 * The caller stays within the capacities (assay_pack_fits asks).
 */
#ifndef ASSAY_PACKING_PACK_H
#define ASSAY_PACKING_PACK_H

#include "base/alloc.h"
#include "base/prefix_rule.h"
#include "ops/geometry.h"

typedef struct assay_pack {
    size_t token_capacity, segment_capacity;
    assay_prefix_rule prefix;
    int32_t *ids, *positions, *blocks;
    assay_segment *segments;
    assay_tree *trees;
    uint32_t *scored_tokens, *folds[ASSAY_SPACES];
    size_t tokens, segment_count, tree_count, scored;
    assay_geometry geometry;
} assay_pack;

/* prefix: the model's rule, NULL for one that never sees ahead. */
assay_status assay_pack_init(assay_pack *pack, size_t tokens, size_t segments, const assay_prefix_rule *prefix,
                             assay_error *err);
void assay_pack_release(assay_pack *pack); /* safe on a zeroed pack */
void assay_pack_clear(assay_pack *pack);
bool assay_pack_fits(const assay_pack *pack, size_t tokens, size_t segments);

/* Opens a tree (a pair, a group of answers, a single text); `identity` is what dropout counts by. */
void assay_pack_tree(assay_pack *pack, uint64_t identity);

/* Adds a segment of at least one token to the open tree; parent is a segment of the same tree or -1, and where the
 * model has a prefix it ends in the parent (assay_prefix_shared). Returns its index. */
int assay_pack_segment(assay_pack *pack, const int32_t *ids, size_t count, int parent, bool scored);

/* The same of a prompt, `shared` ids that texts begin with, and of the rest of a text behind it (parent: what
 * assay_pack_prompt returned, or -1 where nothing is shared); `gate`: assay_prefix_gate of the texts, 0: none. Where it
 * lies in the ids, they become two segments, the first of them the gate's. */
int assay_pack_prompt(assay_pack *pack, const int32_t *ids, size_t shared, size_t gate);
int assay_pack_answer(assay_pack *pack, const int32_t *ids, size_t count, size_t shared, int parent, size_t gate);

const assay_geometry *assay_pack_finish(assay_pack *pack);

/* The same with every token scored: row t of SCORED is token t. Only for programs made with all_rows
 * (score/score_batch.h, traces). */
const assay_geometry *assay_pack_finish_all(assay_pack *pack);

#endif
