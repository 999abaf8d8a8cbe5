/* InternLM2ForRewardModel (modeling_internlm2.py of internlm2-1_8b-reward): one linear layer v_head, read at the reward
 * token, which its get_score puts behind a text that does not end with it. */
#include "head/head_kind.h"

static assay_status read(const assay_head_view *view, bool declared, const char *where, assay_head *out, bool *found,
                         assay_error *err)
{
    if (!declared) return ASSAY_OK;
    *found = assay_head_is_linear(view, "v_head", out);
    if (!*found || json_is_integer(json_object_get(view->config, "reward_token_id"))) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "%s: the config of an InternLM2ForRewardModel should say which token is read: "
                           "\"reward_token_id\", 92527 in InternLM's own",
                           where);
}

static const char *const classes[] = {"InternLM2ForRewardModel", NULL};
static const char *const keys[] = {"reward_token_id", NULL};

static const assay_head_layer init_layers[] = {{.module = "v_head", .outputs = 1}, {.module = ""}};

const assay_head_kind assay_head_internlm2 = {.name = "internlm2",
                                              .title = "a linear layer read at a reward token (InternLM2-Reward)",
                                              .classes = classes,
                                              .keys = keys,
                                              .end_key = "reward_token_id",
                                              .read = read,
                                              .init_layers = init_layers,
                                              .init_config = "{\"reward_token_id\": 257}"};
