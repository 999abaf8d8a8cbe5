#include "jinja/jinja_frame.h"

#include "jinja/jinja_tables.h"

#include <string.h>

assay_status assay_jinja_frame_open(assay_py_run *run, const assay_jinja_function *function, assay_py_frame *outer,
                                    assay_py_frame **out)
{
    void *memory;
    assay_py_frame *spare = run->state->spare_frames;
    run->steps += function->slots / 8;
    if (spare && spare->count >= function->slots) {
        run->state->spare_frames = spare->next_spare;
        memset(spare->slots, 0, function->slots * sizeof(assay_py_value));
        spare->outer = outer;
        *out = spare;
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_py_run_alloc(run, 1, sizeof **out + function->slots * sizeof(assay_py_value), &memory));
    *out = memory;
    (*out)->outer = outer;
    (*out)->count = function->slots;
    return ASSAY_OK;
}

void assay_jinja_frame_close(assay_py_run *run, assay_py_frame *frame)
{
    if (frame->captured) return;
    frame->next_spare = run->state->spare_frames;
    run->state->spare_frames = frame;
}

assay_py_value *assay_jinja_frame_slot(assay_py_frame *frame, assay_jinja_ref ref)
{
    for (uint32_t i = 0; i < ref.hops; i++) frame = frame->outer;
    return &frame->slots[ref.slot];
}

/* What was given to the rendering hides a global of the same name. */
static assay_status resolve(assay_py_run *run, const assay_jinja_name *name, assay_py_value *out)
{
    ASSAY_TRY(assay_py_dict_get(run, run->state->variables, &name->text, out));
    if (out->type != ASSAY_PY_MISSING) return ASSAY_OK;
    const assay_py_builtin *global = assay_jinja_global_find(&name->text);
    if (global) *out = (assay_py_value){.type = ASSAY_PY_FUNCTION, .as.builtin = global};
    return ASSAY_OK;
}

assay_status assay_jinja_frame_enter_scope(assay_py_run *run, assay_py_frame *frame, const assay_jinja_scope *scope)
{
    for (const assay_jinja_load *load = scope->loads; load; load = load->next) {
        assay_py_value *slot = &frame->slots[load->slot];
        run->steps++;
        if (load->kind == ASSAY_JINJA_LOAD_UNSET) *slot = (assay_py_value){0};
        if (load->kind == ASSAY_JINJA_LOAD_RESOLVE) ASSAY_TRY(resolve(run, load->name, slot));
        if (load->kind == ASSAY_JINJA_LOAD_ALIAS) *slot = *assay_jinja_frame_slot(frame, load->outer);
    }
    return assay_py_run_step(run);
}
