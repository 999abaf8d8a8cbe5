/* Statements, and the expressions that are not operators, loops or calls of their own file. */
#include "jinja/jinja_eval.h"

#include "jinja/jinja_attribute.h"
#include "jinja/jinja_call.h"
#include "jinja/jinja_capture.h"
#include "jinja/jinja_for.h"
#include "jinja/jinja_frame.h"
#include "python/py_item.h"
#include "python/py_operator.h"
#include "python/py_print.h"
#include "python/py_text.h"
#include "python/py_undefined.h"

static assay_status eval_statements(assay_jrun *run, assay_jframe *frame, const assay_jnode *chain);
static assay_status eval_expression(assay_jrun *run, assay_jframe *frame, const assay_jnode *node, assay_jvalue *out);
static assay_status eval_assign(assay_jrun *run, assay_jframe *frame, const assay_jnode *target,
                                const assay_jvalue *value);

static assay_status eval_capture_into(assay_jrun *run, assay_jframe *frame, const assay_jnode *node,
                                      const assay_jnode *filter)
{
    assay_jvalue value;
    ASSAY_TRY(assay_jframe_enter_scope(run, frame, node->scope));
    ASSAY_TRY(assay_jeval_capture(run, frame, node->list, &run->state->captured));
    if (run->state->signal != ASSAY_JSIGNAL_NONE) return ASSAY_OK;
    value = run->state->captured;
    if (filter) ASSAY_TRY(eval_expression(run, frame, filter, &value));
    run->state->captured = value;
    return ASSAY_OK;
}

static assay_status print_value(assay_jrun *run, const assay_jvalue *value)
{
    assay_jvalue text;
    ASSAY_TRY(assay_jvalue_str(run, value, false, &text));
    ASSAY_TRY(assay_jrun_charge(run, text.size));
    if (text.size > run->state->out->ceiling - run->state->out->size)
        return assay_jrun_fail(run, "the template prints more than the allowed %zu bytes", run->state->out->ceiling);
    return assay_buf_append(run->state->out, text.as.text, text.size, run->err);
}

static assay_status eval_output(assay_jrun *run, assay_jframe *frame, const assay_jnode *node)
{
    assay_jvalue value;
    for (const assay_jnode *item = node->list; item; item = item->next) {
        ASSAY_TRY(eval_expression(run, frame, item, &value));
        run->line = item->line;
        ASSAY_TRY(print_value(run, &value));
    }
    return ASSAY_OK;
}

static assay_status eval_if(assay_jrun *run, assay_jframe *frame, const assay_jnode *node)
{
    assay_jvalue test;
    for (; node; node = node->b) {
        ASSAY_TRY(eval_expression(run, frame, node->a, &test));
        if (assay_jvalue_truth(&test)) return eval_statements(run, frame, node->list);
        if (!node->b) return eval_statements(run, frame, node->c);
    }
    return ASSAY_OK;
}

static assay_status assign_tuple(assay_jrun *run, assay_jframe *frame, const assay_jnode *target,
                                 const assay_jvalue *value)
{
    assay_jiter iter;
    assay_jvalue item;
    ASSAY_TRY(assay_jiter_start(run, &iter, value));
    for (const assay_jnode *part = target->list; part; part = part->next) {
        if (!assay_jiter_next(&iter, &item)) return assay_jrun_fail(run, "not enough values to unpack");
        ASSAY_TRY(eval_assign(run, frame, part, &item));
    }
    return assay_jiter_next(&iter, &item) ? assay_jrun_fail(run, "too many values to unpack") : ASSAY_OK;
}

static assay_status assign_attribute(assay_jrun *run, assay_jframe *frame, const assay_jnode *target,
                                     const assay_jvalue *value)
{
    const assay_jvalue *object = assay_jframe_slot(frame, target->ref);
    if (object->type != ASSAY_J_NAMESPACE)
        return assay_jrun_fail(run, "%.60s.%.60s cannot be set: only a namespace takes attributes",
                               target->name->text.as.text, target->value.as.text);
    if (target->value.as.text[0] == '_') return assay_jrun_fail(run, "a namespace takes no names that begin with _");
    return assay_jdict_put(run, object->as.dict, &target->value, value);
}

static assay_status eval_assign(assay_jrun *run, assay_jframe *frame, const assay_jnode *target,
                                const assay_jvalue *value)
{
    if (target->kind == ASSAY_JNODE_TUPLE) return assign_tuple(run, frame, target, value);
    if (target->kind == ASSAY_JNODE_ATTRIBUTE_TARGET) return assign_attribute(run, frame, target, value);
    *assay_jframe_slot(frame, target->ref) = *value;
    return ASSAY_OK;
}

static assay_status make_macro(assay_jrun *run, assay_jframe *frame, const assay_jnode *node, assay_jvalue *out)
{
    void *memory;
    ASSAY_TRY(assay_jrun_alloc(run, 1, sizeof(assay_jmacro), &memory));
    assay_jmacro *macro = memory;
    *macro = (assay_jmacro){node->kind == ASSAY_JNODE_MACRO ? node->name->text : assay_jvalue_none(), node, frame};
    for (assay_jframe *held = frame; held && !held->captured; held = held->outer) held->captured = true;
    *out = (assay_jvalue){.type = ASSAY_J_MACRO, .as.macro = macro};
    return ASSAY_OK;
}

/* A generation block is a call of its own body. */
static assay_status eval_call_block(assay_jrun *run, assay_jframe *frame, const assay_jnode *node)
{
    assay_jvalue body, callee, result;
    assay_jcall call = {0};
    ASSAY_TRY(make_macro(run, frame, node, &body));
    callee = body;
    if (node->a) {
        ASSAY_TRY(eval_expression(run, frame, node->a->a, &callee));
        ASSAY_TRY(assay_jcall_arguments(run, frame, node->a, NULL, &body, &call));
    }
    ASSAY_TRY(assay_jcall_value(run, &callee, &call, &result));
    return print_value(run, &result);
}

static assay_status eval_with(assay_jrun *run, assay_jframe *frame, const assay_jnode *node)
{
    assay_jvalue value;
    ASSAY_TRY(assay_jframe_enter_scope(run, frame, node->scope));
    for (const assay_jnode *set = node->b; set; set = set->next) {
        ASSAY_TRY(eval_expression(run, frame, set->b, &value));
        ASSAY_TRY(eval_assign(run, frame, set->a, &value));
    }
    return eval_statements(run, frame, node->list);
}

static assay_status eval_set(assay_jrun *run, assay_jframe *frame, const assay_jnode *node)
{
    assay_jvalue value;
    ASSAY_TRY(eval_expression(run, frame, node->b, &value));
    return eval_assign(run, frame, node->a, &value);
}

static assay_status eval_block(assay_jrun *run, assay_jframe *frame, const assay_jnode *node)
{
    bool is_set = node->kind == ASSAY_JNODE_SET_BLOCK;
    ASSAY_TRY(eval_capture_into(run, frame, node, is_set ? node->b : node->a));
    if (run->state->signal != ASSAY_JSIGNAL_NONE) return ASSAY_OK;
    assay_jvalue value = run->state->captured;
    return is_set ? eval_assign(run, frame, node->a, &value) : print_value(run, &value);
}

static assay_status eval_macro(assay_jrun *run, assay_jframe *frame, const assay_jnode *node)
{
    assay_jvalue macro;
    ASSAY_TRY(make_macro(run, frame, node, &macro));
    *assay_jframe_slot(frame, node->ref) = macro;
    return ASSAY_OK;
}

static assay_status eval_statement(assay_jrun *run, assay_jframe *frame, const assay_jnode *node)
{
    run->line = node->line;
    switch (node->kind) {
    case ASSAY_JNODE_OUTPUT:
        return eval_output(run, frame, node);
    case ASSAY_JNODE_IF:
        return eval_if(run, frame, node);
    case ASSAY_JNODE_FOR:
        return assay_jfor_run(run, frame, node);
    case ASSAY_JNODE_SET:
        return eval_set(run, frame, node);
    case ASSAY_JNODE_SET_BLOCK:
    case ASSAY_JNODE_FILTER_BLOCK:
        return eval_block(run, frame, node);
    case ASSAY_JNODE_MACRO:
        return eval_macro(run, frame, node);
    case ASSAY_JNODE_CALL_BLOCK:
        return eval_call_block(run, frame, node);
    case ASSAY_JNODE_WITH:
        return eval_with(run, frame, node);
    default:
        run->state->signal = node->kind == ASSAY_JNODE_BREAK ? ASSAY_JSIGNAL_BREAK : ASSAY_JSIGNAL_CONTINUE;
        return ASSAY_OK;
    }
}

static assay_status eval_statements(assay_jrun *run, assay_jframe *frame, const assay_jnode *chain)
{
    ASSAY_TRY(assay_jrun_enter(run));
    for (; chain && run->state->signal == ASSAY_JSIGNAL_NONE; chain = chain->next) {
        ASSAY_TRY(assay_jrun_step(run));
        ASSAY_TRY(eval_statement(run, frame, chain));
    }
    assay_jrun_leave(run);
    return ASSAY_OK;
}

static assay_status eval_name(assay_jrun *run, assay_jframe *frame, const assay_jnode *node, assay_jvalue *out)
{
    *out = *assay_jframe_slot(frame, node->ref);
    if (out->type != ASSAY_J_MISSING) return ASSAY_OK;
    return assay_jvalue_undefined(run, NULL, NULL, &node->name->text, false, out);
}

static assay_status eval_items(assay_jrun *run, assay_jframe *frame, const assay_jnode *node, assay_jvalue *out)
{
    assay_jlist *list;
    assay_jvalue item;
    ASSAY_TRY(assay_jlist_new(run, node->kind == ASSAY_JNODE_TUPLE ? ASSAY_JLIST_TUPLE : ASSAY_JLIST_LIST, 0, &list));
    for (const assay_jnode *part = node->list; part; part = part->next) {
        ASSAY_TRY(eval_expression(run, frame, part, &item));
        ASSAY_TRY(assay_jlist_push(run, list, item));
    }
    *out = assay_jlist_value(list);
    return ASSAY_OK;
}

static assay_status eval_dict(assay_jrun *run, assay_jframe *frame, const assay_jnode *node, assay_jvalue *out)
{
    assay_jdict *dict;
    assay_jvalue key, value;
    ASSAY_TRY(assay_jdict_new(run, 0, &dict));
    for (const assay_jnode *part = node->list; part; part = part->next->next) {
        ASSAY_TRY(eval_expression(run, frame, part, &key));
        ASSAY_TRY(eval_expression(run, frame, part->next, &value));
        ASSAY_TRY(assay_jdict_put(run, dict, &key, &value));
    }
    *out = assay_jdict_value(dict);
    return ASSAY_OK;
}

static assay_status eval_concat(assay_jrun *run, assay_jframe *frame, const assay_jnode *node, assay_jvalue *out)
{
    assay_jvalue item, text;
    *out = assay_jvalue_literal("");
    for (const assay_jnode *part = node->list; part; part = part->next) {
        ASSAY_TRY(eval_expression(run, frame, part, &item));
        ASSAY_TRY(assay_jvalue_str(run, &item, false, &text));
        if (part == node->list) *out = text;
        else ASSAY_TRY(assay_jtext_concat(run, out, &text, out));
    }
    return ASSAY_OK;
}

static assay_status eval_compare(assay_jrun *run, assay_jframe *frame, const assay_jnode *node, assay_jvalue *out)
{
    assay_jvalue left, right;
    bool holds = true;
    ASSAY_TRY(eval_expression(run, frame, node->a, &left));
    for (const assay_jnode *operand = node->list; operand && holds; operand = operand->next) {
        ASSAY_TRY(eval_expression(run, frame, operand->a, &right));
        run->line = node->line;
        ASSAY_TRY(assay_jop_compare(run, operand->op, &left, &right, &holds));
        left = right;
    }
    *out = assay_jvalue_bool(holds);
    return ASSAY_OK;
}

static assay_status eval_condition(assay_jrun *run, assay_jframe *frame, const assay_jnode *node, assay_jvalue *out)
{
    assay_jvalue test;
    ASSAY_TRY(eval_expression(run, frame, node->b, &test));
    if (assay_jvalue_truth(&test)) return eval_expression(run, frame, node->a, out);
    if (node->c) return eval_expression(run, frame, node->c, out);
    return assay_jvalue_undefined(run, "the inline if was false and has no else", NULL, NULL, false, out);
}

static assay_status eval_slice(assay_jrun *run, assay_jframe *frame, const assay_jnode *node, assay_jvalue *out)
{
    assay_jvalue object, bounds[3] = {{0}};
    const assay_jnode *const parts[] = {node->b, node->c, node->d};
    ASSAY_TRY(eval_expression(run, frame, node->a, &object));
    for (size_t i = 0; i < 3; i++)
        if (parts[i]) ASSAY_TRY(eval_expression(run, frame, parts[i], &bounds[i]));
    run->line = node->line;
    return assay_jvalue_slice(run, &object, bounds, out);
}

/* FILTER and TEST: the operand is the first argument; a filter without one takes what its block captured. */
static assay_status eval_builtin(assay_jrun *run, assay_jframe *frame, const assay_jnode *node, assay_jvalue *out)
{
    assay_jvalue operand = run->state->captured;
    assay_jcall call;
    if (node->a) ASSAY_TRY(eval_expression(run, frame, node->a, &operand));
    ASSAY_TRY(assay_jcall_arguments(run, frame, node, &operand, NULL, &call));
    run->line = node->line;
    if (!node->callee)
        return assay_jrun_fail(run, "there is no %s named \"%.60s\"",
                               node->kind == ASSAY_JNODE_FILTER ? "filter" : "test", node->value.as.text);
    return assay_jbuiltin_call(run, node->callee, NULL, &call, out);
}

static assay_status eval_call(assay_jrun *run, assay_jframe *frame, const assay_jnode *node, assay_jvalue *out)
{
    assay_jvalue callee;
    assay_jcall call;
    ASSAY_TRY(eval_expression(run, frame, node->a, &callee));
    ASSAY_TRY(assay_jcall_arguments(run, frame, node, NULL, NULL, &call));
    run->line = node->line;
    return assay_jcall_value(run, &callee, &call, out);
}

/* and, or: the operand that decides. */
static assay_status eval_logic(assay_jrun *run, assay_jframe *frame, const assay_jnode *node, assay_jvalue *out)
{
    ASSAY_TRY(eval_expression(run, frame, node->a, out));
    if (assay_jvalue_truth(out) == (node->kind == ASSAY_JNODE_OR)) return ASSAY_OK;
    return eval_expression(run, frame, node->b, out);
}

static assay_status eval_operator(assay_jrun *run, assay_jframe *frame, const assay_jnode *node, assay_jvalue *out)
{
    assay_jvalue a, b;
    ASSAY_TRY(eval_expression(run, frame, node->a, &a));
    if (node->kind == ASSAY_JNODE_UNARY) return assay_jop_unary(run, node->op, &a, out);
    if (node->b) ASSAY_TRY(eval_expression(run, frame, node->b, &b));
    run->line = node->line;
    if (node->kind == ASSAY_JNODE_ATTRIBUTE) return assay_jvalue_attribute(run, &a, &node->value, out);
    if (node->kind == ASSAY_JNODE_ITEM) return assay_jvalue_item(run, &a, &b, out);
    return assay_jop_binary(run, node->op, &a, &b, out);
}

static assay_status eval_kind(assay_jrun *run, assay_jframe *frame, const assay_jnode *node, assay_jvalue *out)
{
    switch (node->kind) {
    case ASSAY_JNODE_TUPLE:
    case ASSAY_JNODE_LIST:
        return eval_items(run, frame, node, out);
    case ASSAY_JNODE_DICT:
        return eval_dict(run, frame, node, out);
    case ASSAY_JNODE_AND:
    case ASSAY_JNODE_OR:
        return eval_logic(run, frame, node, out);
    case ASSAY_JNODE_CONCAT:
        return eval_concat(run, frame, node, out);
    case ASSAY_JNODE_COMPARE:
        return eval_compare(run, frame, node, out);
    case ASSAY_JNODE_CONDITION:
        return eval_condition(run, frame, node, out);
    case ASSAY_JNODE_SLICE:
        return eval_slice(run, frame, node, out);
    case ASSAY_JNODE_CALL:
        return eval_call(run, frame, node, out);
    case ASSAY_JNODE_FILTER:
    case ASSAY_JNODE_TEST:
        return eval_builtin(run, frame, node, out);
    default:
        return eval_operator(run, frame, node, out);
    }
}

static assay_status eval_expression(assay_jrun *run, assay_jframe *frame, const assay_jnode *node, assay_jvalue *out)
{
    if (node->kind == ASSAY_JNODE_CONST) {
        *out = node->value;
        return ASSAY_OK;
    }
    run->line = node->line;
    ASSAY_TRY(assay_jrun_enter(run));
    ASSAY_TRY(node->kind == ASSAY_JNODE_NAME ? eval_name(run, frame, node, out) : eval_kind(run, frame, node, out));
    assay_jrun_leave(run);
    return ASSAY_OK;
}

const assay_jevaluator assay_jeval = {eval_statements, eval_expression, eval_assign};
