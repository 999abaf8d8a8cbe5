/* Invariant: between two calls all answers of the lines that wait are in the micro-batch or computed. */
#include "score/score_lines.h"

enum { LINES_AT_ONCE = 256 };

struct assay_score_lines {
    assay_score_batch *batch;
    assay_score_taker taker;
    assay_lot lots[LINES_AT_ONCE];
    size_t count, added; /* waiting; ever */
};

assay_status assay_score_lines_open(assay_score_lines **out, assay_score_batch *batch, const assay_score_taker *taker,
                                    assay_error *err)
{
    assay_score_lines *lines = assay_alloc(1, sizeof *lines);
    *out = lines;
    ASSAY_TRY_ALLOC(lines, "lines", err);
    lines->batch = batch;
    lines->taker = *taker;
    return ASSAY_OK;
}

static void drop(assay_score_lines *lines, assay_lot *lot)
{
    if (lines->taker.drop && lot->owner) lines->taker.drop(lot->owner);
    assay_lot_release(lot);
}

void assay_score_lines_close(assay_score_lines *lines)
{
    if (!lines) return;
    assay_score_batch_clear(lines->batch);
    for (size_t i = 0; i < lines->count; i++) drop(lines, &lines->lots[i]);
    assay_free(lines);
}

/* Computes, and hands out the lines that are done: all but perhaps the last, which becomes the first. */
static assay_status run(assay_score_lines *lines, assay_error *err)
{
    size_t done = 0;
    assay_lot *lots = lines->lots;
    assay_status status = assay_score_batch_run(lines->batch, err);
    for (; done < lines->count && lots[done].scored == lots[done].count; done++) {
        if (status == ASSAY_OK) {
            assay_score_batch_why(lines->batch, &lots[done], err);
            status = lines->taker.take(lines->taker.context, &lots[done], err);
        }
        drop(lines, &lots[done]);
    }
    if (done && done < lines->count) lots[0] = lots[done];
    lines->count -= done;
    return status;
}

static assay_status begin(assay_score_lines *lines, const assay_ids *answers, const assay_ids *ends, size_t count,
                          void *owner, assay_error *err)
{
    assay_lot lot = {0};
    assay_status status = lines->count == LINES_AT_ONCE ? run(lines, err) : ASSAY_OK;
    if (status == ASSAY_OK) status = assay_lot_begin(&lot, answers, count, lines->taker.traces, err);
    if (status == ASSAY_OK && ends) status = assay_lot_want_steps(&lot, ends, err);
    if (status == ASSAY_OK && !ends && lines->taker.labels)
        status = assay_lot_want_labels(&lot, lines->batch->outputs, err);
    lot.owner = owner;
    lot.number = lines->added++;
    if (status == ASSAY_OK) lines->lots[lines->count++] = lot;
    else drop(lines, &lot);
    return status;
}

assay_status assay_score_lines_add(assay_score_lines *lines, const assay_ids *answers, const assay_ids *ends,
                                   size_t count, void *owner, assay_error *err)
{
    ASSAY_TRY(begin(lines, answers, ends, count, owner, err));
    while (!assay_score_batch_add(lines->batch, &lines->lots[lines->count - 1])) {
        if (lines->batch->placed_count == 0)
            return assay_score_batch_no_fit(lines->batch, &lines->lots[lines->count - 1], err);
        ASSAY_TRY(run(lines, err));
    }
    return ASSAY_OK;
}

assay_status assay_score_lines_finish(assay_score_lines *lines, assay_error *err) { return run(lines, err); }
