/* Template text to tokens, one at a time (jinja2/lexer.py with trim_blocks and lstrip_blocks on, keep_trailing_newline
 * off).
 *
 * The source is normalised first (assay_jinja_lexer_start): line ends become "\n", one at the end is dropped. White
 * space control happens here: what `-`, `+` and the two options cut off never reaches the parser. */
#ifndef ASSAY_JINJA_JINJA_LEXER_H
#define ASSAY_JINJA_JINJA_LEXER_H

#include "python/py_arena.h"
#include "python/py_operator.h"

enum { ASSAY_JINJA_BRACKETS = 400 }; /* how many may be open at once */

typedef enum assay_jinja_token_kind {
    ASSAY_JINJA_TOKEN_END,
    ASSAY_JINJA_TOKEN_DATA,           /* text between tags */
    ASSAY_JINJA_TOKEN_VARIABLE_BEGIN, /* {{ */
    ASSAY_JINJA_TOKEN_VARIABLE_END,
    ASSAY_JINJA_TOKEN_BLOCK_BEGIN, /* {% */
    ASSAY_JINJA_TOKEN_BLOCK_END,
    ASSAY_JINJA_TOKEN_NAME,
    ASSAY_JINJA_TOKEN_TEXT, /* a string literal, escapes resolved */
    ASSAY_JINJA_TOKEN_NUMBER,
    ASSAY_JINJA_TOKEN_OPERATOR
} assay_jinja_token_kind;

typedef struct assay_jinja_token {
    assay_jinja_token_kind kind;
    int line;
    int op;           /* OPERATOR: py_operator.h */
    const char *text; /* DATA, NAME: bytes of the source; others: where it begins */
    size_t size;
    assay_py_value value; /* TEXT, NUMBER, and DATA as a text */
} assay_jinja_token;

typedef struct assay_jinja_lexer {
    const char *name; /* of the template */
    const char *text; /* normalised */
    size_t size, at;
    int line;
    size_t counted; /* up to where `line` is right */
    enum { ASSAY_JINJA_LEX_DATA, ASSAY_JINJA_LEX_BLOCK, ASSAY_JINJA_LEX_VARIABLE } state;
    assay_jinja_token pending; /* the tag behind the text just given; END: none */
    bool line_starting;        /* the last thing read ended with a line end */
    char open[ASSAY_JINJA_BRACKETS];
    size_t open_count;
    assay_py_arena *arena;
    assay_error *err;
} assay_jinja_lexer;

/* `text` must be valid UTF-8 and outlive nothing: it is copied into the arena. */
assay_status assay_jinja_lexer_start(assay_jinja_lexer *lexer, const char *name, const char *text, size_t size,
                                     assay_py_arena *arena, assay_error *err);
assay_status assay_jinja_lexer_next(assay_jinja_lexer *lexer, assay_jinja_token *out);

#endif
