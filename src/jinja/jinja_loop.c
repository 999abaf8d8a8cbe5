/* The `loop` object: where a loop stands, what comes next, and how many there are. */
#include "jinja/jinja_loop.h"

#include "python/py_undefined.h"

/* The next item; type MISSING at the end. */
static assay_status take(assay_jrun *run, assay_jloop *loop, assay_jvalue *out)
{
    if (!loop->rest) return loop->take(run, loop, out);
    *out = loop->rest_at < loop->rest->count ? loop->rest->items[loop->rest_at++] : (assay_jvalue){0};
    return ASSAY_OK;
}

static assay_status peek(assay_jrun *run, assay_jloop *loop)
{
    if (!loop->has_next) ASSAY_TRY(take(run, loop, &loop->next));
    loop->has_next = true;
    return ASSAY_OK;
}

assay_status assay_jloop_advance(assay_jrun *run, assay_jloop *loop)
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
        ASSAY_TRY(take(run, loop, &item));
        if (item.type == ASSAY_J_MISSING) break;
        ASSAY_TRY(assay_jlist_push(run, rest, item));
    }
    loop->rest = rest;
    loop->rest_at = 0;
    loop->length = loop->index0 + 1 + (int64_t)rest->count + (loop->has_next && loop->next.type != ASSAY_J_MISSING);
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
