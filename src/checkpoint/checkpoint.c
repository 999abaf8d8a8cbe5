#include "checkpoint/checkpoint_private.h"

#include "base/hash.h"
#include "base/sizes.h"
#include "tensor/stored.h"

#include <stdio.h>
#include <string.h>

static assay_status load(assay_checkpoint *checkpoint, const char *path, unsigned flags, assay_error *err)
{
    checkpoint->name = assay_strdup(path);
    ASSAY_TRY_ALLOC(checkpoint->name, path, err);
    ASSAY_TRY(assay_checkpoint_locate(path, &checkpoint->path, err));
    bool folder = assay_path_is_dir(checkpoint->path);
    checkpoint->kind = folder ? ASSAY_CHECKPOINT_HF : ASSAY_CHECKPOINT_GGUF;
    ASSAY_TRY(folder ? assay_checkpoint_load_folder(checkpoint, flags, err)
                     : assay_checkpoint_load_gguf(checkpoint, flags, err));
    ASSAY_TRY(assay_checkpoint_sort_weights(checkpoint, err));
    return flags & ASSAY_CHECKPOINT_CONFIG_ONLY ? ASSAY_OK : assay_checkpoint_join_parts(checkpoint, err);
}

assay_status assay_checkpoint_open(assay_checkpoint **out, const char *path, unsigned flags, assay_error *err)
{
    *out = NULL;
    assay_checkpoint *checkpoint = assay_alloc(1, sizeof *checkpoint);
    ASSAY_TRY_ALLOC(checkpoint, path, err);
    assay_status status = load(checkpoint, path, flags, err);
    if (status != ASSAY_OK) {
        assay_checkpoint_close(checkpoint);
        return status;
    }
    *out = checkpoint;
    return ASSAY_OK;
}

assay_status assay_checkpoint_of_config(assay_checkpoint **out, const char *name, json_t *config, assay_error *err)
{
    assay_checkpoint *checkpoint = assay_alloc(1, sizeof *checkpoint);
    *out = NULL;
    if (checkpoint) {
        *checkpoint = (assay_checkpoint){
            .kind = ASSAY_CHECKPOINT_HF, .path = assay_strdup(name), .name = assay_strdup(name), .config = config};
        if (checkpoint->path && checkpoint->name) {
            *out = checkpoint;
            return ASSAY_OK;
        }
        checkpoint->config = NULL;
    }
    json_decref(config);
    assay_checkpoint_close(checkpoint);
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a config");
}

void assay_checkpoint_close(assay_checkpoint *checkpoint)
{
    if (!checkpoint) return;
    if (checkpoint->owns_names)
        for (size_t i = 0; i < checkpoint->weight_count; i++) assay_free(checkpoint->weights[i].tensor.name);
    for (size_t i = 0; i < checkpoint->file_count; i++) assay_tensor_file_close(checkpoint->files[i]);
    assay_gguf_close(checkpoint->gguf);
    assay_gguf_close(checkpoint->body);
    json_decref(checkpoint->config);
    assay_free(checkpoint->files);
    assay_free(checkpoint->weights);
    assay_free(checkpoint->parts);
    for (size_t i = 0; i < checkpoint->kept_count; i++) assay_free(checkpoint->kept[i]);
    assay_free(checkpoint->kept);
    assay_free(checkpoint->path);
    assay_free(checkpoint->name);
    assay_free(checkpoint);
}

/* llama.cpp's converter lays each head's rows out as pairs (i, i + half) next to each other, because it rotates
 * neighbours; Hugging Face rotates i with i + half. Row j * half + i of a head here is row 2 i + j there. (conversion
 * script, LlamaModel.permute) Of Bloom it takes the fused rows apart, head by head, and puts all q first, then all k,
 * all v. (BloomModel.modify_tensors) */
size_t assay_weight_source_row(const assay_weight *weight, size_t rows, size_t row)
{
    if (weight->permuted_heads > 0) {
        size_t head_rows = rows / (size_t)weight->permuted_heads, half = head_rows / 2, inside = row % head_rows;
        return row / head_rows * head_rows + 2 * (inside % half) + inside / half;
    }
    if (weight->grouped_heads == 0) return row;
    size_t heads = (size_t)weight->grouped_heads, d = rows / (3 * heads), head = row / (3 * d), part = row / d % 3;
    return (part * heads + head) * d + row % d;
}

size_t assay_weight_model_row(const assay_weight *weight, size_t rows, size_t row)
{
    if (weight->permuted_heads > 0) {
        size_t head_rows = rows / (size_t)weight->permuted_heads, half = head_rows / 2, inside = row % head_rows;
        return row / head_rows * head_rows + inside % 2 * half + inside / 2;
    }
    if (weight->grouped_heads == 0) return row;
    size_t heads = (size_t)weight->grouped_heads, d = rows / (3 * heads), part = row / (heads * d),
           head = row / d % heads;
    return head * 3 * d + part * d + row % d;
}

static void read_moved(const assay_weight *weight, float *dst)
{
    const assay_tensor *tensor = &weight->tensor;
    const assay_stored stored = assay_stored_tensor(tensor);
    size_t rows = tensor->shape[0];
    for (size_t row = 0; row < rows; row++)
        assay_stored_to_f32(&stored, assay_weight_source_row(weight, rows, row), 0, stored.cols,
                            dst + row * stored.cols);
}

assay_status assay_checkpoint_read(const assay_checkpoint *checkpoint, const assay_weight *weight, float *dst,
                                   assay_error *err)
{
    const assay_tensor *tensor = &weight->tensor;
    size_t elements = 0;
    if (!assay_dtype_is_weight(tensor->dtype))
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: \"%s\" is %s; a weight should be F32, F16 or BF16",
                               checkpoint->path, tensor->name, assay_dtype_name(tensor->dtype));
    if (!assay_tensor_elements(tensor, &elements))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: the shape of \"%s\" is too large", checkpoint->path,
                               tensor->name);
    if (elements == 0) return ASSAY_OK;
    const assay_stored stored = assay_stored_tensor(tensor);
    if (weight->permuted_heads > 0 || weight->grouped_heads > 0) read_moved(weight, dst);
    else assay_stored_to_f32(&stored, 0, 0, elements, dst);
    for (size_t i = 0; weight->plus_one && i < elements; i++) dst[i] -= 1;
    return ASSAY_OK;
}

static bool is_inside(const assay_tensor_file *file, uintptr_t first, size_t bytes, assay_file_place *place)
{
    uintptr_t begin = (uintptr_t)file->map.data;
    if (!begin || first < begin || first - begin > file->map.size || bytes > file->map.size - (first - begin))
        return false;
    *place = (assay_file_place){.path = file->path, .file_bytes = file->map.size, .offset = first - begin};
    return true;
}

bool assay_checkpoint_locate_bytes(const assay_checkpoint *checkpoint, const void *data, size_t bytes,
                                   assay_file_place *place)
{
    uintptr_t first = (uintptr_t)data;
    for (size_t i = 0; i < checkpoint->file_count; i++)
        if (is_inside(checkpoint->files[i], first, bytes, place)) return true;
    return (checkpoint->gguf && is_inside(assay_gguf_tensors(checkpoint->gguf), first, bytes, place)) ||
           (checkpoint->body && is_inside(assay_gguf_tensors(checkpoint->body), first, bytes, place));
}

size_t assay_checkpoint_ignore(assay_checkpoint *checkpoint, const char *const *keys, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) found += json_object_del(checkpoint->config, keys[i]) == 0;
    return found;
}

void assay_checkpoint_types(const assay_checkpoint *checkpoint, char text[ASSAY_CHECKPOINT_TYPES_SIZE])
{
    bool seen[ASSAY_DTYPE_COUNT] = {false};
    size_t used = 0;
    for (size_t i = 0; i < checkpoint->weight_count; i++)
        if (checkpoint->weights[i].tensor.rank > 1) seen[checkpoint->weights[i].tensor.dtype] = true;
    *text = '\0';
    for (int dtype = 0; dtype < ASSAY_DTYPE_COUNT && used + 16 < ASSAY_CHECKPOINT_TYPES_SIZE; dtype++)
        if (seen[dtype])
            used += (size_t)snprintf(text + used, ASSAY_CHECKPOINT_TYPES_SIZE - used, "%s%s", used ? " " : "",
                                     assay_dtype_name((assay_dtype)dtype));
}

bool assay_checkpoint_is_packed(const assay_checkpoint *checkpoint)
{
    for (size_t i = 0; i < checkpoint->weight_count; i++)
        if (assay_dtype_is_packed(checkpoint->weights[i].tensor.dtype)) return true;
    return false;
}

enum { HASHED_AT_ONCE = 16 << 20 };

typedef struct hasher {
    const assay_checkpoint *checkpoint;
    XXH3_state_t *state;
} hasher;

static void hash_grouped(XXH3_state_t *state, const assay_parts *parts)
{
    uint64_t numbers[] = {parts->bits, parts->block_cols, parts->scale_type, parts->zero_form};
    XXH3_128bits_update(state, numbers, sizeof numbers);
    if (parts->zeros) XXH3_128bits_update(state, parts->zeros, parts->zero_bytes);
    if (parts->groups) XXH3_128bits_update(state, parts->groups, parts->group_bytes);
}

static void hash_parts(XXH3_state_t *state, const assay_parts *parts)
{
    uint64_t numbers[] = {parts->block_shift, parts->map_shift, parts->round};
    XXH3_128bits_update(state, numbers, sizeof numbers);
    XXH3_128bits_update(state, parts->scales, parts->scale_bytes);
    if (parts->block_rows) {
        uint64_t blocks[] = {parts->block_rows, parts->block_cols, parts->scale_type};
        XXH3_128bits_update(state, blocks, sizeof blocks);
    }
    if (parts->bits) hash_grouped(state, parts);
    if (!parts->map) return;
    XXH3_128bits_update(state, &parts->offset, sizeof parts->offset);
    XXH3_128bits_update(state, parts->map, ASSAY_PARTS_MAP_BYTES);
    XXH3_128bits_update(state, parts->map_scales, parts->map_scale_bytes);
}

/* What is hashed of a file is let go at once: a model may be larger than memory. */
static void hash_bytes(const hasher *h, const void *data, size_t bytes)
{
    assay_file_place place;
    bool mapped = assay_checkpoint_locate_bytes(h->checkpoint, data, bytes, &place);
    for (size_t at = 0; at < bytes; at += HASHED_AT_ONCE) {
        const char *piece = (const char *)data + at;
        size_t size = assay_smaller(bytes - at, HASHED_AT_ONCE);
        XXH3_128bits_update(h->state, piece, size);
        if (mapped) assay_map_forget_bytes(piece, size);
    }
}

static void hash_weight(const hasher *h, const assay_weight *weight)
{
    XXH3_state_t *state = h->state;
    const assay_tensor *tensor = &weight->tensor;
    uint64_t numbers[ASSAY_MAX_RANK + 2] = {(uint64_t)weight->permuted_heads, (uint64_t)tensor->rank};
    for (int i = 0; i < tensor->rank; i++) numbers[i + 2] = tensor->shape[i];
    XXH3_128bits_update(state, tensor->name, strlen(tensor->name) + 1);
    XXH3_128bits_update(state, assay_dtype_name(tensor->dtype), strlen(assay_dtype_name(tensor->dtype)) + 1);
    XXH3_128bits_update(state, numbers, sizeof numbers);
    hash_bytes(h, tensor->data, tensor->bytes);
    if (tensor->parts) hash_parts(state, tensor->parts);
}

assay_status assay_checkpoint_fingerprint(const assay_checkpoint *checkpoint, char *text, assay_error *err)
{
    char *config = assay_json_dump(checkpoint->config, JSON_COMPACT | JSON_SORT_KEYS);
    ASSAY_TRY_ALLOC(config, "a fingerprint", err);
    XXH3_state_t *state = XXH3_createState();
    if (!state) {
        assay_free(config);
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a fingerprint");
    }
    XXH3_128bits_reset(state);
    XXH3_128bits_update(state, config, strlen(config) + 1);
    const hasher h = {.checkpoint = checkpoint, .state = state};
    for (size_t i = 0; i < checkpoint->weight_count; i++) hash_weight(&h, &checkpoint->weights[i]);
    for (size_t i = 0; i < checkpoint->file_count; i++) assay_map_forget(&checkpoint->files[i]->map);
    assay_hash_text(XXH3_128bits_digest(state), text);
    XXH3_freeState(state);
    assay_free(config);
    return ASSAY_OK;
}
