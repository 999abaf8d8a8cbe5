/* Tokens to tree (jinja2/parser.py).
 *
 *     assay_jinja_parser parser;
 *     ASSAY_TRY(assay_jinja_parser_start(&parser, name, text, size, arena, err));
 *     ASSAY_TRY(assay_jinja_parser_template(&parser, &body));
 *
 * One function for a rule of the grammar, named after it; a rule reads from `now` and leaves `now` behind what it read.
 */
#ifndef ASSAY_JINJA_JINJA_PARSER_H
#define ASSAY_JINJA_JINJA_PARSER_H

#include "jinja/jinja_ast.h"
#include "jinja/jinja_lexer.h"

/* Where caller, kwargs, varargs and loop occur, in the order of the source: what a body reads is found without walking
 * it. */
enum { ASSAY_JINJA_SPECIAL_COUNT = 4 };

typedef struct assay_jinja_occurrences {
    assay_py_node **items;
    size_t count, capacity;
} assay_jinja_occurrences;

enum { ASSAY_JINJA_ARGUMENTS = 255 }; /* named ones of a call, and parameters of a macro */

typedef struct assay_jinja_parser {
    assay_jinja_lexer lexer;
    assay_py_arena *arena;
    assay_jinja_token now, ahead;
    bool has_ahead;
    const struct assay_jinja_grammar *grammar;
    int depth;                /* of rules within rules */
    int loops;                /* open loops that break and continue can mean */
    int inside_loops;         /* open loops at all */
    assay_jinja_name **names; /* hash table */
    size_t name_slots, name_count;
    assay_jinja_name *special_names[ASSAY_JINJA_SPECIAL_COUNT];
    assay_jinja_occurrences special[ASSAY_JINJA_SPECIAL_COUNT];
} assay_jinja_parser;

assay_status assay_jinja_parser_start(assay_jinja_parser *parser, const char *name, const char *text, size_t size,
                                      assay_py_arena *arena, assay_error *err);
assay_status assay_jinja_parser_template(assay_jinja_parser *parser, assay_py_node **body);

/* The rules that brackets lead back to from the primaries below them. The template's rule sets parser->grammar. */
typedef struct assay_jinja_grammar {
    assay_status (*expression)(assay_jinja_parser *parser, assay_py_node **out);
    assay_status (*tuple)(assay_jinja_parser *parser, int mode, const char *end_name, assay_py_node **out);
} assay_jinja_grammar;

/* For the files of the parser. */
typedef enum assay_jinja_tuple_mode {
    ASSAY_JINJA_TUPLE_PLAIN = 0,
    ASSAY_JINJA_TUPLE_TARGETS = 1,      /* names and literals only */
    ASSAY_JINJA_TUPLE_NO_CONDITION = 2, /* no inline if */
    ASSAY_JINJA_TUPLE_EMPTY = 4,        /* () is one */
    ASSAY_JINJA_TUPLE_ATTRIBUTES = 8,   /* targets may be name.attribute */
} assay_jinja_tuple_mode;

assay_status assay_jinja_parse_tuple(assay_jinja_parser *parser, int mode, const char *end_name, assay_py_node **out);
assay_status assay_jinja_parse_expression(assay_jinja_parser *parser, assay_py_node **out);
assay_status assay_jinja_parse_primary(assay_jinja_parser *parser, bool attributes, assay_py_node **out);
assay_status assay_jinja_parse_filter(assay_jinja_parser *parser, assay_py_node *operand, bool started,
                                      assay_py_node **out);

assay_status assay_jinja_parser_fail(assay_jinja_parser *parser, const char *format, ...) ASSAY_PRINTF(2, 3);
assay_status assay_jinja_parser_unexpected(assay_jinja_parser *parser, const char *expected);
assay_status assay_jinja_parser_advance(assay_jinja_parser *parser);
assay_status assay_jinja_parser_look(assay_jinja_parser *parser, const assay_jinja_token **out);
assay_status assay_jinja_parser_enter(assay_jinja_parser *parser);
bool assay_jinja_parser_at(const assay_jinja_parser *parser, int op);
bool assay_jinja_parser_at_name(const assay_jinja_parser *parser, const char *name);
assay_status assay_jinja_parser_expect(assay_jinja_parser *parser, int op);
assay_status assay_jinja_parser_skip(assay_jinja_parser *parser, int op, bool *found);
assay_status assay_jinja_parser_skip_name(assay_jinja_parser *parser, const char *name, bool *found);
assay_status assay_jinja_parser_name(assay_jinja_parser *parser, assay_jinja_name **out); /* expects one */
assay_status assay_jinja_parser_intern(assay_jinja_parser *parser, const char *text, size_t size,
                                       assay_jinja_name **out);
assay_status assay_jinja_parser_node(assay_jinja_parser *parser, assay_jinja_node_kind kind, int line,
                                     assay_py_node **out);

/* Notes an occurrence of a special name; and which of them a body read since `from` was filled (ASSAY_JINJA_USES_
 * bits). */
assay_status assay_jinja_parser_occur(assay_jinja_parser *parser, assay_py_node *name);
void assay_jinja_parser_mark(const assay_jinja_parser *parser, size_t from[ASSAY_JINJA_SPECIAL_COUNT]);
int assay_jinja_parser_uses(const assay_jinja_parser *parser, const size_t from[ASSAY_JINJA_SPECIAL_COUNT]);

/* Sets the depth from the children, and refuses a tree that grows too high. */
assay_status assay_jinja_parser_finish(assay_jinja_parser *parser, assay_py_node *node);

/* The end of a chain that grows. */
typedef struct assay_jinja_chain {
    assay_py_node *first, *last;
} assay_jinja_chain;
void assay_jinja_chain_add(assay_jinja_chain *chain, assay_py_node *node);

#endif
