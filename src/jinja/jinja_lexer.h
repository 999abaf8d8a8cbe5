/* Template text to tokens, one at a time (jinja2/lexer.py with trim_blocks and lstrip_blocks on, keep_trailing_newline
 * off).
 *
 * The source is normalised first (assay_jlexer_start): line ends become "\n", one at the end is dropped. White space
 * control happens here: what `-`, `+` and the two options cut off never reaches the parser. */
#ifndef ASSAY_JINJA_JINJA_LEXER_H
#define ASSAY_JINJA_JINJA_LEXER_H

#include "python/py_arena.h"
#include "python/py_operator.h"

enum { ASSAY_JINJA_BRACKETS = 400 }; /* how many may be open at once */

typedef enum assay_jtoken_kind {
    ASSAY_JTOKEN_END,
    ASSAY_JTOKEN_DATA,           /* text between tags */
    ASSAY_JTOKEN_VARIABLE_BEGIN, /* {{ */
    ASSAY_JTOKEN_VARIABLE_END,
    ASSAY_JTOKEN_BLOCK_BEGIN, /* {% */
    ASSAY_JTOKEN_BLOCK_END,
    ASSAY_JTOKEN_NAME,
    ASSAY_JTOKEN_TEXT, /* a string literal, escapes resolved */
    ASSAY_JTOKEN_NUMBER,
    ASSAY_JTOKEN_OPERATOR
} assay_jtoken_kind;

typedef struct assay_jtoken {
    assay_jtoken_kind kind;
    int line;
    int op;           /* OPERATOR: py_operator.h */
    const char *text; /* DATA, NAME: bytes of the source; others: where it begins */
    size_t size;
    assay_jvalue value; /* TEXT, NUMBER, and DATA as a text */
} assay_jtoken;

typedef struct assay_jlexer {
    const char *name; /* of the template */
    const char *text; /* normalised */
    size_t size, at;
    int line;
    size_t counted; /* up to where `line` is right */
    enum { ASSAY_JLEX_DATA, ASSAY_JLEX_BLOCK, ASSAY_JLEX_VARIABLE } state;
    assay_jtoken pending; /* the tag behind the text just given; END: none */
    bool line_starting;   /* the last thing read ended with a line end */
    char open[ASSAY_JINJA_BRACKETS];
    size_t open_count;
    assay_jarena *arena;
    assay_error *err;
} assay_jlexer;

/* `text` must be valid UTF-8 and outlive nothing: it is copied into the arena. */
assay_status assay_jlexer_start(assay_jlexer *lexer, const char *name, const char *text, size_t size,
                                assay_jarena *arena, assay_error *err);
assay_status assay_jlexer_next(assay_jlexer *lexer, assay_jtoken *out);

#endif
