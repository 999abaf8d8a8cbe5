/* The `loop` object: where a loop stands, what comes next, and how many there are. */
#include "jinja/jinja_loop.h"

#include "python/py_undefined.h"

/* The next item; type MISSING at the end. */
static assay_status take(assay_py_run *run, assay_py_loop *loop, assay_py_value *out)
{
    if (!loop->rest) return loop->take(run, loop, out);
    *out = loop->rest_at < loop->rest->count ? loop->rest->items[loop->rest_at++] : (assay_py_value){0};
    return ASSAY_OK;
}

static assay_status peek(assay_py_run *run, assay_py_loop *loop)
{
    if (!loop->has_next) ASSAY_TRY(take(run, loop, &loop->next));
    loop->has_next = true;
    return ASSAY_OK;
}

assay_status assay_jinja_loop_advance(assay_py_run *run, assay_py_loop *loop)
{
    ASSAY_TRY(peek(run, loop));
    loop->has_next = false;
    if (loop->next.type == ASSAY_PY_MISSING) return ASSAY_OK;
    loop->index0++;
    loop->before = loop->current;
    loop->current = loop->next;
    return ASSAY_OK;
}

/* A filtered loop must be run to its end to know its length; what comes is kept. */
static assay_status find_length(assay_py_run *run, assay_py_loop *loop)
{
    assay_py_list *rest;
    assay_py_value item;
    bool generator = assay_py_value_is_list(&loop->iter.source, ASSAY_PY_LIST_GENERATOR);
    if (loop->length >= 0) return ASSAY_OK;
    if (!loop->filtered && !generator) return assay_py_value_length(run, &loop->iter.source, &loop->length);
    ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_LIST, 0, &rest));
    for (;;) {
        ASSAY_TRY(take(run, loop, &item));
        if (item.type == ASSAY_PY_MISSING) break;
        ASSAY_TRY(assay_py_list_push(run, rest, item));
    }
    loop->rest = rest;
    loop->rest_at = 0;
    loop->length = loop->index0 + 1 + (int64_t)rest->count + (loop->has_next && loop->next.type != ASSAY_PY_MISSING);
    return ASSAY_OK;
}

static assay_status neighbour(assay_py_run *run, assay_py_loop *loop, bool next, assay_py_value *out)
{
    if (next) ASSAY_TRY(peek(run, loop));
    bool there = next ? loop->next.type != ASSAY_PY_MISSING : loop->index0 > 0;
    if (!there)
        return assay_py_value_undefined(run, next ? "there is no next item" : "there is no previous item", NULL, NULL,
                                        false, out);
    *out = next ? loop->next : loop->before;
    return ASSAY_OK;
}

static assay_status whether_last(assay_py_run *run, assay_py_loop *loop, assay_py_value *out)
{
    ASSAY_TRY(peek(run, loop));
    *out = assay_py_value_bool(loop->next.type == ASSAY_PY_MISSING);
    return ASSAY_OK;
}

static assay_status counted(assay_py_run *run, assay_py_loop *loop, int64_t less, assay_py_value *out)
{
    ASSAY_TRY(find_length(run, loop));
    *out = assay_py_value_int(loop->length - less);
    return ASSAY_OK;
}

assay_status assay_jinja_loop_attribute(assay_py_run *run, assay_py_loop *loop, const assay_py_value *name,
                                        assay_py_value *out)
{
    *out = (assay_py_value){0};
    if (assay_py_value_is_text(name, "index0")) *out = assay_py_value_int(loop->index0);
    else if (assay_py_value_is_text(name, "index")) *out = assay_py_value_int(loop->index0 + 1);
    else if (assay_py_value_is_text(name, "first")) *out = assay_py_value_bool(loop->index0 == 0);
    else if (assay_py_value_is_text(name, "last")) return whether_last(run, loop, out);
    else if (assay_py_value_is_text(name, "previtem")) return neighbour(run, loop, false, out);
    else if (assay_py_value_is_text(name, "nextitem")) return neighbour(run, loop, true, out);
    else if (assay_py_value_is_text(name, "length")) return counted(run, loop, 0, out);
    else if (assay_py_value_is_text(name, "revindex")) return counted(run, loop, loop->index0, out);
    else if (assay_py_value_is_text(name, "revindex0")) return counted(run, loop, loop->index0 + 1, out);
    else if (assay_py_value_is_text(name, "depth0")) *out = assay_py_value_int(loop->depth0);
    else if (assay_py_value_is_text(name, "depth")) *out = assay_py_value_int(loop->depth0 + 1);
    return ASSAY_OK;
}

static assay_status run_cycle(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    if (call->named || call->count < 2) return assay_py_run_fail(run, "loop.cycle() needs values to choose from");
    int64_t index0 = call->items[0].as.loop->index0;
    *out = call->items[1 + (size_t)index0 % (call->count - 1)];
    return ASSAY_OK;
}

static assay_status run_changed(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_loop *loop = call->items[0].as.loop;
    assay_py_list *now;
    bool equal = false;
    if (call->named) return assay_py_run_fail(run, "loop.changed() takes no named arguments");
    ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_TUPLE, call->count, &now));
    for (size_t i = 1; i < call->count; i++) ASSAY_TRY(assay_py_list_push(run, now, call->items[i]));
    assay_py_value value = assay_py_list_value(now);
    if (loop->changed.type != ASSAY_PY_MISSING) ASSAY_TRY(assay_py_value_equal(run, &loop->changed, &value, &equal));
    loop->changed = value;
    *out = assay_py_value_bool(!equal);
    return ASSAY_OK;
}

static const assay_py_builtin methods[] = {
    {"cycle", NULL, false, run_cycle},
    {"changed", NULL, false, run_changed},
};
const assay_py_builtin_table assay_jinja_methods_loop = {methods, sizeof methods / sizeof *methods};
