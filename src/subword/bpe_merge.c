/* Two ways to the same result. Short words (nearly all) keep the pairs' ranks in a small array and rescan it after each
 * merge. Long words use a linked list of symbols and a heap of candidates; a candidate whose symbols have changed is
 * recognised when it comes up, because the pair now at its place no longer merges to its id. */
#include "subword/bpe_merge.h"

#include <string.h>

enum { SHORT_WORD = 32 };

typedef struct assay_merge_link {
    int32_t id;              /* -1: swallowed by its left neighbour */
    uint32_t previous, next; /* index + 1, 0: none */
} merge_link;

void assay_merge_table_release(assay_merge_table *table)
{
    assay_free(table->slots);
    *table = (assay_merge_table){0};
}

void assay_merge_scratch_release(assay_merge_scratch *scratch)
{
    assay_free(scratch->links);
    assay_merge_heap_release(&scratch->heap);
    *scratch = (assay_merge_scratch){0};
}

static uint64_t pair_of(int32_t left, int32_t right) { return (uint64_t)(uint32_t)left << 32 | (uint32_t)right; }

static assay_merge *slot_of(const assay_merge_table *table, uint64_t pair)
{
    uint64_t hash = pair * 0x9e3779b97f4a7c15u;
    size_t mask = table->slot_count - 1;
    size_t slot = (size_t)(hash ^ hash >> 32) & mask;
    while (table->slots[slot].pair != pair && table->slots[slot].pair != UINT64_MAX) slot = (slot + 1) & mask;
    return &table->slots[slot];
}

static assay_status table_grow(assay_merge_table *table, assay_error *err)
{
    if (table->slot_count > 2 * (table->used + 1)) return ASSAY_OK;
    assay_merge_table grown = {.slot_count = table->slot_count ? table->slot_count * 2 : 1024, .used = table->used};
    grown.slots = assay_alloc(grown.slot_count, sizeof(*grown.slots));
    ASSAY_TRY_ALLOC(grown.slots, "a table of merges", err);
    for (size_t i = 0; i < grown.slot_count; i++) grown.slots[i].pair = UINT64_MAX;
    for (size_t i = 0; i < table->slot_count; i++)
        if (table->slots[i].pair != UINT64_MAX) *slot_of(&grown, table->slots[i].pair) = table->slots[i];
    assay_free(table->slots);
    *table = grown;
    return ASSAY_OK;
}

assay_status assay_merge_table_add(assay_merge_table *table, int32_t left, int32_t right, uint32_t rank, int32_t id,
                                   assay_error *err)
{
    ASSAY_TRY(table_grow(table, err));
    assay_merge *slot = slot_of(table, pair_of(left, right));
    if (slot->pair == UINT64_MAX) table->used++;
    *slot = (assay_merge){.pair = pair_of(left, right), .rank = rank, .id = id};
    return ASSAY_OK;
}

static const assay_merge *merge_find(const assay_merge_table *table, int32_t left, int32_t right)
{
    const assay_merge *slot = slot_of(table, pair_of(left, right));
    return slot->pair == UINT64_MAX ? NULL : slot;
}

static void merge_short(const assay_merge_table *table, int32_t *ids, size_t *count)
{
    const assay_merge *found[SHORT_WORD];
    size_t n = *count;
    for (size_t i = 0; i + 1 < n; i++) found[i] = merge_find(table, ids[i], ids[i + 1]);
    for (;;) {
        size_t best = n;
        for (size_t i = 0; i + 1 < n; i++)
            if (found[i] && (best == n || found[i]->rank < found[best]->rank)) best = i;
        if (best == n) break;
        ids[best] = found[best]->id;
        memmove(ids + best + 1, ids + best + 2, (n - best - 2) * sizeof(*ids));
        if (best + 2 < n) memmove(found + best + 1, found + best + 2, (n - best - 2) * sizeof(*found));
        n--;
        if (best > 0) found[best - 1] = merge_find(table, ids[best - 1], ids[best]);
        if (best + 1 < n) found[best] = merge_find(table, ids[best], ids[best + 1]);
    }
    *count = n;
}

static assay_status candidate_add(const assay_merge_table *table, assay_merge_scratch *scratch, uint32_t place,
                                  assay_error *err)
{
    const merge_link *link = &scratch->links[place];
    if (!link->next) return ASSAY_OK;
    const assay_merge *merge = merge_find(table, link->id, scratch->links[link->next - 1].id);
    if (!merge) return ASSAY_OK;
    const assay_merge_candidate candidate = {.order = merge->rank, .place = place, .with = (uint32_t)merge->id};
    return assay_merge_heap_push(&scratch->heap, candidate, err);
}

static assay_status candidate_apply(const assay_merge_table *table, assay_merge_scratch *scratch,
                                    assay_merge_candidate top, assay_error *err)
{
    merge_link *left = &scratch->links[top.place];
    if (left->id < 0 || !left->next) return ASSAY_OK;
    merge_link *right = &scratch->links[left->next - 1];
    const assay_merge *merge = merge_find(table, left->id, right->id);
    if (!merge || (uint32_t)merge->id != top.with) return ASSAY_OK;
    left->id = merge->id;
    left->next = right->next;
    right->id = -1;
    if (left->next) scratch->links[left->next - 1].previous = top.place + 1;
    if (left->previous) ASSAY_TRY(candidate_add(table, scratch, left->previous - 1, err));
    return candidate_add(table, scratch, top.place, err);
}

static assay_status merge_long(const assay_merge_table *table, assay_merge_scratch *scratch, int32_t *ids,
                               size_t *count, assay_error *err)
{
    size_t n = *count;
    if (n > UINT32_MAX - 2) return assay_error_set(err, ASSAY_E_UNSUPPORTED, "a word of %zu symbols is too long", n);
    ASSAY_TRY(assay_grow(&scratch->links, &scratch->link_capacity, n, sizeof(merge_link), err));
    for (uint32_t i = 0; i < n; i++) scratch->links[i] = (merge_link){ids[i], i, i + 1 < n ? i + 2 : 0};
    scratch->heap.count = 0;
    for (uint32_t i = 0; i < n; i++) ASSAY_TRY(candidate_add(table, scratch, i, err));
    for (; scratch->heap.count; scratch->steps++)
        ASSAY_TRY(candidate_apply(table, scratch, assay_merge_heap_pop(&scratch->heap), err));
    size_t kept = 0;
    for (uint32_t at = 1; at; at = scratch->links[at - 1].next) ids[kept++] = scratch->links[at - 1].id;
    *count = kept;
    return ASSAY_OK;
}

assay_status assay_merge_word(const assay_merge_table *table, assay_merge_scratch *scratch, int32_t *ids, size_t *count,
                              assay_error *err)
{
    if (*count < 2 || !table->used) return ASSAY_OK;
    if (*count > SHORT_WORD) return merge_long(table, scratch, ids, count, err);
    merge_short(table, ids, count);
    return ASSAY_OK;
}
