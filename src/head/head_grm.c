/* GRewardModel (grm.py of the Ray2333/GRM models; reward-bench's rewardbench/models/grm.py): a value head whose
 * summary is, with "vhead_layer_type": "mlp", Linear, ReLU ... Linear(.., 1): v_head.summary.0, .2 ...; or one linear
 * layer. Both have biases. The reward is the value at the last token; its dropout has no meaning for a score. A config
 * that says nothing of the type means mlp, of the widths 1024 and one layer; the tensors have the widths. */
#include "head/head_kind.h"

#include <string.h>

static assay_status disagree(const assay_head_view *view, const char *where, size_t layers, assay_error *err)
{
    const char *type = json_string_value(json_object_get(view->config, "vhead_layer_type"));
    const json_t *number = json_object_get(view->config, "vhead_num_layers");
    bool linear = type && !strcmp(type, "linear");
    size_t wanted = linear ? 1 : json_is_integer(number) ? (size_t)json_integer_value(number) + 1 : 2;
    if (layers == wanted) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "%s: v_head.summary has %zu layers, and the config's \"vhead_layer_type\" and "
                           "\"vhead_num_layers\" mean %zu: give the config.json that belongs to these weights",
                           where, layers, wanted);
}

static assay_status read(const assay_head_view *view, bool declared, const char *where, assay_head *out, bool *found,
                         assay_error *err)
{
    if (!declared) return ASSAY_OK;
    if (!assay_head_is_linear(view, "v_head.summary", out)) assay_head_add_chain(view, "v_head.summary", 2, out);
    *found = out->count > 0 && out->layers[out->count - 1].outputs == 1 && assay_head_has_biases(out);
    return *found ? disagree(view, where, out->count, err) : ASSAY_OK;
}

static const char *const classes[] = {"GRewardModel", NULL};
static const char *const keys[] = {"vhead_layer_type", "vhead_num_neurons", "vhead_num_layers", "summary_dropout_prob",
                                   NULL};

static const assay_head_layer init_layers[] = {{.module = "v_head.summary.0", .outputs = 48, .bias = true},
                                               {.module = "v_head.summary.2", .outputs = 1, .bias = true},
                                               {.module = ""}};

const assay_head_kind assay_head_grm = {
    .name = "grm",
    .title = "a value head of linear layers with ReLU, v_head.summary (GRM)",
    .classes = classes,
    .keys = keys,
    .read = read,
    .init_layers = init_layers,
    .init_config = "{\"vhead_layer_type\": \"mlp\", \"vhead_num_neurons\": 48, \"vhead_num_layers\": 1}"};
