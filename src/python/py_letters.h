/* Changing the case of texts, and cutting them at white space, lines and separators, as Python does. */
#ifndef ASSAY_PYTHON_PY_LETTERS_H
#define ASSAY_PYTHON_PY_LETTERS_H

#include "python/py_text.h"

/* str.lower, upper, capitalize, title, swapcase, casefold; the mark of safety is kept. */
assay_status assay_jletters_lower(assay_jrun *run, const assay_jvalue *text, assay_jvalue *out);
assay_status assay_jletters_upper(assay_jrun *run, const assay_jvalue *text, assay_jvalue *out);
assay_status assay_jletters_capitalize(assay_jrun *run, const assay_jvalue *text, assay_jvalue *out);
assay_status assay_jletters_title(assay_jrun *run, const assay_jvalue *text, assay_jvalue *out);
assay_status assay_jletters_swap(assay_jrun *run, const assay_jvalue *text, assay_jvalue *out);
assay_status assay_jletters_fold(assay_jrun *run, const assay_jvalue *text, assay_jvalue *out);

/* str.split and rsplit (separator NULL: white space; most < 0: all), str.splitlines. */
assay_status assay_jletters_split(assay_jrun *run, const assay_jvalue *text, const assay_jvalue *separator,
                                  int64_t most, assay_jlist **out);
assay_status assay_jletters_split_right(assay_jrun *run, const assay_jvalue *text, const assay_jvalue *separator,
                                        int64_t most, assay_jlist **out);
assay_status assay_jletters_lines(assay_jrun *run, const assay_jvalue *text, bool keep_ends, assay_jlist **out);

/* str.replace; most < 0: all. */
assay_status assay_jletters_replace(assay_jrun *run, const assay_jvalue *text, const assay_jvalue *old,
                                    const assay_jvalue *new, int64_t most, assay_jvalue *out);

/* The text between `room` fill characters; the mark of safety is kept. */
assay_status assay_jletters_pad(assay_jrun *run, const assay_jvalue *text, const assay_jvalue *fill, int64_t before,
                                int64_t behind, assay_jvalue *out);

#endif
