/* Numbers without locale, and texts from files on their way into a sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/status.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

static bool is_utf8(const char *text)
{
    for (size_t left = strlen(text), length; left; text += length, left -= length)
        if (!(length = assay_text_character(text, left))) return false;
    return true;
}

static void characters(void **state)
{
    (void)state;
    assert_int_equal(assay_text_character("a", 1), 1);
    assert_int_equal(assay_text_character("\xc3\xa9", 2), 2);
    assert_int_equal(assay_text_character("\xe4\xb8\x80", 3), 3);
    assert_int_equal(assay_text_character("\xf0\x9f\x98\x80", 4), 4);
    static const char *const wrong[] = {"\xc3",         "\xe4\xb8",     "\xc0\xaf",         "\xe0\x9f\xbf",
                                        "\xed\xa0\x80", "\xf4\x90\x80", "\xf0\x80\x80\x80", "\x80"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(assay_text_character(wrong[i], strlen(wrong[i])), 0);
    assert_int_equal(assay_text_character("", 0), 0);
}

static void borders(void **state)
{
    static const size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11, 11};
    (void)state;
    for (size_t most = 0; most < 14; most++)
        assert_int_equal(assay_text_border("a\xc3\xa9\xe4\xb8\x80\xf0\x9f\x98\x80z", most), expected[most]);
    assert_int_equal(assay_text_border("\x80\x80\x80\x80\x80\x80", 5), 5); /* no character: nothing to spare */
}

static void visible(void **state)
{
    static const char *const cases[][2] = {{"plain \\n", "plain \\n"},
                                           {"a\nb\tc\rd", "a\\nb\\tc\\rd"},
                                           {"\033[2J\x7f\001", "\\x1b[2J\\x7f\\x01"},
                                           {"\xc2\x9b"
                                            "31m",
                                            "\\u009b31m"},
                                           {"x\xe2\x80\xae"
                                            "gpj.exe",
                                            "x\\u202egpj.exe"},
                                           {"\xe9 caf\xe9", "\\xe9 caf\\xe9"},
                                           {"\xe4\xb8\x80\xc3\xa9", "\xe4\xb8\x80\xc3\xa9"}};
    char out[64], again[64];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(assay_text_visible(out, sizeof out, cases[i][0], false), strlen(cases[i][1]));
        assert_string_equal(out, cases[i][1]);
        assay_text_visible(again, sizeof again, out, false);
        assert_string_equal(again, out);
    }
    assay_text_visible(out, sizeof out, "a\n\tb\033", true);
    assert_string_equal(out, "a\n\tb\\x1b");
    assay_text_visible(out, 6, "abcd\xc3\xa9", false); /* the e with its accent would need a seventh byte */
    assert_string_equal(out, "abcd");
    assay_text_visible(out, 1, "abc", false);
    assert_string_equal(out, "");
}

static void sentences(void **state)
{
    assay_error err;
    const char *name = "\xe4\xb8\x80\xe4\xba\x8c\xe4\xb8\x89"; /* three characters of three bytes */
    (void)state;
    assay_error_set(&err, ASSAY_E_FORMAT, "%zu %s %-2d%%: \"%.7s\" and \"%.1s\", %5.1f, \"%.*s\", \"%.20s\"", (size_t)1,
                    "two\n", 3, name, name, 2.25, 3, name, name);
    assert_string_equal(err.text, "1 two\\n 3 %: \"\xe4\xb8\x80\xe4\xba\x8c\" and \"\",   2.2, \"\xe4\xb8\x80\", "
                                  "\"\xe4\xb8\x80\xe4\xba\x8c\xe4\xb8\x89\"");
    assay_error_prefix(&err, ASSAY_E_FORMAT, "a\033b: ");
    assert_true(strncmp(err.text, "a\\x1bb: 1 two\\n 3", 17) == 0);
}

/* Whatever is in it and however long it is: a text in UTF-8 that ends in the buffer. */
static void long_sentences(void **state)
{
    char text[6001];
    assay_error err;
    (void)state;
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'x', shift);
        for (size_t i = shift; i + 3 < sizeof text; i += 3) memcpy(text + i, "\xe4\xb8\x80", 4);
        assay_error_set(&err, ASSAY_E_FORMAT, "%s", text);
        assert_true(is_utf8(err.text));
        assert_true(strlen(err.text) > sizeof err.text - 5);
        assay_error_prefix(&err, ASSAY_E_FORMAT, "%s", text + 3000);
        assert_true(is_utf8(err.text));
        assert_true(strlen(err.text) > sizeof err.text - 5);
    }
}

static void keep(void *context, assay_log_level level, const char *text)
{
    (void)level;
    snprintf(context, 64, "%s", text);
}

static void logs(void **state)
{
    char kept[64];
    assay_log log = {keep, kept};
    (void)state;
    assay_warn(&log, "role \"%s\"", "\033]0;title\a");
    assert_string_equal(kept, "role \"\\x1b]0;title\\x07\"");
    assay_note(&log, "%.2f\n", 0.5);
    assert_string_equal(kept, "0.50\\n");
}

static void numbers(void **state)
{
    char text[32], *end;
    (void)state;
    assert_true(assay_text_real("0.25;", &end) == 0.25);
    assert_string_equal(end, ";");
    assay_text_format(text, sizeof text, "%.2f %d", 0.25, 7);
    assert_string_equal(text, "0.25 7");
    assert_int_equal(assay_text_compare("TITLE", "title"), 0);
    assert_int_equal(assay_text_compare_n("TITLEs", "titleX", 5), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(characters),     cmocka_unit_test(borders),
                                       cmocka_unit_test(visible),        cmocka_unit_test(sentences),
                                       cmocka_unit_test(long_sentences), cmocka_unit_test(logs),
                                       cmocka_unit_test(numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
