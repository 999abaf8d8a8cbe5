#include "train/moments.h"

#include "optim/optimizer.h"

bool assay_moments_packed(const assay_program *program, size_t i, bool eight_bits)
{
    return eight_bits && program->params[i].trained && assay_program_is_bulk(program, i);
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
