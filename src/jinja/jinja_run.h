/* One rendering: what every part of the interpreter shares. Private to src/template.
 *
 * A function that fails has written its sentence, with the template's name and the line being executed, before it
 * returns. */
#ifndef ASSAY_JINJA_JINJA_RUN_H
#define ASSAY_JINJA_JINJA_RUN_H

#include "base/buf.h"
#include "jinja/jinja.h"
#include "jinja/jinja_arena.h"
#include "jinja/jinja_dict.h"

typedef enum assay_jsignal { ASSAY_JSIGNAL_NONE, ASSAY_JSIGNAL_BREAK, ASSAY_JSIGNAL_CONTINUE } assay_jsignal;

struct assay_jrun {
    assay_jarena arena;
    assay_buf *out; /* captures lie behind what is printed, and are cut off again */
    assay_error *err;
    const char *name;
    int line;
    uint64_t steps, max_steps;
    int depth;            /* of calls of the evaluator into itself */
    int calls;            /* of macros into macros */
    assay_jsignal signal; /* break or continue on its way to its loop */
    const assay_jdict *variables;
    const char *date;                  /* YYYY-MM-DD or NULL */
    assay_jvalue captured;             /* what a set or filter block printed, for its filter */
    struct assay_jframe *spare_frames; /* of finished macros, for the next ones */
};

enum { ASSAY_JINJA_VALUE_DEPTH = 200 }; /* how deep values may nest where they are printed, compared or hashed */

assay_status assay_jrun_fail(assay_jrun *run, const char *format, ...) ASSAY_PRINTF(2, 3);
assay_status assay_jrun_unsupported(assay_jrun *run, const char *format, ...) ASSAY_PRINTF(2, 3);

/* Work done: one step, or so many bytes looked at or copied. */
assay_status assay_jrun_step(assay_jrun *run);
assay_status assay_jrun_charge(assay_jrun *run, size_t bytes);

/* Zeroed memory of the rendering; an error names the ceiling or the lack. */
assay_status assay_jrun_alloc(assay_jrun *run, size_t count, size_t size, void **out);
assay_status assay_jrun_bytes(assay_jrun *run, size_t size, char **out);

/* One level deeper into recursion, with assay_jrun_leave on the way out; an error beyond the bound. */
assay_status assay_jrun_enter(assay_jrun *run);
void assay_jrun_leave(assay_jrun *run);

#endif
