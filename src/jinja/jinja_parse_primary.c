/* What an expression begins with: names, literals, brackets. */
#include "jinja/jinja_parser.h"

#include "base/buf.h"

#include <string.h>

static bool is_constant(const assay_jparser *p, assay_jvalue *out)
{
    static const char *const names[] = {"true", "True", "false", "False", "none", "None"};
    for (int i = 0; i < 6; i++) {
        if (!assay_jparser_at_name(p, names[i])) continue;
        *out = i < 4 ? assay_jvalue_bool(i < 2) : assay_jvalue_none();
        return true;
    }
    return false;
}

static assay_status parse_name(assay_jparser *p, bool attributes, assay_jnode **out)
{
    assay_jname *attribute;
    ASSAY_TRY(assay_jparser_node(p, ASSAY_JNODE_NAME, p->now.line, out));
    if (is_constant(p, &(*out)->value)) {
        (*out)->kind = ASSAY_JNODE_CONST;
        return assay_jparser_advance(p);
    }
    ASSAY_TRY(assay_jparser_name(p, &(*out)->name));
    if (!attributes || !assay_jparser_at(p, '.')) return assay_jparser_occur(p, *out);
    ASSAY_TRY(assay_jparser_advance(p));
    ASSAY_TRY(assay_jparser_name(p, &attribute));
    (*out)->kind = ASSAY_JNODE_ATTRIBUTE_TARGET;
    (*out)->value = attribute->text;
    return ASSAY_OK;
}

/* Adjacent literals are one. */
static assay_status parse_texts(assay_jparser *p, assay_jnode **out)
{
    const assay_jtoken *ahead;
    ASSAY_TRY(assay_jparser_node(p, ASSAY_JNODE_CONST, p->now.line, out));
    (*out)->value = p->now.value;
    ASSAY_TRY(assay_jparser_look(p, &ahead));
    if (ahead->kind != ASSAY_JTOKEN_TEXT) return assay_jparser_advance(p);
    assay_buf all;
    assay_buf_init(&all, (1 << 20));
    assay_status status = ASSAY_OK;
    while (status == ASSAY_OK && p->now.kind == ASSAY_JTOKEN_TEXT) {
        status = assay_buf_append(&all, p->now.value.as.text, p->now.value.size, p->lexer.err);
        if (status == ASSAY_OK) status = assay_jparser_advance(p);
    }
    char *copy = status == ASSAY_OK ? assay_jarena_bytes(p->arena, all.size) : NULL;
    if (copy && all.size) memcpy(copy, all.data, all.size);
    (*out)->value = assay_jvalue_text(copy, all.size);
    assay_buf_release(&all);
    ASSAY_TRY(status);
    ASSAY_TRY_ALLOC(copy, "a template's literal", p->lexer.err);
    return ASSAY_OK;
}

static assay_status parse_list(assay_jparser *p, assay_jnode **out)
{
    assay_jchain items = {0};
    assay_jnode *item;
    bool more = true;
    ASSAY_TRY(assay_jparser_node(p, ASSAY_JNODE_LIST, p->now.line, out));
    ASSAY_TRY(assay_jparser_advance(p));
    while (more && !assay_jparser_at(p, ']')) {
        ASSAY_TRY(p->grammar->expression(p, &item));
        assay_jchain_add(&items, item);
        ASSAY_TRY(assay_jparser_skip(p, ',', &more));
    }
    (*out)->list = items.first;
    ASSAY_TRY(assay_jparser_expect(p, ']'));
    return assay_jparser_finish(p, *out);
}

static assay_status parse_dict(assay_jparser *p, assay_jnode **out)
{
    assay_jchain items = {0};
    assay_jnode *item;
    bool more = true;
    ASSAY_TRY(assay_jparser_node(p, ASSAY_JNODE_DICT, p->now.line, out));
    ASSAY_TRY(assay_jparser_advance(p));
    while (more && !assay_jparser_at(p, '}')) {
        ASSAY_TRY(p->grammar->expression(p, &item));
        assay_jchain_add(&items, item);
        ASSAY_TRY(assay_jparser_expect(p, ':'));
        ASSAY_TRY(p->grammar->expression(p, &item));
        assay_jchain_add(&items, item);
        ASSAY_TRY(assay_jparser_skip(p, ',', &more));
    }
    (*out)->list = items.first;
    ASSAY_TRY(assay_jparser_expect(p, '}'));
    return assay_jparser_finish(p, *out);
}

assay_status assay_jparse_primary(assay_jparser *parser, bool attributes, assay_jnode **out)
{
    if (parser->now.kind == ASSAY_JTOKEN_NAME) return parse_name(parser, attributes, out);
    if (parser->now.kind == ASSAY_JTOKEN_TEXT) return parse_texts(parser, out);
    if (parser->now.kind == ASSAY_JTOKEN_NUMBER) {
        ASSAY_TRY(assay_jparser_node(parser, ASSAY_JNODE_CONST, parser->now.line, out));
        (*out)->value = parser->now.value;
        return assay_jparser_advance(parser);
    }
    if (assay_jparser_at(parser, '(')) {
        ASSAY_TRY(assay_jparser_advance(parser));
        ASSAY_TRY(parser->grammar->tuple(parser, ASSAY_JTUPLE_EMPTY, NULL, out));
        return assay_jparser_expect(parser, ')');
    }
    if (assay_jparser_at(parser, '[')) return parse_list(parser, out);
    if (assay_jparser_at(parser, '{')) return parse_dict(parser, out);
    return assay_jparser_unexpected(parser, "an expression");
}
