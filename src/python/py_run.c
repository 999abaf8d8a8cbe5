#include "python/py_run.h"

#include "base/text.h"

#include <stdarg.h>

/* Each level takes some hundred bytes of stack (a few times that under the sanitizers); threads have 8 MiB. */
enum { MAX_DEPTH = 2500, BYTES_A_STEP = 64 };

static assay_status say(assay_py_run *run, assay_status status, const char *format, va_list args)
{
    char text[1600];
    assay_text_vformat(text, sizeof text, format, args);
    return assay_error_set(run->err, status, "%s, line %d: %s", run->name, run->line, text);
}

assay_status assay_py_run_fail(assay_py_run *run, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    assay_status status = say(run, ASSAY_E_FORMAT, format, args);
    va_end(args);
    return status;
}

assay_status assay_py_run_unsupported(assay_py_run *run, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    assay_status status = say(run, ASSAY_E_UNSUPPORTED, format, args);
    va_end(args);
    return status;
}

static assay_status too_long(assay_py_run *run)
{
    return assay_py_run_fail(run, "the template works without an end in sight: stopped after %llu steps",
                             (unsigned long long)run->max_steps);
}

assay_status assay_py_run_step(assay_py_run *run) { return ++run->steps > run->max_steps ? too_long(run) : ASSAY_OK; }

assay_status assay_py_run_charge(assay_py_run *run, size_t bytes)
{
    run->steps += bytes / BYTES_A_STEP + 1;
    return run->steps > run->max_steps ? too_long(run) : ASSAY_OK;
}

static assay_status no_memory(assay_py_run *run)
{
    if (run->arena.full)
        return assay_py_run_fail(run, "the template's values take more than the allowed %zu bytes", run->arena.limit);
    return assay_error_set(run->err, ASSAY_E_MEMORY, "%s, line %d: out of memory", run->name, run->line);
}

assay_status assay_py_run_alloc(assay_py_run *run, size_t count, size_t size, void **out)
{
    *out = assay_py_arena_alloc(&run->arena, count, size);
    return *out ? ASSAY_OK : no_memory(run);
}

assay_status assay_py_run_bytes(assay_py_run *run, size_t size, char **out)
{
    *out = assay_py_arena_bytes(&run->arena, size);
    if (!*out) return no_memory(run);
    return assay_py_run_charge(run, size);
}

assay_status assay_py_run_enter(assay_py_run *run)
{
    if (++run->depth > MAX_DEPTH) return assay_py_run_fail(run, "the template calls itself too deeply");
    return assay_py_run_step(run);
}

void assay_py_run_leave(assay_py_run *run) { run->depth--; }
