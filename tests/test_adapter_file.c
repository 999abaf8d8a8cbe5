/* PEFT adapters: one saved by PEFT reads, one written here reads back with PEFT's own tensor bytes, older
 * names are understood, what is not supported is refused by its key. */
#include "checkpoint/adapter_file.h"
#include "container/safetensors.h"

#include "container_check.h"

#include <math.h>

static assay_adapter_file *open_good(const char *folder)
{
    assay_adapter_file *adapter;
    assay_error err = {0};
    if (assay_adapter_open(&adapter, folder, &err) != ASSAY_OK) fail_msg("%s: %s", folder, err.text);
    return adapter;
}

static void reads_what_peft_saved(void **state)
{
    (void)state;
    assert_true(assay_is_adapter_folder(GOLDEN "adapter"));
    assert_false(assay_is_adapter_folder(GOLDEN "hf_safetensors"));
    assay_adapter_file *adapter = open_good(GOLDEN "adapter");
    assert_int_equal(adapter->tensors->count, 5);
    golden_check_file("adapter_tensors", adapter->tensors);
    const assay_adapter_config *config = &adapter->config;
    assert_int_equal(config->rank, 4);
    assert_true(fabs(config->alpha - 10) < 1e-12 && fabs(config->dropout - 0.05) < 1e-12);
    assert_string_equal(config->base, "some/base");
    assert_int_equal(config->target_count, 2);
    assert_false(config->target_is_pattern);
    assert_int_equal(config->saved_module_count, 2);
    assert_string_equal(config->saved_modules[1], "score");
    assert_false(config->task_type_null);
    assert_int_equal(json_integer_value(json_object_get(config->rank_pattern, "v_proj")), 2);
    assay_adapter_close(adapter);
}

static void writes_what_it_reads(void **state)
{
    char *root = fresh_folder(), *folder = assay_path_join(root, "deep/adapter"),
         *path = assay_path_join(folder, "adapter_model.safetensors");
    assay_mapping mine, theirs;
    (void)state;
    assay_adapter_file *adapter = open_good(GOLDEN "adapter");
    assert_int_equal(
        assay_adapter_write(folder, &adapter->config, adapter->tensors->tensors, adapter->tensors->count, NULL),
        ASSAY_OK);
    assert_int_equal(assay_map_open(&mine, path, NULL), ASSAY_OK);
    assert_int_equal(assay_map_open(&theirs, GOLDEN "adapter/adapter_model.safetensors", NULL), ASSAY_OK);
    assert_int_equal(mine.size, theirs.size); /* PEFT's tensor file, byte for byte */
    assert_memory_equal(mine.data, theirs.data, mine.size);
    assay_adapter_file *again = open_good(folder);
    assert_int_equal(again->config.rank, 4);
    assert_int_equal(again->config.target_count, 2);
    assert_true(json_equal(again->config.rank_pattern, adapter->config.rank_pattern));
    assay_adapter_close(again);
    assay_adapter_close(adapter);
    assay_map_close(&mine);
    assay_map_close(&theirs);
    assay_free(path);
    assay_free(folder);
    drop_folder(root);
}

/* Head only: no rank, no targets; task_type null for models whose forward does not take output_attentions. */
static void keeps_a_head_alone(void **state)
{
    static float weight[4] = {1, 2, 3, 4};
    const char *modules[] = {"classifier_head"};
    char *folder = fresh_folder();
    assay_tensor head = {"classifier_head.weight", ASSAY_F32, 2, {1, 4}, weight, sizeof weight, NULL};
    assay_adapter_config config = {
        .alpha = 1, .saved_modules = modules, .saved_module_count = 1, .task_type_null = true};
    (void)state;
    assert_int_equal(assay_adapter_write(folder, &config, &head, 1, NULL), ASSAY_OK);
    assay_adapter_file *adapter = open_good(folder);
    assert_int_equal(adapter->config.rank, 0);
    assert_int_equal(adapter->config.target_count, 0);
    assert_true(adapter->config.task_type_null);
    assert_null(adapter->config.base);
    assert_string_equal(adapter->tensors->tensors[0].name, "classifier_head.weight");
    assay_adapter_close(adapter);
    drop_folder(folder);
}

static void put_adapter(const char *folder, const char *config, const assay_tensor *tensors, size_t count)
{
    char *path = assay_path_join(folder, "adapter_config.json");
    put_file(path, config, strlen(config));
    assay_free(path);
    path = assay_path_join(folder, "adapter_model.safetensors");
    assert_int_equal(assay_safetensors_write(path, tensors, count, NULL, NULL, NULL), ASSAY_OK);
    assay_free(path);
}

static void understands_older_names(void **state)
{
    static float zeros[64];
    static const assay_tensor tensors[] = {
        {"base_model.model.a.q.lora_A.default.weight", ASSAY_F32, 2, {2, 4}, zeros, 32, NULL},
        {"a.q.lora_B.default.weight", ASSAY_F32, 2, {3, 2}, zeros, 24, NULL},
        {"base_model.model.score.modules_to_save.default.weight", ASSAY_F32, 2, {1, 4}, zeros, 16, NULL},
        {"base_model.model.head.modules_to_save.bias", ASSAY_F32, 1, {4}, zeros, 16, NULL},
        {"base_model.model.score.original_module.weight", ASSAY_F32, 2, {1, 4}, zeros, 16, NULL},
        {"base_model.model.model.defaults.default.weight", ASSAY_F32, 1, {1}, zeros, 4, NULL}};
    static const char *const names[] = {"a.q.lora_A.weight", "a.q.lora_B.weight", "head.bias",
                                        "model.defaults.default.weight", "score.weight"};
    char *folder = fresh_folder();
    (void)state;
    put_adapter(folder, "{\"peft_type\": \"LORA\", \"r\": 2, \"target_modules\": \"all-linear\"}", tensors, 6);
    assay_adapter_file *adapter = open_good(folder);
    assert_int_equal(adapter->tensors->count, 5);
    for (size_t i = 0; i < 5; i++) assert_string_equal(adapter->tensors->tensors[i].name, names[i]);
    assert_true(adapter->config.target_is_pattern);
    assay_adapter_close(adapter);
    drop_folder(folder);
}

static void refuses_bad_tensors(void **state)
{
    static float zeros[64];
    static const struct {
        assay_tensor tensors[2];
        const char *message;
    } cases[] = {
        {{{"a.lora_A.weight", ASSAY_F32, 2, {2, 4}, zeros, 32, NULL},
          {"b.lora_B.weight", ASSAY_F32, 2, {3, 2}, zeros, 24, NULL}},
         "without its lora_"},
        {{{"a.lora_A.weight", ASSAY_F32, 2, {2, 4}, zeros, 32, NULL},
          {"a.lora_B.weight", ASSAY_F32, 2, {3, 1}, zeros, 12, NULL}},
         "does not fit its lora_"},
        {{{"a.lora_A.weight", ASSAY_F32, 2, {0, 4}, zeros, 0, NULL},
          {"a.lora_B.weight", ASSAY_F32, 2, {3, 0}, zeros, 0, NULL}},
         "does not fit its lora_"},
        {{{"a.lora_embedding_A", ASSAY_F32, 2, {2, 4}, zeros, 32, NULL}, {"s", ASSAY_F32, 1, {1}, zeros, 4, NULL}},
         "neither a LoRA matrix"},
        {{{"a.lora_magnitude_vector", ASSAY_F32, 1, {4}, zeros, 16, NULL}, {"s", ASSAY_F32, 1, {1}, zeros, 4, NULL}},
         "neither a LoRA matrix"},
        {{{"a.lora_B.bias", ASSAY_F32, 1, {4}, zeros, 16, NULL}, {"s", ASSAY_F32, 1, {1}, zeros, 4, NULL}},
         "neither a LoRA matrix"},
        {{{"score.weight", ASSAY_I32, 1, {4}, zeros, 16, NULL}, {"s", ASSAY_F32, 1, {1}, zeros, 4, NULL}}, "is I32"},
        {{{"score.weight", ASSAY_F32, 1, {4}, zeros, 16, NULL},
          {"base_model.model.score.weight", ASSAY_F32, 1, {4}, zeros, 16, NULL}},
         "twice"}};
    char *folder = fresh_folder();
    assay_adapter_file *adapter;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assay_error err = {0};
        put_adapter(folder, "{\"peft_type\": \"LORA\"}", cases[i].tensors, 2);
        assert_int_not_equal(assay_adapter_open(&adapter, folder, &err), ASSAY_OK);
        if (!strstr(err.text, cases[i].message)) fail_msg("case %zu said \"%s\"", i, err.text);
    }
    drop_folder(folder);
}

static void refuses_what_changes_the_mathematics(void **state)
{
    static const char *const cases[][2] = {
        {"[]", "should be a JSON object"},
        {"{}", "\"peft_type\" is null"},
        {"{\"peft_type\": \"IA3\"}", "\"peft_type\" is IA3"},
        {"{\"peft_type\": \"LORA\", \"use_dora\": true}", "\"use_dora\": true"},
        {"{\"peft_type\": \"LORA\", \"bias\": \"all\"}", "\"bias\": \"all\""},
        {"{\"peft_type\": \"LORA\", \"lora_bias\": true}", "\"lora_bias\""},
        {"{\"peft_type\": \"LORA\", \"fan_in_fan_out\": true}", "\"fan_in_fan_out\""},
        {"{\"peft_type\": \"LORA\", \"layer_replication\": [[0, 2]]}", "\"layer_replication\""},
        {"{\"peft_type\": \"LORA\", \"trainable_token_indices\": [1]}", "\"trainable_token_indices\""},
        {"{\"peft_type\": \"LORA\", \"init_lora_weights\": \"pissa\"}", "\"init_lora_weights\": \"pissa\""},
        {"{\"peft_type\": \"LORA\", \"r\": 0}", "\"r\" is 0"},
        {"{\"peft_type\": \"LORA\", \"r\": \"8\"}", "\"r\" should be"},
        {"{\"peft_type\": \"LORA\", \"lora_dropout\": 1.0}", "\"lora_dropout\""},
        {"{\"peft_type\": \"LORA\", \"target_modules\": [1]}", "\"target_modules\""},
        {"{\"peft_type\": \"LORA\", \"target_modules\": 3}", "\"target_modules\""},
        {"{\"peft_type\": \"LORA\", \"modules_to_save\": \"score\"}", "\"modules_to_save\""},
        {"{\"peft_type\": \"LORA\", \"rank_pattern\": {\"q\": 0}}", "\"rank_pattern\""},
    };
    char *folder = fresh_folder();
    assay_adapter_file *adapter;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assay_error err = {0};
        put_adapter(folder, cases[i][0], NULL, 0);
        assert_int_not_equal(assay_adapter_open(&adapter, folder, &err), ASSAY_OK);
        assert_null(adapter);
        if (!strstr(err.text, cases[i][1])) fail_msg("%s said \"%s\"", cases[i][0], err.text);
    }
    drop_folder(folder);
}

static void check_scale(const assay_adapter_config *config, const char *module, double expected)
{
    double scale = 0;
    assert_int_equal(assay_adapter_scale(config, module, 4, &scale, NULL), ASSAY_OK);
    assert_true(fabs(scale - expected) < 1e-12);
}

static void scales_like_peft(void **state)
{
    assay_adapter_config config = {.rank = 4, .alpha = 8};
    double scale;
    (void)state;
    config.alpha_pattern = json_pack("{s:i, s:i}", "q_proj", 2, "layers\\.[01]\\.mlp", 12);
    check_scale(&config, "model.layers.0.self_attn.q_proj", 0.5);
    check_scale(&config, "q_proj", 0.5);
    check_scale(&config, "model.layers.0.self_attn.xq_proj", 2);
    check_scale(&config, "model.layers.1.mlp", 3);
    check_scale(&config, "model.layers.2.mlp", 2);
    config.rslora = true;
    check_scale(&config, "model.layers.1.mlp", 6);
    json_object_set_new(config.alpha_pattern, "(", json_integer(1));
    assert_int_equal(assay_adapter_scale(&config, "x", 4, &scale, NULL), ASSAY_E_FORMAT);
    json_decref(config.alpha_pattern);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_peft_saved), cmocka_unit_test(writes_what_it_reads),
        cmocka_unit_test(keeps_a_head_alone),    cmocka_unit_test(understands_older_names),
        cmocka_unit_test(refuses_bad_tensors),   cmocka_unit_test(refuses_what_changes_the_mathematics),
        cmocka_unit_test(scales_like_peft)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
