/* Ids against the reference's, committed (tests/data/tokenizer, made by tests/oracle/tokenizer_golden.py) and from the
 * files of ../shared; then hostile models. Work on long words: test_tokenizer_work.c. */
#include "tokenizer_check.h"

#include "tokenizer/sp_model.h"

#include <unistd.h>

typedef struct golden_run {
    char name[64];
    assay_tokenizer *tokenizer;
    assay_gguf *gguf;
} golden_run;

static void golden_close(golden_run *run)
{
    assay_tokenizer_close(run->tokenizer);
    assay_gguf_close(run->gguf);
    *run = (golden_run){0};
}

static void golden_line(const json_t *line, size_t number, void *context)
{
    golden_run *run = context;
    const char *name = json_string_value(json_object_get(line, "tokenizer")),
               *flags = json_string_value(json_object_get(line, "flags"));
    const json_t *text = json_object_get(line, "text");
    char what[96];
    assay_error err = {0};
    assay_ids ids = {0};
    if (strcmp(run->name, name) != 0) {
        golden_close(run);
        snprintf(run->name, sizeof(run->name), "%s", name);
        run->tokenizer = open_golden(name, &run->gguf);
    }
    unsigned set = strcmp(flags, "plain") == 0 ? 0 : ASSAY_ENCODE_SPECIAL_TEXT;
    if (strcmp(flags, "special") == 0) set |= ASSAY_ENCODE_ADD_SPECIAL;
    must(assay_tokenizer_encode(run->tokenizer, json_string_value(text), json_string_length(text), set, &ids, &err),
         &err);
    snprintf(what, sizeof(what), "strings.jsonl:%zu (%s)", number, name);
    ids_check_json(&ids, json_object_get(line, "ids"), what);
    assay_ids_release(&ids);
}

static void golden_strings_are_equal(void **state)
{
    (void)state;
    golden_run run = {0};
    assert_true(lines_each(GOLDEN "strings.jsonl", golden_line, &run) > 700);
    assert_true(lines_each(GOLDEN "kinds.jsonl", golden_line, &run) == 1110);
    golden_close(&run);
}

/* A part many times over; its ids stand in the file as their number and a sum that weighs each with its place. */
static void long_line(const json_t *line, size_t number, void *context)
{
    const char *name = json_string_value(json_object_get(line, "tokenizer"));
    const json_t *part = json_object_get(line, "text");
    size_t size = json_string_length(part), times = (size_t)json_integer_value(json_object_get(line, "times"));
    char *text = assay_alloc(times, size);
    assay_error err = {0};
    assay_ids ids = {0};
    assay_gguf *gguf;
    uint32_t sum = 0;
    (void)number, (void)context;
    assert_non_null(text);
    for (size_t i = 0; i < times; i++) memcpy(text + i * size, json_string_value(part), size);
    assay_tokenizer *tokenizer = open_golden(name, &gguf);
    must(assay_tokenizer_encode(tokenizer, text, times * size, ASSAY_ENCODE_ADD_SPECIAL | ASSAY_ENCODE_SPECIAL_TEXT,
                                &ids, &err),
         &err);
    for (size_t i = 0; i < ids.count; i++) sum += (uint32_t)(i + 1) * (uint32_t)ids.data[i];
    if (ids.count != (size_t)json_integer_value(json_object_get(line, "count")) ||
        sum != (uint32_t)json_integer_value(json_object_get(line, "sum")))
        fail_msg("%s: a text of %zu bytes has other ids than the reference's", name, times * size);
    assay_ids_release(&ids);
    assay_tokenizer_close(tokenizer);
    assay_gguf_close(gguf);
    assay_free(text);
}

static void long_texts_are_equal(void **state)
{
    (void)state;
    assert_true(lines_each(GOLDEN "kinds_long.jsonl", long_line, NULL) == 21);
}

static void about_tells_special_ids(void **state)
{
    (void)state;
    assay_gguf *gguf;
    assay_tokenizer *tokenizer = open_golden("byte_level", &gguf);
    const assay_tokenizer_info *info = assay_tokenizer_about(tokenizer);
    char bytes[8];
    assert_string_equal(info->kind, "byte-level-bpe");
    assert_string_equal(info->class_name, "PreTrainedTokenizerFast");
    assert_int_equal(info->bos, assay_tokenizer_find(tokenizer, "<|begin_of_text|>"));
    assert_int_equal(info->eos, assay_tokenizer_find(tokenizer, "</s>"));
    assert_int_equal(info->pad, 0);
    assert_int_equal(info->unk, -1);
    assert_non_null(strstr(info->chat_template, "You are a helpful assistant."));
    assert_non_null(
        strstr(info->note, "add_bos_token false and add_eos_token true")); /* the post_processor has it so */
    assert_int_equal(assay_tokenizer_find(tokenizer, "no such token"), -1);
    assert_null(assay_tokenizer_token(tokenizer, info->vocab_size));
    assert_int_equal(
        assay_tokenizer_token_bytes(tokenizer, assay_tokenizer_find(tokenizer, "\xc4\xa0"), bytes, sizeof(bytes)), 1);
    assert_int_equal(bytes[0], ' ');
    assert_int_equal(assay_tokenizer_token_bytes(tokenizer, 0, bytes, sizeof(bytes)), strlen("<|endoftext|>"));
    assay_tokenizer_close(tokenizer);
    tokenizer = open_golden("chatglm", &gguf);
    info = assay_tokenizer_about(tokenizer);
    assert_string_equal(info->family, "chatglm3");
    assert_int_equal(assay_tokenizer_find(tokenizer, "<|observation|>"), info->vocab_size - 1);
    assert_int_equal(assay_tokenizer_find(tokenizer, "[MASK]"), info->vocab_size - 9);
    assert_int_equal(info->pad, 0);
    assert_int_equal(
        assay_tokenizer_token_bytes(tokenizer, assay_tokenizer_find(tokenizer, "<0x0A>"), bytes, sizeof(bytes)), 1);
    assert_int_equal(bytes[0], '\n');
    assay_tokenizer_close(tokenizer);
}

static void refused(const char *path, const char *text)
{
    assay_error err = {0};
    assay_tokenizer *tokenizer;
    assay_gguf *gguf = NULL;
    assert_int_not_equal(tokenizer_open_any(&tokenizer, &gguf, path, &err), ASSAY_OK);
    if (!strstr(err.text, text)) fail_msg("\"%s\" does not say \"%s\"", err.text, text);
    assert_null(tokenizer);
    assay_gguf_close(gguf);
}

static void write_text(const char *path, const char *text)
{
    assay_error err = {0};
    must(assay_file_write_atomic(path, text, strlen(text), &err), &err);
}

#define MODEL(type, more) \
    "{\"model\":{\"type\":\"" type "\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2},\"merges\":[\"a b\"]}" more "}"

static void unsupported_is_refused_by_name(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {MODEL("Mystery", ""), "Mystery"},
        {MODEL("Unigram", ""), "should be a list of pieces"},
        {MODEL("WordPiece", ""), "the unknown token \"[UNK]\" is not in the vocabulary"},
        {MODEL("BPE", ",\"normalizer\":{\"type\":\"ByteLevel\"}"), "ByteLevel"},
        {MODEL("BPE", ",\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"?\"}"), "no base64"},
        {MODEL("BPE", ",\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"AAAA\"}"), "broken"},
        {MODEL("BPE", ",\"pre_tokenizer\":{\"type\":\"UnicodeScripts\"}"), "UnicodeScripts"},
        {MODEL("BPE", ",\"post_processor\":{\"type\":\"Mystery\"}"), "Mystery"},
        {MODEL("BPE",
               ",\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"\\\\w+\"},\"behavior\":\"Isolated\"}"),
         "\\w"},
        {MODEL("BPE", ",\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"[a-z&&[^b]]\"},\"behavior\":"
                      "\"Isolated\"}"),
         "&&"},
        {MODEL("BPE",
               ",\"pre_tokenizer\":{\"type\":\"Split\",\"pattern\":{\"Regex\":\"(\"},\"behavior\":\"Isolated\"}"),
         "does not compile"},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0},\"merges\":[\"a c\"]}}", "merge 0 uses \"c\""},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":-5},\"merges\":[]}}", "\"b\""},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":0},\"merges\":[]}}", "given to both"},
        {"{\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":2000000000},\"merges\":[]}}", "no id"},
        {"[]", "model"},
    };
    char folder[] = "/tmp/assay-tokenizer-XXXXXX", path[128];
    assert_non_null(mkdtemp(folder));
    refused(folder, "no tokenizer.json");
    snprintf(path, sizeof(path), "%s/tokenizer.json", folder);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        write_text(path, cases[i][0]);
        refused(folder, cases[i][1]);
    }
    refused(GOLDEN "unknown_pre.gguf", "no-such-pre");
    refused(GOLDEN "unknown_pre.gguf", "smollm");
    assay_remove_tree(folder, NULL);
}

static void folder_refused(const char *folder, const char *file, const char *text, const char *config,
                           const char *sentence)
{
    char path[160];
    snprintf(path, sizeof(path), "%s/tokenizer_config.json", folder);
    write_text(path, config);
    snprintf(path, sizeof(path), "%s/%s", folder, file);
    write_text(path, text);
    refused(folder, sentence);
    assert_int_equal(unlink(path), 0);
}

/* Vocabularies that come as text, each fault with its line. */
static void broken_vocabularies_are_refused_by_line(void **state)
{
    (void)state;
    static const char *const cases[][4] = {
        {"vocab.txt", "", "{}", "empty vocabulary"},
        {"vocab.txt", "a\nb\xff\n", "{}", "not valid UTF-8 at byte 3"},
        {"vocab.txt", "a\nb\n", "{}", "\"[UNK]\" is not in the vocabulary"},
        {"vocab.txt", "[UNK]\n", "{\"tokenizer_class\":\"ProphetNetTokenizer\"}", "ProphetNetTokenizer"},
        {"vocab.json", "{\"a\":0}", "{}", "which is not named"},
        {"vocab.json", "{\"a\":-1}", "{\"tokenizer_class\":\"GPT2Tokenizer\"}", "the id of \"a\" is no id"},
        {"vocab.json", "{\"a\":0}", "{\"tokenizer_class\":\"GPT2Tokenizer\"}", "merges.txt"},
        {"qwen.tiktoken", "YQ== 0\nYg==\n", "{}", "qwen.tiktoken:2: "},
        {"qwen.tiktoken", "YQ== 0\nYQ== 1\n", "{}", "given twice, the second time as 1"},
        {"qwen.tiktoken", "YQ== 0\nYg== 0\n", "{}", "token id 0 is given to both"},
        {"qwen.tiktoken", "Y*== 0\n", "{}", "qwen.tiktoken:1: "},
        {"tokenizer.model", "YQ== 0\n", "{}", "no token for the single byte 0x00"},
        {"tokenizer.model", "\n", "{}", "not a SentencePiece model"},
        {"spiece.model", "\n\x05\n\x03pad", "{\"tokenizer_class\":\"AlbertTokenizer\"}", "AlbertTokenizer"},
        {"ice_text.model", "\n\x05\n\x03pad", "{\"num_image_tokens\":20000}", "20000 image tokens"},
        {"ice_text.model", "\n\x05\n\x03pad", "{}", "[gMASK] and <sop>"},
    };
    char folder[] = "/tmp/assay-tokenizer-XXXXXX", path[128];
    assert_non_null(mkdtemp(folder));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        folder_refused(folder, cases[i][0], cases[i][1], cases[i][2], cases[i][3]);
    snprintf(path, sizeof(path), "%s/merges.txt", folder);
    write_text(path, "#version: 0.2\na b\na b c\n");
    folder_refused(folder, "vocab.json", "{\"a\":0,\"b\":1,\"ab\":2}", "{\"tokenizer_class\":\"GPT2Tokenizer\"}",
                   "merges.txt:3: ");
    assay_remove_tree(folder, NULL);
}

/* A piece that is longer than any place is looked up for is refused, not tried at every place of a text. */
static void endless_pieces_are_refused(void **state)
{
    (void)state;
    static const char head[] = "{\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"u\",0],[\"",
                      tail[] = "\",-1]]}}";
    char folder[] = "/tmp/assay-tokenizer-XXXXXX", path[128];
    size_t length = 1 << 20, size = sizeof(head) + sizeof(tail) - 2 + length;
    char *text = assay_alloc(size + 1, 1);
    assert_non_null(text);
    memcpy(text, head, sizeof(head) - 1);
    memset(text + sizeof(head) - 1, 'a', length);
    memcpy(text + sizeof(head) - 1 + length, tail, sizeof(tail));
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/tokenizer.json", folder);
    write_text(path, text);
    refused(folder, "piece 1 has 1048576 bytes");
    assay_free(text);
    assay_remove_tree(folder, NULL);
}

/* The committed model with one byte changed or cut short: never a crash (asan), always an answer. */
static void damaged_models_are_survived(void **state)
{
    (void)state;
    char *bytes;
    size_t size, opened = 0;
    assay_error err = {0};
    must(assay_file_read(GOLDEN "chatglm/tokenizer.model", 1 << 20, &bytes, &size, &err), &err);
    for (size_t i = 0; i < 3000; i++) {
        assay_sp_model model;
        assay_token_map vocab = {0};
        assay_ids ids = {0};
        size_t place = (i * 7919) % size, length = i % 3 ? size : place;
        char kept = bytes[place];
        bytes[place] = (char)(kept ^ (1 << i % 8));
        assay_sp_model_init(&model);
        if (assay_sp_model_read(&model, &vocab, bytes, length, "damaged", &err) == ASSAY_OK) {
            static const char text[] = "The kettle \xef\xac\x81ne <sep> \xe7\x9c\x8b\xe4\xb9\xa6 e\xcc\x81";
            opened++;
            must(assay_sp_encode(&model, &vocab, text, sizeof(text) - 1, &ids, &err), &err);
        }
        bytes[place] = kept;
        assay_ids_release(&ids);
        assay_sp_model_release(&model);
        assay_token_map_release(&vocab);
    }
    assay_free(bytes);
    assert_in_range(opened, 1, 2999);
}

static void unigram_is_refused(void **state)
{
    (void)state;
    /* one piece; model_type defaults to unigram */
    static const char bytes[] = "\x0a\x0a\x0a\x01?\x15\x00\x00\x00\x00\x18\x02";
    assay_sp_model model;
    assay_token_map vocab = {0};
    assay_error err = {0};
    assay_sp_model_init(&model);
    assert_int_equal(assay_sp_model_read(&model, &vocab, bytes, sizeof(bytes) - 1, "model", &err), ASSAY_E_UNSUPPORTED);
    assert_non_null(strstr(err.text, "unigram"));
    assay_sp_model_release(&model);
    assay_token_map_release(&vocab);
}

static void bad_utf8_is_named(void **state)
{
    (void)state;
    static const char *const bad[] = {"ab\xff", "ab\xc0\xaf", "ab\xed\xa0\x80", "ab\xf4\x90\x80\x80", "ab\xe4\xbd"};
    assay_gguf *gguf;
    assay_tokenizer *tokenizer = open_golden("byte_level", &gguf);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assay_ids ids = {0};
        assay_error err = {0};
        assert_int_equal(assay_tokenizer_encode(tokenizer, bad[i], strlen(bad[i]), 0, &ids, &err), ASSAY_E_FORMAT);
        assert_non_null(strstr(err.text, "byte 2"));
        assay_ids_release(&ids);
    }
    assay_tokenizer_close(tokenizer);
}

/* A text of llama.cpp's .inp file, up to the separator line; *at moves behind it. */
static size_t inp_part(const char *text, size_t size, size_t *at)
{
    static const char separator[] = "\n__ggml_vocab_test__\n";
    const char *end = memmem(text + *at, size - *at, separator, sizeof(separator) - 1);
    size_t length = end ? (size_t)(end - text) - *at : 0;
    *at = end ? *at + length + sizeof(separator) - 1 : size;
    return length;
}

static void out_line_check(const assay_tokenizer *tokenizer, const char *text, size_t size, char *line,
                           const char *what)
{
    assay_ids ids = {0};
    assay_error err = {0};
    int32_t wanted[4096];
    size_t count = 0;
    for (char *word = strtok(line, " \n"); word && count < 4096; word = strtok(NULL, " \n"))
        wanted[count++] = atoi(word);
    must(assay_tokenizer_encode(tokenizer, text, size, 0, &ids, &err), &err);
    ids_check(&ids, wanted, count, what);
    assay_ids_release(&ids);
}

static void vocabulary_tests_check(const char *name)
{
    char path[512], *inp, *out;
    size_t inp_size, out_size, at = 0, lines = 0;
    assay_error err = {0};
    assay_gguf *gguf;
    assay_tokenizer *tokenizer;
    shared_path(path, sizeof(path), name);
    if (!assay_path_exists(path)) {
        print_message("%s is not here\n", path);
        skip();
    }
    must(tokenizer_open_any(&tokenizer, &gguf, path, &err), &err);
    size_t length = strlen(path);
    strcpy(path + length, ".inp");
    must(assay_file_read(path, 1 << 20, &inp, &inp_size, &err), &err);
    strcpy(path + length, ".out");
    must(assay_file_read(path, 1 << 20, &out, &out_size, &err), &err);
    for (char *line = out, *end; (end = strchr(line, '\n')); line = end + 1, lines++) {
        size_t start = at, size = inp_part(inp, inp_size, &at);
        *end = 0;
        out_line_check(tokenizer, inp + start, size, line, path);
    }
    assert_true(lines > 40);
    assay_free(inp);
    assay_free(out);
    assay_tokenizer_close(tokenizer);
    assay_gguf_close(gguf);
}

static void llama_cpp_gpt2_vectors(void **state)
{
    (void)state;
    vocabulary_tests_check("ggml-vocab-gpt-2.gguf");
}

static void llama_cpp_spm_vectors(void **state)
{
    (void)state;
    vocabulary_tests_check("ggml-vocab-llama-spm.gguf");
}

int main(int count, char **words)
{
    if (count > 2 && strcmp(words[1], "--dump") == 0) return dump_main(count, words);
    if (count > 2 && strcmp(words[1], "--time") == 0) return time_main(words[2]);
    if (count > 3 && strcmp(words[1], "--save") == 0) return save_main(words[2], words[3]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_strings_are_equal),
        cmocka_unit_test(long_texts_are_equal),
        cmocka_unit_test(about_tells_special_ids),
        cmocka_unit_test(unsupported_is_refused_by_name),
        cmocka_unit_test(broken_vocabularies_are_refused_by_line),
        cmocka_unit_test(endless_pieces_are_refused),
        cmocka_unit_test(damaged_models_are_survived),
        cmocka_unit_test(unigram_is_refused),
        cmocka_unit_test(bad_utf8_is_named),
        cmocka_unit_test(llama_cpp_gpt2_vectors),
        cmocka_unit_test(llama_cpp_spm_vectors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
