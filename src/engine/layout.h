/* The bytes of a schedule's slots, and their places.
 *
 *     assay_slot_sizes sizes;
 *     ASSAY_TRY(assay_slot_sizes_create(&sizes, &subject, bounds, count, err));
 *     ASSAY_TRY(assay_schedule_lower_bounds(&schedule, &sizes, least, err));       // for all bounds at once
 *     ASSAY_TRY(assay_schedule_layout(&schedule, &sizes, 0, &arena, err));         // exactly, for one of them
 *     assay_slot_sizes_free(&sizes);
 *
 * Sizes belong to the program and the bounds: one table serves every schedule of the program.
 */
#ifndef ASSAY_ENGINE_LAYOUT_H
#define ASSAY_ENGINE_LAYOUT_H

#include "engine/schedule.h"

enum { ASSAY_SIZE_LANES = 8 }; /* so many bounds fit one table */

/* For each value its bytes, those of its gradient, for each step those of its workspace forward and backward, for each
 * group of streamed weights theirs, and for each parameter those of its gradient; each in every lane (one of the
 * bounds). */
typedef struct assay_slot_sizes {
    size_t (*bytes)[ASSAY_SIZE_LANES];
    size_t values, steps, groups, lanes;
} assay_slot_sizes;

/* Whose slots. `workers` share out per-worker workspaces; backward: gradients and backward's workspaces are sized too;
 * stream: of the schedules that are laid out, NULL: no weight is streamed; early: theirs. */
typedef struct assay_layout_subject {
    const assay_program *program;
    const assay_stream_list *stream;
    int workers;
    bool backward, early;
} assay_layout_subject;

/* On failure there is nothing to free. ASSAY_E_NO_FIT: something overflows the address space. */
assay_status assay_slot_sizes_create(assay_slot_sizes *out, const assay_layout_subject *subject,
                                     const assay_bounds *bounds, size_t lanes, assay_error *err);
/* Of streamed weights, the most that is there at a time: rows by token and the two largest layers. 0: none are. */
size_t assay_slot_sizes_weights(const assay_slot_sizes *sizes, size_t lane);
void assay_slot_sizes_free(assay_slot_sizes *sizes);

/* least[lane]: the largest sum of bytes of slots that live at the same time: no layout can be smaller. */
assay_status assay_schedule_lower_bounds(const assay_schedule *schedule, const assay_slot_sizes *sizes,
                                         size_t least[ASSAY_SIZE_LANES], assay_error *err);

/* Sizes and places every slot for the bounds of one lane; *arena is the bytes needed. */
assay_status assay_schedule_layout(assay_schedule *schedule, const assay_slot_sizes *sizes, size_t lane, size_t *arena,
                                   assay_error *err);

/* Bytes that a pass writes to the file of spilled values, at the bounds of one lane. */
size_t assay_schedule_spilled(const assay_schedule *schedule, const assay_slot_sizes *sizes, size_t lane);

#endif
