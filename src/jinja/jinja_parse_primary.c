/* What an expression begins with: names, literals, brackets. */
#include "jinja/jinja_parser.h"

#include "base/buf.h"

#include <string.h>

static bool is_constant(const assay_jinja_parser *p, assay_py_value *out)
{
    static const char *const names[] = {"true", "True", "false", "False", "none", "None"};
    for (int i = 0; i < 6; i++) {
        if (!assay_jinja_parser_at_name(p, names[i])) continue;
        *out = i < 4 ? assay_py_value_bool(i < 2) : assay_py_value_none();
        return true;
    }
    return false;
}

static assay_status parse_name(assay_jinja_parser *p, bool attributes, assay_py_node **out)
{
    assay_jinja_name *attribute;
    ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_NAME, p->now.line, out));
    if (is_constant(p, &(*out)->value)) {
        (*out)->kind = ASSAY_JINJA_NODE_CONST;
        return assay_jinja_parser_advance(p);
    }
    ASSAY_TRY(assay_jinja_parser_name(p, &(*out)->name));
    if (!attributes || !assay_jinja_parser_at(p, '.')) return assay_jinja_parser_occur(p, *out);
    ASSAY_TRY(assay_jinja_parser_advance(p));
    ASSAY_TRY(assay_jinja_parser_name(p, &attribute));
    (*out)->kind = ASSAY_JINJA_NODE_ATTRIBUTE_TARGET;
    (*out)->value = attribute->text;
    return ASSAY_OK;
}

/* Adjacent literals are one. */
static assay_status parse_texts(assay_jinja_parser *p, assay_py_node **out)
{
    const assay_jinja_token *ahead;
    ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_CONST, p->now.line, out));
    (*out)->value = p->now.value;
    ASSAY_TRY(assay_jinja_parser_look(p, &ahead));
    if (ahead->kind != ASSAY_JINJA_TOKEN_TEXT) return assay_jinja_parser_advance(p);
    assay_buf all;
    assay_buf_init(&all, (1 << 20));
    assay_status status = ASSAY_OK;
    while (status == ASSAY_OK && p->now.kind == ASSAY_JINJA_TOKEN_TEXT) {
        status = assay_buf_append(&all, p->now.value.as.text, p->now.value.size, p->lexer.err);
        if (status == ASSAY_OK) status = assay_jinja_parser_advance(p);
    }
    char *copy = status == ASSAY_OK ? assay_py_arena_bytes(p->arena, all.size) : NULL;
    if (copy && all.size) memcpy(copy, all.data, all.size);
    (*out)->value = assay_py_value_text(copy, all.size);
    assay_buf_release(&all);
    ASSAY_TRY(status);
    ASSAY_TRY_ALLOC(copy, "a template's literal", p->lexer.err);
    return ASSAY_OK;
}

static assay_status parse_list(assay_jinja_parser *p, assay_py_node **out)
{
    assay_jinja_chain items = {0};
    assay_py_node *item;
    bool more = true;
    ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_LIST, p->now.line, out));
    ASSAY_TRY(assay_jinja_parser_advance(p));
    while (more && !assay_jinja_parser_at(p, ']')) {
        ASSAY_TRY(p->grammar->expression(p, &item));
        assay_jinja_chain_add(&items, item);
        ASSAY_TRY(assay_jinja_parser_skip(p, ',', &more));
    }
    (*out)->list = items.first;
    ASSAY_TRY(assay_jinja_parser_expect(p, ']'));
    return assay_jinja_parser_finish(p, *out);
}

static assay_status parse_dict(assay_jinja_parser *p, assay_py_node **out)
{
    assay_jinja_chain items = {0};
    assay_py_node *item;
    bool more = true;
    ASSAY_TRY(assay_jinja_parser_node(p, ASSAY_JINJA_NODE_DICT, p->now.line, out));
    ASSAY_TRY(assay_jinja_parser_advance(p));
    while (more && !assay_jinja_parser_at(p, '}')) {
        ASSAY_TRY(p->grammar->expression(p, &item));
        assay_jinja_chain_add(&items, item);
        ASSAY_TRY(assay_jinja_parser_expect(p, ':'));
        ASSAY_TRY(p->grammar->expression(p, &item));
        assay_jinja_chain_add(&items, item);
        ASSAY_TRY(assay_jinja_parser_skip(p, ',', &more));
    }
    (*out)->list = items.first;
    ASSAY_TRY(assay_jinja_parser_expect(p, '}'));
    return assay_jinja_parser_finish(p, *out);
}

assay_status assay_jinja_parse_primary(assay_jinja_parser *parser, bool attributes, assay_py_node **out)
{
    if (parser->now.kind == ASSAY_JINJA_TOKEN_NAME) return parse_name(parser, attributes, out);
    if (parser->now.kind == ASSAY_JINJA_TOKEN_TEXT) return parse_texts(parser, out);
    if (parser->now.kind == ASSAY_JINJA_TOKEN_NUMBER) {
        ASSAY_TRY(assay_jinja_parser_node(parser, ASSAY_JINJA_NODE_CONST, parser->now.line, out));
        (*out)->value = parser->now.value;
        return assay_jinja_parser_advance(parser);
    }
    if (assay_jinja_parser_at(parser, '(')) {
        ASSAY_TRY(assay_jinja_parser_advance(parser));
        ASSAY_TRY(parser->grammar->tuple(parser, ASSAY_JINJA_TUPLE_EMPTY, NULL, out));
        return assay_jinja_parser_expect(parser, ')');
    }
    if (assay_jinja_parser_at(parser, '[')) return parse_list(parser, out);
    if (assay_jinja_parser_at(parser, '{')) return parse_dict(parser, out);
    return assay_jinja_parser_unexpected(parser, "an expression");
}
