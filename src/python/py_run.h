/* One evaluation: the memory, the budget and the error that everything working on values shares.
 *
 * Who evaluates fills it in (zero everything else) and releases the arena when the values are no longer wanted:
 *     assay_py_run run = {.err = err, .name = "chat_template.jinja", .line = 1, .max_steps = 1000, .lookup = &lookup};
 *     assay_py_arena_init(&run.arena, 128 << 20);
 *
 * A function that fails has written its sentence, with the template's name and the line being executed, before it
 * returns. */
#ifndef ASSAY_PYTHON_PY_RUN_H
#define ASSAY_PYTHON_PY_RUN_H

#include "python/py_arena.h"
#include "python/py_value.h"

/* object.name and object[key] with everything an object has, its methods too: str.format asks for them. What has which
 * attributes is the language's affair, so it says how they are found. */
typedef assay_status assay_py_lookup_function(assay_py_run *run, const assay_py_value *object,
                                              const assay_py_value *name, assay_py_value *out);

typedef struct assay_py_lookup {
    assay_py_lookup_function *attribute, *item;
} assay_py_lookup;

struct assay_py_run {
    assay_py_arena arena;
    assay_error *err;
    const char *name;
    int line;
    uint64_t steps, max_steps;
    int depth;        /* of calls of the evaluator into itself */
    const char *date; /* YYYY-MM-DD or NULL */
    const assay_py_lookup *lookup;
    struct assay_py_state *state; /* the evaluator's own; nothing here looks into it */
};

enum { ASSAY_PY_VALUE_DEPTH = 200 }; /* how deep values may nest where they are printed, compared or hashed */

assay_status assay_py_run_fail(assay_py_run *run, const char *format, ...) ASSAY_PRINTF(2, 3);
assay_status assay_py_run_unsupported(assay_py_run *run, const char *format, ...) ASSAY_PRINTF(2, 3);

/* Work done: one step, or so many bytes looked at or copied. */
assay_status assay_py_run_step(assay_py_run *run);
assay_status assay_py_run_charge(assay_py_run *run, size_t bytes);

/* Zeroed memory of the rendering; an error names the ceiling or the lack. */
assay_status assay_py_run_alloc(assay_py_run *run, size_t count, size_t size, void **out);
assay_status assay_py_run_bytes(assay_py_run *run, size_t size, char **out);

/* One level deeper into recursion, with assay_py_run_leave on the way out; an error beyond the bound. */
assay_status assay_py_run_enter(assay_py_run *run);
void assay_py_run_leave(assay_py_run *run);

#endif
