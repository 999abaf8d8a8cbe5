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
 *   its input.
 * Backward asks for dropped values just in time; a replay makes exactly the chain that is missing, so a layer's last
 * product, which nobody reads, is never computed twice. A replayed value lives until its last reader.
 *
 * Slots are intervals of instances. A slot may carry two values one after the other where an operation works in place,
 * and the gradient of a residual stream takes over the memory of the gradient it came from.
 */
#ifndef ASSAY_ENGINE_SCHEDULE_H
#define ASSAY_ENGINE_SCHEDULE_H

#include "program/program.h"

typedef enum assay_keep { ASSAY_KEEP_EVERYTHING, ASSAY_KEEP_NEEDED } assay_keep;

typedef struct assay_schedule_options {
    assay_keep keep;
    int replayed;         /* how many of the lowest layers keep nothing but their input */
    bool backward;        /* false: forward only */
    const bool *observed; /* per value: must be readable after the forward pass; NULL: none */
} assay_schedule_options;

typedef enum assay_action { ASSAY_FORWARD, ASSAY_REPLAY, ASSAY_BACKWARD } assay_action;

/* Slot numbers; -1: not there. */
typedef struct assay_instance {
    assay_action action;
    int step;
    int in[ASSAY_MAX_INPUTS], out[ASSAY_MAX_OUTPUTS];
    int d_in[ASSAY_MAX_INPUTS], d_out;
    bool add[ASSAY_MAX_INPUTS];
    int workspace; /* a slot */
} assay_instance;

typedef struct assay_slot {
    size_t cols; /* 0: a workspace of `bytes` */
    assay_space_id space;
    uint32_t first, last; /* instances between which it is alive, both included */
    int value;            /* of the program, for printing; -1: a workspace */
    bool gradient, bf16;  /* bf16: elements of 2 bytes */
    size_t bytes, offset; /* filled in by the layout */
} assay_slot;

typedef struct assay_schedule {
    assay_instance *instances;
    assay_slot *slots;
    size_t instance_count, slot_count, instance_capacity, slot_capacity;
    size_t forward_count; /* the first so many instances are the forward pass */
    int *value_slots;     /* per value: its slot after the forward pass, -1: dropped */
    int seed_slot;        /* gradient of the program's output, to be filled before backward; -1 when forward only */
} assay_schedule;

assay_status assay_schedule_create(assay_schedule **out, const assay_program *program,
                                   const assay_schedule_options *options, assay_error *err);
void assay_schedule_free(assay_schedule *schedule); /* NULL is fine */

/* Sizes and places every slot for the given bounds (`workers` share out per-worker workspaces); *arena is the bytes
 * needed. */
assay_status assay_schedule_layout(assay_schedule *schedule, const assay_program *program, const assay_bounds *bounds,
                                   int workers, size_t *arena, assay_error *err);

/* The largest sum of bytes of slots that live at the same time: no layout can be smaller. */
assay_status assay_schedule_lower_bound(assay_schedule *schedule, const assay_program *program,
                                        const assay_bounds *bounds, int workers, size_t *bytes, assay_error *err);

/* Floating-point operations of all instances for rows and mean context (see assay_op). */
double assay_schedule_flops(const assay_schedule *schedule, const assay_program *program,
                            const double rows[ASSAY_SPACES], double context);

#endif
