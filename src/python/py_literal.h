/* String literals. */
#ifndef ASSAY_PYTHON_PY_LITERAL_H
#define ASSAY_PYTHON_PY_LITERAL_H

#include "python/py_arena.h"
#include "python/py_value.h"

/* The value of a string literal without its quotes; text without an escape is borrowed, other lies in the arena.
 * ASSAY_E_FORMAT: *fault says what is wrong ("a string with ..."); ASSAY_E_MEMORY: the arena gives no more. */
assay_status assay_py_literal_read(assay_py_arena *arena, const char *text, size_t size, assay_py_value *out,
                                   const char **fault);

#endif
