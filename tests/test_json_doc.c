/* Files with whole numbers of more than 64 bits, as transformers writes them, are read; what is not a number of that kind stays as it is. */
#include "test_support.h"

#include "base/json_doc.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static assay_status load(const char *text, json_t **out, assay_error *err)
{
    char path[] = "/tmp/assay_json_doc_XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0 && write(descriptor, text, strlen(text)) == (ssize_t)strlen(text) && close(descriptor) == 0);
    assay_status status = assay_json_load(path, 1 << 20, out, err);
    unlink(path);
    return status;
}

static void test_big_numbers(void **state)
{
    json_t *root = NULL;
    (void)state;
    assert_int_equal(load("{\"model_max_length\": 1000000000000000019884624838656, \"few\": [7, -12345678901234567890, 9223372036854775807, 18446744073709551616],\n"
                          " \"text\": \"\\\"1000000000000000019884624838656\", \"real\": 1000000000000000019884624838656.5, \"last\": 10000000000000000000}", &root, NULL),
                     ASSAY_OK);
    const json_t *few = json_object_get(root, "few");
    assert_true(json_real_value(json_object_get(root, "model_max_length")) == 1e30);
    assert_int_equal(json_integer_value(json_array_get(few, 0)), 7);
    assert_true(fabs(json_real_value(json_array_get(few, 1)) / -12345678901234567890.0 - 1) < 1e-14); /* 15 or more digits are kept */
    assert_true(json_is_integer(json_array_get(few, 2)) && json_integer_value(json_array_get(few, 2)) == INT64_MAX);
    assert_true(json_is_real(json_array_get(few, 3)));
    assert_string_equal(json_string_value(json_object_get(root, "text")), "\"1000000000000000019884624838656");
    assert_true(json_real_value(json_object_get(root, "real")) == 1e30 && json_real_value(json_object_get(root, "last")) == 1e19);
    json_decref(root);
}

static void test_other_errors_stay(void **state)
{
    static const char *const bad[] = {"{\"a\": 1000000000000000019884624838656, \"b\": }", "{\"a\": 01000000000000000019884624838656}",
                                      "[1000000000000000019884624838656", "[1e999]", "\"1000000000000000019884624838656"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        json_t *root = NULL;
        assay_error error = {0};
        assert_int_equal(load(bad[i], &root, &error), ASSAY_E_FORMAT);
        assert_null(root);
        assert_non_null(strstr(error.text, "not valid JSON"));
    }
}

/* A line of data keeps its digits or is refused: an id must not change on its way through. */
static void test_lines_are_not_softened(void **state)
{
    json_t *root = NULL;
    static const char line[] = "{\"id\": 1000000000000000019884624838656}";
    (void)state;
    assert_int_equal(assay_json_parse(line, strlen(line), "line", &root, NULL), ASSAY_E_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_big_numbers), cmocka_unit_test(test_other_errors_stay), cmocka_unit_test(test_lines_are_not_softened)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
