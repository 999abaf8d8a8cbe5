/* Every architecture against golden files of the reference implementation: scores, loss, hidden states, attention
 * probabilities, and the gradient of every weight, under full tuning and with an adapter.
 * tests/oracle/make_model_golden.py made the files.
 *
 *     test_golden --run MODEL CASES.safetensors OUT.safetensors [--adapter DIR]
 *
 * computes the same for any model and writes it down, for tests/oracle/parity.py to compare with the reference.
 */
#include "test_support.h"

#include "base/alloc.h"
#include "container/safetensors.h"
#include "engine/engine.h"
#include "model/model.h"
#include "packing/pack.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 4096 };

/* Results by name, in the order they were made. */
typedef struct results {
    assay_tensor *items;
    size_t count, capacity;
} results;

static void check(assay_status status, const assay_error *err)
{
    if (status == ASSAY_OK) return;
    fprintf(stderr, "%s\n", err->text);
    abort();
}

static float *add_result(results *r, const char *name, size_t rows, size_t cols)
{
    check(assay_grow(&r->items, &r->capacity, r->count + 1, sizeof *r->items, NULL), &(assay_error){0});
    float *data = assay_alloc(rows * cols, sizeof *data);
    r->items[r->count++] = (assay_tensor){.name = assay_strdup(name),
                                          .dtype = ASSAY_F32,
                                          .rank = rows > 1 ? 2 : 1,
                                          .shape = {rows > 1 ? rows : cols, cols},
                                          .data = data,
                                          .bytes = rows * cols * sizeof *data};
    return data;
}

static void results_release(results *r)
{
    for (size_t i = 0; i < r->count; i++) {
        assay_free(r->items[i].name);
        assay_free(r->items[i].data);
    }
    assay_free(r->items);
}

/* All sequences of the cases in one micro-batch, a tree each pair, nothing shared. */
static size_t pack_cases(assay_pack *pack, const assay_tensor_file *cases)
{
    char name[64];
    size_t n = 0;
    for (;; n++) {
        snprintf(name, sizeof name, "ids.%zu", n);
        const assay_tensor *ids = assay_tensor_file_find(cases, name);
        if (!ids) break;
        int32_t copy[MOST];
        if (ids->bytes > sizeof copy) abort();
        memcpy(copy, ids->data, ids->bytes);
        if (n % 2 == 0) assay_pack_tree(pack, n / 2);
        assay_pack_segment(pack, copy, ids->bytes / sizeof *copy, -1, true);
    }
    return n;
}

typedef struct setup {
    assay_model *model;
    assay_engine *engine;
    assay_pool *pool;
    assay_pack pack;
    float **gradients;
    size_t sequences;
} setup;

static void bind(setup *s)
{
    const assay_program *program = s->model->program;
    s->gradients = assay_alloc(program->param_count, sizeof *s->gradients);
    for (size_t i = 0; i < program->param_count; i++) {
        assay_param_view view = s->model->params[i];
        if (program->params[i].trained)
            view.gradient = s->gradients[i] = assay_alloc(view.rows * view.cols, sizeof(float));
        assay_engine_bind(s->engine, (int)i, &view);
    }
}

static void open_setup(setup *s, const assay_checkpoint *checkpoint, const assay_adapter_file *adapter,
                       const assay_tensor_file *cases, bool all_rows)
{
    assay_error err;
    const assay_kernels *kernels = NULL;
    assay_model_options options = {
        .tuning = adapter ? ASSAY_TUNE_LORA : ASSAY_TUNE_FULL, .all_rows = all_rows, .need_head = true};
    check(assay_model_open(&s->model, checkpoint, adapter, &options, &err), &err);
    check(assay_pool_create(&s->pool, 0, &err), &err);
    check(assay_kernels_select(&kernels, NULL, &err), &err);
    check(assay_pack_init(&s->pack, 4 * MOST, 64, &s->model->config.prefix, &err), &err);
    s->sequences = pack_cases(&s->pack, cases);
    const assay_geometry *geometry = assay_pack_finish(&s->pack);
    bool *observed = assay_alloc(s->model->program->value_count, sizeof *observed);
    for (size_t i = 0; i < s->model->program->hidden_count; i++) observed[s->model->program->hidden_states[i]] = true;
    assay_engine_config config = {
        .program = s->model->program,
        .kernels = kernels,
        .pool = s->pool,
        .bounds = {.rows = {geometry->spaces[0].rows, geometry->spaces[1].rows},
                   .longest_path = geometry->longest_path},
        .schedule = {.keep = ASSAY_KEEP_NEEDED, .backward = true, .observed = all_rows ? observed : NULL}};
    check(assay_engine_create(&s->engine, &config, &err), &err);
    assay_free(observed);
    bind(s);
    check(assay_engine_forward(s->engine, geometry, 0, 0, false, &err), &err);
}

static void close_setup(setup *s)
{
    for (size_t i = 0; i < s->model->program->param_count; i++) assay_free(s->gradients[i]);
    assay_free(s->gradients);
    assay_engine_free(s->engine);
    assay_pack_release(&s->pack);
    assay_model_close(s->model);
    assay_pool_destroy(s->pool);
}

static void write_hidden(setup *s, results *out)
{
    char name[64];
    for (size_t l = 0; l < s->model->program->hidden_count; l++) {
        assay_view hidden = assay_engine_value(s->engine, s->model->program->hidden_states[l]);
        for (size_t n = 0; n < s->sequences; n++) {
            const assay_segment *segment = &s->pack.segments[n];
            snprintf(name, sizeof name, "hidden.%zu.%zu", n, l);
            float *copy = add_result(out, name, segment->rows, hidden.cols);
            memcpy(copy, hidden.data + segment->first * hidden.ld, segment->rows * hidden.cols * sizeof(float));
        }
    }
}

static void write_gradients(setup *s, const char *prefix, results *out)
{
    char name[512];
    const float *rewards = assay_engine_rewards(s->engine);
    float d[64];
    double loss = 0, pairs = (double)(s->sequences / 2);
    snprintf(name, sizeof name, "%sscores", prefix);
    memcpy(add_result(out, name, 1, s->sequences), rewards, s->sequences * sizeof(float));
    for (size_t p = 0; p < s->sequences / 2; p++) {
        double margin = (double)rewards[2 * p] - (double)rewards[2 * p + 1];
        loss += log1p(exp(-margin)) / pairs;
        d[2 * p] = (float)(-1 / (1 + exp(margin)) / pairs);
        d[2 * p + 1] = -d[2 * p];
    }
    snprintf(name, sizeof name, "%sloss", prefix);
    *add_result(out, name, 1, 1) = (float)loss;
    assert_int_equal(assay_engine_backward(s->engine, d, NULL), ASSAY_OK);
    for (size_t i = 0; i < s->model->program->param_count; i++) {
        const assay_param *p = &s->model->program->params[i];
        if (!p->trained) continue;
        snprintf(name, sizeof name, "%sgrad.%s", prefix, p->name);
        memcpy(add_result(out, name, p->rows, p->cols), s->gradients[i], p->rows * p->cols * sizeof(float));
    }
}

static void compute(const assay_checkpoint *checkpoint, const assay_adapter_file *adapter,
                    const assay_tensor_file *cases, results *out)
{
    setup s = {0};
    if (!adapter) {
        open_setup(&s, checkpoint, NULL, cases, true);
        write_hidden(&s, out);
        close_setup(&s);
    }
    s = (setup){0};
    open_setup(&s, checkpoint, adapter, cases, false);
    write_gradients(&s, adapter ? "lora_" : "", out);
    close_setup(&s);
}

static int run(int argc, char **argv)
{
    assay_error err;
    assay_checkpoint *checkpoint;
    assay_adapter_file *adapter = NULL;
    assay_tensor_file *cases;
    results out = {0};
    if (argc < 5) return 2;
    check(assay_checkpoint_open(&checkpoint, argv[2], 0, &err), &err);
    if (argc == 7) check(assay_adapter_open(&adapter, argv[6], &err), &err);
    check(assay_safetensors_open(&cases, argv[3], &err), &err);
    compute(checkpoint, adapter, cases, &out);
    check(assay_safetensors_write(argv[4], out.items, out.count, NULL, NULL, &err), &err);
    results_release(&out);
    assay_tensor_file_close(cases);
    assay_adapter_close(adapter);
    assay_checkpoint_close(checkpoint);
    return 0;
}

/* Relative to the tensor's largest value. */
static double difference(const assay_tensor *ours, const assay_tensor *golden)
{
    const float *a = ours->data;
    double largest = 0, worst = 0;
    assert_int_equal(ours->bytes, golden->bytes);
    for (size_t i = 0; i < ours->bytes / sizeof *a; i++) {
        float b;
        memcpy(&b, (const char *)golden->data + i * sizeof b, sizeof b);
        worst = fmax(worst, fabs((double)a[i] - (double)b));
        largest = fmax(largest, fabs((double)b));
    }
    return largest > 0 ? worst / largest : worst;
}

/* Largest differences by kind of result, for the table that the test prints. */
typedef struct worst_of {
    double hidden, scores, gradients;
} worst_of;

static void keep_worst(worst_of *worst, const char *name, double error)
{
    double *kind = strstr(name, "grad.")     ? &worst->gradients
                   : strstr(name, "hidden.") ? &worst->hidden
                                             : &worst->scores;
    *kind = fmax(*kind, error);
}

/* What moves both rewards of a pair alike has a gradient of rounding alone. */
static bool cancels(const char *name)
{
    return strstr(name, "grad.classifier_head.bias") || strstr(name, "grad.transformer.ln_f.bias") ||
           strstr(name, "grad.transformer.final_layernorm.bias");
}

/* The promise: 1e-5 of the tensor's largest value. */
static worst_of compare(const results *out, const assay_tensor_file *golden, size_t least)
{
    size_t compared = 0;
    worst_of worst = {0};
    for (size_t i = 0; i < out->count; i++) {
        const assay_tensor *expected = assay_tensor_file_find(golden, out->items[i].name);
        if (!expected || cancels(out->items[i].name)) continue;
        double error = difference(&out->items[i], expected);
        if (error > 1e-5) fail_msg("%s: %g from the reference", out->items[i].name, error);
        keep_worst(&worst, out->items[i].name, error);
        compared++;
    }
    if (compared < least) fail_msg("only %zu tensors compared", compared);
    return worst;
}

/* The golden adapter's tensors as an adapter file, without a folder: written to disk in PEFT's form and read back. */
static assay_adapter_file *golden_adapter(const assay_tensor_file *golden, const char *folder)
{
    assay_error err;
    assay_tensor tensors[64];
    size_t count = 0;
    assay_adapter_file *adapter;
    const char *target = "all-linear";
    for (size_t i = 0; i < golden->count; i++) {
        tensors[count] = golden->tensors[i];
        if (!strncmp(tensors[count].name, "lora.", 5)) tensors[count++].name += 5;
    }
    assay_adapter_config config = {
        .rank = 3, .alpha = 6, .base = "base", .targets = &target, .target_count = 1, .target_is_pattern = true};
    check(assay_make_dirs(folder, &err), &err);
    check(assay_adapter_write(folder, &config, tensors, count, &err), &err);
    check(assay_adapter_open(&adapter, folder, &err), &err);
    return adapter;
}

static void check_file(const char *folder, const char *file, size_t full_least, size_t lora_least)
{
    assay_error err;
    assay_checkpoint *checkpoint;
    assay_tensor_file *golden;
    char path[256], scratch[] = "/tmp/assay-golden-XXXXXX";
    results full = {0}, lora = {0};
    snprintf(path, sizeof path, "tests/data/golden/%s/%s.safetensors", folder, file);
    check(assay_safetensors_open(&golden, path, &err), &err);
    *strrchr(path, '/') = 0;
    check(assay_checkpoint_open(&checkpoint, path, 0, &err), &err);
    compute(checkpoint, NULL, golden, &full);
    worst_of f = compare(&full, golden, full_least);
    assert_non_null(mkdtemp(scratch));
    assay_adapter_file *adapter = golden_adapter(golden, scratch);
    compute(checkpoint, adapter, golden, &lora);
    worst_of l = compare(&lora, golden, lora_least);
    print_message("%-15s hidden %.1e  scores %.1e  LoRA gradients %.1e  full gradients %.1e\n", folder, f.hidden,
                  fmax(f.scores, l.scores), l.gradients, f.gradients);
    assay_adapter_close(adapter);
    assay_remove_tree(scratch, NULL);
    results_release(&full);
    results_release(&lora);
    assay_checkpoint_close(checkpoint);
    assay_tensor_file_close(golden);
}

static void check_family(const char *folder, size_t full_least, size_t lora_least)
{
    check_file(folder, "golden", full_least, lora_least);
}

/* Training on from the heads of others, against their classes on Transformers' decoders (make_head_golden.py): two
 * layers with ReLU, a linear layer with a bias, three layers. Loss and scores, two layers of nine weights or, of Qwen2,
 * twelve (LoRA: fourteen matrices), embedding and norm, and the head's own. */
static void test_heads_of_others_train(void **state)
{
    (void)state;
    check_file("head_qwen2_rm", "training", 2 + 24 + 2 + 4, 2 + 28 + 4);
    check_file("head_trl", "training", 2 + 18 + 2 + 2, 2 + 28 + 2);
    check_file("head_grm", "training", 2 + 18 + 2 + 6, 2 + 28 + 6);
}

static void test_llama_equals_transformers(void **state)
{
    (void)state;
    check_family("llama", 2 + 18 + 15, 2 + 16);
}

static void test_llama3_bias(void **state)
{
    (void)state;
    check_family("llama3_bias", 2 + 18 + 15, 2 + 16);
}

static void test_qwen2_equals_transformers(void **state)
{
    (void)state;
    check_family("qwen2", 2 + 18 + 15, 2 + 16);
}

static void test_chatglm_equals_its_remote_code(void **state)
{
    (void)state;
    check_family("chatglm", 2 + 18 + 15, 2 + 16);
}

static void test_glm_equals_transformers(void **state)
{
    (void)state;
    check_family("glm", 2 + 18 + 15, 2 + 16);
}

/* The rest are still smaller: two pairs, three hidden states each, weights of two layers (the fewest any family has is
 * nine), and adapters on at least four modules a layer. */
enum { FULL = 2 + 12 + 2 * 7, LORA = 2 + 16 };

static void test_other_families_equal_transformers(void **state)
{
    static const char *const families[] = {"qwen3",         "mistral", "glm4",    "gemma",   "gemma2",
                                           "gemma3_text",   "olmo2",   "granite", "smollm3", "phi3",
                                           "phi3_longrope", "cohere",  "bloom"};
    (void)state;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) check_family(families[i], FULL, LORA);
}

/* Not against the originals, which are remote code: against tests/oracle/remote_decoder.py, another hand's reading. */
static void test_remote_families(void **state)
{
    static const char *const families[] = {"internlm2", "baichuan", "baichuan_alibi", "minicpm"};
    (void)state;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) check_family(families[i], FULL, LORA);
}

/* Against their own code, run (tests/oracle/chatglm_6b.py, glm4_remote.py). */
static void test_chatglm_equals_its_own_code(void **state)
{
    (void)state;
    check_family("chatglm1", FULL, LORA);
    check_family("glm4_remote", FULL, LORA);
}

/* What GGUF's metadata cannot say, so that its readers guess it from the size of the model: taken from config.json. */
static void tell_unsaid(assay_checkpoint *gguf, const char *folder)
{
    static const char *const keys[] = {"query_pre_attn_scalar", "layer_types", "no_rope_layers"};
    assay_error err;
    json_t *config = NULL;
    char path[256];
    snprintf(path, sizeof path, "tests/data/golden/%s/config.json", folder);
    check(assay_json_load(path, 1 << 20, &config, &err), &err);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (json_object_get(config, keys[i])) json_object_set(gguf->config, keys[i], json_object_get(config, keys[i]));
    json_decref(config);
}

static void check_gguf(const char *folder)
{
    assay_error err;
    assay_checkpoint *checkpoint;
    assay_tensor_file *golden;
    char path[256];
    setup s = {0};
    results out = {0};
    snprintf(path, sizeof path, "tests/data/golden/%s/golden.safetensors", folder);
    check(assay_safetensors_open(&golden, path, &err), &err);
    snprintf(path, sizeof path, "tests/data/golden/%s/model.gguf", folder);
    check(assay_checkpoint_open(&checkpoint, path, 0, &err), &err);
    tell_unsaid(checkpoint, folder);
    open_setup(&s, checkpoint, NULL, golden, false);
    float *scores = add_result(&out, "scores", 1, s.sequences);
    memcpy(scores, assay_engine_rewards(s.engine), s.sequences * sizeof *scores);
    compare(&out, golden, 1);
    close_setup(&s);
    results_release(&out);
    assay_checkpoint_close(checkpoint);
    assay_tensor_file_close(golden);
}

/* GGUF files as llama.cpp's converter writes them (tests/oracle/make_family_gguf.py) score what the folders score. */
static void test_gguf_scores_the_same(void **state)
{
    static const char *const families[] = {"qwen3",       "glm4",  "internlm2", "gemma",   "gemma2",
                                           "gemma3_text", "olmo2", "granite",   "smollm3", "phi3",
                                           "cohere",      "bloom", "baichuan",  "minicpm"};
    (void)state;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) check_gguf(families[i]);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heads_of_others_train),
        cmocka_unit_test(test_llama_equals_transformers),
        cmocka_unit_test(test_llama3_bias),
        cmocka_unit_test(test_qwen2_equals_transformers),
        cmocka_unit_test(test_chatglm_equals_its_remote_code),
        cmocka_unit_test(test_glm_equals_transformers),
        cmocka_unit_test(test_other_families_equal_transformers),
        cmocka_unit_test(test_remote_families),
        cmocka_unit_test(test_chatglm_equals_its_own_code),
        cmocka_unit_test(test_gguf_scores_the_same),
    };
    if (argc > 1 && !strcmp(argv[1], "--run")) return run(argc, argv);
    return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
