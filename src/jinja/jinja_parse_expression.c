/* Expressions, loosest binding first:
 *
 *   tuple      expression {"," expression}
 *   condition  or ["if" or ["else" condition]]
 *   or, and    by words;  not  "not" not | compare
 *   compare    sum {("==" | "!=" | "<" ... | "in" | "not" "in") sum}
 *   sum        concat {("+" | "-") concat}
 *   concat     product {"~" product}
 *   product    power {("*" | "/" | "//" | "%") power}
 *   power      unary {"**" unary}                         from the left, unlike Python's
 *   unary      ("-" | "+") unary-without-filters | primary, then postfixes, then filters and tests
 */
#include "jinja/jinja_parser.h"

#include "jinja/jinja_tables.h"

#include <string.h>

typedef assay_status rule(assay_jinja_parser *p, assay_py_node **out);

static assay_status parse_condition(assay_jinja_parser *p, assay_py_node **out);
static assay_status parse_or(assay_jinja_parser *p, assay_py_node **out);
static assay_status parse_unary(assay_jinja_parser *p, bool with_filters, assay_py_node **out);

assay_status assay_jinja_parse_expression(assay_jinja_parser *parser, assay_py_node **out)
{
    ASSAY_TRY(assay_jinja_parser_enter(parser));
    ASSAY_TRY(parse_condition(parser, out));
    parser->depth--;
    return ASSAY_OK;
}

static assay_status pair_node(assay_jinja_parser *p, assay_jinja_node_kind kind, int op, int line, assay_py_node *a,
                              assay_py_node *b, assay_py_node **out)
{
    ASSAY_TRY(assay_jinja_parser_node(p, kind, line, out));
    (*out)->op = op;
    (*out)->a = a;
    (*out)->b = b;
    return assay_jinja_parser_finish(p, *out);
}

static assay_status parse_condition(assay_jinja_parser *p, assay_py_node **out)
{
    bool found;
    int line = p->now.line;
    ASSAY_TRY(parse_or(p, out));
    for (;;) {
        assay_py_node *value = *out, *test, *other = NULL;
        ASSAY_TRY(assay_jinja_parser_skip_name(p, "if", &found));
        if (!found) return ASSAY_OK;
        ASSAY_TRY(parse_or(p, &test));
        ASSAY_TRY(assay_jinja_parser_skip_name(p, "else", &found));
        if (found) ASSAY_TRY(assay_jinja_parse_expression(p, &other));
        ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_CONDITION, line, out));
        (*out)->a = value;
        (*out)->b = test;
        (*out)->c = other;
        ASSAY_TRY(assay_jinja_parser_finish(p, *out));
    }
}

/* operand {operator operand}, from the left; `ops` ends with 0. */
static assay_status parse_left(assay_jinja_parser *p, rule *operand, const int *ops, assay_py_node **out)
{
    assay_py_node *right;
    int line = p->now.line;
    ASSAY_TRY(operand(p, out));
    for (;;) {
        int op = 0;
        for (const int *candidate = ops; *candidate; candidate++)
            if (assay_jinja_parser_at(p, *candidate)) op = *candidate;
        if (!op) return ASSAY_OK;
        ASSAY_TRY(assay_jinja_parser_advance(p));
        ASSAY_TRY(operand(p, &right));
        ASSAY_TRY(pair_node(p, ASSAY_JINJA_NODE_BINARY, op, line, *out, right, out));
    }
}

static assay_status parse_filtered_unary(assay_jinja_parser *p, assay_py_node **out)
{
    return parse_unary(p, true, out);
}

static assay_status parse_power(assay_jinja_parser *p, assay_py_node **out)
{
    static const int ops[] = {ASSAY_PY_OP_POWER, 0};
    return parse_left(p, parse_filtered_unary, ops, out);
}

static assay_status parse_product(assay_jinja_parser *p, assay_py_node **out)
{
    static const int ops[] = {'*', '/', ASSAY_PY_OP_FLOOR, '%', 0};
    return parse_left(p, parse_power, ops, out);
}

static assay_status parse_concat(assay_jinja_parser *p, assay_py_node **out)
{
    assay_jinja_chain parts = {0};
    assay_py_node *part;
    int line = p->now.line;
    bool more;
    ASSAY_TRY(parse_product(p, out));
    ASSAY_TRY(assay_jinja_parser_skip(p, '~', &more));
    if (!more) return ASSAY_OK;
    assay_jinja_chain_add(&parts, *out);
    while (more) {
        ASSAY_TRY(parse_product(p, &part));
        assay_jinja_chain_add(&parts, part);
        ASSAY_TRY(assay_jinja_parser_skip(p, '~', &more));
    }
    ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_CONCAT, line, out));
    (*out)->list = parts.first;
    return assay_jinja_parser_finish(p, *out);
}

static assay_status parse_sum(assay_jinja_parser *p, assay_py_node **out)
{
    static const int ops[] = {'+', '-', 0};
    return parse_left(p, parse_concat, ops, out);
}

/* The comparison that stands next and is skipped, or 0. */
static assay_status skip_comparison(assay_jinja_parser *p, int *op)
{
    static const int ops[] = {
        ASSAY_PY_OP_EQUAL, ASSAY_PY_OP_UNEQUAL, ASSAY_PY_OP_LESS_EQUAL, ASSAY_PY_OP_GREATER_EQUAL, '<', '>'};
    const assay_jinja_token *ahead;
    *op = 0;
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        if (assay_jinja_parser_at(p, ops[i])) *op = ops[i];
    if (assay_jinja_parser_at_name(p, "in")) *op = ASSAY_PY_OP_IN;
    if (assay_jinja_parser_at_name(p, "not")) {
        ASSAY_TRY(assay_jinja_parser_look(p, &ahead));
        if (ahead->kind != ASSAY_JINJA_TOKEN_NAME || ahead->size != 2 || memcmp(ahead->text, "in", 2) != 0)
            return ASSAY_OK;
        *op = ASSAY_PY_OP_NOT_IN;
        ASSAY_TRY(assay_jinja_parser_advance(p));
    }
    return *op ? assay_jinja_parser_advance(p) : ASSAY_OK;
}

static assay_status parse_compare(assay_jinja_parser *p, assay_py_node **out)
{
    assay_jinja_chain operands = {0};
    assay_py_node *first, *operand;
    int op, line = p->now.line;
    ASSAY_TRY(parse_sum(p, &first));
    *out = first;
    for (;;) {
        ASSAY_TRY(skip_comparison(p, &op));
        if (!op) break;
        ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_OPERAND, p->now.line, &operand));
        operand->op = op;
        ASSAY_TRY(parse_sum(p, &operand->a));
        ASSAY_TRY(assay_jinja_parser_finish(p, operand));
        assay_jinja_chain_add(&operands, operand);
    }
    if (!operands.first) return ASSAY_OK;
    ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_COMPARE, line, out));
    (*out)->a = first;
    (*out)->list = operands.first;
    return assay_jinja_parser_finish(p, *out);
}

static assay_status parse_not(assay_jinja_parser *p, assay_py_node **out)
{
    assay_py_node *operand;
    int line = p->now.line;
    bool found;
    ASSAY_TRY(assay_jinja_parser_skip_name(p, "not", &found));
    if (!found) return parse_compare(p, out);
    ASSAY_TRY(assay_jinja_parser_enter(p));
    ASSAY_TRY(parse_not(p, &operand));
    p->depth--;
    return pair_node(p, ASSAY_JINJA_NODE_UNARY, '!', line, operand, NULL, out);
}

static assay_status parse_words(assay_jinja_parser *p, rule *operand, const char *word, assay_jinja_node_kind kind,
                                assay_py_node **out)
{
    assay_py_node *right;
    int line = p->now.line;
    bool found;
    ASSAY_TRY(operand(p, out));
    for (;;) {
        ASSAY_TRY(assay_jinja_parser_skip_name(p, word, &found));
        if (!found) return ASSAY_OK;
        ASSAY_TRY(operand(p, &right));
        ASSAY_TRY(pair_node(p, kind, 0, line, *out, right, out));
    }
}

static assay_status parse_and(assay_jinja_parser *p, assay_py_node **out)
{
    return parse_words(p, parse_not, "and", ASSAY_JINJA_NODE_AND, out);
}

static assay_status parse_or(assay_jinja_parser *p, assay_py_node **out)
{
    return parse_words(p, parse_and, "or", ASSAY_JINJA_NODE_OR, out);
}

static assay_status parse_slice(assay_jinja_parser *p, assay_py_node *object, assay_py_node *start, int line,
                                assay_py_node **out)
{
    bool more;
    ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_SLICE, line, out));
    (*out)->a = object;
    (*out)->b = start;
    ASSAY_TRY(assay_jinja_parser_expect(p, ':'));
    if (!assay_jinja_parser_at(p, ':') && !assay_jinja_parser_at(p, ']'))
        ASSAY_TRY(assay_jinja_parse_expression(p, &(*out)->c));
    ASSAY_TRY(assay_jinja_parser_skip(p, ':', &more));
    if (more && !assay_jinja_parser_at(p, ']')) ASSAY_TRY(assay_jinja_parse_expression(p, &(*out)->d));
    return assay_jinja_parser_finish(p, *out);
}

/* object[...]: an item, a slice, or several items as a tuple. */
static assay_status parse_brackets(assay_jinja_parser *p, assay_py_node *object, int line, assay_py_node **out)
{
    assay_jinja_chain items = {0};
    assay_py_node *item = NULL, *key;
    while (!assay_jinja_parser_at(p, ']')) {
        if (items.first) ASSAY_TRY(assay_jinja_parser_expect(p, ','));
        if (!assay_jinja_parser_at(p, ':')) ASSAY_TRY(assay_jinja_parse_expression(p, &item));
        if (assay_jinja_parser_at(p, ':')) {
            if (items.first) return assay_jinja_parser_fail(p, "a slice among several keys is not supported");
            ASSAY_TRY(parse_slice(p, object, item, line, out));
            return assay_jinja_parser_expect(p, ']');
        }
        assay_jinja_chain_add(&items, item);
    }
    ASSAY_TRY(assay_jinja_parser_expect(p, ']'));
    key = items.first;
    if (!key || key->next) {
        ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_TUPLE, line, &key));
        key->list = items.first;
        ASSAY_TRY(assay_jinja_parser_finish(p, key));
    }
    return pair_node(p, ASSAY_JINJA_NODE_ITEM, 0, line, object, key, out);
}

/* .name, or .0 for an item. */
static assay_status parse_dot(assay_jinja_parser *p, assay_py_node *object, int line, assay_py_node **out)
{
    assay_jinja_name *name;
    assay_py_node *key;
    ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_ATTRIBUTE, line, out));
    (*out)->a = object;
    if (p->now.kind == ASSAY_JINJA_TOKEN_NUMBER && p->now.value.type == ASSAY_PY_INT) {
        (*out)->kind = ASSAY_JINJA_NODE_ITEM;
        ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_CONST, line, &key));
        key->value = p->now.value;
        (*out)->b = key;
        ASSAY_TRY(assay_jinja_parser_advance(p));
    } else {
        ASSAY_TRY(assay_jinja_parser_name(p, &name));
        (*out)->value = name->text;
    }
    return assay_jinja_parser_finish(p, *out);
}

static assay_status parse_keyword(assay_jinja_parser *p, assay_jinja_chain *keywords)
{
    assay_jinja_name *name;
    assay_py_node *node;
    ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_KEYWORD, p->now.line, &node));
    ASSAY_TRY(assay_jinja_parser_name(p, &name));
    int count = 0;
    for (assay_py_node *other = keywords->first; other; other = other->next, count++)
        if (other->name == name)
            return assay_jinja_parser_fail(p, "the argument %.40s is given twice", name->text.as.text);
    if (count >= ASSAY_JINJA_ARGUMENTS)
        return assay_jinja_parser_fail(p, "more than %d named arguments", ASSAY_JINJA_ARGUMENTS);
    ASSAY_TRY(assay_jinja_parser_expect(p, '='));
    node->name = name;
    node->value = name->text;
    ASSAY_TRY(assay_jinja_parse_expression(p, &node->a));
    ASSAY_TRY(assay_jinja_parser_finish(p, node));
    assay_jinja_chain_add(keywords, node);
    return ASSAY_OK;
}

/* One argument; positional ones come before named ones, *x before **x, nothing positional behind either. */
static assay_status parse_argument(assay_jinja_parser *p, assay_py_node *call, assay_jinja_chain *positional,
                                   assay_jinja_chain *keywords)
{
    const assay_jinja_token *ahead;
    assay_py_node *value;
    bool star = assay_jinja_parser_at(p, '*'), stars = assay_jinja_parser_at(p, ASSAY_PY_OP_POWER);
    if (call->d || (star && call->c)) return assay_jinja_parser_fail(p, "arguments in the wrong order");
    if (star || stars) {
        ASSAY_TRY(assay_jinja_parser_advance(p));
        return assay_jinja_parse_expression(p, star ? &call->c : &call->d);
    }
    ASSAY_TRY(assay_jinja_parser_look(p, &ahead));
    if (p->now.kind == ASSAY_JINJA_TOKEN_NAME && ahead->kind == ASSAY_JINJA_TOKEN_OPERATOR && ahead->op == '=')
        return parse_keyword(p, keywords);
    if (call->c || keywords->first) return assay_jinja_parser_fail(p, "arguments in the wrong order");
    ASSAY_TRY(assay_jinja_parse_expression(p, &value));
    assay_jinja_chain_add(positional, value);
    return ASSAY_OK;
}

static assay_status parse_arguments(assay_jinja_parser *p, assay_py_node *call)
{
    assay_jinja_chain positional = {0}, keywords = {0};
    bool more;
    ASSAY_TRY(assay_jinja_parser_expect(p, '('));
    while (!assay_jinja_parser_at(p, ')')) {
        ASSAY_TRY(parse_argument(p, call, &positional, &keywords));
        ASSAY_TRY(assay_jinja_parser_skip(p, ',', &more));
        if (!more) break;
    }
    call->list = positional.first;
    call->b = keywords.first;
    return assay_jinja_parser_expect(p, ')');
}

static assay_status parse_call(assay_jinja_parser *p, assay_py_node *callee, assay_py_node **out)
{
    ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_CALL, p->now.line, out));
    (*out)->a = callee;
    ASSAY_TRY(parse_arguments(p, *out));
    return assay_jinja_parser_finish(p, *out);
}

static assay_status parse_postfixes(assay_jinja_parser *p, assay_py_node **node)
{
    for (;;) {
        int line = p->now.line;
        if (assay_jinja_parser_at(p, '(')) ASSAY_TRY(parse_call(p, *node, node));
        else if (assay_jinja_parser_at(p, '.') || assay_jinja_parser_at(p, '[')) {
            bool dot = assay_jinja_parser_at(p, '.');
            ASSAY_TRY(assay_jinja_parser_advance(p));
            ASSAY_TRY(dot ? parse_dot(p, *node, line, node) : parse_brackets(p, *node, line, node));
        } else return ASSAY_OK;
    }
}

/* The name of a filter or test; dots may be part of it. */
static assay_status parse_callee(assay_jinja_parser *p, assay_py_node *node)
{
    const char *start = p->now.text, *end;
    assay_jinja_name *name;
    bool more;
    do {
        end = p->now.text + p->now.size;
        ASSAY_TRY(assay_jinja_parser_name(p, &name));
        ASSAY_TRY(assay_jinja_parser_skip(p, '.', &more));
    } while (more);
    ASSAY_TRY(assay_jinja_parser_intern(p, start, (size_t)(end - start), &node->name));
    node->value = node->name->text;
    node->callee = node->kind == ASSAY_JINJA_NODE_FILTER ? assay_jinja_filter_find(&node->value)
                                                         : assay_jinja_test_find(&node->value);
    return ASSAY_OK;
}

assay_status assay_jinja_parse_filter(assay_jinja_parser *parser, assay_py_node *operand, bool started,
                                      assay_py_node **out)
{
    *out = operand;
    while (started || assay_jinja_parser_at(parser, '|')) {
        assay_py_node *inner = *out;
        if (!started) ASSAY_TRY(assay_jinja_parser_advance(parser));
        ASSAY_TRY(assay_jinja_parser_node(parser, ASSAY_JINJA_NODE_FILTER, parser->now.line, out));
        (*out)->a = inner;
        ASSAY_TRY(parse_callee(parser, *out));
        if (assay_jinja_parser_at(parser, '(')) ASSAY_TRY(parse_arguments(parser, *out));
        ASSAY_TRY(assay_jinja_parser_finish(parser, *out));
        started = false;
    }
    return ASSAY_OK;
}

/* An argument of a test may stand without brackets. */
static bool starts_test_argument(const assay_jinja_parser *p)
{
    if (p->now.kind == ASSAY_JINJA_TOKEN_NAME)
        return !assay_jinja_parser_at_name(p, "else") && !assay_jinja_parser_at_name(p, "or") &&
               !assay_jinja_parser_at_name(p, "and");
    return p->now.kind == ASSAY_JINJA_TOKEN_TEXT || p->now.kind == ASSAY_JINJA_TOKEN_NUMBER ||
           assay_jinja_parser_at(p, '[') || assay_jinja_parser_at(p, '{');
}

static assay_status parse_test(assay_jinja_parser *p, assay_py_node *operand, assay_py_node **out)
{
    bool negated;
    int line = p->now.line;
    ASSAY_TRY(assay_jinja_parser_advance(p));
    ASSAY_TRY(assay_jinja_parser_skip_name(p, "not", &negated));
    ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_TEST, line, out));
    (*out)->a = operand;
    ASSAY_TRY(parse_callee(p, *out));
    if (assay_jinja_parser_at(p, '(')) ASSAY_TRY(parse_arguments(p, *out));
    else if (starts_test_argument(p)) {
        if (assay_jinja_parser_at_name(p, "is"))
            return assay_jinja_parser_fail(p, "tests cannot be chained with \"is\"");
        ASSAY_TRY(assay_jinja_parse_primary(p, false, &(*out)->list));
        ASSAY_TRY(parse_postfixes(p, &(*out)->list));
    }
    ASSAY_TRY(assay_jinja_parser_finish(p, *out));
    return negated ? pair_node(p, ASSAY_JINJA_NODE_UNARY, '!', line, *out, NULL, out) : ASSAY_OK;
}

static assay_status parse_filters_and_tests(assay_jinja_parser *p, assay_py_node **node)
{
    for (;;) {
        if (assay_jinja_parser_at(p, '|')) ASSAY_TRY(assay_jinja_parse_filter(p, *node, false, node));
        else if (assay_jinja_parser_at_name(p, "is")) ASSAY_TRY(parse_test(p, *node, node));
        else if (assay_jinja_parser_at(p, '(')) ASSAY_TRY(parse_call(p, *node, node));
        else return ASSAY_OK;
    }
}

static assay_status parse_unary(assay_jinja_parser *p, bool with_filters, assay_py_node **out)
{
    int line = p->now.line;
    if (assay_jinja_parser_at(p, '-') || assay_jinja_parser_at(p, '+')) {
        assay_py_node *operand = NULL;
        int op = p->now.op;
        ASSAY_TRY(assay_jinja_parser_advance(p));
        ASSAY_TRY(assay_jinja_parser_enter(p));
        ASSAY_TRY(parse_unary(p, false, &operand));
        p->depth--;
        ASSAY_TRY(pair_node(p, ASSAY_JINJA_NODE_UNARY, op, line, operand, NULL, out));
    } else ASSAY_TRY(assay_jinja_parse_primary(p, false, out));
    ASSAY_TRY(parse_postfixes(p, out));
    return with_filters ? parse_filters_and_tests(p, out) : ASSAY_OK;
}

static bool is_tuple_end(const assay_jinja_parser *p, const char *end_name)
{
    return p->now.kind == ASSAY_JINJA_TOKEN_VARIABLE_END || p->now.kind == ASSAY_JINJA_TOKEN_BLOCK_END ||
           assay_jinja_parser_at(p, ')') || (end_name && assay_jinja_parser_at_name(p, end_name));
}

static assay_status parse_member(assay_jinja_parser *p, int mode, assay_py_node **out)
{
    if (mode & ASSAY_JINJA_TUPLE_TARGETS) return assay_jinja_parse_primary(p, mode & ASSAY_JINJA_TUPLE_ATTRIBUTES, out);
    return mode & ASSAY_JINJA_TUPLE_NO_CONDITION ? parse_or(p, out) : parse_condition(p, out);
}

assay_status assay_jinja_parse_tuple(assay_jinja_parser *parser, int mode, const char *end_name, assay_py_node **out)
{
    assay_jinja_chain items = {0};
    int line = parser->now.line;
    bool comma = false;
    ASSAY_TRY(assay_jinja_parser_enter(parser));
    while (!is_tuple_end(parser, end_name)) {
        ASSAY_TRY(parse_member(parser, mode, out));
        assay_jinja_chain_add(&items, *out);
        bool more;
        ASSAY_TRY(assay_jinja_parser_skip(parser, ',', &more));
        if (!more) break;
        comma = true;
    }
    parser->depth--;
    if (!comma && items.first) return ASSAY_OK;
    if (!comma && !(mode & ASSAY_JINJA_TUPLE_EMPTY)) return assay_jinja_parser_unexpected(parser, "an expression");
    ASSAY_TRY(assay_jinja_parser_node(parser, ASSAY_JINJA_NODE_TUPLE, line, out));
    (*out)->list = items.first;
    return assay_jinja_parser_finish(parser, *out);
}
