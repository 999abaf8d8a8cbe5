/* What tells one pair format from its neighbours: ties, verdicts, strengths, and lines that look alike and are another
 * thing. The formats' own examples are read by test_pair_file.c. Real files where they are (ASSAY_SHARED). */
#include "base/file.h"
#include "data/pair_file.h"
#include "data/pair_formats.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FOLDER "tests/data/pairs/"
static char scratch[64];

static int make_scratch(void **state)
{
    (void)state;
    snprintf(scratch, sizeof scratch, "/tmp/assay-formats-XXXXXX");
    return mkdtemp(scratch) ? 0 : -1;
}

static int drop_scratch(void **state)
{
    (void)state;
    return assay_remove_tree(scratch, NULL) == ASSAY_OK ? 0 : -1;
}

static assay_pair_set *read_pairs(const char *path)
{
    assay_pair_set *set;
    assay_error err = {0};
    assert_int_equal(assay_pair_set_new(&set, NULL), ASSAY_OK);
    if (assay_pair_set_read(set, path, NULL, &err) != ASSAY_OK) fail_msg("%s: %s", path, err.text);
    return set;
}

static void ties_are_kept_as_ties(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        size_t ties, drops; /* drops: an empty answer */
    } cases[] = {{"helpsteer2.jsonl", 1, 0},
                 {"helpsteer3.jsonl", 1, 0},
                 {"arena.jsonl", 2, 0},
                 {"arena_texts.jsonl", 0, 1},
                 {"ultrafeedback_completions.jsonl", 1, 0},
                 {"judgebench.jsonl", 0, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[128];
        size_t ties = 0;
        snprintf(path, sizeof path, FOLDER "%s", cases[i].file);
        assay_pair_set *set = read_pairs(path);
        for (size_t j = 0; j < set->count; j++) ties += set->pairs[j].share == 0.5;
        assert_true(set->count == 2 + cases[i].ties && ties == cases[i].ties && set->drop_count == cases[i].drops);
        assay_pair_set_free(set);
    }
}

/* A wrong answer that is the right one's twin says nothing; the other wrong one does, wherever it stands. */
static void a_list_is_dropped_where_all_its_answers_are_equal(void **state)
{
    static const struct {
        const char *line;
        size_t kept;
    } cases[] = {{"{\"prompt\":\"p\",\"chosen\":[\"a\"],\"rejected\":[\"a\",\"b\"]}", 1},
                 {"{\"prompt\":\"p\",\"chosen\":[\"a\"],\"rejected\":[\"b\",\"a\"]}", 1},
                 {"{\"prompt\":\"p\",\"chosen\":[\"a\"],\"rejected\":[\"a\",\"a\"]}", 0},
                 {"{\"prompt\":\"p\",\"chosen\":[\"a\"],\"rejected\":[\"a\"]}", 0}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/twins.jsonl", scratch);
        assert_int_equal(assay_file_write_atomic(path, cases[i].line, strlen(cases[i].line), NULL), ASSAY_OK);
        assay_pair_set *set = read_pairs(path);
        assert_int_equal(set->count, cases[i].kept);
        assert_int_equal(set->drop_count, 1 - cases[i].kept);
        assay_pair_set_free(set);
    }
}

/* A line, its answers in order with their values, and whether equal ones are ties. */
static void lists_are_ordered(void **state)
{
    static const struct {
        const char *line, *answers;
        bool ties;
    } cases[] = {
        {"{\"prompt\":\"q\",\"responses\":[\"a\",\"b\",\"c\",\"d\"],\"scores\":[1,3,1,2]}", "b3 d2 c1 a1", true},
        {"{\"prompt\":\"q\",\"responses\":[\"a\",\"b\",\"c\"],\"scores\":[2,2,1],\"ties\":false}", "a2 b2 c1", false},
        {"{\"instruction\":\"q\",\"completions\":[{\"response\":\"a\",\"overall_score\":\"7.5\"},"
         "{\"response\":\"b\",\"overall_score\":10},{\"response\":\"c\",\"overall_score\":8}]}",
         "b10 c8 a7.5", true},
        {"{\"prompt\":\"q\",\"answers\":[{\"answer\":\"a\",\"rank\":2},{\"answer\":\"b\",\"rank\":1},"
         "{\"answer\":\"c\",\"rank\":2}]}",
         "b-1 c-2 a-2", true},
        {"{\"context\":[{\"role\":\"user\",\"content\":\"q\"}],\"completions\":["
         "{\"rank\":2,\"completion\":[{\"role\":\"assistant\",\"content\":\"a\"}]},"
         "{\"rank\":0,\"completion\":[{\"role\":\"assistant\",\"content\":\"b\"}]},"
         "{\"rank\":1,\"completion\":[{\"role\":\"assistant\",\"content\":\"c\"}]}]}",
         "b0 c-1 a-2", true},
        {"{\"prompt\":\"q\",\"chosen\":[\"a\",\"b\"],\"rejected\":[\"c\",\"d\"]}", "a1 b1 d0 c0", false},
        {"{\"conversation_input\":[{\"role\":\"user\",\"content\":\"q\"}],\"bon_best\":{\"answer\":\"a\"},"
         "\"loser_list\":[{\"answer\":\"b\"},{\"answer\":\"c\"}]}",
         "a1 c0 b0", false},
        {"{\"messages\":[{\"role\":\"user\",\"content\":\"q\"},{\"role\":\"assistant\",\"content\":\"a\"}],"
         "\"rejected_response\":[\"b\",\"c\"]}",
         "a1 c0 b0", false},
        {"{\"query\":\"q\",\"response\":\"a\",\"rejected_response\":[\"b\",\"c\"]}", "a1 c0 b0", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[128], order[128] = "";
        snprintf(path, sizeof path, "%s/list.jsonl", scratch);
        assert_int_equal(assay_file_write_atomic(path, cases[i].line, strlen(cases[i].line), NULL), ASSAY_OK);
        assay_pair_set *set = read_pairs(path);
        const assay_pair *pair = set->pairs;
        for (size_t k = 0; k < pair->answer_count; k++) {
            const assay_message *message = pair->answers[k].turns.items;
            size_t used = strlen(order);
            snprintf(order + used, sizeof order - used, "%s%.*s%g", k ? " " : "", (int)message->size, message->text,
                     pair->answers[k].value);
        }
        assert_string_equal(order, cases[i].answers);
        assert_true(pair->equal_is_tie == cases[i].ties && pair->prompt.count == 1 && isnan(pair->share));
        assert_true(assay_turns_equal(&pair->chosen, &pair->answers[0].turns) &&
                    assay_turns_equal(&pair->rejected, &pair->answers[pair->answer_count - 1].turns));
        assay_pair_set_free(set);
    }
}

static void single_answers_have_labels(void **state)
{
    static const struct {
        const char *line;
        double share;
        size_t prompt;
    } cases[] = {
        {"{\"prompt\":\"q\",\"completion\":\"a\",\"label\":true}", 1, 1},
        {"{\"prompt\":\"q\",\"completion\":\"a\",\"label\":false}", 0, 1},
        {"{\"prompt\":[{\"role\":\"user\",\"content\":\"q\"}],\"completion\":[{\"role\":\"assistant\",\"content\":"
         "\"a\"}],"
         "\"label\":0.25}",
         0.25, 1},
        {"{\"messages\":[{\"role\":\"system\",\"content\":\"s\"},{\"role\":\"user\",\"content\":\"q\"},"
         "{\"role\":\"assistant\",\"content\":\"a\"}],\"label\":1}",
         1, 2},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/single.jsonl", scratch);
        assert_int_equal(assay_file_write_atomic(path, cases[i].line, strlen(cases[i].line), NULL), ASSAY_OK);
        for (int turn = 0; turn < 2; turn++) { /* what was read, then what was written of it */
            assay_pair_set *set = read_pairs(path);
            const assay_pair *pair = set->pairs;
            assert_true(set->count == 1 && pair->single && pair->share == cases[i].share);
            assert_true(pair->prompt.count == cases[i].prompt && pair->chosen.count == 1 && pair->rejected.count == 0);
            assert_int_equal(assay_pair_set_write(set, path, NULL), ASSAY_OK);
            assay_pair_set_free(set);
        }
    }
}

static void strengths_become_margins(void **state)
{
    (void)state;
    assay_pair_set *set = read_pairs(FOLDER "helpsteer2.jsonl");
    assert_true(set->pairs[0].margin == 3 && set->pairs[1].margin == 1);
    assay_pair_set_free(set);
    set = read_pairs(FOLDER "helpsteer3.jsonl");
    assert_true(set->pairs[0].margin == 2 && set->pairs[1].margin == 1);
    assay_pair_set_free(set);
    set = read_pairs(FOLDER "judgebench.jsonl");
    assert_true(isnan(set->pairs[0].margin));
    assay_pair_set_free(set);
}

/* The texts put together again are the texts that were given. */
static void whole_texts_are_cut_at_a_space(void **state)
{
    (void)state;
    assay_pair_set *set = read_pairs(FOLDER "implicit_text.jsonl");
    assert_int_equal(set->count, 2);
    assert_string_equal(assay_pair_format_name(set->pairs[0].format), "implicit-text");
    assert_string_equal(set->pairs[0].prompt.items[0].text, "Why is the sky blue? ");
    assert_string_equal(set->pairs[0].chosen.items[0].text, "Air scatters blue light more than red.");
    assert_string_equal(set->pairs[1].rejected.items[0].text, "5");
    assert_true(set->pairs[0].margin == 1);
    assay_pair_set_free(set);
}

/* NULL: no format; else the format's name. */
static void neighbours_are_not_taken(void **state)
{
    (void)state;
    static const struct {
        const char *line, *format;
    } cases[] = {
        {"{\"question\":\"q\",\"response_A\":\"a\",\"response_B\":\"b\",\"label\":\"A\"}", NULL},
        {"{\"question\":\"q\",\"response_A\":\"a\",\"response_B\":\"b\"}", NULL},
        {"{\"input\":\"q\",\"output_1\":\"a\",\"output_2\":\"b\",\"label\":1}", "llmbar"},
        {"{\"instruction\":\"i\",\"input\":\"q\",\"chosen\":\"a\",\"rejected\":\"b\"}", "alpaca"},
        {"{\"prompt\":\"q\",\"input\":\"q\",\"chosen\":\"a\",\"rejected\":\"b\"}", "prompt"},
        {"{\"prompt\":\"p\",\"answers\":[\"a\",\"b\"]}", NULL},
        {"{\"prompt\":\"p\",\"answers\":[{\"answer\":\"a\",\"rank\":1}]}", "nectar"},
        {"{\"instruction\":\"p\",\"completions\":[\"a\",\"b\"]}", NULL},
        {"{\"context\":\"p\",\"completions\":[{\"completion\":\"a\"},{\"completion\":\"b\"}]}", NULL},
        {"{\"query\":\"q\",\"response\":\"a\"}", NULL},
        {"{\"history\":\"q\",\"human_ref_A\":\"a\",\"human_ref_B\":\"b\"}", NULL},
        {"{\"conversation_input\":\"q\",\"chosen\":{\"answer\":\"a\"}}", NULL},
        {"{\"prompt\":\"x\",\"completion\":\"y\"}", NULL},
        {"{\"prompt\":\"x\",\"completion\":\"y\",\"label\":false}", "unpaired"},
        {"{\"messages\":[],\"rejected_response\":\"a\",\"label\":true}", "ms-swift"},
        {"{\"conversation_a\":[],\"conversation_b\":[],\"winner\":null}", NULL},
        {"{\"prompt\":\"q\",\"response_1\":\"a\",\"response_2\":\"b\"}", NULL},
        {"{\"context\":\"q\",\"response1\":\"a\",\"response2\":\"b\",\"overall_preference\":null}", NULL},
        {"{\"prompt\":\"q\",\"response_0\":\"a\",\"response_1\":\"b\",\"safer_response_id\":0}", NULL},
        {"{\"chosen_messages\":[],\"chosen\":\"a\"}", NULL},
        {"{\"chosen\":\"The sky is blue\",\"rejected\":\"The sky is red\",\"ask\":\"Which colour?\"}", NULL},
        {"{\"chosen\":\"The sky is blue\",\"rejected\":\"A sky is red\"}", NULL},
        {"{\"chosen\":\"The sky is blue\",\"rejected\":\"The sky is red\",\"score\":1}", "implicit-text"},
        {"{\"chosen\":\"\\n\\nHuman: q\\n\\nAssistant: a\",\"rejected\":\"\\n\\nHuman: q\\n\\nAssistant: b\"}",
         "hh-rlhf"},
        {"{\"prompt\":\"q\",\"chosen\":[\"a\"],\"rejected\":[\"b\",\"c\"]}", "choices"},
        {"{\"prompt\":\"q\",\"chosen\":[{\"role\":\"assistant\",\"content\":\"a\"}],\"rejected\":\"b\"}", "prompt"},
        {"{\"prompt\":\"q\",\"responses\":[\"a\",\"b\"],\"scores\":[1,2]}", "best-of-n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_t *line = assay_json_value(cases[i].line);
        assert_non_null(line);
        uint32_t found = assay_pair_format_find(line);
        const char *name = found == ASSAY_FORMAT_NONE ? "none" : assay_pair_format_name(found);
        if (strcmp(name, cases[i].format ? cases[i].format : "none") != 0) fail_msg("%s: %s", cases[i].line, name);
        json_decref(line);
    }
}

static void what_is_no_pair_is_named(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"{\"question\":\"x\",\"label\":{\"steps\":[]},\"labeler\":\"l\"}", "(PRM800K)"},
        {"{\"question\":{\"problem\":\"x\"},\"label\":{\"steps\":[]}}", "has no step with a completion"},
        {"{\"id\":\"gsm8k-0\",\"problem\":\"x\",\"steps\":\"a\",\"label\":-1}", "(ProcessBench)"},
        {"{\"prompt\":\"x\",\"completions\":\"a\",\"labels\":[true]}", "(TRL stepwise)"},
        {"{\"input\":\"x\",\"label\":\"y\",\"task\":\"GSM8K\"}", "(Math-Shepherd)"},
        {"{\"prompt\":\"q\",\"responses\":[\"a\",\"b\",\"c\"],\"scores\":[3,2,1],\"p\":0.7}",
         "is of two answers, and the line has 3"},
        {"{\"prompt\":\"q\",\"responses\":[\"a\",\"b\",\"c\"],\"scores\":[3,2,1],\"tie\":true}",
         "is of two answers, and the line has 3"},
        {"{\"prompt\":\"q\",\"responses\":[\"a\",{\"role\":\"user\",\"content\":\"b\"},\"c\"],\"scores\":[3,2,1]}",
         "an answer ends with a user message"},
        {"{\"prompt\":\"x\",\"completion\":\"y\",\"label\":2}",
         "\"label\" should be true, false or a number from 0 to 1"},
        {"{\"prompt\":\"x\",\"completion\":\"y\",\"label\":true,\"p\":0.3}", "the line has one with a label"},
        {"{\"messages\":[{\"role\":\"user\",\"content\":\"q\"}],\"label\":true}", "chosen ends with a user message"},
        {"{\"conversation_a\":[],\"conversation_b\":[],\"winner\":\"a\"}", "\"winner\" should be model_a, model_b"},
        {"{\"history\":\"q\",\"human_ref_A\":\"a\",\"human_ref_B\":\"b\",\"labels\":2}", "\"labels\" should be 1"},
        {"{\"prompt\":\"q\",\"response_0\":\"a\",\"response_1\":\"b\",\"better_response_id\":2}",
         "\"better_response_id\" should be 0 or 1"},
        {"{\"prompt\":\"[\\\"q\\\"\",\"response_a\":\"a\",\"response_b\":\"b\",\"winner_model_a\":1,\"winner_model_b\":"
         "0}",
         "prompt: not valid JSON"},
        {"{\"prompt\":\"q\",\"response_a\":3,\"response_b\":\"b\",\"winner_model_a\":1,\"winner_model_b\":0}",
         "\"response_a\" should be a text or a list of turns"},
        {"{\"chosen_messages\":[{\"content\":\"a\"}],\"rejected_messages\":[]}", "a message has no role or content"},
        {"{\"prompt\":\"p\",\"answers\":[{\"answer\":\"a\",\"rank\":1}]}", "a list of 1 answers: nothing to compare"},
        {"{\"prompt\":\"p\",\"responses\":[\"a\"],\"scores\":[1]}", "a list of 1 answers: nothing to compare"},
        {"{\"prompt\":\"p\",\"responses\":[\"a\",\"b\"],\"scores\":[1]}",
         "\"responses\" has 2 answers and \"scores\" 1 numbers"},
        {"{\"prompt\":\"p\",\"responses\":[\"a\",\"b\"],\"scores\":[1,2],\"ties\":0}",
         "\"ties\" should be true or false and is a number"},
        {"{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\",\"margin\":1e308}",
         "\"margin\" should be a number from -1e6 to 1e6"},
        {"{\"prompt\":\"p\",\"chosen\":\"a\",\"rejected\":\"b\",\"weight\":1e308}",
         "\"weight\" should be a number above 0, at most 1e6"},
        {"{\"prompt\":\"p\",\"response\":\"a\",\"scores\":{\"x\":1e300}}", "its square would be no number"},
        {"{\"prompt\":\"q\",\"answers\":[{\"answer\":\"a\",\"rank\":1},{\"answer\":\"b\",\"rank\":\"x\"}]}",
         "answer 2 of \"answers\" has no number as its \"rank\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[128];
        assay_pair_set *set;
        assay_error err = {0};
        snprintf(path, sizeof path, "%s/a.jsonl", scratch);
        assert_int_equal(assay_file_write_atomic(path, cases[i][0], strlen(cases[i][0]), NULL), ASSAY_OK);
        assert_int_equal(assay_pair_set_new(&set, NULL), ASSAY_OK);
        assert_int_equal(assay_pair_set_read(set, path, NULL, &err), ASSAY_E_FORMAT);
        if (!strstr(err.text, cases[i][1]) || !strstr(err.text, "a.jsonl:1: "))
            fail_msg("%s: %s", cases[i][1], err.text);
        assay_pair_set_free(set);
    }
}

static void parts_that_are_no_text_are_refused(void **state)
{
    static const char line[] =
        "{\"chosen_messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"value\":\"x\"}]},"
        "{\"role\":\"assistant\",\"content\":\"a\"}],\"rejected_messages\":[{\"role\":\"user\",\"content\":\"q\"}]}";
    char path[128];
    assay_pair_set *set;
    assay_error err = {0};
    (void)state;
    snprintf(path, sizeof path, "%s/parts.jsonl", scratch);
    assert_int_equal(assay_file_write_atomic(path, line, sizeof line - 1, NULL), ASSAY_OK);
    assert_int_equal(assay_pair_set_new(&set, NULL), ASSAY_OK);
    assert_int_equal(assay_pair_set_read(set, path, NULL, &err), ASSAY_E_UNSUPPORTED);
    assert_non_null(strstr(err.text, "a part that is of the type image_url"));
    assay_pair_set_free(set);
}

static void benchmarks_are_known(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"judgebench.jsonl", "JudgeBench"}, {"rmb.jsonl", "RMB"}, {"llmbar.json", "LLMBar"}, {"shp.jsonl", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[128];
        snprintf(path, sizeof path, FOLDER "%s", cases[i][0]);
        assay_pair_set *set = read_pairs(path);
        const char *name = assay_pair_format_benchmark(set->pairs[0].format);
        if (cases[i][1]) assert_string_equal(name, cases[i][1]);
        else assert_null(name);
        assay_pair_set_free(set);
    }
}

/* Inputs of others that went wrong: file, pairs, dropped, bad lines, and what is said of the first bad one. */
static void cases_of_others(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        size_t pairs, drops, bad;
        const char *says;
    } cases[] = {
        {"data-blank-answer-unicode-spaces-kept.jsonl", 0, 1, 0, ""},
        {"data-column-lists-unclear.json", 2, 0, 0, ""},
        {"data-images-column-ignored-silently.jsonl", 0, 0, 1, "only text can be scored"},
        {"data-json-bigint-in-unused-field.jsonl", 1, 0, 0, ""},
        {"data-json-duplicate-key.jsonl", 1, 0, 0, ""},
        {"data-json-lone-surrogate-unclear.jsonl", 1, 0, 1, ":1: \"prompt\" should be a text"},
        {"data-json-nan-in-unused-field.jsonl", 1, 0, 1,
         ":1: \"margin\" should be a number from -1e6 to 1e6 or null and is NaN"},
        {"data-pretty-printed-objects-unclear.jsonl", 2, 0, 0, ""},
        {"data-rewardbench2-lists-unclear.jsonl", 1, 0, 0, ""},
        {"data-swift-query-response-unknown.jsonl", 1, 0, 0, ""},
        {"data-swift-rejected-list-unclear.jsonl", 1, 0, 0, ""},
        {"data-toolcall-beside-text-dropped.jsonl", 1, 0, 0, ""},
        {"data-tools-column-ignored-silently.jsonl", 1, 0, 0, ""},
    };
    const char *shared = getenv("ASSAY_SHARED");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/data/cases/%s", shared ? shared : "../shared", cases[i].file);
        if (!assay_path_exists(path)) {
            print_message("%s is not there: skipped\n", path);
            skip();
        }
        assay_pair_set *set;
        assay_pair_options options = {.skip_bad_lines = true};
        assay_error err = {0};
        assert_int_equal(assay_pair_set_new(&set, NULL), ASSAY_OK);
        assay_status status = assay_pair_set_read(set, path, &options, &err);
        assert_int_equal(status, cases[i].pairs + cases[i].drops ? ASSAY_OK : ASSAY_E_FORMAT);
        assert_int_equal(set->count, cases[i].pairs);
        assert_int_equal(set->drop_count, cases[i].drops);
        assert_int_equal(set->bad_count, cases[i].bad);
        if (set->bad_count && !strstr(set->bad[0], cases[i].says)) fail_msg("%s: %s", cases[i].says, set->bad[0]);
        assay_pair_set_free(set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ties_are_kept_as_ties),
        cmocka_unit_test(lists_are_ordered),
        cmocka_unit_test(single_answers_have_labels),
        cmocka_unit_test(strengths_become_margins),
        cmocka_unit_test(whole_texts_are_cut_at_a_space),
        cmocka_unit_test(a_list_is_dropped_where_all_its_answers_are_equal),
        cmocka_unit_test(neighbours_are_not_taken),
        cmocka_unit_test(what_is_no_pair_is_named),
        cmocka_unit_test(parts_that_are_no_text_are_refused),
        cmocka_unit_test(benchmarks_are_known),
        cmocka_unit_test(cases_of_others),
    };
    return cmocka_run_group_tests(tests, make_scratch, drop_scratch);
}
