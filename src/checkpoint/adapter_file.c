#include "base/text.h"
#include "checkpoint/adapter_config.h"
#include "container/safetensors.h"
#include "container/torch_bin.h"

#include <string.h>

static const char prefix[] = "base_model.model.";
static const char wrapper[] = "pretrained_model."; /* of TRL's models with a value head */

bool assay_is_adapter_folder(const char *path)
{
    char *config = assay_path_join(path, "adapter_config.json");
    bool there = config && assay_path_is_dir(path) && assay_path_exists(config);
    assay_free(config);
    return there;
}

/* Takes every occurrence of the path segment `segment` (with its leading dot) out of the name. */
static void cut_segment(char *name, const char *segment)
{
    size_t length = strlen(segment);
    for (char *at = name; (at = strstr(at, segment));) {
        if (at[length] == '.' || at[length] == 0) memmove(at, at + length, strlen(at + length) + 1);
        else at += length;
    }
}

static void normalise(char *name)
{
    const size_t length = sizeof prefix - 1, wrapped = sizeof wrapper - 1;
    if (!strncmp(name, prefix, length)) memmove(name, name + length, strlen(name + length) + 1);
    if (!strncmp(name, wrapper, wrapped)) memmove(name, name + wrapped, strlen(name + wrapped) + 1);
    cut_segment(name, ".modules_to_save.default");
    cut_segment(name, ".modules_to_save");
    char *lora = strstr(name, ".lora_");
    if (lora) cut_segment(lora, ".default");
}

static assay_status check_name(const assay_tensor_file *file, const assay_tensor *tensor, assay_error *err)
{
    bool lora = strstr(tensor->name, ".lora_") != NULL;
    bool known =
        !lora || assay_text_ends(tensor->name, ".lora_A.weight") || assay_text_ends(tensor->name, ".lora_B.weight");
    if (!known)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: \"%s\" is neither a LoRA matrix of a linear layer nor a fully trained module",
                               file->path, tensor->name);
    if (assay_dtype_is_weight(tensor->dtype)) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: \"%s\" is %s; F32, F16 or BF16 was expected", file->path,
                           tensor->name, assay_dtype_name(tensor->dtype));
}

/* lora_A [r, in] and lora_B [out, r] come in pairs. */
static assay_status check_pair(const assay_tensor_file *file, const assay_tensor *tensor, assay_error *err)
{
    bool is_a = assay_text_ends(tensor->name, ".lora_A.weight"), is_b = assay_text_ends(tensor->name, ".lora_B.weight");
    if (!is_a && !is_b) return ASSAY_OK;
    char *other = assay_strdup(tensor->name);
    ASSAY_TRY_ALLOC(other, "a tensor's name", err);
    other[strlen(other) - strlen("A.weight")] = is_a ? 'B' : 'A';
    const assay_tensor *partner = assay_tensor_file_find(file, other);
    assay_free(other);
    if (!partner)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: \"%s\" is there without its lora_%s", file->path, tensor->name,
                               is_a ? "B" : "A");
    bool fits = tensor->rank == 2 && partner->rank == 2 &&
                tensor->shape[is_a ? 0 : 1] == partner->shape[is_a ? 1 : 0] && tensor->shape[is_a ? 0 : 1] > 0;
    if (fits) return ASSAY_OK;
    char mine[160], others[160];
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: \"%s\" %s does not fit its lora_%s %s", file->path, tensor->name,
                           assay_shape_text(tensor, mine, sizeof mine), is_a ? "B" : "A",
                           assay_shape_text(partner, others, sizeof others));
}

static assay_status rename_tensors(assay_adapter_file *adapter, assay_error *err)
{
    assay_tensor_file *file = adapter->tensors;
    size_t bytes = 0, kept = 0;
    for (size_t i = 0; i < file->count; i++) bytes += strlen(file->tensors[i].name) + 1;
    char *next = adapter->names = assay_alloc(bytes, 1);
    ASSAY_TRY_ALLOC(next, "names of tensors", err);
    for (size_t i = 0; i < file->count; i++) {
        assay_tensor tensor = file->tensors[i];
        if (strstr(tensor.name, ".original_module.")) continue; /* the base's own copy of a saved module */
        memcpy(next, tensor.name, strlen(tensor.name) + 1);
        normalise(next);
        tensor.name = next;
        next += strlen(next) + 1;
        ASSAY_TRY(check_name(file, &tensor, err));
        file->tensors[kept++] = tensor;
    }
    file->count = kept;
    return assay_tensor_file_index(file, err);
}

static assay_status open_tensors(assay_adapter_file *adapter, const char *folder, assay_error *err)
{
    char *path = assay_path_join(folder, "adapter_model.safetensors"),
         *old = assay_path_join(folder, "adapter_model.bin");
    assay_status status;
    if (!path || !old) status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a path");
    else if (!assay_path_exists(path) && assay_path_exists(old))
        status = assay_torch_bin_open(&adapter->tensors, old, err);
    else status = assay_safetensors_open(&adapter->tensors, path, err);
    assay_free(path);
    assay_free(old);
    ASSAY_TRY(status);
    ASSAY_TRY(rename_tensors(adapter, err));
    for (size_t i = 0; i < adapter->tensors->count; i++)
        ASSAY_TRY(check_pair(adapter->tensors, &adapter->tensors->tensors[i], err));
    return ASSAY_OK;
}

static assay_status open_config(assay_adapter_file *adapter, const char *folder, assay_error *err)
{
    json_t *object = NULL;
    char *path = assay_path_join(folder, "adapter_config.json");
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = assay_json_load(path, (size_t)4 << 20, &object, err);
    if (status == ASSAY_OK) status = assay_adapter_config_read(&adapter->config, object, path, err);
    json_decref(object);
    assay_free(path);
    return status;
}

/* The tensors of the head's file, checked, behind the adapter's own. */
static assay_status join_head(assay_adapter_file *adapter, assay_error *err)
{
    assay_tensor_file *file = adapter->tensors;
    const assay_tensor_file *head = adapter->head;
    assay_tensor *all = assay_alloc(file->count + head->count, sizeof *all);
    ASSAY_TRY_ALLOC(all, "a list of tensors", err);
    memcpy(all, file->tensors, file->count * sizeof *all);
    memcpy(all + file->count, head->tensors, head->count * sizeof *all);
    assay_free(file->tensors);
    file->tensors = all;
    file->count += head->count;
    for (size_t i = 0; i < head->count; i++) ASSAY_TRY(check_name(head, &head->tensors[i], err));
    return assay_tensor_file_index(file, err);
}

/* Whether the file is all value head. One that holds another module beside it is a whole model, which an adapter
 * cannot be laid over. */
static assay_status is_value_head(const assay_tensor_file *file, bool *yes, assay_error *err)
{
    size_t heads = 0, other = 0;
    for (size_t i = 0; i < file->count; i++) {
        if (!strncmp(file->tensors[i].name, "v_head.", 7)) heads++;
        else other = i;
    }
    *yes = heads > 0 && heads == file->count;
    if (heads == 0 || *yes) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "%s lies beside an adapter and holds a value head and more (%s); if it is the whole model, "
                           "give a folder of it, without adapter_config.json, as --model",
                           file->path, file->tensors[other].name);
}

static assay_status take_head(assay_adapter_file *adapter, const char *path, bool always, assay_error *err)
{
    bool yes = always;
    assay_tensor_file *file;
    ASSAY_TRY(assay_text_ends(path, ".bin") ? assay_torch_bin_open(&file, path, err)
                                            : assay_safetensors_open(&file, path, err));
    assay_status status = always ? ASSAY_OK : is_value_head(file, &yes, err);
    if (status == ASSAY_OK && yes) {
        adapter->head = file;
        return join_head(adapter, err);
    }
    assay_tensor_file_close(file);
    return status;
}

/* A reward model's head beside the adapter, in a file of its own: LLaMA-Factory's (train/callbacks.py), or what TRL's
 * PreTrainedModelWrapper saves of a model with an adapter (models/modeling_base.py, save_pretrained), under the name of
 * a whole model. */
static assay_status open_head_beside(assay_adapter_file *adapter, const char *folder, assay_error *err)
{
    static const char *const files[] = {"value_head.safetensors", "value_head.bin", "model.safetensors",
                                        "pytorch_model.bin"};
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < sizeof files / sizeof *files && status == ASSAY_OK && !adapter->head; i++) {
        if (!assay_folder_holds(folder, files[i])) continue;
        char *path = assay_path_join(folder, files[i]);
        ASSAY_TRY_ALLOC(path, "a path", err);
        status = take_head(adapter, path, i < 2, err);
        assay_free(path);
    }
    return status;
}

assay_status assay_adapter_open(assay_adapter_file **out, const char *folder, assay_error *err)
{
    *out = NULL;
    assay_adapter_file *adapter = assay_alloc(1, sizeof *adapter);
    ASSAY_TRY_ALLOC(adapter, folder, err);
    assay_status status = open_config(adapter, folder, err);
    if (status == ASSAY_OK) status = open_tensors(adapter, folder, err);
    if (status == ASSAY_OK) status = open_head_beside(adapter, folder, err);
    if (status != ASSAY_OK) {
        assay_adapter_close(adapter);
        return status;
    }
    *out = adapter;
    return ASSAY_OK;
}

void assay_adapter_close(assay_adapter_file *adapter)
{
    if (!adapter) return;
    assay_adapter_config_release(&adapter->config);
    assay_tensor_file_close(adapter->tensors);
    assay_tensor_file_close(adapter->head);
    assay_free(adapter->names);
    assay_free(adapter);
}

/* Copies with prefixed names, each name to be freed. */
static assay_status prefix_tensors(const assay_tensor *tensors, size_t count, assay_tensor **out, assay_error *err)
{
    *out = assay_alloc(count, sizeof **out);
    ASSAY_TRY_ALLOC(*out, "a list of tensors", err);
    for (size_t i = 0; i < count; i++) {
        (*out)[i] = tensors[i];
        (*out)[i].name = assay_strfmt("%s%s", prefix, tensors[i].name);
        ASSAY_TRY_ALLOC((*out)[i].name, "a tensor's name", err);
    }
    return ASSAY_OK;
}

static assay_status write_tensors(const char *folder, const assay_tensor *tensors, size_t count, assay_error *err)
{
    assay_tensor *renamed = NULL;
    char *path = assay_path_join(folder, "adapter_model.safetensors");
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = prefix_tensors(tensors, count, &renamed, err);
    if (status == ASSAY_OK) status = assay_safetensors_write(path, renamed, count, NULL, NULL, err);
    for (size_t i = 0; renamed && i < count; i++) assay_free(renamed[i].name);
    assay_free(renamed);
    assay_free(path);
    return status;
}

/* The config last: a folder with one is complete. */
assay_status assay_adapter_write(const char *folder, const assay_adapter_config *config, const assay_tensor *tensors,
                                 size_t count, assay_error *err)
{
    ASSAY_TRY(assay_make_dirs(folder, err));
    ASSAY_TRY(write_tensors(folder, tensors, count, err));
    json_t *object = assay_adapter_config_json(config);
    ASSAY_TRY_ALLOC(object, "an adapter's config", err);
    char *path = assay_path_join(folder, "adapter_config.json");
    assay_status status =
        path ? assay_json_save(object, path, err) : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a path");
    assay_free(path);
    json_decref(object);
    return status;
}
