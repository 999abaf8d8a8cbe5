/* The audit's counts on made pairs, its figures on the real files, and both renderings. */
#include "base/file.h"
#include "base/wilson.h"
#include "data/audit.h"
#include "data/pair_file.h"
#include "pair_helper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static assay_pair_set *faulty_pairs(void)
{
    assay_pair_set *pairs;
    assert_int_equal(assay_pair_set_new(&pairs, NULL), ASSAY_OK);
    helper_add_pair(pairs, "p", "long answer", "short");
    helper_add_pair(pairs, "p", "long answer", "short");           /* repeats line 1 */
    helper_add_pair(pairs, "p", "short", "long answer");           /* contradicts it */
    helper_add_pair(pairs, "q", "\xE4\xB8\xAD\xE6\x96\x87", "ab"); /* equal in characters, not in bytes */
    helper_add_pair(pairs, " ", "longer", "x");
    pairs->pairs[0].margin = 2;
    pairs->pairs[1].margin = -1;
    assay_pair_set_add_drop(pairs, (assay_place){0, 6, 0}, ASSAY_DROP_IDENTICAL, NULL);
    assay_pair_set_add_bad(pairs, "made.jsonl:7: nonsense", NULL);
    return pairs;
}

static void faults_are_counted(void **state)
{
    (void)state;
    assay_pair_set *pairs = faulty_pairs(), *eval;
    assert_int_equal(assay_pair_set_new(&eval, NULL), ASSAY_OK);
    helper_add_pair(eval, "P", "x", "y");
    helper_add_pair(eval, "unseen", "x", "y");
    assay_example_set examples;
    assert_int_equal(assay_example_set_build(&examples, pairs, NULL, 0, &helper_renderer,
                                             &(assay_example_options){.max_length = 14}, NULL),
                     ASSAY_OK);
    assay_audit audit;
    assert_int_equal(assay_audit_make(&audit, pairs, &examples, eval, NULL, NULL), ASSAY_OK);
    assert_true(audit.records == 7 && audit.pairs == 5 && audit.bad.count == 1 && audit.prompts == 3);
    assert_true(audit.duplicates.count == 1 && audit.contradictions.count == 1 && audit.empty_prompts.count == 1);
    assert_string_equal(audit.duplicates.places[0], "made.jsonl:1 and made.jsonl:2");
    assert_string_equal(audit.contradictions.places[0], "made.jsonl:1 and made.jsonl:3");
    assert_int_equal(audit.dropped[ASSAY_DROP_IDENTICAL].count, 1);
    assert_string_equal(audit.dropped[ASSAY_DROP_IDENTICAL].places[0], "made.jsonl:6");
    assert_int_equal(audit.dropped[ASSAY_DROP_TOO_LONG].count, 3);
    assert_true(audit.longer == 3 && audit.shorter == 1 && audit.ties == 1);
    assert_true(audit.longer_wins == 0.75 && audit.length_accuracy == 0.7);
    assert_true(audit.margins == 2 && audit.margins_negative == 1 && audit.margin_mean == 0.5 &&
                audit.margin_min == -1 && audit.margin_max == 2);
    assert_true(audit.in_both.count == 1 && audit.eval_pairs == 2);
    assert_int_equal(audit.tokens + audit.tokens_shared, examples.id_count);
    assay_audit_release(&audit);
    assay_example_set_release(&examples);
    assay_pair_set_free(eval);
    assay_pair_set_free(pairs);
}

static void statistics(void **state)
{
    (void)state;
    /* Wilson's interval for 8 of 10 is 0.490162 .. 0.943318 (textbook value); half a unit of the last digit given. */
    double low, high;
    assay_wilson_interval(8, 10, &low, &high);
    assert_true(fabs(low - 0.490162) < 5e-7 && fabs(high - 0.943318) < 5e-7);
    assay_wilson_interval(0, 5, &low, &high);
    assert_true(low == 0 && high > 0.4 && high < 0.5);
    assay_wilson_interval(0, 0, &low, &high);
    assert_true(isnan(low) && isnan(high));
    size_t values[] = {4, 1, 3, 2, 10};
    assay_length_stats stats;
    assay_length_stats_of(&stats, values, 5);
    assert_true(stats.mean == 4 && stats.median == 3 && stats.max == 10);
    assert_true(fabs(stats.p95 - 8.8) < 1e-12); /* 4 + 0.8 * (10 - 4): exact but for the rounding of 0.95 */
}

static void renderings(void **state)
{
    (void)state;
    assay_pair_set *pairs = faulty_pairs();
    assay_audit audit;
    json_t *object;
    assay_buf text;
    assay_buf_init(&text, 1 << 20);
    assert_int_equal(assay_audit_make(&audit, pairs, NULL, NULL, NULL, NULL), ASSAY_OK);
    assert_int_equal(assay_audit_json(&audit, &object, NULL), ASSAY_OK);
    assert_int_equal(json_integer_value(json_object_get(object, "pairs")), 5);
    assert_int_equal(json_integer_value(json_object_get(json_object_get(object, "duplicates"), "count")), 1);
    assert_true(json_real_value(json_object_get(json_object_get(object, "length"), "longer_wins")) == 0.75);
    assert_true(json_is_null(json_object_get(object, "tokens")));
    assert_null(json_object_get(object, "eval"));
    json_decref(object);
    assert_int_equal(assay_audit_text(&audit, &text, NULL), ASSAY_OK);
    static const char *const says[] = {"pairs to train on",
                                       "contradicting pairs",
                                       "made.jsonl:1 and made.jsonl:3",
                                       "made.jsonl:7: nonsense",
                                       "the longer answer wins in 75.0 %",
                                       "dropped: chosen and rejected are equal"};
    for (size_t i = 0; i < sizeof says / sizeof *says; i++) assert_non_null(strstr(text.data, says[i]));
    assay_buf_release(&text);
    assay_audit_release(&audit);
    assay_pair_set_free(pairs);
}

static void no_pairs_at_all(void **state)
{
    (void)state;
    assay_pair_set *pairs;
    assay_audit audit;
    json_t *object;
    assay_buf text;
    assay_buf_init(&text, 1 << 20);
    assert_int_equal(assay_pair_set_new(&pairs, NULL), ASSAY_OK);
    assert_int_equal(assay_audit_make(&audit, pairs, NULL, NULL, NULL, NULL), ASSAY_OK);
    assert_true(isnan(audit.longer_wins) && isnan(audit.length_auc));
    assert_int_equal(assay_audit_json(&audit, &object, NULL), ASSAY_OK);
    assert_int_equal(assay_audit_text(&audit, &text, NULL), ASSAY_OK);
    json_decref(object);
    assay_buf_release(&text);
    assay_audit_release(&audit);
    assay_pair_set_free(pairs);
}

/* The published shares: the longer answer is chosen in 57.8 % of MedicalGPT's 500 pairs, in 90.9 % of its 11 tool
 * calls. 84 of the 500 have a system message beside the question; none has a second question. */
static void real_files(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double longer_wins; /* per cent, one digit given */
        size_t multi_turn;
    } files[] = {{"medicalgpt_zh_500.jsonl", 57.8, 0}, {"medicalgpt_toolcall_zh.jsonl", 90.9, 4}};
    const char *shared = getenv("ASSAY_SHARED");
    for (size_t i = 0; i < 2; i++) {
        char path[512];
        assay_pair_set *pairs;
        assay_audit audit;
        snprintf(path, sizeof path, "%s/data/pairs/%s", shared ? shared : "../shared", files[i].name);
        if (!assay_path_exists(path)) {
            print_message("%s is not there: skipped\n", path);
            skip();
        }
        assert_int_equal(assay_pair_set_new(&pairs, NULL), ASSAY_OK);
        assert_int_equal(assay_pair_set_read(pairs, path, NULL, NULL), ASSAY_OK);
        assert_int_equal(assay_audit_make(&audit, pairs, NULL, NULL, NULL, NULL), ASSAY_OK);
        assert_true(fabs(100 * audit.longer_wins - files[i].longer_wins) < 0.05); /* half the last digit */
        assert_true(audit.longer_wins_low < audit.longer_wins && audit.longer_wins < audit.longer_wins_high);
        assert_int_equal(audit.multi_turn, files[i].multi_turn);
        assay_audit_release(&audit);
        assay_pair_set_free(pairs);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(faults_are_counted), cmocka_unit_test(statistics),
                                       cmocka_unit_test(renderings), cmocka_unit_test(no_pairs_at_all),
                                       cmocka_unit_test(real_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
