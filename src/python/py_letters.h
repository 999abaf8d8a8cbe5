/* Changing the case of texts, and cutting them at white space, lines and separators, as Python does. */
#ifndef ASSAY_PYTHON_PY_LETTERS_H
#define ASSAY_PYTHON_PY_LETTERS_H

#include "python/py_text.h"

/* str.lower, upper, capitalize, title, swapcase, casefold; the mark of safety is kept. */
assay_status assay_py_letters_lower(assay_py_run *run, const assay_py_value *text, assay_py_value *out);
assay_status assay_py_letters_upper(assay_py_run *run, const assay_py_value *text, assay_py_value *out);
assay_status assay_py_letters_capitalize(assay_py_run *run, const assay_py_value *text, assay_py_value *out);
assay_status assay_py_letters_title(assay_py_run *run, const assay_py_value *text, assay_py_value *out);
assay_status assay_py_letters_swap(assay_py_run *run, const assay_py_value *text, assay_py_value *out);
assay_status assay_py_letters_fold(assay_py_run *run, const assay_py_value *text, assay_py_value *out);

/* str.split and rsplit (separator NULL: white space; most < 0: all), str.splitlines. */
assay_status assay_py_letters_split(assay_py_run *run, const assay_py_value *text, const assay_py_value *separator,
                                    int64_t most, assay_py_list **out);
assay_status assay_py_letters_split_right(assay_py_run *run, const assay_py_value *text,
                                          const assay_py_value *separator, int64_t most, assay_py_list **out);
assay_status assay_py_letters_lines(assay_py_run *run, const assay_py_value *text, bool keep_ends, assay_py_list **out);

/* str.replace; most < 0: all. */
assay_status assay_py_letters_replace(assay_py_run *run, const assay_py_value *text, const assay_py_value *old,
                                      const assay_py_value *new, int64_t most, assay_py_value *out);

/* The text between `room` fill characters; the mark of safety is kept. */
assay_status assay_py_letters_pad(assay_py_run *run, const assay_py_value *text, const assay_py_value *fill,
                                  int64_t before, int64_t behind, assay_py_value *out);

#endif
