#include "program/slice.h"

#include "base/alloc.h"
#include "base/sizes.h"

#include <string.h>

/* ---- the step that stands for all below ---- */

static assay_status inlet_check(const assay_op_shape *shape, assay_error *err)
{
    (void)shape;
    (void)err;
    return ASSAY_OK;
}

static unsigned inlet_reads(const assay_op_shape *shape)
{
    (void)shape;
    return 0;
}

static void inlet_run(const assay_op_run *run) { (void)run; }

static const assay_op inlet = {.name = "inlet",
                               .passes_gradient = -1,
                               .check = inlet_check,
                               .reads = inlet_reads,
                               .forward = inlet_run,
                               .backward = inlet_run};

/* ---- borders ---- */

/* The first step of a layer or above; every step before it is of a layer below. -1: they are mixed. */
static int first_step(const assay_program *program, int layer)
{
    size_t first = 0;
    while (first < program->step_count && program->steps[first].layer < layer) first++;
    for (size_t s = first; s < program->step_count; s++)
        if (program->steps[s].layer < layer) return -1;
    return (int)first;
}

/* derived[value]: what the batch alone says. */
static void find_derived(const assay_program *program, bool *derived)
{
    for (size_t s = 0; s < program->step_count; s++) {
        const assay_step *step = &program->steps[s];
        bool all = step->params == 0;
        for (int i = 0; i < step->inputs; i++) all = all && derived[step->in[i].value];
        for (int i = 0; i < step->outputs; i++) derived[step->out[i]] = all;
    }
}

/* Whether the trained weights below a step have smaller numbers than those from it on. */
static bool weights_rise(const assay_program *program, int border)
{
    int below = -1, above = (int)program->param_count;
    for (int s = 0; s < (int)program->step_count; s++) {
        const assay_step *step = &program->steps[s];
        for (int i = 0; i < step->params; i++) {
            if (!program->params[step->param[i]].trained) continue;
            if (s < border && step->param[i] > below) below = step->param[i];
            if (s >= border && step->param[i] < above) above = step->param[i];
        }
    }
    return below < above;
}

/* -1: none, or several. */
static int find_crossing(const assay_program *program, int border, const bool *derived)
{
    int crossing = -1;
    for (size_t s = (size_t)border; s < program->step_count; s++)
        for (int i = 0; i < program->steps[s].inputs; i++) {
            int value = program->steps[s].in[i].value;
            if (program->values[value].maker >= border || derived[value] || value == crossing) continue;
            if (crossing >= 0) return -1;
            crossing = value;
        }
    return crossing >= 0 && program->values[crossing].space == ASSAY_TOKENS ? crossing : -1;
}

int assay_program_border(const assay_program *program, int layer)
{
    int first = first_step(program, layer), crossing = -1;
    bool *derived = assay_alloc(program->value_count, sizeof *derived);
    if (derived && first > 0 && layer > 0 && layer < program->layers && weights_rise(program, first)) {
        find_derived(program, derived);
        crossing = find_crossing(program, first, derived);
    }
    assay_free(derived);
    return crossing;
}

/* ---- the slice ---- */

/* A slice that is being made. */
typedef struct cutting {
    const assay_program *program;
    assay_program *slice;
    int first, end; /* steps */
    bool *derived;
    bool *wanted; /* per value: some step of the slice reads it */
    bool *wants;  /* per value of the whole: its gradient is wanted */
} cutting;

/* Of the steps below, those that make what the batch alone says and the slice reads. */
static bool is_taken(const cutting *c, int s)
{
    const assay_step *step = &c->program->steps[s];
    if (s >= c->first) return s < c->end;
    return c->derived[step->out[0]] && c->wanted[step->out[0]];
}

static void find_wanted(const cutting *c)
{
    for (int s = c->end - 1; s >= 0; s--) {
        const assay_step *step = &c->program->steps[s];
        for (int i = 0; i < step->inputs && is_taken(c, s); i++) c->wanted[step->in[i].value] = true;
    }
}

static void add_inlet(const cutting *c, int value)
{
    const assay_step step = {
        .op = &inlet, .name = "inlet", .layer = c->program->values[value].layer, .outputs = 1, .out = {value}};
    c->slice->inlet = value;
    c->slice->inlet_wants = c->wants[value];
    assay_program_step(c->slice, &step);
}

static void add_steps(const cutting *c)
{
    assay_program *slice = c->slice;
    for (size_t v = 0; v < slice->value_count; v++) slice->values[v].maker = -1;
    for (size_t i = 0; i < slice->param_count; i++) slice->params[i].absent = true;
    if (slice->inlet >= 0) add_inlet(c, slice->inlet);
    for (int s = 0; s < c->end; s++) {
        const assay_step *step = &c->program->steps[s];
        if (!is_taken(c, s)) continue;
        assay_program_step(slice, step);
        for (int i = 0; i < step->params; i++) slice->params[step->param[i]].absent = false;
    }
    for (size_t i = 0; i < slice->param_count; i++)
        if (slice->params[i].absent) slice->params[i].trained = false;
}

static void add_values_and_params(const cutting *c)
{
    const assay_program *program = c->program;
    for (size_t v = 0; v < program->value_count; v++) {
        const assay_value *value = &program->values[v];
        int copy = assay_program_value(c->slice, value->space, value->cols, value->layer, value->name);
        if (value->dtype == ASSAY_BF16) assay_program_store_bf16(c->slice, copy);
    }
    for (size_t i = 0; i < program->param_count; i++) assay_program_param(c->slice, &program->params[i]);
    c->slice->layers = program->layers;
    c->slice->bf16 = program->bf16;
}

/* The borders below and above; -1 where the program begins or ends. */
static assay_status find_borders(cutting *c, const assay_slice *slice, int *below, int *above, assay_error *err)
{
    const assay_program *program = c->program;
    bool begins = slice->first <= 0, ends = slice->end >= program->layers;
    *below = begins ? -1 : assay_program_border(program, slice->first);
    *above = ends ? -1 : assay_program_border(program, slice->end);
    c->first = begins ? 0 : first_step(program, slice->first);
    c->end = ends ? (int)program->step_count : first_step(program, slice->end);
    bool good = slice->first < slice->end && (begins || *below >= 0) && (ends || *above >= 0);
    return good
               ? ASSAY_OK
               : assay_error_set(err, ASSAY_E_UNSUPPORTED, "layers %d to %d of %d are no slice of this model's program",
                                 slice->first, slice->end - 1, program->layers);
}

static assay_status cut(cutting *c, const assay_slice *slice, assay_error *err)
{
    int below, above;
    ASSAY_TRY(find_borders(c, slice, &below, &above, err));
    find_derived(c->program, c->derived);
    assay_program_wants(c->program, c->wants);
    find_wanted(c);
    add_values_and_params(c);
    if (c->slice->building != ASSAY_OK) return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a slice");
    c->slice->inlet = below;
    add_steps(c);
    c->slice->output = above >= 0 ? above : c->program->output;
    c->slice->goes_on = above >= 0;
    return assay_program_verify(c->slice, err);
}

assay_status assay_program_slice(assay_program **out, const assay_program *program, const assay_slice *slice,
                                 assay_error *err)
{
    cutting c = {.program = program,
                 .derived = assay_alloc(program->value_count, sizeof *c.derived),
                 .wanted = assay_alloc(program->value_count, sizeof *c.wanted),
                 .wants = assay_alloc(program->value_count, sizeof *c.wants)};
    assay_status status = c.derived && c.wanted && c.wants
                              ? assay_program_create(&c.slice, err)
                              : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a slice");
    if (status == ASSAY_OK) status = cut(&c, slice, err);
    assay_free(c.derived);
    assay_free(c.wanted);
    assay_free(c.wants);
    if (status != ASSAY_OK) assay_program_free(c.slice);
    *out = status == ASSAY_OK ? c.slice : NULL;
    return status;
}
