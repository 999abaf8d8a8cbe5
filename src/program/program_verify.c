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

/* The column ranges that readers take of `value` are pairwise equal or disjoint, and cover it. */
static assay_status check_ranges(const assay_program *program, int value, assay_error *err)
{
    size_t cols = program->values[value].cols, covered = 0, readers = 0;
    assay_operand seen[16];
    size_t distinct = 0;
    for (size_t s = 0; s < program->step_count; s++)
        for (int i = 0; i < program->steps[s].inputs; i++) {
            const assay_operand *in = &program->steps[s].in[i];
            bool known = false;
            if (in->value != value) continue;
            readers++;
            for (size_t d = 0; d < distinct; d++) {
                known = known || (seen[d].col == in->col && seen[d].cols == in->cols);
                bool apart = in->col >= seen[d].col + seen[d].cols || seen[d].col >= in->col + in->cols;
                if (!apart && (seen[d].col != in->col || seen[d].cols != in->cols))
                    return assay_error_set(err, ASSAY_E_FORMAT, "value %s: readers take overlapping ranges of columns",
                                           program->values[value].name);
            }
            if (known || distinct == sizeof seen / sizeof *seen) continue;
            seen[distinct++] = *in;
            covered += in->cols;
        }
    if (readers == 0 || covered == cols) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "value %s: its readers take %zu of its %zu columns",
                           program->values[value].name, covered, cols);
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
    for (size_t v = 0; v < program->value_count; v++) ASSAY_TRY(check_ranges(program, (int)v, err));
    if (program->output < 0 || program->output >= (int)program->value_count)
        return assay_error_set(err, ASSAY_E_FORMAT, "the program has no output");
    return ASSAY_OK;
}
