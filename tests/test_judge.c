/* The statistics of src/score/judge_*.c against golden numbers (tests/oracle/judge_golden.py) and small cases worked
 * out by hand. Tolerance 1e-9: both sides compute in double, sums of at most 10,000 terms in another order. */
#include "base/json_doc.h"
#include "judge/judge_bins.h"
#include "judge/judge_choices.h"
#include "judge/judge_compare.h"
#include "judge/judge_lists.h"
#include "judge/judge_subsets.h"
#include "judge/reward_scale.h"

#include "test_support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static json_t *golden;

static int load(void **state)
{
    (void)state;
    return assay_json_load("tests/data/judge/golden.json", 1 << 20, &golden, NULL) != ASSAY_OK;
}

static int unload(void **state)
{
    (void)state;
    json_decref(golden);
    return 0;
}

static double at(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static double nth(const json_t *object, const char *key, size_t index)
{
    return json_number_value(json_array_get(json_object_get(object, key), index));
}

static void is_near(double found, double wanted)
{
    if (!(fabs(found - wanted) <= 1e-9 * (1 + fabs(wanted)))) fail_msg("%.17g, not %.17g", found, wanted);
}

static assay_judged *golden_pairs(size_t *count)
{
    const json_t *pairs = json_object_get(golden, "pairs");
    *count = json_array_size(json_object_get(pairs, "chosen"));
    assert_true(*count > 100);
    assay_judged *judged = calloc(*count, sizeof *judged);
    for (size_t i = 0; i < *count; i++)
        judged[i] = (assay_judged){.chosen = nth(pairs, "chosen", i),
                                   .rejected = nth(pairs, "rejected", i),
                                   .chosen_length = nth(pairs, "chosen_length", i),
                                   .rejected_length = nth(pairs, "rejected_length", i),
                                   .subset = json_string_value(json_array_get(json_object_get(pairs, "subset"), i))};
    return judged;
}

static void is_tally(const assay_tally *found, const json_t *wanted)
{
    assert_int_equal(found->pairs, (size_t)at(wanted, "pairs"));
    assert_int_equal(found->ties, (size_t)at(wanted, "ties"));
    is_near(found->longer, at(wanted, "longer"));
    is_near(found->margin, at(wanted, "margin"));
    if (!found->pairs) return;
    is_near(found->accuracy, at(wanted, "accuracy"));
    is_near(found->low, at(wanted, "low"));
    is_near(found->high, at(wanted, "high"));
}

static void subsets_and_sections(void **state)
{
    (void)state;
    size_t count;
    assay_judged *judged = golden_pairs(&count);
    const json_t *pairs = json_object_get(golden, "pairs");
    assay_subsets subsets;
    assert_int_equal(assay_subsets_make(&subsets, judged, count, NULL), ASSAY_OK);
    assert_int_equal(subsets.count, json_object_size(json_object_get(pairs, "subsets")));
    for (size_t i = 0; i < subsets.count; i++)
        is_tally(&subsets.items[i].tally, json_object_get(json_object_get(pairs, "subsets"), subsets.items[i].name));
    for (size_t s = 0; s < ASSAY_SECTIONS; s++)
        is_near(subsets.sections[s], at(json_object_get(pairs, "sections"), assay_section_name(s)));
    is_near(subsets.score, at(pairs, "score"));
    assert_int_equal(subsets.known, 6);
    assay_subsets_release(&subsets);
    free(judged);
}

static void no_subset_no_section(void **state)
{
    (void)state;
    assay_judged judged[] = {{.chosen = 1, .subset = "mine"}, {.chosen = 1}};
    assay_subsets subsets;
    assert_int_equal(assay_subsets_make(&subsets, judged, 2, NULL), ASSAY_OK);
    assert_true(subsets.count == 1 && subsets.items[0].tally.pairs == 1 && subsets.known == 0 && isnan(subsets.score));
    assay_subsets_release(&subsets);
}

static void bins_of_length_and_confidence(void **state)
{
    (void)state;
    size_t count;
    assay_judged *judged = golden_pairs(&count);
    const json_t *pairs = json_object_get(golden, "pairs");
    assay_length_bin bins[ASSAY_LENGTH_BINS];
    assay_calibration calibration;
    assay_length_bins(judged, count, bins);
    for (size_t b = 0; b < ASSAY_LENGTH_BINS; b++)
        is_tally(&bins[b].tally, json_array_get(json_object_get(pairs, "length_bins"), b));
    assay_calibration_make(judged, count, &calibration);
    is_near(calibration.error, at(pairs, "ece"));
    is_near(calibration.brier, at(pairs, "brier"));
    for (size_t b = 0; b < ASSAY_CONFIDENCE_BINS; b++)
        assert_int_equal(calibration.bins[b].pairs, (size_t)nth(pairs, "confidence_pairs", b));
    free(judged);
}

/* By hand: margins ln 3 (confidence 3/4, right), -ln 3 (wrong) and 0 (1/2, half right). |(1 + 0) / 2 - 3/4| x 2/3 + 0 x
 * 1/3 = 1/6; Brier (1/16 + 9/16 + 1/4) / 3 = 7/24. */
static void calibration_by_hand(void **state)
{
    (void)state;
    assay_judged judged[] = {{.chosen = log(3)}, {.rejected = log(3)}, {.chosen = 2, .rejected = 2}};
    assay_calibration calibration;
    assay_calibration_make(judged, 3, &calibration);
    is_near(calibration.error, 1.0 / 6);
    is_near(calibration.brier, 7.0 / 24);
    assert_int_equal(calibration.bins[0].pairs, 1);
}

static void paired_test(void **state)
{
    (void)state;
    const json_t *cases = json_object_get(golden, "mcnemar");
    assert_true(json_array_size(cases) > 5);
    for (size_t i = 0; i < json_array_size(cases); i++) {
        const json_t *one = json_array_get(cases, i);
        size_t a = (size_t)json_integer_value(json_array_get(one, 0)),
               b = (size_t)json_integer_value(json_array_get(one, 1));
        double found = assay_mcnemar(a, b), wanted = json_number_value(json_array_get(one, 2));
        assert_true(fabs(found - wanted) < 1e-8 * wanted + 1e-15); /* lgamma's error grows with its size: 5e4 x 2^-52 */
    }
    is_near(assay_mcnemar(5, 0), 1.0 / 16);
    assay_comparison comparison = {0};
    for (int i = 0; i < 10; i++) assay_comparison_add(&comparison, i < 7, i % 2);
    assay_comparison_finish(&comparison);
    assert_true(comparison.pairs == 10 && comparison.both == 3 && comparison.only_first == 4 &&
                comparison.only_second == 2 && comparison.neither == 1);
    is_near(comparison.difference, 0.2);
    is_near(comparison.p, 2 * (1.0 + 6 + 15) / 64);
}

static assay_judged_choice *golden_choices(size_t *count)
{
    const json_t *rows = json_object_get(json_object_get(golden, "choices"), "rows");
    *count = json_array_size(rows);
    assay_judged_choice *choices = calloc(*count, sizeof *choices);
    for (size_t i = 0; i < *count; i++) {
        const json_t *row = json_array_get(rows, i), *rewards = json_object_get(row, "rewards");
        double *values = calloc(json_array_size(rewards), sizeof *values);
        for (size_t k = 0; k < json_array_size(rewards); k++) values[k] = json_number_value(json_array_get(rewards, k));
        choices[i] = (assay_judged_choice){values, json_array_size(rewards), (size_t)at(row, "correct"),
                                           json_string_value(json_object_get(row, "id")),
                                           json_string_value(json_object_get(row, "subset"))};
    }
    return choices;
}

static void best_of_n(void **state)
{
    (void)state;
    size_t count;
    assay_judged_choice *choices = golden_choices(&count);
    const json_t *wanted = json_object_get(golden, "choices"), *terms = json_object_get(wanted, "ties");
    assay_choices out;
    assert_int_equal(assay_choices_make(&out, choices, count, NULL), ASSAY_OK);
    assert_int_equal(out.subset_count, 3);
    for (size_t i = 0; i < 3; i++)
        is_near(out.subsets[i].accuracy, at(json_object_get(wanted, "accuracy"), out.subsets[i].name));
    is_near(out.score, at(wanted, "score"));
    is_near(out.tied_accuracy, at(terms, "tied_accuracy"));
    is_near(out.ref_accuracy, at(terms, "ref_accuracy"));
    is_near(out.preferred, at(terms, "preferred"));
    is_near(out.preferred_hard, at(terms, "preferred_hard"));
    is_near(out.margin_score, at(terms, "margin_score"));
    assert_true(out.choices == 60 && out.subsets[0].chance == 0.25);
    json_t *json = assay_choices_json(&out);
    is_near(at(json, "score"), out.score);
    assert_true(json_is_null(json_object_get(json_array_get(json_object_get(json, "subsets"), 2), "accuracy_low")));
    json_decref(json);
    assay_choices_release(&out);
    for (size_t i = 0; i < count; i++) free((void *)(uintptr_t)choices[i].rewards);
    free(choices);
}

static void credit_by_hand(void **state)
{
    (void)state;
    assert_true(
        assay_choice_credit(&(assay_judged_choice){.rewards = (double[]){2, 1, 0, 1}, .count = 4, .correct = 1}) == 1);
    assert_true(assay_choice_credit(
                    &(assay_judged_choice){.rewards = (double[]){2, 2, 0, 2}, .count = 4, .correct = 1}) == 1.0 / 3);
    assert_true(
        assay_choice_credit(&(assay_judged_choice){.rewards = (double[]){1, 2, 0, 1}, .count = 4, .correct = 1}) == 0);
    assert_true(assay_choice_credit(
                    &(assay_judged_choice){.rewards = (double[]){2, 2, 2, 1}, .count = 4, .correct = 2}) == 2.0 / 3);
}

static void scale_of_rewards(void **state)
{
    (void)state;
    const json_t *wanted = json_object_get(golden, "scale"), *list = json_object_get(wanted, "rewards");
    size_t count = json_array_size(list);
    double *rewards = calloc(count, sizeof *rewards);
    for (size_t i = 0; i < count; i++) rewards[i] = json_number_value(json_array_get(list, i));
    assay_reward_scale made, read;
    assert_int_equal(assay_reward_scale_make(&made, rewards, count, NULL), ASSAY_OK);
    json_t *json = assay_reward_scale_json(&made);
    assert_int_equal(assay_reward_scale_read(&read, json, "here", NULL), ASSAY_OK);
    assert_memory_equal(&made, &read, sizeof made);
    is_near(read.mean, at(wanted, "mean"));
    is_near(read.deviation, at(wanted, "deviation"));
    for (size_t q = 0; q < ASSAY_QUANTILES; q++) is_near(read.quantiles[q], nth(wanted, "quantiles", q));
    for (size_t i = 0; i < json_array_size(json_object_get(wanted, "probes")); i++) {
        double probe = nth(wanted, "probes", i);
        is_near(assay_reward_percentile(&read, probe), nth(wanted, "percentiles", i));
        is_near(assay_reward_better(&read, probe), nth(wanted, "better", i));
        is_near(assay_reward_normalized(&read, probe), (probe - read.mean) / read.deviation);
    }
    assert_int_equal(assay_reward_scale_make(&made, rewards, 1, NULL), ASSAY_E_FORMAT);
    json_array_set_new(json_object_get(json, "quantiles"), 50, json_real(1e9));
    assert_int_equal(assay_reward_scale_read(&read, json, "here", NULL), ASSAY_E_FORMAT);
    json_decref(json);
    free(rewards);
}

/* All rewards equal: no deviation, and a step for the percentile. */
static void scale_of_a_constant(void **state)
{
    (void)state;
    assay_reward_scale scale;
    assert_int_equal(assay_reward_scale_make(&scale, (double[]){2, 2, 2}, 3, NULL), ASSAY_OK);
    assert_true(isnan(assay_reward_normalized(&scale, 3)) && assay_reward_percentile(&scale, 1) == 0 &&
                assay_reward_percentile(&scale, 2) == 100);
    is_near(assay_reward_better(&scale, 2), 0.5);
}

enum { LISTS = 40, MOST_ANSWERS = 8 };

typedef struct list_material {
    assay_pair pair;
    assay_pair_set pairs;
    assay_example items[LISTS];
    double values[LISTS * MOST_ANSWERS], rewards[LISTS * MOST_ANSWERS];
    assay_example_set set;
} list_material;

static void add_list(list_material *m, const json_t *list)
{
    size_t count = json_array_size(json_object_get(list, "values"));
    m->items[m->set.count++] = (assay_example){.answers = m->set.answer_count, .count = count};
    for (size_t i = 0; i < count; i++) {
        m->values[m->set.answer_count] = nth(list, "values", i);
        m->rewards[m->set.answer_count++] = nth(list, "rewards", i);
    }
}

/* Against scipy's tau-b and a plain count (tests/oracle/list_golden.py). */
static void lists_of_answers(void **state)
{
    json_t *wanted, *found;
    assay_list_judgement judgement;
    list_material m = {.pair = {.equal_is_tie = true}};
    static const char *const keys[] = {"compared", "ties",    "accuracy", "accuracy_low", "accuracy_high", "top",
                                       "tau",      "tau_low", "tau_high", "tie_gap",      "decided_gap"};
    (void)state;
    m.pairs = (assay_pair_set){.pairs = &m.pair, .count = 1};
    m.set = (assay_example_set){.pairs = &m.pairs, .items = m.items, .values = m.values};
    assert_int_equal(assay_json_load("tests/data/judge/lists.json", 1 << 20, &wanted, NULL), ASSAY_OK);
    for (size_t i = 0; i < json_array_size(json_object_get(wanted, "lists")); i++)
        add_list(&m, json_array_get(json_object_get(wanted, "lists"), i));
    assay_judge_lists(&m.set, m.rewards, &judgement);
    assert_true(judgement.lists == LISTS && judgement.answers == m.set.answer_count);
    found = assay_list_judgement_json(&judgement);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) is_near(at(found, keys[i]), at(wanted, keys[i]));
    json_decref(found);
    json_decref(wanted);
}

/* What was not compared is no tie, and pairs are no lists. */
static void lists_by_hand(void **state)
{
    assay_pair pair = {0};
    const assay_pair_set pairs = {.pairs = &pair, .count = 1};
    assay_example items[] = {{.answers = 0, .count = 3}, {.answers = 3, .count = 2}};
    double values[] = {1, 1, 0, 1, 0};
    assay_example_set set = {.pairs = &pairs, .items = items, .count = 2, .values = values};
    assay_list_judgement j;
    (void)state;
    assay_judge_lists(&set, (double[]){2, 1, 1, 0, 5}, &j);
    assert_true(j.lists == 1 && j.answers == 3 && j.compared == 2 && j.ties == 0 && j.accuracy == 0.75 && j.top == 1);
    assert_true(isnan(j.accuracy_low) && isnan(j.tau_low) && isnan(j.tie_gap));
    is_near(j.tau, 0.5);
    set.count = 0;
    assay_judge_lists(&set, NULL, &j);
    assert_int_equal(j.lists, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(subsets_and_sections),
                                       cmocka_unit_test(no_subset_no_section),
                                       cmocka_unit_test(bins_of_length_and_confidence),
                                       cmocka_unit_test(calibration_by_hand),
                                       cmocka_unit_test(paired_test),
                                       cmocka_unit_test(best_of_n),
                                       cmocka_unit_test(credit_by_hand),
                                       cmocka_unit_test(scale_of_rewards),
                                       cmocka_unit_test(scale_of_a_constant),
                                       cmocka_unit_test(lists_of_answers),
                                       cmocka_unit_test(lists_by_hand)};
    return cmocka_run_group_tests(tests, load, unload);
}
