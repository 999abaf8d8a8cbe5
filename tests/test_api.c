/* The C API as a C program meets it: ownership on success and failure, codes, stopping. tests/python/test_assay.py
 * compares it with the command. */
#include "test_support.h"

#include "base/file.h"
#include "cli/command.h"

#include <assay.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct place {
    char folder[64], model[96], pairs[96], run[96];
} place;

static void make_model(const char *folder)
{
    char output[128];
    assay_options options;
    assay_error err;
    snprintf(output, sizeof output, "--output=%s", folder);
    const char *args[] = {"--arch=llama", output, "--quiet"};
    assert_int_equal(assay_options_init(&options, &err), ASSAY_OK);
    assert_int_equal(assay_options_parse(&options, ASSAY_FOR_INIT, "init", 0, 3, args, NULL, &err), ASSAY_OK);
    assert_int_equal(assay_command_init.run(&options, &(assay_command_context){0}, &err), ASSAY_OK);
    assay_options_release(&options);
}

static void note(void *context, int is_warning, const char *text)
{
    (void)is_warning;
    (void)text;
    ++*(int *)context;
}

/* A tiny model, trained for a step through the API. */
static int set_up(void **state)
{
    static place at = {.folder = "/tmp/assay-api-XXXXXX"};
    char pairs[4096] = "", *json;
    int notes = 0;
    assay_failure failure;
    assay_listener listener = {.note = note, .context = &notes};
    if (!mkdtemp(at.folder)) return -1;
    snprintf(at.model, sizeof at.model, "%s/model", at.folder);
    snprintf(at.pairs, sizeof at.pairs, "%s/pairs.jsonl", at.folder);
    snprintf(at.run, sizeof at.run, "%s/run", at.folder);
    make_model(at.model);
    for (int i = 0; i < 8; i++)
        snprintf(pairs + strlen(pairs), sizeof pairs - strlen(pairs),
                 "{\"prompt\":\"q%d\",\"chosen\":\"yes %d\",\"rejected\":\"no\"}\n", i, i);
    assert_int_equal(assay_file_write_atomic(at.pairs, pairs, strlen(pairs), NULL), ASSAY_OK);
    const assay_setting settings[] = {{"model", at.model}, {"data", at.pairs}, {"output", at.run},
                                      {"max-steps", "1"},  {"threads", "1"},   {"eval-split", "0.25"}};
    if (assay_train_run(settings, 6, &listener, &json, &failure)) fail_msg("%s", failure.text);
    assert_non_null(strstr(json, "\"evaluation\""));
    assert_true(notes > 0);
    assay_release(json);
    *state = &at;
    return 0;
}

static int tear_down(void **state) { return assay_remove_tree(((place *)*state)->folder, NULL) == ASSAY_OK ? 0 : -1; }

static assay_scorer *open_run(const place *at, const assay_listener *listener)
{
    assay_failure failure;
    assay_scorer *scorer;
    const assay_setting settings[] = {{"model", at->run}, {"--threads", "1"}, {"max_length", "80"}};
    if (assay_scorer_open(&scorer, settings, 3, listener, &failure)) fail_msg("%s", failure.text);
    return scorer;
}

static void versions(void **state)
{
    (void)state;
    assert_int_equal(assay_library_api(), ASSAY_API_LEVEL);
    assert_true(assay_library_version()[0] >= '0' && assay_library_version()[0] <= '9');
    assay_release(NULL);
    assay_scorer_close(NULL);
}

static void wrong_settings(void **state)
{
    static const assay_setting unknown[] = {{"model", "x"}, {"lora-rnak", "3"}}, nameless[] = {{NULL, "x"}},
                               help[] = {{"--help", NULL}}, nowhere[] = {{"model", "/nowhere/at/all"}};
    assay_failure failure;
    assay_scorer *scorer = (assay_scorer *)&failure;
    char *json = NULL;
    (void)state;
    assert_int_equal(assay_scorer_open(&scorer, unknown, 2, NULL, &failure), ASSAY_CODE_USAGE);
    assert_null(scorer);
    assert_int_equal(failure.code, ASSAY_CODE_USAGE);
    assert_int_equal(assay_train_run(unknown, 2, NULL, &json, &failure), ASSAY_CODE_USAGE);
    assert_non_null(strstr(failure.text, "lora-rank"));
    assert_int_equal(assay_train_run(nameless, 1, NULL, &json, &failure), ASSAY_CODE_USAGE);
    assert_int_equal(assay_train_run(help, 1, NULL, &json, &failure), ASSAY_CODE_USAGE);
    assert_int_equal(assay_plan_run(help, 0, NULL, &json, &failure), ASSAY_CODE_USAGE);
    assert_null(json);
    assert_int_not_equal(assay_scorer_open(&scorer, nowhere, 1, NULL, NULL), ASSAY_CODE_OK);
    assert_null(scorer);
}

/* A config without weights or tokenizer, and no data: what `assay plan` needs and no more. */
static void plan_of_a_config(void **state)
{
    const place *at = *state;
    char from[160], folder[128], to[160], *text, *json = NULL;
    size_t size;
    assay_failure failure;
    snprintf(from, sizeof from, "%s/config.json", at->model);
    snprintf(folder, sizeof folder, "%s/config-only", at->folder);
    snprintf(to, sizeof to, "%s/config.json", folder);
    assert_int_equal(assay_file_read(from, 1 << 20, &text, &size, NULL), ASSAY_OK);
    assert_int_equal(assay_make_dirs(folder, NULL), ASSAY_OK);
    assert_int_equal(assay_file_write_atomic(to, text, size, NULL), ASSAY_OK);
    assay_release(text);
    const assay_setting settings[] = {{"model", folder}, {"max-length", "64"}, {"memory", "1G"}, {"threads", "1"}},
                        tight[] = {{"model", folder}, {"memory", "100K"}};
    /* no plan of any size */
    const assay_setting none[] = {{"model", folder}, {"max-length", "64"}, {"micro-tokens", "2"}};
    if (assay_plan_run(settings, 4, NULL, &json, &failure)) fail_msg("%s", failure.text);
    static const char *const wanted[] = {"\"fits\":true", "\"classes\":{\"weights\":", "\"suggestions\":[{",
                                         "\"rss_bytes\":"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!strstr(json, wanted[i])) fail_msg("%s is not in %s", wanted[i], json);
    assert_null(strstr(json, "\"reason\""));
    assay_release(json);
    if (assay_plan_run(tight, 2, NULL, &json, &failure)) fail_msg("%s", failure.text);
    assert_non_null(strstr(json, "\"fits\":false,\"reason\":\"this run needs"));
    assay_release(json);
    if (assay_plan_run(none, 3, NULL, &json, &failure)) fail_msg("%s", failure.text);
    assert_non_null(strstr(json, "\"fits\":false,\"reason\":"));
    assay_release(json);
}

static void scores(void **state)
{
    static const char *const lines[] = {"{\"prompt\":\"a\",\"responses\":[\"b\",\"c\"]}",
                                        "{\"prompt\":\"a\",\"response\":\"c\"}"};
    assay_failure failure;
    double *found, single;
    size_t counts[2], total;
    assay_scorer *scorer = open_run(*state, NULL);
    assert_int_equal(assay_scorer_score_lines(scorer, lines, 2, &found, counts, &total, &failure), ASSAY_CODE_OK);
    assert_int_equal(total, 3);
    assert_int_equal(counts[0], 2);
    assert_int_equal(counts[1], 1);
    assert_int_equal(assay_scorer_score_answer(scorer, "a", "c", &single, &failure), ASSAY_CODE_OK);
    assert_memory_equal(&found[1], &single, sizeof single);
    assert_memory_equal(&found[2], &single, sizeof single);
    assay_release(found);
    assay_scorer_close(scorer);
}

static void bad_lines(void **state)
{
    static const char *const lines[] = {
        "{\"text\":\"fine\"}", "{\"text\":", NULL, "[]",
        "{\"prompt\":\"a\",\"response\":\"a text that is far too long for a limit of eighty tokens, is it not? "
        "It goes on and on, a token a byte, until there are more than enough of them.\"}"};
    assay_failure failure;
    double *found = NULL, single;
    size_t total = 7;
    assay_scorer *scorer = open_run(*state, NULL);
    for (size_t bad = 1; bad < 5; bad++) {
        const char *two[] = {lines[0], lines[bad]};
        assert_int_not_equal(assay_scorer_score_lines(scorer, two, 2, &found, NULL, &total, &failure), ASSAY_CODE_OK);
        assert_non_null(strstr(failure.text, "line 1"));
        assert_null(found);
        assert_int_equal(total, 0);
    }
    assert_int_equal(assay_scorer_score_answer(scorer, "a", "\xff", &single, &failure), ASSAY_CODE_FORMAT);
    assert_int_equal(assay_scorer_score_answer(scorer, NULL, "b", &single, &failure), ASSAY_CODE_USAGE);
    assert_int_equal(assay_scorer_score_lines(scorer, lines, 1, &found, NULL, &total, &failure), ASSAY_CODE_OK);
    assert_int_equal(total, 1);
    assay_release(found);
    assay_scorer_close(scorer);
}

static void stopping(void **state)
{
    static const char *const lines[] = {"{\"text\":\"fine\"}"};
    volatile int stop = 0;
    assay_failure failure;
    assay_listener listener = {.stop = &stop};
    double *found;
    assay_scorer *scorer = open_run(*state, &listener);
    stop = 1;
    assert_int_equal(assay_scorer_score_lines(scorer, lines, 1, &found, NULL, NULL, &failure), ASSAY_CODE_STOPPED);
    stop = 0;
    assert_int_equal(assay_scorer_score_lines(scorer, lines, 1, &found, NULL, NULL, &failure), ASSAY_CODE_OK);
    assay_release(found);
    assay_scorer_close(scorer);
}

/* Whatever the number: a host may pass on a signal's. A checkpoint is there, and the run goes on from it. */
static void stopping_a_run(void **state)
{
    static const int stops[] = {1, 2, 15, -1};
    const place *at = *state;
    char output[128], *json = (char *)output;
    assay_failure failure;
    assay_setting settings[] = {{"model", at->model}, {"data", at->pairs}, {"output", output},   {"max-steps", "2"},
                                {"threads", "1"},     {"eval-split", "0"}, {"batch-pairs", "2"}, {"resume", NULL}};
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        volatile int stop = stops[i];
        assay_listener listener = {.stop = &stop};
        snprintf(output, sizeof output, "%s/stopped-%zu", at->folder, i);
        assert_int_equal(assay_train_run(settings, 7, &listener, &json, &failure), ASSAY_CODE_STOPPED);
        assert_null(json);
        assert_non_null(strstr(failure.text, "checkpoint-0"));
        stop = 0;
        if (assay_train_run(settings, 8, &listener, NULL, &failure)) fail_msg("%s", failure.text);
    }
}

static void missing_arguments(void **state)
{
    const char *lines[] = {"{\"text\":\"x\"}"};
    const assay_setting settings[] = {{NULL, "x"}};
    assay_failure failure;
    double *found, single;
    char *json;
    assay_scorer *scorer = open_run(*state, NULL), *other;
    assert_int_equal(assay_scorer_open(NULL, NULL, 0, NULL, &failure), ASSAY_CODE_USAGE);
    assert_int_equal(assay_scorer_open(&other, NULL, 1, NULL, &failure), ASSAY_CODE_USAGE);
    assert_int_equal(assay_scorer_open(&other, settings, 1, NULL, &failure), ASSAY_CODE_USAGE);
    assert_null(other);
    assert_int_equal(assay_scorer_score_lines(NULL, lines, 1, &found, NULL, NULL, &failure), ASSAY_CODE_USAGE);
    assert_int_equal(assay_scorer_score_lines(scorer, NULL, 1, &found, NULL, NULL, &failure), ASSAY_CODE_USAGE);
    assert_int_equal(assay_scorer_score_lines(scorer, lines, 1, NULL, NULL, NULL, &failure), ASSAY_CODE_USAGE);
    assert_non_null(strstr(failure.text, "\"scores\" is NULL"));
    assert_int_equal(assay_scorer_score_answer(NULL, "a", "b", &single, &failure), ASSAY_CODE_USAGE);
    assert_int_equal(assay_scorer_score_answer(scorer, "a", NULL, &single, &failure), ASSAY_CODE_USAGE);
    assert_int_equal(assay_scorer_score_answer(scorer, "a", "b", NULL, &failure), ASSAY_CODE_USAGE);
    assert_int_equal(assay_scorer_describe(NULL, &json, &failure), ASSAY_CODE_USAGE);
    assert_int_equal(assay_scorer_describe(scorer, NULL, &failure), ASSAY_CODE_USAGE);
    assert_int_equal(assay_plan_run(NULL, 0, NULL, NULL, &failure), ASSAY_CODE_USAGE);
    assert_int_equal(assay_plan_run(NULL, 3, NULL, &json, &failure), ASSAY_CODE_USAGE);
    assert_int_equal(assay_train_run(NULL, 3, NULL, NULL, NULL), ASSAY_CODE_USAGE);
    assay_scorer_close(scorer);
}

/* Bytes that are no UTF-8 leave as what they are called, not as they are. */
static void failures_are_utf8(void **state)
{
    const assay_setting settings[] = {{"model", "/nowhere/caf\xe9"}}, name[] = {{"caf\xe9\033[31m", "1"}};
    assay_failure failure;
    assay_scorer *scorer;
    (void)state;
    assert_int_not_equal(assay_scorer_open(&scorer, settings, 1, NULL, &failure), ASSAY_CODE_OK);
    assert_non_null(strstr(failure.text, "/nowhere/caf\\xe9"));
    assert_int_equal(assay_scorer_open(&scorer, name, 1, NULL, &failure), ASSAY_CODE_USAGE);
    assert_non_null(strstr(failure.text, "caf\\xe9\\x1b[31m"));
}

typedef struct shared_use {
    assay_scorer *scorer;
    const char *answer;
    double expected;
    int wrong;
} shared_use;

static void *score_often(void *argument)
{
    shared_use *use = argument;
    char line[64];
    const char *lines[] = {line, "{\"text\":\"something else\"}"};
    assay_failure failure;
    snprintf(line, sizeof line, "{\"prompt\":\"q\",\"response\":\"%s\"}", use->answer);
    for (int i = 0; i < 40; i++) {
        double single = 0, *found = NULL;
        size_t total = 0;
        use->wrong += assay_scorer_score_answer(use->scorer, "q", use->answer, &single, &failure) != ASSAY_CODE_OK;
        use->wrong += assay_scorer_score_lines(use->scorer, lines, 2, &found, NULL, &total, &failure) != ASSAY_CODE_OK;
        use->wrong += total != 2 || memcmp(&single, &use->expected, sizeof single) != 0 ||
                      memcmp(found, &use->expected, sizeof single) != 0;
        assay_release(found);
    }
    return NULL;
}

/* Calls of several threads wait for each other, and every one gets its own scores. */
static void shared_by_threads(void **state)
{
    static const char *const answers[] = {"yes", "no, a longer one", "\xe4\xb8\x80", "b"};
    shared_use uses[4];
    pthread_t threads[4];
    assay_failure failure;
    assay_scorer *scorer = open_run(*state, NULL);
    for (size_t i = 0; i < 4; i++) {
        uses[i] = (shared_use){.scorer = scorer, .answer = answers[i]};
        assert_int_equal(assay_scorer_score_answer(scorer, "q", answers[i], &uses[i].expected, &failure), 0);
    }
    for (size_t i = 0; i < 4; i++) assert_int_equal(pthread_create(&threads[i], NULL, score_often, &uses[i]), 0);
    for (size_t i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(uses[i].wrong, 0);
    }
    assay_scorer_close(scorer);
}

static void description(void **state)
{
    assay_failure failure;
    char *json;
    assay_scorer *scorer = open_run(*state, NULL);
    assert_int_equal(assay_scorer_describe(scorer, &json, &failure), ASSAY_CODE_OK);
    assert_non_null(strstr(json, "\"architecture\":\"llama\""));
    assay_release(json);
    assay_scorer_close(scorer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions),          cmocka_unit_test(wrong_settings),
        cmocka_unit_test(plan_of_a_config),  cmocka_unit_test(scores),
        cmocka_unit_test(bad_lines),         cmocka_unit_test(stopping),
        cmocka_unit_test(description),       cmocka_unit_test(stopping_a_run),
        cmocka_unit_test(missing_arguments), cmocka_unit_test(failures_are_utf8),
        cmocka_unit_test(shared_by_threads),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
