/* What is written of a model, read again: adapters bit for bit, merged weights against W + s B A in double, ChatGLM
 * as Glm row by row. That Transformers and PEFT load the same folders and score the same is
 * tests/oracle/load_back.py's. */
#include "container_check.h"

#include "container/safetensors.h"
#include "model/model_init.h"
#include "model/model_save.h"

#include <math.h>

#define MODELS "tests/data/golden/"

typedef struct bench {
    char *folder;
    assay_checkpoint *base;
    assay_adapter_file *adapter;
    assay_model *model;
} bench;

static void must(assay_status status, const assay_error *err)
{
    if (status != ASSAY_OK) fail_msg("%s", err->text);
}

static char *in(const bench *b, const char *name)
{
    char *path = assay_path_join(b->folder, name);
    assert_non_null(path);
    return path;
}

static assay_checkpoint *open_checkpoint(const char *path)
{
    assay_checkpoint *checkpoint;
    assay_error err = {0};
    must(assay_checkpoint_open(&checkpoint, path, 0, &err), &err);
    return checkpoint;
}

/* The golden adapter (rank 3, alpha 6, tensors "lora.<module>...") and the base's own head as an adapter folder. */
static void write_golden_adapter(const bench *b, const char *path, const char *golden)
{
    assay_tensor_file *file;
    assay_tensor tensors[64];
    size_t count = 0;
    const char *targets[] = {"all"};
    assay_error err = {0};
    assay_adapter_config config = {.rank = 3, .alpha = 6, .base = b->base->path, .targets = targets, .target_count = 1};
    must(assay_safetensors_open(&file, golden, &err), &err);
    for (size_t i = 0; i < file->count; i++) {
        if (strncmp(file->tensors[i].name, "lora.", 5) != 0) continue;
        tensors[count] = file->tensors[i];
        tensors[count++].name += 5;
    }
    assert_true(count > 0);
    for (size_t i = 0; i < b->base->weight_count; i++)
        if (strstr(b->base->weights[i].tensor.name, "score") ||
            strstr(b->base->weights[i].tensor.name, "classifier_head"))
            tensors[count++] = b->base->weights[i].tensor;
    must(assay_adapter_write(path, &config, tensors, count, &err), &err);
    assay_tensor_file_close(file);
}

static bench bench_open(const char *name, bool adapted)
{
    char path[256];
    assay_error err = {0};
    assay_model_options options = {.need_head = true};
    snprintf(path, sizeof path, MODELS "%s", name);
    bench b = {.folder = fresh_folder(), .base = open_checkpoint(path)};
    if (adapted) {
        char *first = in(&b, "first");
        snprintf(path, sizeof path, MODELS "%s/golden.safetensors", name);
        write_golden_adapter(&b, first, path);
        must(assay_adapter_open(&b.adapter, first, &err), &err);
        assay_free(first);
    }
    must(assay_model_open(&b.model, b.base, b.adapter, &options, &err), &err);
    return b;
}

static void bench_close(bench *b)
{
    assay_model_close(b->model);
    assay_adapter_close(b->adapter);
    assay_checkpoint_close(b->base);
    drop_folder(b->folder);
}

static float *read_named(const assay_checkpoint *checkpoint, const char *name, size_t *elements)
{
    const assay_weight *weight = assay_checkpoint_find(checkpoint, name);
    if (!weight) fail_msg("the tensor %s is missing", name);
    assert_true(assay_tensor_elements(&weight->tensor, elements));
    float *values = assay_alloc(*elements, sizeof *values);
    assert_int_equal(assay_checkpoint_read(checkpoint, weight, values, NULL), ASSAY_OK);
    return values;
}

static json_t *load_json(const char *folder, const char *name)
{
    json_t *value;
    assay_error err = {0};
    char *path = assay_path_join(folder, name);
    must(assay_json_load(path, 1 << 20, &value, &err), &err);
    assay_free(path);
    return value;
}

/* ---- adapters ---- */

/* The keys that PEFT 0.9.0 and every later one take. */
static void check_adapter_config(const char *folder, bool null_task, const char *head)
{
    static const char *const keys[] = {
        "peft_type", "task_type",      "base_model_name_or_path", "inference_mode", "r", "lora_alpha", "lora_dropout",
        "bias",      "fan_in_fan_out", "target_modules",          "modules_to_save"};
    json_t *config = load_json(folder, "adapter_config.json");
    assert_int_equal(json_object_size(config), sizeof keys / sizeof *keys);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) assert_non_null(json_object_get(config, keys[i]));
    assert_int_equal(json_is_null(json_object_get(config, "task_type")), null_task);
    assert_int_equal(*json_string_value(json_object_get(config, "base_model_name_or_path")), '/');
    assert_string_equal(json_string_value(json_array_get(json_object_get(config, "modules_to_save"), 0)), head);
    json_decref(config);
}

static void check_adapter(const char *name, const char *head)
{
    bench b = bench_open(name, true);
    const char *all[] = {"all"};
    const assay_lora_spec spec = {.rank = 3, .alpha = 6, .targets = all, .target_count = 1};
    assay_save_options options = {.lora = &spec};
    char *second = in(&b, "second");
    assay_adapter_file *again;
    assay_error err = {0};
    must(assay_model_save_adapter(b.model, &options, second, &err), &err);
    must(assay_adapter_open(&again, second, &err), &err);
    assert_int_equal(again->tensors->count, b.adapter->tensors->count);
    for (size_t i = 0; i < again->tensors->count; i++) {
        const assay_tensor *x = &again->tensors->tensors[i], *y = &b.adapter->tensors->tensors[i];
        assert_string_equal(x->name, y->name);
        assert_int_equal(x->bytes, y->bytes);
        assert_memory_equal(x->data, y->data, x->bytes);
    }
    check_adapter_config(second, b.model->config.arch->peft_task_type_null, head);
    assay_adapter_close(again);
    assay_free(second);
    bench_close(&b);
}

static void test_adapters(void **state)
{
    (void)state;
    check_adapter("llama", "score");
    check_adapter("llama3_bias", "score");
    check_adapter("qwen2", "score");
    check_adapter("chatglm", "classifier_head");
}

static void test_head_alone(void **state)
{
    (void)state;
    bench b = bench_open("llama", false);
    char *path = in(&b, "head");
    assay_adapter_file *head;
    assay_error err = {0};
    must(assay_model_save_adapter(b.model, &(assay_save_options){.base = "some/base"}, path, &err), &err);
    must(assay_adapter_open(&head, path, &err), &err);
    assert_int_equal(head->tensors->count, 1);
    assert_string_equal(head->tensors->tensors[0].name, "score.weight");
    assert_string_equal(head->config.base, "some/base");
    assert_int_equal(head->config.rank, 0);
    assay_adapter_close(head);
    assay_free(path);
    bench_close(&b);
}

/* ---- whole models ---- */

/* W + s B A in double, of the module that the weight belongs to. */
static double merged_value(const bench *b, const char *name, const float *weight, size_t row, size_t col, size_t cols)
{
    char other[256];
    int length = (int)(strlen(name) - strlen(".weight"));
    double sum = (double)weight[row * cols + col];
    snprintf(other, sizeof other, "%.*s.lora_A.weight", length, name);
    const assay_tensor *a = assay_tensor_file_find(b->adapter->tensors, other);
    if (!a) return sum;
    snprintf(other, sizeof other, "%.*s.lora_B.weight", length, name);
    const float *down = a->data, *up = assay_tensor_file_find(b->adapter->tensors, other)->data;
    for (size_t r = 0; r < a->shape[0]; r++)
        sum += 2.0 * (double)up[row * a->shape[0] + r] * (double)down[r * cols + col];
    return sum;
}

/* Rounding of three products, their sum, the scale and the sum with W, all in f32 of values around 1. */
static const double merge_tolerance = 1e-6;

static void check_merged(const bench *b, const assay_checkpoint *again, const char *name)
{
    size_t elements, same;
    float *before = read_named(b->base, name, &elements), *after = read_named(again, name, &same);
    assert_int_equal(elements, same);
    const assay_tensor *tensor = &assay_checkpoint_find(again, name)->tensor;
    size_t cols = tensor->rank > 1 ? tensor->shape[1] : 1, changed = 0;
    for (size_t i = 0; i < elements; i++) {
        double wanted = merged_value(b, name, before, i / cols, i % cols, cols);
        if (fabs((double)after[i] - wanted) > merge_tolerance)
            fail_msg("%s[%zu]: %g, expected %g", name, i, (double)after[i], wanted);
        changed += after[i] < before[i] || after[i] > before[i];
    }
    bool adapted = strstr(name, "proj.weight") || strstr(name, "dense") || strstr(name, "query_key_value.weight");
    assert_int_equal(changed > 0, adapted);
    assay_free(before);
    assay_free(after);
}

static void check_reward_config(const char *folder, const char *class_name, const char *dtype_key, const char *dtype)
{
    json_t *config = load_json(folder, "config.json");
    assert_string_equal(json_string_value(json_array_get(json_object_get(config, "architectures"), 0)), class_name);
    assert_int_equal(json_object_size(json_object_get(config, "id2label")), 1);
    assert_int_equal(json_object_size(json_object_get(config, "label2id")), 1);
    assert_int_equal(json_integer_value(json_object_get(config, "pad_token_id")), 7);
    assert_string_equal(json_string_value(json_object_get(config, "problem_type")), "regression");
    assert_string_equal(
        json_string_value(json_object_get(json_object_get(config, "sentence_transformers"), "activation_fn")),
        "torch.nn.modules.linear.Identity");
    assert_string_equal(json_string_value(json_object_get(config, dtype_key)), dtype);
    json_decref(config);
}

static void check_full(const char *name, const char *class_name, const char *dtype_key)
{
    bench b = bench_open(name, true);
    char *path = in(&b, "full");
    assay_error err = {0};
    double offset = 1;
    must(assay_model_save_full(b.model, &(assay_save_options){.pad_token = 7, .score_offset = &offset}, path, &err),
         &err);
    assert_true(offset == 0);
    assay_checkpoint *again = open_checkpoint(path);
    assert_null(assay_checkpoint_find(again, "lm_head.weight"));
    for (size_t i = 0; i < b.base->weight_count; i++) check_merged(&b, again, b.base->weights[i].tensor.name);
    /* ChatGLM's own class holds its output layer, which is kept, and a table of frequencies, which is made where the
     * base has none. */
    bool table =
        b.model->config.arch->frequencies && !assay_checkpoint_find(b.base, "transformer.rotary_pos_emb.inv_freq");
    assert_int_equal(again->weight_count, b.base->weight_count + table);
    if (table) assert_non_null(assay_checkpoint_find(again, "transformer.rotary_pos_emb.inv_freq"));
    check_reward_config(path, class_name, dtype_key, "float32");
    assay_checkpoint_close(again);
    assay_free(path);
    bench_close(&b);
}

static void test_full(void **state)
{
    (void)state;
    check_full("llama", "LlamaForSequenceClassification", "torch_dtype");
    check_full("llama3_bias", "LlamaForSequenceClassification", "torch_dtype");
    check_full("qwen2", "Qwen2ForSequenceClassification", "dtype"); /* as Transformers 5 spells it */
    check_full("chatglm", "ChatGLMForSequenceClassification", "torch_dtype");
}

/* 16-bit files hold the f32 result, rounded once; shards hold what one file holds. */
static void test_types_and_shards(void **state)
{
    static const assay_dtype types[] = {ASSAY_F32, ASSAY_BF16, ASSAY_F16};
    (void)state;
    bench b = bench_open("llama", true);
    char *whole = in(&b, "whole");
    assay_error err = {0};
    must(assay_model_save_full(b.model, &(assay_save_options){.pad_token = -1}, whole, &err), &err);
    assay_checkpoint *exact = open_checkpoint(whole);
    for (size_t t = 0; t < 3; t++) {
        char *path = in(&b, assay_dtype_name(types[t])), *index = assay_path_join(path, "model.safetensors.index.json");
        must(assay_model_save_full(
                 b.model, &(assay_save_options){.dtype = types[t], .shard_bytes = 20000, .pad_token = -1}, path, &err),
             &err);
        assert_true(assay_path_exists(index));
        assay_checkpoint *again = open_checkpoint(path);
        assert_int_equal(again->weight_count, exact->weight_count);
        assert_true(again->file_count > 1);
        for (size_t i = 0; i < exact->weight_count; i++) {
            size_t count, same;
            float *wanted = read_named(exact, exact->weights[i].tensor.name, &count),
                  *found = read_named(again, exact->weights[i].tensor.name, &same);
            for (size_t j = 0; j < count; j++) {
                if (types[t] == ASSAY_BF16) wanted[j] = assay_bf16_to_f32(assay_f32_to_bf16(wanted[j]));
                if (types[t] == ASSAY_F16) wanted[j] = assay_f16_to_f32(assay_f32_to_f16(wanted[j]));
            }
            assert_memory_equal(wanted, found, count * sizeof(float));
            assay_free(wanted);
            assay_free(found);
        }
        assay_checkpoint_close(again);
        assay_free(index);
        assay_free(path);
    }
    assay_checkpoint_close(exact);
    assay_free(whole);
    bench_close(&b);
}

/* ---- ChatGLM as Glm ---- */

static void check_rows(const assay_checkpoint *from, const char *from_name, size_t first, const assay_checkpoint *to,
                       const char *to_name)
{
    size_t all, part;
    float *whole = read_named(from, from_name, &all), *rows = read_named(to, to_name, &part);
    const assay_tensor *tensor = &assay_checkpoint_find(to, to_name)->tensor;
    size_t cols = tensor->rank > 1 ? tensor->shape[1] : 1;
    assert_true(first * cols + part <= all);
    assert_memory_equal(whole + first * cols, rows, part * sizeof(float));
    assay_free(whole);
    assay_free(rows);
}

static void check_glm(const assay_checkpoint *own, const assay_checkpoint *glm, const assay_model_config *c)
{
    char from[128], to[128];
    static const char *const parts[] = {"q", "k", "v"}, *const kinds[] = {"weight", "bias"};
    size_t q = c->heads * c->head_dim, kv = c->kv_heads * c->head_dim, first[] = {0, q, q + kv};
    for (size_t layer = 0; layer < c->layers; layer++) {
        for (size_t i = 0; i < 6; i++) {
            snprintf(from, sizeof from, "transformer.encoder.layers.%zu.self_attention.query_key_value.%s", layer,
                     kinds[i % 2]);
            snprintf(to, sizeof to, "model.layers.%zu.self_attn.%s_proj.%s", layer, parts[i / 2], kinds[i % 2]);
            check_rows(own, from, first[i / 2], glm, to);
        }
        snprintf(from, sizeof from, "transformer.encoder.layers.%zu.mlp.dense_h_to_4h.weight", layer);
        snprintf(to, sizeof to, "model.layers.%zu.mlp.gate_up_proj.weight", layer);
        check_rows(own, from, 0, glm, to);
    }
    check_rows(own, "classifier_head.weight", 0, glm, "score.weight");
    check_rows(own, "transformer.embedding.word_embeddings.weight", 0, glm, "model.embed_tokens.weight");
    assert_null(assay_checkpoint_find(glm, "classifier_head.bias"));
    assert_null(assay_checkpoint_find(glm, "lm_head.weight"));
}

static void test_chatglm_is_saved_as_glm(void **state)
{
    (void)state;
    bench b = bench_open("chatglm", true);
    char *own_path = in(&b, "own"), *glm_path = in(&b, "glm");
    assay_error err = {0};
    double offset = 0;
    size_t one;
    assay_model *model;
    must(assay_model_save_full(b.model, &(assay_save_options){.pad_token = 7}, own_path, &err), &err);
    must(assay_model_save_full(b.model,
                               &(assay_save_options){.format = ASSAY_SAVE_GLM, .pad_token = 7, .score_offset = &offset},
                               glm_path, &err),
         &err);
    assay_checkpoint *own = open_checkpoint(own_path), *glm = open_checkpoint(glm_path);
    check_glm(own, glm, &b.model->config);
    check_reward_config(glm_path, "GlmForSequenceClassification", "torch_dtype", "float32");
    float *bias = read_named(own, "classifier_head.bias", &one);
    assert_true(offset == (double)*bias && offset != 0);
    assay_free(bias);
    must(assay_model_open(&model, glm, NULL, &(assay_model_options){.need_head = true}, &err), &err);
    assert_string_equal(model->config.arch->name, "glm");
    assert_int_equal(model->config.rotary, b.model->config.rotary);
    assert_true(model->config.adjacent && model->config.qkv_bias && model->config.eps == b.model->config.eps);
    assay_model_close(model);
    assay_checkpoint_close(own);
    assay_checkpoint_close(glm);
    assay_free(own_path);
    assay_free(glm_path);
    bench_close(&b);
}

/* A base without a head stays one, and its language model head travels. */
static void test_glm_base(void **state)
{
    (void)state;
    const assay_model_shape *shape;
    const assay_architecture *arch;
    char *folder = fresh_folder(), *base_path = assay_path_join(folder, "base"),
         *glm_path = assay_path_join(folder, "glm");
    assay_error err = {0};
    must(assay_model_shape_find(&shape, &arch, "chatglm3", &err), &err);
    must(assay_make_dirs(base_path, &err), &err);
    must(assay_model_init(shape, arch, &(assay_init_options){.seed = 1, .dtype = ASSAY_BF16}, base_path, &err), &err);
    assay_checkpoint *base = open_checkpoint(base_path);
    must(assay_model_convert(base, &(assay_save_options){.keep_dtype = true, .format = ASSAY_SAVE_GLM, .pad_token = -1},
                             glm_path, &err),
         &err);
    assay_checkpoint *glm = open_checkpoint(glm_path);
    check_rows(base, "transformer.output_layer.weight", 0, glm, "lm_head.weight");
    assert_int_equal(assay_checkpoint_find(glm, "lm_head.weight")->tensor.dtype, ASSAY_BF16);
    json_t *config = load_json(glm_path, "config.json");
    assert_string_equal(json_string_value(json_array_get(json_object_get(config, "architectures"), 0)),
                        "GlmForCausalLM");
    assert_null(json_object_get(config, "id2label"));
    json_decref(config);
    json_object_set_new(base->config, "add_bias_linear", json_true());
    assert_int_equal(assay_model_convert(base, &(assay_save_options){.format = ASSAY_SAVE_GLM}, glm_path, &err),
                     ASSAY_E_UNSUPPORTED);
    assert_non_null(strstr(err.text, "add_bias_linear"));
    assay_checkpoint_close(glm);
    assay_checkpoint_close(base);
    assay_free(base_path);
    assay_free(glm_path);
    drop_folder(folder);
}

/* ---- conversion ---- */

static void check_convert(const char *from, bool keep)
{
    char *folder = fresh_folder(), *path = assay_path_join(folder, "out");
    assay_error err = {0};
    assay_checkpoint *before = open_checkpoint(from);
    must(assay_model_convert(before, &(assay_save_options){.keep_dtype = keep, .pad_token = -1}, path, &err), &err);
    assay_checkpoint *after = open_checkpoint(path);
    size_t kept = 0;
    for (size_t i = 0; i < before->weight_count; i++) {
        const char *name = before->weights[i].tensor.name;
        size_t count, same;
        bool dropped = !strncmp(name, "lm_head", 7);
        if (dropped) continue;
        float *x = read_named(before, name, &count), *y = read_named(after, name, &same);
        assert_int_equal(count, same);
        assert_memory_equal(x, y, count * sizeof *x);
        assay_free(x);
        assay_free(y);
        kept++;
    }
    assert_true(kept > 0);
    assert_int_equal(after->weight_count, kept); /* these files have a reward head: no language model head beside it */
    assay_checkpoint_close(after);
    assay_checkpoint_close(before);
    assay_free(path);
    drop_folder(folder);
}

/* llama's q and k come out of GGUF's order; every block type comes out as f32. */
static void test_convert_gguf(void **state)
{
    (void)state;
    check_convert(GOLDEN "llama.gguf", true);
    check_convert(GOLDEN "llama.gguf", false);
}

static void test_convert_refuses_classes(void **state)
{
    (void)state;
    bench b = bench_open("llama", false);
    assay_error err = {0};
    for (size_t i = 0; i < b.base->weight_count; i++) {
        assay_tensor *tensor = &b.base->weights[i].tensor;
        if (strcmp(tensor->name, "score.weight") != 0) continue;
        tensor->shape[0] = 2;
        tensor->shape[1] /= 2;
    }
    assert_int_equal(assay_model_convert(b.base, &(assay_save_options){.pad_token = -1}, b.folder, &err),
                     ASSAY_E_UNSUPPORTED);
    assert_non_null(strstr(err.text, "score.weight"));
    assert_int_equal(assay_model_convert(b.base, &(assay_save_options){.format = ASSAY_SAVE_GLM}, b.folder, &err),
                     ASSAY_E_UNSUPPORTED);
    bench_close(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_adapters),
        cmocka_unit_test(test_head_alone),
        cmocka_unit_test(test_full),
        cmocka_unit_test(test_types_and_shards),
        cmocka_unit_test(test_chatglm_is_saved_as_glm),
        cmocka_unit_test(test_glm_base),
        cmocka_unit_test(test_convert_gguf),
        cmocka_unit_test(test_convert_refuses_classes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
