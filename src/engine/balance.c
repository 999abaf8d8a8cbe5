/* The least of the largest sum: for each number of stages and each end, the best first border before it. Layers are
 * few, so all are tried. */
#include "engine/balance.h"

#include "base/alloc.h"
#include "program/slice.h"

#include <math.h>

/* What each layer costs; below the first is the first's, behind the last the last's. */
static assay_status count_work(const assay_plan_request *request, double *upto, assay_error *err)
{
    const assay_program *program = request->program;
    const double rows[ASSAY_SPACES] = {(double)request->longest_pair, 2};
    bool *wants = assay_alloc(program->value_count, sizeof *wants);
    assay_param_shape *room = assay_program_room(program);
    if (wants && room) assay_program_wants(program, wants);
    for (size_t s = 0; wants && room && s < program->step_count; s++) {
        const assay_step *step = &program->steps[s];
        assay_op_shape shape;
        int layer = step->layer < 0 ? 0 : step->layer < program->layers ? step->layer : program->layers - 1;
        if (!step->op->flops) continue;
        assay_program_shape(program, step, wants, &shape, room);
        upto[layer + 1] += step->op->flops(&shape, rows, (double)request->longest_path / 2, false);
        if (step->op->backward && wants[step->out[0]])
            upto[layer + 1] += step->op->flops(&shape, rows, (double)request->longest_path / 2, true);
    }
    bool good = wants && room;
    for (int l = 0; l < program->layers; l++) upto[l + 1] += upto[l];
    assay_free(wants);
    assay_free(room);
    return good ? ASSAY_OK : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the stages");
}

/* most[s][end]: of layers 0 to end - 1 in s + 1 stages, the work of the largest. */
static void cut(const double *upto, int layers, int stages, double *most, int *from)
{
    int width = layers + 1;
    for (int end = 1; end <= layers; end++) most[end] = upto[end];
    for (int s = 1; s < stages; s++)
        for (int end = s + 1; end <= layers; end++) {
            most[s * width + end] = INFINITY;
            for (int begin = s; begin < end; begin++) {
                double largest = fmax(most[(s - 1) * width + begin], upto[end] - upto[begin]);
                if (largest >= most[s * width + end]) continue;
                most[s * width + end] = largest;
                from[s * width + end] = begin;
            }
        }
}

assay_status assay_balance_stages(const assay_plan_request *request, int stages, int *borders, assay_error *err)
{
    int layers = request->program->layers;
    size_t cells = (size_t)stages * (size_t)(layers + 1);
    for (int layer = 1; layer < layers; layer++)
        if (assay_program_border(request->program, layer) < 0)
            return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                                   "this model cannot be cut between its layers %d and %d: leave out --stages", layer,
                                   layer + 1);
    double *upto = assay_alloc((size_t)layers + 1, sizeof *upto), *most = assay_alloc(cells, sizeof *most);
    int *from = assay_alloc(cells, sizeof *from);
    assay_status status = upto && most && from ? count_work(request, upto, err)
                                               : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the stages");
    if (status == ASSAY_OK) cut(upto, layers, stages, most, from);
    borders[stages] = layers;
    for (int s = stages; status == ASSAY_OK && s-- > 1;) borders[s] = from[s * (layers + 1) + borders[s + 1]];
    borders[0] = 0;
    assay_free(upto);
    assay_free(most);
    assay_free(from);
    return status;
}
