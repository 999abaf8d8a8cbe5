/* Building a schedule: decide what is kept, walk forward, walk backward and replay what is missing. */
#include "engine/schedule.h"

#include "base/alloc.h"

#include <string.h>

enum { MAX_RANGES = 16 };

/* Which columns of a value's gradient have been written so far. Ranges are equal or disjoint (the program was
 * verified), so a list of starting columns says it all. */
typedef struct written {
    size_t starts[MAX_RANGES];
    int count;
    bool all;
} written;

typedef struct builder {
    const assay_program *program;
    const assay_schedule_options *options;
    assay_schedule *schedule;
    bool *wants, *kept, *crosses;
    int *readers;     /* how many operands read each value */
    int *slot_of;     /* where each value is now; -1: nowhere */
    int *gradient_of; /* likewise for gradients */
    written *written;
    assay_error *err;
} builder;

static bool replayed_layer(const builder *b, int layer) { return layer >= 0 && layer < b->options->replayed; }

static bool may_keep(const builder *b, int value)
{
    const assay_value *v = &b->program->values[value];
    if (b->options->keep == ASSAY_KEEP_EVERYTHING) return true;
    if (b->program->steps[v->maker].op->pointwise) return false;
    return !replayed_layer(b, v->layer) || b->crosses[value];
}

static unsigned step_reads(const builder *b, const assay_step *step)
{
    assay_op_shape shape;
    if (!b->wants[step->out[0]] || !step->op->backward) return 0;
    assay_program_shape(b->program, step, b->wants, &shape);
    return step->op->reads(&shape);
}

static void find_readers(builder *b)
{
    for (size_t s = 0; s < b->program->step_count; s++) {
        const assay_step *step = &b->program->steps[s];
        for (int i = 0; i < step->inputs; i++) {
            b->readers[step->in[i].value]++;
            if (step->layer != b->program->values[step->in[i].value].layer) b->crosses[step->in[i].value] = true;
        }
    }
}

/* A value is needed if backward reads it, or if it is an input of a needed value that is not kept. Makers come before
 * readers, so one walk from the last step to the first settles it. */
static void decide_kept(builder *b, bool *needed)
{
    for (size_t s = b->program->step_count; s-- > 0;) {
        const assay_step *step = &b->program->steps[s];
        unsigned reads = b->options->backward ? step_reads(b, step) : 0;
        bool remake = false;
        for (int i = 0; i < step->outputs; i++) {
            needed[step->out[i]] |= (reads & ASSAY_READS_OUT(i)) != 0;
            remake = remake || (needed[step->out[i]] && !may_keep(b, step->out[i]));
        }
        for (int i = 0; i < step->inputs; i++) needed[step->in[i].value] |= remake || (reads & ASSAY_READS_IN(i));
    }
    for (size_t v = 0; v < b->program->value_count; v++) {
        bool observed = (b->options->observed && b->options->observed[v]) || (int)v == b->program->output;
        bool everything = b->options->backward && b->options->keep == ASSAY_KEEP_EVERYTHING;
        b->kept[v] = observed || everything || (needed[v] && may_keep(b, (int)v));
    }
}

static int new_slot(builder *b, const assay_slot *like, assay_status *status)
{
    assay_schedule *schedule = b->schedule;
    void *items = schedule->slots;
    *status = assay_grow(&items, &schedule->slot_capacity, schedule->slot_count + 1, sizeof *schedule->slots, b->err);
    if (*status != ASSAY_OK) return -1;
    schedule->slots = items;
    uint32_t now = (uint32_t)schedule->instance_count;
    schedule->slots[schedule->slot_count] = *like;
    schedule->slots[schedule->slot_count].first = schedule->slots[schedule->slot_count].last = now;
    return (int)schedule->slot_count++;
}

static int value_slot(builder *b, int value, bool gradient, assay_status *status)
{
    const assay_value *v = &b->program->values[value];
    assay_slot slot = {.cols = v->cols,
                       .space = v->space,
                       .value = value,
                       .gradient = gradient,
                       .bf16 = v->dtype == ASSAY_BF16 && !gradient};
    return new_slot(b, &slot, status);
}

/* Marks a slot as alive at the instance about to be emitted. */
static void use(builder *b, int slot)
{
    if (slot >= 0) b->schedule->slots[slot].last = (uint32_t)b->schedule->instance_count;
}

static assay_status emit(builder *b, const assay_instance *instance)
{
    assay_schedule *schedule = b->schedule;
    void *items = schedule->instances;
    ASSAY_TRY(assay_grow(&items, &schedule->instance_capacity, schedule->instance_count + 1,
                         sizeof *schedule->instances, b->err));
    schedule->instances = items;
    schedule->instances[schedule->instance_count++] = *instance;
    return ASSAY_OK;
}

static assay_instance blank_instance(assay_action action, int step)
{
    assay_instance instance = {.action = action, .step = step, .d_out = -1, .workspace = -1};
    for (int i = 0; i < ASSAY_MAX_INPUTS; i++) instance.in[i] = instance.d_in[i] = -1;
    for (int i = 0; i < ASSAY_MAX_OUTPUTS; i++) instance.out[i] = -1;
    return instance;
}

static assay_status add_workspace(builder *b, const assay_step *step, assay_instance *instance)
{
    assay_status status = ASSAY_OK;
    if (step->op->workspace) instance->workspace = new_slot(b, &(assay_slot){.value = -1}, &status);
    return status;
}

static bool works_in_place(const builder *b, const assay_step *step)
{
    const assay_operand *in = &step->in[0];
    if (step->inputs == 0 || b->program->values[in->value].dtype != b->program->values[step->out[0]].dtype)
        return false;
    return step->op->in_place && !b->kept[in->value] && b->readers[in->value] == 1 &&
           in->cols == b->program->values[in->value].cols;
}

/* Computes a step whose inputs all have slots, into fresh slots (or in place). */
static assay_status compute(builder *b, assay_action action, int index)
{
    const assay_step *step = &b->program->steps[index];
    assay_instance instance = blank_instance(action, index);
    assay_status status = ASSAY_OK;
    for (int i = 0; i < step->inputs; i++) {
        instance.in[i] = b->slot_of[step->in[i].value];
        use(b, instance.in[i]);
    }
    for (int i = 0; i < step->outputs && status == ASSAY_OK; i++) {
        bool shared = i == 0 && works_in_place(b, step);
        instance.out[i] = shared ? instance.in[0] : value_slot(b, step->out[i], false, &status);
        if (shared) b->slot_of[step->in[0].value] = -1;
        b->slot_of[step->out[i]] = instance.out[i];
    }
    ASSAY_TRY(status);
    ASSAY_TRY(add_workspace(b, step, &instance));
    return emit(b, &instance);
}

/* Values that are not kept are gone after the forward pass, wherever their slot happens to lie. */
static assay_status walk_forward(builder *b)
{
    for (size_t s = 0; s < b->program->step_count; s++) ASSAY_TRY(compute(b, ASSAY_FORWARD, (int)s));
    b->schedule->forward_count = b->schedule->instance_count;
    for (size_t v = 0; v < b->program->value_count; v++) {
        if (!b->kept[v]) b->slot_of[v] = -1;
        bool observed = (b->options->observed && b->options->observed[v]) || (int)v == b->program->output;
        if (observed && b->schedule->instance_count)
            b->schedule->slots[b->slot_of[v]].last = (uint32_t)b->schedule->instance_count - 1;
        b->schedule->value_slots[v] = b->slot_of[v];
    }
    return ASSAY_OK;
}

/* Makes sure a value has a slot, replaying the chain that leads to it. The chain's depth is that of one layer. */
static assay_status ensure(builder *b, int value)
{
    if (b->slot_of[value] >= 0) return ASSAY_OK;
    int maker = b->program->values[value].maker;
    const assay_step *step = &b->program->steps[maker];
    for (int i = 0; i < step->inputs; i++) ASSAY_TRY(ensure(b, step->in[i].value));
    return compute(b, ASSAY_REPLAY, maker);
}

static bool range_written(const written *w, size_t start)
{
    bool found = w->all;
    for (int i = 0; i < w->count; i++) found = found || w->starts[i] == start;
    return found;
}

/* Where the gradient of input i goes: the memory of d_out handed on, or a slot written for the first time, or one added
 * to. */
static assay_status place_gradient(builder *b, const assay_step *step, int i, assay_instance *instance)
{
    const assay_operand *in = &step->in[i];
    written *w = &b->written[in->value];
    bool whole = in->cols == b->program->values[in->value].cols;
    bool same_space = b->program->values[in->value].space == b->program->values[step->out[0]].space;
    assay_status status = ASSAY_OK;
    if (step->op->passes_gradient == i && b->gradient_of[in->value] < 0 && whole && same_space) {
        b->gradient_of[in->value] = instance->d_out;
        w->all = true;
    } else {
        if (b->gradient_of[in->value] < 0) b->gradient_of[in->value] = value_slot(b, in->value, true, &status);
        instance->add[i] = range_written(w, in->col);
        if (!instance->add[i] && w->count < MAX_RANGES) w->starts[w->count++] = in->col;
    }
    instance->d_in[i] = b->gradient_of[in->value];
    return status;
}

static assay_status differentiate(builder *b, int index)
{
    const assay_step *step = &b->program->steps[index];
    unsigned reads = step_reads(b, step);
    assay_instance instance = blank_instance(ASSAY_BACKWARD, index);
    for (int i = 0; i < step->inputs; i++)
        if (reads & ASSAY_READS_IN(i)) ASSAY_TRY(ensure(b, step->in[i].value));
    for (int i = 0; i < step->outputs; i++)
        if (reads & ASSAY_READS_OUT(i)) ASSAY_TRY(ensure(b, step->out[i]));
    for (int i = 0; i < step->inputs; i++)
        if (reads & ASSAY_READS_IN(i)) use(b, instance.in[i] = b->slot_of[step->in[i].value]);
    for (int i = 0; i < step->outputs; i++)
        if (reads & ASSAY_READS_OUT(i)) use(b, instance.out[i] = b->slot_of[step->out[i]]);
    use(b, instance.d_out = b->gradient_of[step->out[0]]);
    for (int i = 0; i < step->inputs; i++) {
        if (!b->wants[step->in[i].value]) continue;
        ASSAY_TRY(place_gradient(b, step, i, &instance));
        use(b, instance.d_in[i]);
    }
    ASSAY_TRY(add_workspace(b, step, &instance));
    return emit(b, &instance);
}

static assay_status walk_backward(builder *b)
{
    assay_status status;
    int output = b->program->output;
    b->schedule->seed_slot = b->gradient_of[output] = value_slot(b, output, true, &status);
    ASSAY_TRY(status);
    use(b, b->slot_of[output]);
    for (size_t s = b->program->step_count; s-- > 0;) {
        const assay_step *step = &b->program->steps[s];
        bool differentiable = step->op->backward && b->wants[step->out[0]] && b->gradient_of[step->out[0]] >= 0;
        if (differentiable) ASSAY_TRY(differentiate(b, (int)s));
    }
    return ASSAY_OK;
}

static assay_status build(builder *b)
{
    size_t values = b->program->value_count;
    bool *needed = assay_alloc(values, sizeof *needed);
    ASSAY_TRY_ALLOC(needed, "a schedule", b->err);
    for (size_t v = 0; v < values; v++) b->slot_of[v] = b->gradient_of[v] = -1;
    assay_program_wants(b->program, b->wants);
    find_readers(b);
    decide_kept(b, needed);
    assay_free(needed);
    ASSAY_TRY(walk_forward(b));
    b->schedule->seed_slot = -1;
    return b->options->backward ? walk_backward(b) : ASSAY_OK;
}

static assay_status allocate(builder *b)
{
    size_t values = b->program->value_count;
    b->wants = assay_alloc(values, sizeof *b->wants);
    b->kept = assay_alloc(values, sizeof *b->kept);
    b->crosses = assay_alloc(values, sizeof *b->crosses);
    b->readers = assay_alloc(values, sizeof *b->readers);
    b->slot_of = assay_alloc(values, sizeof *b->slot_of);
    b->gradient_of = assay_alloc(values, sizeof *b->gradient_of);
    b->written = assay_alloc(values, sizeof *b->written);
    b->schedule->value_slots = assay_alloc(values, sizeof *b->schedule->value_slots);
    bool all = b->wants && b->kept && b->crosses && b->readers && b->slot_of && b->gradient_of && b->written &&
               b->schedule->value_slots;
    return all ? ASSAY_OK : assay_error_set(b->err, ASSAY_E_MEMORY, "out of memory for a schedule");
}

assay_status assay_schedule_create(assay_schedule **out, const assay_program *program,
                                   const assay_schedule_options *options, assay_error *err)
{
    builder b = {.program = program, .options = options, .schedule = assay_alloc(1, sizeof **out), .err = err};
    *out = NULL;
    ASSAY_TRY_ALLOC(b.schedule, "a schedule", err);
    assay_status status = allocate(&b);
    if (status == ASSAY_OK) status = build(&b);
    assay_free(b.wants);
    assay_free(b.kept);
    assay_free(b.crosses);
    assay_free(b.readers);
    assay_free(b.slot_of);
    assay_free(b.gradient_of);
    assay_free(b.written);
    if (status != ASSAY_OK) {
        assay_schedule_free(b.schedule);
        return status;
    }
    *out = b.schedule;
    return ASSAY_OK;
}

void assay_schedule_free(assay_schedule *schedule)
{
    if (!schedule) return;
    assay_free(schedule->instances);
    assay_free(schedule->slots);
    assay_free(schedule->value_slots);
    assay_free(schedule);
}

double assay_schedule_flops(const assay_schedule *schedule, const assay_program *program,
                            const double rows[ASSAY_SPACES], double context)
{
    double total = 0;
    bool *wants = assay_alloc(program->value_count, sizeof *wants);
    if (!wants) return 0;
    assay_program_wants(program, wants);
    for (size_t i = 0; i < schedule->instance_count; i++) {
        const assay_step *step = &program->steps[schedule->instances[i].step];
        assay_op_shape shape;
        assay_program_shape(program, step, wants, &shape);
        if (step->op->flops)
            total += step->op->flops(&shape, rows, context, schedule->instances[i].action == ASSAY_BACKWARD);
    }
    assay_free(wants);
    return total;
}
