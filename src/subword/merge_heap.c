#include "subword/merge_heap.h"

#include <string.h>

void assay_merge_heap_release(assay_merge_heap *heap)
{
    assay_free(heap->items);
    *heap = (assay_merge_heap){0};
}

static bool comes_first(assay_merge_candidate a, assay_merge_candidate b)
{
    return a.order < b.order || (a.order == b.order && a.place < b.place);
}

assay_status assay_merge_heap_push(assay_merge_heap *heap, assay_merge_candidate item, assay_error *err)
{
    ASSAY_TRY(assay_grow(&heap->items, &heap->capacity, heap->count + 1, sizeof *heap->items, err));
    size_t at = heap->count++;
    for (; at && comes_first(item, heap->items[(at - 1) / 2]); at = (at - 1) / 2)
        heap->items[at] = heap->items[(at - 1) / 2];
    heap->items[at] = item;
    return ASSAY_OK;
}

assay_merge_candidate assay_merge_heap_pop(assay_merge_heap *heap)
{
    assay_merge_candidate top = heap->items[0], last = heap->items[--heap->count];
    size_t count = heap->count, at = 0;
    for (size_t child = 1; child < count; at = child, child = 2 * at + 1) {
        if (child + 1 < count && comes_first(heap->items[child + 1], heap->items[child])) child++;
        if (!comes_first(heap->items[child], last)) break;
        heap->items[at] = heap->items[child];
    }
    if (count) heap->items[at] = last;
    return top;
}

/* The bits of positive floats rise with them, those of negative ones fall. */
uint32_t assay_merge_order_of_score(float score)
{
    uint32_t bits;
    float plain = score + 0.0f; /* one zero */
    if (score != score) return UINT32_MAX;
    memcpy(&bits, &plain, sizeof bits);
    return bits & 0x80000000u ? bits : 0x7fffffffu - bits;
}
