/* JSON that the world writes and the standard does not know: what nobody reads stops nothing, what is read is named. */
#include "base/file.h"
#include "base/json_doc.h"
#include "base/text.h"
#include "data/input_file.h"
#include "data/pair_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char scratch[64];

static int make_scratch(void **state)
{
    (void)state;
    snprintf(scratch, sizeof scratch, "/tmp/assay-world-XXXXXX");
    return mkdtemp(scratch) ? 0 : -1;
}

static int drop_scratch(void **state)
{
    (void)state;
    return assay_remove_tree(scratch, NULL) == ASSAY_OK ? 0 : -1;
}

static const char *put(const char *text)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/a.jsonl", scratch);
    assert_int_equal(assay_file_write_atomic(path, text, strlen(text), NULL), ASSAY_OK);
    return path;
}

static json_t *parse(const char *text)
{
    json_t *value;
    assay_error err = {0};
    const assay_json_reading reading = {.world = true};
    if (assay_json_parse_as(text, strlen(text), "x", &reading, &value, &err) != ASSAY_OK) fail_msg("%s", err.text);
    return value;
}

/* {"v": TEXT}: why it cannot be read (NULL: it can), and what is written of the whole. */
static void a_value_is_kept_or_marked(void **state)
{
    (void)state;
    static const struct {
        const char *text, *reason, *written;
    } cases[] = {
        {"NaN", "NaN", "{\"v\":NaN}"},
        {"Infinity", "Infinity", "{\"v\":Infinity}"},
        {"-Infinity", "-Infinity", "{\"v\":-Infinity}"},
        {"98765432109876543210123", "a whole number beyond 64 bits", "{\"v\":98765432109876543210123}"},
        {"-9223372036854775809", "a whole number beyond 64 bits", "{\"v\":-9223372036854775809}"},
        {"1e400", "a number beyond what a double holds", "{\"v\":1e400}"},
        {"9223372036854775807", NULL, "{\"v\":9223372036854775807}"},
        {"1000000000000000019884624838656", NULL, NULL}, /* 10^30 as a double prints it */
        {"1e-400", NULL, NULL},
        {"\"\\ud83d\"", "a text with half a surrogate pair", NULL},
        {"\"\\ude00\\ud83d x\"", "a text with half a surrogate pair", NULL},
        {"\"\\ud83d\\ude00\"", NULL, "{\"v\":\"\xF0\x9F\x98\x80\"}"},
        {"[1, {\"w\": NaN}]", "NaN", "{\"v\":[1,{\"w\":NaN}]}"},
        {"\"{\\\"\\u0001\\\":\\\"1\\\"}\"", NULL, "{\"v\":\"{\\\"\\u0001\\\":\\\"1\\\"}\"}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[128];
        snprintf(text, sizeof text, "{\"v\": %s}", cases[i].text);
        json_t *value = parse(text);
        const char *reason = assay_json_any_unreadable(value);
        if (cases[i].reason) assert_string_equal(reason, cases[i].reason);
        else assert_null(reason);
        char *written = assay_json_dump(value, JSON_COMPACT);
        if (cases[i].written) assert_string_equal(written, cases[i].written);
        assay_free(written);
        json_decref(value);
    }
}

static void of_equal_keys_the_last_counts(void **state)
{
    (void)state;
    json_t *value = parse("{\"a\":{\"a\":1},\"b\":[2],\"a\":[3,{\"a\":4,\"a\":5}],\"\\u0000\":NaN,\"\\ud800\":6}");
    char *written = assay_json_dump(value, JSON_COMPACT);
    assert_string_equal(written, "{\"a\":[3,{\"a\":5}],\"b\":[2],\"\xEF\xBF\xBD\":6}");
    assay_free(written);
    json_decref(value);
}

/* The strict reader, of configs and requests, is as strict as it was. */
static void documents_are_read_strictly(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[NaN]", "[98765432109876543210123]", "[1e400]", "{\"a\":1,\"a\":2}", "[\"\\ud83d\"]", "{\"\\u0000\":1}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_t *value;
        assert_int_equal(assay_json_parse(texts[i], strlen(texts[i]), "x", &value, NULL), ASSAY_E_FORMAT);
        assert_null(value);
    }
}

#define PAIR "\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\""

static void what_nobody_reads_stops_nothing(void **state)
{
    (void)state;
    static const char *const extra[] = {
        "\"w\":NaN",           "\"w\":[Infinity,-Infinity]", "\"seed\":98765432109876543210123",
        "\"w\":{\"x\":1e400}", "\"raw\":\"\\ud83d\"",        "\"\\udc00\":1",
        "\"w\":1,\"w\":2"};
    for (size_t i = 0; i < sizeof extra / sizeof *extra; i++) {
        char text[256];
        assay_pair_set *set;
        assay_error err = {0};
        snprintf(text, sizeof text, "{" PAIR ",%s}\n", extra[i]);
        assert_int_equal(assay_pair_set_new(&set, NULL), ASSAY_OK);
        if (assay_pair_set_read(set, put(text), NULL, &err) != ASSAY_OK) fail_msg("%s", err.text);
        assert_int_equal(set->count, 1);
        assay_pair_set_free(set);
    }
}

static void what_is_read_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"{" PAIR ",\"margin\":NaN}", "a.jsonl:1: \"margin\" should be a number from -1e6 to 1e6 or null and is NaN"},
        {"{" PAIR ",\"margin\":1e400}",
         "\"margin\" should be a number from -1e6 to 1e6 or null and is a number beyond"},
        {"{" PAIR ",\"id\":NaN}", "\"id\" should be a number or a text and is NaN"},
        {"{" PAIR ",\"id\":\"\\ud800\"}", "\"id\" should be a number or a text and is a text with half"},
        {"{" PAIR ",\"subset\":\"\\ud800\"}", "\"subset\" should be a text and is"},
        {"{\"prompt\":\"\\ud83d\",\"chosen\":\"a\",\"rejected\":\"b\"}", "\"prompt\" should be a text"},
        {"{\"prompt\":[{\"role\":\"user\",\"content\":\"\\ud83d\"}],\"chosen\":\"a\",\"rejected\":\"b\"}",
         "content is a text with half a surrogate pair"},
        {"{\"prompt\":[{\"role\":\"user\",\"content\":\"x\",\"weight\":NaN}],\"chosen\":\"a\",\"rejected\":\"b\"}",
         "\"prompt\" holds NaN, which no template can read"},
        {"{" PAIR ",\"tools\":[{\"x\":1e999}]}", "\"tools\" holds a number beyond"},
        {"{\"conversations\":[{\"from\":\"human\",\"value\":\"x\"}],\"chosen\":\"\\ud83d\",\"rejected\":\"b\"}",
         "\"chosen\" should be a text, a message or a list of messages and is a text with half"},
        {"{\"chosen\":\"\\n\\nHuman: x\\n\\nAssistant: \\ud83d\",\"rejected\":\"\\n\\nHuman: x\\n\\nAssistant: y\"}",
         "\"chosen\" is a text with half a surrogate pair, which cannot be read"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assay_pair_set *set;
        assay_error err = {0};
        assert_int_equal(assay_pair_set_new(&set, NULL), ASSAY_OK);
        assert_int_equal(assay_pair_set_read(set, put(cases[i].text), NULL, &err), ASSAY_E_FORMAT);
        if (!strstr(err.text, "a.jsonl:1: ") || !strstr(err.text, cases[i].says))
            fail_msg("\"%s\": %s", cases[i].says, err.text);
        assay_pair_set_free(set);
    }
}

/* Through reading and writing, and again. */
static void ids_keep_their_text(void **state)
{
    (void)state;
    static const char *const ids[] = {"98765432109876543210123", "1.50", "1e5", "1e400", "-0", "7", "\"1.50\"",
                                      "18446744073709551616"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        char text[256], path[160], wanted[64], *written;
        assay_pair_set *set;
        snprintf(text, sizeof text, "{" PAIR ",\"id\":%s}\n", ids[i]);
        assert_int_equal(assay_pair_set_new(&set, NULL), ASSAY_OK);
        assert_int_equal(assay_pair_set_read(set, put(text), NULL, NULL), ASSAY_OK);
        if (strcmp(ids[i], "-0") != 0) assert_string_equal(set->pairs[0].id, ids[i]);
        snprintf(path, sizeof path, "%s/b.jsonl", scratch);
        assert_int_equal(assay_pair_set_write(set, path, NULL), ASSAY_OK);
        assert_int_equal(assay_file_read(path, 4096, &written, NULL, NULL), ASSAY_OK);
        snprintf(wanted, sizeof wanted, ",\"id\":%s}\n", set->pairs[0].id);
        if (!strstr(written, wanted)) fail_msg("%s in %s", wanted, written);
        assay_free(written);
        assay_pair_set_free(set);
    }
}

static void inputs_to_score_are_read_alike(void **state)
{
    (void)state;
    assay_inputs *inputs;
    const assay_input *input;
    assay_error err = {0};
    assert_int_equal(assay_inputs_open(&inputs,
                                       put("{\"text\":\"x\",\"w\":NaN,\"id\":12345678901234567890123}\n"
                                           "{\"text\":\"\\udfff\"}\n{\"text\":\"a\",\"text\":\"b\"}\n"),
                                       NULL, NULL),
                     ASSAY_OK);
    assert_int_equal(assay_inputs_next(inputs, &input, NULL), ASSAY_OK);
    assert_string_equal(input->id, "12345678901234567890123");
    assert_int_equal(assay_inputs_next(inputs, &input, &err), ASSAY_E_FORMAT);
    assert_non_null(
        strstr(err.text, "a.jsonl:2: \"text\" should be a string and is a text with half a surrogate pair"));
    assert_int_equal(assay_inputs_next(inputs, &input, NULL), ASSAY_OK);
    assert_string_equal(input->items[0].items[0].text, "b");
    assay_inputs_close(inputs);
}

/* All of Unicode's White_Space and Python's str.isspace; the neighbours that look empty and are not. */
static void spaces_alone_are_an_empty_answer(void **state)
{
    (void)state;
    static const char *const spaces[] = {" ",       "\\t",     "\\u001f", "\\u0085", "\\u00a0", "\\u1680", "\\u2000",
                                         "\\u200a", "\\u2028", "\\u2029", "\\u202f", "\\u205f", "\\u3000 "};
    static const char *const letters[] = {"\\u200b", "\\ufeff", "\\u00ad", "\\u180e", "\\u3000x", "\\u2060"};
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces + sizeof letters / sizeof *letters; i++) {
        size_t blanks = sizeof spaces / sizeof *spaces;
        char text[128];
        assay_pair_set *set;
        snprintf(text, sizeof text, "{\"prompt\":\"p\",\"chosen\":\"%s\",\"rejected\":\"b\"}\n",
                 i < blanks ? spaces[i] : letters[i - blanks]);
        assert_int_equal(assay_pair_set_new(&set, NULL), ASSAY_OK);
        assert_int_equal(assay_pair_set_read(set, put(text), NULL, NULL), ASSAY_OK);
        assert_int_equal(set->count, i >= blanks);
        if (i < blanks) assert_int_equal(set->drops[0].reason, ASSAY_DROP_EMPTY_CHOSEN);
        assay_pair_set_free(set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_kept_or_marked),      cmocka_unit_test(of_equal_keys_the_last_counts),
        cmocka_unit_test(documents_are_read_strictly),    cmocka_unit_test(what_nobody_reads_stops_nothing),
        cmocka_unit_test(what_is_read_is_named),          cmocka_unit_test(ids_keep_their_text),
        cmocka_unit_test(inputs_to_score_are_read_alike), cmocka_unit_test(spaces_alone_are_an_empty_answer),
    };
    return cmocka_run_group_tests(tests, make_scratch, drop_scratch);
}
