/* Texts of the template language: code points over UTF-8, shared bytes, and building new ones in the arena. */
#ifndef ASSAY_PYTHON_PY_TEXT_H
#define ASSAY_PYTHON_PY_TEXT_H

#include "python/py_value.h"

#include <stdarg.h>

/* The bytes [from, to) of a text, sharing memory. Not marked safe. */
assay_py_value assay_py_text_part(const assay_py_value *text, size_t from, size_t to);

size_t assay_py_text_length(const assay_py_value *text);              /* code points; linear unless known to be ASCII */
size_t assay_py_text_step(const assay_py_value *text, size_t offset); /* bytes of the character at a byte offset */
size_t assay_py_text_back(const assay_py_value *text, size_t offset); /* bytes of the character before it */
size_t assay_py_text_offset(const assay_py_value *text, size_t index); /* byte offset of a code point; size if beyond */
int32_t assay_py_text_point(const assay_py_value *text, size_t offset); /* the code point at a byte offset */

/* Byte offset of the first (last) occurrence at or behind `from` (that ends at or before `to`), or SIZE_MAX. */
size_t assay_py_text_find(const assay_py_value *text, const assay_py_value *part, size_t from);
assay_status assay_py_text_find_last(assay_py_run *run, const assay_py_value *text, const assay_py_value *part,
                                     size_t to, size_t *at);
bool assay_py_text_starts(const assay_py_value *text, const assay_py_value *part);
bool assay_py_text_ends(const assay_py_value *text, const assay_py_value *part);

/* Cuts characters of the set (NULL: white space) off the ends; the mark of safety is kept. */
enum { ASSAY_PY_STRIP_LEFT = 1, ASSAY_PY_STRIP_RIGHT = 2 };
assay_status assay_py_text_strip(assay_py_run *run, const assay_py_value *text, const assay_py_value *set, int sides,
                                 assay_py_value *out);

/* a + b of plain texts. */
assay_status assay_py_text_concat(assay_py_run *run, const assay_py_value *a, const assay_py_value *b,
                                  assay_py_value *out);

/* MarkupSafe's escape(): a text marked safe stays as it is. */
assay_status assay_py_text_escape(assay_py_run *run, const assay_py_value *text, assay_py_value *out);

/* A text in the making. Start with {0}; every add charges the rendering's budget. */
typedef struct assay_py_build {
    char *data;
    size_t size, capacity;
    bool wide; /* something above U+007F was added */
} assay_py_build;

assay_status assay_py_build_bytes(assay_py_run *run, assay_py_build *build, const char *bytes, size_t size);
assay_status assay_py_build_text(assay_py_run *run, assay_py_build *build, const assay_py_value *text);
assay_status assay_py_build_literal(assay_py_run *run, assay_py_build *build, const char *text);
assay_status assay_py_build_byte(assay_py_run *run, assay_py_build *build, char byte);
assay_status assay_py_build_point(assay_py_run *run, assay_py_build *build, int32_t point);
assay_status assay_py_build_fill(assay_py_run *run, assay_py_build *build, const assay_py_value *text, size_t times);
assay_status assay_py_build_printf(assay_py_run *run, assay_py_build *build, const char *format, ...)
    ASSAY_PRINTF(3, 4);
assay_py_value assay_py_build_value(const assay_py_build *build);

#endif
