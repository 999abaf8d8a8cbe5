#include "model/model_pack.h"

#include "base/alloc.h"
#include "model/model_save_parts.h"
#include "model/pack_rule.h"

#include <string.h>

static bool is_parted(assay_dtype type) { return type == ASSAY_NF4 || type == ASSAY_INT8; }

bool assay_model_packed_bytes(const assay_architecture *arch, const char *name, size_t rows, size_t cols,
                              assay_dtype wanted, bool nested, size_t *bytes)
{
    size_t scales = 0;
    assay_dtype type = assay_pack_rule(arch, name, cols, wanted);
    if (type == ASSAY_F32) return false;
    if (!is_parted(type)) return assay_dtype_bytes(type, rows * cols, bytes);
    if (!assay_made_parts_bytes(type, nested, rows, cols, bytes, &scales)) return false;
    *bytes += scales + sizeof(assay_parts);
    return true;
}

/* Where a matrix' bytes go. */
typedef struct memory_sink {
    uint8_t *data;
    size_t size, used;
} memory_sink;

static assay_status put_into_memory(void *context, const void *bytes, size_t size, assay_error *err)
{
    memory_sink *memory = context;
    if (size > memory->size - memory->used)
        return assay_error_set(err, ASSAY_E_FORMAT, "a packed matrix has more bytes than its shape says");
    memcpy(memory->data + memory->used, bytes, size);
    memory->used += size;
    return ASSAY_OK;
}

/* Memory that lives as long as the checkpoint. */
static assay_status take(assay_checkpoint *checkpoint, size_t bytes, const char *name, void **out, assay_error *err)
{
    *out = assay_alloc(bytes, 1);
    ASSAY_TRY_ALLOC(*out, name, err);
    return assay_checkpoint_keep(checkpoint, *out, err);
}

/* Copies the scales into one piece of memory behind what describes them, and lets go of the rest. */
static assay_status keep_parts(assay_checkpoint *checkpoint, const assay_made_parts *made, const char *name,
                               const assay_parts **out, assay_error *err)
{
    void *memory;
    const assay_parts *from = &made->parts;
    size_t map = from->map ? ASSAY_PARTS_MAP_BYTES : 0;
    ASSAY_TRY(take(checkpoint, sizeof *from + from->map_scale_bytes + map + from->scale_bytes, name, &memory, err));
    assay_parts *parts = memory;
    uint8_t *at = (uint8_t *)(parts + 1);
    *parts = *from;
    if (map) {
        memcpy(at, from->map_scales, from->map_scale_bytes);
        memcpy(at + from->map_scale_bytes, from->map, map);
        parts->map_scales = at;
        parts->map = at + from->map_scale_bytes;
    }
    parts->scales = at + from->map_scale_bytes + map;
    memcpy(at + from->map_scale_bytes + map, from->scales, from->scale_bytes);
    *out = parts;
    return ASSAY_OK;
}

static assay_status pack_parted(assay_checkpoint *checkpoint, assay_save_tensor *from, bool nested,
                                const assay_save_sink *sink, const assay_parts **parts, assay_error *err)
{
    assay_made_parts made;
    ASSAY_TRY(assay_made_parts_open(&made, from, nested, err));
    assay_status status = assay_made_parts_write(&made, from, sink, err);
    if (status == ASSAY_OK) status = keep_parts(checkpoint, &made, from->name, parts, err);
    assay_made_parts_close(&made);
    return status;
}

static assay_status pack_weight(assay_checkpoint *checkpoint, assay_weight *weight, assay_dtype type, bool nested,
                                assay_error *err)
{
    size_t scales;
    void *data;
    memory_sink memory = {0};
    const assay_save_sink sink = {.put = put_into_memory, .context = &memory};
    assay_tensor packed = weight->tensor;
    assay_save_tensor from = assay_save_tensor_of_weight(weight);
    from.name = assay_strdup(weight->tensor.name);
    ASSAY_TRY_ALLOC(from.name, "a tensor's name", err);
    from.plain = from.dtype == ASSAY_F64 ? ASSAY_F32 : from.dtype;
    from.dtype = packed.dtype = type;
    bool counted = is_parted(type) ? assay_made_parts_bytes(type, nested, from.rows, from.cols, &memory.size, &scales)
                                   : assay_dtype_bytes(type, from.rows * from.cols, &memory.size);
    assay_status status = counted ? take(checkpoint, memory.size, from.name, &data, err) : ASSAY_E_MEMORY;
    if (status == ASSAY_OK) {
        memory.data = data;
        status = is_parted(type) ? pack_parted(checkpoint, &from, nested, &sink, &packed.parts, err)
                                 : assay_save_tensor_write(&from, &sink, err);
    }
    assay_free(from.name);
    if (status != ASSAY_OK) return status;
    packed.data = memory.data;
    packed.bytes = memory.size;
    *weight = (assay_weight){.tensor = packed, .file = weight->file};
    return ASSAY_OK;
}

assay_status assay_model_pack(assay_checkpoint *checkpoint, const assay_architecture *arch, assay_dtype wanted,
                              bool nested, assay_error *err)
{
    for (size_t i = 0; i < checkpoint->weight_count; i++) {
        assay_weight *weight = &checkpoint->weights[i];
        const assay_tensor *tensor = &weight->tensor;
        bool matrix = tensor->rank == 2 && tensor->shape[0] > 0 && assay_dtype_is_weight(tensor->dtype);
        if (!matrix || assay_dtype_is_packed(tensor->dtype)) continue;
        assay_dtype type = assay_pack_rule(arch, tensor->name, tensor->shape[1], wanted);
        if (type == ASSAY_F32) continue;
        ASSAY_TRY(pack_weight(checkpoint, weight, type, nested, err));
        for (size_t f = 0; f < checkpoint->file_count; f++) assay_map_forget(&checkpoint->files[f]->map);
    }
    return ASSAY_OK;
}
