/* Answers in labelled steps: what each format says (tests/data/steps), what is none of them, bad lines by name; and the
 * shares that are made of scores. */
#include "test_support.h"

#include "base/json_doc.h"
#include "data/record_reader.h"
#include "data/step_audit.h"
#include "judge/judge_steps.h"

#include <math.h>
#include <string.h>

static assay_error error;

static void good(assay_status status)
{
    if (status != ASSAY_OK) fail_msg("%s", error.text);
}

static bool same(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

static void check_answer(const assay_step_answer *a, const char *prompt, size_t count, const char *const *steps,
                         const double *labels)
{
    assert_int_equal(a->prompt.count, 1);
    assert_int_equal(a->prompt.items[0].size, strlen(prompt));
    assert_memory_equal(a->prompt.items[0].text, prompt, strlen(prompt));
    assert_int_equal(a->steps.count, count);
    for (size_t i = 0; i < count; i++) {
        const assay_message *step = &a->steps.items[i];
        assert_true(step->step && step->role == ASSAY_ROLE_ASSISTANT);
        if (step->size != strlen(steps[i]) || memcmp(step->text, steps[i], step->size) != 0)
            fail_msg("step %zu is \"%.*s\", not \"%s\"", i, (int)step->size, step->text, steps[i]);
        assert_true(same(a->labels[i], labels[i]));
    }
}

static void read_file(assay_step_set *set, const char *path)
{
    bool is_one;
    *set = (assay_step_set){0};
    good(assay_step_file_is(path, &is_one, &error));
    assert_true(is_one);
    good(assay_step_set_read(set, path, NULL, &error));
}

static void every_format_says_its_steps(void **state)
{
    assay_step_set set;
    (void)state;
    read_file(&set, "tests/data/steps/stepwise.jsonl");
    assert_int_equal(set.count, 3);
    check_answer(&set.items[0], "which is larger, 9.8 or 9.11?", 2,
                 (const char *const[]){"11 is more than 8.", "hence 9.11 is more."}, (double[]){1, 0});
    check_answer(&set.items[1], "2 + 2 = ?", 1, (const char *const[]){"it is 4"}, (double[]){0.9});
    check_answer(&set.items[2], "no", 2, (const char *const[]){"a", "b"}, (double[]){(double)NAN, 1});
    assay_step_set_release(&set);
    read_file(&set, "tests/data/steps/processbench.jsonl");
    assert_int_equal(set.count, 2);
    check_answer(&set.items[0], "2 + 2 = ?", 3, (const char *const[]){"two and two", "is 5.", "so 5"},
                 (double[]){1, 0, (double)NAN});
    check_answer(&set.items[1], "2 + 3 = ?", 1, (const char *const[]){"it is 5"}, (double[]){1});
    assay_step_set_release(&set);
    read_file(&set, "tests/data/steps/prm800k.jsonl");
    check_answer(&set.items[0], "2 + 2 = ?", 3, (const char *const[]){"add them", "it is 4", "so 7"},
                 (double[]){1, 1, 0});
    assay_step_set_release(&set);
    read_file(&set, "tests/data/steps/math_shepherd.jsonl");
    check_answer(&set.items[0], "two and two?", 2, (const char *const[]){"Step 1: add them.", "Step 2: it is 5."},
                 (double[]){1, 0});
    check_answer(&set.items[1], "2 + 2? \u0440\u0443\u043a\u0438 \u0436.", 2,
                 (const char *const[]){"Step 1: \u0440\u0435\u043a\u0438", "Step 2: it is 4."}, (double[]){1, 0});
    assay_step_set_release(&set);
}

static void a_neighbour_is_not_taken_for_one(void **state)
{
    assay_records *records;
    const assay_record *record;
    size_t seen = 0;
    (void)state;
    good(assay_records_open(&records, "tests/data/steps/neighbours.jsonl", &error));
    for (;; seen++) {
        good(assay_records_next(records, &record, &error));
        if (!record) break;
        if (assay_step_format_is(record->value)) fail_msg("line %zu is taken for steps", seen + 1);
    }
    assert_int_equal(seen, 13);
    assay_records_close(records);
}

static void refuse(const char *text, const char *says)
{
    assay_text_arena arena = {0};
    assay_step_answer answer = {0};
    assay_error why = {0};
    json_t *line = NULL;
    good(assay_json_parse(text, strlen(text), "line", &line, &error));
    assert_int_equal(assay_step_format_read(line, &arena, &answer, NULL, &why), ASSAY_E_FORMAT);
    if (!strstr(why.text, says)) fail_msg("%s: %s", text, why.text);
    json_decref(line);
    assay_text_arena_release(&arena);
}

static void bad_lines_are_named(void **state)
{
    (void)state;
    refuse("{\"prompt\":\"p\",\"completions\":[\"a\"],\"labels\":[true,false]}", "has 1 steps and \"labels\" 2");
    refuse("{\"prompt\":\"p\",\"completions\":[\"a\",\" \"],\"labels\":[true,false]}", "step 2 is empty");
    refuse("{\"prompt\":\"p\",\"completions\":[\"a\",3],\"labels\":[true,false]}", "should be a string");
    refuse("{\"prompt\":\"p\",\"completions\":[],\"labels\":[]}", "is empty");
    refuse("{\"prompt\":\"p\",\"completions\":[\"a\"],\"labels\":[2]}", "a number from 0 to 1 and is a number beyond");
    refuse("{\"prompt\":\"p\",\"completions\":[\"a\"],\"labels\":[\"+\"]}", "a number from 0 to 1 and is a string");
    refuse("{\"problem\":\"p\",\"steps\":[\"a\"],\"label\":1}", "the place of one of 1 steps");
    refuse("{\"problem\":\"p\",\"steps\":[\"a\"],\"label\":-2}", "should be -1");
    refuse("{\"question\":{\"problem\":\"p\"},\"label\":{\"steps\":[]}}", "no step with a completion");
    refuse("{\"question\":{\"problem\":\"p\"},\"label\":{\"steps\":[{\"completions\":[],\"chosen_completion\":3}]}}",
           "step 1 has no text");
    refuse("{\"question\":{\"problem\":\"p\"},\"label\":{\"steps\":[{\"completions\":[{\"text\":\"a\"}],"
           "\"chosen_completion\":\"0\"}]}}",
           "step 1 has a chosen_completion that is no place");
    refuse("{\"question\":{\"problem\":\"p\"},\"label\":{\"steps\":[{\"completions\":[{\"text\":\"a\",\"rating\":2}],"
           "\"chosen_completion\":0}]}}",
           "should be -1, 0, 1 or null and is another number");
    refuse(
        "{\"question\":{\"problem\":\"p\"},\"label\":{\"steps\":[{\"completions\":[{\"text\":\"a\",\"rating\":\"1\"}],"
        "\"chosen_completion\":0}]}}",
        "should be -1, 0, 1 or null and is a string");
    refuse("{\"input\":\"q Step 1: a \\u043a\\u0438 so 4\",\"label\":\"q Step 1: a + so 5\",\"task\":\"t\"}",
           "at step 2 it is not");
    refuse("{\"input\":\"q Step 1: a \\u043a\\u0438\",\"label\":\"q Step 1: b +\",\"task\":\"t\"}",
           "at step 1 it is not");
    refuse("{\"input\":\"q Step 1: a \\u043a\\u0438\",\"label\":\"q\",\"task\":\"t\"}", "+ or -");
    refuse("{\"input\":\"q a \\u043a\\u0438\",\"label\":\"q a +\",\"task\":\"t\"}", "no \"Step 1:\"");
    refuse("{\"chosen\":\"a\",\"rejected\":\"b\"}", "no answer in labelled steps");
}

static void what_stands_behind_the_last_mark_is_a_step(void **state)
{
    static const char text[] =
        "{\"input\":\"q Step 1: a \\u043a\\u0438\\nso 4\",\"label\":\"q Step 1: a +\\nso 4\",\"task\":\"t\",\"id\":7}";
    assay_text_arena arena = {0};
    assay_step_answer answer = {0};
    json_t *line = NULL;
    bool empty = false;
    (void)state;
    good(assay_json_parse(text, sizeof text - 1, "line", &line, &error));
    good(assay_step_format_read(line, &arena, &answer, &empty, &error));
    check_answer(&answer, "q", 2, (const char *const[]){"Step 1: a", "so 4"}, (double[]){1, (double)NAN});
    assert_int_equal(assay_step_answer_judged(&answer), 1);
    assert_string_equal(answer.id, "7");
    assert_false(empty);
    json_decref(line);
    assay_text_arena_release(&arena);
}

/* Of tests/data/steps/prm800k.jsonl, by hand: "no idea" (0) is passed over for "add them" (1), "it is 6" (-1) for a
 * person's own "it is 4", and of "so 7" and "so 8" (-1 both) none was taken. */
static void what_is_not_kept_is_counted(void **state)
{
    assay_step_set set;
    assay_step_audit audit;
    (void)state;
    read_file(&set, "tests/data/steps/prm800k.jsonl");
    good(assay_step_audit_make(&audit, &set, NULL, &error));
    assert_int_equal(audit.others, 3);
    assert_int_equal(audit.neutral, 0);
    assert_int_equal(audit.right, 2);
    assert_int_equal(audit.wrong, 1);
    assert_int_equal(audit.first_errors[2], 1);
    assert_int_equal(audit.answers_wrong, 1);
    assert_int_equal(audit.behind + audit.gaps + audit.answers_unlabelled, 0);
    assay_step_audit_release(&audit);
    assay_step_set_release(&set);
}

static void bad_lines_are_left_out_and_kept_by_name(void **state)
{
    size_t bad = 0;
    assay_step_set set = {0};
    (void)state;
    good(assay_step_set_read(&set, "tests/data/steps/neighbours.jsonl", &bad, &error));
    assert_int_equal(bad, 13);
    assert_int_equal(set.bad_count, 13);
    assert_int_equal(set.count, 0);
    assert_non_null(strstr(set.bad[9], "neighbours.jsonl:10: no answer in labelled steps"));
    assert_int_equal(set.empty.count, 0);
    assay_step_set_release(&set);
    assert_int_equal(assay_step_set_read(&set, "tests/data/steps/neighbours.jsonl", NULL, &error), ASSAY_E_FORMAT);
    assert_non_null(strstr(error.text, "--skip-bad-lines"));
    assay_step_set_release(&set);
}

/* By hand: of five labelled steps four are called right; the first errors of two of three wrong answers are found, and
 * one of two right ones has none. The loss's logarithms are rounded twice each. */
static void shares_are_counted(void **state)
{
    static const double none = (double)NAN;
    const double scores[][3] = {{0.9, 0.2, 0.8}, {0.5, 0.4, 0.1}, {0.6, 0.7, 0.9}, {0.8, 0.9, 0.9}, {0.3, 0.9, 0.9}};
    const double labels[][3] = {{1, 0, none}, {none, 0, none}, {none, none, 0}, {none, none, none}, {none, 1, none}};
    assay_step_judgement j = {0};
    (void)state;
    for (size_t i = 0; i < 5; i++)
        assay_step_judgement_add(&j, &(assay_judged_steps){.scores = scores[i], .labels = labels[i], .count = 3});
    assay_step_judgement_finish(&j);
    assert_int_equal(j.answers, 5);
    assert_int_equal(j.steps.count, 5);
    assert_true(j.steps.hits == 4.0 / 5);
    assert_int_equal(j.wrong.count, 3);
    assert_true(j.wrong.hits == 2.0 / 3);
    assert_int_equal(j.right.count, 2);
    assert_true(j.right.hits == 1.0 / 2);
    assert_true(fabs(j.f1 - 4.0 / 7) < 1e-15);
    double loss = -(log(0.9) + log(0.8) + log(0.6) + log(0.1) + log(0.9)) / 5;
    assert_true(fabs(j.loss - loss) < 1e-14);
    assert_true(j.steps.low < 0.8 && j.steps.high > 0.8);
}

static void what_is_not_there_is_no_number(void **state)
{
    const double score = 0.7, half = 0.5, unknown = (double)NAN;
    assay_step_judgement j = {0}, ties = {0};
    (void)state;
    assay_step_judgement_add(&j, &(assay_judged_steps){.scores = &score, .labels = &unknown, .count = 1});
    assay_step_judgement_finish(&j);
    assert_true(isnan(j.steps.hits) && isnan(j.wrong.hits) && isnan(j.loss) && isnan(j.f1));
    assert_true(j.right.hits == 1);
    assay_step_judgement_add(&ties, &(assay_judged_steps){.scores = &score, .labels = &half, .count = 1});
    assay_step_judgement_finish(&ties);
    assert_int_equal(ties.steps.count, 0);
    assert_true(fabs(ties.loss + (log(0.7) + log(0.3)) / 2) < 1e-15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_says_its_steps), cmocka_unit_test(a_neighbour_is_not_taken_for_one),
        cmocka_unit_test(bad_lines_are_named),         cmocka_unit_test(what_stands_behind_the_last_mark_is_a_step),
        cmocka_unit_test(what_is_not_kept_is_counted), cmocka_unit_test(bad_lines_are_left_out_and_kept_by_name),
        cmocka_unit_test(shares_are_counted),          cmocka_unit_test(what_is_not_there_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
