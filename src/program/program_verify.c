/* The rules that make a program safe to run in any order the engine chooses. A violation is a mistake in an
 * architecture file, or a config whose numbers do not fit together; both are named by step. */
#include "program/program.h"

#include "base/alloc.h"

#include <stdlib.h>

static assay_status check_indices(const assay_program *program, size_t s, assay_error *err)
{
    const assay_step *step = &program->steps[s];
    int values = (int)program->value_count, params = (int)program->param_count;
    bool good = step->outputs >= 1;
    for (int i = 0; i < step->inputs; i++) {
        const assay_operand *in = &step->in[i];
        good = good && in->value >= 0 && in->value < values && in->col + in->cols <= program->values[in->value].cols &&
               program->values[in->value].maker >= 0 && program->values[in->value].maker < (int)s;
    }
    for (int i = 0; i < step->outputs; i++)
        good = good && step->out[i] >= 0 && step->out[i] < values && program->values[step->out[i]].maker == (int)s;
    for (int i = 0; i < step->params; i++) good = good && step->param[i] >= 0 && step->param[i] < params;
    if (good) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "step %zu (%s): an operand is out of range or read before it is made",
                           s, step->name);
}

/* The ranges that readers take of one value, in a list of all. */
typedef struct taken {
    size_t first, readers;
} taken;

/* Room for the ranges of every value, one after the other; how many there are. */
static size_t divide_ranges(const assay_program *program, taken *all)
{
    size_t total = 0;
    for (size_t s = 0; s < program->step_count; s++)
        for (int i = 0; i < program->steps[s].inputs; i++) all[program->steps[s].in[i].value].readers++;
    for (size_t v = 0; v < program->value_count; v++) {
        all[v].first = total;
        total += all[v].readers;
        all[v].readers = 0;
    }
    return total;
}

static void collect_ranges(const assay_program *program, taken *all, assay_operand *ranges)
{
    for (size_t s = 0; s < program->step_count; s++)
        for (int i = 0; i < program->steps[s].inputs; i++) {
            const assay_operand *in = &program->steps[s].in[i];
            taken *t = &all[in->value];
            ranges[t->first + t->readers++] = *in;
        }
}

static int compare_ranges(const void *a, const void *b)
{
    const assay_operand *x = a, *y = b;
    if (x->col != y->col) return x->col < y->col ? -1 : 1;
    return (x->cols > y->cols) - (x->cols < y->cols);
}

/* From left to right: a range is the one before again, or begins behind it. */
static assay_status check_ranges(const assay_value *value, assay_operand *ranges, size_t count, assay_error *err)
{
    size_t covered = 0, end = 0;
    if (count) qsort(ranges, count, sizeof *ranges, compare_ranges);
    for (size_t i = 0; i < count; i++) {
        if (i && !compare_ranges(&ranges[i - 1], &ranges[i])) continue;
        if (ranges[i].col < end)
            return assay_error_set(err, ASSAY_E_FORMAT, "value %s: readers take overlapping ranges of columns",
                                   value->name);
        end = ranges[i].col + ranges[i].cols;
        covered += ranges[i].cols;
    }
    if (!count || covered == value->cols) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "value %s: its readers take %zu of its %zu columns", value->name,
                           covered, value->cols);
}

/* The column ranges that readers take of a value are pairwise equal or disjoint, and cover it. */
static assay_status check_all_ranges(const assay_program *program, assay_error *err)
{
    taken *all = assay_alloc(program->value_count, sizeof *all);
    ASSAY_TRY_ALLOC(all, "a program", err);
    assay_operand *ranges = assay_alloc(divide_ranges(program, all), sizeof *ranges);
    assay_status status = ranges ? ASSAY_OK : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a program");
    if (ranges) collect_ranges(program, all, ranges);
    for (size_t v = 0; v < program->value_count && status == ASSAY_OK; v++)
        status = check_ranges(&program->values[v], ranges + all[v].first, all[v].readers, err);
    assay_free(ranges);
    assay_free(all);
    return status;
}

static assay_status check_step(const assay_program *program, size_t s, assay_param_shape *room, assay_error *err)
{
    const assay_step *step = &program->steps[s];
    assay_op_shape shape;
    ASSAY_TRY(check_indices(program, s, err));
    assay_program_shape(program, step, NULL, &shape, room);
    assay_status status = step->op->check(&shape, err);
    return status == ASSAY_OK ? ASSAY_OK : assay_error_prefix(err, status, "%s: ", step->name);
}

static assay_status check_steps(const assay_program *program, assay_error *err)
{
    assay_param_shape *room = assay_program_room(program);
    ASSAY_TRY_ALLOC(room, "a program", err);
    assay_status status = ASSAY_OK;
    for (size_t s = 0; s < program->step_count && status == ASSAY_OK; s++) status = check_step(program, s, room, err);
    assay_free(room);
    return status;
}

assay_status assay_program_verify(const assay_program *program, assay_error *err)
{
    if (program->building != ASSAY_OK)
        return assay_error_set(err, program->building, "out of memory while building the program");
    ASSAY_TRY(check_steps(program, err));
    ASSAY_TRY(check_all_ranges(program, err));
    if (program->output < 0 || program->output >= (int)program->value_count)
        return assay_error_set(err, ASSAY_E_FORMAT, "the program has no output");
    return ASSAY_OK;
}
