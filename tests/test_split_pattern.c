/* Words found window by window are those that PCRE2 finds in the whole text; and no pattern costs more than its text is
 * worth. */
#include "test_support.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/rng.h"
#include "text/split_pattern.h"

#include <string.h>

enum { TEXT_BYTES = 5000, TEXTS = 12 };

/* Made of long runs, so that windows end within them. */
static void write_text(char *text, assay_rng *rng)
{
    static const char *const pieces[] = {"a",  "b", "Z", " ",        "  ",           "\n", "1",
                                         "23", "!", "?", "\xc3\xa9", "\xe4\xb8\xad", "'s"};
    size_t at = 0;
    while (at < TEXT_BYTES) {
        const char *piece = pieces[assay_rng_below(rng, sizeof pieces / sizeof *pieces)];
        uint64_t times = assay_rng_below(rng, 4) ? 1 + assay_rng_below(rng, 3) : 1 + assay_rng_below(rng, 1500);
        for (uint64_t i = 0; i < times && at < TEXT_BYTES; i++, at += strlen(piece)) strcpy(text + at, piece);
    }
}

typedef struct plain_scan {
    pcre2_code *code;
    pcre2_match_data *data;
    const char *text;
    size_t at, start, end;
    bool empty_before;
} plain_scan;

static bool plain_next(plain_scan *p)
{
    uint32_t options = p->empty_before ? PCRE2_NOTEMPTY_ATSTART : 0;
    if (pcre2_match(p->code, (PCRE2_SPTR)p->text, strlen(p->text), p->at, options, p->data, NULL) < 0) return false;
    p->start = pcre2_get_ovector_pointer(p->data)[0];
    p->at = p->end = pcre2_get_ovector_pointer(p->data)[1];
    p->empty_before = p->start == p->end;
    return true;
}

static void compare(const char *regex, const char *text)
{
    int code;
    PCRE2_SIZE place;
    plain_scan plain = {.text = text};
    plain.code = pcre2_compile((PCRE2_SPTR)regex, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE, &code,
                               &place, NULL);
    assert_non_null(plain.code);
    plain.data = pcre2_match_data_create_from_pattern(plain.code, NULL);
    assay_split_pattern *pattern;
    assay_effort effort = assay_effort_for(strlen(text));
    assay_split_scan scan = {.text = text, .size = strlen(text), .effort = &effort};
    assay_error err = {0};
    if (assay_split_pattern_regex(&pattern, regex, "test", &err) != ASSAY_OK) fail_msg("%s", err.text);
    for (bool found = true; found;) {
        size_t start = 0, end = 0, at = scan.at;
        if (assay_split_pattern_next(pattern, &scan, &found, &start, &end, &err) != ASSAY_OK)
            fail_msg("%s at %zu: %s", regex, at, err.text);
        assert_int_equal(found, plain_next(&plain));
        if (found && (start != plain.start || end != plain.end))
            fail_msg("%s at %zu: [%zu, %zu), not [%zu, %zu)", regex, at, start, end, plain.start, plain.end);
    }
    assay_split_scan_end(&scan);
    assay_split_pattern_free(pattern);
    pcre2_match_data_free(plain.data);
    pcre2_code_free(plain.code);
}

static void windows_change_no_word(void **state)
{
    static const char *const patterns[] = {"\\p{L}+",
                                           "\\d",
                                           "x",
                                           "a*",
                                           "(?:ab?)*",
                                           "\\s+(?!\\S)|\\s+",
                                           " ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",

                                           "(?<=a)b+|\\n+$",
                                           "$",
                                           "^a",
                                           "a(?=.{0,40}\\n)",
                                           "\\p{L}++1",
                                           "(?i:'s)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+",
                                           "[\\p{Lu}\\p{Lo}]*[\\p{Ll}\\p{Lo}]+",
                                           "\\s*[\\r\\n]+|\\s+",
                                           "1{1,3}(?=(?:1{3})*$)"};
    static char text[TEXT_BYTES + 8];
    assay_rng rng = {.seed = 13, .stream = 8};
    (void)state;
    for (size_t i = 0; i < TEXTS; i++) {
        write_text(text, &rng);
        for (size_t p = 0; p < sizeof patterns / sizeof *patterns; p++) compare(patterns[p], text);
    }
}

/* How many words are found in `size` letters before the text has had all it may; the message names the pattern. */
static size_t words_before_refusal(const char *regex, size_t size)
{
    char *text = assay_alloc(size + 1, 1);
    assay_split_pattern *pattern;
    assay_effort effort = assay_effort_for(size);
    assay_split_scan scan = {.text = text, .size = size, .effort = &effort};
    assay_error err = {0};
    size_t words = 0, start, end;
    memset(text, 'a', size);
    assert_int_equal(assay_split_pattern_regex(&pattern, regex, "test", NULL), ASSAY_OK);
    for (bool found = true; found; words++) {
        if (assay_split_pattern_next(pattern, &scan, &found, &start, &end, &err) != ASSAY_OK) break;
    }
    assert_true(words == size + 1 || strstr(err.text, "too many steps"));
    assay_split_scan_end(&scan);
    assay_split_pattern_free(pattern);
    assay_free(text);
    return words;
}

/* A million steps at each letter; a letter for each of which the rest of the text is walked over in one step. Both end
 * early, and an honest pattern does not. */
static void a_text_has_only_so_many_steps(void **state)
{
    (void)state;
    assert_in_range(words_before_refusal("(?:\\p{L}|\\p{L}){20}[!?]|\\p{L}", 100000), 0, 100);
    assert_in_range(words_before_refusal("\\p{L}*+!|\\p{L}", 100000), 0, 1000);
    assert_int_equal(words_before_refusal("\\p{L}", 100000), 100001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(windows_change_no_word),
                                       cmocka_unit_test(a_text_has_only_so_many_steps)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
