/* How much work long words and hostile vocabularies make: it grows with the text, not with its square. */
#include "tokenizer_check.h"

#include "tokenizer/pipeline.h"

#include <unistd.h>

static void write_text(const char *path, const char *text)
{
    assay_error err = {0};
    must(assay_file_write_atomic(path, text, strlen(text), &err), &err);
}

/* A quadratic merge of a million equal letters would take hours: it would not end within the suite's ten minutes. */
static void long_words_are_quick(void **state)
{
    (void)state;
    static const char *const names[] = {"byte_level",        "chatglm",          "llama",        "kinds/llama-legacy",
                                        "kinds/xlm-roberta", "kinds/deberta-v2", "kinds/bert",   "kinds/generic",
                                        "kinds/qwen",        "kinds/ice",        "kinds/t5.gguf"};
    enum { LENGTH = 1 << 20 };
    char *text = assay_alloc(LENGTH, 1);
    assert_non_null(text);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assay_gguf *gguf = NULL;
        assay_tokenizer *tokenizer = open_golden(names[i], &gguf);
        for (const char *letter = "ae "; *letter; letter++) {
            assay_ids ids = {0};
            assay_error err = {0};
            memset(text, *letter, LENGTH);
            must(assay_tokenizer_encode(tokenizer, text, LENGTH, 0, &ids, &err), &err);
            assay_ids_release(&ids);
        }
        assay_tokenizer_close(tokenizer);
        assay_gguf_close(gguf);
    }
    assay_free(text);
}

/* ---- work grows with the text, not with its square: counted, so that no machine's speed decides ---- */

enum { FEW = 1 << 14, PIECES = 300 };

static uint64_t steps_of(const assay_tokenizer *tokenizer, const char *text, size_t size)
{
    const assay_pipeline *pipeline = tokenizer->state;
    assay_word_work work = {0};
    assay_ids ids = {0};
    assay_error err = {0};
    must(pipeline->words->encode(pipeline->model, &tokenizer->vocab, text, size, &work, &ids, &err), &err);
    uint64_t steps = work.steps + work.scratch.steps;
    assay_word_work_release(&work);
    assay_ids_release(&ids);
    return steps;
}

/* One word of a few letters over and over. A word four times as long may take one part in a hundred more than four
 * times the steps: its ends count once. Letters that no piece joins take no steps at all; some of these are joined by
 * every vocabulary here. */
static void growth_check(const assay_tokenizer *tokenizer, const char *what)
{
    static const char *const units[] = {"a", "ab", "the", "in"};
    static char text[4 * FEW];
    uint64_t most = 0;
    for (size_t u = 0; u < sizeof(units) / sizeof(units[0]); u++) {
        size_t period = strlen(units[u]);
        for (size_t i = 0; i < sizeof(text); i++) text[i] = units[u][i % period];
        uint64_t few = steps_of(tokenizer, text, FEW), many = steps_of(tokenizer, text, sizeof(text));
        if (few > most) most = few;
        if (many > few * 4 + few / 25)
            fail_msg("%s: %llu steps, and %llu for four times the text", what, (unsigned long long)few,
                     (unsigned long long)many);
    }
    if (most < FEW / 4) fail_msg("%s: %llu steps are not all", what, (unsigned long long)most);
}

/* Every run of one letter is a piece: as much to try at each place as a vocabulary can ask for. */
static void hostile_write(const char *path, const char *kind)
{
    bool unigram = strcmp(kind, "Unigram") == 0;
    char run[PIECES + 1];
    assay_error err = {0};
    json_t *vocab = unigram ? json_array() : json_object();
    for (int length = 0; length <= PIECES; length++) {
        memset(run, 'a', PIECES);
        run[length] = 0;
        char *inside = assay_strfmt("##%s", run);
        if (unigram) json_array_append_new(vocab, json_pack("[s, f]", length ? run : "<unk>", -1.0 - length % 7));
        else json_object_set_new(vocab, length ? inside : "[UNK]", json_integer(length));
        assay_free(inside);
    }
    if (unigram) json_array_append_new(vocab, json_pack("[s, f]", "b", -3.0));
    for (int i = 0; !unigram && i < 2; i++) json_object_set_new(vocab, i ? "a" : "##b", json_integer(PIECES + 1 + i));
    json_t *root = json_pack("{s:{s:s, s:o, s:i, s:i}}", "model", "type", kind, "vocab", vocab, "unk_id", 0,
                             "max_input_chars_per_word", 1 << 30);
    must(assay_json_save(root, path, &err), &err);
    json_decref(root);
}

/* Runs that double with each merge, and merges that take each other's letters away. */
static const char merges[] =
    "{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"aa\":2,\"aaaa\":3,\"aaaaaaaa\":4,\"ab\":5,\"ba\":6,"
    "\"aba\":7,\"abab\":8,\"baba\":9},\"merges\":[\"a a\",\"aa aa\",\"aaaa aaaa\",\"a b\",\"b a\",\"ab a\",\"ab ab\","
    "\"ba ba\"]}}";

static void hostile_vocabularies_stay_linear(void **state)
{
    static const char *const kinds[] = {"Unigram", "WordPiece", "BPE"};
    char folder[] = "/tmp/assay-tokenizer-XXXXXX", path[128];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/tokenizer.json", folder);
    for (size_t i = 0; i < 3; i++) {
        assay_tokenizer *tokenizer;
        assay_error err = {0};
        if (strcmp(kinds[i], "BPE") == 0) write_text(path, merges);
        else hostile_write(path, kinds[i]);
        must(assay_tokenizer_open(&tokenizer, folder, NULL, &err), &err);
        growth_check(tokenizer, kinds[i]);
        assay_tokenizer_close(tokenizer);
    }
    assay_remove_tree(folder, NULL);
}

/* Every folder kind that runs as a pipeline, WordPiece left out: its words of more than 100 letters are unknown. */
static void long_words_stay_linear(void **state)
{
    static const char *const names[] = {"byte_level",         "llama",        "kinds/llama-legacy", "kinds/xlm-roberta",
                                        "kinds/deberta-v2",   "kinds/t5",     "kinds/generic",      "kinds/qwen",
                                        "kinds/glm4",         "kinds/qwen2",  "kinds/ice",          "kinds/ice-unigram",
                                        "kinds/unigram-json", "kinds/t5.gguf"};
    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        assay_gguf *gguf;
        assay_tokenizer *tokenizer = open_golden(names[i], &gguf);
        growth_check(tokenizer, names[i]);
        assay_tokenizer_close(tokenizer);
        assay_gguf_close(gguf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(long_words_are_quick),
        cmocka_unit_test(hostile_vocabularies_stay_linear),
        cmocka_unit_test(long_words_stay_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
