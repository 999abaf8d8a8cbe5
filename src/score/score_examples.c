#include "score/score_examples.h"

#include "packing/pack_example.h"

typedef struct wanted {
    const assay_score_watch *watch;
    double *scores, *numbers;
} wanted;

/* Scores of the answers, in their order: rows between them at which a gate is read are none. */
static void take(const assay_score_batch *batch, const wanted *to, size_t answer)
{
    for (size_t s = 0; s < batch->pack.segment_count; s++) {
        const assay_segment *segment = &batch->pack.segments[s];
        if (segment->scored_row < 0 || segment->gate) continue;
        size_t row = (size_t)segment->scored_row;
        to->scores[answer] = batch->scores[row];
        if (to->numbers) assay_score_batch_labels(batch, row, to->numbers + answer * batch->labels);
        answer++;
    }
}

static assay_status score_runs(assay_score_batch *batch, const assay_example_set *set, size_t first,
                               const assay_micro_runs *runs, const wanted *to, assay_error *err)
{
    for (size_t r = 0; r < runs->count; r++) {
        size_t begin = first + runs->begin[r], end = first + runs->begin[r + 1];
        ASSAY_TRY(to->watch->go_on(to->watch->context, err));
        assay_score_batch_clear(batch);
        for (size_t i = begin; i < end; i++) assay_pack_example(&batch->pack, set, &set->items[i], i);
        ASSAY_TRY(assay_score_batch_compute(batch, err));
        take(batch, to, set->items[begin].answers);
    }
    return ASSAY_OK;
}

assay_status assay_score_examples(assay_score_batch *batch, const assay_example_set *set, size_t first, size_t count,
                                  const assay_score_watch *watch, double *scores, double *numbers, assay_error *err)
{
    const wanted to = {watch, scores, numbers};
    assay_micro_runs runs = {0};
    uint32_t *order = assay_alloc(count, sizeof *order);
    ASSAY_TRY_ALLOC(order, "an order of pairs", err);
    for (size_t i = 0; i < count; i++) order[i] = (uint32_t)(first + i);
    assay_status status = assay_micro_runs_cut(&runs, set, order, count, batch->pack.token_capacity, err);
    if (status == ASSAY_OK) status = score_runs(batch, set, first, &runs, &to, err);
    assay_score_batch_clear(batch);
    assay_micro_runs_release(&runs);
    assay_free(order);
    return status;
}
