#include "train/moments.h"

#include "ops/op.h"
#include "optim/optimizer.h"

enum { LEAST = 4096 };

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

bool assay_moments_packed(const assay_program *program, size_t i, bool eight_bits)
{
    const assay_param *param = &program->params[i];
    return eight_bits && param->trained && !param->vector && param->role != ASSAY_ROLE_HEAD &&
           param->rows * param->cols >= LEAST && !is_read_by_row(program, i);
}

size_t assay_moments_bytes(const assay_program *program, bool eight_bits)
{
    size_t bytes = 0;
    for (size_t i = 0; i < program->param_count; i++)
        if (program->params[i].trained)
            bytes += assay_optimizer_moment_bytes(program->params[i].rows * program->params[i].cols,
                                                  assay_moments_packed(program, i, eight_bits));
    return bytes;
}
