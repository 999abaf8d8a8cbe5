/* torch.save files: equal to what torch holds, ZIP64, and hostile archives refused by name. */
#include "container/torch_bin.h"

#include "container_check.h"

static void reads_like_torch(void **state)
{
    assay_tensor_file *file;
    assay_error err = {0};
    (void)state;
    if (assay_torch_bin_open(&file, GOLDEN "mixed.bin", &err) != ASSAY_OK) fail_msg("%s", err.text);
    assert_int_equal(file->count, 21);
    golden_check_file("mixed_bin", file);
    const assay_tensor *a = assay_tensor_file_find(file, "shared.a"), *b = assay_tensor_file_find(file, "shared.b");
    assert_ptr_equal(a->data, b->data); /* shared storage is not copied */
    assay_tensor_file_close(file);
}

static void reads_a_module(void **state)
{
    assay_tensor_file *file;
    (void)state;
    assert_int_equal(assay_torch_bin_open(&file, GOLDEN "module.bin", NULL), ASSAY_OK);
    golden_check_file("module", file);
    assay_tensor_file_close(file);
}

static void check_ramp(const char *path)
{
    static const float ramp[] = {0, 1, 2, 3};
    assay_tensor_file *file;
    assay_error err = {0};
    if (assay_torch_bin_open(&file, path, &err) != ASSAY_OK) fail_msg("%s", err.text);
    assert_int_equal(file->count, 1);
    assert_int_equal(file->tensors[0].bytes, sizeof ramp);
    assert_memory_equal(file->tensors[0].data, ramp, sizeof ramp);
    assay_tensor_file_close(file);
}

static void reads_zip64(void **state)
{
    (void)state;
    check_ramp(GOLDEN "zip64.bin");
    check_ramp(GOLDEN "hostile/good.bin");
}

static void put_le(uint8_t *at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) at[i] = (uint8_t)(value >> 8 * i);
}

/* good.bin with its end record's numbers moved into a ZIP64 end record (APPNOTE 4.3.14, 4.3.15), as archives above 4
 * GiB have it. */
static void reads_a_zip64_end_record(void **state)
{
    enum { END = 22, END64 = 56, LOCATOR = 20 };
    char *data, *folder = fresh_folder(), *path = assay_path_join(folder, "end64.bin");
    size_t size;
    assay_error err = {0};
    (void)state;
    assert_int_equal(assay_file_read(GOLDEN "hostile/good.bin", 1 << 20, &data, &size, NULL), ASSAY_OK);
    uint8_t *made = calloc(1, size + END64 + LOCATOR), *end = (uint8_t *)data + size - END, *at = made + size - END;
    memcpy(made, data, size - END);
    put_le(at, 0x06064b50, 4);
    put_le(at + 4, END64 - 12, 8);
    memcpy(at + 24, end + 10, 2);
    memcpy(at + 32, end + 10, 2);
    memcpy(at + 40, end + 12, 4);
    memcpy(at + 48, end + 16, 4);
    put_le(at + END64, 0x07064b50, 4);
    put_le(at + END64 + 8, size - END, 8);
    put_le(at + END64 + 16, 1, 4);
    memcpy(at + END64 + LOCATOR, end, END);
    memset(at + END64 + LOCATOR + 8, 0xff, 12);
    put_file(path, made, size + END64 + LOCATOR);
    check_ramp(path);
    put_le(at + END64 + 8, UINT64_MAX - 8, 8); /* a locator that points out of the file */
    put_file(path, made, size + END64 + LOCATOR);
    assert_int_not_equal(open_and_touch(assay_torch_bin_open, path, &err), ASSAY_OK);
    assert_non_null(strstr(err.text, "no ZIP64 end record"));
    put_le(at + END64, 0, 4);
    put_file(path, made, size + END64 + LOCATOR);
    assert_int_not_equal(open_and_touch(assay_torch_bin_open, path, &err), ASSAY_OK);
    assert_non_null(strstr(err.text, "no ZIP64 locator"));
    free(made);
    assay_free(data);
    assay_free(path);
    drop_folder(folder);
}

typedef struct refusal {
    const char *name, *message;
} refusal;

static const refusal refusals[] = {
    {"system", "\"os system\""},
    {"getattr", "\"builtins getattr\""},
    {"opcode_inst", "opcode 0x69"},
    {"opcode_stack_global", "opcode 0x8c"},
    {"opcode_ext", "opcode 0x82"},
    {"call_dict_with_arguments", "unexpected arguments"},
    {"call_storage", "unexpected arguments"},
    {"call_tensor", "no known function"},
    {"build_tensor", "no dict"},
    {"huge_text", "cut short"},
    {"huge_long", "more than 8 bytes"},
    {"memo_far", "memo index"},
    {"memo_missing", "never put"},
    {"stack_empty", "empty stack"},
    {"stack_left", "left over"},
    {"mark_missing", "no mark"},
    {"append_to_none", "no list"},
    {"odd_items", "odd number"},
    {"no_stop", "cut short"},
    {"trailing", "left over"},
    {"self_list", "no dict of tensors"},
    {"not_a_dict", "no dict of tensors"},
    {"not_a_tensor", "not a tensor"},
    {"key_no_text", "no name"},
    {"duplicate", "\"a\" is there twice"},
    {"persistent_id", "no torch storage"},
    {"storage_missing", "not in the archive"},
    {"storage_slash", "not in the archive"},
    {"storage_size", "size is not the one"},
    {"storage_negative", "size is not the one"},
    {"storage_type", "\"torch QInt8Storage\""},
    {"range_size", "outside its storage"},
    {"range_offset", "outside its storage"},
    {"range_stride", "outside its storage"},
    {"range_overflow", "outside its storage"},
    {"offset_negative", "do not fit together"},
    {"size_negative", "negative size or stride"},
    {"stride_negative", "negative size or stride"},
    {"expanded", "outside its storage"},
    {"sizes_overflow", "more elements"},
    {"rank_mismatch", "do not fit together"},
    {"rank_nine", "at most 8 numbers"},
    {"copies", "twice the file"},
    {"compressed", "is compressed"},
    {"no_pickle", "no data.pkl"},
};

static void refuses_by_name(void **state)
{
    char path[256];
    (void)state;
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        assay_error err = {0};
        snprintf(path, sizeof path, GOLDEN "hostile/%s.bin", refusals[i].name);
        assert_true(assay_path_exists(path));
        assert_int_not_equal(open_and_touch(assay_torch_bin_open, path, &err), ASSAY_OK);
        if (!strstr(err.text, refusals[i].message)) fail_msg("%s: said \"%s\"", refusals[i].name, err.text);
    }
}

static void refuses_other_formats(void **state)
{
    static const uint8_t legacy[] = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
    char *folder = fresh_folder(), *path = assay_path_join(folder, "old.bin");
    uint8_t tar[512] = {0};
    assay_error err = {0};
    (void)state;
    memcpy(tar + 257, "ustar", 5);
    put_file(path, legacy, sizeof legacy);
    assert_int_equal(open_and_touch(assay_torch_bin_open, path, &err), ASSAY_E_UNSUPPORTED);
    assert_non_null(strstr(err.text, "before 1.6"));
    put_file(path, tar, sizeof tar);
    assert_int_equal(open_and_touch(assay_torch_bin_open, path, &err), ASSAY_E_UNSUPPORTED);
    put_file(path, "", 0);
    assert_int_equal(open_and_touch(assay_torch_bin_open, path, &err), ASSAY_E_FORMAT);
    assay_free(path);
    drop_folder(folder);
}

/* The files are far below the size up to which storages are checked too, so any flipped data bit must show. */
static void notices_damage(void **state)
{
    assay_mapping map;
    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(assay_map_open(&map, i ? GOLDEN "zip64.bin" : GOLDEN "module.bin", NULL), ASSAY_OK);
        assert_true(torture(assay_torch_bin_open, map.data, map.size, map.size) > map.size);
        assay_map_close(&map);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_a_zip64_end_record),
                                       cmocka_unit_test(reads_like_torch),
                                       cmocka_unit_test(reads_a_module),
                                       cmocka_unit_test(reads_zip64),
                                       cmocka_unit_test(refuses_by_name),
                                       cmocka_unit_test(refuses_other_formats),
                                       cmocka_unit_test(notices_damage)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
