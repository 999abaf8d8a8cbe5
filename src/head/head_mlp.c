/* Linear(hidden, hidden), ReLU, Linear(hidden, labels), both with biases, as a torch Sequential called score: tensors
 * score.0 and score.2. What stands between the two no tensor says, so the class must be one that is known to have a
 * ReLU there: Qwen2ForRewardModel (modeling_qwen2_rm.py of Qwen2.5-Math-RM-72B; num_labels is 1 there, and the code
 * takes more) and INFORMForSequenceClassification (INF-ORM's model card). Both read the token before the first pad,
 * where the config has one. */
#include "head/head_kind.h"

static assay_status read(const assay_head_view *view, bool declared, const char *where, assay_head *out, bool *found,
                         assay_error *err)
{
    (void)where;
    (void)err;
    if (!declared || assay_head_add_chain(view, "score", 2, out) != 2) return ASSAY_OK;
    const assay_head_layer *layers = out->layers;
    *found = layers[0].outputs == view->hidden && assay_head_has_biases(out) && layers[1].outputs <= ASSAY_HEAD_OUTPUTS;
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
