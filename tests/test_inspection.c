/* What inspect finds wrong: every fault put in must be named. */
#include "container_check.h"

#include "checkpoint/checkpoint_write.h"
#include "model/model_init.h"
#include "task/inspection.h"
#include "tokenizer/tokenizer_save.h"

static void must(assay_status status, const assay_error *err)
{
    if (status != ASSAY_OK) fail_msg("%s", err->text);
}

static char *tiny(const char *name)
{
    const assay_model_shape *shape;
    const assay_architecture *arch;
    assay_error err = {0};
    char *folder = fresh_folder();
    must(assay_model_shape_find(&shape, &arch, name, &err), &err);
    must(assay_model_init(shape, arch,
                          &(assay_init_options){.seed = 1, .pad_token = 259, .bos_token = 256, .eos_token = 258},
                          folder, &err),
         &err);
    must(assay_tokenizer_save_bytes(folder, &err), &err);
    return folder;
}

/* problem NULL: there must be none. */
static void expect(const char *path, const char *kind, bool supported, const char *problem)
{
    json_t *report, *value;
    size_t index;
    bool found = problem == NULL;
    assay_error err = {0};
    must(assay_inspect(path, &report, &err), &err);
    assert_string_equal(json_string_value(json_object_get(report, "kind")), kind);
    assert_int_equal(json_is_true(json_object_get(report, "supported")), supported);
    const json_t *problems = json_object_get(report, "problems");
    if (!problem) assert_int_equal(json_array_size(problems), 0);
    json_array_foreach(problems, index, value) found = found || strstr(json_string_value(value), problem) != NULL;
    if (!found) fail_msg("%s: \"%s\" is not among the problems", path, problem);
    json_decref(report);
}

static void change_config(const char *folder, const char *key, json_t *value)
{
    char *path = assay_path_join(folder, "config.json");
    json_t *config;
    assay_error err = {0};
    must(assay_json_load(path, 1 << 20, &config, &err), &err);
    json_object_set_new(config, key, value);
    must(assay_json_save(config, path, &err), &err);
    json_decref(config);
    assay_free(path);
}

static void test_checkpoints(void **state)
{
    (void)state;
    char *folder = tiny("llama");
    expect(folder, "checkpoint", true, NULL);
    change_config(folder, "intermediate_size", json_integer(177));
    expect(folder, "checkpoint", false,
           "model.layers.0.mlp.gate_proj.weight has shape [176, 64], the config asks for [177, 64]");
    change_config(folder, "intermediate_size", json_integer(176));
    change_config(folder, "num_hidden_layers", json_integer(3));
    expect(folder, "checkpoint", false, "model.layers.2.input_layernorm.weight is missing");
    expect(folder, "checkpoint", false, "9 tensors are missing in all");
    change_config(folder, "num_hidden_layers", json_integer(2));
    change_config(folder, "model_type", json_string("gpt2"));
    expect(folder, "checkpoint", false, "model_type \"gpt2\" is not supported");
    change_config(folder, "model_type", json_string("llama"));
    char *weights = assay_path_join(folder, "model.safetensors"), *metrics = assay_path_join(folder, "metrics.jsonl");
    put_file(metrics, "", 0);
    expect(folder, "run", true, NULL);
    assert_int_equal(unlink(weights), 0);
    expect(folder, "run", false, "no weights here");
    assay_free(weights);
    assay_free(metrics);
    drop_folder(folder);
}

/* A vocabulary smaller than the tokenizer's: rewritten with 100 rows, all else the same. */
static void test_small_vocabulary(void **state)
{
    (void)state;
    char *folder = tiny("qwen2"), *other = fresh_folder();
    assay_checkpoint *checkpoint;
    assay_error err = {0};
    must(assay_checkpoint_open(&checkpoint, folder, 0, &err), &err);
    assay_tensor *tensors = assay_alloc(checkpoint->weight_count, sizeof *tensors);
    for (size_t i = 0; i < checkpoint->weight_count; i++) {
        tensors[i] = checkpoint->weights[i].tensor;
        if (strcmp(tensors[i].name, "model.embed_tokens.weight") != 0) continue;
        tensors[i].shape[0] = 100;
        tensors[i].bytes = 100 * tensors[i].shape[1] * sizeof(float);
    }
    must(assay_checkpoint_write_sharded(other, tensors, checkpoint->weight_count, NULL, NULL, ASSAY_SHARD_BYTES, &err),
         &err);
    must(assay_tokenizer_save(folder, NULL, other, NULL, &err), &err);
    char *from = assay_path_join(folder, "config.json"), *to = assay_path_join(other, "config.json");
    must(assay_file_copy(from, to, &err), &err);
    change_config(other, "vocab_size", json_integer(100));
    expect(other, "checkpoint", true, "ids up to 259, the model's vocabulary ends at 99");
    assay_free(tensors);
    assay_free(from);
    assay_free(to);
    assay_checkpoint_close(checkpoint);
    drop_folder(folder);
    drop_folder(other);
}

/* What PEFT's SEQ_CLS leaves of a ChatGLM: adapters, and no head. */
static void write_headless(const char *path, const char *base)
{
    static const char module[] = "transformer.encoder.layers.0.self_attention.query_key_value";
    static const float zeros[128 * 2];
    char names[2][128];
    assay_error err = {0};
    const char *targets[] = {"query_key_value"};
    snprintf(names[0], sizeof names[0], "%s.lora_A.weight", module);
    snprintf(names[1], sizeof names[1], "%s.lora_B.weight", module);
    const assay_tensor tensors[] = {
        {.name = names[0], .rank = 2, .shape = {2, 64}, .data = zeros, .bytes = 2 * 64 * 4},
        {.name = names[1], .rank = 2, .shape = {128, 2}, .data = zeros, .bytes = 128 * 2 * 4}};
    const assay_adapter_config config = {.rank = 2, .alpha = 4, .base = base, .targets = targets, .target_count = 1};
    must(assay_adapter_write(path, &config, tensors, 2, &err), &err);
}

static void test_lost_head(void **state)
{
    (void)state;
    char *base = tiny("chatglm3"), *adapter = fresh_folder();
    write_headless(adapter, base);
    expect(adapter, "adapter", false, "the adapter has lost its head: no classifier_head in it");
    write_headless(adapter, "/no/such/base");
    expect(adapter, "adapter", false, "the adapter has lost its head: no classifier_head in it");
    expect(adapter, "adapter", false, "the base: ");
    drop_folder(base);
    drop_folder(adapter);
}

/* The type of token_embd.weight in a copy of the file becomes IQ2_XS (17). */
static void expect_foreign_type(void)
{
    static const char name[] = "token_embd.weight";
    char *data, *folder = fresh_folder(), *path = assay_path_join(folder, "iq2_xs.gguf");
    size_t size;
    uint32_t rank;
    assert_int_equal(assay_file_read(GOLDEN "llama.gguf", 1 << 20, &data, &size, NULL), ASSAY_OK);
    char *at = memmem(data, size, name, sizeof name - 1);
    assert_non_null(at);
    at += sizeof name - 1;
    memcpy(&rank, at, sizeof rank);
    at[sizeof rank + 8 * rank] = 17;
    put_file(path, data, size);
    expect(path, "gguf", false, "\"token_embd.weight\" has the type IQ2_XS");
    assay_free(data);
    assay_free(path);
    drop_folder(folder);
}

static void test_files(void **state)
{
    (void)state;
    expect_foreign_type();
    expect(GOLDEN "mixed.safetensors", "safetensors", false, "a file of tensors alone is not a model");
    expect("tests/data/tokenizer/smollm.gguf", "gguf", false, "llama.embedding_length"); /* a vocabulary alone */
    expect("src", "unknown", false, "no config.json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_checkpoints), cmocka_unit_test(test_small_vocabulary),
                                       cmocka_unit_test(test_lost_head), cmocka_unit_test(test_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
