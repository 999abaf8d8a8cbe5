#include "checkpoint/checkpoint_write.h"

#include "base/json_doc.h"

/* Index behind the last tensor of the shard that begins at `first`; a tensor larger than a shard gets one of its
 * own. */
static size_t shard_end(const assay_tensor *tensors, size_t count, size_t first, size_t shard_bytes)
{
    size_t bytes = tensors[first].bytes, end = first + 1;
    while (end < count && assay_add_size(bytes, tensors[end].bytes, &bytes) && bytes <= shard_bytes) end++;
    return end;
}

static size_t count_shards(const assay_tensor *tensors, size_t count, size_t shard_bytes)
{
    size_t shards = 0;
    for (size_t first = 0; first < count; first = shard_end(tensors, count, first, shard_bytes)) shards++;
    return shards;
}

static assay_status write_named(const char *folder, const char *name, const assay_tensor *tensors, size_t count,
                                assay_tensor_source source, void *context, assay_error *err)
{
    char *path = assay_path_join(folder, name);
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = assay_safetensors_write(path, tensors, count, source, context, err);
    assay_free(path);
    return status;
}

static assay_status write_index(const char *folder, json_t *map, size_t total, assay_error *err)
{
    char *path = assay_path_join(folder, "model.safetensors.index.json");
    json_t *index = json_pack("{s:{s:I}, s:O}", "metadata", "total_size", (json_int_t)total, "weight_map", map);
    assay_status status = path && index ? assay_json_save(index, path, err)
                                        : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for an index");
    json_decref(index);
    assay_free(path);
    return status;
}

/* Writes one shard and notes in the map where its tensors are. */
static assay_status write_shard(const char *folder, size_t number, size_t shards, const assay_tensor *tensors,
                                size_t count, assay_tensor_source source, void *context, json_t *map, assay_error *err)
{
    char *name = assay_strfmt("model-%05zu-of-%05zu.safetensors", number, shards);
    ASSAY_TRY_ALLOC(name, "a file name", err);
    assay_status status = write_named(folder, name, tensors, count, source, context, err);
    for (size_t i = 0; i < count && status == ASSAY_OK; i++) {
        if (json_object_get(map, tensors[i].name))
            status =
                assay_error_set(err, ASSAY_E_FORMAT, "%s: the tensor \"%s\" is there twice", folder, tensors[i].name);
        else if (json_object_set_new(map, tensors[i].name, json_string(name)) != 0)
            status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for an index");
    }
    assay_free(name);
    return status;
}

assay_status assay_checkpoint_write_sharded(const char *folder, const assay_tensor *tensors, size_t count,
                                            assay_tensor_source source, void *context, size_t shard_bytes,
                                            assay_error *err)
{
    size_t shards = count_shards(tensors, count, shard_bytes), total = 0, number = 0;
    if (shards <= 1) return write_named(folder, "model.safetensors", tensors, count, source, context, err);
    json_t *map = json_object();
    ASSAY_TRY_ALLOC(map, "an index", err);
    assay_status status = ASSAY_OK;
    for (size_t first = 0, end; first < count && status == ASSAY_OK; first = end) {
        end = shard_end(tensors, count, first, shard_bytes);
        status = write_shard(folder, ++number, shards, tensors + first, end - first, source, context, map, err);
    }
    for (size_t i = 0; i < count; i++) total += tensors[i].bytes;
    if (status == ASSAY_OK) status = write_index(folder, map, total, err);
    json_decref(map);
    return status;
}
