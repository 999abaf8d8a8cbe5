/* Qwen2ForProcessRewardModel (modeling_qwen2_rm.py of Qwen2.5-Math-PRM-7B): Linear(hidden, hidden), ReLU,
 * Linear(hidden, 2), both with biases, as a torch Sequential called score. Its model card reads it at the tokens
 * <extra_0>, which stand behind each step, and takes the softmax's share of class 1. */
#include "head/head_kind.h"

static assay_status read(const assay_head_view *view, bool declared, const char *where, assay_head *out, bool *found,
                         assay_error *err)
{
    (void)where;
    (void)err;
    if (!declared || assay_head_add_chain(view, "score", 2, out) != 2) return ASSAY_OK;
    const assay_head_layer *layers = out->layers;
    *found = layers[0].bias && layers[1].bias && layers[1].outputs > 1 && layers[1].outputs <= ASSAY_HEAD_OUTPUTS;
    out->steps = true;
    return ASSAY_OK;
}

static const char *const classes[] = {"Qwen2ForProcessRewardModel", NULL};

static const assay_head_layer init_layers[] = {
    {.module = "score.0", .bias = true}, {.module = "score.2", .outputs = 2, .bias = true}, {.module = ""}};

const assay_head_kind assay_head_process = {.name = "process",
                                            .title =
                                                "two linear layers with ReLU, read at each step (Qwen2.5-Math-PRM)",
                                            .classes = classes,
                                            .separator = "<extra_0>",
                                            .read = read,
                                            .init_layers = init_layers};
