/* The pull reader against a list of documents that must and must not be read (after RFC 8259), positions, decoding, and
 * the same verdict as jansson on every one-byte mutation of a document. */
#include "base/alloc.h"
#include "base/json_pull.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static assay_status read_all(const char *text, size_t size, assay_error *err)
{
    assay_json_pull pull;
    assay_json_pull_init(&pull, text, size, "doc");
    do {
        ASSAY_TRY(assay_json_pull_next(&pull, err));
    } while (pull.event != ASSAY_JSON_END);
    return ASSAY_OK;
}

static void accepts(void **state)
{
    static const char *const good[] = {"{}",
                                       "[]",
                                       " \t\r\n1 ",
                                       "-0",
                                       "0.5e-7",
                                       "1E+9",
                                       "\"\"",
                                       "\"\\ud83d\\ude00\"",
                                       "\"\xf0\x9f\x98\x80\"",
                                       "true",
                                       "false",
                                       "null",
                                       "[1,[2,{\"a\":[]}],\"b\"]",
                                       "{\"a\":{\"b\":null},\"c\":[]}",
                                       "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\"",
                                       "[\"\xc2\x80\xed\x9f\xbf\xee\x80\x80\"]"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assay_error err = {0};
        if (read_all(good[i], strlen(good[i]), &err) != ASSAY_OK) fail_msg("%s: %s", good[i], err.text);
    }
}

static void refuses(void **state)
{
    static const char *const bad[] = {"",
                                      " ",
                                      "{",
                                      "[",
                                      "}",
                                      "]",
                                      "{]",
                                      "[}",
                                      "[1,]",
                                      "{\"a\":1,}",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{a:1}",
                                      "{'a':1}",
                                      "[1 2]",
                                      "1 2",
                                      "{}{}",
                                      "01",
                                      "-",
                                      "+1",
                                      ".5",
                                      "1.",
                                      "1e",
                                      "1e+",
                                      "0x1",
                                      "NaN",
                                      "Infinity",
                                      "nul",
                                      "truee",
                                      "\"",
                                      "\"\\\"",
                                      "\"\\x\"",
                                      "\"\\u12\"",
                                      "\"\\u00@0\"",
                                      "\"\\u00`0\"",
                                      "\"\\ud800\"",
                                      "\"\\ud800x\"",
                                      "\"\\ud800\\u0041\"",
                                      "\"\\udc00\"",
                                      "\"\n\"",
                                      "\"\x80\"",
                                      "\"\xc0\xaf\"",
                                      "\"\xe0\x9f\xbf\"",
                                      "\"\xed\xa0\x80\"",
                                      "\"\xf0\x8f\xbf\xbf\"",
                                      "\"\xf4\x90\x80\x80\"",
                                      "\"\xf5\x80\x80\x80\"",
                                      "\"\xe2\x82\"",
                                      "\xef\xbb\xbf{}",
                                      "[,1]",
                                      "[1,,2]",
                                      "{,}"};
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (read_all(bad[i], strlen(bad[i]), NULL) != ASSAY_E_FORMAT) fail_msg("accepted: %s", bad[i]);
}

static void bounds_depth(void **state)
{
    char text[2 * (ASSAY_JSON_MAX_DEPTH + 1)];
    (void)state;
    for (size_t depth = ASSAY_JSON_MAX_DEPTH; depth <= ASSAY_JSON_MAX_DEPTH + 1; depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        assert_int_equal(read_all(text, 2 * depth, NULL), depth == ASSAY_JSON_MAX_DEPTH ? ASSAY_OK : ASSAY_E_FORMAT);
    }
}

static void names_line_and_column(void **state)
{
    const char *text = "{\n  \"a\": 1,\n  \"b\": oops\n}";
    assay_error err = {0};
    (void)state;
    assert_int_equal(read_all(text, strlen(text), &err), ASSAY_E_FORMAT);
    assert_non_null(strstr(err.text, "doc:3:8: "));
}

static void decodes_and_compares(void **state)
{
    const char *text = "[\"a\\u00e9\\ud83d\\ude00\\n\", 18446744073709551615, 18446744073709551616, -1, \"plain\"]";
    const char *expected = "a\xc3\xa9\xf0\x9f\x98\x80\n";
    char decoded[64];
    uint64_t number;
    assay_json_pull pull;
    (void)state;
    assay_json_pull_init(&pull, text, strlen(text), "doc");
    assert_int_equal(assay_json_pull_expect(&pull, ASSAY_JSON_ARRAY, NULL), ASSAY_OK);
    assert_int_equal(assay_json_pull_expect(&pull, ASSAY_JSON_STRING, NULL), ASSAY_OK);
    assert_int_equal(assay_json_pull_text(&pull, decoded), strlen(expected));
    assert_memory_equal(decoded, expected, strlen(expected));
    assert_true(assay_json_pull_equals(&pull, expected));
    assert_false(assay_json_pull_equals(&pull, "a\xc3\xa9"));
    assert_false(assay_json_pull_equals(&pull, "a\xc3\xa9\xf0\x9f\x98\x80\nx"));
    assert_int_equal(assay_json_pull_expect(&pull, ASSAY_JSON_NUMBER, NULL), ASSAY_OK);
    assert_int_equal(assay_json_pull_size(&pull, &number, NULL), ASSAY_OK);
    assert_true(number == UINT64_MAX);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(assay_json_pull_expect(&pull, ASSAY_JSON_NUMBER, NULL), ASSAY_OK);
        assert_int_equal(assay_json_pull_size(&pull, &number, NULL), ASSAY_E_FORMAT);
    }
    assert_int_equal(assay_json_pull_expect(&pull, ASSAY_JSON_KEY, NULL), ASSAY_E_FORMAT);
    assert_true(assay_json_pull_equals(&pull, "plain"));
}

static void skips_values(void **state)
{
    const char *text = "{\"a\":{\"x\":[1,{}]},\"b\":7}";
    assay_json_pull pull;
    (void)state;
    assay_json_pull_init(&pull, text, strlen(text), "doc");
    for (int i = 0; i < 3; i++) assert_int_equal(assay_json_pull_next(&pull, NULL), ASSAY_OK);
    assert_int_equal(assay_json_pull_skip(&pull, NULL), ASSAY_OK);
    assert_int_equal(assay_json_pull_expect(&pull, ASSAY_JSON_KEY, NULL), ASSAY_OK);
    assert_true(assay_json_pull_equals(&pull, "b"));
}

/* jansson is the oracle; it differs in limits of numbers only, which no single-byte change of this text reaches. */
static void agrees_with_jansson(void **state)
{
    const char *text = "{\"a\\u0041\": [1, -2.5e3, \"\xc3\xa9\", true], \"b\": {\"c\": null}}";
    char copy[128];
    size_t size = strlen(text);
    (void)state;
    for (size_t i = 0; i < size; i++)
        for (int byte = 0; byte < 256; byte++) {
            memcpy(copy, text, size);
            copy[i] = (char)byte;
            json_t *value = json_loadb(copy, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
            bool mine = read_all(copy, size, NULL) == ASSAY_OK;
            if (mine != (value != NULL)) fail_msg("byte %zu set to %d: %s", i, byte, mine ? "accepted" : "refused");
            json_decref(value);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(accepts),
                                       cmocka_unit_test(refuses),
                                       cmocka_unit_test(bounds_depth),
                                       cmocka_unit_test(names_line_and_column),
                                       cmocka_unit_test(decodes_and_compares),
                                       cmocka_unit_test(skips_values),
                                       cmocka_unit_test(agrees_with_jansson)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
