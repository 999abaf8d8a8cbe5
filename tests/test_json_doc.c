/* JSON documents against jansson's own reader; and with the n-th allocation failing, for every n: the right value or
 * text, or "out of memory". */
#include "test_support.h"

#include "base/json_doc.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

/* The Makefile links this program with --wrap: calloc and realloc of libassay.a come through here, jansson's mallocs
 * through failing_malloc. */
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);

static long until_failure; /* 0: never */

static bool fails_now(void) { return until_failure > 0 && --until_failure == 0; }

void *__wrap_calloc(size_t count, size_t size) { return fails_now() ? NULL : __real_calloc(count, size); }
void *__wrap_realloc(void *block, size_t size) { return fails_now() ? NULL : __real_realloc(block, size); }
static void *failing_malloc(size_t size) { return fails_now() ? NULL : malloc(size); }

static const char document[] = "{\"name\": \"a text that is longer than sixteen bytes, and \\u00e9\\ud83d\\ude00\\n "
                               "with escapes\", \"list\": [1, -2, 0.1, 1e-5, -0, 1.5E+3,\n"
                               " 9223372036854775807, -9223372036854775808, true, false, null, \"\", [], {}, "
                               "[[[\"deep\"]]]], \"zero\\u0000less\": 1,\n"
                               " \"a key that is longer than sixteen bytes\": {\"x\": {\"y\": \"with a \\u0000 "
                               "inside\"}}, \"z\": 0.30000000000000004}";

static void is_jansson_value(void **state)
{
    static const char *const texts[] = {"{}",
                                        "[]",
                                        "7",
                                        "-1.25e-3",
                                        "\"x\"",
                                        "null",
                                        " [ 1 , { \"a\" : [ ] } ] ",
                                        "2.2250738585072014e-308",
                                        "1e308",
                                        "5e-324",
                                        "[-0.0, 1e-400]"};
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_t *mine, *wanted = json_loads(texts[i], JSON_DECODE_ANY, NULL);
        assert_int_equal(assay_json_parse(texts[i], strlen(texts[i]), "doc", &mine, NULL), ASSAY_OK);
        assert_true(wanted && json_equal(mine, wanted));
        json_decref(mine);
        json_decref(wanted);
    }
}

static void refuses(void **state)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"{\"a\":1,\"b\":{\"c\":1,\"c\":2}}", "doc: not valid JSON at column 19: duplicate key \"c\""},
        {"{\n\"a\": oops}", "doc: not valid JSON at line 2, column 6: "},
        {"{\"a\\u0000b\":1}", "zero byte"},
        {"9223372036854775809", "too big integer"},
        {"[-9223372036854775809]", "too big integer"},
        {"1e400", "too large"},
        {"[1] 2", "nothing may follow"},
        {"", "a value was expected"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assay_error err = {0};
        json_t *value;
        assert_int_equal(assay_json_parse(cases[i].text, strlen(cases[i].text), "doc", &value, &err), ASSAY_E_FORMAT);
        assert_null(value);
        if (!strstr(err.text, cases[i].said)) fail_msg("\"%s\" gave \"%s\"", cases[i].text, err.text);
    }
}

/* What many tokenizer_config.json say of an unlimited model: Python's int(1e30). */
static void takes_the_large_number_of_tokenizer_configs(void **state)
{
    static const char text[] = "{\"model_max_length\": 1000000000000000019884624838656}";
    json_t *value;
    (void)state;
    assert_int_equal(assay_json_parse(text, strlen(text), "doc", &value, NULL), ASSAY_OK);
    assert_true(json_real_value(json_object_get(value, "model_max_length")) == 1e30);
    json_decref(value);
}

static void every_failing_allocation_is_seen(void **state)
{
    json_t *value, *whole;
    long points = 0, texts = 0;
    (void)state;
    json_set_alloc_funcs(failing_malloc, free);
    /* its key with a zero byte */
    assert_int_equal(assay_json_parse(document, strlen(document), "doc", &whole, NULL), ASSAY_E_FORMAT);
    char *good = strdup(document), *bad = strstr(good, "zero\\u0000");
    memcpy(bad, "zero\\u0031", 10);
    assert_int_equal(assay_json_parse(good, strlen(good), "doc", &whole, NULL), ASSAY_OK);
    char *text = assay_json_dump(whole, JSON_SORT_KEYS | JSON_INDENT(2));
    assert_non_null(text);
    for (long n = 1;; n++) {
        until_failure = n;
        assay_status status = assay_json_parse(good, strlen(good), "doc", &value, NULL);
        bool reached = until_failure == 0;
        until_failure = 0;
        if (status == ASSAY_OK) assert_true(json_equal(value, whole));
        else assert_true(status == ASSAY_E_MEMORY && !value);
        json_decref(value);
        points += reached;
        if (!reached) break;
    }
    for (long n = 1;; n++) {
        until_failure = n;
        char *again = assay_json_dump(whole, JSON_SORT_KEYS | JSON_INDENT(2));
        bool reached = until_failure == 0;
        until_failure = 0;
        if (again) assert_string_equal(again, text);
        free(again);
        texts += reached;
        if (!reached) break;
    }
    assert_true(points > 40 && texts > 5);
    json_decref(whole);
    free(text);
    free(good);
}

/* A buffer too small for the whole: the text before stays, nothing of the value is left behind it. */
static void a_failed_append_leaves_nothing(void **state)
{
    json_t *value = json_pack("{s:s, s:s}", "a", "1", "a key that does not fit", "2");
    assay_buf out;
    assay_error err = {0};
    (void)state;
    static const char whole[] = "id {\"a\":\"1\",\"a key that does not fit\":\"2\"}";
    for (size_t ceiling = 3; ceiling < sizeof whole + 2; ceiling++) {
        assay_buf_init(&out, ceiling);
        assert_int_equal(assay_buf_text(&out, "id ", NULL), ASSAY_OK);
        assay_status status = assay_json_append(value, JSON_COMPACT, &out, &err);
        assert_string_equal(out.data, status == ASSAY_OK ? whole : "id ");
        assert_true((status == ASSAY_OK) == (ceiling >= strlen(whole)));
        assay_buf_release(&out);
    }
    json_decref(value);
}

/* A library inside a program of another language reads the same numbers. */
static void locale_has_no_say(void **state)
{
    json_t *value;
    (void)state;
    if (!setlocale(LC_NUMERIC, "de_DE.UTF-8") && !setlocale(LC_NUMERIC, "fr_FR.UTF-8")) skip();
    assay_status status = assay_json_parse("[1.25, -0.5]", 12, "doc", &value, NULL);
    setlocale(LC_NUMERIC, "C");
    assert_int_equal(status, ASSAY_OK);
    assert_true(json_real_value(json_array_get(value, 0)) == 1.25 && json_real_value(json_array_get(value, 1)) == -0.5);
    json_decref(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(is_jansson_value),
                                       cmocka_unit_test(refuses),
                                       cmocka_unit_test(takes_the_large_number_of_tokenizer_configs),
                                       cmocka_unit_test(every_failing_allocation_is_seen),
                                       cmocka_unit_test(a_failed_append_leaves_nothing),
                                       cmocka_unit_test(locale_has_no_say)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
