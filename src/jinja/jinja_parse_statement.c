/* Statements: what stands between {% and %}, and the bodies between them. */
#include "jinja/jinja_parser.h"

#include <string.h>

static assay_status parse_body(assay_jinja_parser *p, const char *const *ends, assay_py_node **out);

/* The end of an opening tag, then statements up to one of the `ends` (a list closed by NULL), whose name is then `now`.
 */
static assay_status parse_block(assay_jinja_parser *p, const char *const *ends, assay_py_node **out)
{
    bool colon;
    ASSAY_TRY(assay_jinja_parser_skip(p, ':', &colon));
    if (p->now.kind != ASSAY_JINJA_TOKEN_BLOCK_END) return assay_jinja_parser_unexpected(p, "%}");
    ASSAY_TRY(assay_jinja_parser_advance(p));
    ASSAY_TRY(assay_jinja_parser_enter(p));
    ASSAY_TRY(parse_body(p, ends, out));
    p->depth--;
    if (p->now.kind == ASSAY_JINJA_TOKEN_END)
        return assay_jinja_parser_fail(p, "the template ends inside a block; {%% %s %%} is missing", ends[0]);
    return ASSAY_OK;
}

static assay_status parse_whole_block(assay_jinja_parser *p, const char *end, assay_py_node **out)
{
    const char *const ends[] = {end, NULL};
    ASSAY_TRY(parse_block(p, ends, out));
    return assay_jinja_parser_advance(p);
}

/* A body whose own loops are the only ones that break and continue may mean. */
static assay_status parse_function_block(assay_jinja_parser *p, const char *end, assay_py_node *node)
{
    size_t from[ASSAY_JINJA_SPECIAL_COUNT];
    int loops = p->loops;
    p->loops = 0;
    assay_jinja_parser_mark(p, from);
    ASSAY_TRY(parse_whole_block(p, end, &node->list));
    node->op = assay_jinja_parser_uses(p, from);
    p->loops = loops;
    return ASSAY_OK;
}

static bool is_named(const assay_jinja_name *name, const char *text)
{
    return assay_py_value_is_text(&name->text, text);
}

static assay_status check_target(assay_jinja_parser *p, assay_py_node *target)
{
    if (target->kind == ASSAY_JINJA_NODE_TUPLE) {
        for (assay_py_node *item = target->list; item; item = item->next) ASSAY_TRY(check_target(p, item));
        return ASSAY_OK;
    }
    if (target->kind == ASSAY_JINJA_NODE_ATTRIBUTE_TARGET) return ASSAY_OK;
    if (target->kind != ASSAY_JINJA_NODE_NAME) return assay_jinja_parser_fail(p, "only names can be assigned to");
    if (p->inside_loops && is_named(target->name, "loop"))
        return assay_jinja_parser_fail(p, "the special variable loop cannot be assigned to inside a loop");
    target->op = 1;
    return ASSAY_OK;
}

static assay_status parse_target(assay_jinja_parser *p, int mode, const char *end_name, assay_py_node **out)
{
    ASSAY_TRY(assay_jinja_parse_tuple(p, ASSAY_JINJA_TUPLE_TARGETS | mode, end_name, out));
    return check_target(p, *out);
}

static assay_status parse_name_target(assay_jinja_parser *p, assay_py_node **out)
{
    ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_NAME, p->now.line, out));
    ASSAY_TRY(assay_jinja_parser_name(p, &(*out)->name));
    static const char *const constants[] = {"true", "True", "false", "False", "none", "None"};
    for (size_t i = 0; i < 6; i++)
        if (is_named((*out)->name, constants[i]))
            return assay_jinja_parser_fail(p, "%s cannot be assigned to", constants[i]);
    (*out)->op = 1;
    return ASSAY_OK;
}

/* A loop's filter runs ahead of its body, on variables of its own. */
static assay_status copy_target(assay_jinja_parser *p, const assay_py_node *target, assay_py_node **out)
{
    assay_jinja_chain items = {0};
    ASSAY_TRY(assay_jinja_parser_node(p, target->kind, target->line, out));
    (*out)->name = target->name;
    for (const assay_py_node *item = target->list; item; item = item->next) {
        assay_py_node *copy;
        ASSAY_TRY(copy_target(p, item, &copy));
        assay_jinja_chain_add(&items, copy);
    }
    (*out)->list = items.first;
    return assay_jinja_parser_finish(p, *out);
}

static assay_status parse_loop_test(assay_jinja_parser *p, assay_py_node *loop)
{
    ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_LOOP_TEST, p->now.line, &loop->c));
    ASSAY_TRY(assay_jinja_parse_expression(p, &loop->c->b));
    ASSAY_TRY(copy_target(p, loop->a, &loop->c->a));
    return assay_jinja_parser_finish(p, loop->c);
}

static assay_status parse_loop_body(assay_jinja_parser *p, assay_py_node *loop)
{
    static const char *const ends[] = {"endfor", "else", NULL};
    size_t from[ASSAY_JINJA_SPECIAL_COUNT];
    p->loops++;
    assay_jinja_parser_mark(p, from);
    ASSAY_TRY(parse_block(p, ends, &loop->list));
    loop->op |= assay_jinja_parser_uses(p, from);
    p->loops--;
    bool has_else = assay_jinja_parser_at_name(p, "else");
    ASSAY_TRY(assay_jinja_parser_advance(p));
    return has_else ? parse_whole_block(p, "endfor", &loop->d) : ASSAY_OK;
}

static assay_status parse_for(assay_jinja_parser *p, assay_py_node **out)
{
    bool found;
    ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_FOR, p->now.line, out));
    assay_py_node *loop = *out;
    ASSAY_TRY(assay_jinja_parser_advance(p));
    p->inside_loops++;
    ASSAY_TRY(parse_target(p, 0, "in", &loop->a));
    ASSAY_TRY(assay_jinja_parser_skip_name(p, "in", &found));
    if (!found) return assay_jinja_parser_unexpected(p, "\"in\"");
    ASSAY_TRY(assay_jinja_parse_tuple(p, ASSAY_JINJA_TUPLE_NO_CONDITION, "recursive", &loop->b));
    ASSAY_TRY(assay_jinja_parser_skip_name(p, "if", &found));
    if (found) ASSAY_TRY(parse_loop_test(p, loop));
    ASSAY_TRY(assay_jinja_parser_skip_name(p, "recursive", &found));
    loop->op = found ? ASSAY_JINJA_LOOP_RECURSIVE : 0;
    ASSAY_TRY(parse_loop_body(p, loop));
    p->inside_loops--;
    return assay_jinja_parser_finish(p, loop);
}

/* The chain of elifs hangs on b, one after the other, so that its length is no depth. */
static assay_status parse_if(assay_jinja_parser *p, assay_py_node **out)
{
    static const char *const ends[] = {"elif", "else", "endif", NULL};
    assay_py_node *first = NULL, *branch, **place = &first;
    for (;;) {
        ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_IF, p->now.line, &branch));
        ASSAY_TRY(assay_jinja_parser_advance(p));
        ASSAY_TRY(assay_jinja_parse_tuple(p, ASSAY_JINJA_TUPLE_NO_CONDITION, NULL, &branch->a));
        ASSAY_TRY(parse_block(p, ends, &branch->list));
        ASSAY_TRY(assay_jinja_parser_finish(p, branch));
        *place = branch;
        place = &branch->b;
        if (branch->depth > first->depth) first->depth = branch->depth;
        if (!assay_jinja_parser_at_name(p, "elif")) break;
    }
    bool has_else = assay_jinja_parser_at_name(p, "else");
    ASSAY_TRY(assay_jinja_parser_advance(p));
    *out = first;
    if (!has_else) return ASSAY_OK;
    ASSAY_TRY(parse_whole_block(p, "endif", &branch->c));
    for (const assay_py_node *node = branch->c; node; node = node->next)
        if (node->depth >= first->depth) first->depth = node->depth + 1;
    if (first->depth > ASSAY_JINJA_TREE_DEPTH) return assay_jinja_parser_fail(p, "blocks are nested too deeply");
    return ASSAY_OK;
}

static assay_status parse_set(assay_jinja_parser *p, assay_py_node **out)
{
    bool assigns;
    ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_SET, p->now.line, out));
    ASSAY_TRY(assay_jinja_parser_advance(p));
    ASSAY_TRY(parse_target(p, ASSAY_JINJA_TUPLE_ATTRIBUTES, NULL, &(*out)->a));
    ASSAY_TRY(assay_jinja_parser_skip(p, '=', &assigns));
    if (assigns) ASSAY_TRY(assay_jinja_parse_tuple(p, ASSAY_JINJA_TUPLE_PLAIN, NULL, &(*out)->b));
    else {
        (*out)->kind = ASSAY_JINJA_NODE_SET_BLOCK;
        ASSAY_TRY(assay_jinja_parse_filter(p, NULL, false, &(*out)->b));
        ASSAY_TRY(parse_whole_block(p, "endset", &(*out)->list));
    }
    return assay_jinja_parser_finish(p, *out);
}

static assay_status parse_signature(assay_jinja_parser *p, assay_py_node *node)
{
    assay_jinja_chain parameters = {0};
    bool more = true, defaults = false, found;
    ASSAY_TRY(assay_jinja_parser_expect(p, '('));
    while (more && !assay_jinja_parser_at(p, ')')) {
        assay_py_node *parameter;
        ASSAY_TRY(parse_name_target(p, &parameter));
        ASSAY_TRY(assay_jinja_parser_occur(p, parameter));
        int count = 0;
        for (const assay_py_node *other = parameters.first; other; other = other->next, count++)
            if (other->name == parameter->name) return assay_jinja_parser_fail(p, "a parameter occurs twice");
        if (count >= ASSAY_JINJA_ARGUMENTS)
            return assay_jinja_parser_fail(p, "more than %d parameters", ASSAY_JINJA_ARGUMENTS);
        ASSAY_TRY(assay_jinja_parser_skip(p, '=', &found));
        if (found) ASSAY_TRY(assay_jinja_parse_expression(p, &parameter->a));
        else if (defaults) return assay_jinja_parser_fail(p, "a parameter without default follows one with a default");
        defaults = defaults || found;
        ASSAY_TRY(assay_jinja_parser_finish(p, parameter));
        assay_jinja_chain_add(&parameters, parameter);
        ASSAY_TRY(assay_jinja_parser_skip(p, ',', &more));
        if (more && assay_jinja_parser_at(p, ')')) return assay_jinja_parser_unexpected(p, "a name");
    }
    node->b = parameters.first;
    return assay_jinja_parser_expect(p, ')');
}

static assay_status parse_macro(assay_jinja_parser *p, assay_py_node **out)
{
    assay_py_node *target;
    ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_MACRO, p->now.line, out));
    ASSAY_TRY(assay_jinja_parser_advance(p));
    ASSAY_TRY(parse_name_target(p, &target));
    (*out)->name = target->name;
    ASSAY_TRY(parse_signature(p, *out));
    ASSAY_TRY(parse_function_block(p, "endmacro", *out));
    return assay_jinja_parser_finish(p, *out);
}

static assay_status parse_call_block(assay_jinja_parser *p, assay_py_node **out)
{
    ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_CALL_BLOCK, p->now.line, out));
    ASSAY_TRY(assay_jinja_parser_advance(p));
    if (assay_jinja_parser_at(p, '(')) ASSAY_TRY(parse_signature(p, *out));
    ASSAY_TRY(assay_jinja_parse_expression(p, &(*out)->a));
    if ((*out)->a->kind != ASSAY_JINJA_NODE_CALL)
        return assay_jinja_parser_fail(p, "a call block needs a call, such as {%% call name() %%}");
    ASSAY_TRY(parse_function_block(p, "endcall", *out));
    return assay_jinja_parser_finish(p, *out);
}

static assay_status parse_generation(assay_jinja_parser *p, assay_py_node **out)
{
    ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_CALL_BLOCK, p->now.line, out));
    ASSAY_TRY(assay_jinja_parser_advance(p));
    ASSAY_TRY(parse_function_block(p, "endgeneration", *out));
    return assay_jinja_parser_finish(p, *out);
}

static assay_status parse_filter_block(assay_jinja_parser *p, assay_py_node **out)
{
    ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_FILTER_BLOCK, p->now.line, out));
    ASSAY_TRY(assay_jinja_parser_advance(p));
    ASSAY_TRY(assay_jinja_parse_filter(p, NULL, true, &(*out)->a));
    ASSAY_TRY(parse_whole_block(p, "endfilter", &(*out)->list));
    return assay_jinja_parser_finish(p, *out);
}

static assay_status parse_with(assay_jinja_parser *p, assay_py_node **out)
{
    assay_jinja_chain sets = {0};
    ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_WITH, p->now.line, out));
    ASSAY_TRY(assay_jinja_parser_advance(p));
    while (p->now.kind != ASSAY_JINJA_TOKEN_BLOCK_END) {
        assay_py_node *set;
        if (sets.first) ASSAY_TRY(assay_jinja_parser_expect(p, ','));
        ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_SET, p->now.line, &set));
        ASSAY_TRY(parse_target(p, 0, NULL, &set->a));
        ASSAY_TRY(assay_jinja_parser_expect(p, '='));
        ASSAY_TRY(assay_jinja_parse_expression(p, &set->b));
        ASSAY_TRY(assay_jinja_parser_finish(p, set));
        assay_jinja_chain_add(&sets, set);
    }
    (*out)->b = sets.first;
    ASSAY_TRY(parse_whole_block(p, "endwith", &(*out)->list));
    return assay_jinja_parser_finish(p, *out);
}

static assay_status parse_print(assay_jinja_parser *p, assay_py_node **out)
{
    assay_jinja_chain items = {0};
    ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_OUTPUT, p->now.line, out));
    ASSAY_TRY(assay_jinja_parser_advance(p));
    while (p->now.kind != ASSAY_JINJA_TOKEN_BLOCK_END) {
        assay_py_node *item;
        if (items.first) ASSAY_TRY(assay_jinja_parser_expect(p, ','));
        ASSAY_TRY(assay_jinja_parse_expression(p, &item));
        assay_jinja_chain_add(&items, item);
    }
    (*out)->list = items.first;
    return assay_jinja_parser_finish(p, *out);
}

static assay_status parse_loop_control(assay_jinja_parser *p, assay_py_node **out)
{
    bool is_break = assay_jinja_parser_at_name(p, "break");
    if (!p->loops) return assay_jinja_parser_fail(p, "%s outside of a loop", is_break ? "break" : "continue");
    ASSAY_TRY(
        assay_jinja_parser_node(p, is_break ? ASSAY_JINJA_NODE_BREAK : ASSAY_JINJA_NODE_CONTINUE, p->now.line, out));
    return assay_jinja_parser_advance(p);
}

static const struct {
    const char *name;
    assay_status (*parse)(assay_jinja_parser *p, assay_py_node **out); /* NULL: refused by name */
} statements[] = {
    {"if", parse_if},
    {"for", parse_for},
    {"set", parse_set},
    {"macro", parse_macro},
    {"call", parse_call_block},
    {"filter", parse_filter_block},
    {"with", parse_with},
    {"generation", parse_generation},
    {"print", parse_print},
    {"break", parse_loop_control},
    {"continue", parse_loop_control},
    {"include", NULL},
    {"import", NULL},
    {"from", NULL},
    {"extends", NULL},
    {"block", NULL},
    {"autoescape", NULL},
};

static assay_status parse_statement(assay_jinja_parser *p, assay_py_node **out)
{
    if (p->now.kind != ASSAY_JINJA_TOKEN_NAME) return assay_jinja_parser_unexpected(p, "the name of a statement");
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) {
        if (!assay_jinja_parser_at_name(p, statements[i].name)) continue;
        if (statements[i].parse) return statements[i].parse(p, out);
        return assay_error_set(p->lexer.err, ASSAY_E_UNSUPPORTED,
                               "%s, line %d: {%% %s %%} is not supported: a chat template is one text; write what it "
                               "would bring in place of it",
                               p->lexer.name, p->now.line, statements[i].name);
    }
    return assay_jinja_parser_fail(p, "unknown statement \"%.*s\"", p->now.size < 60 ? (int)p->now.size : 60,
                                   p->now.text);
}

static bool is_end(const assay_jinja_parser *p, const char *const *ends)
{
    for (; ends && *ends; ends++)
        if (assay_jinja_parser_at_name(p, *ends)) return true;
    return false;
}

/* Data and {{ }} that follow one another become one OUTPUT. */
static assay_status parse_output(assay_jinja_parser *p, assay_py_node **out)
{
    assay_jinja_chain items = {0};
    assay_py_node *item;
    ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_OUTPUT, p->now.line, out));
    while (p->now.kind == ASSAY_JINJA_TOKEN_DATA || p->now.kind == ASSAY_JINJA_TOKEN_VARIABLE_BEGIN) {
        if (p->now.kind == ASSAY_JINJA_TOKEN_DATA) {
            ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_CONST, p->now.line, &item));
            item->value = p->now.value;
        } else {
            ASSAY_TRY(assay_jinja_parser_advance(p));
            ASSAY_TRY(assay_jinja_parse_tuple(p, ASSAY_JINJA_TUPLE_PLAIN, NULL, &item));
            if (p->now.kind != ASSAY_JINJA_TOKEN_VARIABLE_END) return assay_jinja_parser_unexpected(p, "}}");
        }
        ASSAY_TRY(assay_jinja_parser_advance(p));
        assay_jinja_chain_add(&items, item);
    }
    (*out)->list = items.first;
    return assay_jinja_parser_finish(p, *out);
}

static assay_status parse_body(assay_jinja_parser *p, const char *const *ends, assay_py_node **out)
{
    assay_jinja_chain body = {0};
    assay_py_node *node = NULL;
    while (p->now.kind != ASSAY_JINJA_TOKEN_END) {
        if (p->now.kind != ASSAY_JINJA_TOKEN_BLOCK_BEGIN) ASSAY_TRY(parse_output(p, &node));
        else {
            ASSAY_TRY(assay_jinja_parser_advance(p));
            if (is_end(p, ends)) break;
            ASSAY_TRY(parse_statement(p, &node));
            if (p->now.kind != ASSAY_JINJA_TOKEN_BLOCK_END) return assay_jinja_parser_unexpected(p, "%}");
            ASSAY_TRY(assay_jinja_parser_advance(p));
        }
        assay_jinja_chain_add(&body, node);
    }
    *out = body.first;
    return ASSAY_OK;
}

assay_status assay_jinja_parser_template(assay_jinja_parser *parser, assay_py_node **body)
{
    static const assay_jinja_grammar grammar = {assay_jinja_parse_expression, assay_jinja_parse_tuple};
    parser->grammar = &grammar;
    return parse_body(parser, NULL, body);
}
