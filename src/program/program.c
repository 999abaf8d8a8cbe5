#include "program/program.h"

#include "base/alloc.h"
#include "base/sizes.h"

#include <string.h>

enum { BULK = 4096 }; /* values, of the least large matrix */

assay_status assay_program_create(assay_program **out, assay_error *err)
{
    *out = assay_alloc(1, sizeof **out);
    ASSAY_TRY_ALLOC(*out, "a program", err);
    (*out)->output = (*out)->inlet = -1;
    return ASSAY_OK;
}

void assay_program_free(assay_program *program)
{
    if (!program) return;
    for (size_t i = 0; i < program->value_count; i++) assay_free(program->values[i].name);
    for (size_t i = 0; i < program->step_count; i++) {
        assay_free(program->steps[i].name);
        assay_free(program->steps[i].param);
    }
    for (size_t i = 0; i < program->param_count; i++) assay_free(program->params[i].name);
    for (size_t i = 0; i < program->table_count; i++) assay_free(program->tables[i]);
    assay_free(program->values);
    assay_free(program->steps);
    assay_free(program->params);
    assay_free(program->tables);
    assay_free(program->hidden_states);
    assay_program_free(program->whole);
    assay_free(program);
}

/* Room for one more in a list; false (and remembered) when out of memory. */
static bool room(assay_program *program, void *items, size_t *capacity, size_t count, size_t size)
{
    if (program->building == ASSAY_OK) program->building = assay_grow(items, capacity, count + 1, size, NULL);
    return program->building == ASSAY_OK;
}

static const char *keep_name(assay_program *program, const char *name)
{
    char *copy = assay_strdup(name ? name : "");
    if (!copy) program->building = ASSAY_E_MEMORY;
    return copy;
}

int assay_program_value(assay_program *program, assay_space_id space, size_t cols, int layer, const char *name)
{
    void *items = program->values;
    if (!room(program, &items, &program->value_capacity, program->value_count, sizeof *program->values)) return -1;
    program->values = items;
    program->values[program->value_count] = (assay_value){.name = keep_name(program, name),
                                                          .space = space,
                                                          .dtype = ASSAY_F32,
                                                          .cols = cols,
                                                          .layer = layer,
                                                          .maker = -1};
    return (int)program->value_count++;
}

void assay_program_store_bf16(assay_program *program, int value)
{
    if (value < 0) return;
    program->values[value].dtype = ASSAY_BF16;
    program->bf16 = true;
}

int assay_program_param(assay_program *program, const assay_param *param)
{
    void *items = program->params;
    if (!room(program, &items, &program->param_capacity, program->param_count, sizeof *program->params)) return -1;
    program->params = items;
    program->params[program->param_count] = *param;
    program->params[program->param_count].name = keep_name(program, param->name);
    return (int)program->param_count++;
}

static void keep_params(assay_program *program, assay_step *kept, const int *params)
{
    int *copy = kept->params ? assay_alloc((size_t)kept->params, sizeof *copy) : NULL;
    if (copy) memcpy(copy, params, (size_t)kept->params * sizeof *copy);
    else if (kept->params) program->building = ASSAY_E_MEMORY;
    if (!copy) kept->params = 0;
    kept->param = copy;
    program->most_params = assay_larger(program->most_params, (size_t)kept->params);
}

int assay_program_step(assay_program *program, const assay_step *step)
{
    void *items = program->steps;
    int index = (int)program->step_count;
    if (!room(program, &items, &program->step_capacity, program->step_count, sizeof *program->steps)) return -1;
    program->steps = items;
    assay_step *kept = &program->steps[program->step_count++];
    *kept = *step;
    kept->name = keep_name(program, step->name);
    keep_params(program, kept, step->param);
    for (int i = 0; i < kept->outputs; i++)
        if (kept->out[i] >= 0) program->values[kept->out[i]].maker = index;
    for (int i = 0; i < kept->inputs; i++)
        if (kept->in[i].value >= 0 && kept->in[i].cols == 0) kept->in[i].cols = program->values[kept->in[i].value].cols;
    return index;
}

const float *assay_program_table(assay_program *program, const float *values, size_t count)
{
    float **grown = assay_realloc(program->tables, program->table_count, program->table_count + 1, sizeof *grown);
    if (grown) program->tables = grown;
    float *copy = grown ? assay_alloc(count, sizeof *copy) : NULL;
    if (!copy) {
        program->building = ASSAY_E_MEMORY;
        return NULL;
    }
    memcpy(copy, values, count * sizeof *copy);
    program->tables[program->table_count++] = copy;
    return copy;
}

void assay_program_hidden_state(assay_program *program, int value)
{
    int *grown = assay_realloc(program->hidden_states, program->hidden_count, program->hidden_count + 1, sizeof *grown);
    if (!grown) {
        program->building = ASSAY_E_MEMORY;
        return;
    }
    program->hidden_states = grown;
    grown[program->hidden_count++] = value;
}

assay_param_shape *assay_program_room(const assay_program *program)
{
    return assay_alloc(program->most_params + 1, sizeof(assay_param_shape));
}

void assay_program_shape(const assay_program *program, const assay_step *step, const bool *wants, assay_op_shape *shape,
                         assay_param_shape *room)
{
    *shape = (assay_op_shape){
        .attr = &step->attr, .inputs = step->inputs, .outputs = step->outputs, .params = step->params, .param = room};
    for (int i = 0; i < step->inputs; i++) {
        shape->in_cols[i] = step->in[i].cols;
        shape->in_space[i] = program->values[step->in[i].value].space;
        shape->in_wants[i] = wants && wants[step->in[i].value];
    }
    for (int i = 0; i < step->outputs; i++) shape->out_cols[i] = program->values[step->out[i]].cols;
    shape->out_space = program->values[step->out[0]].space;
    for (int i = 0; i < step->params; i++) {
        const assay_param *param = &program->params[step->param[i]];
        room[i] = (assay_param_shape){.rows = param->rows, .cols = param->cols, .wants = wants && param->trained};
    }
}

void assay_program_wants(const assay_program *program, bool *wants)
{
    memset(wants, 0, program->value_count * sizeof *wants);
    for (size_t s = 0; s < program->step_count; s++) {
        const assay_step *step = &program->steps[s];
        bool wanted = step->outputs > 0 && step->out[0] == program->inlet && program->inlet_wants;
        for (int i = 0; i < step->inputs; i++) wanted = wanted || wants[step->in[i].value];
        for (int i = 0; i < step->params; i++) wanted = wanted || program->params[step->param[i]].trained;
        if (step->op->backward) wants[step->out[0]] = wanted;
    }
}

static bool is_read_by_row(const assay_program *program, size_t param)
{
    for (size_t i = 0; i < program->step_count; i++) {
        const assay_step *step = &program->steps[i];
        if (!step->op->by_row) continue;
        for (int p = 0; p < step->params; p++)
            if (step->param[p] == (int)param) return true;
    }
    return false;
}

bool assay_program_is_bulk(const assay_program *program, size_t i)
{
    const assay_param *param = &program->params[i];
    return !param->vector && param->role != ASSAY_ROLE_HEAD && param->rows * param->cols >= BULK &&
           !is_read_by_row(program, i);
}

bool assay_program_reads_bf16(const assay_program *program, size_t param)
{
    bool any = false;
    for (size_t i = 0; i < program->step_count; i++) {
        const assay_step *step = &program->steps[i];
        for (int p = 0; p < step->params; p++) {
            if (step->param[p] != (int)param) continue;
            if (!step->attr.bf16) return false;
            any = true;
        }
    }
    return any;
}

const char *assay_program_precision(const assay_program *program) { return program->bf16 ? "bf16" : "f32"; }

int assay_program_find_param(const assay_program *program, const char *name)
{
    for (size_t i = 0; i < program->param_count; i++)
        if (!strcmp(program->params[i].name, name)) return (int)i;
    return -1;
}
