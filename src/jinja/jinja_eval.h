/* The evaluator: statements write to the rendering's output, expressions give values. Private to src/template. */
#ifndef ASSAY_JINJA_JINJA_EVAL_H
#define ASSAY_JINJA_JINJA_EVAL_H

#include "jinja/jinja_call.h"
#include "jinja/jinja_run.h"

/* A chain of statements. After each, run->signal may tell of a break or continue under way: the rest is skipped. */
assay_status assay_jeval_statements(assay_jrun *run, assay_jframe *frame, const assay_jnode *chain);
assay_status assay_jeval_expression(assay_jrun *run, assay_jframe *frame, const assay_jnode *node, assay_jvalue *out);
assay_status assay_jeval_assign(assay_jrun *run, assay_jframe *frame, const assay_jnode *target,
                                const assay_jvalue *value);

/* Runs statements and takes what they print as a text instead. */
assay_status assay_jeval_capture(assay_jrun *run, assay_jframe *frame, const assay_jnode *chain, assay_jvalue *out);

/* Loops; jinja_loop.c. */
assay_status assay_jeval_loop(assay_jrun *run, assay_jframe *frame, const assay_jnode *node);
assay_status assay_jloop_attribute(assay_jrun *run, struct assay_jloop *loop, const assay_jvalue *name,
                                   assay_jvalue *out);
assay_status assay_jloop_call(assay_jrun *run, struct assay_jloop *loop, const assay_jcall *call, assay_jvalue *out);

/* Operators; jinja_operator.c. */
assay_status assay_jeval_binary(assay_jrun *run, int op, const assay_jvalue *a, const assay_jvalue *b,
                                assay_jvalue *out);
assay_status assay_jeval_unary(assay_jrun *run, int op, const assay_jvalue *a, assay_jvalue *out);
assay_status assay_jeval_comparison(assay_jrun *run, int op, const assay_jvalue *a, const assay_jvalue *b, bool *out);

/* object.name, object[key], object[start:stop:step] as the sandbox resolves them; jinja_attribute.c. What is not there
 * is undefined, no error. Slice bounds may be of type MISSING or None. */
assay_status assay_jvalue_attribute(assay_jrun *run, const assay_jvalue *object, const assay_jvalue *name,
                                    assay_jvalue *out);
assay_status assay_jvalue_only_attribute(assay_jrun *run, const assay_jvalue *object, const assay_jvalue *name,
                                         assay_jvalue *out); /* never an item */
assay_status assay_jvalue_item(assay_jrun *run, const assay_jvalue *object, const assay_jvalue *key, assay_jvalue *out);
assay_status assay_jvalue_slice(assay_jrun *run, const assay_jvalue *object, const assay_jvalue bounds[3],
                                assay_jvalue *out);

/* "a.b.0", a number or None: the steps of filters that take an attribute. `missing` (NULL: none) stands for what is
 * undefined on the way; jinja_filters_pick.c. */
assay_status assay_jvalue_path(assay_jrun *run, const assay_jvalue *object, const assay_jvalue *path,
                               const assay_jvalue *missing, assay_jvalue *out);

/* An undefined value: the sentence, or what has no such element (object NULL: a variable of that name). */
assay_status assay_jvalue_undefined(assay_jrun *run, const char *hint, const assay_jvalue *object,
                                    const assay_jvalue *name, bool unsafe, assay_jvalue *out);
assay_status assay_jvalue_undefined_error(assay_jrun *run, const assay_jvalue *value); /* the error that using it is */

/* "format" % value, and str.format; jinja_format.c. */
assay_status assay_jformat_percent(assay_jrun *run, const assay_jvalue *format, const assay_jvalue *value,
                                   assay_jvalue *out);
assay_status assay_jformat_braces(assay_jrun *run, const assay_jvalue *format, const assay_jcall *call,
                                  assay_jvalue *out);

/* strftime; jinja_date.c. */
assay_status assay_jdate_print(assay_jrun *run, const assay_jvalue *format, assay_jvalue *out);

#endif
