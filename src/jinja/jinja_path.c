/* Paths through values. */
#include "jinja/jinja_attribute.h"
#include "python/py_number.h"
#include "python/py_text.h"

static bool all_digits(const assay_jvalue *text)
{
    for (size_t i = 0; i < text->size; i++)
        if (text->as.text[i] < '0' || text->as.text[i] > '9') return false;
    return text->size > 0;
}

static assay_status one_step(assay_jrun *run, assay_jvalue step, const assay_jvalue *missing, assay_jvalue *out)
{
    int64_t index;
    bool fits;
    assay_jvalue inner;
    if (step.type == ASSAY_J_TEXT && all_digits(&step) &&
        assay_jnumber_read_whole(step.as.text, step.size, 10, &index, &fits) && fits)
        step = assay_jvalue_int(index);
    ASSAY_TRY(assay_jvalue_item(run, out, &step, &inner));
    *out = inner;
    if (missing && missing->type != ASSAY_J_NONE && out->type == ASSAY_J_UNDEFINED) *out = *missing;
    return ASSAY_OK;
}

assay_status assay_jvalue_path(assay_jrun *run, const assay_jvalue *object, const assay_jvalue *path,
                               const assay_jvalue *missing, assay_jvalue *out)
{
    size_t from = 0;
    assay_jvalue dot = assay_jvalue_literal(".");
    *out = *object;
    if (path->type == ASSAY_J_MISSING || path->type == ASSAY_J_NONE) return ASSAY_OK;
    if (path->type != ASSAY_J_TEXT) return one_step(run, *path, missing, out);
    for (;;) {
        size_t at = assay_jtext_find(path, &dot, from);
        ASSAY_TRY(one_step(run, assay_jtext_part(path, from, at == SIZE_MAX ? path->size : at), missing, out));
        if (at == SIZE_MAX) return ASSAY_OK;
        from = at + 1;
    }
}
