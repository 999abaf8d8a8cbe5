/* LlamaRewardModel (UltraRM-13b's model card) and EurusRewardModel (modeling_eurus_rm.py of Eurus-RM-7b): one linear
 * layer regression_head without bias, read at the last token. */
#include "head/head_kind.h"

static assay_status read(const assay_head_view *view, bool declared, const char *where, assay_head *out, bool *found,
                         assay_error *err)
{
    (void)declared;
    (void)where;
    (void)err;
    *found = assay_head_is_linear(view, "regression_head", out);
    return ASSAY_OK;
}

static const char *const classes[] = {"LlamaRewardModel", "EurusRewardModel", NULL};

static const assay_head_layer init_layers[] = {{.module = "regression_head", .outputs = 1}, {.module = ""}};

const assay_head_kind assay_head_ultrarm = {.name = "ultrarm",
                                            .title = "a linear layer, regression_head (UltraRM, Eurus-RM)",
                                            .classes = classes,
                                            .read = read,
                                            .init_layers = init_layers};
