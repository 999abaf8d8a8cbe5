#include "head/head_kind.h"

#include <stdio.h>
#include <string.h>

enum { WIDEST = 1 << 16 }; /* rows that the ReLU behind it takes */

bool assay_head_add_layer(const assay_head_view *view, const char *module, size_t inputs, assay_head *out)
{
    char name[ASSAY_HEAD_NAME + 8];
    size_t weight[2], bias[2];
    if (strlen(module) >= ASSAY_HEAD_NAME || out->count == ASSAY_HEAD_LAYERS) return false;
    snprintf(name, sizeof name, "%s.weight", module);
    bool there = view->shape(view->context, name, weight);
    if (!there || weight[0] == 0 || weight[0] > WIDEST || weight[1] != inputs) return false;
    snprintf(name, sizeof name, "%s.bias", module);
    assay_head_layer *layer = &out->layers[out->count++];
    *layer = (assay_head_layer){.outputs = weight[0], .bias = view->shape(view->context, name, bias)};
    snprintf(layer->module, sizeof layer->module, "%s", module);
    return true;
}

size_t assay_head_add_chain(const assay_head_view *view, const char *prefix, size_t step, assay_head *out)
{
    char module[ASSAY_HEAD_NAME];
    size_t inputs = view->hidden, first = out->count;
    for (size_t i = 0; i < ASSAY_HEAD_LAYERS; i++) {
        snprintf(module, sizeof module, "%s.%zu", prefix, i * step);
        if (!assay_head_add_layer(view, module, inputs, out)) break;
        inputs = out->layers[out->count - 1].outputs;
    }
    return out->count - first;
}

bool assay_head_has_biases(const assay_head *head)
{
    for (size_t i = 0; i < head->count; i++)
        if (!head->layers[i].bias) return false;
    return true;
}

bool assay_head_is_linear(const assay_head_view *view, const char *module, assay_head *out)
{
    size_t before = out->count;
    if (!assay_head_add_layer(view, module, view->hidden, out)) return false;
    if (out->layers[before].outputs == 1) return true;
    out->count = before;
    return false;
}
