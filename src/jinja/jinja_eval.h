/* The evaluator: statements write to the rendering's output, expressions give values.
 *
 * What it calls and what calls it back (macros, loops) goes through run->state->evaluator, so these are no more than
 * short names. */
#ifndef ASSAY_JINJA_JINJA_EVAL_H
#define ASSAY_JINJA_JINJA_EVAL_H

#include "jinja/jinja_state.h"

extern const assay_jinja_evaluator assay_jinja_eval; /* the evaluator itself, for run->state->evaluator */

/* A chain of statements. After each, run->state->signal may tell of a break or continue under way: the rest is skipped.
 */
static inline assay_status assay_jinja_eval_statements(assay_py_run *run, assay_py_frame *frame,
                                                       const assay_py_node *chain)
{
    return run->state->evaluator->statements(run, frame, chain);
}

static inline assay_status assay_jinja_eval_expression(assay_py_run *run, assay_py_frame *frame,
                                                       const assay_py_node *node, assay_py_value *out)
{
    return run->state->evaluator->expression(run, frame, node, out);
}

static inline assay_status assay_jinja_eval_assign(assay_py_run *run, assay_py_frame *frame,
                                                   const assay_py_node *target, const assay_py_value *value)
{
    return run->state->evaluator->assign(run, frame, target, value);
}

#endif
