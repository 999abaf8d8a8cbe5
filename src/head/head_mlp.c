/* Linear(hidden, hidden), ReLU, Linear(hidden, 1), both with biases, as a torch Sequential called score: tensors
 * score.0 and score.2. What stands between the two no tensor says, so the class must be one that is known to have a
 * ReLU there: Qwen2ForRewardModel (modeling_qwen2_rm.py of Qwen2.5-Math-RM-72B) and INFORMForSequenceClassification
 * (INF-ORM's model card). Both read the token before the first pad, where the config has one. */
#include "head/head_kind.h"

static bool is_layer(const assay_head_view *view, const char *weight, const char *bias, size_t outputs)
{
    size_t shape[2];
    if (!view->shape(view->context, weight, shape) || shape[0] != outputs || shape[1] != view->hidden) return false;
    return view->shape(view->context, bias, shape) && shape[0] == outputs && shape[1] == 0;
}

static assay_status read(const assay_head_view *view, bool declared, const char *where, assay_head *out, bool *found,
                         assay_error *err)
{
    (void)where;
    (void)err;
    *found = declared && is_layer(view, "score.0.weight", "score.0.bias", view->hidden) &&
             is_layer(view, "score.2.weight", "score.2.bias", 1);
    out->count = 2;
    out->layers[0] = (assay_head_layer){.module = "score.0", .outputs = view->hidden, .bias = true};
    out->layers[1] = (assay_head_layer){.module = "score.2", .outputs = 1, .bias = true};
    return ASSAY_OK;
}

static const char *const classes[] = {"Qwen2ForRewardModel", "INFORMForSequenceClassification", NULL};

static const assay_head_layer init_layers[] = {
    {.module = "score.0", .bias = true}, {.module = "score.2", .outputs = 1, .bias = true}, {.module = ""}};

const assay_head_kind assay_head_mlp = {.name = "mlp",
                                        .title = "two linear layers with ReLU (Qwen2.5-Math-RM, INF-ORM)",
                                        .classes = classes,
                                        .stops_at_pad = true,
                                        .read = read,
                                        .init_layers = init_layers};
