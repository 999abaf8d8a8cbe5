#include "train/trainer.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/rng.h"
#include "base/sizes.h"
#include "packing/pack_example.h"
#include "train/culprit.h"
#include "train/early.h"
#include "train/lanes.h"
#include "train/loss.h"
#include "train/moments.h"
#include "train/sliced.h"
#include "train/staged.h"
#include "train/state_check.h"
#include "train/step_account.h"

#include <math.h>
#include <string.h>

static size_t most_tokens(const assay_example_set *set)
{
    size_t most = 0;
    for (size_t i = 0; set && i < set->count; i++) {
        size_t tokens = assay_example_tokens(set, &set->items[i]);
        most = tokens > most ? tokens : most;
    }
    return most;
}

static size_t most_answers(const assay_example_set *set)
{
    size_t most = 2;
    for (size_t i = 0; set && i < set->count; i++) most = assay_larger(most, set->items[i].count);
    return most;
}

/* Of this process. */
static size_t trained_values(const assay_model *model)
{
    size_t values = 0;
    for (size_t i = 0; i < model->program->param_count; i++) {
        const assay_param *param = &model->program->params[i];
        if (param->trained) values += param->rows * param->cols;
    }
    return values;
}

size_t assay_trainer_gradients(const assay_train_settings *s) { return s->early ? 0 : assay_lane_buffers(s->lanes); }

assay_plan_request assay_trainer_request(const assay_train_settings *s, const assay_example_set *examples,
                                         const assay_example_set *evaluation, size_t longest)
{
    size_t path = examples ? assay_larger(examples->longest, evaluation ? evaluation->longest : 0) : longest;
    size_t pair = examples ? assay_larger(most_tokens(examples), most_tokens(evaluation)) : 2 * longest;
    size_t together = assay_lane_pairs(assay_larger(s->lanes, 1), s->batch_pairs);
    if (s->early && examples) together = assay_smaller(together, assay_larger(examples->count, 1));
    return (assay_plan_request){
        .backward = true,
        .recompute = s->recompute,
        .micro_tokens = s->early ? pair * together : s->micro_tokens,
        .early = s->early,
        .longest_pair = pair,
        .longest_path = path,
        .step_tokens = pair * together,
        .step_scored = assay_larger(most_answers(examples) * together, evaluation ? evaluation->answer_count : 0),
        .spill = s->spill,
        .spill_flops = s->spill_flops,
        .budget = s->budget,
        .flights = s->flights};
}

static assay_status make_plan(assay_trainer *t, const assay_trainer_setup *setup, assay_error *err)
{
    assay_plan_request request = assay_trainer_request(&t->settings, t->examples, setup->evaluation, 0);
    request.program = t->model->program;
    request.kernels = t->kernels;
    request.workers = assay_pool_size(t->pool);
    request.stream = setup->stream;
    request.fixed_bytes = t->model->owned_bytes + t->model->borrowed_bytes +
                          assay_trainer_gradients(&t->settings) * trained_values(t->model) * sizeof(float) +
                          assay_moments_bytes(t->model->program, t->settings.eight_bits, t->settings.slices);
    if (setup->stream) request.fixed_bytes -= setup->stream->bytes;
    bool holds = setup->plan && setup->plan->flights == request.flights &&
                 setup->plan->streamed == (setup->stream != NULL) && setup->plan->early == request.early &&
                 setup->plan->total_bytes == setup->plan->arena_bytes + request.fixed_bytes;
    if (holds) t->plan = *setup->plan;
    else ASSAY_TRY(assay_plan_make(&request, &t->plan, err));
    assay_engine_config config = assay_plan_engine(&request, &t->plan, t->pool);
    config.take = assay_early_take;
    config.taker = t;
    return assay_engine_create(&t->engine, &config, err);
}

/* From now on the engine adds gradients to this block; NULL: it gives them away. */
static void bind_gradients(assay_trainer *t, float *block)
{
    const assay_program *program = t->model->program;
    for (size_t i = 0; i < program->param_count; i++) {
        assay_param_view view = t->model->params[i];
        if (block && program->params[i].trained) {
            view.gradient = block;
            block += view.rows * view.cols;
        }
        assay_engine_bind(t->engine, (int)i, &view);
    }
}

static assay_status bind_weights(assay_trainer *t, assay_error *err)
{
    const assay_program *program = t->model->program;
    size_t count = 0, buffers = assay_trainer_gradients(&t->settings);
    assay_optimizer_item *items = assay_alloc(program->param_count, sizeof *items);
    t->trained = assay_alloc(program->param_count, sizeof *t->trained);
    if (buffers) t->gradients = assay_alloc(trained_values(t->model), buffers * sizeof *t->gradients);
    if (!items || !t->trained || (buffers && !t->gradients)) {
        assay_free(items);
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the gradients");
    }
    float *next = t->gradients;
    for (size_t i = 0; i < program->param_count; i++) {
        if (!program->params[i].trained) continue;
        size_t values = t->model->params[i].rows * t->model->params[i].cols;
        items[count] = (assay_optimizer_item){.weight = assay_model_own_f32(t->model, i),
                                              .planes = assay_model_own_planes(t->model, i),
                                              .half = assay_model_own_bf16(t->model, i),
                                              .stream = assay_rng_stream(program->params[i].name),
                                              .gradient = next,
                                              .count = values,
                                              .packed = assay_moments_packed(program, i, t->settings.eight_bits),
                                              .decay = !program->params[i].no_decay};
        t->trained[count++] = (int)i;
        if (next) next += values;
    }
    bind_gradients(t, t->gradients);
    assay_status status = assay_sliced_begin(t, items, count, err);
    if (status == ASSAY_OK) status = assay_optimizer_create(&t->optimizer, items, count, err);
    assay_free(items);
    return status;
}

uint64_t assay_trainer_steps(const assay_train_settings *s, size_t pairs)
{
    double steps = ceil((double)assay_steps_per_epoch(pairs, s->batch_pairs) * s->epochs - 1e-9);
    return s->max_steps ? s->max_steps : steps < 1 ? 1 : (uint64_t)steps;
}

static void make_schedule(assay_trainer *t)
{
    const assay_train_settings *s = &t->settings;
    t->total_steps = assay_trainer_steps(s, t->examples->count);
    double warmup = s->warmup < 1 ? ceil(s->warmup * (double)t->total_steps) : s->warmup;
    t->schedule =
        (assay_lr_schedule){.shape = s->shape, .total = t->total_steps, .warmup = (uint64_t)warmup, .floor = s->min_lr};
}

/* Steps allocate nothing: at worst each pair is a micro-batch of its own. */
static assay_status reserve_runs(assay_trainer *t, assay_error *err)
{
    size_t pairs = t->settings.batch_pairs < t->examples->count ? (size_t)t->settings.batch_pairs : t->examples->count;
    ASSAY_TRY(assay_grow(&t->runs.begin, &t->runs.capacity, pairs + 1, sizeof *t->runs.begin, err));
    ASSAY_TRY(assay_grow(&t->ahead.begin, &t->ahead.capacity, pairs + 1, sizeof *t->ahead.begin, err));
    size_t outputs = assay_head_outputs(&t->model->config.head);
    t->rewards = assay_alloc(pairs, most_answers(t->examples) * outputs * sizeof *t->rewards);
    ASSAY_TRY_ALLOC(t->rewards, "rewards", err);
    return ASSAY_OK;
}

static assay_status build(assay_trainer *t, const assay_trainer_setup *setup, assay_error *err)
{
    make_schedule(t);
    t->planned_anonymous = setup->planned_anonymous;
    t->borders = setup->borders;
    t->interrupted = setup->interrupted;
    ASSAY_TRY(
        assay_shares_make(&t->shares, setup->comm, setup->stages > 1 ? setup->stages : 1, t->settings.lanes, err));
    ASSAY_TRY(make_plan(t, setup, err));
    ASSAY_TRY(bind_weights(t, err));
    if (t->settings.early) ASSAY_TRY(assay_early_make(t, err));
    ASSAY_TRY(reserve_runs(t, err));
    size_t segments = 3 * t->plan.bounds.rows[ASSAY_SCORED] / 2 + 3;
    ASSAY_TRY(assay_pack_init(&t->pack, t->plan.micro_tokens, segments, &t->model->config.prefix, err));
    size_t outputs = assay_head_outputs(&t->model->config.head);
    t->d_rewards = assay_alloc(t->plan.bounds.rows[ASSAY_SCORED], outputs * sizeof *t->d_rewards);
    ASSAY_TRY_ALLOC(t->d_rewards, "rewards", err);
    t->room = assay_alloc(1, sizeof *t->room);
    ASSAY_TRY_ALLOC(t->room, "rewards", err);
    ASSAY_TRY(assay_loss_room_make(t->room, t->examples, outputs, err));
    t->pipe = (assay_pipe){
        .row = t->shares.row, .engine = t->engine, .program = t->model->program, .flights = t->plan.flights};
    return assay_sampler_init(&t->sampler, t->examples->count, t->settings.seed, 0, err);
}

assay_status assay_trainer_create(assay_trainer **out, const assay_trainer_setup *setup, assay_error *err)
{
    assay_trainer *t = assay_alloc(1, sizeof *t);
    *out = NULL;
    ASSAY_TRY_ALLOC(t, "the trainer", err);
    t->settings = setup->settings;
    t->settings.lanes = assay_larger(t->settings.lanes, 1);
    assay_learned_tie_begin(&t->tie, &t->settings.objective);
    t->model = setup->model;
    t->examples = setup->examples;
    t->kernels = setup->kernels;
    t->pool = setup->pool;
    assay_status status = build(t, setup, err);
    if (status != ASSAY_OK) {
        assay_trainer_free(t);
        return status;
    }
    *out = t;
    return ASSAY_OK;
}

void assay_trainer_free(assay_trainer *t)
{
    if (!t) return;
    assay_engine_free(t->engine);
    assay_optimizer_free(t->optimizer);
    assay_sliced_end(t);
    assay_sampler_release(&t->sampler);
    assay_pack_release(&t->pack);
    assay_micro_runs_release(&t->runs);
    assay_micro_runs_release(&t->ahead);
    assay_early_release(t);
    assay_free(t->gradients);
    assay_free(t->d_rewards);
    assay_free(t->rewards);
    assay_shares_release(&t->shares);
    if (t->room) assay_loss_room_release(t->room);
    assay_free(t->room);
    assay_free(t->trained);
    assay_free(t);
}

void assay_trainer_finish(assay_trainer *t)
{
    t->used_arena = assay_engine_used_bytes(t->engine);
    assay_engine_free(t->engine);
    t->engine = NULL;
}

size_t assay_trainer_peak_bytes(const assay_trainer *t)
{
    size_t used = t->engine ? assay_engine_used_bytes(t->engine) : t->used_arena;
    return t->plan.total_bytes - t->plan.arena_bytes + used;
}

assay_status assay_trainer_seek(assay_trainer *t, uint64_t step, assay_error *err)
{
    uint64_t per_epoch = assay_steps_per_epoch(t->examples->count, t->settings.batch_pairs);
    uint64_t position = step / per_epoch * t->examples->count + step % per_epoch * t->settings.batch_pairs;
    assay_sampler_release(&t->sampler);
    t->step = step;
    return assay_sampler_init(&t->sampler, t->examples->count, t->settings.seed, position, err);
}

/* A step on its way through this process's lanes. */
typedef struct step_run {
    assay_trainer *trainer;
    const assay_step_pairs *step;
    float *rewards;         /* where those of the next pair go */
    bool bad;               /* a loss is not finite: no gradient is worth computing, and all will know by the rewards */
    assay_staged_walk walk; /* where there are stages */
} step_run;

/* Of an example's rewards: its loss, and the gradient into d. */
static double example_loss(assay_trainer *t, const assay_example *example, const float *rewards, float *d,
                           const assay_step_pairs *step)
{
    assay_loss_room_load(t->room, rewards, example->count);
    double loss = assay_example_loss(t->room, &t->settings, t->examples, example);
    assay_loss_room_give(t->room, example->count, step->weight, d);
    return loss;
}

/* The rewards that the engine has now are kept; their gradients, NULL where a loss is not finite. */
static const float *judge_micro(void *context, size_t begin, size_t end)
{
    step_run *run = context;
    assay_trainer *t = run->trainer;
    const float *rewards = assay_engine_rewards(t->engine);
    size_t at = 0;
    for (size_t i = begin; i < end; i++) {
        const assay_example *example = &t->examples->items[run->step->picked[i]];
        run->bad |= !isfinite(example_loss(t, example, rewards + at, t->d_rewards + at, run->step));
        at += example->count * t->room->outputs;
    }
    memcpy(run->rewards, rewards, at * sizeof *rewards);
    run->rewards += at;
    return run->bad ? NULL : t->d_rewards;
}

static assay_status run_micro(step_run *run, size_t begin, size_t end, assay_error *err)
{
    assay_trainer *t = run->trainer;
    const assay_geometry *geometry = assay_pack_examples(&t->pack, t->examples, run->step->picked + begin, end - begin);
    ASSAY_TRY(assay_engine_forward(t->engine, geometry, t->settings.seed, t->step, true, err));
    const float *d_rewards = judge_micro(run, begin, end);
    return d_rewards ? assay_engine_backward(t->engine, d_rewards, err) : ASSAY_OK;
}

/* The record of a step, from the rewards of all its pairs in their order, whoever computed them. */
static void account(assay_trainer *t, const assay_step_pairs *step, assay_step_record *record)
{
    const float *rewards = t->rewards;
    bool learns_ties = t->settings.objective.tie_learned;
    t->tie.slope = 0;
    for (size_t i = 0; i < step->count; i++) {
        const assay_example *example = &t->examples->items[step->picked[i]];
        record->loss += example_loss(t, example, rewards, t->d_rewards, step) / step->weight;
        if (learns_ties)
            t->tie.slope += assay_example_tie_slope(t->room, &t->settings, t->examples, example) / step->weight;
        assay_step_account(record, step, t->examples, example, t->room->rewards);
        rewards += example->count * t->room->outputs;
    }
    assay_step_account_end(record, step);
}

static assay_status name_culprit(assay_trainer *t, const uint32_t *picked, size_t count,
                                 const assay_step_record *record, assay_error *err)
{
    char where[600];
    bool in_file = assay_culprit_find(t, picked, count, where, sizeof where);
    return assay_error_set(err, ASSAY_E_NUMERIC, "step %llu: loss %g, gradient norm %g: %s; %s",
                           (unsigned long long)t->step + 1, record->loss, record->grad_norm, where,
                           in_file ? "it came with the model: fetch or convert that again"
                                   : "a smaller --lr usually helps, --on-nan skip passes over such steps");
}

static bool is_given_up(const assay_trainer *t)
{
    return t->interrupted && *t->interrupted && *t->interrupted != SIGINT;
}

static assay_status run_lane(void *context, size_t begin, size_t end, float *gradients, assay_error *err)
{
    step_run *run = context;
    assay_trainer *t = run->trainer;
    assay_micro_runs *micro = &t->runs;
    bind_gradients(t, gradients);
    if (t->shares.row) return assay_staged_lane(&run->walk, begin, end, err);
    ASSAY_TRY(
        assay_micro_runs_cut(micro, t->examples, run->step->picked + begin, end - begin, t->plan.micro_tokens, err));
    for (size_t r = 0; r < micro->count; r++) {
        if (is_given_up(t))
            return assay_error_set(err, ASSAY_E_STOPPED, "step %llu was given up", (unsigned long long)t->step + 1);
        ASSAY_TRY(assay_comm_go_on(t->shares.comm, NULL, err));
        ASSAY_TRY(run_micro(run, begin + micro->begin[r], begin + micro->begin[r + 1], err));
    }
    return ASSAY_OK;
}

static assay_status sum_lanes(assay_trainer *t, const assay_step_pairs *step, assay_error *err)
{
    bool any;
    const assay_shares *shares = &t->shares;
    size_t begin = shares->rewards[assay_comm_rank(shares->comm)] / sizeof(float);
    step_run run = {.trainer = t, .step = step, .rewards = t->rewards + begin};
    const assay_lane_sum sum = {.lanes = t->settings.lanes,
                                .pairs = step->count,
                                .buffers = t->gradients,
                                .values = t->optimizer->values,
                                .pool = t->pool,
                                .add = run_lane,
                                .context = &run};
    if (t->settings.early) return run_lane(&run, 0, step->count, NULL, err);
    if (!shares->row) return assay_lane_sum_make(&sum, shares->first_lane, shares->lanes, &any, err);
    run.walk = (assay_staged_walk){
        .trainer = t, .picked = step->picked, .count = step->count, .judge = judge_micro, .context = &run};
    assay_staged_begin(&run.walk);
    ASSAY_TRY(assay_lane_sum_make(&sum, shares->first_lane, shares->lanes, &any, err));
    return assay_staged_end(&run.walk, err);
}

/* A received sum lies in the buffer behind the first: with two processes there are two lanes at least, so there is one.
 */
static assay_status sum_of_all(assay_trainer *t, assay_error *err)
{
    const assay_shares *shares = &t->shares;
    size_t values = t->optimizer->values;
    if (assay_sliced(t)) return assay_sliced_sum(t, err);
    return assay_comm_sum(shares->column, t->gradients, t->gradients + values, values, shares->there, err);
}

static assay_status norm_of_all(assay_trainer *t, double *norm, assay_error *err)
{
    if (t->shares.row) return assay_staged_norm(t, norm, err);
    *norm = assay_sliced(t) ? sqrt(assay_sliced_squares(t, 0)) : assay_optimizer_norm(t->optimizer, t->kernels);
    return ASSAY_OK;
}

/* Behind it all processes have the same record and, where the loss is finite, the same gradients, or each those of its
 * slice. Where these are not finite it is all again: whoever looks for the culprit wants to see them. */
static assay_status gradient_of_all(assay_trainer *t, const assay_step_pairs *step, assay_step_record *record,
                                    assay_error *err)
{
    const assay_shares *shares = &t->shares;
    assay_status status = sum_lanes(t, step, err);
    if (status == ASSAY_OK) status = assay_state_check(t, err);
    ASSAY_TRY(assay_comm_agree(shares->comm, status, NULL, err));
    ASSAY_TRY(assay_comm_share(shares->comm, t->rewards, shares->rewards, err));
    account(t, step, record);
    if (!isfinite(record->loss)) return ASSAY_OK;
    if (t->settings.early) {
        record->grad_norm = assay_early_norm(t);
        return ASSAY_OK;
    }
    ASSAY_TRY(sum_of_all(t, err));
    ASSAY_TRY(norm_of_all(t, &record->grad_norm, err));
    return assay_sliced(t) && !isfinite(record->grad_norm) ? assay_sliced_gather(t, err) : ASSAY_OK;
}

static assay_status gradient_of_step(assay_trainer *t, assay_step_record *record, assay_error *err)
{
    size_t count;
    const uint32_t *picked = assay_sampler_next(&t->sampler, t->settings.batch_pairs, &count);
    assay_step_pairs step = assay_step_pairs_of(&t->settings, t->examples, picked, count);
    record->pairs = step.count;
    assay_shares_cut(&t->shares, t->examples, t->room->outputs, picked, count);
    assay_status status = gradient_of_all(t, &step, record, err);
    if (status == ASSAY_E_STOPPED) ASSAY_TRY(assay_trainer_seek(t, t->step, err));
    ASSAY_TRY(status);
    if (isfinite(record->loss) && isfinite(record->grad_norm)) return ASSAY_OK;
    return name_culprit(t, picked, step.count, record, err);
}

assay_status assay_trainer_follow(assay_trainer *t, assay_error *err)
{
    assay_comm *comm = t->shares.comm;
    uint64_t counters[] = {t->step, t->tokens_seen, t->optimizer->steps};
    ASSAY_TRY(assay_comm_broadcast(comm, counters, sizeof counters, err));
    for (size_t i = 0; i < t->optimizer->count; i++) {
        size_t bytes;
        void *weight = assay_optimizer_weight(&t->optimizer->items[i], &bytes);
        ASSAY_TRY(assay_comm_broadcast(t->shares.column, weight, bytes, err));
    }
    if (!assay_sliced(t))
        ASSAY_TRY(assay_comm_broadcast(t->shares.column, t->optimizer->moments, t->optimizer->moment_bytes, err));
    ASSAY_TRY(assay_comm_broadcast(comm, &t->tie, ASSAY_LEARNED_TIE_STATE * sizeof(double), err));
    if (t->settings.objective.tie_learned) assay_tie_put(&t->settings.objective, t->tie.place);
    t->tokens_seen = counters[1];
    t->optimizer->steps = counters[2];
    if (counters[0] != t->step) ASSAY_TRY(assay_trainer_seek(t, counters[0], err));
    assay_state_keep(t);
    return ASSAY_OK;
}

static assay_status update(assay_trainer *t, const assay_step_record *record, assay_error *err)
{
    t->early.torn = false;
    if (!t->settings.early)
        assay_optimizer_step(t->optimizer, t->kernels, t->pool, &t->settings.adam, record->lr, record->grad_norm);
    assay_learned_tie_step(&t->tie, &t->settings.objective, &t->settings.adam, t->optimizer->steps,
                           assay_lr_share(&t->schedule, t->step));
    return assay_sliced(t) ? assay_sliced_spread(t, err) : ASSAY_OK;
}

assay_status assay_trainer_step(assay_trainer *t, assay_step_record *record, assay_error *err)
{
    uint64_t read = assay_engine_read_bytes(t->engine), spilled = assay_engine_spill_bytes(t->engine);
    double start = assay_clock_seconds(),
           per_epoch = (double)assay_steps_per_epoch(t->examples->count, t->settings.batch_pairs);
    *record = (assay_step_record){.step = t->step + 1,
                                  .epoch = (double)(t->step + 1) / per_epoch,
                                  .lr = t->settings.lr * assay_lr_share(&t->schedule, t->step)};
    assay_early_begin(t, record->lr);
    assay_status status = gradient_of_step(t, record, t->settings.skip_nan ? &t->why : err);
    record->skipped = status == ASSAY_E_NUMERIC && t->settings.skip_nan;
    record->why = record->skipped ? t->why.text : "";
    if (status != ASSAY_OK && t->settings.skip_nan && err) *err = t->why;
    if (status != ASSAY_OK && !record->skipped) return status;
    if (!record->skipped) ASSAY_TRY(update(t, record, err));
    record->tie_parameter = t->settings.objective.tie_parameter;
    t->step++;
    t->tokens_seen += record->tokens;
    ASSAY_TRY(assay_state_compare(t, err));
    record->seconds = assay_clock_seconds() - start;
    record->read_bytes = assay_engine_read_bytes(t->engine) - read;
    record->spill_bytes = assay_engine_spill_bytes(t->engine) - spilled;
    t->spilled += record->spill_bytes;
    return ASSAY_OK;
}
