/* The rows are read alone: a language head of 150,000 rows is never expanded. Some families scale their logits, which
 * moves no order among texts but belongs to the difference that is promised. */
#include "model/token_head.h"

#include "base/alloc.h"
#include "model/model_tensors.h"
#include "tensor/stored.h"

#include <stdio.h>
#include <string.h>

static const assay_weight *find_module(const assay_checkpoint *checkpoint, const assay_architecture *arch,
                                       const char *module, const char *suffix)
{
    char name[ASSAY_HEAD_NAME];
    snprintf(name, sizeof name, "%s.%s", module, suffix);
    return assay_model_find_weight(checkpoint, arch, name);
}

static assay_status find_rows(const assay_checkpoint *checkpoint, const assay_model_config *config,
                              const assay_weight **out, assay_error *err)
{
    const assay_architecture *arch = config->arch;
    const json_t *tied = json_object_get(checkpoint->config, "tie_word_embeddings");
    const assay_weight *own = find_module(checkpoint, arch, arch->names->language_head, "weight");
    const assay_weight *embedding = find_module(checkpoint, arch, arch->names->embedding, "weight");
    if (find_module(checkpoint, arch, arch->names->language_head, "bias"))
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: the language head (%s) has a bias, which a head of two tokens leaves out",
                               checkpoint->name, arch->names->language_head);
    *out = own && !json_is_true(tied) ? own : embedding;
    if (!*out || (!own && json_is_false(tied)))
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "%s has no language head (tensor %s.weight) to take the tokens' rows from: give the "
                               "causal model it was made of",
                               checkpoint->name, arch->names->language_head);
    return ASSAY_OK;
}

/* Keys that scale the logits, and what they are where the config is silent; 0: the file must say it. */
typedef struct logit_scale {
    const char *family, *key;
    enum { TIMES, OVER, TIMES_OVER_HIDDEN } how;
} logit_scale;

static assay_status find_scale(const assay_checkpoint *checkpoint, const assay_model_config *config, double *scale,
                               assay_error *err)
{
    static const logit_scale scales[] = {{"cohere", "logit_scale", TIMES},
                                         {"granite", "logits_scaling", OVER},
                                         {"minicpm", "dim_model_base", TIMES_OVER_HIDDEN}};
    *scale = 1;
    for (size_t i = 0; i < sizeof scales / sizeof *scales; i++) {
        if (strcmp(config->arch->name, scales[i].family) != 0) continue;
        double value = json_number_value(json_object_get(checkpoint->config, scales[i].key));
        if (!(value > 0))
            return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                                   "%s: a %s model scales its logits, and \"%s\" of the config does not say by how "
                                   "much: take the Hugging Face folder that has it",
                                   checkpoint->name, config->arch->name, scales[i].key);
        *scale = scales[i].how == OVER ? 1 / value : value;
        if (scales[i].how == TIMES_OVER_HIDDEN) *scale /= (double)config->hidden;
    }
    return ASSAY_OK;
}

static assay_status check_logits(const assay_checkpoint *checkpoint, const assay_model_config *config, assay_error *err)
{
    enum { BAICHUAN2_ROWS = 125696 }; /* its first version has 64000, and no norm */
    const json_t *cap = json_object_get(checkpoint->config, "final_logit_softcapping");
    if (json_number_value(cap) > 0)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: \"final_logit_softcapping\" is %g: capped logits are no product with the language "
                               "head's rows. To judge by the ones before the cap: --ignore-config "
                               "final_logit_softcapping",
                               checkpoint->name, json_number_value(cap));
    if (!strcmp(config->arch->name, "baichuan") && config->vocab == BAICHUAN2_ROWS)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: Baichuan 2 norms the rows of its language head, which is not supported: take "
                               "another causal model (assay models)",
                               checkpoint->name);
    return ASSAY_OK;
}

static assay_status read_row(const assay_checkpoint *checkpoint, const assay_weight *weight, size_t hidden, size_t row,
                             float *out, assay_error *err)
{
    const assay_tensor *tensor = &weight->tensor;
    char shape[128];
    bool fits = tensor->rank == 2 && row < tensor->shape[0] && tensor->shape[1] == hidden &&
                assay_dtype_is_weight(tensor->dtype) && hidden % assay_dtype_block(tensor->dtype) == 0 &&
                weight->permuted_heads == 0 && weight->grouped_heads == 0;
    if (!fits)
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "%s: tensor %s is %s of shape %s; the row of token %zu is looked for in one of [more "
                               "than that, %zu]",
                               checkpoint->name, tensor->name, assay_dtype_name(tensor->dtype),
                               assay_shape_text(tensor, shape, sizeof shape), row, hidden);
    const assay_stored stored = assay_stored_tensor(tensor);
    assay_stored_to_f32(&stored, row, 0, hidden, out);
    return ASSAY_OK;
}

assay_status assay_token_head_read(const assay_checkpoint *checkpoint, const assay_model_config *config,
                                   const int32_t tokens[2], float *row, assay_error *err)
{
    const assay_weight *rows = NULL;
    double scale;
    ASSAY_TRY(check_logits(checkpoint, config, err));
    ASSAY_TRY(find_scale(checkpoint, config, &scale, err));
    ASSAY_TRY(find_rows(checkpoint, config, &rows, err));
    float *other = assay_alloc(config->hidden, sizeof *other);
    ASSAY_TRY_ALLOC(other, "a head", err);
    assay_status status = read_row(checkpoint, rows, config->hidden, (size_t)tokens[0], row, err);
    if (status == ASSAY_OK) status = read_row(checkpoint, rows, config->hidden, (size_t)tokens[1], other, err);
    for (size_t i = 0; status == ASSAY_OK && i < config->hidden; i++)
        row[i] = (float)(((double)row[i] - (double)other[i]) * scale);
    assay_free(other);
    return status;
}
