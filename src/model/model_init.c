/* Shapes, and six billion random numbers in little time: a value is the sum of the four 16-bit quarters of one 64-bit
 * draw, centred and scaled. That is nearly normal (variance exact, kurtosis 2.7 instead of 3, nothing beyond 3.5
 * deviations), which is all a trial needs; Box-Muller would spend most of the time in logarithms. */
#include "model/model_init.h"

#include "base/rng.h"
#include "model/model_save_tensors.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const assay_model_shape shapes[] = {
    {"chatglm2", &assay_arch_chatglm, true, 320, 64, 176, 2, 4, 2, 16, 2048, 1e-5, 10000, 0},
    {"chatglm3", &assay_arch_chatglm, true, 320, 64, 176, 2, 4, 2, 16, 2048, 1e-5, 10000, 0},
    {"llama", &assay_arch_llama, true, 320, 64, 176, 2, 4, 2, 16, 2048, 1e-5, 10000, 0},
    {"qwen2", &assay_arch_qwen2, true, 320, 64, 176, 2, 4, 2, 16, 2048, 1e-6, 1000000, 0},
    {"glm", &assay_arch_glm, true, 320, 64, 176, 2, 4, 2, 16, 2048, 1e-5, 10000, 0},
    {"chatglm2-6b", &assay_arch_chatglm, false, 65024, 4096, 13696, 28, 32, 2, 128, 32768, 1e-5, 10000, 0},
    {"chatglm3-6b", &assay_arch_chatglm, false, 65024, 4096, 13696, 28, 32, 2, 128, 8192, 1e-5, 10000, 0},
    {"qwen2.5-0.5b", &assay_arch_qwen2, false, 151936, 896, 4864, 24, 14, 2, 64, 32768, 1e-6, 1000000, 0},
    {"llama-3.2-1b", &assay_arch_llama, false, 128256, 2048, 8192, 16, 32, 8, 64, 131072, 1e-5, 500000, 32},
    {"smollm2-135m", &assay_arch_llama, false, 49152, 576, 1536, 30, 9, 3, 64, 8192, 1e-5, 100000, 0},
};

const assay_model_shape *assay_model_shape_at(size_t index)
{
    return index < sizeof shapes / sizeof *shapes ? &shapes[index] : NULL;
}

assay_status assay_model_shape_find(const assay_model_shape **out, const char *name, assay_error *err)
{
    char known[512] = "";
    for (size_t i = 0; assay_model_shape_at(i); i++) {
        *out = &shapes[i];
        if (!strcmp(name, shapes[i].name)) return ASSAY_OK;
        snprintf(known + strlen(known), sizeof known - strlen(known), "%s%s", i ? ", " : "", shapes[i].name);
    }
    return assay_error_set(err, ASSAY_E_USAGE, "--arch %.80s: there is no such family or shape; there are %s", name,
                           known);
}

void assay_model_shape_config(const assay_model_shape *shape, const assay_init_options *options,
                              assay_model_config *out)
{
    bool glm = shape->arch == &assay_arch_chatglm || shape->arch == &assay_arch_glm;
    *out = (assay_model_config){.arch = shape->arch,
                                .vocab = shape->vocab,
                                .hidden = shape->hidden,
                                .ffn = shape->ffn,
                                .heads = shape->heads,
                                .kv_heads = shape->kv_heads,
                                .head_dim = shape->head_dim,
                                .max_positions = shape->max_positions,
                                .eps = (float)shape->eps};
    out->layers = options->layers ? options->layers : shape->layers;
    out->rotary = glm ? shape->head_dim / 2 : shape->head_dim;
    out->adjacent = glm;
    out->rope = (assay_rope_config){.base = shape->rope_base, .factor = 1};
    if (shape->llama3_factor > 0)
        out->rope = (assay_rope_config){.base = shape->rope_base,
                                        .scaling = ASSAY_ROPE_LLAMA3,
                                        .factor = shape->llama3_factor,
                                        .low_freq_factor = 1,
                                        .high_freq_factor = 4,
                                        .original_positions = 8192};
    out->qkv_bias = shape->arch != &assay_arch_llama;
    out->head_bias = shape->arch == &assay_arch_chatglm;
    out->pad_token = options->pad_token;
    out->bos_token = options->bos_token;
    out->eos_token = options->eos_token;
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

static assay_status list_weights(assay_save_list *list, const assay_model_config *config,
                                 const assay_init_options *options, assay_error *err)
{
    assay_program *program;
    assay_status status = ASSAY_OK;
    ASSAY_TRY(assay_decoder_program(&program, config, &(assay_decoder_options){0}, err));
    for (size_t i = 0; i < program->param_count && status == ASSAY_OK; i++) {
        const assay_param *param = &program->params[i];
        if (param->role == ASSAY_ROLE_BASE)
            status = add(list, param->name, param->rows, param->cols, param->vector, options, err);
    }
    assay_program_free(program);
    ASSAY_TRY(status);
    if (config->arch == &assay_arch_chatglm) {
        ASSAY_TRY(assay_save_list_add_frequencies(list, config, err));
        return add(list, "transformer.output_layer.weight", config->vocab, config->hidden, false, options, err);
    }
    if (config->arch == &assay_arch_glm)
        return add(list, "lm_head.weight", config->vocab, config->hidden, false, options, err);
    return ASSAY_OK; /* tied to the embedding */
}

/* ---- config ---- */

static json_t *make_config(const assay_model_shape *shape, const assay_model_config *model, assay_dtype dtype)
{
    json_t *config = shape->arch->make_config(model);
    if (!config) return NULL;
    json_object_set_new(config, model->arch == &assay_arch_chatglm ? "layernorm_epsilon" : "rms_norm_eps",
                        json_real(shape->eps));
    json_object_set_new(config, "torch_dtype",
                        json_string(dtype == ASSAY_BF16  ? "bfloat16"
                                    : dtype == ASSAY_F16 ? "float16"
                                                         : "float32"));
    if (shape->llama3_factor > 0)
        json_object_set_new(config, "rope_scaling",
                            json_pack("{s:s, s:f, s:f, s:f, s:i}", "rope_type", "llama3", "factor",
                                      shape->llama3_factor, "low_freq_factor", 1.0, "high_freq_factor", 4.0,
                                      "original_max_position_embeddings", 8192));
    return config;
}

assay_status assay_model_init(const assay_model_shape *shape, const assay_init_options *options, const char *folder,
                              assay_error *err)
{
    assay_model_config model;
    assay_save_list list = {0};
    assay_model_shape_config(shape, options, &model);
    ASSAY_TRY(assay_config_check(&model, shape->name, err));
    assay_status status = list_weights(&list, &model, options, err);
    assay_save_list_set_dtype(&list, options->dtype, false);
    if (status == ASSAY_OK) status = assay_save_list_write(&list, folder, options->shard_bytes, err);
    assay_save_list_release(&list);
    ASSAY_TRY(status);
    json_t *config = make_config(shape, &model, options->dtype);
    char *path = assay_path_join(folder, "config.json");
    status = config && path ? assay_json_save(config, path, err)
                            : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a config");
    json_decref(config);
    assay_free(path);
    return status;
}
