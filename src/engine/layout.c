/* Placing slots in the arena: largest first, each at the lowest place where it touches no slot that lives at the same
 * time.
 *
 * (Greedy by size, Pisarchyk & Lee, arXiv:2001.03288.) For the stack-like lifetimes of a training step it comes within
 * a few percent of the largest sum of living slots, which no layout can beat. Offsets are multiples of 64 bytes. */
#include "engine/schedule.h"

#include "base/alloc.h"

#include <stdint.h>
#include <stdlib.h>

typedef struct placing {
    assay_slot *slot;
    size_t index;
} placing;

static assay_status round_up(size_t bytes, size_t *out, assay_error *err)
{
    if (!assay_add_size(bytes, 63, out))
        return assay_error_set(err, ASSAY_E_NO_FIT, "a step's memory overflows the address space");
    *out &= ~(size_t)63;
    return ASSAY_OK;
}

static assay_status value_bytes(assay_slot *slot, const assay_bounds *bounds, assay_error *err)
{
    size_t bytes;
    if (!assay_mul_size(bounds->rows[slot->space], slot->cols, &bytes) ||
        !assay_mul_size(bytes, slot->bf16 ? sizeof(uint16_t) : sizeof(float), &bytes))
        return assay_error_set(err, ASSAY_E_NO_FIT, "a value of %zu rows and %zu columns overflows the address space",
                               bounds->rows[slot->space], slot->cols);
    return round_up(bytes, &slot->bytes, err);
}

static assay_status size_slots(assay_schedule *schedule, const assay_program *program, const assay_bounds *bounds,
                               int workers, const bool *wants, assay_error *err)
{
    for (size_t i = 0; i < schedule->slot_count; i++)
        if (schedule->slots[i].cols) ASSAY_TRY(value_bytes(&schedule->slots[i], bounds, err));
    for (size_t i = 0; i < schedule->instance_count; i++) {
        const assay_instance *instance = &schedule->instances[i];
        const assay_step *step = &program->steps[instance->step];
        assay_op_shape shape;
        if (instance->workspace < 0) continue;
        assay_program_shape(program, step, wants, &shape);
        size_t bytes = step->op->workspace(&shape, bounds, workers, instance->action == ASSAY_BACKWARD);
        ASSAY_TRY(round_up(bytes, &schedule->slots[instance->workspace].bytes, err));
    }
    return ASSAY_OK;
}

static assay_status size_all(assay_schedule *schedule, const assay_program *program, const assay_bounds *bounds,
                             int workers, assay_error *err)
{
    bool *wants = assay_alloc(program->value_count, sizeof *wants);
    ASSAY_TRY_ALLOC(wants, "a layout", err);
    assay_program_wants(program, wants);
    assay_status status = size_slots(schedule, program, bounds, workers, wants, err);
    assay_free(wants);
    return status;
}

assay_status assay_schedule_lower_bound(assay_schedule *schedule, const assay_program *program,
                                        const assay_bounds *bounds, int workers, size_t *bytes, assay_error *err)
{
    size_t living = 0;
    ASSAY_TRY(size_all(schedule, program, bounds, workers, err));
    size_t *born = assay_alloc(2 * (schedule->instance_count + 1), sizeof *born),
           *gone = born + schedule->instance_count + 1;
    ASSAY_TRY_ALLOC(born, "a layout", err);
    for (size_t i = 0; i < schedule->slot_count; i++) {
        born[schedule->slots[i].first] += schedule->slots[i].bytes;
        gone[schedule->slots[i].last] += schedule->slots[i].bytes;
    }
    *bytes = 0;
    for (size_t i = 0; i < schedule->instance_count; i++) {
        living += born[i];
        if (living > *bytes) *bytes = living;
        living -= gone[i];
    }
    assay_free(born);
    return ASSAY_OK;
}

static int larger_first(const void *a, const void *b)
{
    const placing *x = a, *y = b;
    if (x->slot->bytes != y->slot->bytes) return x->slot->bytes < y->slot->bytes ? 1 : -1;
    return x->index > y->index ? 1 : -1;
}

static bool meet(const assay_slot *a, const assay_slot *b) { return a->first <= b->last && b->first <= a->last; }

/* `placed` is sorted by offset: the first gap that is long enough. */
static size_t find_place(const assay_slot *slot, assay_slot *const *placed, size_t count)
{
    size_t place = 0;
    for (size_t i = 0; i < count; i++) {
        if (!meet(slot, placed[i])) continue;
        if (placed[i]->offset >= place + slot->bytes) break;
        size_t end = placed[i]->offset + placed[i]->bytes;
        place = end > place ? end : place;
    }
    return place;
}

static void insert_by_offset(assay_slot **placed, size_t count, assay_slot *slot)
{
    size_t at = count;
    while (at > 0 && placed[at - 1]->offset > slot->offset) {
        placed[at] = placed[at - 1];
        at--;
    }
    placed[at] = slot;
}

static size_t place_all(placing *order, size_t count, assay_slot **placed)
{
    size_t arena = 0, done = 0;
    for (size_t i = 0; i < count; i++) {
        assay_slot *slot = order[i].slot;
        if (slot->bytes == 0) continue;
        slot->offset = find_place(slot, placed, done);
        insert_by_offset(placed, done++, slot);
        if (slot->offset + slot->bytes > arena) arena = slot->offset + slot->bytes;
    }
    return arena;
}

assay_status assay_schedule_layout(assay_schedule *schedule, const assay_program *program, const assay_bounds *bounds,
                                   int workers, size_t *arena, assay_error *err)
{
    placing *order = assay_alloc(schedule->slot_count, sizeof *order);
    assay_slot **placed = assay_alloc(schedule->slot_count, sizeof(assay_slot *));
    assay_status status = order && placed ? size_all(schedule, program, bounds, workers, err)
                                          : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a layout");
    if (status == ASSAY_OK) {
        for (size_t i = 0; i < schedule->slot_count; i++) order[i] = (placing){&schedule->slots[i], i};
        qsort(order, schedule->slot_count, sizeof *order, larger_first);
        *arena = place_all(order, schedule->slot_count, placed);
    }
    assay_free(order);
    assay_free(placed);
    return status;
}
