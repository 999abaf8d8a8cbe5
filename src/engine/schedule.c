/* Building a schedule: decide what is kept, walk forward, walk backward and replay what is missing. */
#include "engine/schedule.h"

#include "base/alloc.h"
#include "engine/schedule_facts.h"

#include <string.h>

/* Where a value and its gradient are now (-1: nowhere). */
typedef struct whereabouts {
    int slot, gradient;
    bool whole; /* the gradient was handed on, all columns */
    bool needed, kept;
    bool spilled; /* kept, but in the file */
} whereabouts;

struct assay_scheduler {
    assay_schedule_facts facts;
    whereabouts *values;
    bool *written; /* of a gradient's column ranges */
    int *weights;  /* of each group of streamed weights: its slot, -1: it is not there */
    int at_layer;  /* where the walk is */
    int near[2];   /* that layer and the one that comes next: no others are there */
    /* Of the schedule that is being made. */
    const assay_schedule_options *options;
    assay_schedule *schedule;
    assay_error *err;
};

typedef assay_scheduler builder;

static bool may_keep(const builder *b, int value)
{
    const assay_value_fact *v = &b->facts.values[value];
    if (b->options->keep == ASSAY_KEEP_EVERYTHING) return true;
    if (v->pointwise) return false;
    return v->layer < 0 || v->layer >= b->options->replayed || v->crosses;
}

static bool is_observed(const builder *b, size_t value)
{
    return (b->options->observed && b->options->observed[value]) || (int)value == b->facts.output;
}

/* Without a word of `kept`, which a value that goes to the file is, too: it is not computed again, and nobody works in
 * its memory. */
static bool goes_to_file(const builder *b, size_t value)
{
    int layer = b->facts.values[value].layer, first = b->options->replayed;
    return layer >= 0 && layer >= first && layer < first + b->options->spilled && !is_observed(b, value);
}

/* A value is needed if backward reads it, or if it is an input of a needed value that is not kept. Makers come before
 * readers, so one walk from the last step to the first settles it. */
static void decide_kept(builder *b)
{
    for (size_t s = b->facts.step_count; s-- > 0;) {
        const assay_step_fact *step = &b->facts.steps[s];
        unsigned reads = b->options->backward ? step->reads : 0;
        bool remake = false;
        for (int i = 0; i < step->outputs; i++) {
            whereabouts *out = &b->values[step->out[i]];
            out->needed = out->needed || (reads & ASSAY_READS_OUT(i));
            remake = remake || (out->needed && !may_keep(b, step->out[i]));
        }
        for (int i = 0; i < step->inputs; i++)
            if (remake || (reads & ASSAY_READS_IN(i))) b->values[step->in[i].value].needed = true;
    }
    bool everything = b->options->backward && b->options->keep == ASSAY_KEEP_EVERYTHING;
    for (size_t v = 0; v < b->facts.value_count; v++) {
        b->values[v].kept = is_observed(b, v) || everything || (b->values[v].needed && may_keep(b, (int)v));
        b->values[v].spilled = b->values[v].kept && b->options->backward && !everything && goes_to_file(b, v);
    }
}

static int new_slot(builder *b, int owner, bool gradient, assay_status *status)
{
    assay_schedule *schedule = b->schedule;
    *status = assay_grow(&schedule->slots, &schedule->slot_capacity, schedule->slot_count + 1, sizeof *schedule->slots,
                         b->err);
    if (*status != ASSAY_OK) return -1;
    uint32_t now = (uint32_t)schedule->instance_count;
    schedule->slots[schedule->slot_count] =
        (assay_slot){.first = now, .last = now, .owner = owner, .gradient = gradient};
    return (int)schedule->slot_count++;
}

/* Marks a slot as alive at the instance about to be emitted. */
static void use(builder *b, int slot)
{
    if (slot >= 0) b->schedule->slots[slot].last = (uint32_t)b->schedule->instance_count;
}

static assay_status emit(builder *b, const assay_instance *instance)
{
    assay_schedule *schedule = b->schedule;
    bool computes = instance->action <= ASSAY_BACKWARD;
    if (computes && b->facts.flops)
        schedule->flops += b->facts.flops[2 * instance->step + (instance->action == ASSAY_BACKWARD)];
    if (!b->options->outline) {
        ASSAY_TRY(assay_grow(&schedule->instances, &schedule->instance_capacity, schedule->instance_count + 1,
                             sizeof *schedule->instances, b->err));
        schedule->instances[schedule->instance_count] = *instance;
    }
    schedule->instance_count++;
    return ASSAY_OK;
}

static assay_instance blank_instance(assay_action action, int step)
{
    assay_instance instance = {.action = action,
                               .step = step,
                               .value = -1,
                               .param = -1,
                               .group = ASSAY_STREAM_NOT,
                               .d_out = -1,
                               .workspace = -1,
                               .weights = -1};
    for (int i = 0; i < ASSAY_MAX_INPUTS; i++) instance.in[i] = instance.d_in[i] = -1;
    for (int i = 0; i < ASSAY_MAX_OUTPUTS; i++) instance.out[i] = -1;
    return instance;
}

static assay_status add_workspace(builder *b, assay_instance *instance)
{
    assay_status status = ASSAY_OK;
    if (b->facts.steps[instance->step].workspace)
        instance->workspace =
            new_slot(b, ASSAY_WORKSPACE_OF(instance->step), instance->action == ASSAY_BACKWARD, &status);
    return status;
}

/* ---- streamed weights ---- */

static int *weights_of(builder *b, int group) { return &b->weights[group - ASSAY_STREAM_NOT]; }

static assay_status load(builder *b, int group)
{
    if (*weights_of(b, group) >= 0) return ASSAY_OK;
    assay_instance instance = blank_instance(ASSAY_LOAD, -1);
    assay_status status = ASSAY_OK;
    instance.group = group;
    instance.weights = *weights_of(b, group) = new_slot(b, group, false, &status);
    ASSAY_TRY(status);
    b->schedule->slots[instance.weights].weights = true;
    if (group >= 0) b->schedule->read += b->facts.stream->layers[group].read;
    return emit(b, &instance);
}

static bool is_streamed(const builder *b, int layer)
{
    return layer >= 0 && layer < b->facts.stream->layer_count && b->facts.stream->layers[layer].bytes > 0;
}

/* The walk comes to a layer: its weights, and those of the one behind it, begin to come. In the forward pass the
 * topmost two stay where they are. */
static assay_status turn_to(builder *b, int layer, bool backward)
{
    if (!b->facts.stream || layer == b->at_layer) return ASSAY_OK;
    int step = backward ? -1 : 1, next = layer + step, layers = b->facts.stream->layer_count;
    b->at_layer = layer;
    if (is_streamed(b, layer) && (!backward || b->facts.comes_back[layer])) ASSAY_TRY(load(b, layer));
    while (next >= 0 && next < layers && !(backward ? b->facts.comes_back[next] : is_streamed(b, next))) next += step;
    if (next < 0 || next >= layers) return ASSAY_OK;
    for (int i = 0; i < 2; i++)
        if (b->near[i] != layer && b->near[i] != next) *weights_of(b, b->near[i]) = -1;
    b->near[0] = layer;
    b->near[1] = next;
    return load(b, next);
}

/* The weights that an instance reads, which come now if nobody asked for them before. */
static assay_status add_weights(builder *b, assay_instance *instance)
{
    instance->group = b->facts.steps[instance->step].group;
    ASSAY_TRY(load(b, instance->group));
    instance->weights = *weights_of(b, instance->group);
    use(b, instance->weights);
    return ASSAY_OK;
}

/* Computes a step whose inputs all have slots, into fresh slots (or in place). */
static assay_status compute(builder *b, assay_action action, int index)
{
    const assay_step_fact *step = &b->facts.steps[index];
    assay_instance instance = blank_instance(action, index);
    assay_status status = ASSAY_OK;
    if (step->group != ASSAY_STREAM_NOT) ASSAY_TRY(add_weights(b, &instance));
    for (int i = 0; i < step->inputs; i++) {
        instance.in[i] = b->values[step->in[i].value].slot;
        use(b, instance.in[i]);
    }
    for (int i = 0; i < step->outputs && status == ASSAY_OK; i++) {
        bool shared = i == 0 && step->in_place && !b->values[step->in[0].value].kept;
        instance.out[i] = shared ? instance.in[0] : new_slot(b, step->out[i], false, &status);
        if (shared) b->values[step->in[0].value].slot = -1;
        b->values[step->out[i]].slot = instance.out[i];
    }
    ASSAY_TRY(status);
    ASSAY_TRY(add_workspace(b, &instance));
    return emit(b, &instance);
}

/* ---- spilled values ---- */

static assay_status spill(builder *b, int index)
{
    const assay_step_fact *step = &b->facts.steps[index];
    for (int i = 0; i < step->outputs; i++) {
        const whereabouts *value = &b->values[step->out[i]];
        if (!value->spilled) continue;
        assay_instance instance = blank_instance(ASSAY_SPILL, index);
        instance.value = step->out[i];
        instance.in[0] = value->slot;
        b->schedule->slots[value->slot].spilled = true;
        use(b, value->slot);
        ASSAY_TRY(emit(b, &instance));
    }
    return ASSAY_OK;
}

static assay_status fetch(builder *b, int value)
{
    assay_instance instance = blank_instance(ASSAY_FETCH, b->facts.values[value].maker);
    assay_status status = ASSAY_OK;
    instance.value = value;
    instance.out[0] = b->values[value].slot = new_slot(b, value, false, &status);
    ASSAY_TRY(status);
    return emit(b, &instance);
}

/* ---- gradients of weights ---- */

/* Those of a step that is about to be differentiated have slots from here on. */
static assay_status clear_gradients(builder *b, const assay_step_fact *step)
{
    for (int i = 0; i < step->params; i++) {
        int *slot = &b->schedule->param_slots[step->param[i]];
        assay_instance instance = blank_instance(ASSAY_CLEAR, -1);
        assay_status status = ASSAY_OK;
        if (b->facts.last_added[step->param[i]] == ASSAY_ADDED_FROZEN || *slot >= 0) continue;
        instance.param = step->param[i];
        *slot = new_slot(b, instance.param, true, &status);
        ASSAY_TRY(status);
        b->schedule->slots[*slot].of_param = true;
        ASSAY_TRY(emit(b, &instance));
    }
    return ASSAY_OK;
}

static void use_gradients(builder *b, const assay_step_fact *step)
{
    for (int i = 0; i < step->params; i++) use(b, b->schedule->param_slots[step->param[i]]);
}

static assay_status give(builder *b, int param)
{
    assay_instance instance = blank_instance(ASSAY_GIVE, -1);
    instance.param = param;
    use(b, b->schedule->param_slots[param]);
    return emit(b, &instance);
}

/* Behind a step: those to which no other adds. */
static assay_status give_gradients(builder *b, int index)
{
    const assay_step_fact *step = &b->facts.steps[index];
    for (int i = 0; i < step->params; i++) {
        int param = step->param[i], before = 0;
        while (step->param[before] != param) before++;
        if (b->facts.last_added[param] == index && before == i) ASSAY_TRY(give(b, param));
    }
    return ASSAY_OK;
}

/* Behind all: those to which nothing was added. */
static assay_status give_zeros(builder *b)
{
    for (size_t i = 0; i < b->facts.param_count; i++) {
        const int param = (int)i;
        const assay_step_fact alone = {.param = &param, .params = 1};
        if (b->facts.last_added[i] != ASSAY_ADDED_NEVER) continue;
        ASSAY_TRY(clear_gradients(b, &alone));
        ASSAY_TRY(give(b, param));
    }
    return ASSAY_OK;
}

/* Values that are not kept are gone after the forward pass, wherever their slot happens to lie. */
static assay_status walk_forward(builder *b)
{
    assay_schedule *schedule = b->schedule;
    for (size_t s = 0; s < b->facts.step_count; s++) {
        const assay_step_fact *step = &b->facts.steps[s];
        if (step->group == ASSAY_STREAM_ROWS) ASSAY_TRY(load(b, step->group));
        ASSAY_TRY(turn_to(b, step->layer, false));
        ASSAY_TRY(compute(b, ASSAY_FORWARD, (int)s));
        if (b->options->spilled) ASSAY_TRY(spill(b, (int)s));
    }
    schedule->forward_count = schedule->instance_count;
    for (size_t v = 0; v < b->facts.value_count; v++) {
        if (!b->values[v].kept || b->values[v].spilled) b->values[v].slot = -1;
        if (is_observed(b, v) && schedule->instance_count)
            schedule->slots[b->values[v].slot].last = (uint32_t)schedule->instance_count - 1;
        schedule->value_slots[v] = b->values[v].slot;
    }
    return ASSAY_OK;
}

/* Makes sure a value has a slot, fetching it or replaying the chain that leads to it. The chain's depth is that of one
 * layer. */
static assay_status ensure(builder *b, int value)
{
    if (b->values[value].slot >= 0) return ASSAY_OK;
    if (b->values[value].spilled) return fetch(b, value);
    int maker = b->facts.values[value].maker;
    const assay_step_fact *step = &b->facts.steps[maker];
    for (int i = 0; i < step->inputs; i++) ASSAY_TRY(ensure(b, step->in[i].value));
    return compute(b, ASSAY_REPLAY, maker);
}

/* Where the gradient of input i goes: the memory of d_out handed on, or a slot written for the first time, or one added
 * to. */
static assay_status place_gradient(builder *b, const assay_operand_fact *in, int i, assay_instance *instance)
{
    whereabouts *value = &b->values[in->value];
    assay_status status = ASSAY_OK;
    if (in->hands_on && value->gradient < 0) {
        value->gradient = instance->d_out;
        value->whole = true;
    } else {
        if (value->gradient < 0) value->gradient = new_slot(b, in->value, true, &status);
        instance->add[i] = value->whole || b->written[in->range];
        b->written[in->range] = true;
    }
    instance->d_in[i] = value->gradient;
    return status;
}

static assay_status differentiate(builder *b, int index)
{
    const assay_step_fact *step = &b->facts.steps[index];
    unsigned reads = step->reads;
    assay_instance instance = blank_instance(ASSAY_BACKWARD, index);
    ASSAY_TRY(turn_to(b, step->layer, true));
    for (int i = 0; i < step->inputs; i++)
        if (reads & ASSAY_READS_IN(i)) ASSAY_TRY(ensure(b, step->in[i].value));
    for (int i = 0; i < step->outputs; i++)
        if (reads & ASSAY_READS_OUT(i)) ASSAY_TRY(ensure(b, step->out[i]));
    if (b->options->early) ASSAY_TRY(clear_gradients(b, step));
    for (int i = 0; i < step->inputs; i++)
        if (reads & ASSAY_READS_IN(i)) use(b, instance.in[i] = b->values[step->in[i].value].slot);
    for (int i = 0; i < step->outputs; i++)
        if (reads & ASSAY_READS_OUT(i)) use(b, instance.out[i] = b->values[step->out[i]].slot);
    if (step->weights_back) ASSAY_TRY(add_weights(b, &instance));
    if (b->options->early) use_gradients(b, step);
    use(b, instance.d_out = b->values[step->out[0]].gradient);
    for (int i = 0; i < step->inputs; i++) {
        if (!step->in[i].wanted) continue;
        ASSAY_TRY(place_gradient(b, &step->in[i], i, &instance));
        use(b, instance.d_in[i]);
    }
    ASSAY_TRY(add_workspace(b, &instance));
    ASSAY_TRY(emit(b, &instance));
    return b->options->early ? give_gradients(b, index) : ASSAY_OK;
}

/* A slice may have nothing trained, and nothing trained below it. */
static bool any_differentiated(const builder *b)
{
    bool any = false;
    for (size_t s = 0; s < b->facts.step_count; s++) any = any || b->facts.steps[s].backward;
    return any;
}

static assay_status walk_backward(builder *b)
{
    assay_status status;
    if (!any_differentiated(b)) return ASSAY_OK;
    whereabouts *output = &b->values[b->facts.output];
    b->schedule->seed_slot = output->gradient = new_slot(b, b->facts.output, true, &status);
    ASSAY_TRY(status);
    use(b, output->slot);
    for (size_t s = b->facts.step_count; s-- > 0;) {
        const assay_step_fact *step = &b->facts.steps[s];
        if (step->backward && b->values[step->out[0]].gradient >= 0) ASSAY_TRY(differentiate(b, (int)s));
    }
    return b->options->early ? give_zeros(b) : ASSAY_OK;
}

/* Memory of the schedule made before stays. */
static assay_status begin(builder *b)
{
    assay_schedule *schedule = b->schedule;
    schedule->instance_count = schedule->slot_count = schedule->forward_count = 0;
    schedule->flops = 0;
    schedule->read = 0;
    b->at_layer = ASSAY_STREAM_NOT;
    b->near[0] = b->near[1] = ASSAY_STREAM_NOT;
    for (size_t g = 0; g < b->facts.groups; g++) b->weights[g] = -1;
    schedule->seed_slot = -1;
    for (size_t v = 0; v < b->facts.value_count; v++) b->values[v] = (whereabouts){.slot = -1, .gradient = -1};
    memset(b->written, 0, b->facts.range_count * sizeof *b->written);
    bool early = b->options->early;
    if (!schedule->value_slots)
        schedule->value_slots = assay_alloc(b->facts.value_count, sizeof *schedule->value_slots);
    if (early && !schedule->param_slots)
        schedule->param_slots = assay_alloc(b->facts.param_count, sizeof *schedule->param_slots);
    if (!schedule->value_slots || (early && !schedule->param_slots))
        return assay_error_set(b->err, ASSAY_E_MEMORY, "out of memory for a schedule");
    for (size_t i = 0; early && i < b->facts.param_count; i++) schedule->param_slots[i] = -1;
    return ASSAY_OK;
}

assay_status assay_scheduler_make(assay_scheduler *scheduler, const assay_schedule_options *options,
                                  assay_schedule *schedule, assay_error *err)
{
    scheduler->options = options;
    scheduler->schedule = schedule;
    scheduler->err = err;
    ASSAY_TRY(begin(scheduler));
    decide_kept(scheduler);
    ASSAY_TRY(walk_forward(scheduler));
    schedule->forward_flops = schedule->flops;
    schedule->forward_read = schedule->read;
    return options->backward ? walk_backward(scheduler) : ASSAY_OK;
}

assay_status assay_scheduler_create(assay_scheduler **out, const assay_program *program,
                                    const assay_stream_list *stream, const assay_step_work *work, assay_error *err)
{
    assay_scheduler *scheduler = assay_alloc(1, sizeof *scheduler);
    *out = NULL;
    ASSAY_TRY_ALLOC(scheduler, "a schedule", err);
    assay_status status = assay_schedule_facts_find(&scheduler->facts, program, stream, work, err);
    if (status == ASSAY_OK) {
        scheduler->values = assay_alloc(program->value_count, sizeof *scheduler->values);
        scheduler->written = assay_alloc(scheduler->facts.range_count, sizeof *scheduler->written);
        scheduler->weights = assay_alloc(scheduler->facts.groups, sizeof *scheduler->weights);
        if (!scheduler->values || !scheduler->written || !scheduler->weights)
            status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a schedule");
    }
    if (status == ASSAY_OK) *out = scheduler;
    else assay_scheduler_free(scheduler);
    return status;
}

void assay_scheduler_free(assay_scheduler *scheduler)
{
    if (!scheduler) return;
    assay_schedule_facts_free(&scheduler->facts);
    assay_free(scheduler->values);
    assay_free(scheduler->written);
    assay_free(scheduler->weights);
    assay_free(scheduler);
}

assay_status assay_schedule_create(assay_schedule **out, const assay_program *program, const assay_stream_list *stream,
                                   const assay_schedule_options *options, assay_error *err)
{
    assay_scheduler *scheduler;
    *out = NULL;
    ASSAY_TRY(assay_scheduler_create(&scheduler, program, stream, NULL, err));
    assay_schedule *schedule = assay_alloc(1, sizeof *schedule);
    assay_status status = schedule ? assay_scheduler_make(scheduler, options, schedule, err)
                                   : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a schedule");
    assay_scheduler_free(scheduler);
    if (status == ASSAY_OK) *out = schedule;
    else assay_schedule_free(schedule);
    return status;
}

void assay_schedule_clear(assay_schedule *schedule)
{
    assay_free(schedule->instances);
    assay_free(schedule->slots);
    assay_free(schedule->value_slots);
    assay_free(schedule->param_slots);
    *schedule = (assay_schedule){0};
}

void assay_schedule_free(assay_schedule *schedule)
{
    if (!schedule) return;
    assay_schedule_clear(schedule);
    assay_free(schedule);
}

bool assay_schedule_same_slots(const assay_schedule *a, const assay_schedule *b)
{
    bool same = a->slot_count == b->slot_count && a->instance_count == b->instance_count;
    for (size_t i = 0; same && i < a->slot_count; i++) {
        const assay_slot *x = &a->slots[i], *y = &b->slots[i];
        same = x->first == y->first && x->last == y->last && x->owner == y->owner && x->gradient == y->gradient &&
               x->weights == y->weights && x->of_param == y->of_param && x->spilled == y->spilled;
    }
    return same;
}
