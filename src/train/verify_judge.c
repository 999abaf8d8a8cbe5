/* The verdict in one sentence: which tensors, and what that means. */
#include "base/alloc.h"
#include "train/verify.h"

#include <stdio.h>
#include <string.h>

enum { NAMED = 5, NAMES_SIZE = 900 };

static size_t name_tensors(const bool *flags, const assay_program *program, char *text, size_t size)
{
    size_t count = 0, used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < program->param_count; i++) {
        if (!flags[i] || count++ >= NAMED || used >= size) continue;
        used += (size_t)snprintf(text + used, size - used, "%s%.160s", count > 1 ? ", " : "", program->params[i].name);
    }
    if (count > NAMED && used < size) snprintf(text + used, size - used, " and %zu more", count - NAMED);
    return count;
}

static const assay_verify_cell *first_unequal(const assay_verify_result *r)
{
    for (size_t i = 0; i < r->cell_count; i++) {
        const assay_verify_cell *cell = &r->cells[i];
        if (cell->skip == ASSAY_VERIFY_RAN && (cell->tensors_different || !cell->loss_equal || !cell->rewards_equal))
            return cell;
    }
    return NULL;
}

static assay_status judge_difference(const assay_verify_result *r, const assay_program *program, assay_error *err)
{
    char names[NAMES_SIZE], schedule[64];
    const assay_verify_cell *cell = first_unequal(r);
    size_t tensors = name_tensors(r->different, program, names, sizeof names);
    assay_verify_schedule_name(&r->schedules[cell->schedule], program->layers, schedule, sizeof schedule);
    return assay_error_set(err, ASSAY_E_UNEQUAL,
                           "not the same bits: %zu of %zu ways differ from the first (first: %s, %zu tokens a "
                           "micro-batch, %d threads; loss and rewards %s); %zu gradients "
                           "differ%s%s. This is a defect of Assay: please report it with this output",
                           r->unequal, r->ran, schedule, r->micros[cell->micro], r->threads[cell->thread],
                           cell->loss_equal && cell->rewards_equal ? "equal" : "differ", tensors, tensors ? ": " : "",
                           names);
}

assay_status assay_verify_judge(const assay_verify_result *result, const assay_program *program, assay_error *err)
{
    char names[NAMES_SIZE];
    if (result->unequal) return judge_difference(result, program, err);
    if (name_tensors(result->zero, program, names, sizeof names))
        return assay_error_set(err, ASSAY_E_UNEQUAL, "trained tensors without a gradient: %s; they would never learn",
                               names);
    if (result->ran < 2)
        return assay_error_set(err, ASSAY_E_NO_FIT,
                               "only %zu of %zu ways could be computed, so nothing was compared; give more --memory or "
                               "--time, or fewer --pairs",
                               result->ran, result->cell_count);
    return ASSAY_OK;
}
