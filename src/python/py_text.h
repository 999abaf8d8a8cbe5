/* Texts of the template language: code points over UTF-8, shared bytes, and building new ones in the arena. */
#ifndef ASSAY_PYTHON_PY_TEXT_H
#define ASSAY_PYTHON_PY_TEXT_H

#include "python/py_value.h"

#include <stdarg.h>

/* The bytes [from, to) of a text, sharing memory. Not marked safe. */
assay_jvalue assay_jtext_part(const assay_jvalue *text, size_t from, size_t to);

size_t assay_jtext_length(const assay_jvalue *text);                /* code points; linear unless known to be ASCII */
size_t assay_jtext_step(const assay_jvalue *text, size_t offset);   /* bytes of the character at a byte offset */
size_t assay_jtext_back(const assay_jvalue *text, size_t offset);   /* bytes of the character before it */
size_t assay_jtext_offset(const assay_jvalue *text, size_t index);  /* byte offset of a code point; size if beyond */
int32_t assay_jtext_point(const assay_jvalue *text, size_t offset); /* the code point at a byte offset */

/* Byte offset of the first (last) occurrence at or behind `from` (that ends at or before `to`), or SIZE_MAX. */
size_t assay_jtext_find(const assay_jvalue *text, const assay_jvalue *part, size_t from);
assay_status assay_jtext_find_last(assay_jrun *run, const assay_jvalue *text, const assay_jvalue *part, size_t to,
                                   size_t *at);
bool assay_jtext_starts(const assay_jvalue *text, const assay_jvalue *part);
bool assay_jtext_ends(const assay_jvalue *text, const assay_jvalue *part);

/* Cuts characters of the set (NULL: white space) off the ends; the mark of safety is kept. */
enum { ASSAY_JSTRIP_LEFT = 1, ASSAY_JSTRIP_RIGHT = 2 };
assay_status assay_jtext_strip(assay_jrun *run, const assay_jvalue *text, const assay_jvalue *set, int sides,
                               assay_jvalue *out);

/* a + b of plain texts. */
assay_status assay_jtext_concat(assay_jrun *run, const assay_jvalue *a, const assay_jvalue *b, assay_jvalue *out);

/* MarkupSafe's escape(): a text marked safe stays as it is. */
assay_status assay_jtext_escape(assay_jrun *run, const assay_jvalue *text, assay_jvalue *out);

/* A text in the making. Start with {0}; every add charges the rendering's budget. */
typedef struct assay_jbuild {
    char *data;
    size_t size, capacity;
    bool wide; /* something above U+007F was added */
} assay_jbuild;

assay_status assay_jbuild_bytes(assay_jrun *run, assay_jbuild *build, const char *bytes, size_t size);
assay_status assay_jbuild_text(assay_jrun *run, assay_jbuild *build, const assay_jvalue *text);
assay_status assay_jbuild_literal(assay_jrun *run, assay_jbuild *build, const char *text);
assay_status assay_jbuild_byte(assay_jrun *run, assay_jbuild *build, char byte);
assay_status assay_jbuild_point(assay_jrun *run, assay_jbuild *build, int32_t point);
assay_status assay_jbuild_fill(assay_jrun *run, assay_jbuild *build, const assay_jvalue *text, size_t times);
assay_status assay_jbuild_printf(assay_jrun *run, assay_jbuild *build, const char *format, ...) ASSAY_PRINTF(3, 4);
assay_jvalue assay_jbuild_value(const assay_jbuild *build);

#endif
