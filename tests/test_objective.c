/* What a labelled pair costs: golden values, slopes against differences, what labels and bad numbers do. */
#include "test_support.h"

#include "objective/objective.h"
#include "train/learned_tie.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const double none = (double)NAN;

static assay_objective_settings chosen(const char *name, double smoothing, double tie_parameter)
{
    assay_objective_settings settings;
    assay_error err = {0};
    assert_int_equal(assay_objective_choose(name, smoothing, tie_parameter, &settings, &err), ASSAY_OK);
    return settings;
}

static assay_objective_term term_of(double difference, double share, double margin)
{
    return (assay_objective_term){.difference = difference, .share = share, .margin = margin, .weight = 1};
}

static assay_objective_row row_of(const double *rewards, const double *values, size_t count, bool ties, double share,
                                  double margin, double weight)
{
    return (assay_objective_row){.rewards = rewards,
                                 .values = values,
                                 .count = count,
                                 .equal_is_tie = ties,
                                 .share = share,
                                 .margin = margin,
                                 .weight = weight};
}

/* At a difference of 0.7, by mpmath with 40 digits from the formulas of objective.h; a probability's cost is -log of
 * it. 1e-12 is thousands of roundings of values near 1. */
static void golden_values(void **state)
{
    static const struct {
        const char *name;
        double smoothing, tie_parameter, share, margin, loss;
    } cases[] = {
        {"auto", 0, -1, NAN, NAN, 0.40318604888545789319},
        {"bt", 0, -1, NAN, NAN, 0.40318604888545789319},
        {"bt", 0, -1, 0.8, NAN, 0.40318604888545789319},
        {"bt", 0, -1, NAN, 1, 0.85435524446852711881},
        {"bt", 0.1, -1, NAN, NAN, 0.47318604888545789319},
        {"scaled-bt", 0, -1, NAN, 3, 1.20955814665637367957},
        {"scaled-bt", 0, -1, NAN, NAN, 0.40318604888545789319},
        {"soft", 0, -1, 0.8, NAN, 0.54318604888545789319},
        {"soft", 0, -1, NAN, NAN, 0.40318604888545789319},
        {"soft", 0.1, -1, 1, NAN, 0.47318604888545789319},
        {"robust", 0.1, -1, NAN, NAN, 0.31568604888545789319},
        {"rao-kupper", 0, -1, NAN, NAN, 0.55668461377419573782},
        {"rao-kupper", 0, 1.5, 0, NAN, 1.39143837327575356854},
        {"rao-kupper", 0, 1.5, 0.5, 9, 1.72497943573573955059},
        {"rao-kupper", 0.25, 1.5, NAN, NAN, 0.75 * 0.55668461377419573782 + 0.25 * 1.39143837327575356854},
        {"davidson", 0, -1, NAN, NAN, 0.61460674110207680627},
        {"davidson", 0, 0.5, 0, NAN, 1.3146067411020768063},
        {"davidson", 0, 0.5, 0.5, NAN, 1.6577539216620221157},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assay_objective_settings settings = chosen(cases[i].name, cases[i].smoothing, cases[i].tie_parameter);
        assay_objective_term term = term_of(0.7, cases[i].share, cases[i].margin);
        if (fabs(assay_objective_of(&settings, &term).loss - cases[i].loss) > 1e-12)
            fail_msg("case %zu (%s): %.17g, not %.17g", i, cases[i].name, assay_objective_of(&settings, &term).loss,
                     cases[i].loss);
    }
}

/* Of both tie models: a win, a loss and a tie are all that can happen. */
static void probabilities_sum_to_one(void **state)
{
    static const char *const names[] = {"rao-kupper", "davidson"};
    (void)state;
    for (size_t i = 0; i < 2; i++)
        for (double d = -40; d <= 40; d += 2.5) {
            assay_objective_settings settings = chosen(names[i], 0, i ? 3 : 1.01);
            assay_objective_term win = term_of(d, 1, none), lose = term_of(d, 0, none), tie = term_of(d, 0.5, none);
            double sum = exp(-assay_objective_of(&settings, &win).loss) +
                         exp(-assay_objective_of(&settings, &lose).loss) +
                         exp(-assay_objective_of(&settings, &tie).loss);
            assert_true(fabs(sum - 1) < 1e-12);
        }
}

/* The slope by the place of the tie parameter, against differences. */
static void tie_slopes_are_differences(void **state)
{
    static const double shares[] = {1, 0, 0.5, 0.7, (double)NAN}, parameters[] = {1.001, 1.5, 7};
    const double h = 1e-4, values[] = {1, 0};
    (void)state;
    for (size_t n = 0; n < 2; n++)
        for (double d = -30; d <= 30; d += 3.75)
            for (size_t c = 0; c < 15; c++) {
                assay_objective_settings settings = chosen(n ? "davidson" : "rao-kupper", 0.1, parameters[c % 3]);
                const double rewards[] = {d, 0}, place = assay_tie_place(&settings);
                const assay_objective_row row = row_of(rewards, values, 2, true, shares[c / 3], 0.25, 2);
                double slopes[2], slope = assay_objective_tie_slope(&settings, &row);
                assay_tie_put(&settings, place + h);
                double above = assay_objective_of_row(&settings, &row, slopes);
                assay_tie_put(&settings, place - h);
                double by_differences = (above - assay_objective_of_row(&settings, &row, slopes)) / (2 * h);
                /* h squared, and a loss of up to 100 that has lost its last digits */
                if (fabs(slope - by_differences) > 1e-7)
                    fail_msg("%zu, d %g, case %zu: %.9g, not %.9g", n, d, c, slope, by_differences);
            }
    const assay_objective_settings bt = chosen("bt", 0, -1);
    const double rewards[] = {1, 0};
    const assay_objective_row row = row_of(rewards, values, 2, true, 1, none, 1);
    assert_true(assay_objective_tie_slope(&bt, &row) == 0);
}

/* Where no answer is better and a quarter are ties, P(tie) is (t - 1) / (t + 1) and n / (2 + n). */
static void learned_ties_are_the_likeliest(void **state)
{
    static const double shares[] = {0.5, 1, 0, 1}, values[] = {1, 0}, rewards[] = {0.3, 0.3};
    const assay_optimizer_hyper hyper = {.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
    (void)state;
    for (size_t n = 0; n < 2; n++) {
        assay_learned_tie tie;
        assay_objective_settings settings = chosen(n ? "davidson" : "rao-kupper", 0, ASSAY_TIE_LEARNED);
        assay_learned_tie_begin(&tie, &settings);
        for (uint64_t step = 1; step <= 2000; step++) {
            tie.slope = 0;
            for (size_t i = 0; i < 4; i++) {
                const assay_objective_row row = row_of(rewards, values, 2, true, shares[i], none, 1);
                tie.slope += assay_objective_tie_slope(&settings, &row) / 4;
            }
            assay_learned_tie_step(&tie, &settings, &hyper, step, step < 1000 ? 1 : 0.1);
        }
        /* AdamW goes on to tremble by a part of its rate, a thousandth. */
        assert_true(fabs(settings.tie_parameter - (n ? 2.0 / 3 : 5.0 / 3)) < 1e-3);
    }
}

/* By mpmath with 40 digits from the formulas of objective.h (tests/oracle/objective_golden.py). */
static void golden_values_of_rows(void **state)
{
    static const double three[] = {1.2, 0.3, -0.4}, five[] = {0.5, 1.5, -0.25, 0.75, -2};
    static const double ranked[] = {3, 2, 1}, tied[] = {9, 9, 4, 4, 1}, one_best[] = {1, 0, 0};
    static const struct {
        const char *name;
        double smoothing;
        const double *rewards, *values;
        size_t count;
        bool ties;
        double margin, loss;
    } cases[] = {
#include "data/golden/objective_rows.inc"
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assay_objective_settings settings = chosen(cases[i].name, cases[i].smoothing, -1);
        double slopes[5];
        const assay_objective_row row =
            row_of(cases[i].rewards, cases[i].values, cases[i].count, cases[i].ties, none, cases[i].margin, 1);
        double loss = assay_objective_of_row(&settings, &row, slopes);
        if (fabs(loss - cases[i].loss) > 1e-12)
            fail_msg("case %zu (%s): %.17g, not %.17g", i, cases[i].name, loss, cases[i].loss);
    }
}

/* By mpmath with 40 digits (tests/oracle/objective_golden.py): the mean of squares over known targets. 1e-12 of the
 * loss: a square and a sum of six round a few times each. The slopes are compared with differences: those of a
 * polynomial of degree two have no error of their own but rounding's, of the loss's bits over the step. */
static void attributes_are_least_squares(void **state)
{
    static const struct {
        size_t count, outputs;
        double rewards[6], targets[6], weight, loss;
    } cases[] = {
#include "data/golden/objective_regression.inc"
    };
    assay_objective_settings settings = chosen("regression", 0, -1);
    const double h = 1e-3;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double slopes[6], ignored[6], rewards[6];
        memcpy(rewards, cases[i].rewards, sizeof rewards);
        const assay_objective_row row = {.rewards = rewards,
                                         .count = cases[i].count,
                                         .share = none,
                                         .margin = none,
                                         .weight = cases[i].weight,
                                         .outputs = cases[i].outputs,
                                         .targets = cases[i].targets};
        double loss = assay_objective_of_row(&settings, &row, slopes);
        if (fabs(loss - cases[i].loss) > 1e-12 * fmax(1, cases[i].loss))
            fail_msg("case %zu: %.17g, not %.17g", i, loss, cases[i].loss);
        for (size_t n = 0; n < cases[i].count * cases[i].outputs; n++) {
            rewards[n] = cases[i].rewards[n] + h;
            double above = assay_objective_of_row(&settings, &row, ignored);
            rewards[n] = cases[i].rewards[n] - h;
            double slope = (above - assay_objective_of_row(&settings, &row, ignored)) / (2 * h);
            rewards[n] = cases[i].rewards[n];
            if (isnan(cases[i].targets[n])) assert_true(slopes[n] == 0);
            if (fabs(slope - slopes[n]) > 1e-8) fail_msg("case %zu, number %zu: %g, not %g", i, n, slopes[n], slope);
        }
    }
}

/* Of an answer in steps, against 40 digits; slopes too, of steps without a label none. */
static void process_is_exact(void **state)
{
    static const struct {
        size_t count;
        double smoothing, rewards[6], labels[3], weight, loss, slopes[6];
    } cases[] = {
#include "data/golden/objective_process.inc"
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assay_objective_settings settings = chosen("process", cases[i].smoothing, -1);
        double slopes[6], ignored[6], rewards[6];
        const double h = 1e-4;
        memcpy(rewards, cases[i].rewards, sizeof rewards);
        const assay_objective_row row = {.rewards = rewards,
                                         .values = cases[i].labels,
                                         .count = cases[i].count,
                                         .share = none,
                                         .margin = none,
                                         .weight = cases[i].weight,
                                         .outputs = 2};
        double loss = assay_objective_of_row(&settings, &row, slopes);
        if (fabs(loss - cases[i].loss) > 1e-12 * fmax(1, cases[i].loss))
            fail_msg("case %zu: %.17g, not %.17g", i, loss, cases[i].loss);
        for (size_t n = 0; n < 2 * cases[i].count; n++) {
            if (fabs(slopes[n] - cases[i].slopes[n]) > 1e-12)
                fail_msg("case %zu, number %zu: slope %.17g, not %.17g", i, n, slopes[n], cases[i].slopes[n]);
            rewards[n] = cases[i].rewards[n] + h;
            double above = assay_objective_of_row(&settings, &row, ignored);
            rewards[n] = cases[i].rewards[n] - h;
            double slope = (above - assay_objective_of_row(&settings, &row, ignored)) / (2 * h);
            rewards[n] = cases[i].rewards[n];
            /* h squared and a third derivative of at most 1/8; a loss of 120 has lost ten digits to its size */
            if (fabs(slope - slopes[n]) > 1e-8 * fmax(1, loss))
                fail_msg("case %zu, number %zu: %g, not %g", i, n, slopes[n], slope);
        }
    }
}

/* What a step's mean is over: labelled steps, and known targets. */
static void rows_weigh_what_is_known(void **state)
{
    const double labels[] = {1, none, 0}, targets[] = {none, 2, none, none, none, 1};
    const assay_objective_row row = {.values = labels, .count = 3, .outputs = 2, .targets = targets};
    assay_objective_settings process = chosen("process", 0, -1), regression = chosen("regression", 0, -1),
                             bt = chosen("bt", 0, -1);
    (void)state;
    assert_int_equal(assay_objective_known(&process, &row), 2);
    assert_int_equal(assay_objective_known(&regression, &row), 2);
    assert_int_equal(assay_objective_known(&bt, &row), 1);
}

/* z 0.4 and y 0.75: softplus(z) - y z. The slope is sigmoid(z) - y. */
static void single_answers(void **state)
{
    assay_objective_settings bce = chosen("bce", 0, -1), smooth = chosen("bce", 0.1, -1);
    double reward = 0.4, slope, above = 0.4 + 1e-5, below = 0.4 - 1e-5, ignored;
    const assay_objective_row row = row_of(&reward, NULL, 1, false, 0.75, none, 2);
    const assay_objective_row up = row_of(&above, NULL, 1, false, 0.75, none, 2);
    const assay_objective_row down = row_of(&below, NULL, 1, false, 0.75, none, 2);
    (void)state;
    assert_true(fabs(assay_objective_of_row(&bce, &row, &slope) - 2 * 0.61301525239995262) < 1e-12);
    assert_true(fabs(slope - 2 * (1 / (1 + exp(-0.4)) - 0.75)) < 1e-12);
    double by_differences =
        (assay_objective_of_row(&smooth, &up, &ignored) - assay_objective_of_row(&smooth, &down, &ignored)) / 2e-5;
    assay_objective_of_row(&smooth, &row, &slope);
    assert_true(fabs(slope - by_differences) < 1e-8);
    const assay_objective_row even = row_of(&reward, NULL, 1, false, 0.5, 9, 1);
    assay_objective_of_row(&smooth, &even, &slope);
    assert_true(fabs(slope - (1 / (1 + exp(-0.4)) - 0.5)) < 1e-12);
}

static const char *const of_rows[] = {"all-pairs", "plackett-luce", "first-best", "bt", "rao-kupper"};

static void slopes_of_rows_are_derivatives(void **state)
{
    static const double values[][5] = {{5, 4, 3, 2, 1}, {3, 3, 2, 2, 2}, {1, 0, 0, 0, 0}, {2, 2, 2, 2, 2}};
    const double h = 1e-5;
    (void)state;
    for (size_t n = 0; n < 5; n++)
        for (size_t v = 0; v < 8; v++)
            for (double spread = -20; spread <= 20; spread += 1.7) {
                assay_objective_settings settings = chosen(of_rows[n], 0, -1);
                double rewards[] = {spread, 0.3, -spread / 3, 1.1, spread / 7}, slopes[5], ignored[5];
                const assay_objective_row row = row_of(rewards, values[v / 2], 5, v % 2, none, 0.5, 3);
                assay_objective_of_row(&settings, &row, slopes);
                for (size_t i = 0; i < 5; i++) {
                    double kept = rewards[i];
                    rewards[i] = kept + h;
                    double above = assay_objective_of_row(&settings, &row, ignored);
                    rewards[i] = kept - h;
                    double slope = (above - assay_objective_of_row(&settings, &row, ignored)) / (2 * h);
                    rewards[i] = kept;
                    if (fabs(slope - slopes[i]) > 1e-8)
                        fail_msg("%s, values %zu, spread %g, answer %zu: slope %.12g, by differences %.12g", of_rows[n],
                                 v, spread, i, slopes[i], slope);
                }
            }
}

/* Of two answers every objective of rows is one of pairs, to the bit. */
static void rows_of_two_are_pairs(void **state)
{
    static const double values[] = {1, 0}, rewards[] = {0.25, -0.5};
    (void)state;
    for (size_t n = 0; n < 5; n++) {
        assay_objective_settings settings = chosen(of_rows[n], 0, -1);
        double slopes[2];
        const assay_objective_row row = row_of(rewards, values, 2, true, none, none, 2);
        assay_objective_term term = assay_objective_ends(&row);
        assay_objective_cost cost = assay_objective_of(&settings, &term);
        assert_true(assay_objective_of_row(&settings, &row, slopes) == cost.loss);
        assert_true(slopes[0] == cost.slope && slopes[1] == -cost.slope);
        if (n < 4) assert_true(cost.loss == 2 * log1p(exp(-0.75)));
    }
}

/* Rewards of any size neither overflow nor lose the ranking's line. */
static void far_rows_stay_finite(void **state)
{
    static const double values[] = {3, 2, 1};
    (void)state;
    for (size_t n = 0; n < 5; n++)
        for (double far = -1e30; far <= 1e30; far += 2e30) {
            assay_objective_settings settings = chosen(of_rows[n], 0, -1);
            double rewards[] = {far, 0, -far}, slopes[3];
            const assay_objective_row row = row_of(rewards, values, 3, true, none, none, 1);
            assert_true(isfinite(assay_objective_of_row(&settings, &row, slopes)));
            for (size_t i = 0; i < 3; i++) assert_true(isfinite(slopes[i]) && fabs(slopes[i]) <= 2);
        }
}

/* 1e-8 is the central difference's own error: the step's square, and rounding of losses up to 100 over the step. */
static void slopes_are_derivatives(void **state)
{
    static const char *const names[] = {"bt", "scaled-bt", "soft", "robust", "rao-kupper", "davidson"};
    static const double shares[] = {NAN, 0.5, 0.8, 0.1, 1};
    const double h = 1e-5;
    (void)state;
    for (size_t n = 0; n < sizeof names / sizeof *names; n++)
        for (size_t s = 0; s < sizeof shares / sizeof *shares; s++)
            for (double d = -30; d <= 30; d += 1.9) {
                assay_objective_settings settings = chosen(names[n], 0.1, -1);
                assay_objective_term at = term_of(d, shares[s], 2), above = at, below = at;
                above.difference += h;
                below.difference -= h;
                double slope =
                    (assay_objective_of(&settings, &above).loss - assay_objective_of(&settings, &below).loss) / (2 * h);
                if (fabs(slope - assay_objective_of(&settings, &at).slope) > 1e-8)
                    fail_msg("%s, share %g, difference %g: slope %.12g, by differences %.12g", names[n], shares[s], d,
                             assay_objective_of(&settings, &at).slope, slope);
            }
}

/* Rewards of any size: no overflow, no NaN, and the right line far out. */
static void far_differences_stay_finite(void **state)
{
    static const char *const names[] = {"bt", "scaled-bt", "soft", "robust", "rao-kupper", "davidson"};
    static const double shares[] = {NAN, 0.5, 0.8};
    (void)state;
    for (size_t n = 0; n < sizeof names / sizeof *names; n++)
        for (size_t s = 0; s < 3; s++)
            for (double d = -1e30; d <= 1e30; d += 2e30) {
                assay_objective_settings settings = chosen(names[n], 0.1, -1);
                assay_objective_term term = term_of(d, shares[s], none);
                assay_objective_cost cost = assay_objective_of(&settings, &term);
                assert_true(isfinite(cost.loss) && isfinite(cost.slope) && fabs(cost.slope) <= 1.25);
            }
}

/* Without ties, the tie models' limits are bt: t towards 1, n towards 0. The distance is of the order of the
 * parameter's from its limit. */
static void tie_models_end_in_bt(void **state)
{
    assay_objective_settings bt = chosen("bt", 0, -1), rao = chosen("rao-kupper", 0, 1 + 1e-12),
                             davidson = chosen("davidson", 0, 1e-12);
    (void)state;
    for (double d = -5; d <= 5; d += 0.5) {
        assay_objective_term term = term_of(d, none, 0.3);
        double loss = assay_objective_of(&bt, &term).loss;
        assert_true(fabs(loss - assay_objective_of(&rao, &term).loss) < 1e-11);
        assert_true(fabs(loss - assay_objective_of(&davidson, &term).loss) < 1e-11);
    }
}

static void weights_and_unread_labels(void **state)
{
    assay_objective_settings bt = chosen("bt", 0, -1), soft = chosen("soft", 0, -1);
    assay_objective_term plain = term_of(0.7, none, none), heavy = plain, tie = term_of(0.7, 0.5, none);
    (void)state;
    heavy.weight = 3;
    assert_true(assay_objective_of(&bt, &heavy).loss == 3 * assay_objective_of(&bt, &plain).loss);
    assert_true(assay_objective_of(&bt, &heavy).slope == 3 * assay_objective_of(&bt, &plain).slope);
    assert_true(assay_objective_weight(&bt, &tie) == 0 && assay_objective_of(&bt, &tie).slope == 0);
    assert_true(assay_objective_weight(&soft, &tie) == 1 && assay_objective_of(&soft, &tie).slope > 0);
    assert_true(assay_share_is_undecided(0.2) && !assay_share_is_undecided(0.6) && !assay_share_is_undecided(none));
}

static void refuses(const char *name, double smoothing, double tie_parameter, const char *words)
{
    assay_objective_settings settings;
    assay_error err = {0};
    assert_int_equal(assay_objective_choose(name, smoothing, tie_parameter, &settings, &err), ASSAY_E_USAGE);
    if (!strstr(err.text, words)) fail_msg("\"%s\" does not say \"%s\"", err.text, words);
}

static void bad_choices_are_named(void **state)
{
    (void)state;
    refuses(
        "hinge", 0, -1,
        "none of auto, bt, scaled-bt, soft, robust, rao-kupper, davidson, all-pairs, plackett-luce, first-best, bce, "
        "regression, process");
    refuses("plackett-luce", 0.1, -1, "models no wrong labels");
    refuses("robust", 0, -1, "--label-smoothing 0.1");
    refuses("bt", 0, 2, "rao-kupper and davidson do");
    refuses("rao-kupper", 0, 1, "above 1");
    refuses("davidson", 0, 0, "above 0");
    refuses("bt", 0, ASSAY_TIE_LEARNED, "rao-kupper and davidson do");
}

static void numbers_and_names(void **state)
{
    assay_objective_settings unset = {0}, auto_one = chosen("auto", 0, -1), last = chosen("davidson", 0, -1);
    (void)state;
    assert_string_equal(assay_objective_name(&unset), "bt");
    assert_true(assay_objective_number(&unset) == 0 && assay_objective_number(&auto_one) == 0);
    assert_true(assay_objective_number(&last) == 5 && last.tie_parameter == 0.5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_values),
        cmocka_unit_test(golden_values_of_rows),
        cmocka_unit_test(attributes_are_least_squares),
        cmocka_unit_test(single_answers),
        cmocka_unit_test(slopes_of_rows_are_derivatives),
        cmocka_unit_test(rows_of_two_are_pairs),
        cmocka_unit_test(far_rows_stay_finite),
        cmocka_unit_test(probabilities_sum_to_one),
        cmocka_unit_test(slopes_are_derivatives),
        cmocka_unit_test(far_differences_stay_finite),
        cmocka_unit_test(tie_models_end_in_bt),
        cmocka_unit_test(weights_and_unread_labels),
        cmocka_unit_test(bad_choices_are_named),
        cmocka_unit_test(numbers_and_names),
        cmocka_unit_test(tie_slopes_are_differences),
        cmocka_unit_test(learned_ties_are_the_likeliest),
        cmocka_unit_test(process_is_exact),
        cmocka_unit_test(rows_weigh_what_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
