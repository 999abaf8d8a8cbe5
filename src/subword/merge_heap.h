/* Candidates for merging, the best first: what BPE keeps for words too long to be scanned again after each merge.
 *
 *     assay_merge_heap heap = {0};
 *     ASSAY_TRY(assay_merge_heap_push(&heap, (assay_merge_candidate){.order = rank, .place = i}, err));
 *     while (heap.count) use(assay_merge_heap_pop(&heap));
 *     assay_merge_heap_release(&heap);
 */
#ifndef ASSAY_SUBWORD_MERGE_HEAP_H
#define ASSAY_SUBWORD_MERGE_HEAP_H

#include "base/alloc.h"

#include <stdint.h>

typedef struct assay_merge_candidate {
    uint32_t order, place; /* the smallest order comes first, of equal ones the leftmost place */
    uint32_t with, size;   /* whatever the caller recognises a stale candidate by */
} assay_merge_candidate;

typedef struct assay_merge_heap {
    assay_merge_candidate *items;
    size_t count, capacity;
} assay_merge_heap;

void assay_merge_heap_release(assay_merge_heap *heap); /* safe on a zeroed heap */
assay_status assay_merge_heap_push(assay_merge_heap *heap, assay_merge_candidate item, assay_error *err);
assay_merge_candidate assay_merge_heap_pop(assay_merge_heap *heap); /* of at least one */

/* A score's order: the highest score first. Equal scores have equal orders; a NaN comes last. */
uint32_t assay_merge_order_of_score(float score);

#endif
