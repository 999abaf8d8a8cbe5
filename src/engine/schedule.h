/* A program in time: a flat list of instances (compute, replay, gradient) and the memory slots they use.
 *
 * Made once from program + policy, read alike by the planner, the executor and verify. Nothing here knows an
 * architecture.
 *
 * What is kept. A value survives the forward pass if backward needs it (directly, or to make a dropped value again) and
 * the policy says keep:
 *   EVERYTHING   all values (verification only);
 *   KEEP         all needed values but those of pointwise operations, which are made again from their inputs;
 *   and for the lowest `replayed` layers only values that cross from one layer to another: the layer is replayed from
 *   its input;
 *   and for `spilled` layers above those no value at all: what they would keep is written to a file as soon as it is
 *   made (SPILL) and comes back when backward asks for it (FETCH).
 * Backward asks for dropped values just in time; a replay makes exactly the chain that is missing, so a layer's last
 * product, which nobody reads, is never computed twice. A replayed value lives until its last reader.
 *
 * Streamed weights. Where weights do not stay in memory (stream/stream_list.h), those of a layer have a slot like
 * everything else, from the LOAD that begins to bring them to their last reader. When the first step of a layer is
 * met, the LOAD of the layer that comes next, upwards in the forward pass and downwards behind it, stands before it,
 * so two layers are there at a time: one that computes and one that comes. At the turn the two topmost stay: a pass
 * forward and back brings each of L layers at most twice, 2 L - 2 in all.
 *
 * Gradients of weights. Where `early` asks for it, that of a trained weight has a slot, too: from the CLEAR before the
 * first step whose backward adds to it to the GIVE behind the last one. A weight that several steps read has one slot,
 * and no step that is still to come reads it behind its GIVE: what it helps to make is above. One that no step adds to
 * is cleared and given at the end.
 *
 * Slots are intervals of instances. A slot may carry two values one after the other where an operation works in place,
 * and the gradient of a residual stream takes over the memory of the gradient it came from.
 */
#ifndef ASSAY_ENGINE_SCHEDULE_H
#define ASSAY_ENGINE_SCHEDULE_H

#include "program/program.h"
#include "stream/stream_list.h"

typedef enum assay_keep { ASSAY_KEEP_EVERYTHING, ASSAY_KEEP_NEEDED } assay_keep;

typedef struct assay_schedule_options {
    assay_keep keep;
    int replayed;         /* how many of the lowest layers keep nothing but their input */
    int spilled;          /* how many layers above those write what they would keep to a file */
    bool backward;        /* false: forward only */
    bool early;           /* gradients of weights are given away as soon as they are whole */
    bool outline;         /* no instances: slots and FLOPs are all that is asked for (the planner) */
    const bool *observed; /* per value: must be readable after the forward pass; NULL: none */
} assay_schedule_options;

/* LOAD: weights begin to come into a slot while what follows is computed. SPILL: the value in slot in[0] goes to the
 * file; FETCH: it comes back, into slot out[0]. CLEAR: the gradient of a weight is zero; GIVE: it is whole. */
typedef enum assay_action {
    ASSAY_FORWARD,
    ASSAY_REPLAY,
    ASSAY_BACKWARD,
    ASSAY_LOAD,
    ASSAY_SPILL,
    ASSAY_FETCH,
    ASSAY_CLEAR,
    ASSAY_GIVE
} assay_action;

/* Slot numbers; -1: not there. */
typedef struct assay_instance {
    assay_action action;
    int step;  /* of a LOAD, CLEAR or GIVE none; of a SPILL or FETCH the value's maker */
    int value; /* of a SPILL or FETCH; else -1 */
    int param; /* of a CLEAR or GIVE; else -1 */
    int group; /* of streamed weights, that a LOAD brings or the step reads; ASSAY_STREAM_NOT: none */
    int in[ASSAY_MAX_INPUTS], out[ASSAY_MAX_OUTPUTS];
    int d_in[ASSAY_MAX_INPUTS], d_out;
    bool add[ASSAY_MAX_INPUTS];
    int workspace; /* a slot */
    int weights;   /* a slot, of the group */
} assay_instance;

/* `owner` of a workspace's slot: the step that works in it. */
#define ASSAY_WORKSPACE_OF(step) (-1 - (step))

typedef struct assay_slot {
    uint32_t first, last; /* instances between which it is alive, both included */
    int owner;            /* a value of the program, or ASSAY_WORKSPACE_OF a step, or a group of weights, or a weight */
    bool gradient;        /* the value's gradient, or the workspace of the step's backward */
    bool weights;         /* its owner is a group of streamed weights */
    bool of_param;        /* its owner is a weight, whose gradient it is */
    bool spilled;         /* its value goes to the file, too */
    size_t bytes, offset; /* filled in by the layout */
} assay_slot;

typedef struct assay_schedule {
    assay_instance *instances; /* none in an outline */
    assay_slot *slots;
    size_t instance_count, slot_count, instance_capacity, slot_capacity;
    size_t forward_count; /* the first so many instances are the forward pass */
    int *value_slots;     /* per value: its slot after the forward pass, -1: dropped */
    int *param_slots;     /* per parameter: its gradient's slot, -1: not trained; NULL: none has one */
    int seed_slot; /* gradient of the program's output, to be filled before backward; -1: nothing is differentiated */
    double flops;  /* of all instances, for the work the scheduler was created with */
    size_t read;   /* bytes of layers' weights that its LOADs bring */
    double forward_flops; /* of these, the forward pass's */
    size_t forward_read;
} assay_schedule;

/* stream: the weights that do not stay in memory; NULL: all do. It outlives the schedule. */
assay_status assay_schedule_create(assay_schedule **out, const assay_program *program, const assay_stream_list *stream,
                                   const assay_schedule_options *options, assay_error *err);
void assay_schedule_free(assay_schedule *schedule); /* NULL is fine */

/* Many schedules of one program, one after the other: what does not depend on the options is found once, and memory is
 * used again.
 *
 *     assay_scheduler *scheduler;
 *     ASSAY_TRY(assay_scheduler_create(&scheduler, program, NULL, &work, err));
 *     assay_schedule schedule = {0};
 *     for (options.replayed = 0; options.replayed <= layers; options.replayed++)
 *         ASSAY_TRY(assay_scheduler_make(scheduler, &options, &schedule, err)); // overwrites the one before
 *     assay_schedule_clear(&schedule);
 *     assay_scheduler_free(scheduler);
 *
 * The program is borrowed and must outlive the scheduler. After a failure the schedule is good for nothing but being
 * made again or cleared. */
typedef struct assay_scheduler assay_scheduler;

/* Rows of each space and the mean number of keys a query sees: what FLOPs are counted for (see assay_op). */
typedef struct assay_step_work {
    double rows[ASSAY_SPACES];
    double context;
} assay_step_work;

/* work NULL: FLOPs are not counted. */
assay_status assay_scheduler_create(assay_scheduler **out, const assay_program *program,
                                    const assay_stream_list *stream, const assay_step_work *work, assay_error *err);
assay_status assay_scheduler_make(assay_scheduler *scheduler, const assay_schedule_options *options,
                                  assay_schedule *schedule, assay_error *err);
void assay_scheduler_free(assay_scheduler *scheduler); /* NULL is fine */
void assay_schedule_clear(assay_schedule *schedule);   /* frees what it holds, not itself */

/* The same slots, alive at the same times: everything that is laid out comes out alike. */
bool assay_schedule_same_slots(const assay_schedule *a, const assay_schedule *b);

#endif
