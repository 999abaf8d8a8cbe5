/* The evaluator: statements write to the rendering's output, expressions give values.
 *
 * What it calls and what calls it back (macros, loops) goes through run->state->evaluator, so these are no more than
 * short names. */
#ifndef ASSAY_JINJA_JINJA_EVAL_H
#define ASSAY_JINJA_JINJA_EVAL_H

#include "jinja/jinja_state.h"

extern const assay_jevaluator assay_jeval; /* the evaluator itself, for run->state->evaluator */

/* A chain of statements. After each, run->state->signal may tell of a break or continue under way: the rest is skipped.
 */
static inline assay_status assay_jeval_statements(assay_jrun *run, assay_jframe *frame, const assay_jnode *chain)
{
    return run->state->evaluator->statements(run, frame, chain);
}

static inline assay_status assay_jeval_expression(assay_jrun *run, assay_jframe *frame, const assay_jnode *node,
                                                  assay_jvalue *out)
{
    return run->state->evaluator->expression(run, frame, node, out);
}

static inline assay_status assay_jeval_assign(assay_jrun *run, assay_jframe *frame, const assay_jnode *target,
                                              const assay_jvalue *value)
{
    return run->state->evaluator->assign(run, frame, target, value);
}

#endif
