/* The list of operations, one line each, and the row splitter they share. */
#include "ops/op.h"

static const assay_op *const operations[] = {
    &assay_op_embedding, &assay_op_angles, &assay_op_rms_norm, &assay_op_linear, &assay_op_rope, &assay_op_attention, &assay_op_swiglu, &assay_op_gather,
};

const assay_op *assay_op_at(size_t index)
{
    return index < sizeof operations / sizeof *operations ? operations[index] : NULL;
}

typedef struct row_split {
    const assay_op_run *run;
    size_t rows, block;
    assay_row_work work;
} row_split;

static void run_block(void *context, size_t tile, int worker)
{
    const row_split *split = context;
    size_t first = tile * split->block, left = split->rows - first;
    split->work(split->run, first, left < split->block ? left : split->block, worker);
}

void assay_for_rows(const assay_op_run *run, size_t rows, size_t block, assay_row_work work)
{
    row_split split = {run, rows, block, work};
    assay_pool_run(run->env->pool, run_block, &split, (rows + block - 1) / block);
}
