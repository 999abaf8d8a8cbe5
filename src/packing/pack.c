#include "packing/pack.h"

#include "backend/gemm.h"

#include <assert.h>
#include <string.h>

assay_status assay_pack_init(assay_pack *pack, size_t tokens, size_t segments, const assay_prefix_rule *prefix,
                             assay_error *err)
{
    /* Every tree ends a fold and every ASSAY_FOLD tokens do. */
    size_t folds = tokens / ASSAY_FOLD + segments + 2;
    *pack = (assay_pack){.token_capacity = tokens, .segment_capacity = segments};
    if (prefix) pack->prefix = *prefix;
    pack->ids = assay_alloc(tokens, sizeof *pack->ids);
    pack->positions = assay_alloc(tokens, sizeof *pack->positions);
    pack->blocks = assay_alloc(tokens, sizeof *pack->blocks);
    pack->segments = assay_alloc(segments, sizeof *pack->segments);
    pack->trees = assay_alloc(segments, sizeof *pack->trees);
    pack->scored_tokens = assay_alloc(tokens > segments ? tokens : segments, sizeof *pack->scored_tokens);
    for (int i = 0; i < ASSAY_SPACES; i++) pack->folds[i] = assay_alloc(folds, sizeof *pack->folds[i]);
    if (pack->ids && pack->positions && pack->blocks && pack->segments && pack->trees && pack->scored_tokens &&
        pack->folds[0] && pack->folds[1])
        return ASSAY_OK;
    assay_pack_release(pack);
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a micro-batch of %zu tokens", tokens);
}

void assay_pack_release(assay_pack *pack)
{
    assay_free(pack->ids);
    assay_free(pack->positions);
    assay_free(pack->blocks);
    assay_free(pack->segments);
    assay_free(pack->trees);
    assay_free(pack->scored_tokens);
    for (int i = 0; i < ASSAY_SPACES; i++) assay_free(pack->folds[i]);
    *pack = (assay_pack){0};
}

void assay_pack_clear(assay_pack *pack) { pack->tokens = pack->segment_count = pack->tree_count = pack->scored = 0; }

bool assay_pack_fits(const assay_pack *pack, size_t tokens, size_t segments)
{
    return pack->tokens + tokens <= pack->token_capacity && pack->segment_count + segments <= pack->segment_capacity;
}

void assay_pack_tree(assay_pack *pack, uint64_t identity)
{
    assert(pack->tree_count < pack->segment_capacity);
    pack->trees[pack->tree_count++] =
        (assay_tree){.first_segment = (uint32_t)pack->segment_count, .identity = identity};
}

/* Behind a parent its prefix has ended, and its last token stands where the mark is. */
static void place_behind_prefix(assay_pack *pack, assay_segment *segment)
{
    const assay_segment *parent = segment->parent < 0 ? NULL : &pack->segments[segment->parent];
    const int32_t *ids = pack->ids + segment->first;
    size_t length = parent ? parent->open : assay_prefix_length(&pack->prefix, ids, segment->rows);
    assert(!parent || length < segment->base);
    int32_t mark = parent ? pack->positions[parent->first + parent->rows - 1]
                          : (int32_t)assay_prefix_mark(&pack->prefix, ids, length);
    segment->open = (uint32_t)length;
    for (size_t i = 0, at = segment->base; i < segment->rows; i++, at++) {
        pack->positions[segment->first + i] = at < length ? (int32_t)at : mark;
        pack->blocks[segment->first + i] = at < length ? 0 : (int32_t)(at - length + 1);
    }
}

static void place(assay_pack *pack, assay_segment *segment)
{
    if (pack->prefix.on) {
        place_behind_prefix(pack, segment);
        return;
    }
    for (size_t i = 0; i < segment->rows; i++) {
        pack->positions[segment->first + i] = (int32_t)(segment->base + i);
        pack->blocks[segment->first + i] = 0;
    }
}

int assay_pack_segment(assay_pack *pack, const int32_t *ids, size_t count, int parent, bool scored)
{
    assert(count > 0 && assay_pack_fits(pack, count, 1) && pack->tree_count > 0);
    assay_segment *segment = &pack->segments[pack->segment_count];
    uint32_t base = parent < 0 ? 0 : pack->segments[parent].base + pack->segments[parent].rows;
    *segment = (assay_segment){.first = (uint32_t)pack->tokens,
                               .rows = (uint32_t)count,
                               .parent = parent,
                               .base = base,
                               .scored_row = -1,
                               .tree = (uint32_t)pack->tree_count - 1};
    memcpy(pack->ids + pack->tokens, ids, count * sizeof *ids);
    place(pack, segment);
    pack->tokens += count;
    pack->trees[pack->tree_count - 1].segments++;
    if (scored) {
        segment->scored_row = (int32_t)pack->scored;
        pack->scored_tokens[pack->scored++] = (uint32_t)pack->tokens - 1;
    }
    return (int)pack->segment_count++;
}

static int gate_segment(assay_pack *pack, const int32_t *ids, size_t count, int parent)
{
    int segment = assay_pack_segment(pack, ids, count, parent, true);
    pack->segments[segment].gate = true;
    return segment;
}

int assay_pack_prompt(assay_pack *pack, const int32_t *ids, size_t shared, size_t gate)
{
    if (shared == 0) return -1;
    if (gate == 0 || gate > shared) return assay_pack_segment(pack, ids, shared, -1, false);
    int end = gate_segment(pack, ids, gate, -1);
    return gate == shared ? end : assay_pack_segment(pack, ids + gate, shared - gate, end, false);
}

int assay_pack_answer(assay_pack *pack, const int32_t *ids, size_t count, size_t shared, int parent, size_t gate)
{
    size_t from = shared;
    if (gate > shared && gate < count) {
        parent = gate_segment(pack, ids + from, gate - from, parent);
        from = gate;
    }
    return assay_pack_segment(pack, ids + from, count - from, parent, true);
}

/* Borders at the end of each tree and every ASSAY_FOLD rows from its start. */
static size_t cut_folds(uint32_t *folds, size_t count, size_t from, size_t to)
{
    for (size_t at = from; at < to;) {
        at = to - at > ASSAY_FOLD ? at + ASSAY_FOLD : to;
        folds[++count] = (uint32_t)at;
    }
    return count;
}

static size_t scored_rows(const assay_pack *pack, const assay_tree *tree)
{
    size_t rows = 0;
    for (uint32_t s = 0; s < tree->segments; s++) rows += pack->segments[tree->first_segment + s].scored_row >= 0;
    return rows;
}

const assay_geometry *assay_pack_finish(assay_pack *pack)
{
    size_t counts[ASSAY_SPACES] = {0}, token = 0, scored = 0, longest = 0;
    pack->folds[ASSAY_TOKENS][0] = pack->folds[ASSAY_SCORED][0] = 0;
    for (size_t t = 0; t < pack->tree_count; t++) {
        const assay_tree *tree = &pack->trees[t];
        const assay_segment *last = &pack->segments[tree->first_segment + tree->segments - 1];
        size_t end = (size_t)last->first + last->rows, scored_end = scored + scored_rows(pack, tree);
        counts[ASSAY_TOKENS] = cut_folds(pack->folds[ASSAY_TOKENS], counts[ASSAY_TOKENS], token, end);
        counts[ASSAY_SCORED] = cut_folds(pack->folds[ASSAY_SCORED], counts[ASSAY_SCORED], scored, scored_end);
        token = end;
        scored = scored_end;
    }
    for (size_t s = 0; s < pack->segment_count; s++) {
        size_t path = (size_t)pack->segments[s].base + pack->segments[s].rows;
        longest = path > longest ? path : longest;
    }
    pack->geometry = (assay_geometry){.ids = pack->ids,
                                      .positions = pack->positions,
                                      .blocks = pack->blocks,
                                      .segments = pack->segments,
                                      .trees = pack->trees,
                                      .segment_count = pack->segment_count,
                                      .tree_count = pack->tree_count,
                                      .scored_tokens = pack->scored_tokens,
                                      .longest_path = longest};
    pack->geometry.spaces[ASSAY_TOKENS] = (assay_space){token, pack->folds[ASSAY_TOKENS], counts[ASSAY_TOKENS]};
    pack->geometry.spaces[ASSAY_SCORED] = (assay_space){scored, pack->folds[ASSAY_SCORED], counts[ASSAY_SCORED]};
    return &pack->geometry;
}

const assay_geometry *assay_pack_finish_all(assay_pack *pack)
{
    assay_pack_finish(pack);
    for (size_t t = 0; t < pack->tokens; t++) pack->scored_tokens[t] = (uint32_t)t;
    pack->geometry.spaces[ASSAY_SCORED] = pack->geometry.spaces[ASSAY_TOKENS];
    return &pack->geometry;
}
