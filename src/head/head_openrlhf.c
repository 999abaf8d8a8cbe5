/* OpenRLHF's RewardModel (openrlhf/models/model.py, _get_reward_model): one linear layer without bias, called as the
 * config's value_head_prefix says, value_head by default in older versions. With normalize_reward a reward has the
 * config's mean taken off and is divided by its std. */
#include "head/head_kind.h"

static assay_status read_scale(const assay_head_view *view, const char *where, assay_head *out, assay_error *err)
{
    if (!json_is_true(json_object_get(view->config, "normalize_reward"))) return ASSAY_OK;
    const json_t *mean = json_object_get(view->config, "mean"), *std = json_object_get(view->config, "std");
    out->mean = json_number_value(mean);
    out->deviation = json_number_value(std);
    if (json_is_number(mean) && out->deviation > 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "%s: the config's \"normalize_reward\" is true, so \"mean\" and \"std\" should be numbers, "
                           "\"std\" above 0. For raw rewards: --ignore-config normalize_reward",
                           where);
}

static assay_status read(const assay_head_view *view, bool declared, const char *where, assay_head *out, bool *found,
                         assay_error *err)
{
    const char *prefix = json_string_value(json_object_get(view->config, "value_head_prefix"));
    bool there = prefix && assay_head_is_linear(view, prefix, out);
    if (!there) there = assay_head_is_linear(view, "value_head", out);
    if (!there && declared) there = assay_head_is_linear(view, view->plain, out);
    if (!there) return ASSAY_OK;
    *found = true;
    return read_scale(view, where, out, err);
}

static const char *const classes[] = {"RewardModel", NULL};
static const char *const keys[] = {"value_head_prefix", "normalize_reward", "mean", "std", NULL};

static const assay_head_layer init_layers[] = {{.module = "value_head", .outputs = 1}, {.module = ""}};

const assay_head_kind assay_head_openrlhf = {
    .name = "openrlhf",
    .title = "a value head, normalised where the config says so (OpenRLHF)",
    .classes = classes,
    .keys = keys,
    .read = read,
    .init_layers = init_layers,
    .init_config = "{\"value_head_prefix\": \"value_head\", \"normalize_reward\": true, \"mean\": 0.5, \"std\": 2.0}"};
