/* Tokens to tree (jinja2/parser.py).
 *
 *     assay_jparser parser;
 *     ASSAY_TRY(assay_jparser_start(&parser, name, text, size, arena, err));
 *     ASSAY_TRY(assay_jparser_template(&parser, &body));
 *
 * One function for a rule of the grammar, named after it; a rule reads from `now` and leaves `now` behind what it read.
 */
#ifndef ASSAY_JINJA_JINJA_PARSER_H
#define ASSAY_JINJA_JINJA_PARSER_H

#include "jinja/jinja_ast.h"
#include "jinja/jinja_lexer.h"

/* Where caller, kwargs, varargs and loop occur, in the order of the source: what a body reads is found without walking
 * it. */
enum { ASSAY_JSPECIAL_COUNT = 4 };

typedef struct assay_joccurrences {
    assay_jnode **items;
    size_t count, capacity;
} assay_joccurrences;

enum { ASSAY_JINJA_ARGUMENTS = 255 }; /* named ones of a call, and parameters of a macro */

typedef struct assay_jparser {
    assay_jlexer lexer;
    assay_jarena *arena;
    assay_jtoken now, ahead;
    bool has_ahead;
    const struct assay_jgrammar *grammar;
    int depth;           /* of rules within rules */
    int loops;           /* open loops that break and continue can mean */
    int inside_loops;    /* open loops at all */
    assay_jname **names; /* hash table */
    size_t name_slots, name_count;
    assay_jname *special_names[ASSAY_JSPECIAL_COUNT];
    assay_joccurrences special[ASSAY_JSPECIAL_COUNT];
} assay_jparser;

assay_status assay_jparser_start(assay_jparser *parser, const char *name, const char *text, size_t size,
                                 assay_jarena *arena, assay_error *err);
assay_status assay_jparser_template(assay_jparser *parser, assay_jnode **body);

/* The rules that brackets lead back to from the primaries below them. The template's rule sets parser->grammar. */
typedef struct assay_jgrammar {
    assay_status (*expression)(assay_jparser *parser, assay_jnode **out);
    assay_status (*tuple)(assay_jparser *parser, int mode, const char *end_name, assay_jnode **out);
} assay_jgrammar;

/* For the files of the parser. */
typedef enum assay_jtuple_mode {
    ASSAY_JTUPLE_PLAIN = 0,
    ASSAY_JTUPLE_TARGETS = 1,      /* names and literals only */
    ASSAY_JTUPLE_NO_CONDITION = 2, /* no inline if */
    ASSAY_JTUPLE_EMPTY = 4,        /* () is one */
    ASSAY_JTUPLE_ATTRIBUTES = 8,   /* targets may be name.attribute */
} assay_jtuple_mode;

assay_status assay_jparse_tuple(assay_jparser *parser, int mode, const char *end_name, assay_jnode **out);
assay_status assay_jparse_expression(assay_jparser *parser, assay_jnode **out);
assay_status assay_jparse_primary(assay_jparser *parser, bool attributes, assay_jnode **out);
assay_status assay_jparse_filter(assay_jparser *parser, assay_jnode *operand, bool started, assay_jnode **out);

assay_status assay_jparser_fail(assay_jparser *parser, const char *format, ...) ASSAY_PRINTF(2, 3);
assay_status assay_jparser_unexpected(assay_jparser *parser, const char *expected);
assay_status assay_jparser_advance(assay_jparser *parser);
assay_status assay_jparser_look(assay_jparser *parser, const assay_jtoken **out);
assay_status assay_jparser_enter(assay_jparser *parser);
bool assay_jparser_at(const assay_jparser *parser, int op);
bool assay_jparser_at_name(const assay_jparser *parser, const char *name);
assay_status assay_jparser_expect(assay_jparser *parser, int op);
assay_status assay_jparser_skip(assay_jparser *parser, int op, bool *found);
assay_status assay_jparser_skip_name(assay_jparser *parser, const char *name, bool *found);
assay_status assay_jparser_name(assay_jparser *parser, assay_jname **out); /* expects one */
assay_status assay_jparser_intern(assay_jparser *parser, const char *text, size_t size, assay_jname **out);
assay_status assay_jparser_node(assay_jparser *parser, assay_jnode_kind kind, int line, assay_jnode **out);

/* Notes an occurrence of a special name; and which of them a body read since `from` was filled (ASSAY_JUSES_ bits). */
assay_status assay_jparser_occur(assay_jparser *parser, assay_jnode *name);
void assay_jparser_mark(const assay_jparser *parser, size_t from[ASSAY_JSPECIAL_COUNT]);
int assay_jparser_uses(const assay_jparser *parser, const size_t from[ASSAY_JSPECIAL_COUNT]);

/* Sets the depth from the children, and refuses a tree that grows too high. */
assay_status assay_jparser_finish(assay_jparser *parser, assay_jnode *node);

/* The end of a chain that grows. */
typedef struct assay_jchain {
    assay_jnode *first, *last;
} assay_jchain;
void assay_jchain_add(assay_jchain *chain, assay_jnode *node);

#endif
