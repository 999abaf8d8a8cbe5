/* Numbers as text and back, as Python writes and reads them; the locale has no say. */
#ifndef ASSAY_PYTHON_PY_NUMBER_H
#define ASSAY_PYTHON_PY_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ASSAY_PY_NUMBER_TEXT = 512 };

/* repr(): the fewest digits that read back as the same double; "inf", "nan", "1e+20", "5.0". */
void assay_py_number_repr(double real, char text[ASSAY_PY_NUMBER_TEXT]);

/* C's %.*f, %.*e, %.*g (kind 'f', 'e', 'g'; alternate: '#'), precision at most 60, with a point. */
void assay_py_number_print(double real, char kind, int precision, bool alternate, char text[ASSAY_PY_NUMBER_TEXT]);

/* float(text), int(text, base) without surrounding space; underscores between digits. False: no number.
 * *fits: whether a whole number has 64 bits. */
bool assay_py_number_read_real(const char *text, size_t size, double *out);
bool assay_py_number_read_whole(const char *text, size_t size, int base, int64_t *out, bool *fits);

#endif
