#include "engine/schedule_facts.h"

#include "base/alloc.h"

/* The column ranges of one value: as many as it has readers are made room for. */
typedef struct met {
    size_t first, readers, count;
} met;

/* Found on the way. */
typedef struct finding {
    const assay_program *program;
    assay_schedule_facts *facts;
    bool *wants, *reached; /* per value */
    met *met;              /* per value */
    size_t *starts;        /* of the ranges met so far */
    assay_param_shape *room;
} finding;

/* Ranges are equal or disjoint (the program was verified), so the starting column names one. */
static uint32_t range_of(const finding *f, const assay_operand *in)
{
    met *m = &f->met[in->value];
    size_t *starts = f->starts + m->first, i = 0;
    while (i < m->count && starts[i] != in->col) i++;
    if (i == m->count) starts[m->count++] = in->col;
    return (uint32_t)(m->first + i);
}

static void look_at_operand(const finding *f, const assay_step *step, int i, assay_operand_fact *fact)
{
    const assay_operand *in = &step->in[i];
    const assay_value *value = &f->program->values[in->value];
    assay_value_fact *known = &f->facts->values[in->value];
    bool whole = in->cols == value->cols, same_space = value->space == f->program->values[step->out[0]].space;
    *fact = (assay_operand_fact){.value = in->value,
                                 .range = range_of(f, in),
                                 .wanted = f->wants[in->value],
                                 .hands_on = step->op->passes_gradient == i && whole && same_space};
    known->crosses = known->crosses || step->layer != value->layer;
}

/* A frozen weight is read on the way back where it stands between a gradient and an input that wants one. */
static void look_at_weights(const finding *f, const assay_step *step, assay_step_fact *fact)
{
    bool wanted = false;
    for (int i = 0; i < step->params; i++) {
        int group = f->facts->stream->group[step->param[i]];
        if (group != ASSAY_STREAM_NOT) fact->group = group;
    }
    for (int i = 0; i < step->inputs; i++) wanted = wanted || f->wants[step->in[i].value];
    fact->weights_back = fact->group != ASSAY_STREAM_NOT && fact->backward && wanted;
    if (fact->group >= 0 && fact->backward) f->facts->comes_back[fact->group] = true;
}

static void look_at_step(const finding *f, const assay_step *step, assay_step_fact *fact)
{
    assay_op_shape shape;
    fact->inputs = (uint8_t)step->inputs;
    fact->outputs = (uint8_t)step->outputs;
    fact->workspace = step->op->workspace != NULL;
    fact->backward = step->op->backward && f->wants[step->out[0]];
    fact->layer = step->layer;
    fact->param = step->param;
    fact->params = step->params;
    fact->group = ASSAY_STREAM_NOT;
    if (f->facts->stream) look_at_weights(f, step, fact);
    for (int i = 0; i < step->inputs; i++) look_at_operand(f, step, i, &fact->in[i]);
    for (int i = 0; i < step->outputs; i++) fact->out[i] = step->out[i];
    if (!fact->backward) return;
    assay_program_shape(f->program, step, f->wants, &shape, f->room);
    fact->reads = step->op->reads(&shape);
}

/* Only where nobody else reads the input, and all of it is read. */
static bool works_in_place(const finding *f, const assay_step *step)
{
    const assay_operand *in = &step->in[0];
    if (step->inputs == 0 || !step->op->in_place) return false;
    const assay_value *value = &f->program->values[in->value];
    return value->dtype == f->program->values[step->out[0]].dtype && f->met[in->value].readers == 1 &&
           in->cols == value->cols;
}

static void look_at_program(const finding *f)
{
    const assay_program *program = f->program;
    assay_program_wants(program, f->wants);
    for (size_t v = 0; v < program->value_count; v++) {
        const assay_value *value = &program->values[v];
        f->facts->values[v] =
            (assay_value_fact){.maker = value->maker,
                               .layer = value->layer,
                               .pointwise = value->maker >= 0 && program->steps[value->maker].op->pointwise};
    }
    for (size_t s = 0; s < program->step_count; s++) look_at_step(f, &program->steps[s], &f->facts->steps[s]);
    for (size_t s = 0; s < program->step_count; s++)
        f->facts->steps[s].in_place = works_in_place(f, &program->steps[s]);
}

/* As the walk back will go: a step is differentiated where the gradient of its output comes from above. */
static void find_last_added(const finding *f)
{
    assay_schedule_facts *facts = f->facts;
    bool *reached = f->reached;
    for (size_t i = 0; i < facts->param_count; i++)
        facts->last_added[i] = f->program->params[i].trained ? ASSAY_ADDED_NEVER : ASSAY_ADDED_FROZEN;
    reached[facts->output] = true;
    for (size_t s = facts->step_count; s-- > 0;) {
        const assay_step_fact *step = &facts->steps[s];
        if (!step->backward || !reached[step->out[0]]) continue;
        for (int i = 0; i < step->inputs; i++) reached[step->in[i].value] |= step->in[i].wanted;
        for (int i = 0; i < step->params; i++)
            if (facts->last_added[step->param[i]] != ASSAY_ADDED_FROZEN) facts->last_added[step->param[i]] = (int)s;
    }
}

static void count_flops(const finding *f, const assay_step_work *work)
{
    for (size_t s = 0; s < f->program->step_count; s++) {
        const assay_step *step = &f->program->steps[s];
        assay_op_shape shape;
        if (!step->op->flops) continue;
        assay_program_shape(f->program, step, f->wants, &shape, f->room);
        f->facts->flops[2 * s] = step->op->flops(&shape, work->rows, work->context, false);
        f->facts->flops[2 * s + 1] = step->op->flops(&shape, work->rows, work->context, true);
    }
}

static void divide_ranges(const finding *f)
{
    for (size_t s = 0; s < f->program->step_count; s++)
        for (int i = 0; i < f->program->steps[s].inputs; i++) f->met[f->program->steps[s].in[i].value].readers++;
    for (size_t v = 0; v < f->program->value_count; v++) {
        f->met[v].first = f->facts->range_count;
        f->facts->range_count += f->met[v].readers;
    }
}

static bool allocate(finding *f, bool flops)
{
    size_t values = f->program->value_count, steps = f->program->step_count;
    f->wants = assay_alloc(values, sizeof *f->wants);
    f->met = assay_alloc(values, sizeof *f->met);
    if (f->met) divide_ranges(f);
    f->starts = assay_alloc(f->facts->range_count, sizeof *f->starts);
    f->room = assay_program_room(f->program);
    f->reached = assay_alloc(values, sizeof *f->reached);
    f->facts->last_added = assay_alloc(f->facts->param_count, sizeof *f->facts->last_added);
    f->facts->steps = assay_alloc(steps, sizeof *f->facts->steps);
    f->facts->values = assay_alloc(values, sizeof *f->facts->values);
    f->facts->comes_back = assay_alloc((size_t)f->program->layers + 1, sizeof *f->facts->comes_back);
    if (flops) f->facts->flops = assay_alloc(steps, 2 * sizeof *f->facts->flops);
    return f->wants && f->met && f->starts && f->room && f->reached && f->facts->steps && f->facts->values &&
           f->facts->comes_back && f->facts->last_added && (!flops || f->facts->flops);
}

assay_status assay_schedule_facts_find(assay_schedule_facts *out, const assay_program *program,
                                       const assay_stream_list *stream, const assay_step_work *work, assay_error *err)
{
    finding f = {.program = program, .facts = out};
    *out = (assay_schedule_facts){.step_count = program->step_count,
                                  .value_count = program->value_count,
                                  .output = program->output,
                                  .groups = (size_t)program->layers + 3,
                                  .param_count = program->param_count,
                                  .stream = stream};
    bool room = allocate(&f, work != NULL);
    if (room) look_at_program(&f);
    if (room) find_last_added(&f);
    if (room && work) count_flops(&f, work);
    assay_free(f.wants);
    assay_free(f.reached);
    assay_free(f.met);
    assay_free(f.starts);
    assay_free(f.room);
    if (room) return ASSAY_OK;
    assay_schedule_facts_free(out);
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a schedule");
}

void assay_schedule_facts_free(assay_schedule_facts *facts)
{
    assay_free(facts->steps);
    assay_free(facts->values);
    assay_free(facts->flops);
    assay_free(facts->comes_back);
    assay_free(facts->last_added);
    *facts = (assay_schedule_facts){0};
}
