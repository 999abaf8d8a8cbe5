/* TRL's ValueHead (trl/models/modeling_value_head.py), which LLaMA-Factory's reward models have too: v_head.summary,
 * one linear layer with a bias. The reward is the value at the last token. */
#include "head/head_kind.h"

static assay_status read(const assay_head_view *view, bool declared, const char *where, assay_head *out, bool *found,
                         assay_error *err)
{
    (void)declared;
    *found = assay_head_is_linear(view, "v_head.summary", out);
    if (!*found || out->layers[0].bias) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "%s: v_head.summary.weight is there and v_head.summary.bias is not; its class has both: "
                           "save or fetch the model again",
                           where);
}

static const assay_head_layer init_layers[] = {{.module = "v_head.summary", .outputs = 1, .bias = true},
                                               {.module = ""}};

const assay_head_kind assay_head_trl = {.name = "trl",
                                        .title = "a value head, v_head.summary (TRL, LLaMA-Factory)",
                                        .own_file = true,
                                        .read = read,
                                        .init_layers = init_layers};
