/* for: the rounds, the `loop` object, filters of loops, and loops that call themselves. */
#include "jinja/jinja_eval.h"

#include <string.h>

typedef struct assay_jloop {
    const assay_jnode *node;
    assay_jframe *frame, *outer; /* of the body; the one a recursive loop was met in */
    assay_jiter iter;
    assay_jlist *rest; /* what a filtered loop has left, once its length was asked for */
    size_t rest_at;
    bool filtered;
    int64_t index0, depth0, length; /* length: -1 until known */
    bool has_next;                  /* next was taken ahead */
    assay_jvalue next, current, before;
    assay_jvalue changed; /* the last arguments of changed() */
} assay_jloop;

/* The next item that passes the loop's filter; type MISSING at the end. */
static assay_status take_filtered(assay_jrun *run, assay_jloop *loop, assay_jvalue *out)
{
    const assay_jnode *test = loop->node->c;
    assay_jvalue passes;
    if (loop->rest) {
        *out = loop->rest_at < loop->rest->count ? loop->rest->items[loop->rest_at++] : (assay_jvalue){0};
        return ASSAY_OK;
    }
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

static assay_status peek(assay_jrun *run, assay_jloop *loop)
{
    if (!loop->has_next) ASSAY_TRY(take_filtered(run, loop, &loop->next));
    loop->has_next = true;
    return ASSAY_OK;
}

static assay_status advance(assay_jrun *run, assay_jloop *loop)
{
    ASSAY_TRY(peek(run, loop));
    loop->has_next = false;
    if (loop->next.type == ASSAY_J_MISSING) return ASSAY_OK;
    loop->index0++;
    loop->before = loop->current;
    loop->current = loop->next;
    return ASSAY_OK;
}

/* A filtered loop must be run to its end to know its length; what comes is kept. */
static assay_status find_length(assay_jrun *run, assay_jloop *loop)
{
    assay_jlist *rest;
    assay_jvalue item;
    bool generator = assay_jvalue_is_list(&loop->iter.source, ASSAY_JLIST_GENERATOR);
    if (loop->length >= 0) return ASSAY_OK;
    if (!loop->filtered && !generator) return assay_jvalue_length(run, &loop->iter.source, &loop->length);
    ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_LIST, 0, &rest));
    for (;;) {
        ASSAY_TRY(take_filtered(run, loop, &item));
        if (item.type == ASSAY_J_MISSING) break;
        ASSAY_TRY(assay_jlist_push(run, rest, item));
    }
    loop->rest = rest;
    loop->rest_at = 0;
    loop->length = loop->index0 + 1 + (int64_t)rest->count + (loop->has_next && loop->next.type != ASSAY_J_MISSING);
    return ASSAY_OK;
}

/* The else body runs where no round came to the end of the body: break and continue do not reach it, as in jinja2. */
static assay_status run_rounds(assay_jrun *run, assay_jloop *loop)
{
    const assay_jnode *node = loop->node;
    bool finished = false;
    for (;;) {
        ASSAY_TRY(advance(run, loop));
        if (loop->next.type == ASSAY_J_MISSING) break;
        ASSAY_TRY(assay_jrun_step(run));
        ASSAY_TRY(assay_jframe_enter_scope(run, loop->frame, node->scope));
        ASSAY_TRY(assay_jeval_assign(run, loop->frame, node->a, &loop->current));
        if (node->scope->loop_slot != ASSAY_JNO_SLOT)
            loop->frame->slots[node->scope->loop_slot] = (assay_jvalue){.type = ASSAY_J_LOOP, .as.loop = loop};
        ASSAY_TRY(assay_jeval_statements(run, loop->frame, node->list));
        bool ends = run->signal == ASSAY_JSIGNAL_BREAK;
        finished = finished || run->signal == ASSAY_JSIGNAL_NONE;
        run->signal = ASSAY_JSIGNAL_NONE;
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
    **out = (assay_jloop){.node = node, .filtered = node->c != NULL, .index0 = -1, .depth0 = depth0, .length = -1};
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

assay_status assay_jeval_loop(assay_jrun *run, assay_jframe *frame, const assay_jnode *node)
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
assay_status assay_jloop_call(assay_jrun *run, assay_jloop *loop, const assay_jcall *call, assay_jvalue *out)
{
    char *copy;
    size_t before = run->out->size;
    if (!(loop->node->op & ASSAY_JLOOP_RECURSIVE))
        return assay_jrun_fail(run, "the loop must be marked \"recursive\" to be called");
    if (call->count != 1 || call->named) return assay_jrun_fail(run, "loop() takes one argument");
    int line = run->line;
    ASSAY_TRY(run_recursive(run, loop->outer, loop->node, &call->items[0], loop->depth0 + 1));
    size_t size = run->out->size - before;
    ASSAY_TRY(assay_jrun_bytes(run, size, &copy));
    if (size) memcpy(copy, run->out->data + before, size);
    *out = assay_jvalue_text(copy, size);
    run->out->size = before;
    if (run->out->data) run->out->data[before] = 0;
    run->line = line;
    return ASSAY_OK;
}

static assay_status neighbour(assay_jrun *run, assay_jloop *loop, bool next, assay_jvalue *out)
{
    if (next) ASSAY_TRY(peek(run, loop));
    bool there = next ? loop->next.type != ASSAY_J_MISSING : loop->index0 > 0;
    if (!there)
        return assay_jvalue_undefined(run, next ? "there is no next item" : "there is no previous item", NULL, NULL,
                                      false, out);
    *out = next ? loop->next : loop->before;
    return ASSAY_OK;
}

static assay_status whether_last(assay_jrun *run, assay_jloop *loop, assay_jvalue *out)
{
    ASSAY_TRY(peek(run, loop));
    *out = assay_jvalue_bool(loop->next.type == ASSAY_J_MISSING);
    return ASSAY_OK;
}

static assay_status counted(assay_jrun *run, assay_jloop *loop, int64_t less, assay_jvalue *out)
{
    ASSAY_TRY(find_length(run, loop));
    *out = assay_jvalue_int(loop->length - less);
    return ASSAY_OK;
}

assay_status assay_jloop_attribute(assay_jrun *run, assay_jloop *loop, const assay_jvalue *name, assay_jvalue *out)
{
    *out = (assay_jvalue){0};
    if (assay_jvalue_is_text(name, "index0")) *out = assay_jvalue_int(loop->index0);
    else if (assay_jvalue_is_text(name, "index")) *out = assay_jvalue_int(loop->index0 + 1);
    else if (assay_jvalue_is_text(name, "first")) *out = assay_jvalue_bool(loop->index0 == 0);
    else if (assay_jvalue_is_text(name, "last")) return whether_last(run, loop, out);
    else if (assay_jvalue_is_text(name, "previtem")) return neighbour(run, loop, false, out);
    else if (assay_jvalue_is_text(name, "nextitem")) return neighbour(run, loop, true, out);
    else if (assay_jvalue_is_text(name, "length")) return counted(run, loop, 0, out);
    else if (assay_jvalue_is_text(name, "revindex")) return counted(run, loop, loop->index0, out);
    else if (assay_jvalue_is_text(name, "revindex0")) return counted(run, loop, loop->index0 + 1, out);
    else if (assay_jvalue_is_text(name, "depth0")) *out = assay_jvalue_int(loop->depth0);
    else if (assay_jvalue_is_text(name, "depth")) *out = assay_jvalue_int(loop->depth0 + 1);
    return ASSAY_OK;
}

static assay_status run_cycle(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    if (call->named || call->count < 2) return assay_jrun_fail(run, "loop.cycle() needs values to choose from");
    int64_t index0 = call->items[0].as.loop->index0;
    *out = call->items[1 + (size_t)index0 % (call->count - 1)];
    return ASSAY_OK;
}

static assay_status run_changed(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jloop *loop = call->items[0].as.loop;
    assay_jlist *now;
    bool equal = false;
    if (call->named) return assay_jrun_fail(run, "loop.changed() takes no named arguments");
    ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_TUPLE, call->count, &now));
    for (size_t i = 1; i < call->count; i++) ASSAY_TRY(assay_jlist_push(run, now, call->items[i]));
    assay_jvalue value = assay_jlist_value(now);
    if (loop->changed.type != ASSAY_J_MISSING) ASSAY_TRY(assay_jvalue_equal(run, &loop->changed, &value, &equal));
    loop->changed = value;
    *out = assay_jvalue_bool(!equal);
    return ASSAY_OK;
}

static const assay_jbuiltin methods[] = {
    {"cycle", NULL, false, run_cycle},
    {"changed", NULL, false, run_changed},
};
const assay_jbuiltin_table assay_jmethods_loop = {methods, sizeof methods / sizeof *methods};
