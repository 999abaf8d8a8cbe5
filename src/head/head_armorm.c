/* LlamaForRewardModelWithGating (modeling_custom.py of RLHFlow/ArmoRM-Llama3-8B-v0.1; Wang et al., arXiv:2406.12845):
 * rewards of several objectives, regression_layer, read at the last token, and a gating network that is read where the
 * prompt ends and says what each of them counts: Linear, ReLU, ... Linear, then softmax over a temperature, times
 * gating.logit_scale. The score is their sum, the rewards having gone through reward_transform_matrix, which takes the
 * length's share off the others.
 *
 * Where the prompt ends its code knows by the ids of Llama 3's "<|eot_id|><|start_header_id|>assistant<|end_header_id|>
 * \n\n", the last of them in the text. Another vocabulary's stand in the config under a key of our own. It names no
 * objectives; the model card does. A text ends before its first pad. */
#include "head/head_kind.h"

#include <stdio.h>
#include <string.h>

#define PATTERN_KEY "assay_gate_pattern"

static const int32_t llama3_pattern[] = {128009, 128006, 78191, 128007, 271};

static const char *const objectives[] = {"helpsteer-helpfulness",
                                         "helpsteer-correctness",
                                         "helpsteer-coherence",
                                         "helpsteer-complexity",
                                         "helpsteer-verbosity",
                                         "ultrafeedback-overall_score",
                                         "ultrafeedback-instruction_following",
                                         "ultrafeedback-truthfulness",
                                         "ultrafeedback-honesty",
                                         "ultrafeedback-helpfulness",
                                         "beavertails-is_safe",
                                         "prometheus-score",
                                         "argilla-overall_quality",
                                         "argilla-judge_lm",
                                         "code-complexity",
                                         "code-style",
                                         "code-explanation",
                                         "code-instruction-following",
                                         "code-readability"};

enum { OBJECTIVES = sizeof objectives / sizeof *objectives };

static size_t count_of(const json_t *config, const char *key, size_t fallback)
{
    const json_t *number = json_object_get(config, key);
    return json_is_integer(number) && json_integer_value(number) > 0 ? (size_t)json_integer_value(number) : fallback;
}

static const char *label(const json_t *config, size_t index)
{
    bool known = count_of(config, "num_objectives", OBJECTIVES) == OBJECTIVES && index < OBJECTIVES;
    return known ? objectives[index] : NULL;
}

static assay_status read_pattern(const json_t *config, const char *where, assay_head_gate *gate, assay_error *err)
{
    const json_t *ids = json_object_get(config, PATTERN_KEY);
    size_t count = ids ? json_array_size(ids) : sizeof llama3_pattern / sizeof *llama3_pattern;
    bool good = count >= 2 && count <= ASSAY_GATE_IDS;
    for (size_t i = 0; good && i < count; i++) {
        const json_t *id = json_array_get(ids, i);
        json_int_t value = ids ? json_integer_value(id) : llama3_pattern[i];
        good = (!ids || json_is_integer(id)) && value >= 0 && value <= INT32_MAX;
        gate->pattern[i] = good ? (int32_t)value : 0;
    }
    gate->pattern_count = count;
    if (good) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "%s: the config's \"" PATTERN_KEY "\" should be a list of 2 to %d ids, those that the "
                           "template writes before an answer: assay tokenize shows them",
                           where, (int)ASSAY_GATE_IDS);
}

static bool is_shaped(const assay_head_view *view, const char *name, size_t rows, size_t cols)
{
    size_t shape[2];
    return view->shape(view->context, name, shape) && shape[0] == rows && shape[1] == cols;
}

static void set_parts(assay_head *head, size_t count, double temperature)
{
    head->gate = (assay_head_gate){.rewards = {.module = "regression_layer", .outputs = count},
                                   .matrix = "reward_transform_matrix",
                                   .scale = "gating.logit_scale",
                                   .temperature = temperature};
}

static assay_status read(const assay_head_view *view, bool declared, const char *where, assay_head *out, bool *found,
                         assay_error *err)
{
    size_t layers = declared ? assay_head_add_chain(view, "gating.layers", 1, out) : 0;
    size_t count = layers ? out->layers[layers - 1].outputs : 0;
    const json_t *value = json_object_get(view->config, "gating_temperature");
    double temperature = json_is_number(value) ? json_number_value(value) : 10;
    if (!is_shaped(view, "regression_layer.weight", count, view->hidden) || layers == 0 ||
        !assay_head_has_biases(out) || layers != count_of(view->config, "gating_n_hidden", 3) + 1 ||
        count > ASSAY_HEAD_OUTPUTS || count != count_of(view->config, "num_objectives", OBJECTIVES) ||
        !is_shaped(view, "gating.logit_scale", 1, 0) || !is_shaped(view, "reward_transform_matrix", count, count))
        return ASSAY_OK;
    *found = true;
    set_parts(out, count, temperature);
    if (temperature > 0) return read_pattern(view->config, where, &out->gate, err);
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: the config's \"gating_temperature\" should be above 0", where);
}

static void init_gate(assay_head *head) { set_parts(head, OBJECTIVES, 10); }

static const char *const classes[] = {"LlamaForRewardModelWithGating", NULL};
static const char *const keys[] = {"num_objectives",  "gating_temperature", "gating_hidden_dim",
                                   "gating_n_hidden", PATTERN_KEY,          NULL};

static const assay_head_layer init_layers[] = {{.module = "gating.layers.0", .outputs = 32, .bias = true},
                                               {.module = "gating.layers.1", .outputs = 32, .bias = true},
                                               {.module = "gating.layers.2", .outputs = OBJECTIVES, .bias = true},
                                               {.module = ""}};

const assay_head_kind assay_head_armorm = {
    .name = "armorm",
    .title = "objectives weighed by a gate that reads the prompt (ArmoRM)",
    .classes = classes,
    .keys = keys,
    .label = label,
    .stops_at_pad = true,
    .read = read,
    .init_layers = init_layers,
    .init_config = "{\"num_objectives\": 19, \"gating_hidden_dim\": 32, \"gating_n_hidden\": 2, "
                   "\"" PATTERN_KEY "\": [258, 10, 257, 97, 115, 115, 105]}",
    .init_gate = init_gate};
