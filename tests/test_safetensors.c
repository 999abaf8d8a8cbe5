/* safetensors: read equal to the reference, written byte-equal to the reference, and a list of hostile files. */
#include "container/safetensors.h"

#include "container_check.h"

static void reads_like_the_reference(void **state)
{
    assay_tensor_file *file;
    (void)state;
    assert_int_equal(assay_safetensors_open(&file, GOLDEN "mixed.safetensors", NULL), ASSAY_OK);
    assert_int_equal(file->count, 13);
    golden_check_file("mixed", file);
    const assay_tensor *ids = assay_tensor_file_find(file, "ids");
    int64_t last;
    memcpy(&last, (const uint8_t *)ids->data + 24, 8);
    assert_int_equal(last, 3);
    assert_null(assay_tensor_file_find(file, "no such tensor"));
    assay_tensor_file_close(file);
}

static assay_status give_in_pieces(void *context, const assay_tensor *tensor, assay_writer *writer, assay_error *err)
{
    size_t less = *(size_t *)context;
    for (size_t i = 0; i + less < tensor->bytes; i++)
        ASSAY_TRY(assay_writer_write(writer, (const uint8_t *)tensor->data + i, 1, err));
    return ASSAY_OK;
}

static void writes_like_the_reference(void **state)
{
    char *folder = fresh_folder(), *path = assay_path_join(folder, "out.safetensors");
    size_t less = 0;
    assay_tensor_file *file;
    assay_mapping original, copy;
    (void)state;
    assert_int_equal(assay_safetensors_open(&file, GOLDEN "mixed.safetensors", NULL), ASSAY_OK);
    assert_int_equal(assay_map_open(&original, GOLDEN "mixed.safetensors", NULL), ASSAY_OK);
    for (int streamed = 0; streamed < 2; streamed++) {
        assert_int_equal(
            assay_safetensors_write(path, file->tensors, file->count, streamed ? give_in_pieces : NULL, &less, NULL),
            ASSAY_OK);
        assert_int_equal(assay_map_open(&copy, path, NULL), ASSAY_OK);
        assert_int_equal(copy.size, original.size);
        assert_memory_equal(copy.data, original.data, copy.size);
        assay_map_close(&copy);
        assert_int_equal(assay_remove_tree(path, NULL), ASSAY_OK);
    }
    less = 1;
    assert_int_equal(assay_safetensors_write(path, file->tensors, file->count, give_in_pieces, &less, NULL),
                     ASSAY_E_FORMAT);
    assert_false(assay_path_exists(path));
    assay_map_close(&original);
    assay_tensor_file_close(file);
    assay_free(path);
    drop_folder(folder);
}

static void refuses_to_write_nonsense(void **state)
{
    float value = 1;
    assay_tensor twice[] = {{"a", ASSAY_F32, 1, {1}, &value, 4, NULL}, {"a", ASSAY_F16, 1, {2}, &value, 4, NULL}};
    assay_tensor ragged = {"a", ASSAY_F32, 1, {2}, &value, 4, NULL},
                 block = {"a", ASSAY_Q8_0, 1, {32}, &value, 34, NULL};
    (void)state;
    assert_int_equal(assay_safetensors_write("/tmp/assay-never", twice, 2, NULL, NULL, NULL), ASSAY_E_FORMAT);
    assert_int_equal(assay_safetensors_write("/tmp/assay-never", &ragged, 1, NULL, NULL, NULL), ASSAY_E_FORMAT);
    assert_int_equal(assay_safetensors_write("/tmp/assay-never", &block, 1, NULL, NULL, NULL), ASSAY_E_UNSUPPORTED);
    assert_false(assay_path_exists("/tmp/assay-never"));
}

static assay_status open_made(const char *header, uint64_t claimed, size_t data, assay_error *err)
{
    uint8_t bytes[2048] = {0};
    size_t length = strlen(header);
    char *folder = fresh_folder(), *path = assay_path_join(folder, "made.safetensors");
    for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)(claimed >> 8 * i);
    memcpy(bytes + 8, header, length);
    put_file(path, bytes, 8 + length + data);
    assay_status status = open_and_touch(assay_safetensors_open, path, err);
    assay_free(path);
    drop_folder(folder);
    return status;
}

typedef struct made_case {
    const char *header;
    size_t data;
    const char *message; /* NULL: must be accepted */
} made_case;

static const made_case cases[] = {
    {"{}", 0, NULL},
    {"{}   ", 0, NULL},
    {"{\"__metadata__\":{}}", 0, NULL},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}", 4, NULL},
    {"{\"a\":{\"data_offsets\":[0,0],\"shape\":[0,9],\"dtype\":\"F32\"},\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_"
     "offsets\":[0,1]}}",
     1, NULL},
    {"{}", 1, "belong to none"},
    {" {}", 0, "does not begin with {"},
    {"{} x", 0, "nothing may follow"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8, "a hole"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_"
     "offsets\":[8,12]}}",
     12, "a hole"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_"
     "offsets\":[4,8]}}",
     8, "overlap"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_"
     "offsets\":[0,4]}}",
     4, "overlap"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_"
     "offsets\":[4,8]}}",
     8, "twice"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"\\u0061\":{\"dtype\":\"F32\",\"shape\":[1],"
     "\"data_offsets\":[4,8]}}",
     8, "twice"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "has shape twice"},
    {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "no shape"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}", 4, "none of dtype"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,4]}}", 4, "the list's end was expected"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4, "claims bytes 4 to 0"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}", 4, "claims bytes 0 to 8"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "does not make"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,0]}}", 0, "does not make"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4611686018427387905],\"data_offsets\":[0,4]}}", 4, "does not make"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[18446744073709551617],\"data_offsets\":[0,4]}}", 4, "whole number"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4, "whole number"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}", 4, "whole number"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4, "more than 8 dimensions"},
    {"{\"a\":{\"dtype\":\"F8_E5M2\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4, "quantised (fp8): F8_E5M2"},
    {"{\"a\":{\"dtype\":\"F4\",\"shape\":[8],\"data_offsets\":[0,4]}}", 4, "the dtype F4"},
    {"{\"a\":{\"dtype\":\"Q8_0\",\"shape\":[32],\"data_offsets\":[0,34]}}", 34, "Q8_0"},
    {"{\"a\\u0000b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "zero byte"},
    {"{\"__metadata__\":{\"a\":1}}", 0, "a string was expected"},
    {"{\"__metadata__\":{\"a\":\"1\",\"b\":\"\",\"a\":\"2\"}}", 0, "twice"},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "twice"},
};

static void judges_made_headers(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assay_error err = {0};
        assay_status status = open_made(cases[i].header, strlen(cases[i].header), cases[i].data, &err);
        if (!cases[i].message && status != ASSAY_OK) fail_msg("%s: %s", cases[i].header, err.text);
        if (cases[i].message && !strstr(err.text, cases[i].message))
            fail_msg("%s: said \"%s\"", cases[i].header, err.text);
        if (cases[i].message) assert_true(status == err.status && status != ASSAY_OK);
    }
}

static void refuses_absurd_lengths(void **state)
{
    static const uint64_t lengths[] = {0, 1, 3, 100000000, 100000001, UINT64_MAX, UINT64_MAX - 7, (uint64_t)1 << 63};
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        assay_error err = {0};
        assert_int_equal(open_made("{}", lengths[i], 0, &err), ASSAY_E_FORMAT);
        assert_true(err.text[0] != 0);
    }
}

static void survives_torture(void **state)
{
    assay_mapping map;
    (void)state;
    assert_int_equal(assay_map_open(&map, GOLDEN "mixed.safetensors", NULL), ASSAY_OK);
    size_t header = 8 + map.data[0] + 256u * map.data[1];
    assert_true(torture(assay_safetensors_open, map.data, map.size, header) > header);
    assay_map_close(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_like_the_reference),  cmocka_unit_test(writes_like_the_reference),
        cmocka_unit_test(refuses_to_write_nonsense), cmocka_unit_test(judges_made_headers),
        cmocka_unit_test(refuses_absurd_lengths),    cmocka_unit_test(survives_torture)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
