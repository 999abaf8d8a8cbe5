/* report.html out of hand-made run folders: what is shown, what is escaped, and values no run would write. */
#include "test_support.h"

#include "base/file.h"
#include "judge/judge_bins.h"
#include "report/page.h"
#include "report/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char step_lines[] =
    "{\"step\":1,\"epoch\":0.5,\"loss\":0.7,\"accuracy\":0.5,\"margin\":0.1,\"grad_norm\":1,\"lr\":0.001,\"pairs\":4,"
    "\"tokens\":100,\"tokens_shared\":20,\"seconds\":1,"
    "\"tokens_per_second\":80,\"planned_bytes\":1048576,\"peak_bytes\":1000000,\"rss_bytes\":2097152}\n"
    "{\"step\":2,\"loss\":null,\"accuracy\":\"<b>\",\"grad_norm\":1e300,\"pairs\":4}\n"
    "{\"step\":2,\"eval_pairs\":2,\"eval_accuracy\":0.5,\"eval_accuracy_low\":0.1,\"eval_accuracy_high\":0.9,\"eval_"
    "longer_wins\":0.5,\"eval_loss\":0.6}\n"
    "{\"step\":3,\"lo"; /* cut off */

static const char pair_lines[] = "{\"step\":2,\"at\":\"a&b.jsonl:1\",\"chosen\":0.5,\"rejected\":1.5,\"margin\":-1,"
                                 "\"tokens_chosen\":5,\"tokens_rejected\":7,\"chars_chosen\":3,\"chars_rejected\":0,"
                                 "\"texts\":{\"prompt\":[{\"role\":\"user\",\"content\":\"<script>alert(1)</"
                                 "script>\\u0001\"}],\"chosen\":[{\"role\":\"assistant\",\"content\":\"a\\\"'&\"}],"
                                 "\"rejected\":[]}}\n"
                                 "{\"step\":2,\"chosen\":2,\"rejected\":1,\"margin\":1,\"tokens_chosen\":5,\"tokens_"
                                 "rejected\":7,\"chars_chosen\":3,\"chars_rejected\":4}\n"
                                 "{\"step\":2,\"margin\":null}\n"
                                 "{\"step\":2,\"margin\":1e308}\n"
                                 "{\"step\":2,\"margin\":-1e308,\"texts\":7}\n"
                                 "{}\n";

static void put(const char *folder, const char *name, const char *text)
{
    assay_error err;
    char *path = assay_path_join(folder, name);
    assert_int_equal(assay_file_write_atomic(path, text, strlen(text), &err), ASSAY_OK);
    assay_free(path);
}

static char *new_folder(void)
{
    char *folder = assay_strdup("/tmp/assay-report-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return folder;
}

/* The report's text; the caller frees it. */
static char *report_of(const char *folder)
{
    assay_error err;
    char *text, *path = assay_path_join(folder, ASSAY_REPORT_NAME);
    size_t bytes = 0, size = 0;
    assert_int_equal(assay_report_write(folder, NULL, &bytes, &err), ASSAY_OK);
    assert_int_equal(assay_file_read(path, 1 << 24, &text, &size, &err), ASSAY_OK);
    assert_int_equal(size, bytes);
    assay_free(path);
    return text;
}

static void done(char *folder, char *text)
{
    assay_error err;
    assert_int_equal(assay_remove_tree(folder, &err), ASSAY_OK);
    assay_free(folder);
    assay_free(text);
}

static void a_run_is_shown(void **state)
{
    static const char *const wanted[] = {"<h2>Training</h2>",     "Memory planned and observed",
                                         "<h3>Margins</h3>",      "Calibration (ECE",
                                         "Accuracy by length",    "Worst pairs",
                                         "<h2>Options</h2>",      "<td>batch-pairs</td><td>32</td>",
                                         "<h2>Fingerprints</h2>", "<h2>Machine</h2>",
                                         "<td>24.5 GiB</td>",     "prefers-color-scheme:dark",
                                         "@media print",          "held-out accuracy"};
    char *folder = new_folder();
    (void)state;
    put(folder, "metrics.jsonl", step_lines);
    put(folder, "eval_pairs.jsonl", pair_lines);
    put(folder, "assay.json",
        "{\"assay\":\"0\",\"options\":{\"batch-pairs\":32,\"model\":\"x/"
        "y\",\"data\":[\"a\",\"b\"]},\"fingerprints\":{\"base\":\"00ff\"}}");
    put(folder, "machine.json", "{\"processor\":null,\"memory_total_bytes\":26306674688}");
    char *text = report_of(folder);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (!strstr(text, wanted[i])) fail_msg("the report has no \"%s\"", wanted[i]);
    assert_null(strstr(text, "nan"));
    assert_null(strstr(text, "inf"));
    done(folder, text);
}

/* The page's length bins and calibration are those of `assay eval` (judge/judge_bins.h). */
static void bins_are_evals(void **state)
{
    static const assay_judged pairs[] = {
        {.chosen = 2, .rejected = 1, .chosen_length = 115, .rejected_length = 100},
        {.chosen = 0.25, .rejected = 0.75, .chosen_length = 85, .rejected_length = 100},
        {.chosen = 4, .rejected = 0.5, .chosen_length = 130, .rejected_length = 100}};
    char *folder = new_folder(), lines[1024] = "", wanted[64];
    assay_calibration calibration;
    (void)state;
    for (size_t i = 0; i < 3; i++)
        snprintf(lines + strlen(lines), sizeof lines - strlen(lines),
                 "{\"step\":1,\"chosen\":%g,\"rejected\":%g,\"chars_chosen\":%g,\"chars_rejected\":%g}\n",
                 pairs[i].chosen, pairs[i].rejected, pairs[i].chosen_length, pairs[i].rejected_length);
    put(folder, "metrics.jsonl", step_lines);
    put(folder, "eval_pairs.jsonl", lines);
    char *text = report_of(folder), *by_length = strstr(text, "Accuracy by which answer is longer");
    assay_calibration_make(pairs, 3, &calibration);
    snprintf(wanted, sizeof wanted, "Calibration (ECE %.3f)", calibration.error);
    assert_non_null(strstr(text, wanted));
    assert_non_null(by_length);
    assert_non_null(strstr(by_length, "50.0 % of 2 pairs")); /* 1.15 and 0.85: within a fifth */
    assert_non_null(strstr(by_length, "100.0 % of 1 pairs"));
    done(folder, text);
}

static void a_loss_that_rises_again_is_said(void **state)
{
    char *folder = new_folder();
    (void)state;
    put(folder, "metrics.jsonl",
        "{\"step\":1,\"loss\":0.5}\n{\"step\":10,\"eval_pairs\":9,\"eval_loss\":0.7}\n{\"step\":20,\"eval_pairs\":9,"
        "\"eval_loss\":0.5}\n"
        "{\"step\":30,\"eval_pairs\":9,\"eval_loss\":0.54}\n");
    char *text = report_of(folder);
    assert_null(strstr(text, "held-out loss was lowest"));
    assay_free(text);
    put(folder, "metrics.jsonl",
        "{\"step\":1,\"loss\":0.5}\n{\"step\":10,\"eval_pairs\":9,\"eval_loss\":0.7}\n{\"step\":20,\"eval_pairs\":9,"
        "\"eval_loss\":0.5}\n"
        "{\"step\":30,\"eval_pairs\":9,\"eval_loss\":0.6}\n");
    text = report_of(folder);
    assert_non_null(strstr(text, "The held-out loss was lowest (0.5) after step 20 and ended at 0.6"));
    done(folder, text);
}

/* How often a text stands in another. */
static size_t count_of(const char *text, const char *word)
{
    size_t count = 0;
    for (; (text = strstr(text, word)); text += strlen(word)) count++;
    return count;
}

#define EVALUATION(step) \
    "{\"step\":" step ",\"eval_pairs\":9,\"eval_loss\":0.7,\"eval_accuracy\":0.5,\"eval_margin\":0}\n"

static void two_evaluations_are_no_trend(void **state)
{
    char *folder = new_folder();
    (void)state;
    put(folder, "metrics.jsonl", "{\"step\":1,\"loss\":0.5}\n" EVALUATION("0") EVALUATION("1"));
    char *text = report_of(folder);
    assert_int_equal(count_of(text, "data-name=\"held out\""), 0);
    assert_true(count_of(text, "class=\"dot s2\"") >= 6); /* loss, accuracy, margin */
    assay_free(text);
    put(folder, "metrics.jsonl", "{\"step\":1,\"loss\":0.5}\n" EVALUATION("0") EVALUATION("1") EVALUATION("2"));
    text = report_of(folder);
    assert_int_equal(count_of(text, "data-name=\"held out\""), 3);
    done(folder, text);
}

/* A loss is named after its objective, and the held-out one is bt's. */
static void the_objective_is_named(void **state)
{
    char *folder = new_folder();
    (void)state;
    put(folder, "metrics.jsonl", "{\"step\":1,\"loss\":0.5}\n");
    put(folder, "assay.json", "{\"objective\": \"bt\", \"options\": {\"lr\": 1}}");
    char *text = report_of(folder);
    assert_int_equal(count_of(text, "A loss of 0.693 is a coin's."), 1);
    assert_int_equal(count_of(text, "\xc2\xb7 objective bt"), 1);
    assay_free(text);
    put(folder, "assay.json", "{\"objective\": \"davidson\", \"options\": {\"lr\": 1}}");
    text = report_of(folder);
    assert_int_equal(count_of(text, "\xc2\xb7 objective davidson"), 1);
    assert_int_equal(count_of(text, "The loss in training is that of the objective davidson; the held-out one is bt's"),
                     1);
    done(folder, text);
}

/* Each series stands in the legend as it is drawn: thin, dashed, with dots. */
static void legends_show_the_lines(void **state)
{
    char *folder = new_folder();
    (void)state;
    put(folder, "metrics.jsonl",
        "{\"step\":1,\"loss\":0.5,\"reward_chosen\":1,\"reward_rejected\":0}\n" EVALUATION("0") EVALUATION("1")
            EVALUATION("2"));
    char *text = report_of(folder), *key = strstr(text, "</svg>each step</span>");
    assert_non_null(key);
    while (memcmp(key, "<span>", 6) != 0) key--;
    assert_memory_equal(strstr(key, "<path"), "<path class=\"line s1 thin\"", 26);
    assert_non_null(strstr(text, "<path class=\"line s3 dashed\" d=\"M0 5H26\"/><circle class=\"dot s3\" cx=\"13\" "
                                 "cy=\"5\" r=\"3.5\"/></svg>chosen, held out"));
    done(folder, text);
}

/* What is resident is always more than the plan of weights and arena; the process has a plan of its own. */
static void memory_alarms_only_where_a_plan_is_broken(void **state)
{
    char *folder = new_folder();
    (void)state;
    put(folder, "metrics.jsonl",
        "{\"step\":1,\"planned_bytes\":100,\"rss_bytes\":900,\"anon_planned_bytes\":500,\"anon_peak_bytes\":400}\n");
    char *text = report_of(folder);
    assert_null(strstr(text, "more memory than"));
    assay_free(text);
    put(folder, "metrics.jsonl",
        "{\"step\":1,\"planned_bytes\":100,\"rss_bytes\":900,\"anon_planned_bytes\":500,\"anon_peak_bytes\":600}\n");
    text = report_of(folder);
    assert_non_null(strstr(text, "The process took more memory than was planned for it."));
    done(folder, text);
}

/* Defaults are left out of the command, also those that "auto" became; what differs comes first in the table. */
static void options_that_were_changed(void **state)
{
    char *folder = new_folder();
    (void)state;
    put(folder, "metrics.jsonl", step_lines);
    put(folder, "assay.json",
        "{\"options\":{\"adam-beta1\":0.9,\"batch-pairs\":8,\"data\":[\"a "
        "b\",\"it's\"],\"eval-split\":\"auto\",\"lora-alpha\":16.0,"
        "\"lora-rank\":8,\"lora-targets\":[\"q\",\"v\"],\"lr\":0.0001,\"model\":\"m\",\"output\":\"o\",\"skip-bad-"
        "lines\":true,"
        "\"time\":\"none\",\"tuning\":\"lora\"}}");
    char *text = report_of(folder);
    assert_non_null(strstr(
        text,
        "<pre>assay train \\\n    --model m \\\n    --data &#39;a b&#39; --data &#39;it&#39;\\&#39;&#39;s&#39; \\\n"
        "    --output o \\\n    --batch-pairs 8 \\\n    --lora-targets q,v \\\n    --skip-bad-lines</pre>"));
    assert_non_null(strstr(text, "<tr class=\"changed\"><td>skip-bad-lines</td>"));
    assert_non_null(strstr(text, "<tr><td>lr</td>"));
    assert_true(strstr(text, "<td>skip-bad-lines</td>") < strstr(text, "<td>adam-beta1</td>"));
    assert_non_null(strstr(text, " UTC</p>")); /* when it was written */
    done(folder, text);
}

static void bars_have_their_counts(void **state)
{
    char *folder = new_folder();
    (void)state;
    put(folder, "metrics.jsonl", step_lines);
    put(folder, "eval_pairs.jsonl", pair_lines);
    char *text = report_of(folder), *by_length = strstr(text, "Accuracy by which answer is longer");
    assert_true(count_of(text, "<text class=\"count mid\"") >= 4);
    assert_true(count_of(by_length, ">1</text>") >= 2); /* a pair twice as long, a pair within a fifth */
    done(folder, text);
}

/* Values between which a double has no room for ticks must not keep the axis from ending. */
static void axes_end(void **state)
{
    static const char *const values[][2] = {{"1e20", "1.0000000000000002e20"},
                                            {"5e-324", "1e-323"},
                                            {"-1e99", "1e99"},
                                            {"-1e-320", "1e-320"},
                                            {"0", "1e-300"}};
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        char *folder = new_folder(), lines[512];
        snprintf(lines, sizeof lines,
                 "{\"step\":1,\"loss\":%s,\"margin\":%s,\"planned_bytes\":%s}\n{\"step\":2,\"loss\":%s,\"margin\":%s,"
                 "\"planned_bytes\":%s}\n",
                 values[i][0], values[i][0], values[i][0], values[i][1], values[i][1], values[i][1]);
        put(folder, "metrics.jsonl", lines);
        snprintf(lines, sizeof lines,
                 "{\"step\":2,\"chosen\":%s,\"rejected\":0,\"chars_chosen\":1,\"chars_rejected\":1}\n",
                 strchr(values[i][1], '-') ? values[i][1] : "1");
        put(folder, "eval_pairs.jsonl", lines);
        char *text = report_of(folder);
        assert_true(strlen(text) < 100000);
        done(folder, text);
    }
}

static void texts_are_escaped(void **state)
{
    char *folder = new_folder();
    (void)state;
    put(folder, "metrics.jsonl", step_lines);
    put(folder, "eval_pairs.jsonl", pair_lines);
    put(folder, "assay.json",
        "{\"template\":\"</td><script>x\",\"options\":{\"<img src=x>\":\"\\\"'><script>\",\"data\":[\"<i>\"]}}");
    char *text = report_of(folder);
    assert_null(strstr(text, "<script>alert"));
    assert_null(strstr(text, "<img"));
    assert_null(strstr(text, "</td><script>"));
    assert_null(strstr(text, "<td><i>"));
    assert_non_null(strstr(text, "&lt;script&gt;alert(1)&lt;/script&gt;\xef\xbf\xbd"));
    assert_non_null(strstr(text, "a&quot;&#39;&amp;"));
    assert_non_null(strstr(text, "a&amp;b.jsonl:1"));
    done(folder, text);
}

static void half_a_run_is_a_report(void **state)
{
    char *folder = new_folder();
    (void)state;
    put(folder, "metrics.jsonl", "");
    char *text = report_of(folder);
    assert_non_null(strstr(text, "No step was made yet"));
    assert_non_null(strstr(text, "This run has not ended"));
    assay_free(text);
    put(folder, "metrics.jsonl", "{\"step\":1,\"loss\":0.5}\n");
    text = report_of(folder);
    assert_non_null(strstr(text, "No pairs were held out"));
    done(folder, text);
}

static void what_is_no_run_is_refused(void **state)
{
    assay_error err;
    char *folder = new_folder();
    (void)state;
    assert_int_equal(assay_report_write(folder, NULL, NULL, &err), ASSAY_E_USAGE);
    assert_non_null(strstr(err.text, "metrics.jsonl"));
    put(folder, "metrics.jsonl", "{\"step\":1}\nrubbish\n");
    assert_int_equal(assay_report_write(folder, NULL, NULL, &err), ASSAY_E_FORMAT);
    assert_non_null(strstr(err.text, "metrics.jsonl:2"));
    put(folder, "metrics.jsonl", "[1]\n");
    assert_int_equal(assay_report_write(folder, NULL, NULL, &err), ASSAY_E_FORMAT);
    done(folder, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_shown),
        cmocka_unit_test(bins_are_evals),
        cmocka_unit_test(two_evaluations_are_no_trend),
        cmocka_unit_test(the_objective_is_named),
        cmocka_unit_test(legends_show_the_lines),
        cmocka_unit_test(memory_alarms_only_where_a_plan_is_broken),
        cmocka_unit_test(options_that_were_changed),
        cmocka_unit_test(bars_have_their_counts),
        cmocka_unit_test(axes_end),
        cmocka_unit_test(a_loss_that_rises_again_is_said),
        cmocka_unit_test(texts_are_escaped),
        cmocka_unit_test(half_a_run_is_a_report),
        cmocka_unit_test(what_is_no_run_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
