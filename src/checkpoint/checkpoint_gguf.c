/* A GGUF file seen as a Hugging Face checkpoint: tensor names translated, rows of q and k marked as permuted, config
 * made from the metadata (checkpoint_gguf_config.c).
 *
 * Names: llama.cpp, gguf-py/gguf/constants.py (TENSOR_NAMES) and tensor_mapping.py. Only llama's converter permutes
 * (LlamaModel.permute in convert_hf_to_gguf.py); it does so for q and k, weight and bias. A tensor without a
 * translation is an error: leaving a weight out silently would give another model. */
#include "base/text.h"
#include "checkpoint/checkpoint_private.h"
#include "checkpoint/gguf_names.h"

#include <string.h>

/* A config without key heads has as many as query heads. */
static json_int_t head_count(const json_t *config, bool keys)
{
    const json_t *groups = keys ? json_object_get(config, "num_key_value_heads") : NULL;
    return json_integer_value(groups ? groups : json_object_get(config, "num_attention_heads"));
}

static assay_status mark_permuted(const json_t *config, const char *gguf_name, assay_weight *weight, assay_error *err)
{
    bool q = assay_text_ends(gguf_name, ".attn_q.weight") || assay_text_ends(gguf_name, ".attn_q.bias");
    bool k = assay_text_ends(gguf_name, ".attn_k.weight") || assay_text_ends(gguf_name, ".attn_k.bias");
    if (!q && !k) return ASSAY_OK;
    json_int_t heads = head_count(config, k);
    bool whole = weight->tensor.rank >= 1 && weight->tensor.rank <= 2 && heads > 0 &&
                 weight->tensor.shape[0] % (2 * (size_t)heads) == 0;
    if (!whole || (weight->tensor.rank == 1 && assay_dtype_is_packed(weight->tensor.dtype)))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: \"%s\" does not divide into %lld heads", weight->file,
                               gguf_name, (long long)heads);
    weight->permuted_heads = weight->tensor.shape[0] ? (int)heads : 0;
    return ASSAY_OK;
}

static assay_status mark_grouped(const json_t *config, const char *gguf_name, assay_weight *weight, assay_error *err)
{
    if (!assay_text_ends(gguf_name, ".attn_qkv.weight") && !assay_text_ends(gguf_name, ".attn_qkv.bias"))
        return ASSAY_OK;
    json_int_t heads = json_integer_value(json_object_get(config, "n_head"));
    bool whole = heads > 0 && weight->tensor.rank >= 1 && weight->tensor.shape[0] % (3 * (size_t)heads) == 0;
    if (!whole || (weight->tensor.rank == 1 && assay_dtype_is_packed(weight->tensor.dtype)))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: \"%s\" does not divide into %lld heads", weight->file,
                               gguf_name, (long long)heads);
    weight->grouped_heads = weight->tensor.shape[0] ? (int)heads : 0;
    return ASSAY_OK;
}

assay_status assay_gguf_mark_order(const assay_gguf_family *family, const json_t *config, const char *gguf_name,
                                   assay_weight *weight, assay_error *err)
{
    weight->plus_one = family->norm_plus_one && weight->tensor.rank == 1 && strstr(gguf_name, "norm");
    if (family->grouped_qkv) return mark_grouped(config, gguf_name, weight, err);
    return family->permuted ? mark_permuted(config, gguf_name, weight, err) : ASSAY_OK;
}

static assay_status add_weight(assay_checkpoint *checkpoint, const assay_gguf_family *family,
                               const assay_tensor *tensor, assay_error *err)
{
    if (!strcmp(tensor->name, "rope_freqs.weight")) return ASSAY_OK; /* became rope_scaling in the config */
    bool memory = false;
    char *name = assay_gguf_name_to_hf(family, tensor->name, &memory);
    if (!name)
        return memory
                   ? assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a tensor's name")
                   : assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: the tensor \"%s\" is not known in architecture %s",
                                     checkpoint->path, tensor->name, family->name);
    assay_weight *weight = &checkpoint->weights[checkpoint->weight_count++];
    *weight = (assay_weight){.tensor = *tensor, .file = assay_path_base(checkpoint->path)};
    weight->tensor.name = name;
    return assay_gguf_mark_order(family, checkpoint->config, tensor->name, weight, err);
}

static const assay_gguf_family *family_of(const assay_gguf *gguf)
{
    const char *name = "";
    assay_gguf_string(gguf, "general.architecture", &name, NULL);
    for (size_t i = 0; assay_architecture_at(i); i++) {
        const assay_gguf_family *family = assay_architecture_at(i)->gguf;
        if (family && !strcmp(family->name, name)) return family;
    }
    return NULL;
}

static assay_status find_family(const assay_checkpoint *checkpoint, const assay_gguf_family **out, assay_error *err)
{
    const char *name = "";
    char known[512] = "";
    if (!assay_gguf_string(checkpoint->gguf, "general.architecture", &name, NULL))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: the metadata has no general.architecture", checkpoint->path);
    *out = family_of(checkpoint->gguf);
    if (*out) return ASSAY_OK;
    for (size_t i = 0; assay_architecture_at(i); i++) {
        const assay_gguf_family *family = assay_architecture_at(i)->gguf;
        if (!family) continue;
        strncat(known, *known ? ", " : "", sizeof known - strlen(known) - 1);
        strncat(known, family->name, sizeof known - strlen(known) - 1);
    }
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: GGUF architecture \"%s\"; supported are %s", checkpoint->path,
                           name, known);
}

assay_status assay_checkpoint_load_gguf(assay_checkpoint *checkpoint, unsigned flags, assay_error *err)
{
    const assay_gguf_family *family = NULL;
    if (!assay_text_ends(checkpoint->path, ".gguf"))
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: a model is a folder with config.json or a .gguf file",
                               checkpoint->path);
    ASSAY_TRY(assay_gguf_open(&checkpoint->gguf, checkpoint->path, err));
    ASSAY_TRY(find_family(checkpoint, &family, err));
    const assay_tensor_file *file = assay_gguf_tensors(checkpoint->gguf);
    checkpoint->owns_names = true;
    ASSAY_TRY(assay_checkpoint_gguf_config(checkpoint, family, err));
    if (flags & ASSAY_CHECKPOINT_CONFIG_ONLY) return ASSAY_OK;
    if (file->count == 0)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: no tensors (a vocabulary only)", checkpoint->path);
    checkpoint->weights = assay_alloc(file->count, sizeof *checkpoint->weights);
    ASSAY_TRY_ALLOC(checkpoint->weights, "a list of weights", err);
    for (size_t i = 0; i < file->count; i++) ASSAY_TRY(add_weight(checkpoint, family, &file->tensors[i], err));
    return ASSAY_OK;
}

/* ---- a packed body beside a config.json ---- */

static assay_status add_body_weight(assay_checkpoint *checkpoint, const assay_gguf_family *family,
                                    const assay_tensor *tensor, assay_error *err)
{
    bool memory = false;
    char *name = family ? assay_gguf_name_to_hf(family, tensor->name, &memory) : NULL;
    bool translated = name != NULL;
    if (!name && !memory) name = assay_strdup(tensor->name);
    ASSAY_TRY_ALLOC(name, "a tensor's name", err);
    assay_weight *weight = &checkpoint->weights[checkpoint->weight_count++];
    *weight = (assay_weight){.tensor = *tensor, .file = ASSAY_BODY_FILE};
    weight->tensor.name = name;
    return translated ? assay_gguf_mark_order(family, checkpoint->config, tensor->name, weight, err) : ASSAY_OK;
}

assay_status assay_checkpoint_load_body(assay_checkpoint *checkpoint, const char *path, assay_error *err)
{
    ASSAY_TRY(assay_gguf_open(&checkpoint->body, path, err));
    const assay_tensor_file *file = assay_gguf_tensors(checkpoint->body);
    const assay_gguf_family *family = family_of(checkpoint->body);
    checkpoint->owns_names = true;
    checkpoint->weights = assay_alloc(file->count, sizeof *checkpoint->weights);
    ASSAY_TRY_ALLOC(checkpoint->weights, "a list of weights", err);
    for (size_t i = 0; i < file->count; i++) ASSAY_TRY(add_body_weight(checkpoint, family, &file->tensors[i], err));
    return ASSAY_OK;
}
