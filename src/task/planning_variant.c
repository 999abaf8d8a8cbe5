/* A variant is measured (what its program weighs), then planned: within what is wanted, within what hard limits leave,
 * and with streamed weights only where no plan that keeps them fits. */
#include "task/planning_private.h"

#include "base/sizes.h"
#include "machine/process_memory.h"
#include "model/model_stream.h"
#include "train/moments.h"

enum {
    PROCESS_BYTES = 24 << 20, /* tokenizer and texts of a small run; measured 11 to 19 MiB */
    /* address space that the arena takes to begin on a huge page (engine/arena.c); in a cgroup a margin for pages being
     * written */
    MAPPING_BYTES = 4 << 20,
};

size_t assay_variant_count_within(const assay_example_set *set, size_t length, bool cuts, size_t *most)
{
    size_t count = 0;
    for (size_t i = 0; set && i < set->count; i++) {
        const assay_example *e = &set->items[i];
        if (assay_example_longest(set, e) > length && !cuts) continue;
        *most = assay_larger(*most, assay_smaller(assay_example_tokens(set, e), e->count * length));
        count++;
    }
    return count;
}

assay_plan_request assay_variant_request(const assay_variant *v, const assay_program *program)
{
    const assay_planning_subject *s = &v->subject;
    assay_plan_request request = assay_trainer_request(&s->settings, s->examples, s->evaluation, s->max_length);
    if (v->length) {
        size_t together = request.step_tokens / assay_larger(request.longest_pair, 1);
        request.longest_path = v->length;
        request.longest_pair = 0;
        assay_variant_count_within(s->examples, v->length, s->cuts, &request.longest_pair);
        assay_variant_count_within(s->evaluation, v->length, s->cuts, &request.longest_pair);
        request.step_tokens = request.longest_pair * together;
    }
    if (request.early) request.micro_tokens = request.step_tokens;
    request.program = program;
    request.kernels = s->kernels;
    request.workers = s->workers;
    request.fixed_bytes = v->fixed;
    request.stream = v->stream;
    return request;
}

/* All parts but what is there already. */
static assay_anonymous_parts parts_of(const assay_variant *v)
{
    const assay_planning_subject *s = &v->subject;
    size_t pairs = s->examples ? s->examples->count : 0;
    assay_anonymous_parts parts = {.weights = v->size.owned,
                                   .tensors = v->params,
                                   .trained = assay_trainer_gradients(&s->settings) * v->size.trained,
                                   .moments = v->moments,
                                   .arena = v->plan.arena_bytes,
                                   .tokens = s->tokens_to_write,
                                   .rows = assay_larger(v->plan.micro_tokens, v->longest),
                                   .pairs = pairs + (s->evaluation ? s->evaluation->count : 0)};
    if (pairs)
        parts.lines = assay_trainer_steps(&s->settings, pairs) / (uint64_t)(s->log_steps > 0 ? s->log_steps : 1) +
                      (s->evaluation ? s->evaluation->count : 0);
    return parts;
}

size_t assay_variant_peak(const assay_variant *v)
{
    assay_anonymous_parts parts = parts_of(v);
    assay_anonymous_present(&parts);
    if (!v->subject.examples && parts.present < PROCESS_BYTES) parts.present = PROCESS_BYTES;
    return assay_anonymous_plan(&parts);
}

/* Limits that kill, or refuse a mapping, hold for what the process has besides its plan too. */
static size_t within_limits(const assay_variant *v, size_t budget)
{
    const assay_memory_room *room = &v->subject.room;
    assay_anonymous_parts parts = parts_of(v);
    uint64_t besides = assay_anonymous_besides(&parts) + MAPPING_BYTES,
             own = room->own > besides ? room->own - besides : 0;
    if (room->own == SIZE_MAX) return budget;
    /* behind the arena comes the writing of the tokenizer */
    if (parts.tokens && v->fixed - v->mapped + assay_anonymous_tokenizer(&parts) > own) return 0;
    return own > SIZE_MAX - v->mapped || own + v->mapped > budget ? budget : (size_t)own + v->mapped;
}

/* A plan within what is wanted; where there is none, within what can be had. */
static assay_status plan_in_room(assay_variant *v, assay_plan_request *request, assay_error *err)
{
    const assay_memory_room *room = &v->subject.room;
    const size_t sizes[] = {room->wanted, room->most};
    assay_status status = ASSAY_E_NO_FIT;
    for (size_t i = 0; i < 2 && status == ASSAY_E_NO_FIT; i++) {
        if (i && sizes[i] <= sizes[0]) break;
        v->subject.settings.budget = request->budget = within_limits(v, sizes[i]);
        status = assay_plan_make(request, &v->plan, err);
    }
    return status;
}

void assay_variant_keep_weights(assay_variant *v)
{
    assay_stream_list_free(v->stream);
    v->stream = NULL;
    v->mapped = v->size.borrowed;
    v->fixed = v->size.owned + v->mapped + v->moments +
               assay_trainer_gradients(&v->subject.settings) * v->size.trained * sizeof(float);
}

/* The variant's program, what it weighs, and all of that in memory. */
assay_status assay_variant_measure(assay_variant *v, assay_program **program, assay_error *err)
{
    const assay_planning_subject *s = &v->subject;
    ASSAY_TRY(assay_model_measure(program, &v->size, s->checkpoint, s->adapter, &s->model, err));
    v->moments = assay_moments_bytes(*program, s->settings.eight_bits,
                                     s->model.tuning == ASSAY_TUNE_FULL ? s->settings.slices : 0);
    v->stream = NULL;
    assay_variant_keep_weights(v);
    return ASSAY_OK;
}

/* What is packed in memory as it is loaded lies in no file: convert --quantize makes one.
 * ASSAY_E_NO_FIT: nothing can be streamed. */
assay_status assay_variant_take_streamed(assay_variant *v, const assay_program *program, assay_error *err)
{
    if (v->subject.model.quantise != ASSAY_F32) return ASSAY_E_NO_FIT;
    ASSAY_TRY(assay_model_stream_list(&v->stream, program, v->subject.checkpoint, v->subject.adapter, err));
    if (!v->stream) return ASSAY_E_NO_FIT;
    v->mapped -= v->stream->bytes;
    v->fixed -= v->stream->bytes;
    return ASSAY_OK;
}

static assay_status stream_weights(assay_variant *v, const assay_program *program, assay_error *err)
{
    ASSAY_TRY(assay_variant_take_streamed(v, program, err));
    assay_plan_request request = assay_variant_request(v, program);
    return plan_in_room(v, &request, err);
}

/* Where no plan fits that keeps all weights, one that streams them, if it is smaller. */
static assay_status plan_streamed(assay_variant *v, const assay_program *program, assay_error *err)
{
    assay_variant kept = *v;
    assay_status status = stream_weights(v, program, err);
    if (status != ASSAY_E_NO_FIT || !v->stream) return status;
    bool smaller = v->plan.total_bytes > 0 && v->plan.total_bytes < kept.plan.total_bytes;
    if (smaller) return ASSAY_E_NO_FIT;
    v->plan = kept.plan;
    assay_variant_keep_weights(v);
    return ASSAY_E_NO_FIT;
}

/* Where the weights alone are more than there is, no plan that keeps them fits, and looking for the smallest of them is
 * half the work of planning: it is spared where the streamed plan fits, or is certainly smaller. Hard limits are left
 * to the usual way: there the room depends on the plan before. *done false: nothing has happened. */
static assay_status plan_streamed_alone(assay_variant *v, const assay_program *program, bool *done, assay_error *err)
{
    const assay_memory_room *room = &v->subject.room;
    const assay_variant before = *v;
    *done = false;
    if (room->own != SIZE_MAX || v->fixed <= assay_larger(room->wanted, room->most)) return ASSAY_OK;
    assay_status status = stream_weights(v, program, err);
    *done = status == ASSAY_OK || (v->stream && v->plan.total_bytes > 0 && v->plan.total_bytes < v->plan.least_kept);
    if (*done) return status;
    assay_stream_list_free(v->stream);
    *v = before;
    return ASSAY_OK;
}

static assay_status forecast(assay_variant *v, const assay_program *program, assay_error *err)
{
    const assay_plan_request request = assay_variant_request(v, program);
    return assay_stream_forecast_make(&v->forecast, &request, &v->plan, v->stream, v->subject.pool, err);
}

static assay_status plan_program(assay_variant *v, const assay_program *program, bool asked, bool alternatives,
                                 assay_error *err)
{
    assay_error why = {0};
    assay_plan_request request = assay_variant_request(v, program);
    v->longest = request.longest_pair;
    bool streamed;
    assay_status status = plan_streamed_alone(v, program, &streamed, &why);
    if (!streamed) status = plan_in_room(v, &request, &why);
    bool tight = status == ASSAY_E_NO_FIT && v->plan.total_bytes;
    if (tight && !streamed) status = plan_streamed(v, program, &why);
    v->fits = status == ASSAY_OK;
    if (status == ASSAY_E_NO_FIT && tight) status = ASSAY_OK;
    if (status != ASSAY_OK) assay_error_set(err, status, "%s", why.text);
    request = assay_variant_request(v, program);
    request.budget = v->subject.settings.budget;
    if (status == ASSAY_OK && alternatives) status = assay_plan_largest(&request, 0, &v->largest_off, err);
    if (status == ASSAY_OK && alternatives) status = assay_plan_largest(&request, v->layers, &v->largest_all, err);
    return status == ASSAY_OK && asked && v->fits && v->stream && v->subject.timed ? forecast(v, program, err) : status;
}

/* Of the run itself, once; other ways to run go by the same speeds. */
static assay_status measure_spilling(assay_variant *v, const assay_program *program, assay_error *err)
{
    assay_planning_subject *s = &v->subject;
    if (!s->settings.spill || v->spill.flops > 0) return ASSAY_OK;
    ASSAY_TRY(assay_spill_forecast_begin(&v->spill, program, s->kernels, s->pool, s->settings.spill, err));
    s->settings.spill_flops = v->spill.flops;
    return ASSAY_OK;
}

/* What the program is beside its memory. */
static void describe(assay_variant *v, const assay_program *program)
{
    v->layers = program->layers;
    v->params = program->param_count;
    v->weights = v->inlet = v->inlet_gradient = 0;
    for (size_t i = 0; i < program->param_count; i++)
        if (!program->params[i].absent) v->weights += program->params[i].rows * program->params[i].cols;
    if (program->inlet < 0) return;
    const assay_value *inlet = &program->values[program->inlet];
    v->inlet = inlet->cols * (inlet->dtype == ASSAY_BF16 ? sizeof(uint16_t) : sizeof(float));
    v->inlet_gradient = program->inlet_wants ? inlet->cols * sizeof(float) : 0;
}

/* asked: it is the run itself, not another way to run. */
assay_status assay_variant_plan(assay_variant *v, bool asked, bool alternatives, assay_error *err)
{
    assay_program *program;
    ASSAY_TRY(assay_variant_measure(v, &program, err));
    describe(v, program);
    assay_status status = asked ? measure_spilling(v, program, err) : ASSAY_OK;
    if (status == ASSAY_OK) status = plan_program(v, program, asked, alternatives, err);
    v->streamed = v->stream ? v->stream->bytes : 0;
    assay_stream_list_free(v->stream);
    v->stream = NULL;
    assay_program_free(program);
    return status;
}
