#include "score/score_batch.h"

#include "base/sizes.h"
#include "model/bad_weight.h"

#include <math.h>

/* ---- lots ---- */

/* A list of numbers for each text, as long as the list of ids it belongs to. */
static assay_status make_lists(double ***lists, const assay_ids *ids, size_t count, assay_error *err)
{
    *lists = assay_alloc(count, sizeof **lists);
    ASSAY_TRY_ALLOC(*lists, "scores of tokens", err);
    for (size_t i = 0; i < count; i++) {
        (*lists)[i] = assay_alloc(ids[i].count, sizeof *(*lists)[i]);
        if (!(*lists)[i])
            return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the scores of %zu tokens", ids[i].count);
    }
    return ASSAY_OK;
}

assay_status assay_lot_begin(assay_lot *lot, const assay_ids *texts, size_t count, bool traces, assay_error *err)
{
    *lot = (assay_lot){.texts = texts, .count = count};
    lot->scores = assay_alloc(count, sizeof *lot->scores);
    ASSAY_TRY_ALLOC(lot->scores, "scores", err);
    assay_status status = traces ? make_lists(&lot->traces, texts, count, err) : ASSAY_OK;
    if (status != ASSAY_OK) assay_lot_release(lot);
    return status;
}

assay_status assay_lot_want_labels(assay_lot *lot, size_t outputs, assay_error *err)
{
    if (outputs <= 1) return ASSAY_OK;
    size_t numbers;
    bool counted = assay_mul_size(lot->count, outputs, &numbers);
    lot->labels = counted ? assay_alloc(numbers, sizeof *lot->labels) : NULL;
    ASSAY_TRY_ALLOC(lot->labels, "the labels of a line", err);
    return ASSAY_OK;
}

assay_status assay_lot_want_steps(assay_lot *lot, const assay_ids *ends, assay_error *err)
{
    lot->ends = assay_alloc(lot->count, sizeof *lot->ends);
    ASSAY_TRY_ALLOC(lot->ends, "steps", err);
    for (size_t i = 0; i < lot->count; i++)
        for (size_t s = 0; s < ends[i].count; s++) ASSAY_TRY(assay_ids_push(&lot->ends[i], ends[i].data[s], err));
    return make_lists(&lot->steps, ends, lot->count, err);
}

void assay_lot_release(assay_lot *lot)
{
    for (size_t i = 0; lot->traces && i < lot->count; i++) assay_free(lot->traces[i]);
    for (size_t i = 0; lot->steps && i < lot->count; i++) assay_free(lot->steps[i]);
    for (size_t i = 0; lot->ends && i < lot->count; i++) assay_ids_release(&lot->ends[i]);
    assay_free(lot->ends);
    assay_free(lot->traces);
    assay_free(lot->steps);
    assay_free(lot->labels);
    assay_free(lot->scores);
    *lot = (assay_lot){0};
}

/* ---- a micro-batch ---- */

assay_status assay_score_batch_init(assay_score_batch *batch, const assay_score_setup *setup, assay_error *err)
{
    *batch = (assay_score_batch){.setup = *setup};
    size_t texts = assay_smaller(setup->rows, setup->tokens);
    batch->capacity = texts;
    batch->outputs = assay_head_outputs(&setup->model->config.head);
    batch->label = setup->model->config.head.label;
    batch->labels = assay_head_labels(&setup->model->config.head, &batch->first);
    batch->placed = assay_alloc(texts, sizeof *batch->placed);
    batch->scores = assay_alloc(setup->rows, sizeof *batch->scores);
    assay_status status =
        assay_pack_init(&batch->pack, setup->tokens, 2 * texts + 2, &setup->model->config.prefix, err);
    if (status == ASSAY_OK && (!batch->placed || !batch->scores))
        status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a micro-batch of %zu texts", texts);
    if (status != ASSAY_OK) assay_score_batch_release(batch);
    return status;
}

void assay_score_batch_release(assay_score_batch *batch)
{
    assay_pack_release(&batch->pack);
    assay_free(batch->placed);
    assay_free(batch->scores);
    *batch = (assay_score_batch){0};
}

/* How many texts went in. A text of which every token is wanted goes alone where the program gives one row a text. */
static size_t pack_next(assay_score_batch *batch, const assay_lot *lot)
{
    const assay_ids *next = &lot->texts[lot->packed];
    if (lot->traces && !batch->setup.every_row) return assay_pack_chain(&batch->pack, batch->setup.rows, next);
    if (lot->steps && !batch->setup.every_row)
        return assay_pack_steps(&batch->pack, batch->setup.rows, next, &lot->ends[lot->packed]);
    return assay_pack_texts(&batch->pack, batch->setup.rows, next, lot->count - lot->packed);
}

bool assay_score_batch_add(assay_score_batch *batch, assay_lot *lot)
{
    while (lot->packed < lot->count) {
        size_t taken = pack_next(batch, lot);
        if (taken == 0) return false;
        int first = (int)(batch->pack.segment_count - taken);
        for (size_t i = 0; i < taken; i++)
            batch->placed[batch->placed_count++] = (assay_placed){lot, lot->packed++, first + (int)i};
    }
    return true;
}

static double number(const assay_score_batch *batch, size_t row, size_t output)
{
    if (!batch->numbers) return 0;
    const float *numbers = batch->numbers + row * batch->outputs;
    return assay_head_number(&batch->setup.model->config.head, numbers, output) + batch->setup.offset;
}

assay_status assay_score_batch_compute(assay_score_batch *batch, assay_error *err)
{
    assay_pack *pack = &batch->pack;
    const assay_score_setup *setup = &batch->setup;
    const assay_geometry *geometry = setup->every_row ? assay_pack_finish_all(pack) : assay_pack_finish(pack);
    ASSAY_TRY(setup->forward ? setup->forward(setup->context, geometry, err)
                             : assay_engine_forward(setup->engine, geometry, 0, 0, false, err));
    batch->numbers = assay_engine_rewards(setup->engine);
    for (size_t i = 0; i < geometry->spaces[ASSAY_SCORED].rows; i++) batch->scores[i] = number(batch, i, batch->label);
    return ASSAY_OK;
}

void assay_score_batch_labels(const assay_score_batch *batch, size_t row, double *numbers)
{
    for (size_t i = 0; i < batch->labels; i++) numbers[i] = number(batch, row, batch->first + i);
}

/* ---- results ---- */

static const char *culprit(assay_score_batch *batch)
{
    if (!batch->looked && !assay_model_first_bad_weight(batch->setup.model, batch->culprit, sizeof batch->culprit))
        batch->culprit[0] = '\0';
    batch->looked = true;
    return batch->culprit[0] ? batch->culprit : NULL;
}

assay_status assay_score_batch_check(assay_score_batch *batch, double score, assay_error *err)
{
    if (isfinite(score)) return ASSAY_OK;
    if (culprit(batch))
        return assay_error_set(err, ASSAY_E_NUMERIC,
                               "the score is %g: %s; it came with the model: fetch or convert that again", score,
                               batch->culprit);
    return assay_error_set(err, ASSAY_E_NUMERIC,
                           "the score is %g, and no weight is NaN or infinite: sums grow too large for a number; are "
                           "these a model's weights?",
                           score);
}

/* The row of a segment's last token among the rows that have a score. */
static size_t scored_row(const assay_score_batch *batch, const assay_segment *segment)
{
    return batch->setup.every_row ? (size_t)segment->first + segment->rows - 1 : (size_t)segment->scored_row;
}

static void put(assay_lot *lot, double score, double *place)
{
    if (!isfinite(score) && lot->status == ASSAY_OK) {
        lot->status = ASSAY_E_NUMERIC;
        lot->bad = score;
    }
    *place = score;
}

/* From the text's last segment up to its first. Either every row has a score, or every segment is one scored row. */
static void take_trace(const assay_score_batch *batch, assay_lot *lot, int segment, double *trace)
{
    for (; segment >= 0; segment = batch->pack.segments[segment].parent) {
        const assay_segment *part = &batch->pack.segments[segment];
        const double *scores = batch->scores + scored_row(batch, part) + 1 - part->rows;
        for (size_t i = 0; i < part->rows; i++) put(lot, scores[i], &trace[part->base + i]);
    }
}

static void take_labels(const assay_score_batch *batch, assay_lot *lot, size_t row, double *labels)
{
    for (size_t i = 0; i < batch->outputs; i++) put(lot, number(batch, row, i), &labels[i]);
}

/* From the last step up to the first, as above; the worst is the text's score. */
static double take_steps(const assay_score_batch *batch, assay_lot *lot, int segment, const assay_ids *ends,
                         double *steps)
{
    double worst = (double)INFINITY;
    for (size_t i = ends->count; i-- > 0;) {
        uint32_t end = (uint32_t)ends->data[i];
        while (batch->pack.segments[segment].base > end) segment = batch->pack.segments[segment].parent;
        const assay_segment *part = &batch->pack.segments[segment];
        size_t row = batch->setup.every_row ? part->first + end - part->base : (size_t)part->scored_row;
        put(lot, batch->scores[row], &steps[i]);
        if (!(steps[i] >= worst)) worst = steps[i];
    }
    return worst;
}

static void hand_out(const assay_score_batch *batch, const assay_placed *placed)
{
    assay_lot *lot = placed->lot;
    size_t row = scored_row(batch, &batch->pack.segments[placed->segment]), text = placed->text;
    if (lot->steps) lot->scores[text] = take_steps(batch, lot, placed->segment, &lot->ends[text], lot->steps[text]);
    else put(lot, batch->scores[row], &lot->scores[placed->text]);
    if (lot->labels) take_labels(batch, lot, row, &lot->labels[placed->text * batch->outputs]);
    if (lot->traces) take_trace(batch, lot, placed->segment, lot->traces[placed->text]);
}

assay_status assay_score_batch_run(assay_score_batch *batch, assay_error *err)
{
    if (batch->placed_count == 0) return ASSAY_OK;
    batch->last_texts = batch->placed_count;
    batch->last_tokens = batch->pack.tokens;
    assay_status status = assay_score_batch_compute(batch, &batch->failure);
    for (size_t i = 0; i < batch->placed_count; i++) {
        assay_lot *lot = batch->placed[i].lot;
        if (status == ASSAY_OK) hand_out(batch, &batch->placed[i]);
        else if (lot->status == ASSAY_OK) lot->status = status;
        lot->scored++;
    }
    assay_score_batch_clear(batch);
    if (status != ASSAY_OK && err) *err = batch->failure;
    return status;
}

void assay_score_batch_clear(assay_score_batch *batch)
{
    batch->placed_count = 0;
    assay_pack_clear(&batch->pack);
}

assay_status assay_score_batch_why(assay_score_batch *batch, const assay_lot *lot, assay_error *err)
{
    if (lot->status == ASSAY_E_NUMERIC) return assay_score_batch_check(batch, lot->bad, err);
    if (lot->status != ASSAY_OK && err) *err = batch->failure;
    return lot->status;
}

assay_status assay_score_batch_no_fit(const assay_score_batch *batch, const assay_lot *lot, assay_error *err)
{
    size_t steps = lot->ends ? lot->ends[lot->packed].count : 0;
    if (steps > batch->setup.rows)
        return assay_error_set(err, ASSAY_E_NO_FIT, "an answer of %zu steps; %zu of one answer are scored at most",
                               steps, batch->setup.rows);
    return assay_error_set(err, ASSAY_E_NO_FIT, "a text of %zu tokens does not fit into a micro-batch of %zu",
                           lot->texts[lot->packed].count, batch->pack.token_capacity);
}

assay_status assay_score_batch_all(assay_score_batch *batch, assay_lot *lot, assay_error *err)
{
    for (bool whole = false; !whole;) {
        whole = assay_score_batch_add(batch, lot);
        if (batch->placed_count == 0) return assay_score_batch_no_fit(batch, lot, err);
        ASSAY_TRY(assay_score_batch_run(batch, err));
    }
    return assay_score_batch_why(batch, lot, err);
}
