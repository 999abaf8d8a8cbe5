/* for: the rounds, filters of loops, and loops that call themselves. */
#include "jinja/jinja_for.h"

#include "jinja/jinja_eval.h"
#include "jinja/jinja_frame.h"

#include <string.h>

/* The next item that passes the loop's filter; type MISSING at the end. */
static assay_status take_passing(assay_jrun *run, assay_jloop *loop, assay_jvalue *out)
{
    const assay_jnode *test = loop->node->c;
    assay_jvalue passes;
    while (assay_jiter_next(&loop->iter, out)) {
        if (!test) return ASSAY_OK;
        ASSAY_TRY(assay_jrun_step(run));
        ASSAY_TRY(assay_jframe_enter_scope(run, loop->frame, test->scope));
        ASSAY_TRY(assay_jeval_assign(run, loop->frame, test->a, out));
        ASSAY_TRY(assay_jeval_expression(run, loop->frame, test->b, &passes));
        if (assay_jvalue_truth(&passes)) return ASSAY_OK;
    }
    *out = (assay_jvalue){0};
    return ASSAY_OK;
}

/* The else body runs where no round came to the end of the body: break and continue do not reach it, as in jinja2. */
static assay_status run_rounds(assay_jrun *run, assay_jloop *loop)
{
    const assay_jnode *node = loop->node;
    bool finished = false;
    for (;;) {
        ASSAY_TRY(assay_jloop_advance(run, loop));
        if (loop->next.type == ASSAY_J_MISSING) break;
        ASSAY_TRY(assay_jrun_step(run));
        ASSAY_TRY(assay_jframe_enter_scope(run, loop->frame, node->scope));
        ASSAY_TRY(assay_jeval_assign(run, loop->frame, node->a, &loop->current));
        if (node->scope->loop_slot != ASSAY_JNO_SLOT)
            loop->frame->slots[node->scope->loop_slot] = (assay_jvalue){.type = ASSAY_J_LOOP, .as.loop = loop};
        ASSAY_TRY(assay_jeval_statements(run, loop->frame, node->list));
        bool ends = run->state->signal == ASSAY_JSIGNAL_BREAK;
        finished = finished || run->state->signal == ASSAY_JSIGNAL_NONE;
        run->state->signal = ASSAY_JSIGNAL_NONE;
        if (ends) break;
    }
    if (finished || !node->d) return ASSAY_OK;
    ASSAY_TRY(assay_jframe_enter_scope(run, loop->frame, node->other));
    return assay_jeval_statements(run, loop->frame, node->d);
}

static assay_status start_loop(assay_jrun *run, const assay_jnode *node, const assay_jvalue *source, int64_t depth0,
                               assay_jloop **out)
{
    void *memory;
    ASSAY_TRY(assay_jrun_alloc(run, 1, sizeof **out, &memory));
    *out = memory;
    **out = (assay_jloop){
        .node = node, .take = take_passing, .filtered = node->c != NULL, .index0 = -1, .depth0 = depth0, .length = -1};
    return assay_jiter_start(run, &(*out)->iter, source);
}

static assay_status run_recursive(assay_jrun *run, assay_jframe *outer, const assay_jnode *node,
                                  const assay_jvalue *source, int64_t depth0)
{
    assay_jloop *loop;
    ASSAY_TRY(start_loop(run, node, source, depth0, &loop));
    ASSAY_TRY(assay_jframe_open(run, node->function, outer, &loop->frame));
    loop->outer = outer;
    return run_rounds(run, loop);
}

assay_status assay_jfor_run(assay_jrun *run, assay_jframe *frame, const assay_jnode *node)
{
    assay_jvalue source;
    assay_jloop *loop;
    ASSAY_TRY(assay_jeval_expression(run, frame, node->b, &source));
    run->line = node->line;
    if (node->op & ASSAY_JLOOP_RECURSIVE) return run_recursive(run, frame, node, &source, 0);
    ASSAY_TRY(start_loop(run, node, &source, 0, &loop));
    loop->frame = frame;
    return run_rounds(run, loop);
}

/* loop(children): the body once more, over other items, as a text. */
assay_status assay_jfor_again(assay_jrun *run, assay_jloop *loop, const assay_jcall *call, assay_jvalue *out)
{
    char *copy;
    size_t before = run->state->out->size;
    if (!(loop->node->op & ASSAY_JLOOP_RECURSIVE))
        return assay_jrun_fail(run, "the loop must be marked \"recursive\" to be called");
    if (call->count != 1 || call->named) return assay_jrun_fail(run, "loop() takes one argument");
    int line = run->line;
    ASSAY_TRY(run_recursive(run, loop->outer, loop->node, &call->items[0], loop->depth0 + 1));
    size_t size = run->state->out->size - before;
    ASSAY_TRY(assay_jrun_bytes(run, size, &copy));
    if (size) memcpy(copy, run->state->out->data + before, size);
    *out = assay_jvalue_text(copy, size);
    run->state->out->size = before;
    if (run->state->out->data) run->state->out->data[before] = 0;
    run->line = line;
    return ASSAY_OK;
}
