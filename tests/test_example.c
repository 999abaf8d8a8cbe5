/* Pairs to ids: shared prefix, the length rule, what is dropped. */
#include "pair_helper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void is_side(const assay_example_set *set, const assay_example_answer *side, const char *wanted)
{
    char text[256] = "";
    for (size_t i = 0; i < side->count; i++) {
        int32_t id = set->ids[side->first + i];
        size_t used = strlen(text);
        if (id < 256) snprintf(text + used, sizeof text - used, "%c", (char)id);
        else snprintf(text + used, sizeof text - used, "<%d>", (int)id - 1000);
    }
    assert_string_equal(text, wanted);
}

static assay_pair_set *three_pairs(void)
{
    assay_pair_set *pairs;
    assert_int_equal(assay_pair_set_new(&pairs, NULL), ASSAY_OK);
    helper_add_pair(pairs, "hello", "good", "bad");
    helper_add_pair(pairs, "abcdefghij", "xyz", "xy");
    helper_add_pair(pairs, "q", "0123456789012345", "1");
    return pairs;
}

static void sides_and_shared_prefix(void **state)
{
    (void)state;
    assay_pair_set *pairs = three_pairs();
    assay_example_set set;
    assert_int_equal(assay_example_set_build(&set, pairs, NULL, 0, &helper_renderer, &(assay_example_options){0}, NULL),
                     ASSAY_OK);
    assert_int_equal(set.count, 3);
    is_side(&set, assay_example_best(&set, &set.items[0]), "<0><2>hello<3>good<9>");
    is_side(&set, assay_example_worst(&set, &set.items[0]), "<0><2>hello<3>bad<9>");
    assert_int_equal(set.items[0].shared, 8);
    assert_int_equal(assay_example_tokens(&set, set.items), 8 + 5 + 4);
    assert_int_equal(set.items[1].shared, 15); /* answers begin alike: xy belongs to both */
    assert_int_equal(set.longest, 21);
    assert_true(isnan(set.items[0].margin));
    assay_example_set_release(&set);
    static const uint32_t picked[] = {2, 0};
    assert_int_equal(
        assay_example_set_build(&set, pairs, picked, 2, &helper_renderer, &(assay_example_options){0}, NULL), ASSAY_OK);
    assert_true(set.count == 2 && set.items[0].pair == 2 && set.items[1].pair == 0);
    assay_example_set_release(&set);
    assay_pair_set_free(pairs);
}

/* One side is the beginning of the other: the shared part stops before the shorter side's last id. */
static assay_status render_bare(const void *context, const assay_conversation *conversation, assay_ids *ids,
                                assay_error *err)
{
    const assay_message *messages = conversation->messages;
    (void)context;
    for (size_t i = 0; i < conversation->count; i++)
        for (size_t j = 0; j < messages[i].size; j++) ASSAY_TRY(helper_push(ids, messages[i].text[j], err));
    return ASSAY_OK;
}

static void each_side_keeps_a_token(void **state)
{
    (void)state;
    static const assay_renderer bare = {.render = render_bare};
    assay_pair_set *pairs;
    assay_example_set set;
    assert_int_equal(assay_pair_set_new(&pairs, NULL), ASSAY_OK);
    helper_add_pair(pairs, "p", "abc", "abcd");
    helper_add_pair(pairs, "pa", "b", "b"); /* equal ids */
    assert_int_equal(assay_example_set_build(&set, pairs, NULL, 0, &bare, &(assay_example_options){0}, NULL), ASSAY_OK);
    assert_int_equal(assay_example_best(&set, &set.items[0])->count, 4);
    assert_int_equal(set.items[0].shared, 3);
    assert_int_equal(set.count, 1);
    assert_int_equal(assay_example_set_dropped(&set, ASSAY_DROP_SAME_IDS), 1);
    assay_example_set_release(&set);
    assay_pair_set_free(pairs);
}

static void long_pairs_are_dropped(void **state)
{
    (void)state;
    assay_pair_set *pairs = three_pairs();
    assay_example_set set;
    assay_example_options options = {.max_length = 17};
    assert_int_equal(assay_example_set_build(&set, pairs, NULL, 0, &helper_renderer, &options, NULL), ASSAY_OK);
    assert_int_equal(set.count, 2); /* 13, 17 and 21 tokens */
    assert_int_equal(set.drop_count, 1);
    assert_true(set.drops[0].pair == 2 && set.drops[0].length == 21 && set.drops[0].reason == ASSAY_DROP_TOO_LONG);
    assay_example_set_release(&set);
    assay_error err;
    options.max_length = 5;
    assert_int_equal(assay_example_set_build(&set, pairs, NULL, 0, &helper_renderer, &options, &err), ASSAY_E_FORMAT);
    assert_non_null(strstr(err.text, "3: longer than the maximum length"));
    assert_non_null(strstr(err.text, "shortest dropped one has 13 tokens"));
    assert_non_null(strstr(err.text, "--max-length"));
    assert_null(set.items);
    assay_pair_set_free(pairs);
}

static void truncation_left(void **state)
{
    (void)state;
    assay_pair_set *pairs = three_pairs();
    assay_example_set set;
    assay_example_options options = {.max_length = 12, .truncate = ASSAY_TRUNCATE_LEFT};
    assert_int_equal(assay_example_set_build(&set, pairs, NULL, 0, &helper_renderer, &options, NULL), ASSAY_OK);
    assert_int_equal(set.count, 2);
    assert_int_equal(set.truncated, 2);
    is_side(&set, assay_example_best(&set, &set.items[0]), "<0>hello<3>good<9>");
    is_side(&set, assay_example_worst(&set, &set.items[0]), "<0>hello<3>bad<9>");
    is_side(&set, assay_example_best(&set, &set.items[1]), "<0>efghij<3>xyz<9>");
    is_side(&set, assay_example_worst(&set, &set.items[1]), "<0>efghij<3>xy<9>");
    assert_int_equal(set.items[1].shared, 10);
    assert_int_equal(assay_example_set_dropped(&set, ASSAY_DROP_ANSWER_TOO_LONG), 1);
    assay_example_set_release(&set);
    assay_pair_set_free(pairs);
}

static void truncation_right(void **state)
{
    (void)state;
    assay_pair_set *pairs = three_pairs();
    assay_example_set set;
    assay_example_options options = {.max_length = 14, .truncate = ASSAY_TRUNCATE_RIGHT};
    assert_int_equal(assay_example_set_build(&set, pairs, NULL, 0, &helper_renderer, &options, NULL), ASSAY_OK);
    assert_int_equal(set.count, 2);
    assert_int_equal(set.truncated, 1);
    is_side(&set, assay_example_best(&set, &set.items[1]), "<0><2>q<3>0123456789");
    is_side(&set, assay_example_worst(&set, &set.items[1]), "<0><2>q<3>1<9>");
    /* both were cut to prompt and x */
    assert_true(set.drops[0].pair == 1 && set.drops[0].reason == ASSAY_DROP_SAME_IDS);
    assay_example_set_release(&set);
    assay_pair_set_free(pairs);
}

/* A stroke ends each step. */
static assay_status render_strokes(const void *context, const assay_conversation *conversation, assay_ids *ids,
                                   assay_ids *ends, assay_error *err)
{
    (void)context;
    for (size_t i = 0; i < conversation->count; i++) {
        const assay_conversation one = {.messages = conversation->messages + i, .count = 1};
        ASSAY_TRY(render_bare(NULL, &one, ids, err));
        if (!one.messages->step) continue;
        ASSAY_TRY(helper_push(ids, '/', err));
        ASSAY_TRY(assay_ids_push(ends, (int32_t)ids->count - 1, err));
    }
    return ASSAY_OK;
}

static void add_steps(assay_pair_set *pairs, size_t count, const double *labels)
{
    static assay_message prompt = {.role = ASSAY_ROLE_USER, .text = "pq", .size = 2};
    static assay_message steps[] = {{.role = ASSAY_ROLE_ASSISTANT, .text = "ab", .size = 2, .step = true},
                                    {.role = ASSAY_ROLE_ASSISTANT, .text = "cde", .size = 3, .step = true},
                                    {.role = ASSAY_ROLE_ASSISTANT, .text = "f", .size = 1, .step = true}};
    const assay_pair pair = {.prompt = {.items = &prompt, .count = 1},
                             .chosen = {.items = steps, .count = count},
                             .single = true,
                             .step_labels = labels,
                             .margin = (double)NAN,
                             .share = (double)NAN,
                             .weight = 2};
    assert_int_equal(assay_pair_set_add(pairs, &pair, NULL), ASSAY_OK);
}

/* pqab/cde/f/: each step a slice of one text, with its label; none is cut inside. */
static void steps_are_slices(void **state)
{
    static const assay_renderer strokes = {.render = render_bare, .render_steps = render_strokes};
    static const double labels[] = {1, (double)NAN, 0}, unknown[] = {(double)NAN, (double)NAN, 1};
    static const struct {
        size_t max_length;
        assay_truncate truncate;
        size_t first, second, longest; /* steps kept of both answers; 0: dropped */
        assay_drop_reason reason;
    } cases[] = {{0, ASSAY_TRUNCATE_NONE, 3, 3, 11, ASSAY_DROP_COUNT},
                 {11, ASSAY_TRUNCATE_NONE, 3, 3, 11, ASSAY_DROP_COUNT},
                 {10, ASSAY_TRUNCATE_RIGHT, 2, 0, 9, ASSAY_DROP_NO_LABEL},
                 {8, ASSAY_TRUNCATE_RIGHT, 1, 0, 5, ASSAY_DROP_NO_LABEL},
                 {10, ASSAY_TRUNCATE_LEFT, 0, 0, 0, ASSAY_DROP_TOO_LONG},
                 {4, ASSAY_TRUNCATE_RIGHT, 0, 0, 0, ASSAY_DROP_TOO_LONG}};
    assay_pair_set *pairs;
    (void)state;
    assert_int_equal(assay_pair_set_new(&pairs, NULL), ASSAY_OK);
    uint32_t file;
    assert_int_equal(assay_pair_set_add_file(pairs, "steps.jsonl", &file, NULL), ASSAY_OK);
    add_steps(pairs, 3, labels);
    add_steps(pairs, 3, unknown);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assay_example_set set;
        assay_error err;
        const assay_example_options options = {.max_length = cases[i].max_length, .truncate = cases[i].truncate};
        assay_status status = assay_example_set_build(&set, pairs, NULL, 0, &strokes, &options, &err);
        assert_int_equal(status, cases[i].first ? ASSAY_OK : ASSAY_E_FORMAT);
        if (status != ASSAY_OK) continue;
        const assay_example *e = &set.items[0];
        assert_true(e->steps && e->count == cases[i].first && e->shared == 0 && e->weight == 2);
        assert_true(set.count == (cases[i].second ? 2 : 1) && set.longest == cases[i].longest);
        assert_int_equal(assay_example_tokens(&set, e), cases[i].longest);
        assert_int_equal(assay_example_longest(&set, e), cases[i].longest);
        if (!cases[i].second) assert_int_equal(assay_example_set_dropped(&set, cases[i].reason), 1);
        is_side(&set, &set.answers[0], "pqab/");
        if (e->count > 1) is_side(&set, &set.answers[1], "cde/");
        assert_true(set.values[0] == 1 && (e->count < 2 || isnan(set.values[1])));
        assay_example_set_release(&set);
    }
    assay_example_set set;
    assay_error err;
    assert_int_equal(assay_example_set_build(&set, pairs, NULL, 0, &helper_renderer, &(assay_example_options){0}, &err),
                     ASSAY_E_FORMAT);
    assert_non_null(strstr(err.text, "answer in labelled steps, and the model reads a text at one token"));
    assay_pair_set_free(pairs);
}

static void errors_name_the_line(void **state)
{
    (void)state;
    assay_pair_set *pairs = three_pairs();
    assay_example_set set;
    assay_error err;
    helper_add_pair(pairs, "p", "a!", "b");
    assert_int_equal(assay_example_set_build(&set, pairs, NULL, 0, &helper_renderer, &(assay_example_options){0}, &err),
                     ASSAY_E_FORMAT);
    assert_string_equal(err.text, "made.jsonl:4: no shouting");
    assay_pair_set_free(pairs);
    assert_int_equal(assay_pair_set_new(&pairs, NULL), ASSAY_OK);
    assert_int_equal(assay_example_set_build(&set, pairs, NULL, 0, &helper_renderer, &(assay_example_options){0}, &err),
                     ASSAY_E_FORMAT);
    assert_non_null(strstr(err.text, "no pair is left"));
    assay_pair_set_free(pairs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sides_and_shared_prefix), cmocka_unit_test(each_side_keeps_a_token),
        cmocka_unit_test(long_pairs_are_dropped),  cmocka_unit_test(truncation_left),
        cmocka_unit_test(steps_are_slices),        cmocka_unit_test(truncation_right),
        cmocka_unit_test(errors_name_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
