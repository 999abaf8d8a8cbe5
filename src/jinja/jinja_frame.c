#include "jinja/jinja_frame.h"

#include "jinja/jinja_tables.h"

#include <string.h>

assay_status assay_jframe_open(assay_jrun *run, const assay_jfunction *function, assay_jframe *outer,
                               assay_jframe **out)
{
    void *memory;
    assay_jframe *spare = run->state->spare_frames;
    run->steps += function->slots / 8;
    if (spare && spare->count >= function->slots) {
        run->state->spare_frames = spare->next_spare;
        memset(spare->slots, 0, function->slots * sizeof(assay_jvalue));
        spare->outer = outer;
        *out = spare;
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_jrun_alloc(run, 1, sizeof **out + function->slots * sizeof(assay_jvalue), &memory));
    *out = memory;
    (*out)->outer = outer;
    (*out)->count = function->slots;
    return ASSAY_OK;
}

void assay_jframe_close(assay_jrun *run, assay_jframe *frame)
{
    if (frame->captured) return;
    frame->next_spare = run->state->spare_frames;
    run->state->spare_frames = frame;
}

assay_jvalue *assay_jframe_slot(assay_jframe *frame, assay_jref ref)
{
    for (uint32_t i = 0; i < ref.hops; i++) frame = frame->outer;
    return &frame->slots[ref.slot];
}

/* What was given to the rendering hides a global of the same name. */
static assay_status resolve(assay_jrun *run, const assay_jname *name, assay_jvalue *out)
{
    ASSAY_TRY(assay_jdict_get(run, run->state->variables, &name->text, out));
    if (out->type != ASSAY_J_MISSING) return ASSAY_OK;
    const assay_jbuiltin *global = assay_jglobal_find(&name->text);
    if (global) *out = (assay_jvalue){.type = ASSAY_J_FUNCTION, .as.builtin = global};
    return ASSAY_OK;
}

assay_status assay_jframe_enter_scope(assay_jrun *run, assay_jframe *frame, const assay_jscope *scope)
{
    for (const assay_jload *load = scope->loads; load; load = load->next) {
        assay_jvalue *slot = &frame->slots[load->slot];
        run->steps++;
        if (load->kind == ASSAY_JLOAD_UNSET) *slot = (assay_jvalue){0};
        if (load->kind == ASSAY_JLOAD_RESOLVE) ASSAY_TRY(resolve(run, load->name, slot));
        if (load->kind == ASSAY_JLOAD_ALIAS) *slot = *assay_jframe_slot(frame, load->outer);
    }
    return assay_jrun_step(run);
}
