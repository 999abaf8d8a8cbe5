/* Paths through values. */
#include "jinja/jinja_attribute.h"
#include "python/py_number.h"
#include "python/py_text.h"

static bool all_digits(const assay_py_value *text)
{
    for (size_t i = 0; i < text->size; i++)
        if (text->as.text[i] < '0' || text->as.text[i] > '9') return false;
    return text->size > 0;
}

static assay_status one_step(assay_py_run *run, assay_py_value step, const assay_py_value *missing, assay_py_value *out)
{
    int64_t index;
    bool fits;
    assay_py_value inner;
    if (step.type == ASSAY_PY_TEXT && all_digits(&step) &&
        assay_py_number_read_whole(step.as.text, step.size, 10, &index, &fits) && fits)
        step = assay_py_value_int(index);
    ASSAY_TRY(assay_jinja_value_item(run, out, &step, &inner));
    *out = inner;
    if (missing && missing->type != ASSAY_PY_NONE && out->type == ASSAY_PY_UNDEFINED) *out = *missing;
    return ASSAY_OK;
}

assay_status assay_jinja_value_path(assay_py_run *run, const assay_py_value *object, const assay_py_value *path,
                                    const assay_py_value *missing, assay_py_value *out)
{
    size_t from = 0;
    assay_py_value dot = assay_py_value_literal(".");
    *out = *object;
    if (path->type == ASSAY_PY_MISSING || path->type == ASSAY_PY_NONE) return ASSAY_OK;
    if (path->type != ASSAY_PY_TEXT) return one_step(run, *path, missing, out);
    for (;;) {
        size_t at = assay_py_text_find(path, &dot, from);
        ASSAY_TRY(one_step(run, assay_py_text_part(path, from, at == SIZE_MAX ? path->size : at), missing, out));
        if (at == SIZE_MAX) return ASSAY_OK;
        from = at + 1;
    }
}
