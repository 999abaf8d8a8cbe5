#include "model/bad_weight.h"

#include <stdio.h>
#include <string.h>

/* Infinity and NaN have all bits of the exponent set; no conversion is needed to see that. False also for types that
 * hold neither. */
static bool is_bad(const assay_param_view *view, size_t at)
{
    uint32_t word = 0;
    uint16_t half = 0;
    if (view->dtype == ASSAY_F32) memcpy(&word, (const char *)view->data + 4 * at, 4);
    if (view->dtype == ASSAY_F16 || view->dtype == ASSAY_BF16) memcpy(&half, (const char *)view->data + 2 * at, 2);
    uint16_t exponent = view->dtype == ASSAY_F16 ? 0x7c00 : 0x7f80;
    return (word & 0x7f800000u) == 0x7f800000u || (half & exponent) == exponent;
}

bool assay_model_bad_weight(const assay_model *model, size_t param, char *text, size_t size)
{
    const assay_param_view *view = &model->params[param];
    size_t count = view->rows * view->cols, at = 0;
    while (at < count && !is_bad(view, at)) at++;
    if (at == count) return false;
    snprintf(text, size, "weight %s holds NaN or infinity, first at [%zu, %zu]", model->program->params[param].name,
             at / view->cols, at % view->cols);
    return true;
}

bool assay_model_first_bad_weight(const assay_model *model, char *text, size_t size)
{
    for (size_t i = 0; i < model->program->param_count; i++)
        if (assay_model_bad_weight(model, i, text, size)) return true;
    return false;
}
