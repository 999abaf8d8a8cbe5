/* Answers with attributes: what they are read from and what is not taken for them, the names of a set and what an
 * answer has of each, and what a model's numbers say of them (tests/oracle/attribute_golden.py: scipy and numpy). */
#include "base/file.h"
#include "data/pair_file.h"
#include "data/pair_formats.h"
#include "judge/judge_attributes.h"

#include <math.h>
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
    snprintf(scratch, sizeof scratch, "/tmp/assay-attributes-XXXXXX");
    return mkdtemp(scratch) ? 0 : -1;
}

static int drop_scratch(void **state)
{
    (void)state;
    return assay_remove_tree(scratch, NULL) == ASSAY_OK ? 0 : -1;
}

static assay_status read_line(const char *line, assay_pair_set **set, assay_error *err)
{
    char path[128];
    snprintf(path, sizeof path, "%s/a.jsonl", scratch);
    assert_int_equal(assay_file_write_atomic(path, line, strlen(line), NULL), ASSAY_OK);
    assert_int_equal(assay_pair_set_new(set, NULL), ASSAY_OK);
    return assay_pair_set_read(*set, path, NULL, err);
}

/* "helpfulness 4, verbosity ?". */
static void describe(const assay_attributes *attributes, char *text, size_t size)
{
    size_t used = 0;
    *text = 0;
    for (size_t i = 0; i < attributes->count && used < size; i++) {
        const assay_attribute *one = &attributes->items[i];
        char value[32] = "?";
        if (!isnan(one->value)) snprintf(value, sizeof value, "%g", one->value);
        used += (size_t)snprintf(text + used, size - used, "%s%s %s", i ? ", " : "", one->name, value);
    }
}

static void one_answer_is_read(void **state)
{
    static const struct {
        const char *line, *format, *attributes;
        size_t prompt;
    } cases[] = {
        {"{\"prompt\":\"q\",\"response\":\"a\",\"helpfulness\":3,\"correctness\":4,\"coherence\":4,\"complexity\":2,"
         "\"verbosity\":1}",
         "helpsteer", "helpfulness 3, correctness 4, coherence 4, complexity 2, verbosity 1", 1},
        {"{\"prompt\":\"q\",\"response\":\"a\",\"verbosity\":\"1\",\"helpfulness\":\"3.5\",\"coherence\":\"\"}",
         "helpsteer", "helpfulness 3.5, correctness ?, coherence ?, complexity ?, verbosity 1", 1},
        {"{\"prompt\":\"q\\n<extra_id_1>Assistant\\nb\\n<extra_id_1>User\\nc\",\"response\":\"a\",\"helpfulness\":0,"
         "\"correctness\":-100}",
         "helpsteer", "helpfulness 0, correctness ?, coherence ?, complexity ?, verbosity ?", 3},
        {"{\"prompt\":\"q\",\"response\":\"a\",\"scores\":{\"fun\":2,\"depth\":null}}", "attributes", "fun 2, depth ?",
         1},
        {"{\"prompt\":\"q\",\"completion\":\"a\",\"labels\":[1,-100,2.5]}", "attributes",
         "LABEL_0 1, LABEL_1 ?, LABEL_2 2.5", 1},
        {"{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"q\"},"
         "{\"role\":\"assistant\",\"content\":\"a\"}],\"label\":[7]}",
         "attributes", "LABEL_0 7", 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assay_pair_set *set;
        assay_error err = {0};
        char text[256], path[128];
        if (read_line(cases[i].line, &set, &err) != ASSAY_OK) fail_msg("%s: %s", cases[i].line, err.text);
        const assay_pair *pair = set->pairs;
        assert_string_equal(assay_pair_format_name(pair->format), cases[i].format);
        snprintf(path, sizeof path, "%s/a.jsonl", scratch);
        for (int turn = 0; turn < 2; turn++) { /* what was read, then what was written of it */
            pair = set->pairs;
            describe(&pair->chosen_attributes, text, sizeof text);
            assert_string_equal(text, cases[i].attributes);
            assert_true(pair->single && isnan(pair->share) && assay_pair_is_graded(pair));
            assert_true(pair->prompt.count == cases[i].prompt && pair->rejected.count == 0);
            assert_string_equal(pair->chosen.items[0].text, "a");
            assert_int_equal(assay_pair_set_write(set, path, NULL), ASSAY_OK);
            assay_pair_set_free(set);
            assert_int_equal(assay_pair_set_new(&set, NULL), ASSAY_OK);
            if (assay_pair_set_read(set, path, NULL, &err) != ASSAY_OK) fail_msg("%s", err.text);
        }
        assay_pair_set_free(set);
    }
}

/* Each answer keeps its own, wherever the order puts it; and so does what is written of the list. */
static void answers_of_lists_keep_theirs(void **state)
{
    static const struct {
        const char *line, *best, *worst;
    } cases[] = {
        {"{\"instruction\":\"q\",\"completions\":["
         "{\"response\":\"a\",\"overall_score\":5,\"annotations\":{\"honesty\":{\"Rating\":\"2\"}}},"
         "{\"response\":\"b\",\"overall_score\":9,\"annotations\":{\"honesty\":{\"Rating\":\"N/A\"},"
         "\"helpfulness\":{\"Rating\":\"5\",\"Rationale\":\"x\"}}},"
         "{\"response\":\"c\",\"overall_score\":7}]}",
         "honesty ?, helpfulness 5", "honesty 2"},
        {"{\"instruction\":\"q\",\"completions\":["
         "{\"response\":\"a\",\"overall_score\":5,\"annotations\":{\"honesty\":{\"Rating\":\"2\"}}},"
         "{\"response\":\"b\",\"overall_score\":9,\"annotations\":{\"honesty\":{\"Rating\":\"3\"}}}]}",
         "honesty 3", "honesty 2"},
        {"{\"prompt\":\"q\",\"responses\":[\"a\",\"b\",\"c\"],\"scores\":[1,2,3],\"attributes\":[{\"x\":1},null,{\"x\":"
         "3}]}",
         "x 3", "x 1"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assay_pair_set *set;
        assay_error err = {0};
        char text[256], path[128];
        snprintf(path, sizeof path, "%s/a.jsonl", scratch);
        if (read_line(cases[i].line, &set, &err) != ASSAY_OK) fail_msg("%s: %s", cases[i].line, err.text);
        for (int turn = 0; turn < 2; turn++) {
            const assay_pair *pair = set->pairs;
            describe(assay_pair_attributes(pair, 0), text, sizeof text);
            assert_string_equal(text, cases[i].best);
            describe(assay_pair_attributes(pair, pair->answers ? pair->answer_count - 1 : 1), text, sizeof text);
            assert_string_equal(text, cases[i].worst);
            assert_true(!pair->single && !assay_pair_is_graded(pair));
            assert_int_equal(assay_pair_set_write(set, path, NULL), ASSAY_OK);
            assay_pair_set_free(set);
            assert_int_equal(assay_pair_set_new(&set, NULL), ASSAY_OK);
            if (assay_pair_set_read(set, path, NULL, &err) != ASSAY_OK) fail_msg("%s", err.text);
        }
        assay_pair_set_free(set);
    }
}

static void neighbours_are_not_taken(void **state)
{
    static const struct {
        const char *line, *format; /* NULL: none */
    } cases[] = {
        {"{\"prompt\":\"q\",\"response\":\"a\",\"helpfulness\":3}", NULL},
        {"{\"prompt\":\"q\",\"response\":\"a\"}", NULL},
        {"{\"prompt\":\"q\",\"response\":\"a\",\"labels\":1}", NULL},
        {"{\"prompt\":\"q\",\"completion\":\"a\",\"label\":0.5}", "unpaired"},
        {"{\"messages\":[],\"label\":true}", "unpaired"},
        {"{\"prompt\":\"q\",\"completions\":[\"a\",\"b\"],\"labels\":[1,0]}", "stepwise"},
        {"{\"prompt\":\"q\",\"responses\":[\"a\",\"b\"],\"scores\":[1,0]}", "best-of-n"},
        {"{\"prompt\":\"q\",\"response_1\":\"a\",\"response_2\":\"b\",\"preference_strength\":1,\"helpfulness\":1,"
         "\"correctness\":2}",
         "helpsteer2"},
        {"{\"prompt\":\"q\",\"chosen\":\"a\",\"rejected\":\"b\",\"response\":\"a\",\"scores\":{\"x\":1}}", "prompt"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *line = assay_json_value(cases[i].line);
        uint32_t found = assay_pair_format_find(line);
        const char *name = found == ASSAY_FORMAT_NONE ? "none" : assay_pair_format_name(found);
        if (strcmp(name, cases[i].format ? cases[i].format : "none") != 0) fail_msg("%s: %s", cases[i].line, name);
        json_decref(line);
    }
}

static void bad_lines_are_named(void **state)
{
    static const char *const cases[][2] = {
        {"{\"prompt\":\"q\",\"response\":\"a\",\"helpfulness\":\"much\",\"verbosity\":1}",
         "\"helpfulness\" should be a number or null and is a text that is none"},
        {"{\"prompt\":\"q\",\"response\":\"a\",\"scores\":{\"x\":[1]}}", "\"x\" of scores should be a number"},
        {"{\"prompt\":\"q\",\"response\":\"a\",\"labels\":[true]}", "\"LABEL_0\" of labels should be a number"},
        {"{\"prompt\":\"q\",\"response\":\"a\",\"labels\":[]}", "\"labels\" has 0 values; 1 to 256 are learned"},
        {"{\"prompt\":\"q\",\"response\":\"a\",\"scores\":{\"x\":1},\"p\":0.3}", "the line has one with a label"},
        {"{\"prompt\":\"q\\n<extra_id_1>Robot\\nx\",\"response\":\"a\",\"helpfulness\":1,\"verbosity\":1}",
         "\"prompt\" has a turn of \"Robot\""},
        {"{\"prompt\":\"q\",\"responses\":[\"a\",\"b\",\"c\"],\"scores\":[1,2,3],\"attributes\":[{}]}",
         "\"attributes\" should be a list of 3 objects"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assay_pair_set *set;
        assay_error err = {0};
        assert_int_equal(read_line(cases[i][0], &set, &err), ASSAY_E_FORMAT);
        if (!strstr(err.text, cases[i][1]) || !strstr(err.text, "a.jsonl:1: ")) fail_msg("%s", err.text);
        assay_pair_set_free(set);
    }
}

static void what_has_no_value_teaches_nothing(void **state)
{
    assay_pair_set *set;
    assay_error err = {0};
    (void)state;
    assert_int_equal(read_line("{\"prompt\":\"q\",\"response\":\"a\",\"helpfulness\":null,\"verbosity\":-100}\n"
                               "{\"prompt\":\"q\",\"response\":\"a\",\"helpfulness\":1,\"verbosity\":-100}",
                               &set, &err),
                     ASSAY_OK);
    assert_true(set->count == 1 && set->drop_count == 1 && set->drops[0].reason == ASSAY_DROP_NO_LABEL);
    assay_pair_set_free(set);
}

static void names_are_those_of_the_set(void **state)
{
    assay_pair_set *set;
    assay_label_list list;
    assay_error err = {0};
    char text[64];
    double values[3];
    (void)state;
    assert_int_equal(read_line("{\"prompt\":\"q\",\"response\":\"a\",\"scores\":{\"x\":1,\"y\":2}}\n"
                               "{\"prompt\":\"q\",\"response\":\"b\",\"scores\":{\"z\":3,\"x\":4}}",
                               &set, &err),
                     ASSAY_OK);
    assert_int_equal(assay_label_list_of(&list, set, &err), ASSAY_OK);
    assay_label_list_text(&list, text, sizeof text);
    assert_string_equal(text, "x, y, z");
    assay_label_list_values(&list, assay_pair_attributes(&set->pairs[1], 0), values);
    assert_true(values[0] == 4 && isnan(values[1]) && values[2] == 3);
    assert_true(assay_label_list_find(&list, "LABEL_2") == 2 && assay_label_list_find(&list, "LABEL_3") == 3);
    assert_true(assay_label_list_find(&list, "LABEL_") == 3 && assay_label_list_find(&list, "w") == 3);
    assay_label_list_release(&list);
    assay_pair_set_free(set);
}

static void close_to(const json_t *wanted, const assay_estimate *found)
{
    const double numbers[] = {found->value, found->low, found->high};
    for (size_t i = 0; i < 3; i++) {
        if (!wanted) assert_true(isnan(numbers[i]));
        else if (fabs(numbers[i] - json_number_value(json_array_get(wanted, i))) > 1e-12)
            fail_msg("number %zu: %.17g, not %.17g", i, numbers[i], json_number_value(json_array_get(wanted, i)));
    }
}

/* Both sides compute in double; 1e-12 is thousands of roundings of sums of some tens of numbers near 1. */
static void numbers_are_scipys(void **state)
{
    json_t *golden;
    assay_error err = {0};
    enum { ANSWERS = 60, LABELS = 4 };
    double targets[ANSWERS * LABELS], numbers[ANSWERS * LABELS], squares = 0;
    assay_attributes_judgement j;
    (void)state;
    assert_int_equal(assay_json_load("tests/data/judge/attributes.json", 1 << 20, &golden, &err), ASSAY_OK);
    for (size_t i = 0; i < ANSWERS * LABELS; i++) {
        const json_t *target =
            json_array_get(json_array_get(json_object_get(golden, "targets"), i / LABELS), i % LABELS);
        targets[i] = json_is_null(target) ? (double)NAN : json_number_value(target);
        numbers[i] = json_number_value(
            json_array_get(json_array_get(json_object_get(golden, "numbers"), i / LABELS), i % LABELS));
    }
    const assay_example_set set = {.targets = targets, .label_count = LABELS, .answer_count = ANSWERS};
    assert_int_equal(assay_judge_attributes(&set, numbers, &j, &err), ASSAY_OK);
    for (size_t k = 0; k < LABELS; k++) {
        const json_t *one = json_array_get(json_object_get(golden, "labels"), k);
        assert_int_equal(j.items[k].answers, json_integer_value(json_object_get(one, "answers")));
        assert_true(fabs(j.items[k].mse - json_number_value(json_object_get(one, "mse"))) < 1e-12);
        close_to(json_object_get(one, "r2"), &j.items[k].r2);
        close_to(json_object_get(one, "pearson"), &j.items[k].pearson);
        close_to(json_object_get(one, "spearman"), &j.items[k].spearman);
        squares += j.items[k].mse * (double)j.items[k].answers;
    }
    assert_true(fabs(j.mse - squares / (double)j.targets) < 1e-12 && j.answers == ANSWERS);
    assert_true(fabs(j.r2 - (j.items[0].r2.value + j.items[1].r2.value + j.items[2].r2.value) / 3) < 1e-12);
    assay_attributes_judgement_release(&j);
    json_decref(golden);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_answer_is_read),
        cmocka_unit_test(answers_of_lists_keep_theirs),
        cmocka_unit_test(neighbours_are_not_taken),
        cmocka_unit_test(bad_lines_are_named),
        cmocka_unit_test(what_has_no_value_teaches_nothing),
        cmocka_unit_test(names_are_those_of_the_set),
        cmocka_unit_test(numbers_are_scipys),
    };
    return cmocka_run_group_tests(tests, make_scratch, drop_scratch);
}
