/* A strict JSON reader that hands out one token a call and allocates nothing (RFC 8259, UTF-8 only).
 *
 * For large or hostile documents where offsets matter (safetensors headers, pair files). Nesting is at most 64 deep;
 * strings are checked wholly (UTF-8, escapes, paired surrogates, no raw control characters) before they are handed out;
 * a byte order mark, a trailing comma, a second document or NaN is an error. Whether a key comes twice is the caller's
 * to see.
 *
 *     assay_json_pull pull;
 *     assay_json_pull_init(&pull, text, size, path);
 *     ASSAY_TRY(assay_json_pull_expect(&pull, ASSAY_JSON_OBJECT, err));
 *     for (;;) {
 *         ASSAY_TRY(assay_json_pull_next(&pull, err));
 *         if (pull.event == ASSAY_JSON_OBJECT_END) break;
 *         bool shape = assay_json_pull_equals(&pull, "shape"); // the event is ASSAY_JSON_KEY
 *         ... then the value's tokens ...
 *     }
 *     ASSAY_TRY(assay_json_pull_expect(&pull, ASSAY_JSON_END, err)); // nothing may follow
 *
 * `text` and `where` (a name for messages) are borrowed and must outlive the reader. After an error the reader is dead:
 * the same call fails again.
 */
#ifndef ASSAY_BASE_JSON_PULL_H
#define ASSAY_BASE_JSON_PULL_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ASSAY_JSON_MAX_DEPTH = 64 };

typedef enum assay_json_event {
    ASSAY_JSON_OBJECT,
    ASSAY_JSON_OBJECT_END,
    ASSAY_JSON_ARRAY,
    ASSAY_JSON_ARRAY_END,
    ASSAY_JSON_KEY,
    ASSAY_JSON_STRING,
    ASSAY_JSON_NUMBER,
    ASSAY_JSON_TRUE,
    ASSAY_JSON_FALSE,
    ASSAY_JSON_NULL,
    ASSAY_JSON_END
} assay_json_event;

typedef struct assay_json_pull {
    const char *text, *where;
    size_t size, at;        /* bytes in all; next byte to read */
    size_t start;           /* offset of the current token's first byte */
    assay_json_event event; /* the current token */
    const char *token;      /* strings and keys: the bytes between the quotes, still escaped; numbers: the digits */
    size_t token_size;
    bool escaped; /* the string holds at least one backslash */
    int depth;
    uint64_t objects; /* bit d set: the container at depth d + 1 is an object */
    /* set by base/json_doc.h: errors read "where: not valid JSON at line L, column C: ...", not "where:L:C: ..." */
    bool document;
    bool python; /* set by the caller: NaN, Infinity and -Infinity are numbers, as Python writes them */
    bool halves; /* set by the caller: half of a surrogate pair (\ud83d alone) is let through, and is U+FFFD as text */
    bool half;   /* the current string has one */
    int state;
} assay_json_pull;

void assay_json_pull_init(assay_json_pull *pull, const char *text, size_t size, const char *where);

/* Goes on to the next token: pull->event and the fields above. ASSAY_JSON_END once, behind the document. */
assay_status assay_json_pull_next(assay_json_pull *pull, assay_error *err);

/* The same, and an error when the token is of another kind. */
assay_status assay_json_pull_expect(assay_json_pull *pull, assay_json_event event, assay_error *err);

/* Reads on to the end of the value whose first token is current (a scalar: nothing to do). */
assay_status assay_json_pull_skip(assay_json_pull *pull, assay_error *err);

/* The current key or string without escapes: at most token_size bytes into dst, no zero byte added; returns how
 * many. */
size_t assay_json_pull_text(const assay_json_pull *pull, char *dst);

/* Whether the current key or string, without escapes, is `text`. */
bool assay_json_pull_equals(const assay_json_pull *pull, const char *text);

/* The current number as a whole number from 0 to 2^64 - 1; a sign, fraction or exponent is an error. */
assay_status assay_json_pull_size(const assay_json_pull *pull, uint64_t *out, assay_error *err);

/* Sets an error "where:line:column: ..." at the current token (columns count bytes, both from 1). Always returns
 * ASSAY_E_FORMAT. */
assay_status assay_json_pull_error(const assay_json_pull *pull, assay_error *err, const char *format, ...)
    ASSAY_PRINTF(3, 4);

#endif
