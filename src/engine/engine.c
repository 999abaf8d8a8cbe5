/* The executor: walks a schedule's instances and hands each operation its views. It decides nothing. A LOAD only says
 * that weights may come; the first step that reads them waits. Spilled values are written and read where their instance
 * stands. */
#include "engine/engine.h"

#include "backend/gemm_bf16.h"
#include "base/alloc.h"
#include "base/sizes.h"
#include "engine/arena.h"
#include "engine/layout.h"
#include "engine/spilling.h"
#include "engine/streaming.h"
#include "tensor/dtype.h"

#include <assert.h>
#include <math.h>
#include <stdatomic.h>
#include <string.h>

struct assay_engine {
    assay_engine_config config;
    assay_schedule *schedule;
    assay_step_arena arena;                 /* slots first, then the workers' scratch */
    size_t slot_bytes, scratch_bytes, used; /* slot_bytes: of all flights, and what is stored of them */
    size_t flight_bytes, stored_bytes;      /* of the slots of one; of what is stored of one */
    size_t carrier_bytes;                   /* of those, the last */
    size_t at;                              /* where the slots of the present flight begin */
    int flight, computed;                   /* the present one, and whose values the slots hold where they are shared */
    int inlet, inlet_gradient;              /* slots; -1: there is none */
    assay_param_view *params;
    assay_param_view *step_params; /* of the step that is running */
    assay_streaming *streaming;    /* NULL: all weights stay */
    assay_spilling *spilling;      /* NULL: no value goes to a file */
    assay_geometry geometry;
    assay_op_env env;
    bool looking;        /* for what went wrong: gradients are not given away */
    atomic_bool stopped; /* by assay_engine_stop, for good */
};

size_t assay_engine_scratch_bytes(const assay_program *program, int workers)
{
    size_t rows = assay_gemm_scratch_bytes(), bf16 = program->bf16 ? assay_gemm_bf16_scratch_bytes() : 0;
    return (size_t)workers * (rows > bf16 ? rows : bf16);
}

static assay_status lay_out(const assay_engine_config *config, assay_schedule *schedule, size_t *slots,
                            assay_error *err)
{
    assay_slot_sizes sizes;
    const assay_layout_subject subject = {.program = config->program,
                                          .stream = config->stream,
                                          .workers = assay_pool_size(config->pool),
                                          .backward = config->schedule.backward,
                                          .early = config->schedule.early};
    ASSAY_TRY(assay_slot_sizes_create(&sizes, &subject, &config->bounds, 1, err));
    assay_status status = assay_schedule_layout(schedule, &sizes, 0, slots, err);
    assay_slot_sizes_free(&sizes);
    return status;
}

static int flights_of(const assay_engine_config *config) { return config->flights > 1 ? config->flights : 1; }

/* Of all flights there is no more than what came from below, behind the slots that they share. */
static bool keeps_inlets(const assay_engine_config *config) { return config->stores && flights_of(config) > 1; }

static bool padded_rows(size_t rows, size_t row_bytes, size_t *bytes)
{
    bool counted = assay_mul_size(rows, row_bytes, bytes) && assay_add_size(*bytes, 63, bytes);
    *bytes &= ~(size_t)63;
    return counted;
}

/* Of one micro-batch, of what the slice below sends; 0: nothing comes from below. */
static bool inlet_bytes(const assay_engine_config *config, size_t *bytes)
{
    const assay_program *program = config->program;
    *bytes = 0;
    if (program->inlet < 0) return true;
    const assay_value *value = &program->values[program->inlet];
    size_t row_bytes = value->cols * assay_dtype_block_bytes(value->dtype);
    return padded_rows(config->bounds.rows[value->space], row_bytes, bytes);
}

/* Gradients are f32, and as wide as the values. */
static bool carrier_bytes(const assay_engine_config *config, size_t *bytes)
{
    const assay_program *program = config->program;
    const assay_value *up = program->goes_on ? &program->values[program->output] : NULL,
                      *down = program->inlet >= 0 ? &program->values[program->inlet] : NULL;
    size_t cols = assay_larger(up ? up->cols : 0, down ? down->cols : 0);
    return padded_rows(config->bounds.rows[ASSAY_TOKENS], cols * sizeof(float), bytes);
}

bool assay_engine_slot_bytes(const assay_engine_config *config, size_t slots, size_t *bytes)
{
    size_t stored = 0, carried, flights = (size_t)flights_of(config);
    bool keeps = keeps_inlets(config), counted = !keeps || inlet_bytes(config, &stored);
    return counted && assay_mul_size(slots, keeps ? 1 : flights, bytes) && assay_mul_size(stored, flights, &stored) &&
           assay_add_size(*bytes, stored, bytes) && carrier_bytes(config, &carried) &&
           assay_add_size(*bytes, carried, bytes);
}

static assay_status plan(const assay_engine_config *config, assay_schedule **schedule, size_t *slots, assay_error *err)
{
    ASSAY_TRY(assay_schedule_create(schedule, config->program, config->stream, &config->schedule, err));
    assay_status status = lay_out(config, *schedule, slots, err);
    if (status == ASSAY_OK) return ASSAY_OK;
    assay_schedule_free(*schedule);
    *schedule = NULL;
    return status;
}

assay_status assay_engine_plan(const assay_engine_config *config, size_t *bytes, assay_error *err)
{
    assay_schedule *schedule;
    ASSAY_TRY(plan(config, &schedule, bytes, err));
    assay_schedule_free(schedule);
    if (assay_engine_slot_bytes(config, *bytes, bytes) &&
        assay_add_size(*bytes, assay_engine_scratch_bytes(config->program, assay_pool_size(config->pool)), bytes))
        return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_NO_FIT, "a step's memory overflows the address space");
}

static bool settle_flights(assay_engine *engine)
{
    const assay_engine_config *config = &engine->config;
    const assay_schedule *schedule = engine->schedule;
    engine->computed = engine->inlet_gradient = engine->inlet = -1;
    for (size_t i = schedule->forward_count; i-- > 0 && config->program->inlet >= 0;)
        if (schedule->instances[i].action == ASSAY_FORWARD && schedule->instances[i].step == 0)
            engine->inlet = schedule->instances[i].out[0];
    for (size_t i = schedule->forward_count; i < schedule->instance_count && config->program->inlet >= 0; i++)
        if (schedule->instances[i].action == ASSAY_BACKWARD && schedule->instances[i].step == 0)
            engine->inlet_gradient = schedule->instances[i].d_out;
    return inlet_bytes(config, &engine->stored_bytes) && carrier_bytes(config, &engine->carrier_bytes) &&
           assay_engine_slot_bytes(config, engine->flight_bytes, &engine->slot_bytes);
}

assay_status assay_engine_create(assay_engine **out, const assay_engine_config *config, assay_error *err)
{
    assay_engine *engine = assay_alloc(1, sizeof *engine);
    *out = NULL;
    ASSAY_TRY_ALLOC(engine, "the engine", err);
    engine->config = *config;
    engine->config.schedule.observed = NULL; /* borrowed only while planning */
    engine->config.spill = NULL;
    engine->scratch_bytes = assay_engine_scratch_bytes(config->program, assay_pool_size(config->pool));
    engine->params = assay_alloc(config->program->param_count, sizeof *engine->params);
    engine->step_params = assay_alloc(config->program->most_params + 1, sizeof *engine->step_params);
    assay_status status = engine->params && engine->step_params
                              ? plan(config, &engine->schedule, &engine->flight_bytes, err)
                              : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the engine");
    if (status == ASSAY_OK && !settle_flights(engine))
        status = assay_error_set(err, ASSAY_E_NO_FIT, "a step's memory overflows the address space");
    if (status == ASSAY_OK && config->stream) status = assay_streaming_open(&engine->streaming, config, err);
    if (status == ASSAY_OK && config->schedule.spilled)
        status =
            assay_spilling_open(&engine->spilling, engine->schedule, config->program->value_count, config->spill, err);
    if (status == ASSAY_OK)
        status = assay_step_arena_open(&engine->arena, engine->slot_bytes + engine->scratch_bytes, err);
    if (status != ASSAY_OK) {
        assay_engine_free(engine);
        return status;
    }
    engine->env = (assay_op_env){
        .kernels = config->kernels, .pool = config->pool, .scratch = (char *)engine->arena.data + engine->slot_bytes};
    *out = engine;
    return ASSAY_OK;
}

void assay_engine_free(assay_engine *engine)
{
    if (!engine) return;
    assay_streaming_close(engine->streaming); /* first: it may be writing to the arena */
    assay_spilling_close(engine->spilling);
    assay_schedule_free(engine->schedule);
    assay_step_arena_close(&engine->arena);
    assay_free(engine->params);
    assay_free(engine->step_params);
    assay_free(engine);
}

void assay_engine_bind(assay_engine *engine, int param, const assay_param_view *view) { engine->params[param] = *view; }

/* Gradients are f32 whatever the value is stored in. */
static bool holds_bf16(const assay_value *value, const assay_slot *slot)
{
    return value->dtype == ASSAY_BF16 && !slot->gradient;
}

static void note_used(assay_engine *engine, int index)
{
    const assay_slot *slot = &engine->schedule->slots[index];
    size_t bytes = slot->bytes;
    if (slot->owner >= 0 && !slot->weights && !slot->of_param) {
        const assay_value *value = &engine->config.program->values[slot->owner];
        bytes = engine->geometry.spaces[value->space].rows * value->cols *
                (holds_bf16(value, slot) ? sizeof(uint16_t) : sizeof(float));
    }
    size_t end = engine->at + slot->offset + bytes;
    if (keeps_inlets(&engine->config)) end += (size_t)flights_of(&engine->config) * engine->stored_bytes;
    end += engine->carrier_bytes;
    if (end > engine->used) engine->used = end;
}

static assay_view slot_view(const assay_engine *engine, int index)
{
    const assay_slot *slot = &engine->schedule->slots[index];
    const assay_value *value = &engine->config.program->values[slot->owner];
    size_t rows = engine->geometry.spaces[value->space].rows;
    void *data = (char *)engine->arena.data + engine->at + slot->offset;
    assay_view view = {.rows = rows, .cols = value->cols, .ld = value->cols};
    if (holds_bf16(value, slot)) view.bf16 = data;
    else view.data = data;
    return view;
}

static assay_view operand_view(assay_engine *engine, int slot, const assay_operand *operand)
{
    if (slot < 0) return (assay_view){0};
    note_used(engine, slot);
    assay_view view = slot_view(engine, slot);
    if (view.bf16) view.bf16 += operand->col;
    else view.data += operand->col;
    view.cols = operand->cols;
    return view;
}

static assay_view whole_view(assay_engine *engine, int slot)
{
    if (slot < 0) return (assay_view){0};
    note_used(engine, slot);
    return slot_view(engine, slot);
}

static void *memory_of(assay_engine *engine, int slot)
{
    if (slot < 0) return NULL;
    note_used(engine, slot);
    return (char *)engine->arena.data + engine->at + engine->schedule->slots[slot].offset;
}

static void begin_load(assay_engine *engine, const assay_instance *instance)
{
    assay_streaming_begin(engine->streaming, instance->group, memory_of(engine, instance->weights), engine->params,
                          &engine->geometry);
}

/* Of a SPILL or FETCH. A value's rows lie behind each other. */
static assay_status move_spilled(assay_engine *engine, const assay_instance *instance, assay_error *err)
{
    bool writes = instance->action == ASSAY_SPILL;
    const assay_value *value = &engine->config.program->values[instance->value];
    size_t row_bytes = value->cols * assay_dtype_block_bytes(value->dtype),
           bytes = engine->geometry.spaces[value->space].rows * row_bytes;
    void *data = memory_of(engine, writes ? instance->in[0] : instance->out[0]);
    if (!writes) return assay_spilling_read(engine->spilling, instance->value, data, bytes, err);
    return engine->env.training ? assay_spilling_write(engine->spilling, instance->value, data, bytes, err) : ASSAY_OK;
}

/* A CLEAR or GIVE. */
static assay_status move_gradient(assay_engine *engine, const assay_instance *instance, assay_error *err)
{
    int slot = engine->schedule->param_slots[instance->param];
    float *gradient = memory_of(engine, slot);
    if (instance->action == ASSAY_CLEAR) memset(gradient, 0, engine->schedule->slots[slot].bytes);
    else if (!engine->looking) return engine->config.take(engine->config.taker, instance->param, gradient, err);
    return ASSAY_OK;
}

static assay_status look_at_params(assay_engine *engine, const assay_instance *instance, const assay_step *step,
                                   assay_error *err)
{
    bool streamed = instance->weights >= 0;
    if (streamed) ASSAY_TRY(assay_streaming_wait(engine->streaming, instance->group, err));
    for (int i = 0; i < step->params; i++) {
        engine->step_params[i] = engine->params[step->param[i]];
        if (streamed) assay_streaming_look(engine->streaming, step->param[i], &engine->step_params[i]);
        if (engine->config.schedule.early && instance->action == ASSAY_BACKWARD)
            engine->step_params[i].gradient = memory_of(engine, engine->schedule->param_slots[step->param[i]]);
    }
    return ASSAY_OK;
}

static assay_status run_instance(assay_engine *engine, const assay_instance *instance, assay_error *err)
{
    const assay_program *program = engine->config.program;
    if (instance->action == ASSAY_LOAD) {
        begin_load(engine, instance);
        return ASSAY_OK;
    }
    if (instance->action >= ASSAY_CLEAR) return move_gradient(engine, instance, err);
    if (instance->action > ASSAY_LOAD) return move_spilled(engine, instance, err);
    const assay_step *step = &program->steps[instance->step];
    assay_op_run run = {.env = &engine->env, .attr = &step->attr, .out_space = program->values[step->out[0]].space};
    ASSAY_TRY(look_at_params(engine, instance, step, err));
    for (int i = 0; i < step->inputs; i++) {
        run.in_space[i] = program->values[step->in[i].value].space;
        run.in[i] = operand_view(engine, instance->in[i], &step->in[i]);
        run.d_in[i] = operand_view(engine, instance->d_in[i], &step->in[i]);
        run.add[i] = instance->add[i];
    }
    for (int i = 0; i < step->outputs; i++) run.out[i] = whole_view(engine, instance->out[i]);
    run.param = engine->step_params;
    run.d_out[0] = whole_view(engine, instance->d_out);
    run.workspace = memory_of(engine, instance->workspace);
    if (instance->action == ASSAY_BACKWARD) step->op->backward(&run);
    else step->op->forward(&run);
    return ASSAY_OK;
}

static assay_status check_bounds(const assay_engine *engine, const assay_geometry *geometry, assay_error *err)
{
    const assay_bounds *bounds = &engine->config.bounds;
    for (int i = 0; i < ASSAY_SPACES; i++)
        if (geometry->spaces[i].rows > bounds->rows[i])
            return assay_error_set(err, ASSAY_E_NO_FIT, "a micro-batch of %zu rows, %zu were planned for",
                                   geometry->spaces[i].rows, bounds->rows[i]);
    if (geometry->longest_path > bounds->longest_path)
        return assay_error_set(err, ASSAY_E_NO_FIT, "a text of %zu tokens, at most %zu were planned for",
                               geometry->longest_path, bounds->longest_path);
    return ASSAY_OK;
}

static void set_out(assay_engine *engine, const assay_geometry *geometry, uint64_t seed, uint64_t step, bool training)
{
    if (engine->streaming) assay_streaming_settle(engine->streaming); /* of a pass that was given up */
    if (engine->spilling) assay_spilling_begin(engine->spilling);
    engine->geometry = *geometry;
    engine->env.geometry = &engine->geometry;
    engine->env.seed = seed;
    engine->env.step = step;
    engine->env.training = training;
}

/* Where what came from below is stored until the backward pass. */
static void *stored_inlet(const assay_engine *engine)
{
    return (char *)engine->arena.data + engine->flight_bytes + (size_t)engine->flight * engine->stored_bytes;
}

assay_view assay_engine_inlet(const assay_engine *engine, const assay_geometry *geometry)
{
    int slot = engine->inlet;
    if (slot < 0) return (assay_view){0};
    assay_view view = slot_view(engine, slot);
    void *stored = keeps_inlets(&engine->config) ? stored_inlet(engine) : NULL;
    if (stored && view.bf16) view.bf16 = stored;
    else if (stored) view.data = stored;
    view.rows = geometry->spaces[engine->config.program->values[engine->config.program->inlet].space].rows;
    return view;
}

void *assay_engine_carrier(const assay_engine *engine)
{
    return (char *)engine->arena.data + engine->slot_bytes - engine->carrier_bytes;
}

static void take_inlet(assay_engine *engine)
{
    int slot = engine->inlet;
    if (slot < 0) return;
    const assay_view to = slot_view(engine, slot);
    size_t element = to.bf16 ? sizeof *to.bf16 : sizeof *to.data;
    memcpy(to.bf16 ? (void *)to.bf16 : (void *)to.data, stored_inlet(engine), to.rows * to.cols * element);
}

static void begin_pass(assay_engine *engine, const assay_geometry *geometry, uint64_t seed, uint64_t step,
                       bool training)
{
    set_out(engine, geometry, seed, step, training);
    engine->computed = engine->flight;
    if (keeps_inlets(&engine->config)) take_inlet(engine);
}

assay_status assay_engine_forward(assay_engine *engine, const assay_geometry *geometry, uint64_t seed, uint64_t step,
                                  bool training, assay_error *err)
{
    ASSAY_TRY(check_bounds(engine, geometry, err));
    begin_pass(engine, geometry, seed, step, training);
    for (size_t i = 0; i < engine->schedule->forward_count; i++) {
        if (atomic_load(&engine->stopped)) return assay_error_set(err, ASSAY_E_STOPPED, "stopped");
        ASSAY_TRY(run_instance(engine, &engine->schedule->instances[i], err));
    }
    return ASSAY_OK;
}

void assay_engine_turn(assay_engine *engine, int flight)
{
    assert(flight >= 0 && flight < flights_of(&engine->config));
    engine->flight = flight;
    if (!keeps_inlets(&engine->config)) engine->at = (size_t)flight * engine->flight_bytes;
}

assay_status assay_engine_return(assay_engine *engine, int flight, const assay_geometry *geometry, uint64_t seed,
                                 uint64_t step, assay_error *err)
{
    assay_engine_turn(engine, flight);
    bool there = !keeps_inlets(&engine->config) || engine->computed == flight;
    if (!there) return assay_engine_forward(engine, geometry, seed, step, true, err);
    set_out(engine, geometry, seed, step, true);
    return ASSAY_OK;
}

void assay_engine_stop(assay_engine *engine) { atomic_store(&engine->stopped, true); }

assay_view assay_engine_value(const assay_engine *engine, int value)
{
    int slot = engine->schedule->value_slots[value];
    return slot < 0 ? (assay_view){0} : slot_view(engine, slot);
}

const float *assay_engine_rewards(const assay_engine *engine)
{
    const assay_program *program = engine->config.program;
    return program->goes_on ? NULL : assay_engine_value(engine, program->output).data;
}

assay_view assay_engine_seed(const assay_engine *engine)
{
    int slot = engine->schedule->seed_slot;
    return slot < 0 ? (assay_view){0} : slot_view(engine, slot);
}

assay_view assay_engine_inlet_gradient(const assay_engine *engine)
{
    return engine->inlet_gradient < 0 ? (assay_view){0} : slot_view(engine, engine->inlet_gradient);
}

/* The gradient of the rewards, where the way back begins; it is never stored in bf16. */
static void set_seed(assay_engine *engine, const float *d_rewards)
{
    assay_view seed = slot_view(engine, engine->schedule->seed_slot);
    assert(seed.data);
    memcpy(seed.data, d_rewards, seed.rows * seed.cols * sizeof(float));
}

assay_status assay_engine_backward(assay_engine *engine, const float *d_rewards, assay_error *err)
{
    assert(!engine->spilling || engine->env.training);
    if (d_rewards) set_seed(engine, d_rewards);
    for (size_t i = engine->schedule->forward_count; i < engine->schedule->instance_count; i++)
        ASSAY_TRY(run_instance(engine, &engine->schedule->instances[i], err));
    return ASSAY_OK;
}

uint64_t assay_engine_read_bytes(const assay_engine *engine)
{
    return engine->streaming ? assay_streaming_bytes(engine->streaming) : 0;
}

uint64_t assay_engine_spill_bytes(const assay_engine *engine)
{
    return engine->spilling ? assay_spilling_bytes(engine->spilling) : 0;
}

static bool all_finite(const assay_view *view)
{
    for (size_t row = 0; view->data && row < view->rows; row++)
        for (size_t col = 0; col < view->cols; col++)
            if (!isfinite(view->data[row * view->ld + col])) return false;
    return true;
}

static bool instance_is_finite(assay_engine *engine, const assay_instance *instance)
{
    if (instance->action >= ASSAY_LOAD) return true;
    const assay_step *step = &engine->config.program->steps[instance->step];
    assay_view view;
    for (int i = 0; i < step->outputs && instance->action != ASSAY_BACKWARD; i++) {
        view = whole_view(engine, instance->out[i]);
        if (!all_finite(&view)) return false;
    }
    for (int i = 0; i < step->inputs && instance->action == ASSAY_BACKWARD; i++) {
        view = operand_view(engine, instance->d_in[i], &step->in[i]);
        if (!all_finite(&view)) return false;
    }
    return true;
}

/* Runs instances one by one; the step of the first whose numbers are not finite. */
static int look_at(assay_engine *engine, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        const assay_instance *instance = &engine->schedule->instances[i];
        if (run_instance(engine, instance, NULL) != ASSAY_OK) return -1;
        if (!instance_is_finite(engine, instance)) return instance->step;
    }
    return -1;
}

int assay_engine_first_bad(assay_engine *engine, const assay_geometry *geometry, uint64_t seed, uint64_t step)
{
    begin_pass(engine, geometry, seed, step, true);
    return look_at(engine, 0, engine->schedule->forward_count);
}

int assay_engine_first_bad_back(assay_engine *engine, const float *d_rewards)
{
    if (d_rewards) set_seed(engine, d_rewards);
    engine->looking = true;
    int found = look_at(engine, engine->schedule->forward_count, engine->schedule->instance_count);
    engine->looking = false;
    return found;
}

size_t assay_engine_planned_bytes(const assay_engine *engine) { return engine->slot_bytes + engine->scratch_bytes; }

size_t assay_engine_used_bytes(const assay_engine *engine) { return engine->used + engine->scratch_bytes; }
