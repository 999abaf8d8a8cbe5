/* Checkpoints that went wrong elsewhere: every config-, adapter-, head- and quantised- file of the shared cases
 * (ASSAY_SHARED, else ../shared; skipped where they are not). A case names a patch or tensors; the folder is the shared
 * tiny Llama reward model with them put in, and what must come out is the reference's score, or a refusal that names
 * what is there. A file that no test here reads fails: a new case is not passed over. */
#include "container_check.h"

#include "base/alloc.h"
#include "base/json_doc.h"
#include "checkpoint/adapter_file.h"
#include "container/safetensors.h"

#include <assay.h>
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HIDDEN = 64, VOCABULARY = 320, MORE = 16 };

static char *shared_path(const char *folder, const char *name)
{
    char path[512];
    const char *root = getenv("ASSAY_SHARED");
    snprintf(path, sizeof path, "%s/data/%s/%s", root ? root : "../shared", folder, name);
    return assay_strdup(path);
}

/* The whole file, for the caller to free; skips the test where it is not. */
static json_t *shared_case(const char *name)
{
    json_t *json = NULL;
    char *path = shared_path("cases", name);
    bool there = assay_json_load(path, 1 << 20, &json, NULL) == ASSAY_OK;
    if (!there) print_message("skipped: %s is not here\n", path);
    assay_free(path);
    if (!there) skip();
    return json;
}

/* The text of the rope cases: 85 tokens, more than the windows below. */
static char *case_text(void)
{
    json_t *rope = shared_case("config-rope.json");
    char *text = assay_strdup(json_string_value(json_object_get(rope, "text")));
    json_decref(rope);
    return text;
}

/* ---- folders ---- */

static const float zeros[VOCABULARY * HIDDEN];

static assay_tensor zero_tensor(const char *name, size_t rows, size_t columns)
{
    return (assay_tensor){.name = name,
                          .dtype = ASSAY_F32,
                          .rank = columns ? 2 : 1,
                          .shape = {rows, columns},
                          .data = zeros,
                          .bytes = rows * (columns ? columns : 1) * sizeof(float)};
}

/* The tiny model's tensors and `more` of them. */
static void write_weights(const char *folder, const assay_tensor *more, size_t count)
{
    char *from = shared_path("models/tiny-llama-rm", "model.safetensors"),
         *to = assay_path_join(folder, "model.safetensors");
    assay_tensor_file *file;
    assert_int_equal(assay_safetensors_open(&file, from, NULL), ASSAY_OK);
    assay_tensor *all = assay_alloc(file->count + count, sizeof *all);
    memcpy(all, file->tensors, file->count * sizeof *all);
    if (count) memcpy(all + file->count, more, count * sizeof *all);
    assert_int_equal(assay_safetensors_write(to, all, file->count + count, NULL, NULL, NULL), ASSAY_OK);
    assay_free(all);
    assay_tensor_file_close(file);
    assay_free(from);
    assay_free(to);
}

static void write_config(const char *folder, const json_t *patch)
{
    char *from = shared_path("models/tiny-llama-rm", "config.json"), *to = assay_path_join(folder, "config.json");
    json_t *config = NULL;
    assert_int_equal(assay_json_load(from, 1 << 20, &config, NULL), ASSAY_OK);
    if (patch) assert_int_equal(json_object_update(config, assay_json_lent(patch)), 0);
    assert_int_equal(assay_json_save(config, to, NULL), ASSAY_OK);
    json_decref(config);
    assay_free(from);
    assay_free(to);
}

static char *patched_folder(const json_t *patch, const assay_tensor *more, size_t count)
{
    static const char *const files[] = {"tokenizer.json", "tokenizer_config.json"};
    char *folder = fresh_folder();
    for (size_t i = 0; i < 2; i++) {
        char *from = shared_path("models/tiny-llama-rm", files[i]), *to = assay_path_join(folder, files[i]);
        assert_int_equal(assay_file_copy(from, to, NULL), ASSAY_OK);
        assay_free(from);
        assay_free(to);
    }
    write_weights(folder, more, count);
    write_config(folder, patch);
    return folder;
}

/* ---- scores ---- */

/* NAN where it is refused; the sentence is then in `failure`. */
static double score(const char *folder, const char *adapter, const char *text, assay_failure *failure)
{
    const assay_setting settings[] = {
        {"model", folder}, {"precision", "f32"}, {"threads", "1"}, {"adapter", adapter ? adapter : ""}};
    assay_scorer *scorer;
    double *scores, found = NAN;
    size_t total;
    json_t *row = json_pack("{s:s}", "text", text);
    char *line = assay_json_dump(row, JSON_COMPACT);
    const char *lines[] = {line};
    if (assay_scorer_open(&scorer, settings, adapter ? 4 : 3, NULL, failure) == 0) {
        if (assay_scorer_score_lines(scorer, lines, 1, &scores, NULL, &total, failure)) fail_msg("%s", failure->text);
        found = scores[0];
        assay_release(scores);
        assay_scorer_close(scorer);
    }
    assay_free(line);
    json_decref(row);
    return found;
}

static double score_patched(const json_t *patch, const assay_tensor *more, size_t count, assay_failure *failure)
{
    char *text = case_text(), *folder = patched_folder(patch, more, count);
    double found = score(folder, NULL, text, failure);
    drop_folder(folder);
    assay_free(text);
    return found;
}

/* 1e-6: f32 sums of 64 in another order than PyTorch's, where the score is of the order of 1. */
static void expect_score(const json_t *patch, const json_t *expected, const char *name)
{
    assay_failure failure = {0};
    double found = score_patched(patch, NULL, 0, &failure), wanted = json_number_value(expected);
    assert_true(json_is_number(expected));
    if (!(fabs(found - wanted) < 1e-6)) fail_msg("%s: %.9g, the reference %.9g. %s", name, found, wanted, failure.text);
}

static void expect_refusal(const json_t *patch, const assay_tensor *more, size_t count, const char *says)
{
    assay_failure failure = {0};
    double found = score_patched(patch, more, count, &failure);
    if (!isnan(found)) fail_msg("%s: scored %.9g", says, found);
    if (!strstr(failure.text, says)) fail_msg("does not name %s: %s", says, failure.text);
}

/* ---- the cases ---- */

static void test_rope(void **state)
{
    (void)state;
    json_t *rope = shared_case("config-rope.json"), *one;
    size_t i;
    json_array_foreach(json_object_get(rope, "cases"), i, one)
        expect_score(json_object_get(one, "patch"), json_object_get(one, "reference"),
                     json_string_value(json_object_get(one, "name")));
    assert_true(i >= 5);
    json_decref(rope);
}

static void test_is_causal_false(void **state)
{
    (void)state;
    json_t *file = shared_case("config-is-causal-false.json");
    expect_refusal(json_object_get(file, "patch"), NULL, 0, "--ignore-config is_causal");
    json_decref(file);
}

static void test_pad_equals_eos(void **state)
{
    (void)state;
    json_t *file = shared_case("config-pad-equals-eos.json");
    expect_score(json_object_get(file, "patch"), json_object_get(file, "reference"), "pad equals eos");
    json_decref(file);
}

static void test_two_labels(void **state)
{
    (void)state;
    json_t *file = shared_case("config-two-labels-message.json");
    expect_refusal(json_object_get(file, "patch"), NULL, 0, "id2label has 2: a, b");
    json_decref(file);
}

/* A Qwen2 whose biases are zero is the Llama, so that every patch, which gives no layer a window, has its score. */
static void test_qwen2_windows_unused(void **state)
{
    (void)state;
    json_t *file = shared_case("config-qwen2-window-unused.json"), *one;
    const char *patches = "patches refused although no layer has a window", *modules = "qkv";
    char names[6][64];
    assay_tensor biases[6];
    assay_failure failure = {0};
    size_t i;
    for (i = 0; i < 6; i++) {
        snprintf(names[i], sizeof names[i], "model.layers.%zu.self_attn.%c_proj.bias", i / 3, modules[i % 3]);
        biases[i] = zero_tensor(names[i], i % 3 ? 32 : 64, 0);
    }
    double expected = score_patched(NULL, NULL, 0, &failure);
    json_array_foreach(json_object_get(file, patches), i, one)
    {
        json_object_set_new(one, "model_type", json_string("qwen2"));
        json_object_set_new(one, "architectures", json_pack("[s]", "Qwen2ForSequenceClassification"));
        double found = score_patched(one, biases, 6, &failure);
        if (!(found == expected)) fail_msg("patch %zu: %.9g, without it %.9g. %s", i, found, expected, failure.text);
    }
    assert_true(i >= 3);
    json_decref(file);
}

static void test_quantised(void **state)
{
    (void)state;
    json_t *file = shared_case("quantised-message.json"), *one;
    size_t i;
    json_array_foreach(json_object_get(file, "cases"), i, one)
    {
        const char *method =
            json_string_value(json_object_get(json_object_get(one, "quantization_config"), "quant_method"));
        char says[64];
        snprintf(says, sizeof says, "quantised (%s)", method);
        expect_refusal(one, NULL, 0, says);
    }
    assert_true(i >= 2);
    json_decref(file);
}

/* Each head is named by one of its tensors; one whose kind is read is refused for its shape (two rows), by the same
 * name. */
static void test_heads(void **state)
{
    (void)state;
    json_t *file = shared_case("head-names-message.json"), *one, *name;
    size_t i, k;
    json_array_foreach(json_object_get(file, "cases"), i, one)
    {
        assay_tensor more[MORE];
        size_t count = 0;
        json_array_foreach(json_object_get(one, "tensors"), k, name)
        {
            const char *text = json_string_value(name);
            if (!strchr(text, '*')) more[count++] = zero_tensor(text, strstr(text, "bias") ? 7 : 2, HIDDEN);
        }
        if (!count) continue; /* a head beside an adapter: test_adapters */
        char module[64];
        snprintf(module, sizeof module, "%.*s.", (int)strcspn(more[0].name, "."), more[0].name);
        expect_refusal(json_object_get(one, "config"), more, count, module);
    }
    assert_true(i >= 4);
    json_decref(file);
}

/* ---- adapters ---- */

static char *write_adapter(const assay_tensor *tensors, size_t count, const char *const *targets, size_t target_count)
{
    char *folder = fresh_folder();
    const assay_adapter_config config = {
        .rank = 2, .alpha = 4, .base = "base", .targets = targets, .target_count = target_count};
    assay_error err = {0};
    if (assay_adapter_write(folder, &config, tensors, count, &err)) fail_msg("%s", err.text);
    return folder;
}

/* NAN where it is refused. The base has a head, so that an adapter without one scores. */
static double score_with(const assay_tensor *tensors, size_t count, const char *beside, assay_failure *failure)
{
    static const char *const targets[] = {"q_proj", "lm_head"};
    char *text = case_text(), *folder = write_adapter(tensors, count, targets, 2),
         *base = patched_folder(NULL, NULL, 0), *path = assay_path_join(folder, beside);
    if (*beside) put_file(path, "x", 1);
    double found = score(base, folder, text, failure);
    assay_free(path);
    drop_folder(folder);
    drop_folder(base);
    assay_free(text);
    return found;
}

/* What an adapter of a language model holds of lm_head, as a pair or whole, is passed over; an embedding saved with it
 * is used, which zeros show: a hidden state of zeros scores 0. A value head beside it is named. */
static void test_adapters(void **state)
{
    (void)state;
    json_t *file = shared_case("adapter-sft-lm-head.json");
    const assay_tensor a = zero_tensor("model.layers.0.self_attn.q_proj.lora_A.weight", 2, HIDDEN),
                       b = zero_tensor("model.layers.0.self_attn.q_proj.lora_B.weight", HIDDEN, 2);
    const assay_tensor pair[] = {a, b, zero_tensor("lm_head.lora_A.weight", 2, HIDDEN),
                                 zero_tensor("lm_head.lora_B.weight", VOCABULARY, 2)};
    const assay_tensor whole[] = {a, b, zero_tensor("model.embed_tokens.weight", VOCABULARY, HIDDEN),
                                  zero_tensor("lm_head.weight", VOCABULARY, HIDDEN)};
    assay_failure failure = {0};
    double base = score_patched(NULL, NULL, 0, &failure), found = score_with(pair, 4, "", &failure);
    if (found != base) fail_msg("lm_head in pairs: %.9g, without %.9g. %s", found, base, failure.text);
    found = score_with(whole, 4, "", &failure);
    if (found != 0) fail_msg("an embedding of zeros: %.9g. %s", found, failure.text);
    found = score_with(pair, 2, "value_head.safetensors", &failure);
    if (!isnan(found) || !strstr(failure.text, "value_head.safetensors")) fail_msg("%.9g: %s", found, failure.text);
    json_decref(file);
}

/* ---- none is passed over ---- */

static void test_every_case_has_a_test(void **state)
{
    static const char *const tested[] = {"adapter-sft-lm-head.json",   "config-is-causal-false.json",
                                         "config-pad-equals-eos.json", "config-qwen2-window-unused.json",
                                         "config-rope.json",           "config-two-labels-message.json",
                                         "head-names-message.json",    "quantised-message.json"};
    static const char *const kinds[] = {"adapter-", "config-", "head-", "quantised-"};
    char *path = shared_path("cases", "");
    DIR *folder = opendir(path);
    (void)state;
    assay_free(path);
    if (!folder) skip();
    for (struct dirent *entry; (entry = readdir(folder));) {
        bool of_kind = false, known = false;
        for (size_t i = 0; i < 4; i++) of_kind |= !strncmp(entry->d_name, kinds[i], strlen(kinds[i]));
        for (size_t i = 0; i < sizeof tested / sizeof *tested; i++) known |= !strcmp(entry->d_name, tested[i]);
        if (of_kind && !known) fail_msg("no test reads the case %s", entry->d_name);
    }
    closedir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rope),
        cmocka_unit_test(test_is_causal_false),
        cmocka_unit_test(test_pad_equals_eos),
        cmocka_unit_test(test_two_labels),
        cmocka_unit_test(test_qwen2_windows_unused),
        cmocka_unit_test(test_quantised),
        cmocka_unit_test(test_heads),
        cmocka_unit_test(test_adapters),
        cmocka_unit_test(test_every_case_has_a_test),
    };
    return cmocka_run_group_tests_name("model cases", tests, NULL, NULL);
}
