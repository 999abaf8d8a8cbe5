/* GGUF: block types bit-equal to gguf-py's dequantisation, metadata of every kind, versions 2 and 3, real files where
 * present, and hostile ones. */
#include "base/rng.h"
#include "container/gguf.h"

#include "gguf_check.h"

#include <math.h>

static void reads_every_type(void **state)
{
    assay_gguf *gguf;
    assay_error err = {0};
    (void)state;
    if (assay_gguf_open(&gguf, GOLDEN "types.gguf", &err) != ASSAY_OK) fail_msg("%s", err.text);
    assert_int_equal(assay_gguf_tensors(gguf)->count, 8);
    golden_each("types", golden_look_file, (void *)(uintptr_t)assay_gguf_tensors(gguf));
    assay_gguf_close(gguf);
}

/* Random bytes in every field of every type that gguf-py does not quantise itself. */
static void decodes_blocks_of_random_bits(void **state)
{
    assay_gguf *gguf;
    assay_error err = {0};
    (void)state;
    if (assay_gguf_open(&gguf, GOLDEN "blocks.gguf", &err) != ASSAY_OK) fail_msg("%s", err.text);
    assert_int_equal(assay_gguf_tensors(gguf)->count, 14);
    golden_each("blocks", golden_look_file, (void *)(uintptr_t)assay_gguf_tensors(gguf));
    assay_gguf_close(gguf);
}

/* A run from any element to any other is what the whole row has there. */
static void decodes_runs_inside_blocks(void **state)
{
    assay_gguf *gguf;
    (void)state;
    assert_int_equal(assay_gguf_open(&gguf, GOLDEN "blocks.gguf", NULL), ASSAY_OK);
    const assay_tensor_file *file = assay_gguf_tensors(gguf);
    for (size_t t = 0; t < file->count; t++) {
        const assay_tensor *tensor = &file->tensors[t];
        size_t columns = tensor->shape[1];
        float row[512], run[512];
        assay_dtype_to_f32(tensor->dtype, tensor->data, row, columns);
        for (size_t first = 0; first < columns; first += 7)
            for (size_t count = 0; first + count <= columns; count += 13) {
                assay_dtype_run_to_f32(tensor->dtype, tensor->data, first, count, run);
                if (memcmp(run, row + first, count * sizeof *run) != 0)
                    fail_msg("%s from %zu, %zu elements", tensor->name, first, count);
            }
    }
    assay_gguf_close(gguf);
}

/* Byte for byte what gguf-py makes of the same values. */
static void quantises_as_ggml_does(void **state)
{
    static const char *const kinds[] = {"Q8_0", "Q5_0", "Q5_1"};
    assay_gguf *gguf;
    (void)state;
    assert_int_equal(assay_gguf_open(&gguf, GOLDEN "blocks.gguf", NULL), ASSAY_OK);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char name[32];
        uint8_t bytes[512];
        snprintf(name, sizeof name, "src.%s", kinds[i]);
        const assay_tensor *source = assay_tensor_file_find(assay_gguf_tensors(gguf), name);
        snprintf(name, sizeof name, "made.%s", kinds[i]);
        const assay_tensor *made = assay_tensor_file_find(assay_gguf_tensors(gguf), name);
        assert_true(made->bytes <= sizeof bytes);
        assay_dtype_from_f32(made->dtype, source->data, bytes, source->shape[0] * source->shape[1]);
        if (memcmp(bytes, made->data, made->bytes) != 0) fail_msg("%s differs", kinds[i]);
    }
    assay_gguf_close(gguf);
}

/* Levels L over a range of about six deviations leave an error of 6 / (L sqrt(12)) of one; each type may have a third
 * more than that of its own levels. All of a block's values being representable, they come back to the last bit of a
 * scale. */
static void quantising_loses_what_its_levels_must(void **state)
{
    static const struct {
        assay_dtype dtype;
        double levels;
    } types[] = {{ASSAY_Q4_K, 16}, {ASSAY_Q5_K, 32}, {ASSAY_Q6_K, 64}, {ASSAY_Q8_0, 255}};
    enum { COUNT = 256 * 64 };
    static float x[COUNT], y[COUNT];
    static uint8_t packed[COUNT * 4];
    assay_rng rng = {.seed = 5};
    (void)state;
    for (size_t i = 0; i < COUNT; i++) x[i] = (float)assay_rng_normal(&rng);
    for (size_t t = 0; t < sizeof types / sizeof *types; t++) {
        double error = 0, bound = 6 / (types[t].levels * sqrt(12)) * 4 / 3;
        assay_dtype_from_f32(types[t].dtype, x, packed, COUNT);
        assay_dtype_to_f32(types[t].dtype, packed, y, COUNT);
        for (size_t i = 0; i < COUNT; i++) error += (double)(x[i] - y[i]) * (double)(x[i] - y[i]) / COUNT;
        if (!(sqrt(error) < bound))
            fail_msg("%s: %g, at most %g", assay_dtype_name(types[t].dtype), sqrt(error), bound);
    }
}

static void expect_int(const assay_gguf *gguf, const char *key, int64_t expected)
{
    int64_t value = 0;
    assert_true(assay_gguf_int(gguf, key, &value));
    assert_true(value == expected);
}

static void reads_metadata(void **state)
{
    assay_gguf *gguf;
    const char *text;
    size_t size;
    double real;
    int64_t whole;
    (void)state;
    assert_int_equal(assay_gguf_open(&gguf, GOLDEN "types.gguf", NULL), ASSAY_OK);
    expect_int(gguf, "u8", 254);
    expect_int(gguf, "i8", -128);
    expect_int(gguf, "u16", 65534);
    expect_int(gguf, "i16", -32768);
    expect_int(gguf, "u32", 4294967294);
    expect_int(gguf, "i32", INT32_MIN);
    expect_int(gguf, "u64", (int64_t)1 << 62);
    expect_int(gguf, "i64", INT64_MIN);
    expect_int(gguf, "yes", 1);
    assert_true(assay_gguf_double(gguf, "f32", &real) && real >= 0.5 && real <= 0.5);
    assert_true(assay_gguf_double(gguf, "f64", &real) && real >= 1e-300 && real <= 1e-300);
    assert_true(assay_gguf_double(gguf, "i8", &real) && real >= -128 && real <= -128);
    assert_true(assay_gguf_string(gguf, "text", &text, &size));
    assert_string_equal(text, "caf\xc3\xa9");
    assert_int_equal(size, 5);
    assert_true(assay_gguf_array_size(gguf, "words", &size));
    assert_int_equal(size, 3);
    assert_true(assay_gguf_array_string(gguf, "words", 2, &text, NULL));
    assert_string_equal(text, "\xe4\xb8\xad");
    assert_true(assay_gguf_array_int(gguf, "ints", 1, &whole));
    assert_int_equal(whole, -2);
    assert_true(assay_gguf_array_double(gguf, "floats", 1, &real) && real >= -1.5 && real <= -1.5);
    assert_false(assay_gguf_array_int(gguf, "ints", 3, &whole));
    assert_false(assay_gguf_int(gguf, "ints", &whole));
    assert_false(assay_gguf_int(gguf, "text", &whole));
    assert_false(assay_gguf_string(gguf, "u8", &text, NULL));
    assert_false(assay_gguf_array_size(gguf, "missing", &size));
    assay_gguf_close(gguf);
}

typedef struct patch {
    size_t at, size;
    uint64_t value;
    const char *message; /* NULL: must be accepted */
} patch;

/* Header fields: 4 version, 8 tensors, 16 keys, 24 length of the first key ("general.architecture"), 52 its type, 56
 * its length. */
static const patch patches[] = {
    {4, 4, 2, NULL},
    {4, 4, 1, "version 1"},
    {4, 4, 4, "version 4"},
    {4, 4, 0x03000000, "big-endian"},
    {0, 1, 'g', "does not begin with GGUF"},
    {8, 8, UINT64_MAX, "absurd"},
    {8, 8, (uint64_t)1 << 61, "absurd"},
    {8, 8, 9, "a hole or an overlap"},
    {16, 8, UINT64_MAX, "absurd"},
    {16, 8, 100000, "absurd"},
    {24, 8, UINT64_MAX, "absurd"},
    {24, 8, (uint64_t)1 << 40, "absurd"},
    {52, 4, 13, "type 13"},
    {52, 4, 9, "absurd"},
    {56, 8, UINT64_MAX - 8, "absurd"},
};

static void judges_patches(void **state)
{
    assay_mapping map;
    char *folder = fresh_folder(), *path = assay_path_join(folder, "patched.gguf");
    (void)state;
    assert_int_equal(assay_map_open(&map, GOLDEN "types.gguf", NULL), ASSAY_OK);
    uint8_t *copy = malloc(map.size);
    for (size_t i = 0; i < sizeof patches / sizeof *patches; i++) {
        assay_error err = {0};
        memcpy(copy, map.data, map.size);
        for (size_t j = 0; j < patches[i].size; j++) copy[patches[i].at + j] = (uint8_t)(patches[i].value >> 8 * j);
        put_file(path, copy, map.size);
        assay_status status = open_and_touch(open_gguf, path, &err);
        if (!patches[i].message && status != ASSAY_OK) fail_msg("patch %zu: %s", i, err.text);
        if (patches[i].message && !strstr(err.text, patches[i].message))
            fail_msg("patch %zu: said \"%s\"", i, err.text);
    }
    free(copy);
    assay_map_close(&map);
    assay_free(path);
    drop_folder(folder);
}

/* Replaces one text by another of the same length everywhere in types.gguf. */
static void check_replaced(const char *from, const char *to, size_t size, const char *message)
{
    assay_mapping map;
    char *folder = fresh_folder(), *path = assay_path_join(folder, "replaced.gguf");
    assay_error err = {0};
    assert_int_equal(assay_map_open(&map, GOLDEN "types.gguf", NULL), ASSAY_OK);
    uint8_t *copy = malloc(map.size), *at;
    memcpy(copy, map.data, map.size);
    at = memmem(copy, map.size, from, size);
    assert_non_null(at);
    memcpy(at, to, size);
    put_file(path, copy, map.size);
    assert_int_not_equal(open_and_touch(open_gguf, path, &err), ASSAY_OK);
    if (!strstr(err.text, message)) fail_msg("said \"%s\"", err.text);
    free(copy);
    assay_map_close(&map);
    assay_free(path);
    drop_folder(folder);
}

static void refuses_duplicates_and_types(void **state)
{
    (void)state;
    check_replaced("i16", "u16", 3, "\"u16\" is there twice");
    check_replaced("t.F16", "t.F32", 5, "\"t.F32\" is there twice");
    /* t.F16: rank 2, dimensions 64 and 3, type 1 -> 12 (Q4_K) */
    check_replaced("t.F16\2\0\0\0\x40\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\1",
                   "t.F16\2\0\0\0\x40\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0\x0c", 26, "Q4_K");
    check_replaced("t.F16\2\0\0\0\x40\0\0\0\0\0\0\0\3", "t.F16\5\0\0\0\x40\0\0\0\0\0\0\0\3", 18, "5 dimensions");
    check_replaced("t.F16\2\0\0\0\x40\0\0\0\0\0\0\0\3", "t.F16\2\0\0\0\x40\0\0\0\0\0\0\x80\3", 18, "too large");
    check_replaced("t.F16\2\0\0\0\x40\0\0\0\0\0\0\0\3", "t.F16\2\0\0\0\x40\0\0\0\0\0\0\0\4", 18,
                   "a hole or an overlap");
    check_replaced("t.Q8_0\2\0\0\0\x40", "t.Q8_0\2\0\0\0\x41", 11, "whole blocks");
}

static void survives_torture(void **state)
{
    assay_mapping map;
    (void)state;
    assert_int_equal(assay_map_open(&map, GOLDEN "types.gguf", NULL), ASSAY_OK);
    const uint8_t *data = memmem(map.data, map.size, "t.Q5_1", 6);
    size_t header = (size_t)(data - map.data) + 40;
    /* The last tensor's data ends where the file's padding begins, so cut only up to there. */
    size_t used = map.size;
    while (used > 0 && map.data[used - 1] == 0) used--;
    assert_true(torture(open_gguf, map.data, used, header) > header);
    assay_map_close(&map);
}

static void reads_real_vocabularies(void **state)
{
    const char *shared = getenv("ASSAY_SHARED");
    char path[512];
    size_t size;
    assay_gguf *gguf;
    (void)state;
    snprintf(path, sizeof path, "%s/data/tokenizers/ggml-vocab-gpt-2.gguf", shared ? shared : "../shared");
    if (!assay_path_exists(path)) skip();
    assert_int_equal(assay_gguf_open(&gguf, path, NULL), ASSAY_OK);
    assert_true(assay_gguf_array_size(gguf, "tokenizer.ggml.tokens", &size));
    assert_int_equal(size, 50257);
    assay_gguf_close(gguf);
    snprintf(path, sizeof path, "%s/data/tokenizers/ggml-vocab-llama-spm.gguf", shared ? shared : "../shared");
    assert_int_equal(assay_gguf_open(&gguf, path, NULL), ASSAY_OK);
    assert_true(assay_gguf_array_size(gguf, "tokenizer.ggml.scores", &size));
    assert_int_equal(size, 32000);
    assay_gguf_close(gguf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_every_type),
                                       cmocka_unit_test(decodes_blocks_of_random_bits),
                                       cmocka_unit_test(decodes_runs_inside_blocks),
                                       cmocka_unit_test(quantises_as_ggml_does),
                                       cmocka_unit_test(quantising_loses_what_its_levels_must),
                                       cmocka_unit_test(reads_metadata),
                                       cmocka_unit_test(judges_patches),
                                       cmocka_unit_test(refuses_duplicates_and_types),
                                       cmocka_unit_test(survives_torture),
                                       cmocka_unit_test(reads_real_vocabularies)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
