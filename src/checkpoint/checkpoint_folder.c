/* A Hugging Face folder: config.json and the first that is there of model.safetensors, model.safetensors.index.json,
 * pytorch_model.bin, pytorch_model.bin.index.json (Transformers' order of preference), model.gguf (packed by convert).
 *
 * An index names a shard for every tensor. It is believed only as far as it is true: shard names are plain file names
 * in the same folder, every listed tensor lies in its shard, no tensor lies in two. metadata.total_size is often wrong
 * in the wild and not read. */
#include "checkpoint/checkpoint_private.h"
#include "container/safetensors.h"
#include "container/torch_bin.h"

#include <string.h>

static const size_t config_ceiling = (size_t)16 << 20, index_ceiling = (size_t)64 << 20;

static assay_status open_file(assay_checkpoint *checkpoint, const char *name, assay_error *err)
{
    size_t capacity = checkpoint->file_count;
    ASSAY_TRY(assay_grow(&checkpoint->files, &capacity, checkpoint->file_count + 1, sizeof *checkpoint->files, err));
    char *path = assay_path_join(checkpoint->path, name);
    ASSAY_TRY_ALLOC(path, "a path", err);
    size_t length = strlen(name);
    bool bin = length > 4 && !strcmp(name + length - 4, ".bin");
    assay_tensor_file **slot = &checkpoint->files[checkpoint->file_count];
    assay_status status = bin ? assay_torch_bin_open(slot, path, err) : assay_safetensors_open(slot, path, err);
    assay_free(path);
    if (status == ASSAY_OK) checkpoint->file_count++;
    return status;
}

/* LLaMA-Factory keeps a reward model's head in a file of its own beside the decoder's. */
static assay_status open_head_beside(assay_checkpoint *checkpoint, assay_error *err)
{
    static const char *const names[] = {"value_head.safetensors", "value_head.bin"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (assay_folder_holds(checkpoint->path, names[i])) return open_file(checkpoint, names[i], err);
    return ASSAY_OK;
}

/* A TRL value-head model that was saved as it is trained, wrapped, has its decoder's names behind this one. */
static const char *without_wrapper(const char *name)
{
    static const char wrapper[] = "pretrained_model.";
    return strncmp(name, wrapper, sizeof wrapper - 1) != 0 ? name : name + sizeof wrapper - 1;
}

static assay_status collect_weights(assay_checkpoint *checkpoint, assay_error *err)
{
    size_t total = 0;
    for (size_t i = 0; i < checkpoint->file_count; i++) total += checkpoint->files[i]->count;
    checkpoint->weights = assay_alloc(total, sizeof *checkpoint->weights);
    ASSAY_TRY_ALLOC(checkpoint->weights, "a list of weights", err);
    for (size_t i = 0; i < checkpoint->file_count; i++) {
        const assay_tensor_file *file = checkpoint->files[i];
        for (size_t j = 0; j < file->count; j++) {
            assay_weight *weight = &checkpoint->weights[checkpoint->weight_count++];
            *weight = (assay_weight){.tensor = file->tensors[j], .file = assay_path_base(file->path)};
            weight->tensor.name = without_wrapper(weight->tensor.name);
        }
    }
    return ASSAY_OK;
}

static const assay_tensor_file *find_file(const assay_checkpoint *checkpoint, const char *name)
{
    for (size_t i = 0; i < checkpoint->file_count; i++)
        if (!strcmp(assay_path_base(checkpoint->files[i]->path), name)) return checkpoint->files[i];
    return NULL;
}

static assay_status check_shard_name(const char *where, const char *tensor, const json_t *value, assay_error *err)
{
    const char *name = json_string_value(value);
    if (!name)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: weight_map: the value of \"%s\" should be a file name", where,
                               tensor);
    bool plain = *name && *name != '.' && !strpbrk(name, "/\\") && strlen(name) == json_string_length(value);
    if (plain) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: \"%s\" is said to lie in \"%s\", which is not a plain file name",
                           where, tensor, name);
}

static assay_status read_map(assay_checkpoint *checkpoint, const char *where, json_t *map, assay_error *err)
{
    const char *tensor;
    json_t *value;
    json_object_foreach(map, tensor, value)
    {
        ASSAY_TRY(check_shard_name(where, tensor, value, err));
        const char *shard = json_string_value(value);
        const assay_tensor_file *file = find_file(checkpoint, shard);
        if (!file) {
            ASSAY_TRY(open_file(checkpoint, shard, err));
            file = checkpoint->files[checkpoint->file_count - 1];
        }
        if (!assay_tensor_file_find(file, tensor))
            return assay_error_set(err, ASSAY_E_FORMAT, "%s: \"%s\" should lie in %s, but does not", where, tensor,
                                   shard);
    }
    size_t shards = checkpoint->file_count, beside = 0;
    ASSAY_TRY(open_head_beside(checkpoint, err));
    for (size_t i = shards; i < checkpoint->file_count; i++) beside += checkpoint->files[i]->count;
    ASSAY_TRY(collect_weights(checkpoint, err));
    checkpoint->unlisted_count = checkpoint->weight_count - json_object_size(map) - beside;
    return ASSAY_OK;
}

static assay_status load_index(assay_checkpoint *checkpoint, const char *path, assay_error *err)
{
    json_t *index;
    ASSAY_TRY(assay_json_load(path, index_ceiling, &index, err));
    json_t *map = json_object_get(index, "weight_map");
    assay_status status = json_object_size(map) ? read_map(checkpoint, path, map, err)
                                                : assay_error_set(err, ASSAY_E_FORMAT, "%s: no weight_map", path);
    json_decref(index);
    return status;
}

static assay_status no_weights(const assay_checkpoint *checkpoint, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_IO,
                           "%s: no weights here (neither model.safetensors nor its index, nor pytorch_model.bin)",
                           checkpoint->path);
}

static assay_status load_weights(assay_checkpoint *checkpoint, assay_error *err)
{
    static const char *const names[] = {"model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
                                        "pytorch_model.bin.index.json"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = assay_path_join(checkpoint->path, names[i]);
        ASSAY_TRY_ALLOC(path, "a path", err);
        bool there = assay_path_exists(path), index = i % 2;
        assay_status status = there && index ? load_index(checkpoint, path, err) : ASSAY_OK;
        assay_free(path);
        if (!there) continue;
        if (index) return status;
        ASSAY_TRY(open_file(checkpoint, names[i], err));
        ASSAY_TRY(open_head_beside(checkpoint, err));
        return collect_weights(checkpoint, err);
    }
    char *body = assay_path_join(checkpoint->path, ASSAY_BODY_FILE);
    ASSAY_TRY_ALLOC(body, "a path", err);
    assay_status status =
        assay_path_exists(body) ? assay_checkpoint_load_body(checkpoint, body, err) : no_weights(checkpoint, err);
    assay_free(body);
    return status;
}

/* What the folder seems to be, when it has no config.json. */
static assay_status no_config(const assay_checkpoint *checkpoint, assay_error *err)
{
    char *adapter = assay_path_join(checkpoint->path, "adapter_config.json");
    bool is_adapter = adapter && assay_path_exists(adapter);
    assay_free(adapter);
    return assay_error_set(
        err, ASSAY_E_IO,
        is_adapter ? "%s holds an adapter, not a model: give its base as the model and this folder as the adapter"
                   : "%s: no config.json, so this is not a Hugging Face model folder",
        checkpoint->path);
}

/* What only the code of a ChatGLM says: whether rope_ratio divides positions or multiplies the base. */
static assay_status read_code(assay_checkpoint *checkpoint, assay_error *err)
{
    const json_t *ratio = json_object_get(checkpoint->config, "rope_ratio");
    assay_mapping map;
    if (!json_is_number(ratio) || json_number_value(ratio) == 1) return ASSAY_OK;
    if (json_object_get(checkpoint->config, "rope_ratio_divides")) return ASSAY_OK;
    char *path = assay_path_join(checkpoint->path, "modeling_chatglm.py");
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = assay_path_exists(path) ? assay_map_open(&map, path, err) : ASSAY_E_IO;
    bool there = status == ASSAY_OK;
    assay_free(path);
    if (!there) return ASSAY_OK;
    bool divides = memmem(map.data, map.size, "/ self.rope_ratio", 17) != NULL,
         multiplies = memmem(map.data, map.size, "* self.rope_ratio", 17) != NULL;
    assay_map_close(&map);
    if (divides == multiplies) return ASSAY_OK;
    if (json_object_set_new(checkpoint->config, "rope_ratio_divides", json_boolean(divides)) == 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a config");
}

assay_status assay_checkpoint_load_folder(assay_checkpoint *checkpoint, unsigned flags, assay_error *err)
{
    char *path = assay_path_join(checkpoint->path, "config.json");
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = assay_path_exists(path) ? assay_json_load(path, config_ceiling, &checkpoint->config, err)
                                                  : no_config(checkpoint, err);
    if (status == ASSAY_OK && !json_is_object(checkpoint->config))
        status = assay_error_set(err, ASSAY_E_FORMAT, "%s: should be a JSON object", path);
    assay_free(path);
    ASSAY_TRY(status);
    ASSAY_TRY(read_code(checkpoint, err));
    return flags & ASSAY_CHECKPOINT_CONFIG_ONLY ? ASSAY_OK : load_weights(checkpoint, err);
}
