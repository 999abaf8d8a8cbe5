/* convert --quantize. To a block type: the matrices of a body are written under llama.cpp's names, in the
 * order its converter lays rows out, where the family's table knows them; what the table does not know keeps its name.
 * Head, norms and biases stay whole; vectors are f32 as llama.cpp has them, since 1 + w of a bf16 w is none. Rows that
 * a block of 256 does not divide take the type of blocks of 32 with one bit more, as llama.cpp does; rows that 32 does
 * not divide stay whole. To NF4 or INT8: linear layers alone are packed, as bitsandbytes replaces them, and all else
 * stays as it is. */
#include "base/text.h"
#include "checkpoint/gguf_names.h"
#include "model/lora.h"
#include "model/model_save_private.h"
#include "quant/parts_make.h"

#include <math.h>
#include <string.h>

static assay_dtype type_for(assay_dtype wanted, size_t cols)
{
    assay_dtype small = wanted == ASSAY_Q4_K ? ASSAY_Q5_0 : wanted == ASSAY_Q5_K ? ASSAY_Q5_1 : ASSAY_Q8_0;
    return cols % assay_dtype_block(wanted) == 0 ? wanted : small;
}

static bool is_head(const assay_architecture *arch, const char *name)
{
    const char *head = arch->names->head;
    return !strncmp(name, head, strlen(head)) && name[strlen(head)] == '.';
}

static bool is_packed_in_blocks(const assay_architecture *arch, const assay_save_tensor *tensor)
{
    return tensor->rank == 2 && tensor->cols > 0 && tensor->cols % ASSAY_GROUP == 0 &&
           assay_dtype_is_weight(tensor->from) && !is_head(arch, tensor->name);
}

/* X.weight of a linear layer: what an adapter could go to. */
static bool is_linear(const assay_architecture *arch, const assay_save_tensor *tensor)
{
    const char *modules[9], *name = tensor->name;
    size_t count = assay_lora_modules(arch, modules), length = strlen(name);
    if (tensor->rank != 2 || tensor->cols == 0 || tensor->count == 0 || !assay_dtype_is_weight(tensor->from))
        return false;
    if (!assay_text_ends(name, ".weight")) return false;
    size_t end = length - strlen(".weight");
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(modules[i]);
        bool fits = end > size && name[end - size - 1] == '.';
        if (fits && !strncmp(name + end - size, modules[i], size)) return true;
    }
    return false;
}

static void pack_linear(assay_save_list *list, const assay_architecture *arch, assay_dtype wanted)
{
    for (size_t i = 0; i < list->count; i++) {
        assay_save_tensor *tensor = &list->items[i];
        if (!is_linear(arch, tensor)) continue;
        tensor->plain = tensor->dtype == ASSAY_F64 ? ASSAY_F32 : tensor->dtype;
        tensor->dtype = wanted;
    }
}

/* Base files may leave out the model's prefix; the table has names with it. */
static assay_status rename_tensor(assay_save_tensor *tensor, const assay_architecture *arch, const json_t *config,
                                  assay_error *err)
{
    bool memory = false;
    char text[320];
    if (!arch->gguf) return ASSAY_OK;
    char *name =
        assay_gguf_name_of_hf(arch->gguf, assay_save_full_name(arch, tensor->name, text, sizeof text), &memory);
    if (memory) return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a tensor's name");
    if (!name) return ASSAY_OK;
    assay_weight order = {.tensor = {.rank = tensor->rank, .dtype = tensor->from}, .file = tensor->name};
    memcpy(order.tensor.shape, tensor->shape, sizeof order.tensor.shape);
    assay_status status = assay_gguf_mark_order(arch->gguf, config, name, &order, err);
    tensor->stored = order;
    assay_free(tensor->name);
    tensor->name = name;
    return status;
}

assay_status assay_save_pack_list(assay_save_list *list, const assay_architecture *arch, const json_t *config,
                                  assay_dtype wanted, assay_error *err)
{
    if (wanted == ASSAY_NF4 || wanted == ASSAY_INT8) {
        pack_linear(list, arch, wanted);
        return ASSAY_OK;
    }
    for (size_t i = 0; i < list->count; i++) {
        assay_save_tensor *tensor = &list->items[i];
        if (is_packed_in_blocks(arch, tensor)) tensor->dtype = type_for(wanted, tensor->cols);
        else if (assay_dtype_is_weight(tensor->from) && tensor->rank == 1) tensor->dtype = ASSAY_F32;
        ASSAY_TRY(rename_tensor(tensor, arch, config, err));
    }
    return ASSAY_OK;
}

assay_status assay_save_pack_report(const assay_save_list *list, json_t **out, assay_error *err)
{
    json_t *rows = json_array();
    bool whole = rows != NULL;
    for (size_t i = 0; whole && i < list->count; i++) {
        const assay_save_tensor *t = &list->items[i];
        if (!assay_dtype_is_packed(t->dtype)) continue;
        double error = t->squares > 0 ? sqrt(t->lost / t->squares) : 0;
        json_t *row = json_pack("{s:s, s:s, s:f}", "name", t->name, "type", assay_dtype_name(t->dtype), "error", error);
        if (t->dtype == ASSAY_NF4 && t->cols % ASSAY_NF4_BLOCK)
            whole = json_object_set_new(row, "blocks_cross_rows", json_true()) == 0;
        whole = json_array_append_new(rows, row) == 0 && whole;
    }
    *out = rows;
    if (whole) return ASSAY_OK;
    json_decref(rows);
    *out = NULL;
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the list of packed tensors");
}
