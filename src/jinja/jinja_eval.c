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

static assay_status eval_statements(assay_py_run *run, assay_py_frame *frame, const assay_py_node *chain);
static assay_status eval_expression(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node,
                                    assay_py_value *out);
static assay_status eval_assign(assay_py_run *run, assay_py_frame *frame, const assay_py_node *target,
                                const assay_py_value *value);

static assay_status eval_capture_into(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node,
                                      const assay_py_node *filter)
{
    assay_py_value value;
    ASSAY_TRY(assay_jinja_frame_enter_scope(run, frame, node->scope));
    ASSAY_TRY(assay_jinja_eval_capture(run, frame, node->list, &run->state->captured));
    if (run->state->signal != ASSAY_JINJA_SIGNAL_NONE) return ASSAY_OK;
    value = run->state->captured;
    if (filter) ASSAY_TRY(eval_expression(run, frame, filter, &value));
    run->state->captured = value;
    return ASSAY_OK;
}

static assay_status print_value(assay_py_run *run, const assay_py_value *value)
{
    assay_py_value text;
    ASSAY_TRY(assay_py_value_str(run, value, false, &text));
    ASSAY_TRY(assay_py_run_charge(run, text.size));
    if (text.size > run->state->out->ceiling - run->state->out->size)
        return assay_py_run_fail(run, "the template prints more than the allowed %zu bytes", run->state->out->ceiling);
    return assay_buf_append(run->state->out, text.as.text, text.size, run->err);
}

static assay_status eval_output(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node)
{
    assay_py_value value;
    for (const assay_py_node *item = node->list; item; item = item->next) {
        ASSAY_TRY(eval_expression(run, frame, item, &value));
        run->line = item->line;
        ASSAY_TRY(print_value(run, &value));
    }
    return ASSAY_OK;
}

static assay_status eval_if(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node)
{
    assay_py_value test;
    for (; node; node = node->b) {
        ASSAY_TRY(eval_expression(run, frame, node->a, &test));
        if (assay_py_value_truth(&test)) return eval_statements(run, frame, node->list);
        if (!node->b) return eval_statements(run, frame, node->c);
    }
    return ASSAY_OK;
}

static assay_status assign_tuple(assay_py_run *run, assay_py_frame *frame, const assay_py_node *target,
                                 const assay_py_value *value)
{
    assay_py_iter iter;
    assay_py_value item;
    ASSAY_TRY(assay_py_iter_start(run, &iter, value));
    for (const assay_py_node *part = target->list; part; part = part->next) {
        if (!assay_py_iter_next(&iter, &item)) return assay_py_run_fail(run, "not enough values to unpack");
        ASSAY_TRY(eval_assign(run, frame, part, &item));
    }
    return assay_py_iter_next(&iter, &item) ? assay_py_run_fail(run, "too many values to unpack") : ASSAY_OK;
}

static assay_status assign_attribute(assay_py_run *run, assay_py_frame *frame, const assay_py_node *target,
                                     const assay_py_value *value)
{
    const assay_py_value *object = assay_jinja_frame_slot(frame, target->ref);
    if (object->type != ASSAY_PY_NAMESPACE)
        return assay_py_run_fail(run, "%.60s.%.60s cannot be set: only a namespace takes attributes",
                                 target->name->text.as.text, target->value.as.text);
    if (target->value.as.text[0] == '_') return assay_py_run_fail(run, "a namespace takes no names that begin with _");
    return assay_py_dict_put(run, object->as.dict, &target->value, value);
}

static assay_status eval_assign(assay_py_run *run, assay_py_frame *frame, const assay_py_node *target,
                                const assay_py_value *value)
{
    if (target->kind == ASSAY_JINJA_NODE_TUPLE) return assign_tuple(run, frame, target, value);
    if (target->kind == ASSAY_JINJA_NODE_ATTRIBUTE_TARGET) return assign_attribute(run, frame, target, value);
    *assay_jinja_frame_slot(frame, target->ref) = *value;
    return ASSAY_OK;
}

static assay_status make_macro(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node, assay_py_value *out)
{
    void *memory;
    ASSAY_TRY(assay_py_run_alloc(run, 1, sizeof(assay_py_macro), &memory));
    assay_py_macro *macro = memory;
    *macro =
        (assay_py_macro){node->kind == ASSAY_JINJA_NODE_MACRO ? node->name->text : assay_py_value_none(), node, frame};
    for (assay_py_frame *held = frame; held && !held->captured; held = held->outer) held->captured = true;
    *out = (assay_py_value){.type = ASSAY_PY_MACRO, .as.macro = macro};
    return ASSAY_OK;
}

/* A generation block is a call of its own body. */
static assay_status eval_call_block(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node)
{
    assay_py_value body, callee, result;
    assay_py_call call = {0};
    ASSAY_TRY(make_macro(run, frame, node, &body));
    callee = body;
    if (node->a) {
        ASSAY_TRY(eval_expression(run, frame, node->a->a, &callee));
        ASSAY_TRY(assay_jinja_call_arguments(run, frame, node->a, NULL, &body, &call));
    }
    ASSAY_TRY(assay_jinja_call_value(run, &callee, &call, &result));
    return print_value(run, &result);
}

static assay_status eval_with(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node)
{
    assay_py_value value;
    ASSAY_TRY(assay_jinja_frame_enter_scope(run, frame, node->scope));
    for (const assay_py_node *set = node->b; set; set = set->next) {
        ASSAY_TRY(eval_expression(run, frame, set->b, &value));
        ASSAY_TRY(eval_assign(run, frame, set->a, &value));
    }
    return eval_statements(run, frame, node->list);
}

static assay_status eval_set(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node)
{
    assay_py_value value;
    ASSAY_TRY(eval_expression(run, frame, node->b, &value));
    return eval_assign(run, frame, node->a, &value);
}

static assay_status eval_block(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node)
{
    bool is_set = node->kind == ASSAY_JINJA_NODE_SET_BLOCK;
    ASSAY_TRY(eval_capture_into(run, frame, node, is_set ? node->b : node->a));
    if (run->state->signal != ASSAY_JINJA_SIGNAL_NONE) return ASSAY_OK;
    assay_py_value value = run->state->captured;
    return is_set ? eval_assign(run, frame, node->a, &value) : print_value(run, &value);
}

static assay_status eval_macro(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node)
{
    assay_py_value macro;
    ASSAY_TRY(make_macro(run, frame, node, &macro));
    *assay_jinja_frame_slot(frame, node->ref) = macro;
    return ASSAY_OK;
}

static assay_status eval_statement(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node)
{
    run->line = node->line;
    switch (node->kind) {
    case ASSAY_JINJA_NODE_OUTPUT:
        return eval_output(run, frame, node);
    case ASSAY_JINJA_NODE_IF:
        return eval_if(run, frame, node);
    case ASSAY_JINJA_NODE_FOR:
        return assay_jinja_for_run(run, frame, node);
    case ASSAY_JINJA_NODE_SET:
        return eval_set(run, frame, node);
    case ASSAY_JINJA_NODE_SET_BLOCK:
    case ASSAY_JINJA_NODE_FILTER_BLOCK:
        return eval_block(run, frame, node);
    case ASSAY_JINJA_NODE_MACRO:
        return eval_macro(run, frame, node);
    case ASSAY_JINJA_NODE_CALL_BLOCK:
        return eval_call_block(run, frame, node);
    case ASSAY_JINJA_NODE_WITH:
        return eval_with(run, frame, node);
    default:
        run->state->signal =
            node->kind == ASSAY_JINJA_NODE_BREAK ? ASSAY_JINJA_SIGNAL_BREAK : ASSAY_JINJA_SIGNAL_CONTINUE;
        return ASSAY_OK;
    }
}

static assay_status eval_statements(assay_py_run *run, assay_py_frame *frame, const assay_py_node *chain)
{
    ASSAY_TRY(assay_py_run_enter(run));
    for (; chain && run->state->signal == ASSAY_JINJA_SIGNAL_NONE; chain = chain->next) {
        ASSAY_TRY(assay_py_run_step(run));
        ASSAY_TRY(eval_statement(run, frame, chain));
    }
    assay_py_run_leave(run);
    return ASSAY_OK;
}

static assay_status eval_name(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node, assay_py_value *out)
{
    *out = *assay_jinja_frame_slot(frame, node->ref);
    if (out->type != ASSAY_PY_MISSING) return ASSAY_OK;
    return assay_py_value_undefined(run, NULL, NULL, &node->name->text, false, out);
}

static assay_status eval_items(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node, assay_py_value *out)
{
    assay_py_list *list;
    assay_py_value item;
    ASSAY_TRY(assay_py_list_new(run, node->kind == ASSAY_JINJA_NODE_TUPLE ? ASSAY_PY_LIST_TUPLE : ASSAY_PY_LIST_LIST, 0,
                                &list));
    for (const assay_py_node *part = node->list; part; part = part->next) {
        ASSAY_TRY(eval_expression(run, frame, part, &item));
        ASSAY_TRY(assay_py_list_push(run, list, item));
    }
    *out = assay_py_list_value(list);
    return ASSAY_OK;
}

static assay_status eval_dict(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node, assay_py_value *out)
{
    assay_py_dict *dict;
    assay_py_value key, value;
    ASSAY_TRY(assay_py_dict_new(run, 0, &dict));
    for (const assay_py_node *part = node->list; part; part = part->next->next) {
        ASSAY_TRY(eval_expression(run, frame, part, &key));
        ASSAY_TRY(eval_expression(run, frame, part->next, &value));
        ASSAY_TRY(assay_py_dict_put(run, dict, &key, &value));
    }
    *out = assay_py_dict_value(dict);
    return ASSAY_OK;
}

static assay_status eval_concat(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node,
                                assay_py_value *out)
{
    assay_py_value item, text;
    *out = assay_py_value_literal("");
    for (const assay_py_node *part = node->list; part; part = part->next) {
        ASSAY_TRY(eval_expression(run, frame, part, &item));
        ASSAY_TRY(assay_py_value_str(run, &item, false, &text));
        if (part == node->list) *out = text;
        else ASSAY_TRY(assay_py_text_concat(run, out, &text, out));
    }
    return ASSAY_OK;
}

static assay_status eval_compare(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node,
                                 assay_py_value *out)
{
    assay_py_value left, right;
    bool holds = true;
    ASSAY_TRY(eval_expression(run, frame, node->a, &left));
    for (const assay_py_node *operand = node->list; operand && holds; operand = operand->next) {
        ASSAY_TRY(eval_expression(run, frame, operand->a, &right));
        run->line = node->line;
        ASSAY_TRY(assay_py_op_compare(run, operand->op, &left, &right, &holds));
        left = right;
    }
    *out = assay_py_value_bool(holds);
    return ASSAY_OK;
}

static assay_status eval_condition(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node,
                                   assay_py_value *out)
{
    assay_py_value test;
    ASSAY_TRY(eval_expression(run, frame, node->b, &test));
    if (assay_py_value_truth(&test)) return eval_expression(run, frame, node->a, out);
    if (node->c) return eval_expression(run, frame, node->c, out);
    return assay_py_value_undefined(run, "the inline if was false and has no else", NULL, NULL, false, out);
}

static assay_status eval_slice(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node, assay_py_value *out)
{
    assay_py_value object, bounds[3] = {{0}};
    const assay_py_node *const parts[] = {node->b, node->c, node->d};
    ASSAY_TRY(eval_expression(run, frame, node->a, &object));
    for (size_t i = 0; i < 3; i++)
        if (parts[i]) ASSAY_TRY(eval_expression(run, frame, parts[i], &bounds[i]));
    run->line = node->line;
    return assay_py_value_slice(run, &object, bounds, out);
}

/* FILTER and TEST: the operand is the first argument; a filter without one takes what its block captured. */
static assay_status eval_builtin(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node,
                                 assay_py_value *out)
{
    assay_py_value operand = run->state->captured;
    assay_py_call call;
    if (node->a) ASSAY_TRY(eval_expression(run, frame, node->a, &operand));
    ASSAY_TRY(assay_jinja_call_arguments(run, frame, node, &operand, NULL, &call));
    run->line = node->line;
    if (!node->callee)
        return assay_py_run_fail(run, "there is no %s named \"%.60s\"",
                                 node->kind == ASSAY_JINJA_NODE_FILTER ? "filter" : "test", node->value.as.text);
    return assay_py_builtin_call(run, node->callee, NULL, &call, out);
}

static assay_status eval_call(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node, assay_py_value *out)
{
    assay_py_value callee;
    assay_py_call call;
    ASSAY_TRY(eval_expression(run, frame, node->a, &callee));
    ASSAY_TRY(assay_jinja_call_arguments(run, frame, node, NULL, NULL, &call));
    run->line = node->line;
    return assay_jinja_call_value(run, &callee, &call, out);
}

/* and, or: the operand that decides. */
static assay_status eval_logic(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node, assay_py_value *out)
{
    ASSAY_TRY(eval_expression(run, frame, node->a, out));
    if (assay_py_value_truth(out) == (node->kind == ASSAY_JINJA_NODE_OR)) return ASSAY_OK;
    return eval_expression(run, frame, node->b, out);
}

static assay_status eval_operator(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node,
                                  assay_py_value *out)
{
    assay_py_value a, b;
    ASSAY_TRY(eval_expression(run, frame, node->a, &a));
    if (node->kind == ASSAY_JINJA_NODE_UNARY) return assay_py_op_unary(run, node->op, &a, out);
    if (node->b) ASSAY_TRY(eval_expression(run, frame, node->b, &b));
    run->line = node->line;
    if (node->kind == ASSAY_JINJA_NODE_ATTRIBUTE) return assay_jinja_value_attribute(run, &a, &node->value, out);
    if (node->kind == ASSAY_JINJA_NODE_ITEM) return assay_jinja_value_item(run, &a, &b, out);
    return assay_py_op_binary(run, node->op, &a, &b, out);
}

static assay_status eval_kind(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node, assay_py_value *out)
{
    switch (node->kind) {
    case ASSAY_JINJA_NODE_TUPLE:
    case ASSAY_JINJA_NODE_LIST:
        return eval_items(run, frame, node, out);
    case ASSAY_JINJA_NODE_DICT:
        return eval_dict(run, frame, node, out);
    case ASSAY_JINJA_NODE_AND:
    case ASSAY_JINJA_NODE_OR:
        return eval_logic(run, frame, node, out);
    case ASSAY_JINJA_NODE_CONCAT:
        return eval_concat(run, frame, node, out);
    case ASSAY_JINJA_NODE_COMPARE:
        return eval_compare(run, frame, node, out);
    case ASSAY_JINJA_NODE_CONDITION:
        return eval_condition(run, frame, node, out);
    case ASSAY_JINJA_NODE_SLICE:
        return eval_slice(run, frame, node, out);
    case ASSAY_JINJA_NODE_CALL:
        return eval_call(run, frame, node, out);
    case ASSAY_JINJA_NODE_FILTER:
    case ASSAY_JINJA_NODE_TEST:
        return eval_builtin(run, frame, node, out);
    default:
        return eval_operator(run, frame, node, out);
    }
}

static assay_status eval_expression(assay_py_run *run, assay_py_frame *frame, const assay_py_node *node,
                                    assay_py_value *out)
{
    if (node->kind == ASSAY_JINJA_NODE_CONST) {
        *out = node->value;
        return ASSAY_OK;
    }
    run->line = node->line;
    ASSAY_TRY(assay_py_run_enter(run));
    ASSAY_TRY(node->kind == ASSAY_JINJA_NODE_NAME ? eval_name(run, frame, node, out)
                                                  : eval_kind(run, frame, node, out));
    assay_py_run_leave(run);
    return ASSAY_OK;
}

const assay_jinja_evaluator assay_jinja_eval = {eval_statements, eval_expression, eval_assign};
