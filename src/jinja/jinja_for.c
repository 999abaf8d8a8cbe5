/* for: the rounds, filters of loops, and loops that call themselves. */
#include "jinja/jinja_for.h"

#include "jinja/jinja_eval.h"
#include "jinja/jinja_frame.h"

#include <string.h>

/* The next item that passes the loop's filter; type MISSING at the end. */
static assay_status take_passing(assay_py_run *run, assay_py_loop *loop, assay_py_value *out)
{
    const assay_py_node *test = loop->node->c;
    assay_py_value passes;
    while (assay_py_iter_next(&loop->iter, out)) {
        if (!test) return ASSAY_OK;
        ASSAY_TRY(assay_py_run_step(run));
        ASSAY_TRY(assay_jinja_frame_enter_scope(run, loop->frame, test->scope));
        ASSAY_TRY(assay_jinja_eval_assign(run, loop->frame, test->a, out));
        ASSAY_TRY(assay_jinja_eval_expression(run, loop->frame, test->b, &passes));
        if (assay_py_value_truth(&passes)) return ASSAY_OK;
    }
    *out = (assay_py_value){0};
    return ASSAY_OK;
}

/* The else body runs where no round came to the end of the body: break and continue do not reach it, as in jinja2. */
static assay_status run_rounds(assay_py_run *run, assay_py_loop *loop)
{
    const assay_py_node *node = loop->node;
    bool finished = false;
    for (;;) {
        ASSAY_TRY(assay_jinja_loop_advance(run, loop));
        if (loop->next.type == ASSAY_PY_MISSING) break;
        ASSAY_TRY(assay_py_run_step(run));
        ASSAY_TRY(assay_jinja_frame_enter_scope(run, loop->frame, node->scope));
        ASSAY_TRY(assay_jinja_eval_assign(run, loop->frame, node->a, &loop->current));
        if (node->scope->loop_slot != ASSAY_JINJA_NO_SLOT)
            loop->frame->slots[node->scope->loop_slot] = (assay_py_value){.type = ASSAY_PY_LOOP, .as.loop = loop};
        ASSAY_TRY(assay_jinja_eval_statements(run, loop->frame, node->list));
        bool ends = run->state->signal == ASSAY_JINJA_SIGNAL_BREAK;
        finished = finished || run->state->signal == ASSAY_JINJA_SIGNAL_NONE;
        run->state->signal = ASSAY_JINJA_SIGNAL_NONE;
        if (ends) break;
    }
    if (finished || !node->d) return ASSAY_OK;
    ASSAY_TRY(assay_jinja_frame_enter_scope(run, loop->frame, node->other));
    return assay_jinja_eval_statements(run, loop->frame, node->d);
}

static assay_status start_loop(assay_py_run *run, const assay_py_node *node, const assay_py_value *source,
                               int64_t depth0, assay_py_loop **out)
{
    void *memory;
    ASSAY_TRY(assay_py_run_alloc(run, 1, sizeof **out, &memory));
    *out = memory;
    **out = (assay_py_loop){
        .node = node, .take = take_passing, .filtered = node->c != NULL, .index0 = -1, .depth0 = depth0, .length = -1};
    return assay_py_iter_start(run, &(*out)->iter, source);
}

static assay_status run_recursive(assay_py_run *run, assay_py_frame *outer, const assay_py_node *node,
                                  const assay_py_value *source, int64_t depth0)
{
    assay_py_loop *loop;
    ASSAY_TRY(start_loop(run, node, source, depth0, &loop));
    ASSAY_TRY(assay_jinja_frame_open(run, node->function, outer, &loop->frame));
    loop->outer = outer;
    return run_rounds(run, loop);
}

assay_status assay_jinja_for_run(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node)
{
    assay_py_value source;
    assay_py_loop *loop;
    ASSAY_TRY(assay_jinja_eval_expression(run, frame, node->b, &source));
    run->line = node->line;
    if (node->op & ASSAY_JINJA_LOOP_RECURSIVE) return run_recursive(run, frame, node, &source, 0);
    ASSAY_TRY(start_loop(run, node, &source, 0, &loop));
    loop->frame = frame;
    return run_rounds(run, loop);
}

/* loop(children): the body once more, over other items, as a text. */
assay_status assay_jinja_for_again(assay_py_run *run, assay_py_loop *loop, const assay_py_call *call,
                                   assay_py_value *out)
{
    char *copy;
    size_t before = run->state->out->size;
    if (!(loop->node->op & ASSAY_JINJA_LOOP_RECURSIVE))
        return assay_py_run_fail(run, "the loop must be marked \"recursive\" to be called");
    if (call->count != 1 || call->named) return assay_py_run_fail(run, "loop() takes one argument");
    int line = run->line;
    ASSAY_TRY(run_recursive(run, loop->outer, loop->node, &call->items[0], loop->depth0 + 1));
    size_t size = run->state->out->size - before;
    ASSAY_TRY(assay_py_run_bytes(run, size, &copy));
    if (size) memcpy(copy, run->state->out->data + before, size);
    *out = assay_py_value_text(copy, size);
    run->state->out->size = before;
    if (run->state->out->data) run->state->out->data[before] = 0;
    run->line = line;
    return ASSAY_OK;
}
