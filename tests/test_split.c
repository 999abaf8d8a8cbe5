/* The split by prompt and the search for leaked prompts. */
#include "data/split.h"
#include "pair_helper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static assay_pair_set *make_pairs(size_t prompts, size_t each, bool backwards)
{
    assay_pair_set *pairs;
    assert_int_equal(assay_pair_set_new(&pairs, NULL), ASSAY_OK);
    for (size_t i = 0; i < prompts * each; i++) {
        size_t at = backwards ? prompts * each - 1 - i : i;
        char prompt[64], answer[64];
        /* one prompt, spelled two ways */
        snprintf(prompt, sizeof prompt, at % 2 ? "Prompt  %zu\n" : "prompt %zu", at / each);
        snprintf(answer, sizeof answer, "answer %zu", at);
        helper_add_pair(pairs, prompt, answer, "no");
    }
    return pairs;
}

static void sizes(void **state)
{
    (void)state;
    static const struct {
        double share; /* 0: auto */
        size_t pairs, wanted;
    } cases[] = {{0, 500, 100},  {0, 1000, 200},   {0, 2000, 200}, {0, 10000, 500}, {0, 2, 1},     {0, 1, 0},
                 {0.1, 500, 50}, {0.05, 1000, 50}, {0.999, 2, 1},  {0.9, 500, 450}, {0.001, 10, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assay_split_size size = {.kind = cases[i].share > 0 ? ASSAY_SPLIT_SHARE : ASSAY_SPLIT_AUTO,
                                 .share = cases[i].share};
        assert_int_equal(assay_split_wanted(&size, cases[i].pairs), cases[i].wanted);
    }
}

static bool contains(const assay_pair_set *pairs, const uint32_t *list, size_t count, const char *answer)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(pairs->pairs[list[i]].chosen.items[0].text, answer)) return true;
    return false;
}

/* No prompt on both sides, the wanted number, all pairs shared out, and the same whatever the order of the lines. */
static void split_by_prompt(void **state)
{
    (void)state;
    assay_pair_set *pairs = make_pairs(100, 4, false), *backwards = make_pairs(100, 4, true);
    assay_split split, again;
    const assay_split_size size = {.kind = ASSAY_SPLIT_AUTO};
    assert_int_equal(assay_split_make(&split, pairs, &size, 42, NULL), ASSAY_OK);
    assert_int_equal(assay_split_make(&again, backwards, &size, 42, NULL), ASSAY_OK);
    assert_int_equal(split.prompts, 100);
    assert_int_equal(split.eval_count, 80);
    assert_int_equal(split.train_count, 320);
    for (size_t i = 0; i < split.eval_count; i++) {
        for (size_t j = 0; j < split.train_count; j++) assert_int_not_equal(split.eval[i] / 4, split.train[j] / 4);
        const char *answer = pairs->pairs[split.eval[i]].chosen.items[0].text;
        assert_true(contains(backwards, again.eval, again.eval_count, answer));
    }
    assay_split_release(&again);
    assert_int_equal(assay_split_make(&again, pairs, &size, 43, NULL), ASSAY_OK);
    assert_int_not_equal(memcmp(again.eval, split.eval, split.eval_count * sizeof *split.eval), 0);
    assay_split_release(&again);
    assay_split_release(&split);
    assay_pair_set_free(backwards);
    assay_pair_set_free(pairs);
}

static void split_at_the_edges(void **state)
{
    (void)state;
    assay_error err;
    assay_split split;
    const assay_split_size one = {.kind = ASSAY_SPLIT_SHARE, .share = 0.001},
                           most = {.kind = ASSAY_SPLIT_SHARE, .share = 0.99};
    assay_pair_set *pairs = make_pairs(1, 4, false);
    assert_int_equal(assay_split_make(&split, pairs, &one, 1, &err), ASSAY_E_FORMAT);
    assert_non_null(strstr(err.text, "--eval-data"));
    assay_pair_set_free(pairs);
    pairs = make_pairs(2, 4, false); /* every group is larger than wanted: one is taken all the same */
    assert_int_equal(assay_split_make(&split, pairs, &one, 1, &err), ASSAY_OK);
    assert_true(split.eval_count == 4 && split.train_count == 4);
    assay_split_release(&split);
    assert_int_equal(assay_split_make(&split, pairs, &most, 1, &err), ASSAY_OK);
    assert_true(split.eval_count == 4 && split.train_count == 4);
    assay_split_release(&split);
    assay_pair_set_free(pairs);
}

static void leaked_prompts(void **state)
{
    (void)state;
    assay_pair_set *train = make_pairs(10, 1, false), *eval;
    assay_overlap overlap;
    assert_int_equal(assay_overlap_find(&overlap, train, train, NULL), ASSAY_OK);
    assert_true(overlap.pairs == 10 && overlap.exact == 10);
    assert_int_equal(assay_pair_set_new(&eval, NULL), ASSAY_OK);
    helper_add_pair(eval, "something new", "a", "b");
    helper_add_pair(eval, "  PROMPT 3 ", "a", "b");
    helper_add_pair(eval, "prompt 4", "answer 4", "no");
    assert_int_equal(assay_overlap_find(&overlap, train, eval, NULL), ASSAY_OK);
    assert_true(overlap.pairs == 2 && overlap.exact == 1 && overlap.listed == 2);
    assert_true(overlap.train[0] == 3 && overlap.eval[0] == 1 && overlap.train[1] == 4 && overlap.eval[1] == 2);
    assay_pair_set_free(eval);
    assay_pair_set_free(train);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sizes), cmocka_unit_test(split_by_prompt),
                                       cmocka_unit_test(split_at_the_edges), cmocka_unit_test(leaked_prompts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
