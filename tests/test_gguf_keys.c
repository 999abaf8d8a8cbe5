/* GGUF metadata is obeyed or refused: into one file of every family one key at a time is put that changes mathematics
 * somewhere, or that nobody knows. What loads must be read into other numbers; what is refused names the key. */
#include "container_check.h"

#include "base/alloc.h"
#include "base/json_doc.h"
#include "checkpoint/checkpoint.h"
#include "family/architecture.h"

#include <stdio.h>
#include <string.h>

enum { U32 = 4, F32 = 6, BOOL = 7, TEXT = 8, FIRST_KEY = 24, ALIGNMENT = 32 };

typedef struct entry {
    const char *key;
    uint32_t type;
    double value;
    bool harmless; /* must load, and as the same numbers */
} entry;

static const entry entries[] = {
    {"attention.sliding_window", U32, 5, false},
    {"attention.scale", F32, 0.77, false},
    {"attention.output_scale", F32, 0.77, false},
    {"attention.causal", BOOL, 0, false},
    {"attention.causal", BOOL, 1, true},
    {"attention.clamp_kqv", F32, 8, false},
    {"attention.max_alibi_bias", F32, 3, false},
    {"attention.temperature_length", U32, 77, false},
    {"attention.temperature_scale", F32, 0.1, false},
    {"attention.chunk_size", U32, 64, false},
    {"attention.value_length", U32, 3, false},
    {"attention.q_lora_rank", U32, 3, false},
    {"attention.shared_kv_layers", U32, 1, false},
    {"attention.group_norm_groups", U32, 2, false},
    {"attention.surprise", F32, 2, false},
    {"attn_logit_softcapping", F32, 7.5, false},
    {"embedding_scale", F32, 7.5, false},
    {"embedding_scale", F32, 1, true},
    {"residual_scale", F32, 0.77, false},
    {"rope.scaling.factor", F32, 4, false},
    {"rope.scaling.attn_factor", F32, 1.3, false},
    {"rope.scaling.yarn_log_multiplier", F32, 0.1, false},
    {"rope.scaling.yarn_beta_fast", F32, 16, false},
    {"rope.scale_linear", F32, 4, false},
    {"rope.freq_base_swa", F32, 777, false},
    {"rope.surprise", U32, 2, false},
    {"use_parallel_residual", BOOL, 1, false},
    {"use_parallel_residual", BOOL, 0, true},
    {"expert_count", U32, 8, false},
    {"expert_count", U32, 0, true},
    {"nextn_predict_layers", U32, 1, false},
    {"altup.num_inputs", U32, 4, false},
    {"swin_norm", BOOL, 1, false},
    {"surprise", U32, 7, false},
    {"pooling_type", U32, 4, true},
};

static const char *const files[] = {
    "container/llama.gguf",       "container/qwen2.gguf",      "container/chatglm.gguf",
    "golden/qwen3/model.gguf",    "golden/glm4/model.gguf",    "golden/internlm2/model.gguf",
    "golden/gemma/model.gguf",    "golden/gemma2/model.gguf",  "golden/gemma3_text/model.gguf",
    "golden/olmo2/model.gguf",    "golden/granite/model.gguf", "golden/smollm3/model.gguf",
    "golden/phi3/model.gguf",     "golden/cohere/model.gguf",  "golden/bloom/model.gguf",
    "golden/baichuan/model.gguf", "golden/minicpm/model.gguf",
};

static size_t put(char *to, uint64_t value, size_t bytes)
{
    memcpy(to, &value, bytes);
    return bytes;
}

static size_t put_entry(char *to, const char *key, const entry *e)
{
    float real = (float)e->value;
    size_t at = put(to, strlen(key), 8);
    memcpy(to + at, key, strlen(key));
    at += strlen(key);
    at += put(to + at, e->type, 4);
    if (e->type == BOOL) return at + put(to + at, e->value != 0, 1);
    if (e->type == U32) return at + put(to + at, (uint64_t)e->value, 4);
    memcpy(to + at, &real, 4);
    return at + 4;
}

/* Before the first key; a text behind it fills up to the alignment, so that the tensors' data stays in its place. */
static void write_with(const char *path, const char *bytes, size_t size, const char *key, const entry *e)
{
    char more[512] = {0};
    uint64_t count;
    size_t used = put_entry(more, key, e), bare = used + 8 + strlen("filler") + 4 + 8, text = bare % ALIGNMENT;
    text = text ? ALIGNMENT - text : 0;
    used += put(more + used, strlen("filler"), 8);
    memcpy(more + used, "filler", strlen("filler"));
    used += strlen("filler");
    used += put(more + used, TEXT, 4);
    used += put(more + used, text, 8);
    memset(more + used, 'x', text);
    used += text;
    char *whole = assay_alloc(size + used, 1);
    memcpy(whole, bytes, FIRST_KEY);
    memcpy(whole + FIRST_KEY, more, used);
    memcpy(whole + FIRST_KEY + used, bytes + FIRST_KEY, size - FIRST_KEY);
    memcpy(&count, bytes + 16, 8);
    put(whole + 16, count + 2, 8);
    put_file(path, whole, size + used);
    assay_free(whole);
}

static assay_status read_numbers(const char *path, assay_model_config *out, assay_error *err)
{
    assay_checkpoint *checkpoint;
    memset(out, 0, sizeof *out);
    ASSAY_TRY(assay_checkpoint_open(&checkpoint, path, ASSAY_CHECKPOINT_CONFIG_ONLY, err));
    assay_status status = assay_model_config_read(checkpoint->config, path, out, err);
    assay_checkpoint_close(checkpoint);
    return status;
}

static bool contains(const char *bytes, size_t size, const char *key)
{
    size_t length = strlen(key);
    for (size_t i = 0; i + length < size && i < 4096; i++)
        if (!memcmp(bytes + i, key, length)) return true;
    return false;
}

/* "llama": the text behind the key, its type and its length. */
static void architecture_of(const char *bytes, char *out, size_t size)
{
    static const char name[] = "general.architecture";
    uint64_t length;
    size_t at = 0;
    while (memcmp(bytes + at, name, sizeof name - 1) != 0) at++;
    memcpy(&length, bytes + at + sizeof name - 1 + 4, 8);
    assert_true(length < size);
    snprintf(out, size, "%.*s", (int)length, bytes + at + sizeof name - 1 + 12);
}

typedef struct tally {
    size_t refused, obeyed, loaded;
} tally;

static void try_entry(const char *file, const char *bytes, size_t size, const entry *e, tally *t)
{
    char path[64], from[256], key[128], architecture[32];
    assay_model_config before, after;
    assay_error err = {0};
    snprintf(from, sizeof from, "tests/data/%s", file);
    snprintf(path, sizeof path, "/tmp/assay-gguf-keys-%d.gguf", (int)getpid());
    if (read_numbers(from, &before, &err)) fail_msg("%s: %s", file, err.text);
    architecture_of(bytes, architecture, sizeof architecture);
    snprintf(key, sizeof key, "%s.%s", architecture, e->key);
    if (contains(bytes, size, key)) return; /* it says so already, and golden files show that it is read */
    write_with(path, bytes, size, key, e);
    assay_status status = read_numbers(path, &after, &err);
    remove(path);
    bool same = status == ASSAY_OK && memcmp(&before, &after, sizeof before) == 0;
    if (e->harmless && !same) fail_msg("%s: %s %g should change nothing: %s", file, key, e->value, err.text);
    if (!e->harmless && same) fail_msg("%s: %s %g was ignored", file, key, e->value);
    if (status != ASSAY_OK && !strstr(err.text, key) && !strstr(err.text, "rope")) fail_msg("%s", err.text);
    t->refused += status != ASSAY_OK;
    t->loaded += e->harmless;
    t->obeyed += !e->harmless && status == ASSAY_OK;
}

static void test_every_key_is_obeyed_or_refused(void **state)
{
    tally t = {0};
    (void)state;
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        char from[256], *bytes;
        size_t size;
        snprintf(from, sizeof from, "tests/data/%s", files[f]);
        assert_int_equal(assay_file_read(from, 1 << 24, &bytes, &size, NULL), ASSAY_OK);
        for (size_t k = 0; k < sizeof entries / sizeof *entries; k++) try_entry(files[f], bytes, size, &entries[k], &t);
        assay_free(bytes);
    }
    assert_true(t.refused >= 15 * 20);
    print_message("%zu keys refused, %zu obeyed, %zu harmless, none ignored\n", t.refused, t.obeyed, t.loaded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_key_is_obeyed_or_refused)};
    return cmocka_run_group_tests_name("GGUF metadata", tests, NULL, NULL);
}
