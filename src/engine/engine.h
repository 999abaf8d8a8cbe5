/* Runs a program: forward, backward, in memory laid out beforehand.
 *
 *     assay_engine_config config = {.program = program, .kernels = kernels, .pool = pool, .bounds = bounds};
 *     // the only allocation; refuses what does not fit the address space
 *     ASSAY_TRY(assay_engine_create(&engine, &config, err));
 *     // borrowed; gradient NULL for frozen ones
 *     for (int i = 0; i < params; i++) assay_engine_bind(engine, i, &views[i]);
 *     ASSAY_TRY(assay_engine_forward(engine, &geometry, seed, step, training, err));
 *     const float *rewards = assay_engine_rewards(engine); // [scored rows], valid until the next forward
 *     ASSAY_TRY(assay_engine_backward(engine, d_rewards, err)); // adds to the bound gradients
 *     assay_engine_free(engine);
 *
 * A geometry larger than the bounds is refused by name. Nothing is allocated between create and free.
 *
 * A slice (program/slice.h) is run between others: rows of its inlet come before a forward pass, what goes on is taken
 * behind it, and gradients go the other way. Several micro-batches may then be in flight:
 *
 *     assay_engine_turn(engine, 1);                                   // the next forward pass is that of flight 1
 *     assay_view below = assay_engine_inlet(engine, &geometry);       // to be filled in
 *     ASSAY_TRY(assay_engine_forward(engine, &geometry, seed, step, true, err));
 *     assay_view on = assay_engine_value(engine, program->output);    // to the slice above
 *     ...
 *     ASSAY_TRY(assay_engine_return(engine, 1, &geometry, seed, step, err)); // its backward pass comes next
 *     assay_view from_above = assay_engine_seed(engine);              // to be filled in
 *     ASSAY_TRY(assay_engine_backward(engine, NULL, err));
 *     assay_view down = assay_engine_inlet_gradient(engine);          // to the slice below
 *
 * Weights of config.stream do not stay in memory: they come from their files into the arena when they are needed, on a
 * thread of their own, and what their bound views point to is never read (their type and shape are). Reading is the
 * one thing that can fail behind a geometry that fits.
 *
 * Where schedule.early says so, gradients of weights are not added to what is bound: each is in the arena from the
 * first step that adds to it to the last, and behind that goes to config.take, which may change the weight. A failure
 * of it ends the backward pass.
 *
 * Values of schedule.spilled layers wait for the backward pass in a file of the folder `spill`, made by create
 * (stream/spill_file.h); writing and reading it can fail, too. A pass that is not `training` writes nothing: no
 * backward pass may follow it there.
 */
#ifndef ASSAY_ENGINE_ENGINE_H
#define ASSAY_ENGINE_ENGINE_H

#include "engine/schedule.h"

typedef struct assay_engine assay_engine;

typedef struct assay_engine_config {
    const assay_program *program;
    const assay_kernels *kernels;
    assay_pool *pool;
    const assay_stream_list *stream; /* weights that come from files, borrowed; NULL: all are bound and stay */
    const char *spill; /* folder of the file for values of schedule.spilled layers; not used any more behind create */
    assay_bounds bounds;
    assay_schedule_options schedule;
    /* of schedule.early: a weight's gradient, which is whole; it is gone when this returns */
    assay_status (*take)(void *taker, int param, float *gradient, assay_error *err);
    void *taker;
    int flights; /* micro-batches between their forward and their backward pass; 0: one */
    bool stores; /* of those, all but what came from below is dropped and computed again */
} assay_engine_config;

assay_status assay_engine_create(assay_engine **out, const assay_engine_config *config, assay_error *err);
void assay_engine_free(assay_engine *engine); /* NULL is fine */

void assay_engine_bind(assay_engine *engine, int param, const assay_param_view *view);
assay_status assay_engine_forward(assay_engine *engine, const assay_geometry *geometry, uint64_t seed, uint64_t step,
                                  bool training, assay_error *err);
/* From any thread: a forward pass that is running, and every later one, ends soon with ASSAY_E_STOPPED. */
void assay_engine_stop(assay_engine *engine);
const float *assay_engine_rewards(const assay_engine *engine); /* NULL: of a slice that goes on */

/* geometry: that of the last forward, whose memory must still be what it was. Fails only where weights are streamed,
 * values spilled or gradients taken; then gradients have been added to, or taken, in part. d_rewards NULL:
 * assay_engine_seed has been filled in. */
assay_status assay_engine_backward(assay_engine *engine, const float *d_rewards, assay_error *err);

/* The flight that is meant from now on. */
void assay_engine_turn(assay_engine *engine, int flight);
/* Where the rows from below go, of a slice that does not begin; before the forward pass of that geometry. */
assay_view assay_engine_inlet(const assay_engine *engine, const assay_geometry *geometry);
/* Turns to a flight for its backward pass: its geometry and counters as they were in its forward pass, which is made
 * again where the engine stores no more than its inlet. */
assay_status assay_engine_return(assay_engine *engine, int flight, const assay_geometry *geometry, uint64_t seed,
                                 uint64_t step, assay_error *err);
/* Where the gradient of the program's output is put before a backward pass without d_rewards; data NULL: nothing of
 * this slice or below it is trained, and there is no backward pass. */
assay_view assay_engine_seed(const assay_engine *engine);
/* Of the inlet, behind a backward pass; data NULL: nothing below is trained. */
assay_view assay_engine_inlet_gradient(const assay_engine *engine);
/* Memory of a slice that its passes leave alone, for a micro-batch's rows on their way out, up or down. */
void *assay_engine_carrier(const assay_engine *engine);

/* A value that was kept or observed, after forward and before backward; data NULL: dropped. */
assay_view assay_engine_value(const assay_engine *engine, int value);

/* Bytes of streamed weights read from files so far; 0: none are streamed. */
uint64_t assay_engine_read_bytes(const assay_engine *engine);

/* Bytes of spilled values written to their file so far; 0: none are spilled. */
uint64_t assay_engine_spill_bytes(const assay_engine *engine);

/* For finding what went wrong, slowly: a forward pass, and behind it a backward pass (d_rewards as there), once more.
 * Each returns the program's step whose result, or whose inputs' gradient, is the first to hold NaN or infinity; -1:
 * none, or weights could not be read. Gradients of weights are added to, and none is taken. The geometry is one that a
 * forward pass took. */
int assay_engine_first_bad(assay_engine *engine, const assay_geometry *geometry, uint64_t seed, uint64_t step);
int assay_engine_first_bad_back(assay_engine *engine, const float *d_rewards);

/* Planned bytes of the arena, and the highest byte touched so far. */
size_t assay_engine_planned_bytes(const assay_engine *engine);
size_t assay_engine_used_bytes(const assay_engine *engine);

/* The arena bytes that assay_engine_create would take, without taking them. */
assay_status assay_engine_plan(const assay_engine_config *config, size_t *bytes, assay_error *err);

/* Bytes of a config's arena beside the scratch, its slots being so many; false: they overflow. */
bool assay_engine_slot_bytes(const assay_engine_config *config, size_t slots, size_t *bytes);

/* Bytes of the arena that are the workers' scratch. */
size_t assay_engine_scratch_bytes(const assay_program *program, int workers);

#endif
