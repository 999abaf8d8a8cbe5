/* Ranked byte-pair merging: the inner loop of every BPE that has a list of merges. assay_merge_word replaces ids in
 * place: while any neighbouring pair is in the table, the one of lowest rank (leftmost on a tie) becomes its merged id.
 * Same order and same ids as `tokenizers` (models/bpe/word.rs). O(n log n) for long words, a plain scan for short ones.
 * The table is const after loading; each thread brings its own scratch. */
#ifndef ASSAY_SUBWORD_BPE_MERGE_H
#define ASSAY_SUBWORD_BPE_MERGE_H

#include "subword/merge_heap.h"

typedef struct assay_merge {
    uint64_t pair; /* left << 32 | right; UINT64_MAX: free slot */
    uint32_t rank;
    int32_t id;
} assay_merge;

typedef struct assay_merge_table {
    assay_merge *slots; /* a power of two, at most half full */
    size_t slot_count, used;
} assay_merge_table;

typedef struct assay_merge_scratch {
    struct assay_merge_link *links;
    size_t link_capacity;
    assay_merge_heap heap;
    uint64_t steps; /* candidates of long words taken up so far: what their time hangs on */
} assay_merge_scratch;

void assay_merge_table_release(assay_merge_table *table);
void assay_merge_scratch_release(assay_merge_scratch *scratch);

/* A pair given twice keeps the later rank, as the reference's map does. */
assay_status assay_merge_table_add(assay_merge_table *table, int32_t left, int32_t right, uint32_t rank, int32_t id,
                                   assay_error *err);
assay_status assay_merge_word(const assay_merge_table *table, assay_merge_scratch *scratch, int32_t *ids, size_t *count,
                              assay_error *err);

#endif
