/* Placing slots in the arena: largest first, each at the lowest place where it touches no slot that lives at the same
 * time.
 *
 * (Greedy by size, Pisarchyk & Lee, arXiv:2001.03288.) For the stack-like lifetimes of a training step it comes within
 * a few percent of the largest sum of living slots, which no layout can beat. Offsets are multiples of 64 bytes. */
#include "engine/layout.h"

#include "base/alloc.h"
#include "base/sizes.h"
#include "engine/placing.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct ordered {
    assay_slot *slot;
    size_t index;
} ordered;

static assay_status round_up(size_t bytes, size_t *out, assay_error *err)
{
    if (!assay_add_size(bytes, 63, out))
        return assay_error_set(err, ASSAY_E_NO_FIT, "a step's memory overflows the address space");
    *out &= ~(size_t)63;
    return ASSAY_OK;
}

static assay_status value_bytes(const assay_value *value, size_t rows, size_t element, size_t *out, assay_error *err)
{
    size_t bytes;
    if (!assay_mul_size(rows, value->cols, &bytes) || !assay_mul_size(bytes, element, &bytes))
        return assay_error_set(err, ASSAY_E_NO_FIT, "a value of %zu rows and %zu columns overflows the address space",
                               rows, value->cols);
    return round_up(bytes, out, err);
}

/* Where a slot's bytes stand in the table. */
static size_t row_of(const assay_slot_sizes *sizes, const assay_slot *slot)
{
    size_t groups = 2 * (sizes->values + sizes->steps);
    if (slot->weights) return groups + (size_t)(slot->owner - ASSAY_STREAM_ROWS);
    if (slot->of_param) return groups + sizes->groups + (size_t)slot->owner;
    size_t pair = slot->owner >= 0 ? (size_t)slot->owner : sizes->values + (size_t)ASSAY_WORKSPACE_OF(slot->owner);
    return 2 * pair + slot->gradient;
}

static assay_status size_values(assay_slot_sizes *sizes, const assay_program *program, const assay_bounds *bounds,
                                size_t lane, bool backward, assay_error *err)
{
    for (size_t v = 0; v < program->value_count; v++) {
        const assay_value *value = &program->values[v];
        size_t rows = bounds->rows[value->space],
               element = value->dtype == ASSAY_BF16 ? sizeof(uint16_t) : sizeof(float);
        ASSAY_TRY(value_bytes(value, rows, element, &sizes->bytes[2 * v][lane], err));
        if (backward) ASSAY_TRY(value_bytes(value, rows, sizeof(float), &sizes->bytes[2 * v + 1][lane], err));
    }
    return ASSAY_OK;
}

/* What sizing the workspaces needs besides. */
typedef struct shapes {
    bool *wants;
    assay_param_shape *room;
} shapes;

static assay_status size_workspaces(assay_slot_sizes *sizes, const assay_layout_subject *subject,
                                    const assay_bounds *bounds, const shapes *with, assay_error *err)
{
    const assay_program *program = subject->program;
    for (size_t s = 0; s < program->step_count; s++) {
        const assay_step *step = &program->steps[s];
        size_t(*row)[ASSAY_SIZE_LANES] = &sizes->bytes[2 * (program->value_count + s)];
        assay_op_shape shape;
        if (!step->op->workspace) continue;
        assay_program_shape(program, step, with->wants, &shape, with->room);
        for (size_t lane = 0; lane < sizes->lanes; lane++) {
            size_t bytes = step->op->workspace(&shape, &bounds[lane], subject->workers, false);
            ASSAY_TRY(round_up(bytes, &row[0][lane], err));
            bytes = subject->backward ? step->op->workspace(&shape, &bounds[lane], subject->workers, true) : 0;
            ASSAY_TRY(round_up(bytes, &row[1][lane], err));
        }
    }
    return ASSAY_OK;
}

/* Rows by token first, then the layers. */
static assay_status size_weights(assay_slot_sizes *sizes, const assay_stream_list *stream, const assay_bounds *bounds,
                                 size_t lane, assay_error *err)
{
    size_t(*row)[ASSAY_SIZE_LANES] = &sizes->bytes[2 * (sizes->values + sizes->steps)];
    ASSAY_TRY(round_up(assay_stream_rows_held(stream, bounds->rows[ASSAY_TOKENS]), &row[0][lane], err));
    for (int i = 0; i < stream->layer_count; i++) ASSAY_TRY(round_up(stream->layers[i].bytes, &row[1 + i][lane], err));
    return ASSAY_OK;
}

static assay_status size_gradients(assay_slot_sizes *sizes, const assay_program *program, size_t lane, assay_error *err)
{
    size_t(*row)[ASSAY_SIZE_LANES] = &sizes->bytes[2 * (sizes->values + sizes->steps) + sizes->groups];
    for (size_t i = 0; i < program->param_count; i++) {
        const assay_value whole = {.cols = program->params[i].cols};
        ASSAY_TRY(value_bytes(&whole, program->params[i].rows, sizeof(float), &row[i][lane], err));
    }
    return ASSAY_OK;
}

static assay_status fill(assay_slot_sizes *sizes, const assay_layout_subject *subject, const assay_bounds *bounds,
                         assay_error *err)
{
    const assay_program *program = subject->program;
    const shapes with = {.wants = assay_alloc(program->value_count, sizeof(bool)), .room = assay_program_room(program)};
    assay_status status =
        with.wants && with.room ? ASSAY_OK : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a layout");
    if (status == ASSAY_OK) {
        assay_program_wants(program, with.wants);
        status = size_workspaces(sizes, subject, bounds, &with, err);
    }
    for (size_t lane = 0; lane < sizes->lanes && status == ASSAY_OK; lane++) {
        status = size_values(sizes, program, &bounds[lane], lane, subject->backward, err);
        if (status == ASSAY_OK && subject->stream)
            status = size_weights(sizes, subject->stream, &bounds[lane], lane, err);
        if (status == ASSAY_OK && subject->early) status = size_gradients(sizes, program, lane, err);
    }
    assay_free(with.wants);
    assay_free(with.room);
    return status;
}

assay_status assay_slot_sizes_create(assay_slot_sizes *out, const assay_layout_subject *subject,
                                     const assay_bounds *bounds, size_t lanes, assay_error *err)
{
    const assay_program *program = subject->program;
    size_t groups = subject->stream ? (size_t)subject->stream->layer_count + 1 : 0;
    *out = (assay_slot_sizes){
        .values = program->value_count, .steps = program->step_count, .groups = groups, .lanes = lanes};
    size_t params = subject->early ? program->param_count : 0;
    out->bytes = assay_alloc(2 * (out->values + out->steps) + groups + params, sizeof *out->bytes);
    ASSAY_TRY_ALLOC(out->bytes, "a layout", err);
    assay_status status = fill(out, subject, bounds, err);
    if (status != ASSAY_OK) assay_slot_sizes_free(out);
    return status;
}

size_t assay_slot_sizes_weights(const assay_slot_sizes *sizes, size_t lane)
{
    size_t(*group)[ASSAY_SIZE_LANES] = &sizes->bytes[2 * (sizes->values + sizes->steps)], first = 0, second = 0;
    for (size_t i = 1; i < sizes->groups; i++) {
        second = assay_larger(second, assay_smaller(first, group[i][lane]));
        first = assay_larger(first, group[i][lane]);
    }
    return sizes->groups ? group[0][lane] + first + second : 0;
}

void assay_slot_sizes_free(assay_slot_sizes *sizes)
{
    assay_free(sizes->bytes);
    *sizes = (assay_slot_sizes){0};
}

/* Slots that end with the same instance: a chain through `next`, -1 ends it. */
typedef struct endings {
    int32_t *head, *next;
} endings;

static void chain(const assay_schedule *schedule, endings *e)
{
    memset(e->head, 0xff, schedule->instance_count * sizeof *e->head);
    for (size_t i = 0; i < schedule->slot_count; i++) {
        e->next[i] = e->head[schedule->slots[i].last];
        e->head[schedule->slots[i].last] = (int32_t)i;
    }
}

/* Slots stand in the order in which they are born, so one walk over the instances meets them all. */
static void find_largest_sums(const assay_schedule *schedule, const assay_slot_sizes *sizes, const endings *e,
                              size_t least[ASSAY_SIZE_LANES])
{
    size_t living[ASSAY_SIZE_LANES] = {0}, born = 0;
    memset(least, 0, ASSAY_SIZE_LANES * sizeof *least);
    for (size_t now = 0; now < schedule->instance_count; now++) {
        for (; born < schedule->slot_count && schedule->slots[born].first == now; born++)
            for (size_t k = 0; k < ASSAY_SIZE_LANES; k++)
                living[k] += sizes->bytes[row_of(sizes, &schedule->slots[born])][k];
        for (size_t k = 0; k < ASSAY_SIZE_LANES; k++) least[k] = living[k] > least[k] ? living[k] : least[k];
        for (int32_t i = e->head[now]; i >= 0; i = e->next[i])
            for (size_t k = 0; k < ASSAY_SIZE_LANES; k++)
                living[k] -= sizes->bytes[row_of(sizes, &schedule->slots[i])][k];
    }
}

assay_status assay_schedule_lower_bounds(const assay_schedule *schedule, const assay_slot_sizes *sizes,
                                         size_t least[ASSAY_SIZE_LANES], assay_error *err)
{
    endings e = {.head = assay_alloc(schedule->instance_count + schedule->slot_count, sizeof *e.head)};
    ASSAY_TRY_ALLOC(e.head, "a layout", err);
    e.next = e.head + schedule->instance_count;
    chain(schedule, &e);
    find_largest_sums(schedule, sizes, &e, least);
    assay_free(e.head);
    return ASSAY_OK;
}

static int larger_first(const void *a, const void *b)
{
    const ordered *x = a, *y = b;
    if (x->slot->bytes != y->slot->bytes) return x->slot->bytes < y->slot->bytes ? 1 : -1;
    return x->index > y->index ? 1 : -1;
}

static assay_status place_all(const ordered *order, size_t count, size_t instances, size_t *arena, assay_error *err)
{
    assay_placing *placing;
    ASSAY_TRY(assay_placing_create(&placing, instances, err));
    assay_status status = ASSAY_OK;
    *arena = 0;
    for (size_t i = 0; i < count && status == ASSAY_OK; i++) {
        assay_slot *slot = order[i].slot;
        if (slot->bytes == 0) continue;
        status = assay_placing_take(placing, slot->first, slot->last, slot->bytes, &slot->offset, err);
        if (status == ASSAY_OK && slot->offset + slot->bytes > *arena) *arena = slot->offset + slot->bytes;
    }
    assay_placing_free(placing);
    return status;
}

assay_status assay_schedule_layout(assay_schedule *schedule, const assay_slot_sizes *sizes, size_t lane, size_t *arena,
                                   assay_error *err)
{
    ordered *order = assay_alloc(schedule->slot_count, sizeof *order);
    ASSAY_TRY_ALLOC(order, "a layout", err);
    for (size_t i = 0; i < schedule->slot_count; i++) {
        assay_slot *slot = &schedule->slots[i];
        slot->bytes = sizes->bytes[row_of(sizes, slot)][lane];
        order[i] = (ordered){slot, i};
    }
    qsort(order, schedule->slot_count, sizeof *order, larger_first);
    assay_status status = place_all(order, schedule->slot_count, schedule->instance_count, arena, err);
    assay_free(order);
    return status;
}

size_t assay_schedule_spilled(const assay_schedule *schedule, const assay_slot_sizes *sizes, size_t lane)
{
    size_t bytes = 0;
    for (size_t i = 0; i < schedule->slot_count; i++) {
        const assay_slot *slot = &schedule->slots[i];
        size_t most = slot->spilled ? sizes->bytes[row_of(sizes, slot)][lane] : 0;
        if (!assay_add_size(bytes, most, &bytes)) return SIZE_MAX;
    }
    return bytes;
}
