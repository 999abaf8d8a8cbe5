/* Hostile files. A mutation table (every header byte of small files set to other values, the file cut at every length)
 * with the allocations counted, and the patterns of published parser faults, one test each, named after the advisory.
 * What each advisory taught: SECURITY.md. */
#include "checkpoint/checkpoint.h"
#include "container/gguf.h"
#include "container/safetensors.h"
#include "container/torch_bin.h"
#include "data/pair_file.h"
#include "options/option_config.h"
#include "tokenizer/tokenizer.h"

#include "gguf_check.h"

#include <sys/mman.h>

/* The Makefile links this program with --wrap: calloc and realloc of libassay.a come through here. */
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);

static size_t largest_allocation;

static void note(size_t size)
{
    if (size > largest_allocation) largest_allocation = size;
}

void *__wrap_calloc(size_t count, size_t size)
{
    size_t bytes;
    note(assay_mul_size(count, size, &bytes) ? bytes : SIZE_MAX);
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    note(size);
    return __real_realloc(block, size);
}

/* ---- the mutation table ---- */

/* No allocation is larger than twice the file and this; it covers lists of small structs (a tensor takes 14 bytes of a
 * file and some hundred of memory, a file here has a few dozen). */
enum { ALLOCATION_CONSTANT = 64 << 10 };

typedef struct tally {
    size_t cases, refused, loaded;
} tally;

static bool try_case(opener open, const char *path, const uint8_t *data, size_t size, tally *count)
{
    assay_error err = {0};
    put_file(path, data, size);
    largest_allocation = 0;
    bool loaded = open_and_touch(open, path, &err) == ASSAY_OK;
    if (largest_allocation > 2 * size + ALLOCATION_CONSTANT)
        fail_msg("an allocation of %zu bytes for a file of %zu", largest_allocation, size);
    if (!loaded && !strstr(err.text, path)) fail_msg("the refusal does not name the file: \"%s\"", err.text);
    count->cases++;
    if (loaded) count->loaded++;
    else count->refused++;
    return loaded;
}

static void mutate(opener open, const char *path, uint8_t *data, size_t size, size_t header, size_t needed,
                   tally *count)
{
    for (size_t cut = 0; cut < size; cut++)
        if (try_case(open, path, data, cut, count) && cut < needed)
            fail_msg("loaded when cut to %zu of %zu bytes", cut, size);
    for (size_t at = 0; at < header; at++) {
        const uint8_t was = data[at], values[] = {0, 0xff, was ^ 1, was ^ 0x80, (uint8_t)(was + 1), '"', '}'};
        for (size_t i = 0; i < sizeof values; i++) {
            if (values[i] == was) continue;
            data[at] = values[i];
            try_case(open, path, data, size, count);
        }
        data[at] = was;
    }
}

/* Where the data begins and where the last tensor ends (behind it there may be padding, which nobody misses). */
static void measure(const assay_tensor_file *file, size_t *first, size_t *last)
{
    *first = file->map.size;
    *last = 0;
    for (size_t i = 0; i < file->count; i++) {
        size_t at = (size_t)((const uint8_t *)file->tensors[i].data - file->map.data),
               end = at + file->tensors[i].bytes;
        if (at < *first) *first = at;
        if (end > *last) *last = end;
    }
}

static void measure_golden(opener open, const char *golden, size_t *header, size_t *needed)
{
    assay_tensor_file *file;
    assay_gguf *gguf;
    if (open == open_gguf) {
        assert_int_equal(assay_gguf_open(&gguf, golden, NULL), ASSAY_OK);
        measure(assay_gguf_tensors(gguf), header, needed);
        assay_gguf_close(gguf);
        return;
    }
    assert_int_equal(open(&file, golden, NULL), ASSAY_OK);
    measure(file, header, needed);
    /* a ZIP's records are spread over it, the directory is its end */
    if (open == assay_torch_bin_open) *header = *needed = file->map.size;
    assay_tensor_file_close(file);
}

static void run_table(const char *name, opener open, const char *golden)
{
    assay_mapping map;
    tally count = {0};
    size_t header, needed;
    char *folder = fresh_folder(), *path = assay_path_join(folder, "file");
    measure_golden(open, golden, &header, &needed);
    assert_int_equal(assay_map_open(&map, golden, NULL), ASSAY_OK);
    uint8_t *copy = malloc(map.size);
    memcpy(copy, map.data, map.size);
    mutate(open, path, copy, map.size, header, needed, &count);
    printf("mutation table, %s: %zu cases, %zu refused by name, %zu loaded whole, 0 other\n", name, count.cases,
           count.refused, count.loaded);
    assert_true(count.refused > count.loaded / 4 && count.cases == count.refused + count.loaded);
    free(copy);
    assay_map_close(&map);
    assay_free(path);
    drop_folder(folder);
}

static void mutation_table(void **state)
{
    (void)state;
    run_table("safetensors", assay_safetensors_open, GOLDEN "mixed.safetensors");
    run_table("GGUF", open_gguf, GOLDEN "types.gguf");
    run_table(".bin", assay_torch_bin_open, GOLDEN "zip64.bin");
}

/* ---- small GGUF files, piece by piece ---- */

typedef struct bytes {
    uint8_t data[4096];
    size_t size;
} bytes;

static void put(bytes *out, uint64_t value, size_t size)
{
    memcpy(out->data + out->size, &value, size);
    out->size += size;
}

static void put_text(bytes *out, const char *text, uint64_t claimed)
{
    put(out, claimed, 8);
    memcpy(out->data + out->size, text, strlen(text));
    out->size += strlen(text);
}

static void put_header(bytes *out, uint64_t tensors, uint64_t keys)
{
    put(out, 0x46554747, 4); /* GGUF */
    put(out, 3, 4);
    put(out, tensors, 8);
    put(out, keys, 8);
}

static void put_tensor(bytes *out, const char *name, uint64_t columns, uint64_t rows, uint64_t place)
{
    put_text(out, name, strlen(name));
    put(out, 2, 4);
    put(out, columns, 8);
    put(out, rows, 8);
    put(out, 0, 4); /* F32 */
    put(out, place, 8);
}

static void pad(bytes *out) { out->size = (out->size + 31) / 32 * 32 + 64; }

/* Refused, with a word of the reason, without an allocation beyond the table's bound. */
static void refuse(opener open, const bytes *file, const char *reason)
{
    tally count = {0};
    assay_error err = {0};
    char *folder = fresh_folder(), *path = assay_path_join(folder, "file.gguf");
    if (try_case(open, path, file->data, file->size, &count)) fail_msg("loaded");
    assert_int_not_equal(open_and_touch(open, path, &err), ASSAY_OK);
    if (!strstr(err.text, reason)) fail_msg("said \"%s\", expected \"%s\"", err.text, reason);
    assay_free(path);
    drop_folder(folder);
}

static void cve_2024_21802_tensor_extents(void **state)
{
    bytes file = {0};
    (void)state;
    put_header(&file, 1, 0);
    put_tensor(&file, "t", UINT64_MAX / 2, 2, 0);
    pad(&file);
    refuse(open_gguf, &file, "too large");
}

static void cve_2024_21825_array_count(void **state)
{
    bytes file = {0};
    (void)state;
    put_header(&file, 0, 1);
    put_text(&file, "tokens", 6);
    put(&file, 9, 4); /* array */
    put(&file, 8, 4); /* of strings */
    put(&file, UINT64_MAX / 16 + 2, 8);
    pad(&file);
    refuse(open_gguf, &file, "count is absurd");
}

static void cve_2024_21836_tensor_count(void **state)
{
    bytes file = {0};
    (void)state;
    put_header(&file, UINT64_MAX / 100, 0);
    pad(&file);
    refuse(open_gguf, &file, "count is absurd");
}

static void cve_2024_23496_string_length(void **state)
{
    bytes file = {0};
    (void)state;
    put_header(&file, 0, 1);
    put_text(&file, "key", UINT64_MAX); /* + 1 is 0 */
    pad(&file);
    refuse(open_gguf, &file, "count is absurd");
}

static void cve_2024_23605_key_count(void **state)
{
    bytes file = {0};
    (void)state;
    put_header(&file, 0, UINT64_MAX / 8);
    pad(&file);
    refuse(open_gguf, &file, "count is absurd");
}

static void cve_2025_53630_running_sum(void **state)
{
    bytes file = {0};
    (void)state;
    put_header(&file, 2, 0); /* each fits 64 bits, their sum wraps */
    put_tensor(&file, "a", (uint64_t)1 << 31, (uint64_t)1 << 30, 0);
    put_tensor(&file, "b", (uint64_t)1 << 31, (uint64_t)1 << 30, (uint64_t)1 << 63);
    pad(&file);
    refuse(open_gguf, &file, "ends behind the end");
}

static void cve_2026_27940_padded_sum(void **state)
{
    bytes file = {0};
    (void)state;
    put_header(&file, 1, 0); /* 2^64 - 4 bytes: rounding up to the alignment wraps to 0 */
    put_tensor(&file, "a", UINT64_MAX / 4, 1, 0);
    pad(&file);
    refuse(open_gguf, &file, "ends behind the end");
}

static void cve_2026_33298_wrapping_product(void **state)
{
    bytes file = {0};
    (void)state;
    put_header(&file, 1, 0); /* 2^32 * 2^32 elements are 0 when wrapped */
    put_tensor(&file, "a", (uint64_t)1 << 32, (uint64_t)1 << 32, 0);
    pad(&file);
    refuse(open_gguf, &file, "too large");
}

static void put_made_safetensors(bytes *out, const char *header, size_t data)
{
    put(out, strlen(header), 8);
    memcpy(out->data + out->size, header, strlen(header));
    out->size += strlen(header) + data;
}

static void cve_2026_7482_range_behind_the_end(void **state)
{
    bytes gguf = {0}, safe = {0};
    (void)state;
    put_header(&gguf, 1, 0);
    put_tensor(&gguf, "a", 1 << 20, 1, 0);
    pad(&gguf);
    refuse(open_gguf, &gguf, "ends behind the end");
    put_made_safetensors(&safe, "{\"a\":{\"dtype\":\"F32\",\"shape\":[1024],\"data_offsets\":[0,4096]}}", 4);
    refuse(assay_safetensors_open, &safe, "");
}

/* The audit of 2023: what follows the data, or lies between tensors, could be another file. */
static void safetensors_polyglot(void **state)
{
    bytes behind = {0}, hole = {0};
    (void)state;
    put_made_safetensors(&behind, "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4 + 64);
    refuse(assay_safetensors_open, &behind, "");
    put_made_safetensors(&hole, "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[16,20]}}", 20);
    refuse(assay_safetensors_open, &hole, "");
}

/* ---- tokenizers ---- */

static void put_named(const char *folder, const char *name, const void *data, size_t size)
{
    char *path = assay_path_join(folder, name);
    put_file(path, data, size);
    assay_free(path);
}

static void cve_2025_52566_text_beyond_int(void **state)
{
    assay_tokenizer *tokenizer;
    assay_ids ids = {0};
    assay_error err = {0};
    size_t size = (size_t)INT32_MAX + 1;
    (void)state;
    char *text = mmap(NULL, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (text == MAP_FAILED) skip();
    assert_int_equal(assay_tokenizer_open(&tokenizer, "tests/data/tokenizer/llama", NULL, &err), ASSAY_OK);
    assert_int_not_equal(assay_tokenizer_encode(tokenizer, text, size, 0, &ids, &err), ASSAY_OK);
    assert_non_null(strstr(err.text, "2147483648 bytes"));
    assert_int_equal(ids.count, 0);
    assay_tokenizer_close(tokenizer);
    munmap(text, size);
}

/* A piece longer than the caller's buffer is cut, and its length told. */
static void cve_2025_49847_piece_copy(void **state)
{
    assay_tokenizer *tokenizer;
    char piece[2] = {'x', 'x'};
    size_t longest = 0;
    (void)state;
    assert_int_equal(assay_tokenizer_open(&tokenizer, "tests/data/tokenizer/llama", NULL, NULL), ASSAY_OK);
    for (int32_t id = 0; id < assay_tokenizer_about(tokenizer)->vocab_size; id++) {
        size_t length = assay_tokenizer_token_bytes(tokenizer, id, piece, 1);
        if (length > longest) longest = length;
        assert_int_equal(piece[1], 'x');
    }
    assert_true(longest > 1);
    assay_tokenizer_close(tokenizer);
}

static void refuse_model(const void *data, size_t size, const char *reason)
{
    assay_tokenizer *tokenizer;
    assay_error err = {0};
    char *folder = fresh_folder();
    put_named(folder, "tokenizer.model", data, size);
    assert_int_not_equal(assay_tokenizer_open(&tokenizer, folder, NULL, &err), ASSAY_OK);
    if (!strstr(err.text, reason)) fail_msg("said \"%s\"", err.text);
    drop_folder(folder);
}

static void cve_2026_1260_crafted_sentencepiece(void **state)
{
    static const uint8_t piece_too_long[] = {0x0a, 0x7f, 0x0a, 0x01, 'a'};
    static const uint8_t charsmap_too_long[] = {0x1a, 0x08, 0x12, 0x06, 0xff, 0xff, 0xff, 0x7f, 0, 0};
    static const uint8_t endless_varint[] = {0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    static const uint8_t group[] = {0x0b, 0x0c};
    (void)state;
    refuse_model(piece_too_long, sizeof piece_too_long, "cut off");
    refuse_model(charsmap_too_long, sizeof charsmap_too_long, "charsmap");
    refuse_model(endless_varint, sizeof endless_varint, "cut off");
    refuse_model(group, sizeof group, "wire type");
}

/* 40 rules that each double the text are 2^40 times its size. */
static void normalizer_bomb(void **state)
{
    assay_tokenizer *tokenizer;
    assay_ids ids = {0};
    assay_error err = {0};
    char *folder = fresh_folder(), *json = malloc(16384), *at = json;
    (void)state;
    at +=
        sprintf(at, "{\"version\":\"1.0\",\"added_tokens\":[],\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[");
    for (int i = 0; i < 40; i++)
        at += sprintf(at, "%s{\"type\":\"Replace\",\"pattern\":{\"String\":\"a\"},\"content\":\"aa\"}", i ? "," : "");
    at += sprintf(at, "]},\"pre_tokenizer\":null,\"post_processor\":null,\"decoder\":null,"
                      "\"model\":{\"type\":\"BPE\",\"unk_token\":\"a\",\"vocab\":{\"a\":0},\"merges\":[]}}");
    put_named(folder, "tokenizer.json", json, (size_t)(at - json));
    if (assay_tokenizer_open(&tokenizer, folder, NULL, &err) != ASSAY_OK) fail_msg("%s", err.text);
    assert_int_not_equal(assay_tokenizer_encode(tokenizer, "aaaa", 4, 0, &ids, &err), ASSAY_OK);
    assay_ids_release(&ids);
    assay_tokenizer_close(tokenizer);
    free(json);
    drop_folder(folder);
}

/* ---- .bin, JSON, YAML ---- */

static void cve_2025_32434_pickle_calls(void **state)
{
    static const char *const names[] = {
        "system",       "getattr",      "opcode_inst", "opcode_stack_global",     "opcode_ext",
        "build_tensor", "call_storage", "call_tensor", "call_dict_with_arguments"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        assay_error err = {0};
        snprintf(path, sizeof path, GOLDEN "hostile/%s.bin", names[i]);
        if (open_and_touch(assay_torch_bin_open, path, &err) == ASSAY_OK) fail_msg("%s was loaded", names[i]);
        assert_true(err.text[0] != 0);
    }
}

static void json_depth(void **state)
{
    enum { DEPTH = 100000 };
    static const char *const names[] = {"config.json", "tokenizer.json", "model.safetensors.index.json"};
    char *deep = malloc(DEPTH);
    assay_checkpoint *checkpoint;
    assay_tokenizer *tokenizer;
    (void)state;
    memset(deep, '[', DEPTH);
    for (size_t i = 0; i < 3; i++) {
        assay_error err = {0};
        char *folder = fresh_folder();
        if (i) put_named(folder, "config.json", "{}", 2);
        put_named(folder, names[i], deep, DEPTH);
        if (i == 1) assert_int_not_equal(assay_tokenizer_open(&tokenizer, folder, NULL, &err), ASSAY_OK);
        else assert_int_not_equal(assay_checkpoint_open(&checkpoint, folder, 0, &err), ASSAY_OK);
        if (!strstr(err.text, names[i])) fail_msg("said \"%s\"", err.text);
        drop_folder(folder);
    }
    free(deep);
}

static void index_leaves_its_folder(void **state)
{
    static const char *const indices[] = {"{\"weight_map\":{\"a\":\"../model.safetensors\"}}",
                                          "{\"weight_map\":{\"a\":\"/etc/passwd\"}}", "{\"weight_map\":{\"a\":\"..\"}}",
                                          "{\"weight_map\":{\"a\":\"x\\u0000y\"}}",
                                          "{\"weight_map\":{\"a\":{\"b\":1}}}"};
    assay_checkpoint *checkpoint;
    (void)state;
    for (size_t i = 0; i < sizeof indices / sizeof *indices; i++) {
        assay_error err = {0};
        char *folder = fresh_folder();
        put_named(folder, "config.json", "{}", 2);
        put_named(folder, "model.safetensors.index.json", indices[i], strlen(indices[i]));
        if (assay_checkpoint_open(&checkpoint, folder, 0, &err) == ASSAY_OK) fail_msg("accepted %s", indices[i]);
        drop_folder(folder);
    }
}

static void yaml_alias_bomb(void **state)
{
    static const char bomb[] = "data: &a [x, x]\nmodel: *a\n";
    assay_options options;
    assay_error err = {0};
    char *folder = fresh_folder(), *path = assay_path_join(folder, "run.yaml");
    (void)state;
    put_file(path, bomb, sizeof bomb - 1);
    assert_int_equal(assay_options_init(&options, &err), ASSAY_OK);
    assert_int_equal(assay_option_config_read(&options, path, ASSAY_FOR_TRAIN, "train", &err), ASSAY_E_USAGE);
    assert_non_null(strstr(err.text, "references"));
    assay_options_release(&options);
    assay_free(path);
    drop_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(mutation_table),
                                       cmocka_unit_test(cve_2024_21802_tensor_extents),
                                       cmocka_unit_test(cve_2024_21825_array_count),
                                       cmocka_unit_test(cve_2024_21836_tensor_count),
                                       cmocka_unit_test(cve_2024_23496_string_length),
                                       cmocka_unit_test(cve_2024_23605_key_count),
                                       cmocka_unit_test(cve_2025_53630_running_sum),
                                       cmocka_unit_test(cve_2026_27940_padded_sum),
                                       cmocka_unit_test(cve_2026_33298_wrapping_product),
                                       cmocka_unit_test(cve_2026_7482_range_behind_the_end),
                                       cmocka_unit_test(cve_2025_52566_text_beyond_int),
                                       cmocka_unit_test(cve_2025_49847_piece_copy),
                                       cmocka_unit_test(cve_2026_1260_crafted_sentencepiece),
                                       cmocka_unit_test(cve_2025_32434_pickle_calls),
                                       cmocka_unit_test(safetensors_polyglot),
                                       cmocka_unit_test(normalizer_bomb),
                                       cmocka_unit_test(json_depth),
                                       cmocka_unit_test(index_leaves_its_folder),
                                       cmocka_unit_test(yaml_alias_bomb)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
