#include "model/model_tensors.h"

#include "base/alloc.h"
#include "base/foreign_kind.h"
#include "base/text.h"
#include "checkpoint/head_tensors.h"
#include "head/head_kind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 320, STEP_CLASSES = 2 };

bool assay_model_has_moved_rows(const assay_weight *weight)
{
    return weight->permuted_heads > 0 || weight->grouped_heads > 0;
}

bool assay_model_uses_in_place(const assay_param *param, const assay_weight *weight)
{
    assay_dtype dtype = weight->tensor.dtype;
    size_t size = assay_dtype_block_bytes(dtype);
    bool plain = dtype == ASSAY_F32 || dtype == ASSAY_F16 || dtype == ASSAY_BF16, frozen = !param->trained;
    if (!frozen || param->vector) return false;
    if (assay_dtype_is_packed(dtype)) return param->role == ASSAY_ROLE_BASE;
    return plain && !assay_model_has_moved_rows(weight) && (uintptr_t)weight->tensor.data % size == 0;
}

assay_dtype assay_model_config_dtype(const assay_checkpoint *checkpoint)
{
    const char *name = json_string_value(json_object_get(checkpoint->config, "torch_dtype"));
    if (!name) name = json_string_value(json_object_get(checkpoint->config, "dtype"));
    return name && (!strcmp(name, "float16") || !strcmp(name, "bfloat16")) ? ASSAY_BF16 : ASSAY_F32;
}

const assay_weight *assay_model_find_weight(const assay_checkpoint *checkpoint, const assay_architecture *arch,
                                            const char *name)
{
    const char *prefix = arch->names->prefix;
    char other[NAME];
    const assay_weight *found = assay_checkpoint_find(checkpoint, name);
    if (found || !prefix) return found;
    if (!strncmp(name, prefix, strlen(prefix))) return assay_checkpoint_find(checkpoint, name + strlen(prefix));
    snprintf(other, sizeof other, "%s%s", prefix, name);
    return assay_checkpoint_find(checkpoint, other);
}

/* `name` is `module` itself or something of it. */
static bool is_of(const char *name, const char *module)
{
    size_t length = strlen(module);
    return !strncmp(name, module, length) && name[length] == '.';
}

bool assay_model_is_language_head(const assay_architecture *arch, const char *name)
{
    const char *head = arch->names->language_head, *prefix = arch->names->prefix;
    size_t length = strlen(prefix);
    if (is_of(name, head) || is_of(name, "lm_head")) return true;
    return !strncmp(name, prefix, length) && (is_of(name + length, head) || is_of(name + length, "lm_head"));
}

static bool is_harmless(const assay_architecture *arch, const char *name)
{
    static const char *const ends[] = {"rotary_emb.inv_freq",     "rotary_pos_emb.inv_freq", "rotary_emb.cos_cached",
                                       "rotary_emb.sin_cached",   ".position_ids",           ".attn.masked_bias",
                                       "embed_tokens.embed_scale"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (assay_text_ends(name, ends[i])) return true;
    return assay_model_is_language_head(arch, name) || (arch->frequencies && !strcmp(name, arch->frequencies));
}

/* Heads of other trainers and classes: TRL's and OpenRLHF's values, MLPs, gates, token classes. */
static bool is_head(const char *name)
{
    static const char *const modules[] = {"score",           "v_head",          "value_head",   "reward_head",
                                          "rm_head",         "classifier",      "qa_outputs",   "regression_layer",
                                          "gating",          "reward_model",    "reward_layer", "critic_head",
                                          "classifier_head", "regression_head", "score_head"};
    for (size_t i = 0; i < sizeof modules / sizeof *modules; i++)
        if (is_of(name, modules[i])) return true;
    return !strcmp(name, "mean") || !strcmp(name, "std") || !strcmp(name, "reward_transform_matrix");
}

/* The layer a name lies in, by the pattern of the family's own; -1: in none. */
static long layer_of(const assay_architecture *arch, const char *name)
{
    const char *pattern = arch->names->out;
    size_t length = strcspn(pattern, "%"), prefix = strlen(arch->names->prefix);
    if (!strncmp(name, pattern, length)) name += length;
    else if (length > prefix && !strncmp(name, pattern + prefix, length - prefix)) name += length - prefix;
    else return -1;
    return *name >= '0' && *name <= '9' ? strtol(name, NULL, 10) : -1;
}

static assay_status refuse_packed(const assay_checkpoint *checkpoint, const char *name, assay_foreign_kind kind,
                                  assay_error *err)
{
    char text[NAME + 128];
    const json_t *how = json_object_get(checkpoint->config, "quantization_config");
    if (json_is_string(json_object_get(how, "quant_method")))
        return assay_foreign_error(err, checkpoint->name, kind, name);
    snprintf(text, sizeof text,
             "%.*s is there, and config.json has no quantization_config with a quant_method, which says how it is read",
             NAME, name);
    return assay_foreign_error(err, checkpoint->name, kind, text);
}

static assay_status refuse(const assay_checkpoint *checkpoint, const assay_model_config *config, const char *name,
                           bool told_apart, assay_error *err)
{
    assay_foreign_kind kind;
    if (assay_foreign_tensor(name, &kind)) return refuse_packed(checkpoint, name, kind, err);
    if (is_head(name)) return assay_foreign_error(err, checkpoint->name, ASSAY_FOREIGN_HEAD, name);
    if (strstr(name, ".lora_"))
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: the tensor %s is an adapter's, which was not merged: save the model with "
                               "merge_and_unload(), or the adapter with save_pretrained()",
                               checkpoint->name, name);
    if (strstr(name, ".experts.")) return assay_foreign_error(err, checkpoint->name, ASSAY_FOREIGN_EXPERTS, name);
    long layer = layer_of(config->arch, name);
    if (layer >= (long)config->layers)
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "%s: the tensor %s is of layer %ld, but the config has %zu layers: give the config.json "
                               "that belongs to these weights",
                               checkpoint->name, name, layer, config->layers);
    if (told_apart) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "%s: the tensor %s has no place in a %s model; leaving it out would give another model. See "
                           "assay models for what is supported",
                           checkpoint->name, name, config->arch->name);
}

assay_status assay_model_check_tensors(const assay_checkpoint *checkpoint, const assay_model_config *config,
                                       const assay_program *program, bool told_apart, assay_error *err)
{
    bool *used = assay_alloc(checkpoint->weight_count + 1, sizeof *used);
    assay_status status = ASSAY_OK;
    ASSAY_TRY_ALLOC(used, "a list of tensors", err);
    for (size_t i = 0; i < program->param_count; i++) {
        const assay_weight *found = assay_model_find_weight(checkpoint, config->arch, program->params[i].name);
        if (found) used[found - checkpoint->weights] = true;
    }
    for (size_t i = 0; i < checkpoint->weight_count && status == ASSAY_OK; i++) {
        const char *name = checkpoint->weights[i].tensor.name;
        if (!used[i] && !is_harmless(config->arch, name)) status = refuse(checkpoint, config, name, told_apart, err);
    }
    assay_free(used);
    return status;
}

assay_status assay_model_check_shape(const assay_param *param, const assay_tensor *tensor, const char *file,
                                     assay_error *err)
{
    char found[128], wanted[128];
    bool fits = param->vector ? tensor->rank == 1 && tensor->shape[0] == param->cols
                              : tensor->rank == 2 && tensor->shape[0] == param->rows && tensor->shape[1] == param->cols;
    if (!fits) {
        snprintf(wanted, sizeof wanted, param->vector ? "[%zu]" : "[%zu, %zu]",
                 param->vector ? param->cols : param->rows, param->cols);
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: tensor %s has shape %s, the config asks for %s", file,
                               param->name, assay_shape_text(tensor, found, sizeof found), wanted);
    }
    if (assay_dtype_is_weight(tensor->dtype)) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: tensor %s holds %s; weights are F32, F16, BF16 or F64", file,
                           param->name, assay_dtype_name(tensor->dtype));
}

assay_status assay_model_check_shapes(const assay_checkpoint *checkpoint, const assay_model_config *config,
                                      const assay_program *program, assay_error *err)
{
    for (size_t i = 0; i < program->param_count; i++) {
        const assay_param *param = &program->params[i];
        const assay_weight *found = assay_model_find_weight(checkpoint, config->arch, param->name);
        assay_status fits = found ? assay_model_check_shape(param, &found->tensor, found->file, err) : ASSAY_OK;
        bool in_folder = checkpoint->kind != ASSAY_CHECKPOINT_GGUF;
        if (fits != ASSAY_OK) return in_folder ? assay_error_prefix(err, fits, "%s/", checkpoint->path) : fits;
        if (!found && param->role == ASSAY_ROLE_BASE)
            return assay_error_set(err, ASSAY_E_FORMAT, "%s: tensor %s is missing", checkpoint->name, param->name);
    }
    return ASSAY_OK;
}

/* Read at steps, with the classes wrong and right: what TRL's PRMTrainer trains. */
static void give_steps(assay_model_config *config)
{
    const char *module = config->arch->token_head ? config->arch->token_head : "score";
    config->head = (assay_head){.kind = &assay_head_tokens, .count = 1, .label = 1, .steps = true};
    config->head.layers[0] = (assay_head_layer){.outputs = STEP_CLASSES, .bias = true};
    snprintf(config->head.layers[0].module, sizeof config->head.layers[0].module, "%s", module);
}

/* Where the weights were not looked at, the class says it. */
static bool has_promised(const assay_checkpoint *checkpoint)
{
    const char *name = json_string_value(json_array_get(json_object_get(checkpoint->config, "architectures"), 0));
    return checkpoint->weight_count == 0 && name && assay_text_ends(name, "ForSequenceClassification");
}

assay_status assay_model_config_take_steps(const assay_checkpoint *checkpoint, const assay_adapter_file *adapter,
                                           assay_model_config *config, assay_error *err)
{
    char name[ASSAY_HEAD_NAME];
    const assay_head *head = &config->head;
    snprintf(name, sizeof name, "%s.weight", config->arch->names->head);
    bool is_there = head->count || head->kind || assay_model_find_weight(checkpoint, config->arch, name) ||
                    (adapter && assay_tensor_file_find(adapter->tensors, name)) || has_promised(checkpoint);
    if (head->steps && assay_head_outputs(head) == STEP_CLASSES) return ASSAY_OK;
    if (head->steps)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: its head has %zu classes for a step, and --objective process learns two, wrong and "
                               "right; train on a base without a head",
                               checkpoint->name, assay_head_outputs(head));
    if (!is_there) return give_steps(config), ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "%s has a head that reads a text at one token, and the data has answers in labelled steps: "
                           "train on the base that it was made from, which has no head yet (assay train --model BASE), "
                           "or on a model that scores steps",
                           adapter ? adapter->tensors->path : checkpoint->name);
}

void assay_model_config_give_labels(assay_model_config *config, size_t outputs, size_t label)
{
    assay_head *head = &config->head;
    *head = (assay_head){.count = 1, .label = label};
    head->layers[0] = (assay_head_layer){.outputs = outputs, .bias = config->head_bias};
    snprintf(head->layers[0].module, sizeof head->layers[0].module, "%s", config->arch->names->head);
}

/* Which of the head's numbers is the score: that of --label, a gate's own, or of steps the second. Where a choice is
 * wanted and none was made, the sentence names what there is. */
static assay_status see_label(const assay_checkpoint *checkpoint, assay_head *head, assay_error *err)
{
    char list[340], name[ASSAY_HEAD_LABEL], detail[400];
    size_t first, labels = assay_head_labels(head, &first), used = 0;
    bool chosen = json_object_get(checkpoint->config, ASSAY_LABEL_KEY) != NULL;
    if (chosen) head->label = first + assay_label_chosen(checkpoint->config, labels);
    if (!chosen && head->steps) head->label = labels > 1; /* the class of right steps */
    if (chosen || labels == 1 || first > 0 || head->steps) return ASSAY_OK;
    for (size_t i = 0; i < labels && used < sizeof list; i++) {
        assay_label_name(checkpoint->config, i, name);
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", name);
    }
    snprintf(detail, sizeof detail, "the head has %zu outputs: %s", labels, list);
    return assay_foreign_error(err, checkpoint->name, ASSAY_FOREIGN_LABELS, detail);
}

/* A classifier of several labels. */
static void see_labels(const size_t shape[2], assay_model_config *config)
{
    size_t labels = shape[1] == config->hidden ? shape[0] : 0;
    if (labels <= 1 || labels > ASSAY_HEAD_OUTPUTS) return;
    assay_model_config_give_labels(config, labels, 0);
}

/* A class that promises a head must not get a random one because the tensors are called otherwise. */
static assay_status see_kind(const assay_checkpoint *checkpoint, const assay_head_view *view,
                             assay_model_config *config, assay_error *err)
{
    const assay_head_kind *declared = config->head.kind;
    bool found = false;
    ASSAY_TRY(assay_head_find(&config->head, view, checkpoint->name, &found, err));
    if (found || !declared) return ASSAY_OK;
    const json_t *name = json_array_get(json_object_get(checkpoint->config, "architectures"), 0);
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "%s: the class %s has as its head %s, and the tensors of one are not there or have other "
                           "shapes: is the download whole? assay inspect %s lists them",
                           checkpoint->name, json_string_value(name), declared->title, checkpoint->name);
}

/* NULL: it can be. */
static const char *why_not_trained(const assay_head *head)
{
    if (head->gate.rewards.outputs)
        return "its gate and objectives were fitted one after the other. Train one of your own on its base: assay "
               "train --model BASE --data PAIRS";
    if (head->steps)
        return "it judges steps, not answers. Train it on answers in labelled steps (--objective process), or a head "
               "of your own on its base: assay train --model BASE --data PAIRS";
    if (assay_head_outputs(head) > 1)
        return "a reward is one number. Train one of your own on its base: assay train --model BASE --data PAIRS";
    if (head->deviation > 0)
        return "its mean and std belong to the weights as they are. To train on from raw rewards: --ignore-config "
               "normalize_reward";
    return NULL;
}

assay_status assay_model_check_trained_head(const assay_checkpoint *checkpoint, const assay_model_config *config,
                                            const char *purpose, assay_error *err)
{
    char modules[2 * ASSAY_HEAD_NAME];
    const char *why = why_not_trained(&config->head);
    if (!why) return ASSAY_OK;
    assay_head_modules(&config->head, config->arch->names->head, modules, sizeof modules);
    return assay_error_set(
        err, ASSAY_E_UNSUPPORTED, "%s: its head (%s) is %s; it scores as it is (score, eval%s) and cannot be %s: %s",
        checkpoint->name, modules, config->head.kind ? config->head.kind->title : "one of several labels",
        config->head.steps ? "" : ", serve", purpose, why);
}

assay_status assay_model_config_see(const assay_checkpoint *checkpoint, const assay_adapter_file *adapter,
                                    assay_model_config *config, assay_error *err)
{
    char name[ASSAY_HEAD_NAME];
    size_t shape[2];
    const assay_head_tensors tensors = {checkpoint, adapter};
    assay_head_view view = assay_head_view_of(&tensors, config->arch->names->head, config->hidden);
    if (checkpoint->weight_count == 0 && !(adapter && adapter->config.token_classes)) return ASSAY_OK;
    if (adapter && adapter->config.token_classes && !config->head.kind)
        config->head.kind = view.declared = &assay_head_tokens;
    snprintf(name, sizeof name, "%s.bias", view.plain);
    if (view.shape(view.context, name, shape)) config->head_bias = true;
    snprintf(name, sizeof name, "%s.weight", view.plain);
    if (view.shape(view.context, name, shape) && !config->head.kind) see_labels(shape, config);
    if (!config->head.count) ASSAY_TRY(see_kind(checkpoint, &view, config, err));
    const assay_head_gate *gate = &config->head.gate;
    memcpy(config->prefix.gate, gate->pattern, sizeof gate->pattern);
    config->prefix.gate_count = gate->pattern_count;
    return see_label(checkpoint, &config->head, err);
}
