/* convert --quantize. Block types are written under llama.cpp's names, in the order its converter lays rows out, where
 * the family's table knows them; what the table does not know keeps its name. Vectors are f32 as llama.cpp has them,
 * since 1 + w of a bf16 w is none. With NF4 and INT8 all that is not packed stays as it is. What is packed says
 * pack_rule.c. */
#include "checkpoint/gguf_names.h"
#include "model/model_save_private.h"
#include "model/pack_rule.h"
#include "quant/parts_make.h"

#include <math.h>
#include <string.h>

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
    bool blocks = wanted != ASSAY_NF4 && wanted != ASSAY_INT8;
    for (size_t i = 0; i < list->count; i++) {
        assay_save_tensor *tensor = &list->items[i];
        bool weight = assay_dtype_is_weight(tensor->from), matrix = weight && tensor->rank == 2 && tensor->count > 0;
        assay_dtype type = matrix ? assay_pack_rule(arch, tensor->name, tensor->cols, wanted) : ASSAY_F32;
        tensor->plain = tensor->dtype == ASSAY_F64 ? ASSAY_F32 : tensor->dtype;
        if (type != ASSAY_F32) tensor->dtype = type;
        else if (blocks && weight && tensor->rank == 1) tensor->dtype = ASSAY_F32;
        if (blocks) ASSAY_TRY(rename_tensor(tensor, arch, config, err));
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
