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

/* What one process finds in its stage. */
typedef struct finding {
    bool found, in_file;
    char text[500];
} finding;

/* From process to process, what the first found; the last tells all. */
static void tell(assay_comm *comm, finding *f)
{
    int rank = assay_comm_rank(comm), last = assay_comm_size(comm) - 1;
    finding below = {0};
    assay_status status = rank > 0 ? assay_comm_receive(comm, rank - 1, &below, sizeof below, NULL) : ASSAY_OK;
    if (below.found) *f = below;
    if (status == ASSAY_OK && last > 0) status = assay_comm_send(comm, rank < last ? rank + 1 : 0, f, sizeof *f, NULL);
    if (status == ASSAY_OK && last > 0 && rank == 0) status = assay_comm_receive(comm, last, f, sizeof *f, NULL);
    if (status == ASSAY_OK) status = assay_comm_broadcast(comm, f, sizeof *f, NULL);
    if (status != ASSAY_OK) *f = (finding){0}; /* nothing is named, and the run ends by what broke the message */
}

/* Of the last stage: what its rewards send back. */
static const float *slopes_of(assay_trainer *t, const assay_example *example)
{
    char why[64];
    assay_loss_room_load(t->room, assay_engine_rewards(t->engine), example->count);
    double loss = assay_example_loss(t->room, &t->settings, t->examples, example);
    assay_text_format(why, sizeof why, "its loss is %g, of rewards that are finite", loss);
    if (!isfinite(loss)) assay_pipe_give_up(&t->pipe, ASSAY_E_NUMERIC, why);
    assay_loss_room_give(t->room, example->count, 1, t->d_rewards);
    return t->d_rewards;
}

/* One example alone, forward and backward through all stages. The room beside the gradients is the trainer's own:
 * nothing is in use. */
static assay_status run_pair(assay_trainer *t, uint32_t index, assay_error *why)
{
    const assay_pass pass = {.geometry = assay_pack_examples(&t->pack, t->examples, &index, 1),
                             .seed = t->settings.seed,
                             .step = t->step,
                             .training = true};
    const float *slopes = NULL;
    assay_pipe_begin(&t->pipe);
    t->pipe.looks = true;
    assay_status status = assay_pipe_forward(&t->pipe, &pass, why);
    if (status == ASSAY_OK && assay_pipe_ends(&t->pipe) && !t->pipe.given_up)
        slopes = slopes_of(t, &t->examples->items[index]);
    assay_optimizer_zero(t->optimizer);
    if (status == ASSAY_OK) status = assay_pipe_backward(&t->pipe, &pass, slopes, why);
    if (status == ASSAY_OK) status = assay_pipe_end(&t->pipe, why);
    t->pipe.looks = false;
    return status;
}

static finding bad_pair(assay_trainer *t, uint32_t index)
{
    const assay_pair_set *pairs = t->examples->pairs;
    assay_error why = {0};
    finding f = {.found = run_pair(t, index, &why) == ASSAY_E_NUMERIC};
    if (f.found) {
        char *place = assay_pair_set_place(pairs, pairs->pairs[t->examples->items[index].pair].place);
        snprintf(f.text, sizeof f.text, "pair %s: %.400s", place ? place : "?", why.text);
        assay_free(place);
    }
    tell(t->shares.row, &f);
    return f;
}

/* Each process of a row looks at its own stage, and all of the run say what the first found. */
static assay_comm *stages_of(const assay_trainer *t) { return t->shares.row ? t->shares.comm : NULL; }

bool assay_culprit_find(assay_trainer *t, const uint32_t *picked, size_t count, char *text, size_t size)
{
    finding weight = {0}, gradient = {0}, pair = {0};
    weight.found = bad_weight(t, &weight.in_file, weight.text, sizeof weight.text);
    tell(stages_of(t), &weight);
    snprintf(text, size, "%s", weight.text);
    if (weight.found) return weight.in_file;
    gradient.found = bad_gradient(t, gradient.text, sizeof gradient.text);
    tell(stages_of(t), &gradient);
    for (size_t i = 0; i < count && !pair.found; i++) pair = bad_pair(t, picked[i]);
    snprintf(text, size, "%s%s%s%s", pair.text, pair.found && gradient.found ? "; " : "", gradient.text,
             pair.found || gradient.found ? "" : "the squares of the gradient are too large for a number");
    return false;
}
