/* Tokenizers written beside weights encode as what they came from did; the reference reads the same files
 * (tests/oracle/tokenizer_save.py). */
#include "tokenizer_check.h"

#include "base/file.h"
#include "tokenizer/tokenizer_kind.h"
#include "tokenizer/tokenizer_save.h"

#include <unistd.h>

static char *fresh_folder(void)
{
    char path[64];
    snprintf(path, sizeof path, "%s/assay-test-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(path));
    return assay_strdup(path);
}

static void drop_folder(char *path)
{
    assert_int_equal(assay_remove_tree(path, NULL), ASSAY_OK);
    assay_free(path);
}

typedef struct pair {
    assay_tokenizer *before, *after;
    size_t lines;
} pair;

static void compare(const pair *both, const char *text, size_t size, unsigned flags)
{
    assay_ids wanted = {0}, found = {0};
    assay_error err = {0};
    must(assay_tokenizer_encode(both->before, text, size, flags, &wanted, &err), &err);
    must(assay_tokenizer_encode(both->after, text, size, flags, &found, &err), &err);
    ids_check(&found, wanted.data, wanted.count, text);
    assay_ids_release(&wanted);
    assay_ids_release(&found);
}

static void compare_line(const json_t *line, size_t number, void *context)
{
    pair *both = context;
    /* a piece of pieces.gguf that is no union of two pieces (tokenizer_save.h) */
    const char *unreachable = "\xe7\x9c\x8b\xe4\xb9\xa6";
    const json_t *text = json_object_get(line, "text");
    (void)number;
    if (strstr(json_string_value(text), unreachable)) return;
    compare(both, json_string_value(text), json_string_length(text), ASSAY_ENCODE_SPECIAL_TEXT);
    compare(both, json_string_value(text), json_string_length(text), ASSAY_ENCODE_ADD_SPECIAL);
    both->lines++;
}

static void check_info(const pair *both)
{
    const assay_tokenizer_info *x = assay_tokenizer_about(both->before), *y = assay_tokenizer_about(both->after);
    assert_int_equal(x->vocab_size, y->vocab_size);
    assert_int_equal(x->bos, y->bos);
    assert_int_equal(x->eos, y->eos);
    assert_int_equal(x->unk, y->unk);
    assert_int_equal(x->chat_template == NULL, y->chat_template == NULL);
    if (x->chat_template) assert_string_equal(x->chat_template, y->chat_template);
}

static void check_gguf(const char *path)
{
    char *folder = fresh_folder();
    assay_error err = {0};
    assay_gguf *gguf;
    pair both = {0};
    must(tokenizer_open_any(&both.before, &gguf, path, &err), &err);
    must(assay_tokenizer_save(NULL, gguf, folder, NULL, &err), &err);
    must(assay_tokenizer_open(&both.after, folder, NULL, &err), &err);
    check_info(&both);
    lines_each(GOLDEN "strings.jsonl", compare_line, &both);
    assert_true(both.lines > 100);
    assay_tokenizer_close(both.before);
    assay_tokenizer_close(both.after);
    assay_gguf_close(gguf);
    drop_folder(folder);
}

static void test_gguf_bytes(void **state)
{
    (void)state;
    check_gguf(GOLDEN "smollm.gguf");
}

static void test_gguf_pieces(void **state)
{
    (void)state;
    check_gguf(GOLDEN "pieces.gguf");
}

/* WordPiece, Unigram, Gemma 4's, and words of tokenizer.ggml.pre with a pattern of their own: every file there is. */
static void test_gguf_kinds(void **state)
{
    char **names;
    size_t count, checked = 0;
    assay_error err = {0};
    (void)state;
    must(assay_list_dir(GOLDEN "kinds", &names, &count, &err), &err);
    for (size_t i = 0; i < count; i++) {
        char path[160];
        if (!strstr(names[i], ".gguf")) continue;
        snprintf(path, sizeof path, GOLDEN "kinds/%.100s", names[i]);
        check_gguf(path);
        checked++;
    }
    assert_int_equal(checked, 7);
    assay_names_free(names, count);
}

static void test_gguf_large(void **state)
{
    static const char *const names[] = {"ggml-vocab-gpt-2.gguf", "ggml-vocab-llama-spm.gguf"};
    char path[512];
    (void)state;
    if (access(shared_path(path, sizeof path, names[0]), R_OK) != 0) skip();
    for (size_t i = 0; i < 2; i++) check_gguf(shared_path(path, sizeof path, names[i]));
}

static void test_bytes(void **state)
{
    char *folder = fresh_folder();
    assay_tokenizer *tokenizer;
    assay_error err = {0};
    assay_ids ids = {0};
    const char text[] = "a \xe4\xbd\xa0<|im_end|>";
    const int32_t wanted[] = {'a', ' ', 0xe4, 0xbd, 0xa0, ASSAY_BYTES_EOS};
    (void)state;
    must(assay_tokenizer_save_bytes(folder, &err), &err);
    must(assay_tokenizer_open(&tokenizer, folder, NULL, &err), &err);
    must(assay_tokenizer_encode(tokenizer, text, sizeof text - 1, ASSAY_ENCODE_SPECIAL_TEXT, &ids, &err), &err);
    ids_check(&ids, wanted, 6, "bytes");
    const assay_tokenizer_info *info = assay_tokenizer_about(tokenizer);
    assert_int_equal(info->vocab_size, ASSAY_BYTES_TOKENS);
    assert_int_equal(info->bos, ASSAY_BYTES_BOS);
    assert_int_equal(info->eos, ASSAY_BYTES_EOS);
    assert_int_equal(info->pad, ASSAY_BYTES_PAD);
    int32_t ends[] = {ASSAY_BYTES_EOS, ASSAY_BYTES_PAD};
    assert_int_equal(assay_tokenizer_unused_end(tokenizer, ends, 1), ASSAY_BYTES_PAD);
    assert_int_equal(assay_tokenizer_unused_end(tokenizer, ends, 2), ASSAY_BYTES_START); /* neither BOS nor an end */
    assay_ids_release(&ids);
    assay_tokenizer_close(tokenizer);
    drop_folder(folder);
}

static void expect_same_file(const char *a, const char *b, const char *name, bool same)
{
    char *x, *y, *left = assay_path_join(a, name), *right = assay_path_join(b, name);
    size_t n, m;
    assert_int_equal(assay_file_read(left, 1 << 24, &x, &n, NULL), ASSAY_OK);
    assert_int_equal(assay_file_read(right, 1 << 24, &y, &m, NULL), ASSAY_OK);
    assert_int_equal(n == m && memcmp(x, y, n) == 0, same);
    assay_free(x);
    assay_free(y);
    assay_free(left);
    assay_free(right);
}

#define FOLDER_FILE(file, read) file,
static const char *const folder_files[] = {ASSAY_FOLDER_MAP(FOLDER_FILE)};
#undef FOLDER_FILE

/* A golden folder that holds the file; NULL: none. */
static char *golden_folder_with(const char *file)
{
    static const char *const roots[] = {GOLDEN, GOLDEN "kinds"};
    char **names, *found = NULL;
    size_t count;
    for (size_t r = 0; r < 2 && !found; r++) {
        assert_int_equal(assay_list_dir(roots[r], &names, &count, NULL), ASSAY_OK);
        for (size_t i = 0; i < count && !found; i++) {
            char *folder = assay_path_join(roots[r], names[i]);
            if (assay_folder_holds(folder, file)) found = folder;
            else assay_free(folder);
        }
        assay_names_free(names, count);
    }
    return found;
}

/* Every kind of vocabulary that a folder may hold has a golden folder, and is written back byte for byte with all that
 * stands beside it. */
static void test_every_kind_is_copied(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof folder_files / sizeof *folder_files; i++) {
        char *from = golden_folder_with(folder_files[i]), *to = fresh_folder(), **names;
        assay_error err = {0};
        size_t count;
        if (!from) fail_msg("no golden folder holds a %s", folder_files[i]);
        must(assay_tokenizer_save(from, NULL, to, NULL, &err), &err);
        must(assay_list_dir(from, &names, &count, &err), &err);
        for (size_t k = 0; k < count; k++) expect_same_file(from, to, names[k], true);
        assay_names_free(names, count);
        assay_free(from);
        drop_folder(to);
    }
}

/* Byte for byte, and a pad token only where it is another. */
static void test_copy(void **state)
{
    static const char *const from[] = {GOLDEN "byte_level",        GOLDEN "chatglm",          GOLDEN "kinds/qwen",
                                       GOLDEN "kinds/xlm-roberta", GOLDEN "kinds/deberta-v2", GOLDEN "kinds/bert",
                                       GOLDEN "kinds/qwen2",       GOLDEN "kinds/ice"};
    static const char *const files[] = {"tokenizer.json", "tokenizer.model", "qwen.tiktoken", "sentencepiece.bpe.model",
                                        "spm.model",      "vocab.txt",       "merges.txt",    "ice_text.model"};
    assay_error err = {0};
    (void)state;
    for (size_t i = 0; i < sizeof from / sizeof *from; i++) {
        char *folder = fresh_folder();
        must(assay_tokenizer_save(from[i], NULL, folder, NULL, &err), &err);
        assert_true(assay_tokenizer_in_folder(folder));
        expect_same_file(from[i], folder, files[i], true);
        expect_same_file(from[i], folder, "tokenizer_config.json", true);
        must(assay_tokenizer_save(from[i], NULL, folder, "<odd>", &err), &err);
        expect_same_file(from[i], folder, files[i], true);
        expect_same_file(from[i], folder, "tokenizer_config.json", false);
        must(assay_tokenizer_save(folder, NULL, folder, "<odd>", &err), &err); /* says so already: its bytes stay */
        drop_folder(folder);
    }
    char *empty = fresh_folder();
    must(assay_tokenizer_save(empty, NULL, empty, "<odd>", &err), &err);
    assert_false(assay_tokenizer_in_folder(empty));
    drop_folder(empty);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gguf_bytes),
        cmocka_unit_test(test_gguf_pieces),
        cmocka_unit_test(test_gguf_large),
        cmocka_unit_test(test_gguf_kinds),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_every_kind_is_copied),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
