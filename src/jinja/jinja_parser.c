/* What all rules use: tokens, names, nodes. */
#include "jinja/jinja_parser.h"

#include "base/text.h"

#include <stdarg.h>
#include <string.h>
#include <xxhash.h>

enum { RULE_DEPTH = 450, FIRST_NAME_SLOTS = 64 };

assay_status assay_jinja_parser_start(assay_jinja_parser *parser, const char *name, const char *text, size_t size,
                                      assay_py_arena *arena, assay_error *err)
{
    *parser = (assay_jinja_parser){.arena = arena, .name_slots = FIRST_NAME_SLOTS};
    parser->names = assay_py_arena_alloc(arena, FIRST_NAME_SLOTS, sizeof(assay_jinja_name *));
    ASSAY_TRY_ALLOC(parser->names, name, err);
    ASSAY_TRY(assay_jinja_lexer_start(&parser->lexer, name, text, size, arena, err));
    static const char *const specials[ASSAY_JINJA_SPECIAL_COUNT] = {"caller", "kwargs", "varargs", "loop"};
    for (size_t i = 0; i < ASSAY_JINJA_SPECIAL_COUNT; i++)
        ASSAY_TRY(assay_jinja_parser_intern(parser, specials[i], strlen(specials[i]), &parser->special_names[i]));
    return assay_jinja_parser_advance(parser);
}

assay_status assay_jinja_parser_fail(assay_jinja_parser *parser, const char *format, ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    assay_text_vformat(text, sizeof text, format, args);
    va_end(args);
    return assay_error_set(parser->lexer.err, ASSAY_E_FORMAT, "%s, line %d: %s", parser->lexer.name, parser->now.line,
                           text);
}

assay_status assay_jinja_parser_unexpected(assay_jinja_parser *parser, const char *expected)
{
    const assay_jinja_token *now = &parser->now;
    const char *end = now->kind == ASSAY_JINJA_TOKEN_BLOCK_END      ? "%}"
                      : now->kind == ASSAY_JINJA_TOKEN_VARIABLE_END ? "}}"
                                                                    : NULL;
    if (now->kind == ASSAY_JINJA_TOKEN_END)
        return assay_jinja_parser_fail(parser, "the template ends where %s was expected", expected);
    if (end) return assay_jinja_parser_fail(parser, "%s was expected, not the end of the tag %s", expected, end);
    size_t size = now->kind == ASSAY_JINJA_TOKEN_NAME ? now->size : now->op > 0xff ? 2 : 1;
    return assay_jinja_parser_fail(parser, "%s was expected, not \"%.*s\"", expected, size < 60 ? (int)size : 60,
                                   now->text);
}

assay_status assay_jinja_parser_advance(assay_jinja_parser *parser)
{
    if (!parser->has_ahead) return assay_jinja_lexer_next(&parser->lexer, &parser->now);
    parser->now = parser->ahead;
    parser->has_ahead = false;
    return ASSAY_OK;
}

assay_status assay_jinja_parser_look(assay_jinja_parser *parser, const assay_jinja_token **out)
{
    if (!parser->has_ahead) ASSAY_TRY(assay_jinja_lexer_next(&parser->lexer, &parser->ahead));
    parser->has_ahead = true;
    *out = &parser->ahead;
    return ASSAY_OK;
}

assay_status assay_jinja_parser_enter(assay_jinja_parser *parser)
{
    if (++parser->depth > RULE_DEPTH)
        return assay_jinja_parser_fail(parser, "expressions or blocks are nested too deeply");
    return ASSAY_OK;
}

bool assay_jinja_parser_at(const assay_jinja_parser *parser, int op)
{
    return parser->now.kind == ASSAY_JINJA_TOKEN_OPERATOR && parser->now.op == op;
}

bool assay_jinja_parser_at_name(const assay_jinja_parser *parser, const char *name)
{
    return parser->now.kind == ASSAY_JINJA_TOKEN_NAME && parser->now.size == strlen(name) &&
           memcmp(parser->now.text, name, parser->now.size) == 0;
}

assay_status assay_jinja_parser_expect(assay_jinja_parser *parser, int op)
{
    char expected[4] = {'"', (char)op, '"', 0};
    if (!assay_jinja_parser_at(parser, op)) return assay_jinja_parser_unexpected(parser, expected);
    return assay_jinja_parser_advance(parser);
}

assay_status assay_jinja_parser_skip(assay_jinja_parser *parser, int op, bool *found)
{
    *found = assay_jinja_parser_at(parser, op);
    return *found ? assay_jinja_parser_advance(parser) : ASSAY_OK;
}

assay_status assay_jinja_parser_skip_name(assay_jinja_parser *parser, const char *name, bool *found)
{
    *found = assay_jinja_parser_at_name(parser, name);
    return *found ? assay_jinja_parser_advance(parser) : ASSAY_OK;
}

static size_t name_slot(const assay_jinja_parser *parser, const char *text, size_t size)
{
    size_t at = XXH3_64bits(text, size) & (parser->name_slots - 1);
    for (; parser->names[at]; at = (at + 1) & (parser->name_slots - 1)) {
        const assay_py_value *known = &parser->names[at]->text;
        if (known->size == size && memcmp(known->as.text, text, size) == 0) break;
    }
    return at;
}

static assay_status grow_names(assay_jinja_parser *parser)
{
    assay_jinja_name **old = parser->names;
    size_t count = parser->name_slots;
    parser->names = assay_py_arena_alloc(parser->arena, count * 2, sizeof(assay_jinja_name *));
    if (!parser->names)
        return assay_error_set(parser->lexer.err, ASSAY_E_MEMORY, "out of memory for a template's names");
    parser->name_slots = count * 2;
    for (size_t i = 0; i < count; i++)
        if (old[i]) parser->names[name_slot(parser, old[i]->text.as.text, old[i]->text.size)] = old[i];
    return ASSAY_OK;
}

assay_status assay_jinja_parser_intern(assay_jinja_parser *parser, const char *text, size_t size,
                                       assay_jinja_name **out)
{
    if (parser->name_count * 2 >= parser->name_slots) ASSAY_TRY(grow_names(parser));
    size_t at = name_slot(parser, text, size);
    if (!parser->names[at]) {
        assay_jinja_name *name = assay_py_arena_alloc(parser->arena, 1, sizeof *name);
        ASSAY_TRY_ALLOC(name, "a template's names", parser->lexer.err);
        char *copy = assay_py_arena_bytes(parser->arena, size + 1); /* ends with a zero byte, for messages */
        ASSAY_TRY_ALLOC(copy, "a template's names", parser->lexer.err);
        memcpy(copy, text, size);
        name->text = assay_py_value_text(copy, size);
        name->text.ascii = true;
        for (size_t i = 0; i < size; i++) name->text.ascii = name->text.ascii && (unsigned char)text[i] < 0x80;
        parser->names[at] = name;
        parser->name_count++;
    }
    *out = parser->names[at];
    return ASSAY_OK;
}

assay_status assay_jinja_parser_name(assay_jinja_parser *parser, assay_jinja_name **out)
{
    if (parser->now.kind != ASSAY_JINJA_TOKEN_NAME) return assay_jinja_parser_unexpected(parser, "a name");
    ASSAY_TRY(assay_jinja_parser_intern(parser, parser->now.text, parser->now.size, out));
    return assay_jinja_parser_advance(parser);
}

assay_status assay_jinja_parser_node(assay_jinja_parser *parser, assay_jinja_node_kind kind, int line,
                                     assay_py_node **out)
{
    *out = assay_py_arena_alloc(parser->arena, 1, sizeof **out);
    if (!*out && parser->arena->full) return assay_jinja_parser_fail(parser, "the template is too large");
    ASSAY_TRY_ALLOC(*out, "a template", parser->lexer.err);
    (*out)->kind = kind;
    (*out)->line = line;
    (*out)->depth = 1;
    return ASSAY_OK;
}

assay_status assay_jinja_parser_occur(assay_jinja_parser *parser, assay_py_node *name)
{
    for (size_t i = 0; i < ASSAY_JINJA_SPECIAL_COUNT; i++) {
        assay_jinja_occurrences *seen = &parser->special[i];
        if (name->name != parser->special_names[i]) continue;
        if (seen->count == seen->capacity) {
            size_t capacity = seen->capacity ? seen->capacity * 2 : 16;
            assay_py_node **items = assay_py_arena_alloc(parser->arena, capacity, sizeof *items);
            ASSAY_TRY_ALLOC(items, "a template's names", parser->lexer.err);
            if (seen->count) memcpy(items, seen->items, seen->count * sizeof *items);
            seen->items = items;
            seen->capacity = capacity;
        }
        seen->items[seen->count++] = name;
    }
    return ASSAY_OK;
}

void assay_jinja_parser_mark(const assay_jinja_parser *parser, size_t from[ASSAY_JINJA_SPECIAL_COUNT])
{
    for (size_t i = 0; i < ASSAY_JINJA_SPECIAL_COUNT; i++) from[i] = parser->special[i].count;
}

int assay_jinja_parser_uses(const assay_jinja_parser *parser, const size_t from[ASSAY_JINJA_SPECIAL_COUNT])
{
    int uses = 0;
    for (size_t i = 0; i < ASSAY_JINJA_SPECIAL_COUNT; i++) {
        const assay_jinja_occurrences *seen = &parser->special[i];
        if (seen->count > from[i] && !seen->items[from[i]]->op) uses |= 1 << i;
    }
    return uses;
}

static int deepest(const assay_py_node *chain, int depth)
{
    for (; chain; chain = chain->next)
        if (chain->depth > depth) depth = chain->depth;
    return depth;
}

assay_status assay_jinja_parser_finish(assay_jinja_parser *parser, assay_py_node *node)
{
    int depth = 0;
    const assay_py_node *children[] = {node->a, node->b, node->c, node->d, node->list};
    for (size_t i = 0; i < sizeof children / sizeof *children; i++) depth = deepest(children[i], depth);
    node->depth = depth + 1;
    if (node->depth > ASSAY_JINJA_TREE_DEPTH)
        return assay_jinja_parser_fail(parser, "expressions or blocks are nested more than %d deep",
                                       ASSAY_JINJA_TREE_DEPTH);
    return ASSAY_OK;
}

void assay_jinja_chain_add(assay_jinja_chain *chain, assay_py_node *node)
{
    if (chain->last) chain->last->next = node;
    else chain->first = node;
    chain->last = node;
}
