#include "model/bad_weight.h"

#include "tensor/stored.h"

#include <math.h>
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

/* Packed weights hold NaN or infinity where a scale does. */
static size_t first_bad_packed(const assay_param_view *view)
{
    const assay_stored stored = {.data = view->data, .dtype = view->dtype, .parts = view->parts, .cols = view->cols};
    float group[ASSAY_GROUP];
    for (size_t row = 0; row < view->rows; row++)
        for (size_t col = 0; col < view->cols; col++) {
            size_t rest = view->cols - col;
            if (col % ASSAY_GROUP == 0)
                assay_stored_to_f32(&stored, view->row_map ? view->row_map[row] : row, col,
                                    rest < ASSAY_GROUP ? rest : ASSAY_GROUP, group);
            if (!isfinite(group[col % ASSAY_GROUP])) return row * view->cols + col;
        }
    return view->rows * view->cols;
}

static size_t first_bad(const assay_param_view *view)
{
    size_t count = view->rows * view->cols, at = 0;
    if (assay_dtype_is_packed(view->dtype)) return first_bad_packed(view);
    while (at < count && !is_bad(view, at)) at++;
    return at;
}

bool assay_model_bad_weight(const assay_model *model, size_t param, char *text, size_t size)
{
    const assay_param_view *view = &model->params[param];
    if (!view->data) return false; /* of another slice */
    size_t count = view->rows * view->cols, at = first_bad(view);
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
