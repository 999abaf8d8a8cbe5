#include "jinja/jinja_call.h"

#include "jinja/jinja_capture.h"
#include "jinja/jinja_eval.h"
#include "jinja/jinja_for.h"
#include "jinja/jinja_frame.h"
#include "python/py_undefined.h"

#include <string.h>

enum { MAX_CALLS = 200 }; /* of macros into macros; Python ends a little earlier */

static assay_status fill_defaults(assay_jrun *run, assay_jframe *frame, const assay_jnode *node)
{
    for (const assay_jnode *given = node->b; given; given = given->next) {
        assay_jvalue *slot = assay_jframe_slot(frame, given->ref);
        if (slot->type != ASSAY_J_MISSING) continue;
        if (given->a) ASSAY_TRY(assay_jeval_expression(run, frame, given->a, slot));
        else
            ASSAY_TRY(assay_jvalue_undefined(run, "a parameter of the macro was not provided", NULL, &given->name->text,
                                             false, slot));
    }
    return ASSAY_OK;
}

/* Named arguments that are no parameter: caller is taken out, the rest goes to kwargs or is an error. */
static assay_status place_rest(assay_jrun *run, assay_jframe *frame, const assay_jmacro *macro, const assay_jcall *call,
                               const bool *used, bool found_caller)
{
    const assay_jfunction *function = macro->node->function;
    assay_jdict *rest;
    assay_jvalue caller = {0};
    bool takes_caller = macro->node->op & ASSAY_JUSES_CALLER && !found_caller;
    ASSAY_TRY(assay_jdict_new(run, 0, &rest));
    for (size_t i = 0; i < call->named; i++) {
        if (used[i]) continue;
        if (takes_caller && assay_jvalue_is_text(&call->names[i], "caller")) caller = call->values[i];
        else ASSAY_TRY(assay_jdict_put(run, rest, &call->names[i], &call->values[i]));
    }
    if (takes_caller && function->caller != ASSAY_JNO_SLOT) {
        if (caller.type == ASSAY_J_MISSING || caller.type == ASSAY_J_NONE)
            ASSAY_TRY(assay_jvalue_undefined(run, "no caller is defined", NULL, NULL, false, &caller));
        frame->slots[function->caller] = caller;
    }
    if (function->kwargs != ASSAY_JNO_SLOT) frame->slots[function->kwargs] = assay_jdict_value(rest);
    else if (rest->count)
        return assay_jrun_fail(run, "the macro takes no argument named %.*s",
                               rest->entries[0].key.size < 60 ? (int)rest->entries[0].key.size : 60,
                               rest->entries[0].key.as.text);
    return ASSAY_OK;
}

static assay_status place_varargs(assay_jrun *run, assay_jframe *frame, const assay_jfunction *function,
                                  const assay_jcall *call)
{
    assay_jlist *rest;
    size_t over = call->count > function->parameters ? call->count - function->parameters : 0;
    if (function->varargs == ASSAY_JNO_SLOT)
        return over ? assay_jrun_fail(run, "the macro takes at most %zu arguments, not %zu", function->parameters,
                                      call->count)
                    : ASSAY_OK;
    ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_TUPLE, over, &rest));
    for (size_t i = 0; i < over; i++) ASSAY_TRY(assay_jlist_push(run, rest, call->items[function->parameters + i]));
    frame->slots[function->varargs] = assay_jlist_value(rest);
    return ASSAY_OK;
}

/* The order of jinja2.runtime.Macro.__call__: positional, then named, then what is left over. */
static assay_status place_arguments(assay_jrun *run, assay_jframe *frame, const assay_jmacro *macro,
                                    const assay_jcall *call)
{
    const assay_jfunction *function = macro->node->function;
    void *used;
    size_t at = 0;
    bool found_caller = function->names_caller && call->count >= function->parameters;
    ASSAY_TRY(assay_jrun_alloc(run, call->named, sizeof(bool), &used));
    for (const assay_jnode *given = macro->node->b; given; given = given->next, at++) {
        assay_jvalue *slot = assay_jframe_slot(frame, given->ref);
        *slot = at < call->count ? call->items[at] : (assay_jvalue){0};
        if (at >= call->count && assay_jvalue_is_text(&given->name->text, "caller")) found_caller = true;
        for (size_t i = 0; at >= call->count && i < call->named; i++) {
            if (call->names[i].as.text != given->name->text.as.text &&
                (call->names[i].size != given->name->text.size ||
                 memcmp(call->names[i].as.text, given->name->text.as.text, call->names[i].size) != 0))
                continue;
            *slot = call->values[i];
            ((bool *)used)[i] = true;
        }
    }
    ASSAY_TRY(place_rest(run, frame, macro, call, used, found_caller));
    return place_varargs(run, frame, function, call);
}

static assay_status call_macro(assay_jrun *run, const assay_jmacro *macro, const assay_jcall *call, assay_jvalue *out)
{
    const assay_jfunction *function = macro->node->function;
    assay_jframe *frame;
    int line = run->line;
    if (++run->state->calls > MAX_CALLS)
        return assay_jrun_fail(run, "macros call one another more than %d deep", MAX_CALLS);
    ASSAY_TRY(assay_jframe_open(run, function, macro->frame, &frame));
    ASSAY_TRY(place_arguments(run, frame, macro, call));
    ASSAY_TRY(assay_jframe_enter_scope(run, frame, &function->scope));
    ASSAY_TRY(fill_defaults(run, frame, macro->node));
    ASSAY_TRY(assay_jeval_capture(run, frame, macro->node->list, out));
    assay_jframe_close(run, frame);
    run->state->calls--;
    run->line = line;
    return ASSAY_OK;
}

static assay_status call_joiner(assay_jvalue joiner, assay_jvalue *out)
{
    *out = joiner.as.cycler->cursor ? joiner.as.cycler->items[0] : assay_jvalue_literal("");
    joiner.as.cycler->cursor = 1;
    return ASSAY_OK;
}

assay_status assay_jcall_value(assay_jrun *run, const assay_jvalue *callee, const assay_jcall *call, assay_jvalue *out)
{
    switch ((assay_jtype)callee->type) {
    case ASSAY_J_MACRO:
        return call_macro(run, callee->as.macro, call, out);
    case ASSAY_J_METHOD:
        return assay_jbuiltin_call(run, callee->as.method->method, &callee->as.method->self, call, out);
    case ASSAY_J_FUNCTION:
        return assay_jbuiltin_call(run, callee->as.builtin, NULL, call, out);
    case ASSAY_J_LOOP:
        return assay_jfor_again(run, callee->as.loop, call, out);
    case ASSAY_J_JOINER:
        return call->count || call->named ? assay_jrun_fail(run, "a joiner takes no arguments")
                                          : call_joiner(*callee, out);
    case ASSAY_J_UNDEFINED:
        return assay_jvalue_undefined_error(run, callee);
    default:
        return assay_jrun_fail(run, "a value of type '%s' cannot be called", assay_jvalue_type_name(callee));
    }
}

static assay_status add_starred(assay_jrun *run, assay_jframe *frame, const assay_jnode *node, assay_jlist *items)
{
    assay_jvalue value, item;
    assay_jiter iter;
    if (!node) return ASSAY_OK;
    ASSAY_TRY(assay_jeval_expression(run, frame, node, &value));
    ASSAY_TRY(assay_jiter_start(run, &iter, &value));
    while (assay_jiter_next(&iter, &item)) ASSAY_TRY(assay_jlist_push(run, items, item));
    return ASSAY_OK;
}

static assay_status add_double_starred(assay_jrun *run, assay_jframe *frame, const assay_jnode *node,
                                       assay_jdict *named)
{
    assay_jvalue value, known;
    if (!node) return ASSAY_OK;
    ASSAY_TRY(assay_jeval_expression(run, frame, node, &value));
    if (value.type != ASSAY_J_DICT) return assay_jrun_fail(run, "what stands behind ** must be a dict");
    for (size_t i = 0; i < value.as.dict->count; i++) {
        const assay_jentry *entry = &value.as.dict->entries[i];
        if (entry->key.type != ASSAY_J_TEXT) return assay_jrun_fail(run, "the keys of a dict behind ** must be texts");
        ASSAY_TRY(assay_jdict_get(run, named, &entry->key, &known));
        if (known.type != ASSAY_J_MISSING) return assay_jrun_fail(run, "an argument is given twice");
        ASSAY_TRY(assay_jdict_put(run, named, &entry->key, &entry->value));
    }
    return ASSAY_OK;
}

static assay_status named_arguments(assay_jrun *run, assay_jframe *frame, const assay_jnode *node,
                                    const assay_jvalue *caller, assay_jcall *out)
{
    assay_jdict *named;
    assay_jvalue value, key = assay_jvalue_literal("caller");
    void *names, *values;
    ASSAY_TRY(assay_jdict_new(run, 0, &named));
    for (const assay_jnode *given = node->b; given; given = given->next) {
        ASSAY_TRY(assay_jeval_expression(run, frame, given->a, &value));
        ASSAY_TRY(assay_jdict_put(run, named, &given->value, &value));
    }
    if (caller) ASSAY_TRY(assay_jdict_put(run, named, &key, caller));
    ASSAY_TRY(add_double_starred(run, frame, node->d, named));
    ASSAY_TRY(assay_jrun_alloc(run, named->count, sizeof(assay_jvalue), &names));
    ASSAY_TRY(assay_jrun_alloc(run, named->count, sizeof(assay_jvalue), &values));
    for (size_t i = 0; i < named->count; i++) {
        ((assay_jvalue *)names)[i] = named->entries[i].key;
        ((assay_jvalue *)values)[i] = named->entries[i].value;
    }
    out->names = names;
    out->values = values;
    out->named = named->count;
    return ASSAY_OK;
}

assay_status assay_jcall_arguments(assay_jrun *run, assay_jframe *frame, const assay_jnode *node,
                                   const assay_jvalue *first, const assay_jvalue *caller, assay_jcall *out)
{
    assay_jlist *items;
    assay_jvalue value;
    size_t count = first != NULL;
    for (const assay_jnode *given = node->list; given; given = given->next) count++;
    *out = (assay_jcall){.items = first, .count = count};
    if (count > (first != NULL) || node->c) {
        ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_LIST, count, &items));
        if (first) ASSAY_TRY(assay_jlist_push(run, items, *first));
        for (const assay_jnode *given = node->list; given; given = given->next) {
            ASSAY_TRY(assay_jeval_expression(run, frame, given, &value));
            ASSAY_TRY(assay_jlist_push(run, items, value));
        }
        ASSAY_TRY(add_starred(run, frame, node->c, items));
        out->items = items->items;
        out->count = items->count;
    }
    return node->b || node->d || caller ? named_arguments(run, frame, node, caller, out) : ASSAY_OK;
}
