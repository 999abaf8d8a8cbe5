/* LlamaForScore and LlamaModelForScore (safe_rlhf/models/score_model): one linear layer score_head, read at the last
 * token. A cost model is the same: its number is a cost, large for harm. Its normaliser, which a
 * config may ask for, is not read. */
#include "head/head_kind.h"

static assay_status read(const assay_head_view *view, bool declared, const char *where, assay_head *out, bool *found,
                         assay_error *err)
{
    (void)declared;
    *found = assay_head_is_linear(view, "score_head", out);
    if (!*found || !json_is_true(json_object_get(view->config, "do_normalize"))) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "%s: the config's \"do_normalize\" is true, and this head's normaliser is not read. For raw "
                           "scores: --ignore-config do_normalize",
                           where);
}

static const char *const classes[] = {"LlamaForScore", "LlamaModelForScore", NULL};
static const char *const keys[] = {"do_normalize",
                                   "normalizer_type",
                                   "normalize_function",
                                   "momentum",
                                   "score_dim",
                                   "score_type",
                                   "score_bias",
                                   "bias",
                                   NULL};

static const assay_head_layer init_layers[] = {{.module = "score_head", .outputs = 1}, {.module = ""}};

const assay_head_kind assay_head_beaver = {.name = "beaver",
                                           .title = "a linear layer, score_head (PKU-Beaver)",
                                           .classes = classes,
                                           .keys = keys,
                                           .read = read,
                                           .init_layers = init_layers,
                                           .init_config = "{\"score_dim\": 1, \"do_normalize\": false}"};
