#include "head/head_kind.h"

#include <stdio.h>
#include <string.h>

bool assay_head_is_linear(const assay_head_view *view, const char *module, assay_head *out)
{
    char name[ASSAY_HEAD_NAME + 8];
    size_t shape[2];
    if (strlen(module) >= ASSAY_HEAD_NAME) return false;
    snprintf(name, sizeof name, "%s.weight", module);
    if (!view->shape(view->context, name, shape) || shape[0] != 1 || shape[1] != view->hidden) return false;
    out->count = 1;
    out->layers[0].outputs = 1;
    snprintf(out->layers[0].module, sizeof out->layers[0].module, "%s", module);
    snprintf(name, sizeof name, "%s.bias", module);
    out->layers[0].bias = view->shape(view->context, name, shape);
    return true;
}
