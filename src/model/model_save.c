/* What is written of a model. A list of tensors is made first (model_save_tensors.h), from the program's parameters or
 * from a checkpoint's weights; then, for --format glm, rewritten; then the weights are streamed, and the config comes
 * last: a folder that has one is complete. */
#include "model/model_save.h"

#include "head/head_kind.h"
#include "head/head_make.h"
#include "model/model_save_private.h"
#include "model/model_tensors.h"

#include <stdio.h>
#include <string.h>

/* ---- adapter ---- */

/* What an adapter's config borrows. */
typedef struct adapter_names {
    const char *targets[9], *saved[1];
    char head[ASSAY_HEAD_NAME];
} adapter_names;

/* A config that borrows everything; not to be released. PEFT's wrapper for sequence classification looks for a head of
 * that class alone. */
static void adapter_config(const assay_model *model, const assay_save_options *options, adapter_names *names,
                           assay_adapter_config *out)
{
    const assay_lora_spec *lora = options->lora;
    const assay_head *head = &model->config.head;
    bool null_type = model->config.arch->peft_task_type_null || head->kind;
    bool tokens = head->kind == &assay_head_tokens;
    *out = (assay_adapter_config){.alpha = 1};
    if (options->adapter) *out = *options->adapter;
    else if (lora) {
        bool all =
            lora->target_count == 1 && (!strcmp(lora->targets[0], "all") || !strcmp(lora->targets[0], "all-linear"));
        out->rank = (int)lora->rank;
        out->alpha = lora->alpha;
        out->dropout = lora->dropout;
        out->rslora = lora->rslora;
        out->targets = all ? names->targets : lora->targets;
        out->target_count = all ? assay_lora_modules(model->config.arch, names->targets) : lora->target_count;
    }
    assay_head_root(head, model->config.arch->names->head, names->head);
    names->saved[0] = names->head;
    out->task_type_null = null_type;
    out->token_classes = tokens;
    out->saved_modules = names->saved;
    out->saved_module_count = 1;
    out->base = options->base ? options->base : model->checkpoint->path;
}

/* Tensors of the head, or of the adapter's matrices; how many. */
static size_t list_trained(const assay_model *model, bool head, assay_tensor *tensors)
{
    const assay_program *program = model->program;
    size_t count = 0;
    for (size_t i = 0; i < program->param_count; i++) {
        const assay_param *param = &program->params[i];
        if (param->role == ASSAY_ROLE_BASE || (param->role == ASSAY_ROLE_HEAD) != head) continue;
        tensors[count] = (assay_tensor){.name = param->name,
                                        .dtype = model->params[i].dtype,
                                        .rank = param->vector ? 1 : 2,
                                        .data = model->params[i].data};
        tensors[count].shape[0] = param->vector ? param->cols : param->rows;
        tensors[count].shape[1] = param->cols;
        tensors[count].bytes = param->rows * param->cols * assay_dtype_block_bytes(model->params[i].dtype);
        count++;
    }
    return count;
}

/* A head trained alone has no adapter to lie beside. */
assay_status assay_model_save_adapter(const assay_model *model, const assay_save_options *options, const char *folder,
                                      assay_error *err)
{
    adapter_names names;
    assay_adapter_config config;
    adapter_config(model, options, &names, &config);
    assay_tensor *tensors = assay_alloc(model->program->param_count, sizeof *tensors);
    ASSAY_TRY_ALLOC(tensors, "a list of tensors", err);
    size_t matrices = list_trained(model, false, tensors), heads = list_trained(model, true, tensors + matrices);
    const assay_head_kind *kind = model->config.head.kind;
    bool beside = kind && kind->own_file && matrices > 0;
    if (beside) config.saved_module_count = 0;
    assay_status status = beside ? assay_adapter_write_head(folder, tensors + matrices, heads, err) : ASSAY_OK;
    if (status == ASSAY_OK)
        status = assay_adapter_write(folder, &config, tensors, beside ? matrices : matrices + heads, err);
    assay_free(tensors);
    return status;
}

/* ---- lists ---- */

/* A class of remote code may have its language model head and a table of frequencies inside in any case: left out, they
 * would be reported as newly initialised. */
static assay_status add_unnamed(assay_save_list *list, const assay_model *model, assay_error *err)
{
    char text[320], head[96];
    bool frequencies = false;
    const assay_architecture *arch = model->config.arch;
    const assay_head_kind *kind = model->config.head.kind;
    if (!arch->keeps_language_head && !(kind && kind->own_file)) return ASSAY_OK;
    snprintf(head, sizeof head, "%s.weight", arch->names->language_head);
    for (size_t i = 0; i < model->checkpoint->weight_count; i++) {
        const assay_weight *weight = &model->checkpoint->weights[i];
        const char *name = assay_save_full_name(arch, weight->tensor.name, text, sizeof text);
        bool table = arch->frequencies && !strcmp(name, arch->frequencies);
        if (!table && strcmp(name, head) != 0) continue;
        frequencies = frequencies || table;
        assay_save_tensor tensor = assay_save_tensor_of_weight(weight);
        ASSAY_TRY(assay_save_list_add(list, &tensor, name, err));
    }
    return frequencies || !arch->frequencies ? ASSAY_OK : assay_save_list_add_frequencies(list, &model->config, err);
}

static assay_status list_model(assay_save_list *list, const assay_model *model, bool glm, assay_error *err)
{
    for (size_t i = 0; i < model->program->param_count; i++) {
        const assay_param *param = &model->program->params[i];
        if (param->role != ASSAY_ROLE_BASE && param->role != ASSAY_ROLE_HEAD) continue;
        assay_save_tensor tensor = assay_save_tensor_of_param(model, i);
        ASSAY_TRY(assay_save_list_add(list, &tensor, param->name, err));
    }
    return glm ? ASSAY_OK : add_unnamed(list, model, err);
}

/* Left out of a reward model, unless its own class wants it. */
static bool is_language_head(const char *name, const assay_architecture *arch, bool native)
{
    const char *head = arch->names->language_head;
    return (native || !arch->keeps_language_head) && !strncmp(name, head, strlen(head)) && name[strlen(head)] == '.';
}

static assay_status list_checkpoint(assay_save_list *list, const assay_checkpoint *checkpoint,
                                    const assay_architecture *arch, bool head, bool glm, assay_error *err)
{
    char text[320];
    for (size_t i = 0; i < checkpoint->weight_count; i++) {
        const assay_weight *weight = &checkpoint->weights[i];
        const char *name =
            head || glm ? assay_save_full_name(arch, weight->tensor.name, text, sizeof text) : weight->tensor.name;
        if (head && is_language_head(name, arch, glm)) continue;
        assay_save_tensor tensor = assay_save_tensor_of_weight(weight);
        ASSAY_TRY(assay_save_list_add(list, &tensor, name, err));
    }
    return ASSAY_OK;
}

/* The type of most bytes, for the config. */
static assay_dtype main_dtype(const assay_save_list *list)
{
    double bytes[ASSAY_DTYPE_COUNT] = {0};
    assay_dtype most = ASSAY_F32;
    for (size_t i = 0; i < list->count; i++)
        bytes[list->items[i].dtype] += (double)list->items[i].count * (double)list->items[i].cols;
    for (int dtype = 0; dtype < ASSAY_DTYPE_COUNT; dtype++)
        if (bytes[dtype] > bytes[most]) most = (assay_dtype)dtype;
    return most;
}

/* ---- folder ---- */

assay_status assay_model_hold_code(const assay_checkpoint *checkpoint, assay_held_files *held, assay_error *err)
{
    char **names;
    size_t count;
    if (checkpoint->kind != ASSAY_CHECKPOINT_HF || !json_object_get(checkpoint->config, "auto_map")) return ASSAY_OK;
    ASSAY_TRY(assay_list_dir(checkpoint->path, &names, &count, err));
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < count && status == ASSAY_OK; i++) {
        size_t length = strlen(names[i]);
        if (length < 4 || strcmp(names[i] + length - 3, ".py") != 0) continue;
        status = assay_held_files_add(held, checkpoint->path, names[i], err);
    }
    assay_names_free(names, count);
    return status;
}

static assay_status write_code(const assay_checkpoint *checkpoint, const assay_held_files *code, const char *folder,
                               assay_error *err)
{
    assay_held_files held = {0};
    if (code) return assay_held_files_write(code, folder, err);
    assay_status status = assay_model_hold_code(checkpoint, &held, err);
    if (status == ASSAY_OK) status = assay_held_files_write(&held, folder, err);
    assay_held_files_release(&held);
    return status;
}

/* Packed as bitsandbytes does it. */
static bool is_parted(const assay_save_options *options)
{
    return options->quantise == ASSAY_NF4 || options->quantise == ASSAY_INT8;
}

static assay_status say_packing(json_t *config, const assay_architecture *arch, const assay_save_options *options,
                                assay_dtype dtype, assay_error *err)
{
    json_t *how = assay_save_parts_config(arch, options->quantise, dtype, options->double_quant);
    if (how && json_object_set_new(config, "quantization_config", how) == 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a config");
}

static assay_status write_config(const assay_checkpoint *checkpoint, const assay_model_config *model,
                                 const assay_save_options *options, bool head, assay_dtype dtype, const char *folder,
                                 assay_error *err)
{
    json_t *config = NULL, *translated = NULL;
    bool glm = options->format == ASSAY_SAVE_GLM;
    if (glm) ASSAY_TRY(assay_save_glm_config(model, checkpoint->config, checkpoint->name, &translated, err));
    const assay_architecture *arch = glm ? assay_architecture_find(model->arch->native) : model->arch;
    const char *class_name = arch->sequence_class ? arch->sequence_class : arch->base_class;
    const assay_save_config_request request = {.base = glm ? translated : checkpoint->config,
                                               .sequence_class = class_name,
                                               .outputs = head ? assay_head_outputs(&model->head) : 0,
                                               .labels = options->labels,
                                               .dtype = dtype,
                                               .pad_token = options->pad_token};
    assay_status status = assay_save_config(&request, &config, err);
    bool new_kind = model->head.kind && assay_head_of_class(checkpoint->config) != model->head.kind;
    if (status == ASSAY_OK && new_kind)
        status = assay_head_make_config(&model->head, config, arch->base_class, arch->sequence_class, err);
    if (status == ASSAY_OK && is_parted(options)) status = say_packing(config, arch, options, dtype, err);
    char *path = assay_path_join(folder, "config.json");
    if (status == ASSAY_OK && !path) status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a path");
    if (status == ASSAY_OK) status = assay_json_save(config, path, err);
    assay_free(path);
    json_decref(config);
    json_decref(translated);
    return status;
}

static assay_status write_weights(assay_save_list *list, const assay_checkpoint *checkpoint,
                                  const assay_model_config *model, const assay_save_options *options,
                                  const char *folder, assay_error *err)
{
    const assay_architecture *arch =
        options->format == ASSAY_SAVE_GLM ? assay_architecture_find(model->arch->native) : model->arch;
    if (options->quantise == ASSAY_F32) return assay_save_list_write(list, folder, options->shard_bytes, err);
    ASSAY_TRY(assay_save_pack_list(list, arch, checkpoint->config, options->quantise, err));
    if (is_parted(options))
        ASSAY_TRY(assay_save_list_write_parts(list, options->double_quant, folder, options->shard_bytes, err));
    else ASSAY_TRY(assay_save_list_write_body(list, folder, arch->gguf ? arch->gguf->name : arch->name, err));
    return options->quantised ? assay_save_pack_report(list, options->quantised, err) : ASSAY_OK;
}

static assay_status write_folder(assay_save_list *list, const assay_checkpoint *checkpoint,
                                 const assay_model_config *model, const assay_save_options *options, bool head,
                                 const char *folder, assay_error *err)
{
    bool glm = options->format == ASSAY_SAVE_GLM;
    double offset = 0;
    json_t *refused = NULL;
    /* before a byte is written */
    if (glm) ASSAY_TRY(assay_save_glm_config(model, checkpoint->config, checkpoint->name, &refused, err));
    json_decref(refused);
    if (glm) ASSAY_TRY(assay_save_glm_list(list, model, &offset, err));
    assay_save_list_set_dtype(list, options->dtype, options->keep_dtype);
    ASSAY_TRY(assay_make_dirs(folder, err));
    assay_dtype dtype = main_dtype(list);
    ASSAY_TRY(write_weights(list, checkpoint, model, options, folder, err));
    if (!glm) ASSAY_TRY(write_code(checkpoint, options->code, folder, err));
    if (options->score_offset) *options->score_offset = offset;
    return write_config(checkpoint, model, options, head, dtype, folder, err);
}

assay_status assay_model_save_full(const assay_model *model, const assay_save_options *options, const char *folder,
                                   assay_error *err)
{
    assay_save_list list = {0};
    assay_save_options plain = *options;
    if (!assay_head_is_labels(&model->config.head) && !model->config.head.steps)
        ASSAY_TRY(assay_model_check_trained_head(model->checkpoint, &model->config, "merged into", err));
    plain.keep_dtype = false;
    assay_status status = list_model(&list, model, options->format == ASSAY_SAVE_GLM, err);
    bool reward = !model->config.head.kind; /* else its class and its keys stay */
    if (status == ASSAY_OK)
        status = write_folder(&list, model->checkpoint, &model->config, &plain, reward, folder, err);
    assay_save_list_release(&list);
    return status;
}

/* Of another kind, all tensors stay what they are, and so does the class. */
static assay_status check_kind(const assay_checkpoint *checkpoint, const assay_model_config *model,
                               const assay_save_options *options, assay_error *err)
{
    const assay_head_kind *kind = model->head.kind;
    if (!kind || (options->quantise == ASSAY_F32 && options->format == ASSAY_SAVE_OWN)) return ASSAY_OK;
    return assay_error_set(
        err, ASSAY_E_UNSUPPORTED,
        "%s: its head is %s, which neither --quantize nor --format glm can carry; without them it is "
        "converted as it is: assay convert %s --output DIR",
        checkpoint->name, kind->title, checkpoint->name);
}

/* Whether it is a reward model of the family's own class, with one label or several. */
static assay_status find_head(const assay_checkpoint *checkpoint, const assay_model_config *model,
                              const assay_save_options *options, bool *head, assay_error *err)
{
    const assay_head_kind *kind = model->head.kind;
    char name[64], shape[128];
    snprintf(name, sizeof name, "%s.weight", model->arch->names->head);
    const assay_weight *found = assay_checkpoint_find(checkpoint, name);
    *head = found && !kind;
    size_t outputs = assay_head_outputs(&model->head);
    const assay_tensor *tensor = *head ? &found->tensor : NULL;
    if (tensor && (tensor->rank != 2 || tensor->shape[0] != outputs || tensor->shape[1] != model->hidden))
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: the head %s has shape %s, which is none of [labels, %zu]: is the download whole?",
                               checkpoint->name, name, assay_shape_text(tensor, shape, sizeof shape), model->hidden);
    if (!*head || outputs == 1 || options->format != ASSAY_SAVE_GLM) return ASSAY_OK;
    return assay_error_set(
        err, ASSAY_E_UNSUPPORTED,
        "%s: the head %s has %zu labels, whose biases have no place in Glm's class; without --format "
        "glm it is converted as it is: assay convert %s --output DIR",
        checkpoint->name, name, outputs, checkpoint->name);
}

assay_status assay_model_convert(const assay_checkpoint *checkpoint, const assay_save_options *options,
                                 const char *folder, assay_error *err)
{
    assay_model_config model;
    assay_save_list list = {0};
    bool head;
    ASSAY_TRY(assay_model_config_read(checkpoint->config, checkpoint->name, &model, err));
    ASSAY_TRY(assay_model_config_see(checkpoint, NULL, &model, err));
    ASSAY_TRY(check_kind(checkpoint, &model, options, err));
    ASSAY_TRY(find_head(checkpoint, &model, options, &head, err));
    assay_status status = list_checkpoint(&list, checkpoint, model.arch, head, options->format == ASSAY_SAVE_GLM, err);
    if (status == ASSAY_OK) status = write_folder(&list, checkpoint, &model, options, head, folder, err);
    assay_save_list_release(&list);
    return status;
}
