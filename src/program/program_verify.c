/* The rules that make a program safe to run in any order the engine chooses. A violation is a mistake in an
 * architecture file, or a config whose numbers do not fit together; both are named by step. */
#include "program/program.h"

#include "base/alloc.h"

#include <string.h>

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

enum { MAX_RANGES = 16 };

/* What readers have taken of one value so far. */
typedef struct taken {
    size_t covered, readers, distinct;
    size_t first_range; /* of this value in the list of all ranges; so many were made room for as it has readers */
} taken;

static assay_status take_range(const assay_program *program, taken *t, assay_operand *ranges, const assay_operand *in,
                               assay_error *err)
{
    for (size_t d = 0; d < t->distinct; d++) {
        const assay_operand *seen = &ranges[t->first_range + d];
        if (seen->col == in->col && seen->cols == in->cols) return ASSAY_OK;
        bool apart = in->col >= seen->col + seen->cols || seen->col >= in->col + in->cols;
        if (!apart)
            return assay_error_set(err, ASSAY_E_FORMAT, "value %s: readers take overlapping ranges of columns",
                                   program->values[in->value].name);
    }
    if (t->distinct == MAX_RANGES) return ASSAY_OK;
    ranges[t->first_range + t->distinct++] = *in;
    t->covered += in->cols;
    return ASSAY_OK;
}

/* Room for the ranges of every value, one after the other. */
static size_t divide_ranges(const assay_program *program, taken *all)
{
    size_t total = 0;
    for (size_t s = 0; s < program->step_count; s++)
        for (int i = 0; i < program->steps[s].inputs; i++) all[program->steps[s].in[i].value].readers++;
    for (size_t v = 0; v < program->value_count; v++) {
        all[v].first_range = total;
        total += all[v].readers;
    }
    return total;
}

/* The column ranges that readers take of a value are pairwise equal or disjoint, and cover it. One walk over the
 * steps: a value has few readers, so a range meets few others. */
static assay_status check_ranges(const assay_program *program, taken *all, assay_operand *ranges, assay_error *err)
{
    for (size_t s = 0; s < program->step_count; s++)
        for (int i = 0; i < program->steps[s].inputs; i++) {
            const assay_operand *in = &program->steps[s].in[i];
            ASSAY_TRY(take_range(program, &all[in->value], ranges, in, err));
        }
    for (size_t v = 0; v < program->value_count; v++)
        if (all[v].readers && all[v].covered != program->values[v].cols)
            return assay_error_set(err, ASSAY_E_FORMAT, "value %s: its readers take %zu of its %zu columns",
                                   program->values[v].name, all[v].covered, program->values[v].cols);
    return ASSAY_OK;
}

static assay_status check_all_ranges(const assay_program *program, assay_error *err)
{
    taken *all = assay_alloc(program->value_count, sizeof *all);
    ASSAY_TRY_ALLOC(all, "a program", err);
    assay_operand *ranges = assay_alloc(divide_ranges(program, all), sizeof *ranges);
    assay_status status = ranges ? check_ranges(program, all, ranges, err)
                                 : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a program");
    assay_free(ranges);
    assay_free(all);
    return status;
}

assay_status assay_program_verify(const assay_program *program, assay_error *err)
{
    if (program->building != ASSAY_OK)
        return assay_error_set(err, program->building, "out of memory while building the program");
    for (size_t s = 0; s < program->step_count; s++) {
        assay_op_shape shape;
        ASSAY_TRY(check_indices(program, s, err));
        assay_program_shape(program, &program->steps[s], NULL, &shape);
        assay_status status = program->steps[s].op->check(&shape, err);
        if (status != ASSAY_OK) return assay_error_prefix(err, status, "%s: ", program->steps[s].name);
    }
    ASSAY_TRY(check_all_ranges(program, err));
    if (program->output < 0 || program->output >= (int)program->value_count)
        return assay_error_set(err, ASSAY_E_FORMAT, "the program has no output");
    return ASSAY_OK;
}
