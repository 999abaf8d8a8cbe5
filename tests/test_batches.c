/* The order of pairs and the cutting of micro-batches. */
#include "data/batches.h"
#include "pair_helper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { COUNT = 103 };

static void an_epoch_is_a_permutation(void **state)
{
    (void)state;
    uint32_t order[COUNT], other[COUNT];
    bool seen[COUNT] = {0};
    assay_epoch_order(order, COUNT, 42, 0);
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(order[i] < COUNT && !seen[order[i]]);
        seen[order[i]] = true;
    }
    assay_epoch_order(other, COUNT, 42, 0);
    assert_memory_equal(order, other, sizeof order);
    assay_epoch_order(other, COUNT, 42, 1);
    assert_memory_not_equal(order, other, sizeof order);
    assay_epoch_order(other, COUNT, 43, 0);
    assert_memory_not_equal(order, other, sizeof order);
}

/* A sampler begun at any position goes on exactly as the one that came there. */
static void position_is_all_there_is(void **state)
{
    (void)state;
    assay_sampler sampler, resumed;
    size_t count, again, total = 0, steps = 0;
    assert_int_equal(assay_sampler_init(&sampler, COUNT, 7, 0, NULL), ASSAY_OK);
    while (total < 2 * COUNT) {
        assert_int_equal(assay_sampler_init(&resumed, COUNT, 7, total, NULL), ASSAY_OK);
        const uint32_t *a = assay_sampler_next(&sampler, 32, &count), *b = assay_sampler_next(&resumed, 32, &again);
        assert_int_equal(count, again);
        assert_memory_equal(a, b, count * sizeof *a);
        total += count;
        steps++;
        assert_int_equal(count, steps % 4 ? 32 : COUNT - 96);
        assay_sampler_release(&resumed);
    }
    assert_int_equal(steps, 2 * assay_steps_per_epoch(COUNT, 32));
    assay_sampler_release(&sampler);
    assert_int_equal(assay_sampler_init(&sampler, 0, 7, 0, NULL), ASSAY_E_FORMAT);
}

static void runs_hold_whole_pairs(void **state)
{
    (void)state;
    assay_pair_set *pairs;
    assay_example_set set;
    assay_micro_runs runs = {0};
    assert_int_equal(assay_pair_set_new(&pairs, NULL), ASSAY_OK);
    for (size_t i = 0; i < 40; i++) {
        static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
        helper_add_pair(pairs, "prompt", letters + (i * 7) % 20, letters + 21 + i % 3);
    }
    assert_int_equal(assay_example_set_build(&set, pairs, NULL, 0, &helper_renderer, &(assay_example_options){0}, NULL),
                     ASSAY_OK);
    assert_int_equal(set.count, 40);
    uint32_t picked[40];
    assay_epoch_order(picked, 40, 1, 0);
    for (size_t limit = 50; limit < 400; limit += 37) {
        assert_int_equal(assay_micro_runs_cut(&runs, &set, picked, 40, limit, NULL), ASSAY_OK);
        assert_true(runs.begin[0] == 0 && runs.begin[runs.count] == 40);
        size_t most = 0;
        for (size_t i = 0; i < runs.count; i++) {
            size_t tokens = 0;
            for (size_t j = runs.begin[i]; j < runs.begin[i + 1]; j++)
                tokens += assay_example_tokens(&set, set.items + picked[j]);
            assert_true(runs.begin[i] < runs.begin[i + 1] && tokens <= limit);
            most = tokens > most ? tokens : most;
            if (i + 1 < runs.count)
                assert_true(tokens + assay_example_tokens(&set, set.items + picked[runs.begin[i + 1]]) > limit);
        }
        assert_int_equal(runs.most_tokens, most);
    }
    assay_error err;
    assert_int_equal(assay_micro_runs_cut(&runs, &set, picked, 40, 30, &err), ASSAY_E_NO_FIT);
    assert_non_null(strstr(err.text, "made.jsonl:"));
    assert_non_null(strstr(err.text, "--micro-tokens"));
    assert_int_equal(assay_micro_runs_cut(&runs, &set, picked, 0, 30, &err), ASSAY_OK);
    assert_int_equal(runs.count, 0);
    assay_micro_runs_release(&runs);
    assay_example_set_release(&set);
    assay_pair_set_free(pairs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_epoch_is_a_permutation),
                                       cmocka_unit_test(position_is_all_there_is),
                                       cmocka_unit_test(runs_hold_whole_pairs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
