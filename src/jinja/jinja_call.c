#include "jinja/jinja_call.h"

#include "jinja/jinja_capture.h"
#include "jinja/jinja_eval.h"
#include "jinja/jinja_for.h"
#include "jinja/jinja_frame.h"
#include "python/py_undefined.h"

#include <string.h>

enum { MAX_CALLS = 200 }; /* of macros into macros; Python ends a little earlier */

static assay_status fill_defaults(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node)
{
    for (const assay_py_node *given = node->b; given; given = given->next) {
        assay_py_value *slot = assay_jinja_frame_slot(frame, given->ref);
        if (slot->type != ASSAY_PY_MISSING) continue;
        if (given->a) ASSAY_TRY(assay_jinja_eval_expression(run, frame, given->a, slot));
        else
            ASSAY_TRY(assay_py_value_undefined(run, "a parameter of the macro was not provided", NULL,
                                               &given->name->text, false, slot));
    }
    return ASSAY_OK;
}

/* Named arguments that are no parameter: caller is taken out, the rest goes to kwargs or is an error. */
static assay_status place_rest(assay_py_run *run, assay_py_frame *frame, const assay_py_macro *macro,
                               const assay_py_call *call, const bool *used, bool found_caller)
{
    const assay_jinja_function *function = macro->node->function;
    assay_py_dict *rest;
    assay_py_value caller = {0};
    bool takes_caller = macro->node->op & ASSAY_JINJA_USES_CALLER && !found_caller;
    ASSAY_TRY(assay_py_dict_new(run, 0, &rest));
    for (size_t i = 0; i < call->named; i++) {
        if (used[i]) continue;
        if (takes_caller && assay_py_value_is_text(&call->names[i], "caller")) caller = call->values[i];
        else ASSAY_TRY(assay_py_dict_put(run, rest, &call->names[i], &call->values[i]));
    }
    if (takes_caller && function->caller != ASSAY_JINJA_NO_SLOT) {
        if (caller.type == ASSAY_PY_MISSING || caller.type == ASSAY_PY_NONE)
            ASSAY_TRY(assay_py_value_undefined(run, "no caller is defined", NULL, NULL, false, &caller));
        frame->slots[function->caller] = caller;
    }
    if (function->kwargs != ASSAY_JINJA_NO_SLOT) frame->slots[function->kwargs] = assay_py_dict_value(rest);
    else if (rest->count)
        return assay_py_run_fail(run, "the macro takes no argument named %.*s",
                                 rest->entries[0].key.size < 60 ? (int)rest->entries[0].key.size : 60,
                                 rest->entries[0].key.as.text);
    return ASSAY_OK;
}

static assay_status place_varargs(assay_py_run *run, assay_py_frame *frame, const assay_jinja_function *function,
                                  const assay_py_call *call)
{
    assay_py_list *rest;
    size_t over = call->count > function->parameters ? call->count - function->parameters : 0;
    if (function->varargs == ASSAY_JINJA_NO_SLOT)
        return over ? assay_py_run_fail(run, "the macro takes at most %zu arguments, not %zu", function->parameters,
                                        call->count)
                    : ASSAY_OK;
    ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_TUPLE, over, &rest));
    for (size_t i = 0; i < over; i++) ASSAY_TRY(assay_py_list_push(run, rest, call->items[function->parameters + i]));
    frame->slots[function->varargs] = assay_py_list_value(rest);
    return ASSAY_OK;
}

/* The order of jinja2.runtime.Macro.__call__: positional, then named, then what is left over. */
static assay_status place_arguments(assay_py_run *run, assay_py_frame *frame, const assay_py_macro *macro,
                                    const assay_py_call *call)
{
    const assay_jinja_function *function = macro->node->function;
    void *used;
    size_t at = 0;
    bool found_caller = function->names_caller && call->count >= function->parameters;
    ASSAY_TRY(assay_py_run_alloc(run, call->named, sizeof(bool), &used));
    for (const assay_py_node *given = macro->node->b; given; given = given->next, at++) {
        assay_py_value *slot = assay_jinja_frame_slot(frame, given->ref);
        *slot = at < call->count ? call->items[at] : (assay_py_value){0};
        if (at >= call->count && assay_py_value_is_text(&given->name->text, "caller")) found_caller = true;
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

static assay_status call_macro(assay_py_run *run, const assay_py_macro *macro, const assay_py_call *call,
                               assay_py_value *out)
{
    const assay_jinja_function *function = macro->node->function;
    assay_py_frame *frame;
    int line = run->line;
    if (++run->state->calls > MAX_CALLS)
        return assay_py_run_fail(run, "macros call one another more than %d deep", MAX_CALLS);
    ASSAY_TRY(assay_jinja_frame_open(run, function, macro->frame, &frame));
    ASSAY_TRY(place_arguments(run, frame, macro, call));
    ASSAY_TRY(assay_jinja_frame_enter_scope(run, frame, &function->scope));
    ASSAY_TRY(fill_defaults(run, frame, macro->node));
    ASSAY_TRY(assay_jinja_eval_capture(run, frame, macro->node->list, out));
    assay_jinja_frame_close(run, frame);
    run->state->calls--;
    run->line = line;
    return ASSAY_OK;
}

static assay_status call_joiner(assay_py_value joiner, assay_py_value *out)
{
    *out = joiner.as.cycler->cursor ? joiner.as.cycler->items[0] : assay_py_value_literal("");
    joiner.as.cycler->cursor = 1;
    return ASSAY_OK;
}

assay_status assay_jinja_call_value(assay_py_run *run, const assay_py_value *callee, const assay_py_call *call,
                                    assay_py_value *out)
{
    switch ((assay_py_type)callee->type) {
    case ASSAY_PY_MACRO:
        return call_macro(run, callee->as.macro, call, out);
    case ASSAY_PY_METHOD:
        return assay_py_builtin_call(run, callee->as.method->method, &callee->as.method->self, call, out);
    case ASSAY_PY_FUNCTION:
        return assay_py_builtin_call(run, callee->as.builtin, NULL, call, out);
    case ASSAY_PY_LOOP:
        return assay_jinja_for_again(run, callee->as.loop, call, out);
    case ASSAY_PY_JOINER:
        return call->count || call->named ? assay_py_run_fail(run, "a joiner takes no arguments")
                                          : call_joiner(*callee, out);
    case ASSAY_PY_UNDEFINED:
        return assay_py_value_undefined_error(run, callee);
    default:
        return assay_py_run_fail(run, "a value of type '%s' cannot be called", assay_py_value_type_name(callee));
    }
}

static assay_status add_starred(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node,
                                assay_py_list *items)
{
    assay_py_value value, item;
    assay_py_iter iter;
    if (!node) return ASSAY_OK;
    ASSAY_TRY(assay_jinja_eval_expression(run, frame, node, &value));
    ASSAY_TRY(assay_py_iter_start(run, &iter, &value));
    while (assay_py_iter_next(&iter, &item)) ASSAY_TRY(assay_py_list_push(run, items, item));
    return ASSAY_OK;
}

static assay_status add_double_starred(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node,
                                       assay_py_dict *named)
{
    assay_py_value value, known;
    if (!node) return ASSAY_OK;
    ASSAY_TRY(assay_jinja_eval_expression(run, frame, node, &value));
    if (value.type != ASSAY_PY_DICT) return assay_py_run_fail(run, "what stands behind ** must be a dict");
    for (size_t i = 0; i < value.as.dict->count; i++) {
        const assay_py_entry *entry = &value.as.dict->entries[i];
        if (entry->key.type != ASSAY_PY_TEXT)
            return assay_py_run_fail(run, "the keys of a dict behind ** must be texts");
        ASSAY_TRY(assay_py_dict_get(run, named, &entry->key, &known));
        if (known.type != ASSAY_PY_MISSING) return assay_py_run_fail(run, "an argument is given twice");
        ASSAY_TRY(assay_py_dict_put(run, named, &entry->key, &entry->value));
    }
    return ASSAY_OK;
}

static assay_status named_arguments(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node,
                                    const assay_py_value *caller, assay_py_call *out)
{
    assay_py_dict *named;
    assay_py_value value, key = assay_py_value_literal("caller");
    void *names, *values;
    ASSAY_TRY(assay_py_dict_new(run, 0, &named));
    for (const assay_py_node *given = node->b; given; given = given->next) {
        ASSAY_TRY(assay_jinja_eval_expression(run, frame, given->a, &value));
        ASSAY_TRY(assay_py_dict_put(run, named, &given->value, &value));
    }
    if (caller) ASSAY_TRY(assay_py_dict_put(run, named, &key, caller));
    ASSAY_TRY(add_double_starred(run, frame, node->d, named));
    ASSAY_TRY(assay_py_run_alloc(run, named->count, sizeof(assay_py_value), &names));
    ASSAY_TRY(assay_py_run_alloc(run, named->count, sizeof(assay_py_value), &values));
    for (size_t i = 0; i < named->count; i++) {
        ((assay_py_value *)names)[i] = named->entries[i].key;
        ((assay_py_value *)values)[i] = named->entries[i].value;
    }
    out->names = names;
    out->values = values;
    out->named = named->count;
    return ASSAY_OK;
}

assay_status assay_jinja_call_arguments(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node,
                                        const assay_py_value *first, const assay_py_value *caller, assay_py_call *out)
{
    assay_py_list *items;
    assay_py_value value;
    size_t count = first != NULL;
    for (const assay_py_node *given = node->list; given; given = given->next) count++;
    *out = (assay_py_call){.items = first, .count = count};
    if (count > (first != NULL) || node->c) {
        ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_LIST, count, &items));
        if (first) ASSAY_TRY(assay_py_list_push(run, items, *first));
        for (const assay_py_node *given = node->list; given; given = given->next) {
            ASSAY_TRY(assay_jinja_eval_expression(run, frame, given, &value));
            ASSAY_TRY(assay_py_list_push(run, items, value));
        }
        ASSAY_TRY(add_starred(run, frame, node->c, items));
        out->items = items->items;
        out->count = items->count;
    }
    return node->b || node->d || caller ? named_arguments(run, frame, node, caller, out) : ASSAY_OK;
}
