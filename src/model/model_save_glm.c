/* ChatGLM2/3 (and GLM-4's remote layout) as Transformers' Glm. The two descriptors name the same modules, so most of
 * the work is a renaming from one column to the other; the fused qkv's rows [heads * d | kv_heads * d | kv_heads * d]
 * are cut in three, and gate_up_proj has the halves where dense_h_to_4h has them. Reference: Transformers,
 * models/glm/convert_glm_weights_to_hf.py. */
#include "model/model_save_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 320 };

/* The module's layer number when the path is the pattern with a number in it, -1 for a pattern without; false: another
 * module. */
static bool matches(const char *pattern, const char *path, size_t length, long *layer)
{
    const char *mark = strstr(pattern, "%d");
    *layer = -1;
    if (!mark) return strlen(pattern) == length && !strncmp(pattern, path, length);
    size_t head = (size_t)(mark - pattern);
    char *end;
    if (length <= head || strncmp(pattern, path, head) != 0 || path[head] < '0' || path[head] > '9') return false;
    *layer = strtol(path + head, &end, 10);
    size_t tail = strlen(mark + 2), rest = (size_t)(path + length - end);
    return end <= path + length && rest == tail && !strncmp(end, mark + 2, tail);
}

static void format_name(char *out, const char *pattern, long layer, const char *suffix)
{
    const char *mark = strstr(pattern, "%d");
    if (mark) snprintf(out, NAME, "%.*s%ld%s%s", (int)(mark - pattern), pattern, layer, mark + 2, suffix);
    else snprintf(out, NAME, "%s%s", pattern, suffix);
}

static assay_status add_rows(assay_save_list *list, const assay_save_tensor *tensor, size_t first, size_t count,
                             const char *pattern, long layer, const char *suffix, assay_error *err)
{
    char name[NAME];
    assay_save_tensor part = *tensor;
    format_name(name, pattern, layer, suffix);
    part.first = first;
    part.count = part.shape[0] = count;
    return assay_save_list_add(list, &part, name, err);
}

static const assay_module_names *native_names(const assay_model_config *model)
{
    return assay_architecture_find(model->arch->native)->names;
}

static assay_status add_qkv(assay_save_list *list, const assay_save_tensor *tensor, const assay_model_config *model,
                            long layer, const char *suffix, assay_error *err)
{
    const assay_module_names *names = native_names(model);
    size_t q = model->heads * model->head_dim, kv = model->kv_heads * model->head_dim;
    if (tensor->rows != q + 2 * kv)
        return assay_error_set(err, ASSAY_E_FORMAT, "tensor %s has %zu rows, the config asks for %zu", tensor->name,
                               tensor->rows, q + 2 * kv);
    ASSAY_TRY(add_rows(list, tensor, 0, q, names->q, layer, suffix, err));
    ASSAY_TRY(add_rows(list, tensor, q, kv, names->k, layer, suffix, err));
    return add_rows(list, tensor, q + kv, kv, names->v, layer, suffix, err);
}

static const char *other_name(const assay_model_config *model, const char *path, size_t length, long *layer)
{
    const assay_module_names *from = model->arch->names, *to = native_names(model);
    const char *const pairs[][2] = {{from->embedding, to->embedding},
                                    {from->input_norm, to->input_norm},
                                    {from->post_norm, to->post_norm},
                                    {from->final_norm, to->final_norm},
                                    {from->out, to->out},
                                    {from->gate_up, to->gate_up},
                                    {from->down, to->down},
                                    {from->head, to->head},
                                    {from->language_head, to->language_head}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (matches(pairs[i][0], path, length, layer)) return pairs[i][1];
    return NULL;
}

static assay_status translate(assay_save_list *list, const assay_save_tensor *tensor, const assay_model_config *model,
                              double *offset, assay_error *err)
{
    long layer;
    const char *suffix = strrchr(tensor->name, '.');
    bool weight = suffix && !strcmp(suffix, ".weight"), bias = suffix && !strcmp(suffix, ".bias");
    if (model->arch->frequencies && !strcmp(tensor->name, model->arch->frequencies))
        return ASSAY_OK; /* Glm forms its own */
    size_t length = suffix ? (size_t)(suffix - tensor->name) : 0;
    if ((weight || bias) && matches(model->arch->names->qkv, tensor->name, length, &layer))
        return add_qkv(list, tensor, model, layer, suffix, err);
    if (bias && matches(model->arch->names->head, tensor->name, length, &layer)) {
        float value;
        assay_dtype_to_f32(tensor->from, tensor->data, &value, 1);
        *offset = (double)value;
        return ASSAY_OK;
    }
    const char *name = weight ? other_name(model, tensor->name, length, &layer) : NULL;
    if (name) return add_rows(list, tensor, 0, tensor->rows, name, layer, suffix, err);
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "tensor %s has no place in Transformers' Glm", tensor->name);
}

assay_status assay_save_glm_list(assay_save_list *list, const assay_model_config *model, double *offset,
                                 assay_error *err)
{
    assay_save_list out = {0};
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < list->count && status == ASSAY_OK; i++)
        status = translate(&out, &list->items[i], model, offset, err);
    if (status != ASSAY_OK) {
        assay_save_list_release(&out);
        return status;
    }
    assay_save_list_release(list);
    *list = out;
    return ASSAY_OK;
}

static void copy_or_null(json_t *config, const json_t *base, const char *key)
{
    json_t *value = json_object_get(base, key);
    json_object_set_new(config, key, value ? json_deep_copy(value) : json_null());
}

assay_status assay_save_glm_config(const assay_model_config *model, const json_t *base, const char *where, json_t **out,
                                   assay_error *err)
{
    if (!model->arch->native)
        return assay_error_set(err, ASSAY_E_USAGE, "%s: --format glm is for ChatGLM2 and 3, this is %s", where,
                               model->arch->name);
    if (model->out_bias || model->mlp_bias)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: \"add_bias_linear\" is true; Transformers' Glm has no such biases", where);
    const assay_architecture *native = assay_architecture_find(model->arch->native);
    json_t *config = native->make_config(model), *eps = json_object_get(base, model->arch->eps_key);
    ASSAY_TRY_ALLOC(config, "a config", err);
    double partial = (double)model->rotary / (double)model->head_dim;
    if (json_is_number(eps)) json_object_set(config, native->eps_key, eps); /* as it was written, not through f32 */
    json_object_set_new(config, "rope_parameters",
                        json_pack("{s:s, s:f, s:f}", "rope_type", "default", "rope_theta", model->rope.base,
                                  "partial_rotary_factor", partial));
    json_object_set_new(config, "rope_theta", json_real(model->rope.base));
    json_object_set_new(config, "tie_word_embeddings", json_false());
    copy_or_null(config, base, "bos_token_id"); /* Glm's defaults lie behind ChatGLM's vocabulary: always said */
    copy_or_null(config, base, "eos_token_id");
    copy_or_null(config, base, "pad_token_id");
    if (json_object_get(base, "dtype")) json_object_set_new(config, "dtype", json_null());
    *out = config;
    return ASSAY_OK;
}
