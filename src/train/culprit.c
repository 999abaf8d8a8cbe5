#include "train/culprit.h"

#include "base/alloc.h"
#include "base/text.h"
#include "model/bad_weight.h"
#include "packing/pack_example.h"
#include "train/loss.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

assay_status assay_culprit_check_trained(const assay_trainer *t, assay_error *err)
{
    char text[400];
    for (size_t i = 0; i < t->optimizer->count; i++)
        if (assay_model_bad_weight(t->model, (size_t)t->trained[i], text, sizeof text))
            return assay_error_set(err, ASSAY_E_NUMERIC, "after step %llu: %s; a smaller --lr usually helps",
                                   (unsigned long long)t->step, text);
    return ASSAY_OK;
}

/* One example alone, forward and backward. The room beside the gradients is the trainer's own: nothing is in use. */
static bool bad_pair(assay_trainer *t, uint32_t index, char *text, size_t size)
{
    const assay_example *example = &t->examples->items[index];
    const assay_program *program = t->model->program;
    bool backward;
    const assay_geometry *geometry = assay_pack_examples(&t->pack, t->examples, &index, 1);
    int step = assay_engine_first_bad(t->engine, geometry, t->settings.seed, t->step, NULL, &backward);
    if (step < 0) {
        assay_loss_room_load(t->room, assay_engine_rewards(t->engine), example->count);
        assay_example_loss(t->room, &t->settings, t->examples, example);
        assay_loss_room_give(t->room, example->count, 1, t->d_rewards);
        assay_optimizer_zero(t->optimizer);
        step = assay_engine_first_bad(t->engine, geometry, t->settings.seed, t->step, t->d_rewards, &backward);
    }
    if (step < 0) return false;
    char *place = assay_pair_set_place(t->examples->pairs, t->examples->pairs->pairs[example->pair].place);
    snprintf(text, size, "pair %s: %s %s (layer %d) is the first that is NaN or infinite", place ? place : "?",
             backward ? "the gradient behind" : "the result of", program->steps[step].name, program->steps[step].layer);
    assay_free(place);
    return true;
}

/* Sums over pairs may overflow where no pair does. */
static bool bad_gradient(const assay_trainer *t, char *text, size_t size)
{
    for (size_t i = 0; i < t->optimizer->count; i++) {
        const assay_optimizer_item *item = &t->optimizer->items[i];
        size_t at = 0;
        if (!item->gradient) continue;
        while (at < item->count && isfinite(item->gradient[at])) at++;
        if (at == item->count) continue;
        assay_text_format(text, size, "the gradient of %s is %g at value %zu",
                          t->model->program->params[t->trained[i]].name, (double)item->gradient[at], at);
        return true;
    }
    return false;
}

/* *in_file: nobody has changed that weight since it was read. */
static bool bad_weight(const assay_trainer *t, bool *in_file, char *text, size_t size)
{
    size_t i = 0, count = t->model->program->param_count;
    while (i < count && !assay_model_bad_weight(t->model, i, text, size)) i++;
    *in_file = i < count && (!t->model->program->params[i].trained || t->optimizer->steps == 0);
    return i < count;
}

/* What one stage finds among its weights and gradients. */
typedef struct finding {
    bool found, in_file;
    char text[400];
} finding;

/* From process to process, what the first found; the last tells all. */
static assay_status tell(assay_comm *comm, finding *f)
{
    int rank = assay_comm_rank(comm), last = assay_comm_size(comm) - 1;
    finding below = {0};
    if (rank > 0) ASSAY_TRY(assay_comm_receive(comm, rank - 1, &below, sizeof below, NULL));
    if (below.found) *f = below;
    ASSAY_TRY(assay_comm_send(comm, rank < last ? rank + 1 : 0, f, sizeof *f, NULL));
    if (rank == 0) ASSAY_TRY(assay_comm_receive(comm, last, f, sizeof *f, NULL));
    return assay_comm_broadcast(comm, f, sizeof *f, NULL);
}

/* All stages look, and all say what the first found. Pairs are not looked at one by one. */
static bool find_in_stages(const assay_trainer *t, char *text, size_t size)
{
    finding f = {0};
    f.found = bad_weight(t, &f.in_file, f.text, sizeof f.text);
    if (!f.found) f.found = bad_gradient(t, f.text, sizeof f.text);
    bool told = tell(t->shares.comm, &f) == ASSAY_OK && f.found;
    snprintf(text, size, "%s", told ? f.text : "where, one process without --stages says");
    return told && f.in_file;
}

bool assay_culprit_find(assay_trainer *t, const uint32_t *picked, size_t count, char *text, size_t size)
{
    char gradient[300] = "", pair[500] = "";
    bool in_file;
    if (t->shares.row) return find_in_stages(t, text, size);
    if (bad_weight(t, &in_file, text, size)) return in_file;
    bool found = bad_gradient(t, gradient, sizeof gradient);
    for (size_t i = 0; i < count; i++)
        if (bad_pair(t, picked[i], pair, sizeof pair)) break;
    snprintf(text, size, "%s%s%s%s", pair, *pair && found ? "; " : "", gradient,
             *pair || found ? "" : "the squares of the gradient are too large for a number");
    return false;
}
