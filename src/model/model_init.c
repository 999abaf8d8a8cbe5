/* Shapes, and six billion random numbers in little time: a value is the sum of the four 16-bit quarters of one 64-bit
 * draw, centred and scaled. That is nearly normal (variance exact, kurtosis 2.7 instead of 3, nothing beyond 3.5
 * deviations), which is all a trial needs; Box-Muller would spend most of the time in logarithms. */
#include "model/model_init.h"

#include "base/rng.h"
#include "head/head_make.h"
#include "model/model_save_tensors.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const assay_model_shape *assay_model_shape_at(size_t index, const assay_architecture **arch)
{
    for (size_t a = 0; assay_architecture_at(a); a++)
        for (const assay_model_shape *shape = assay_architecture_at(a)->shapes; shape->name; shape++)
            if (index-- == 0) {
                if (arch) *arch = assay_architecture_at(a);
                return shape;
            }
    return NULL;
}

/* "-" and "_" are equal. */
static bool same_name(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if (*a != *b && !(strchr("-_", *a) && strchr("-_", *b))) return false;
    return *a == *b;
}

assay_status assay_model_shape_find(const assay_model_shape **out, const assay_architecture **arch, const char *name,
                                    assay_error *err)
{
    char known[1024] = "";
    for (size_t i = 0; (*out = assay_model_shape_at(i, arch)); i++) {
        if (same_name(name, (*out)->name)) return ASSAY_OK;
        strncat(known, i ? ", " : "", sizeof known - strlen(known) - 1);
        strncat(known, (*out)->name, sizeof known - strlen(known) - 1);
    }
    return assay_error_set(err, ASSAY_E_USAGE, "--arch %.80s: there is no such family or shape; there are %s", name,
                           known);
}

/* ---- config ---- */

/* The shape with another width: heads of the same size, as many as it holds, key heads only if they still divide. */
static assay_model_shape widened(const assay_model_shape *shape, const assay_init_options *options)
{
    assay_model_shape wide = *shape;
    if (options->layers) wide.layers = options->layers;
    if (options->ffn) wide.ffn = options->ffn;
    if (!options->hidden) return wide;
    wide.hidden = options->hidden;
    wide.heads = options->hidden / shape->head_dim;
    if (wide.heads % wide.kv_heads) wide.kv_heads = wide.heads;
    return wide;
}

static json_t *make_config(const assay_model_shape *shape, const assay_architecture *arch,
                           const assay_init_options *options)
{
    const assay_model_config wanted = {.arch = arch,
                                       .vocab = shape->vocab,
                                       .hidden = shape->hidden,
                                       .ffn = shape->ffn,
                                       .layers = shape->layers,
                                       .heads = shape->heads,
                                       .kv_heads = shape->kv_heads,
                                       .head_dim = shape->head_dim,
                                       .max_positions = shape->max_positions,
                                       .rope = {.base = shape->rope_base, .factor = 1},
                                       .pad_token = options->pad_token,
                                       .bos_token = options->bos_token,
                                       .eos_token = options->eos_token};
    json_t *config = arch->make_config(&wanted);
    if (!config) return NULL;
    json_object_set_new(config, arch->eps_key, json_real(shape->eps));
    if (shape->llama3_factor > 0)
        json_object_set_new(config, "rope_scaling",
                            json_pack("{s:s, s:f, s:f, s:f, s:i}", "rope_type", "llama3", "factor",
                                      shape->llama3_factor, "low_freq_factor", 1.0, "high_freq_factor", 4.0,
                                      "original_max_position_embeddings", 8192));
    return config;
}

/* What is computed is read off what is written, so the two cannot differ. */
assay_status assay_model_shape_config(const assay_model_shape *shape, const assay_architecture *arch,
                                      const assay_init_options *options, assay_model_config *out, json_t **json,
                                      assay_error *err)
{
    if (options->hidden % shape->head_dim)
        return assay_error_set(err, ASSAY_E_USAGE, "--hidden %zu: %s has heads of %zu; give a multiple of that",
                               options->hidden, shape->name, shape->head_dim);
    const assay_model_shape wide = widened(shape, options);
    json_t *config = make_config(&wide, arch, options);
    ASSAY_TRY_ALLOC(config, "a config", err);
    assay_status status = assay_model_config_read(config, shape->name, out, err);
    if (status == ASSAY_OK && json) *json = json_incref(config);
    json_decref(config);
    return status;
}

/* ---- weights ---- */

static void read_ones(const void *context, const assay_save_tensor *tensor, size_t first, size_t count, float *dst)
{
    (void)context;
    (void)first;
    for (size_t i = 0; i < count * tensor->cols; i++) dst[i] = 1;
}

static float nearly_normal(uint64_t bits)
{
    const double deviation = 37837.2272; /* of the sum of four uniform numbers below 65536 */
    uint64_t sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
    return (float)(((double)sum - 2 * 65535.0) / deviation);
}

static void read_random(const void *context, const assay_save_tensor *tensor, size_t first, size_t count, float *dst)
{
    const assay_init_options *options = context;
    assay_rng rng = {.seed = options->seed, .stream = assay_rng_stream(tensor->name), .index = first * tensor->cols};
    for (size_t i = 0; i < count * tensor->cols; i++) dst[i] = 0.02f * nearly_normal(assay_rng_u64(&rng));
}

static assay_status add(assay_save_list *list, const char *name, size_t rows, size_t cols, bool vector,
                        const assay_init_options *options, assay_error *err)
{
    bool norm = vector && strstr(name, "norm") != NULL;
    assay_save_tensor tensor = {
        .rank = vector ? 1 : 2, .from = ASSAY_F32, .context = options, .read = norm ? read_ones : read_random};
    tensor.rows = tensor.count = tensor.shape[0] = vector ? cols : rows;
    tensor.cols = tensor.shape[1] = vector ? 1 : cols;
    return assay_save_list_add(list, &tensor, name, err);
}

/* tied: the language head is the embedding. */
static assay_status list_weights(assay_save_list *list, const assay_model_config *config, bool tied,
                                 const assay_init_options *options, assay_error *err)
{
    char head[96];
    assay_program *program;
    assay_status status = ASSAY_OK;
    ASSAY_TRY(assay_decoder_program(&program, config, &(assay_decoder_options){0}, err));
    for (size_t i = 0; i < program->param_count && status == ASSAY_OK; i++) {
        const assay_param *param = &program->params[i];
        if (param->role == ASSAY_ROLE_BASE || config->head.count)
            status = add(list, param->name, param->rows, param->cols, param->vector, options, err);
    }
    assay_program_free(program);
    ASSAY_TRY(status);
    if (config->arch->frequencies) ASSAY_TRY(assay_save_list_add_frequencies(list, config, err));
    if (tied) return ASSAY_OK;
    snprintf(head, sizeof head, "%s.weight", config->arch->names->language_head);
    return add(list, head, config->vocab, config->hidden, false, options, err);
}

static const char *dtype_name(assay_dtype dtype)
{
    return dtype == ASSAY_BF16 ? "bfloat16" : dtype == ASSAY_F16 ? "float16" : "float32";
}

static assay_status write_weights(const assay_model_config *model, bool tied, const assay_init_options *options,
                                  const char *folder, assay_error *err)
{
    assay_save_list list = {0};
    assay_status status = list_weights(&list, model, tied, options, err);
    assay_save_list_set_dtype(&list, options->dtype, false);
    if (status == ASSAY_OK) status = assay_save_list_write(&list, folder, options->shard_bytes, err);
    assay_save_list_release(&list);
    return status;
}

static assay_status put_head(assay_model_config *model, json_t *config, const char *text, assay_error *err)
{
    const assay_architecture *arch = model->arch;
    if (!text) return ASSAY_OK;
    ASSAY_TRY(assay_head_make(&model->head, text, arch->names->head, model->hidden, model->head_bias, err));
    return assay_head_make_config(&model->head, config, arch->base_class, arch->sequence_class, err);
}

assay_status assay_model_init(const assay_model_shape *shape, const assay_architecture *arch,
                              const assay_init_options *options, const char *folder, assay_error *err)
{
    assay_model_config model;
    json_t *config = NULL;
    ASSAY_TRY(assay_model_shape_config(shape, arch, options, &model, &config, err));
    bool tied = json_is_true(json_object_get(config, "tie_word_embeddings"));
    json_object_set_new(config, "torch_dtype", json_string(dtype_name(options->dtype)));
    assay_status status = put_head(&model, config, options->head, err);
    if (status == ASSAY_OK) status = write_weights(&model, tied, options, folder, err);
    char *path = assay_path_join(folder, "config.json");
    if (status == ASSAY_OK && !path) status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a config");
    if (status == ASSAY_OK) status = assay_json_save(config, path, err);
    json_decref(config);
    assay_free(path);
    return status;
}
