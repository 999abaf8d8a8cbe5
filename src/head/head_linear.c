#include "head/head_kind.h"

#include <stdio.h>
#include <string.h>

bool assay_head_is_layer(const assay_head_view *view, const char *module, size_t columns, assay_head_layer *out)
{
    char name[ASSAY_HEAD_NAME + 8];
    size_t shape[2];
    if (strlen(module) >= ASSAY_HEAD_NAME) return false;
    snprintf(name, sizeof name, "%s.weight", module);
    if (!view->shape(view->context, name, shape) || shape[1] != columns) return false;
    if (shape[0] < 1 || shape[0] > ASSAY_HEAD_OUTPUTS) return false;
    *out = (assay_head_layer){.outputs = shape[0]};
    snprintf(out->module, sizeof out->module, "%s", module);
    snprintf(name, sizeof name, "%s.bias", module);
    out->bias = view->shape(view->context, name, shape);
    return true;
}

bool assay_head_is_linear(const assay_head_view *view, const char *module, assay_head *out)
{
    assay_head_layer layer;
    if (!assay_head_is_layer(view, module, view->hidden, &layer) || layer.outputs != 1) return false;
    out->layers[0] = layer;
    out->count = 1;
    return true;
}

void assay_head_reads_steps(const assay_head_view *view, assay_head *out)
{
    size_t outputs = assay_head_outputs(out);
    out->steps = true;
    out->label = assay_label_chosen(view->config, outputs);
    if (!json_object_get(view->config, ASSAY_LABEL_KEY) && outputs > 1) out->label = 1;
}
