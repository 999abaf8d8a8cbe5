/* One step, computed again and again in every listed way. The first way that fits sets the standard: its rewards, loss
 * and gradients are kept (or a hash of each tensor, where there is no room for a second block of gradients); every
 * other way is held against them. Gradients of a way are the sum over its micro-batches, as in training. What is
 * compared is all that an optimizer step would see, so equality here is equality of the trained weights. */
#include "train/verify.h"

#include "base/clock.h"
#include "base/rng.h"
#include "base/sizes.h"
#include "model/bad_weight.h"
#include "packing/pack_example.h"
#include "train/lanes.h"
#include "train/loss.h"
#include "train/verify_private.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

typedef struct check {
    const assay_verify_setup *setup;
    assay_verify_result *result;
    const assay_program *program;
    assay_sampler sampler;
    const uint32_t *picked;                    /* the pairs, the sampler's */
    size_t longest_pair, longest_path, scored; /* scored: answers of the picked pairs */
    size_t outputs;                            /* numbers of each */
    assay_loss_room room;
    assay_pool *pools[ASSAY_VERIFY_THREADS];
    assay_pack pack;
    assay_micro_runs runs;
    size_t values, lanes;
    float *gradients, *standard; /* standard NULL: hashes; gradients: behind them those of waiting lanes */
    XXH128_hash_t *hashes;       /* per program parameter */
    float *rewards, *standard_rewards, *d_rewards;
    double loss, divisor;
    bool has_standard;
    assay_error *err;
} check;

static size_t values_of(const assay_param *p) { return p->rows * p->cols; }

static bool all_zero(const float *data, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (data[i] != 0) return false;
    return true;
}

/* So that every path carries a gradient. */
static void seed_zeros(check *c)
{
    for (size_t i = 0; i < c->program->param_count; i++) {
        const assay_param *p = &c->program->params[i];
        float *weight = assay_model_own_f32(c->setup->model, i);
        bool carries = p->role == ASSAY_ROLE_LORA_B || (p->role == ASSAY_ROLE_HEAD && !p->vector);
        if (!p->trained || !weight || !carries || !all_zero(weight, values_of(p))) continue;
        assay_rng rng = {.seed = c->setup->settings->seed, .stream = assay_rng_stream(p->name)};
        for (size_t j = 0; j < values_of(p); j++) weight[j] = (float)(0.02 * assay_rng_normal(&rng));
        c->result->seeded++;
    }
}

static assay_status pick_pairs(check *c)
{
    const assay_verify_setup *s = c->setup;
    ASSAY_TRY(assay_sampler_init(&c->sampler, s->examples->count, s->settings->seed, 0, c->err));
    c->picked = assay_sampler_next(&c->sampler, s->pairs, &c->result->pairs);
    c->divisor = assay_loss_divisor(s->settings, s->examples, c->picked, c->result->pairs);
    for (size_t i = 0; i < c->result->pairs; i++) {
        const assay_example *e = &s->examples->items[c->picked[i]];
        size_t tokens = assay_example_tokens(s->examples, e), path = assay_example_longest(s->examples, e);
        c->scored += e->count;
        c->result->tokens += tokens;
        if (tokens > c->longest_pair) c->longest_pair = tokens;
        if (path > c->longest_path) c->longest_path = path;
    }
    return ASSAY_OK;
}

static assay_engine_config config_of(const check *c, const assay_verify_cell *cell)
{
    const assay_verify_schedule *schedule = &c->result->schedules[cell->schedule];
    return (assay_engine_config){
        .program = c->program,
        .kernels = c->setup->kernels,
        .pool = c->pools[cell->thread],
        .stream = c->setup->stream,
        .bounds = {.rows = {c->result->micros[cell->micro], c->scored}, .longest_path = c->longest_path},
        .spill = c->setup->settings->spill,
        .schedule = {
            .keep = schedule->keep, .replayed = schedule->replayed, .spilled = schedule->spilled, .backward = true}};
}

static assay_status too_tight(const check *c, size_t needed)
{
    return assay_error_set(c->err, ASSAY_E_NO_FIT,
                           "the smallest way to compute these %zu pairs needs %.0f MiB, the budget is %.0f MiB; give a "
                           "smaller --max-length, --tuning lora or head, or more --memory",
                           c->result->pairs, (double)needed / 1048576, (double)c->setup->settings->budget / 1048576);
}

/* Which ways fit, and whether a second block of gradients does beside the largest of them. */
static assay_status fit_cells(check *c)
{
    const assay_model *m = c->setup->model;
    size_t fixed = m->owned_bytes + m->borrowed_bytes + assay_lane_buffers(c->lanes) * c->values * sizeof(float),
           budget = c->setup->settings->budget, most = 0, least = SIZE_MAX;
    if (c->setup->stream) fixed -= c->setup->stream->bytes;
    for (size_t i = 0; i < c->result->cell_count; i++) {
        assay_verify_cell *cell = &c->result->cells[i];
        assay_engine_config config = config_of(c, cell);
        ASSAY_TRY(assay_engine_plan(&config, &cell->arena_bytes, c->err));
        bool fits = fixed <= budget && cell->arena_bytes <= budget - fixed;
        cell->skip = fits ? ASSAY_VERIFY_RAN : ASSAY_VERIFY_NO_ROOM;
        if (fits && cell->arena_bytes > most) most = cell->arena_bytes;
        if (cell->arena_bytes < least) least = cell->arena_bytes;
    }
    if (most == 0) return too_tight(c, fixed + least);
    c->result->by_hash = c->values * sizeof(float) > budget - fixed - most;
    return ASSAY_OK;
}

static assay_status allocate(check *c)
{
    assay_verify_result *r = c->result;
    size_t params = c->program->param_count;
    c->gradients = assay_alloc(c->values, assay_lane_buffers(c->lanes) * sizeof(float));
    if (!r->by_hash) c->standard = assay_alloc(c->values, sizeof(float));
    c->hashes = assay_alloc(params, sizeof *c->hashes);
    c->outputs = assay_head_outputs(&c->setup->model->config.head);
    c->rewards = assay_alloc(c->scored, c->outputs * sizeof(float));
    c->standard_rewards = assay_alloc(c->scored, c->outputs * sizeof(float));
    c->d_rewards = assay_alloc(c->scored, c->outputs * sizeof(float));
    r->different = assay_alloc(params, sizeof(bool));
    r->zero = assay_alloc(params, sizeof(bool));
    r->cancelled = assay_alloc(params, sizeof(bool));
    bool all = c->gradients && (c->standard || r->by_hash) && c->hashes && c->rewards && c->standard_rewards &&
               c->d_rewards && r->different && r->zero && r->cancelled;
    if (!all) return assay_error_set(c->err, ASSAY_E_MEMORY, "out of memory for the gradients to compare");
    ASSAY_TRY(assay_loss_room_make(&c->room, c->setup->examples, c->outputs, c->err));
    return assay_pack_init(&c->pack, r->tokens, c->scored + r->pairs + 3, &c->setup->model->config.prefix, c->err);
}

static void bind(const check *c, assay_engine *engine, float *next)
{
    for (size_t i = 0; i < c->program->param_count; i++) {
        assay_param_view view = c->setup->model->params[i];
        view.gradient = c->program->params[i].trained ? next : NULL;
        assay_engine_bind(engine, (int)i, &view);
        if (view.gradient) next += values_of(&c->program->params[i]);
    }
}

/* The weight that does it, or that none does: then a sum has grown beyond f32. */
static void name_culprit(const check *c, char *text, size_t size)
{
    if (assay_model_first_bad_weight(c->setup->model, text, size)) return;
    snprintf(text, size, "no weight holds NaN or infinity, so that a sum of theirs is too large for f32");
}

static assay_status name_bad_pair(const check *c, const assay_example *example)
{
    char culprit[400];
    const assay_pair_set *pairs = c->setup->examples->pairs;
    char *place = assay_pair_set_place(pairs, pairs->pairs[example->pair].place);
    name_culprit(c, culprit, sizeof culprit);
    assay_error_set(c->err, ASSAY_E_NUMERIC, "a reward of pair %s is NaN or infinite: %s", place ? place : "?",
                    culprit);
    assay_free(place);
    return ASSAY_E_NUMERIC;
}

/* One example's loss and slopes, from its rewards and into its d_rewards. */
static assay_status add_loss(check *c, const assay_example *e, const float *rewards, float *d)
{
    for (size_t i = 0; i < e->count * c->outputs; i++)
        if (!isfinite(rewards[i])) return name_bad_pair(c, e);
    assay_loss_room_load(&c->room, rewards, e->count);
    c->loss += assay_example_loss(&c->room, c->setup->settings, c->setup->examples, e) / c->divisor;
    assay_loss_room_give(&c->room, e->count, c->divisor, d);
    return ASSAY_OK;
}

/* Pairs begin to end - 1 in one micro-batch, as the trainer does it; their rewards go behind those of the pairs before
 * them, `scored` in all. */
static assay_status run_micro(check *c, assay_engine *engine, size_t begin, size_t end, size_t *scored)
{
    const assay_example_set *set = c->setup->examples;
    float *rewards = c->rewards + *scored;
    size_t at = 0;
    assay_pack_clear(&c->pack);
    for (size_t i = begin; i < end; i++) assay_pack_example(&c->pack, set, &set->items[c->picked[i]], c->picked[i]);
    ASSAY_TRY(assay_engine_forward(engine, assay_pack_finish(&c->pack), c->setup->settings->seed, 0, true, c->err));
    memcpy(rewards, assay_engine_rewards(engine), c->pack.scored * c->outputs * sizeof(float));
    for (size_t i = begin; i < end; i++) {
        const assay_example *e = &set->items[c->picked[i]];
        ASSAY_TRY(add_loss(c, e, rewards + at, c->d_rewards + at));
        at += e->count * c->outputs;
    }
    *scored += at;
    return assay_engine_backward(engine, c->d_rewards, c->err);
}

/* One cell on its way through the lanes. */
typedef struct way {
    check *check;
    assay_verify_cell *cell;
    assay_engine *engine;
    size_t scored;
} way;

static assay_status run_lane(void *context, size_t begin, size_t end, float *gradients, assay_error *err)
{
    way *w = context;
    check *c = w->check;
    bind(c, w->engine, gradients);
    ASSAY_TRY(assay_micro_runs_cut(&c->runs, c->setup->examples, c->picked + begin, end - begin,
                                   c->result->micros[w->cell->micro], err));
    for (size_t i = 0; i < c->runs.count; i++)
        ASSAY_TRY(run_micro(c, w->engine, begin + c->runs.begin[i], begin + c->runs.begin[i + 1], &w->scored));
    w->cell->micro_batches += c->runs.count;
    return ASSAY_OK;
}

static assay_status run_way(check *c, assay_verify_cell *cell)
{
    bool any;
    way w = {.check = c, .cell = cell};
    assay_engine_config config = config_of(c, cell);
    const assay_lane_sum sum = {.lanes = c->lanes,
                                .pairs = c->result->pairs,
                                .buffers = c->gradients,
                                .values = c->values,
                                .pool = c->pools[cell->thread],
                                .add = run_lane,
                                .context = &w};
    ASSAY_TRY(assay_engine_create(&w.engine, &config, c->err));
    c->loss = 0;
    assay_status status = assay_lane_sum_make(&sum, 0, sum.lanes, &any, c->err);
    assay_engine_free(w.engine);
    return status;
}

/* The last bias of a head, or that of the norm before a head of one layer, adds one number to all rewards: their
 * differences do not see it. */
static bool is_shift(const check *c, const assay_param *p)
{
    char last[128], bias[128];
    const assay_model_config *config = &c->setup->model->config;
    size_t layers = config->head.count;
    snprintf(last, sizeof last, "%s.bias", config->arch->names->final_norm);
    snprintf(bias, sizeof bias, "%s.bias", layers ? config->head.layers[layers - 1].module : config->arch->names->head);
    bool head = p->role == ASSAY_ROLE_HEAD && !strcmp(p->name, bias),
         norm = config->head.count <= 1 && !strcmp(p->name, last);
    const assay_objective *objective = c->setup->settings->objective.objective;
    bool differences = !objective || !(objective->of_single || objective->of_attributes || objective->of_steps);
    return differences && c->setup->settings->center == 0 && (head || norm);
}

static assay_status take_tensor(check *c, size_t index, const float *gradient)
{
    const assay_param *p = &c->program->params[index];
    double sum = 0;
    for (size_t j = 0; j < values_of(p); j++) sum += fabs((double)gradient[j]);
    if (!isfinite(sum)) {
        char culprit[400];
        name_culprit(c, culprit, sizeof culprit);
        return assay_error_set(c->err, ASSAY_E_NUMERIC, "the gradient of %s holds NaN or infinity: %s", p->name,
                               culprit);
    }
    c->result->tensors++;
    c->result->cancelled[index] = is_shift(c, p);
    c->result->zero[index] = sum == 0 && !is_shift(c, p);
    c->hashes[index] = XXH3_128bits(gradient, values_of(p) * sizeof(float));
    return ASSAY_OK;
}

static assay_status take_standard(check *c, assay_verify_cell *cell)
{
    const float *gradient = c->gradients;
    for (size_t i = 0; i < c->program->param_count; i++) {
        if (!c->program->params[i].trained) continue;
        ASSAY_TRY(take_tensor(c, i, gradient));
        gradient += values_of(&c->program->params[i]);
    }
    if (c->standard) memcpy(c->standard, c->gradients, c->values * sizeof(float));
    memcpy(c->standard_rewards, c->rewards, c->scored * c->outputs * sizeof(float));
    c->result->loss = c->loss;
    c->has_standard = cell->loss_equal = cell->rewards_equal = true;
    return ASSAY_OK;
}

static uint64_t differing_bits(const float *a, const float *b, size_t count)
{
    uint64_t bits = 0;
    if (memcmp(a, b, count * sizeof *a) == 0) return 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t x, y;
        memcpy(&x, a + i, sizeof x);
        memcpy(&y, b + i, sizeof y);
        bits += (uint64_t)__builtin_popcount(x ^ y);
    }
    return bits;
}

static void compare(check *c, assay_verify_cell *cell)
{
    size_t at = 0;
    for (size_t i = 0; i < c->program->param_count; i++) {
        size_t count = values_of(&c->program->params[i]);
        if (!c->program->params[i].trained) continue;
        uint64_t bits = c->standard ? differing_bits(c->standard + at, c->gradients + at, count) : 0;
        bool equal = c->standard ? bits == 0
                                 : XXH128_isEqual(c->hashes[i], XXH3_128bits(c->gradients + at, count * sizeof(float)));
        cell->bits_different += bits;
        cell->tensors_different += !equal;
        c->result->different[i] |= !equal;
        at += count;
    }
    /* NOLINTNEXTLINE(bugprone-suspicious-memory-comparison): the bits are what is verified */
    cell->loss_equal = memcmp(&c->loss, &c->result->loss, sizeof c->loss) == 0;
    cell->rewards_equal = memcmp(c->rewards, c->standard_rewards, c->scored * c->outputs * sizeof(float)) == 0;
}

static assay_status run_cells(check *c)
{
    assay_verify_result *r = c->result;
    double start = assay_clock_seconds();
    for (size_t i = 0; i < r->cell_count; i++) {
        assay_verify_cell *cell = &r->cells[i];
        double began = assay_clock_seconds();
        if (c->setup->interrupted && *c->setup->interrupted)
            return assay_error_set(c->err, ASSAY_E_STOPPED, "interrupted after %zu of %zu ways", i, r->cell_count);
        if (cell->skip == ASSAY_VERIFY_RAN && c->setup->time_limit > 0 && r->ran &&
            began - start >= c->setup->time_limit)
            cell->skip = ASSAY_VERIFY_NO_TIME;
        if (cell->skip == ASSAY_VERIFY_RAN) {
            ASSAY_TRY(run_way(c, cell));
            if (c->has_standard) compare(c, cell);
            else ASSAY_TRY(take_standard(c, cell));
            r->ran++;
            r->unequal += cell->tensors_different || !cell->loss_equal || !cell->rewards_equal;
        }
        r->skipped += cell->skip != ASSAY_VERIFY_RAN;
        cell->seconds = assay_clock_seconds() - began;
        if (c->setup->on_cell) c->setup->on_cell(c->setup->listener, r, i);
    }
    return ASSAY_OK;
}

static assay_status go(check *c)
{
    seed_zeros(c);
    ASSAY_TRY(pick_pairs(c));
    ASSAY_TRY(assay_verify_list_ways(c->result, c->setup, c->longest_pair, c->err));
    for (int i = 0; i < c->result->thread_count; i++)
        ASSAY_TRY(assay_pool_create(&c->pools[i], c->result->threads[i], c->err));
    ASSAY_TRY(fit_cells(c));
    ASSAY_TRY(allocate(c));
    return run_cells(c);
}

assay_status assay_verify(const assay_verify_setup *setup, assay_verify_result *result, assay_error *err)
{
    check c = {.setup = setup,
               .result = result,
               .program = setup->model->program,
               .values = assay_model_weights(setup->model, true),
               .lanes = assay_larger(setup->settings->lanes, 1),
               .err = err};
    *result = (assay_verify_result){0};
    assay_status status = go(&c);
    for (int i = 0; i < result->thread_count; i++) assay_pool_destroy(c.pools[i]);
    assay_sampler_release(&c.sampler);
    assay_pack_release(&c.pack);
    assay_loss_room_release(&c.room);
    assay_micro_runs_release(&c.runs);
    assay_free(c.gradients);
    assay_free(c.standard);
    assay_free(c.hashes);
    assay_free(c.rewards);
    assay_free(c.standard_rewards);
    assay_free(c.d_rewards);
    if (status != ASSAY_OK) assay_verify_release(result);
    return status;
}

void assay_verify_release(assay_verify_result *result)
{
    assay_free(result->cells);
    assay_free(result->different);
    assay_free(result->zero);
    assay_free(result->cancelled);
    *result = (assay_verify_result){0};
}
