#include "train/sliced.h"

#include "base/alloc.h"

#include <string.h>

bool assay_sliced(const assay_trainer *t) { return t->slices.count > 1; }

static size_t own_slice(const assay_trainer *t)
{
    const assay_comm *column = t->shares.column;
    return (size_t)assay_comm_slice(assay_comm_rank(column), assay_comm_size(column));
}

static size_t width_of(const assay_optimizer_item *item)
{
    return item->half ? sizeof *item->half : sizeof *item->weight;
}

static assay_status make_slices(assay_trainer *t, const assay_optimizer_item *items, size_t count, assay_error *err)
{
    assay_sliced_weight *weights = assay_alloc(count, sizeof *weights);
    ASSAY_TRY_ALLOC(weights, "a list of weights", err);
    for (size_t i = 0; i < count; i++)
        weights[i] =
            (assay_sliced_weight){.count = items[i].count, .packed = items[i].packed, .width = width_of(&items[i])};
    assay_status status =
        assay_moment_slices_make(&t->slices, weights, count, (size_t)assay_comm_size(t->shares.column), err);
    assay_free(weights);
    return status;
}

assay_status assay_sliced_begin(assay_trainer *t, assay_optimizer_item *items, size_t count, assay_error *err)
{
    if (t->settings.slices <= 1 || assay_comm_size(t->shares.column) == 1) return ASSAY_OK;
    ASSAY_TRY(make_slices(t, items, count, err));
    t->squares = assay_alloc(t->slices.squares[t->slices.count], 1);
    ASSAY_TRY_ALLOC(t->squares, "sums of squares", err);
    for (size_t i = 0, first = 0; i < count; first += items[i++].count)
        assay_moment_slices_part(&t->slices, own_slice(t), first, items[i].count, &items[i].begin, &items[i].end);
    return ASSAY_OK;
}

void assay_sliced_end(assay_trainer *t)
{
    assay_moment_slices_release(&t->slices);
    assay_free(t->squares);
    t->squares = NULL;
}

static float *room_of(const assay_trainer *t) { return t->gradients + t->optimizer->values; }

assay_status assay_sliced_sum(assay_trainer *t, assay_error *err)
{
    assay_comm *column = t->shares.column;
    ASSAY_TRY(assay_comm_sum_slices(column, t->gradients, room_of(t), t->slices.gradients, t->shares.there, err));
    double *squares = t->squares;
    for (size_t i = 0; i < t->optimizer->count; i++) {
        const assay_optimizer_item *item = &t->optimizer->items[i];
        assay_optimizer_chunk_squares(item, t->kernels, squares);
        squares += assay_optimizer_chunks(item->count);
    }
    return assay_comm_join_slices(column, t->squares, t->slices.squares, err);
}

double assay_sliced_squares(const assay_trainer *t, double squares)
{
    for (size_t i = 0; i < t->slices.squares[t->slices.count] / sizeof *t->squares; i++) squares += t->squares[i];
    return squares;
}

assay_status assay_sliced_gather(assay_trainer *t, assay_error *err)
{
    return assay_comm_join_slices(t->shares.column, t->gradients, t->slices.gradients, err);
}

/* Values of a weight to where it lies in the message, or back. Planes are brought as the floats they are. */
static void copy_values(const assay_optimizer_item *item, char *message, size_t begin, size_t end, bool out)
{
    size_t all, at = begin * width_of(item), bytes = end * width_of(item) - at;
    float *values = (float *)(void *)(message + at);
    if (item->planes.high) {
        if (out) assay_planes_join(&item->planes, begin, values, end - begin);
        else if (end > begin) assay_planes_split(&item->planes, begin, values, end - begin);
        return;
    }
    char *weight = (char *)assay_optimizer_weight(item, &all) + at;
    memcpy(out ? message + at : weight, out ? weight : message + at, bytes);
}

/* This process's slice out, the others' in. */
static void copy_weights(const assay_trainer *t, bool out)
{
    char *message = (char *)room_of(t);
    for (size_t i = 0; i < t->optimizer->count; i++) {
        const assay_optimizer_item *item = &t->optimizer->items[i];
        if (out) copy_values(item, message, item->begin, item->end, true);
        else copy_values(item, message, 0, item->begin, false);
        if (!out) copy_values(item, message, item->end, item->count, false);
        message += item->count * width_of(item);
    }
}

assay_status assay_sliced_spread(assay_trainer *t, assay_error *err)
{
    copy_weights(t, true);
    ASSAY_TRY(assay_comm_join_slices(t->shares.column, room_of(t), t->slices.weights, err));
    copy_weights(t, false);
    return ASSAY_OK;
}
