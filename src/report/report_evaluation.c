/* What the last evaluation says pair by pair (eval_pairs.jsonl). Length bins and calibration are judge/judge_bins.h's,
 * so the page and `assay eval` say the same of the same rewards. */
#include "base/text.h"
#include "base/wilson.h"
#include "judge/judge_bins.h"
#include "report/chart.h"
#include "report/report_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { MARGIN_BINS = 20, LENGTH_GROUPS = 5, LENGTH_GROUP_PAIRS = 10 };

typedef struct sized {
    double tokens, win; /* tokens of the longer side */
} sized;

typedef struct evaluated {
    assay_judged *judged;
    sized *sized;
    size_t count;
} evaluated;

/* Rewards that two floats can have; other pairs are counted by the difference. */
static bool is_reward(double reward) { return fabs(reward) < 1e39; }

/* An answer that stands alone is judged against 0: its margin is its reward towards the label. */
static void collect(const json_t *lines, bool alone, evaluated *e)
{
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        assay_judged pair = {.chosen = assay_run_number(line, alone ? "margin" : "chosen"),
                             .rejected = alone ? 0 : assay_run_number(line, "rejected"),
                             .chosen_length = assay_run_number(line, "chars_chosen"),
                             .rejected_length = assay_run_number(line, "chars_rejected")};
        if (!is_reward(pair.chosen) || !is_reward(pair.rejected)) continue;
        e->sized[e->count] =
            (sized){fmax(assay_run_number(line, "tokens_chosen"), assay_run_number(line, "tokens_rejected")),
                    assay_win(pair.chosen, pair.rejected)};
        e->judged[e->count++] = pair;
    }
}

static assay_bar accuracy_bar(double wins, double pairs, size_t place, const char *what)
{
    assay_bar bar = {
        .from = (double)place - 0.4, .to = (double)place + 0.4, .color = 1, .low = (double)NAN, .high = (double)NAN};
    assay_text_format(bar.label, sizeof bar.label, "no %s", what);
    if (!(pairs > 0)) return bar;
    bar.height = wins / pairs;
    bar.pairs = (size_t)pairs;
    assay_wilson_interval(wins, pairs, &bar.low, &bar.high);
    assay_text_format(bar.label, sizeof bar.label, "%.1f %% of %.0f %s (%.1f to %.1f %%)", 100 * bar.height, pairs,
                      what, 100 * bar.low, 100 * bar.high);
    return bar;
}

static void accuracy_chart(assay_page *page, const char *title, const char *x_label, const assay_bar *bars,
                           size_t count, const char *what)
{
    assay_chart chart = {.title = title,
                         .x_label = x_label,
                         .y_label = "accuracy",
                         .unit = ASSAY_UNIT_PERCENT,
                         .y_low = 0,
                         .y_high = 1,
                         .x_low = -0.6,
                         .x_high = (double)count - 0.4};
    assay_page_add(page, "<figure><h3>%s</h3><p class=\"legend\"><span>in a bar: how many %s</span></p>", title, what);
    assay_chart_bars(page, &chart, bars, count);
    assay_page_add(page, "</figure>\n");
}

static double margin_of(const assay_judged *pair) { return pair->chosen - pair->rejected; }

static void margins(assay_page *page, const assay_judged *pairs, size_t count, bool alone)
{
    double most = 0;
    size_t bins[MARGIN_BINS] = {0};
    assay_bar bars[MARGIN_BINS];
    for (size_t i = 0; i < count; i++) most = fmax(most, fabs(margin_of(&pairs[i])));
    if (most <= 0) most = 1;
    for (size_t i = 0; i < count; i++) {
        double place = (margin_of(&pairs[i]) + most) / (2 * most) * (double)MARGIN_BINS;
        bins[place < (double)MARGIN_BINS ? (size_t)place : MARGIN_BINS - 1]++;
    }
    for (size_t b = 0; b < MARGIN_BINS; b++) {
        double from = most * (2 * (double)b / (double)MARGIN_BINS - 1),
               to = most * (2 * (double)(b + 1) / (double)MARGIN_BINS - 1);
        bars[b] = (assay_bar){.from = from,
                              .to = to,
                              .height = (double)bins[b],
                              .pairs = bins[b],
                              .low = (double)NAN,
                              .high = (double)NAN,
                              .color = b < MARGIN_BINS / 2 ? 2 : 3};
        assay_text_format(bars[b].label, sizeof bars[b].label, "%zu %s, margin %.3g to %.3g", bins[b],
                          alone ? "answers" : "pairs", from, to);
    }
    assay_chart chart = {.title = "Margins",
                         .x_label = alone ? "reward towards the label" : "chosen minus rejected",
                         .y_label = alone ? "answers" : "pairs",
                         .y_low = 0,
                         .y_high = (double)NAN,
                         .x_low = -most,
                         .x_high = most};
    assay_page_add(page,
                   "<figure><h3>Margins</h3><p class=\"legend\"><span><i class=\"s3\"></i>%s</span> "
                   "<span><i class=\"s2\"></i>%s</span></p>",
                   alone ? "on the label's side of 0" : "chosen preferred",
                   alone ? "on the other side" : "rejected preferred");
    assay_chart_bars(page, &chart, bars, MARGIN_BINS);
    assay_page_add(page, "</figure>\n");
}

static void calibration(assay_page *page, const assay_judged *pairs, size_t count)
{
    assay_calibration c;
    double claimed[ASSAY_CONFIDENCE_BINS], right[ASSAY_CONFIDENCE_BINS], low[ASSAY_CONFIDENCE_BINS],
        high[ASSAY_CONFIDENCE_BINS], ideal[] = {0.5, 1};
    size_t points = 0;
    assay_calibration_make(pairs, count, &c);
    for (size_t b = 0; b < ASSAY_CONFIDENCE_BINS; b++) {
        const assay_confidence_bin *bin = &c.bins[b];
        if (bin->pairs == 0) continue;
        claimed[points] = bin->confidence;
        right[points] = bin->accuracy;
        assay_wilson_interval(bin->accuracy * (double)bin->pairs, (double)bin->pairs, &low[points], &high[points]);
        points++;
    }
    assay_series series[] = {{.name = "ideal", .color = 4, .x = ideal, .y = ideal, .count = 2, .dashed = true},
                             {.name = "this model, 95 % intervals",
                              .color = 1,
                              .x = claimed,
                              .y = right,
                              .low = low,
                              .high = high,
                              .count = points,
                              .dots = true}};
    assay_chart chart = {.title = "Calibration",
                         .x_label = "sigmoid of the absolute margin",
                         .y_label = "preferred rightly",
                         .unit = ASSAY_UNIT_PERCENT,
                         .y_low = 0,
                         .y_high = 1,
                         .x_low = 0.5,
                         .x_high = 1};
    assay_page_add(page, "<figure><h3>Calibration (ECE %.3f)</h3>", c.error);
    assay_chart_lines(page, &chart, series, 2);
    assay_page_add(page, "</figure>\n");
}

static int by_tokens(const void *a, const void *b)
{
    double x = ((const sized *)a)->tokens, y = ((const sized *)b)->tokens;
    return (x > y) - (x < y);
}

/* Groups of as many pairs each; equal lengths stay together. */
static void lengths(assay_page *page, sized *pairs, size_t count, bool alone)
{
    assay_bar bars[LENGTH_GROUPS];
    size_t groups = count / LENGTH_GROUP_PAIRS, made = 0;
    groups = groups < 1 ? 1 : groups > LENGTH_GROUPS ? LENGTH_GROUPS : groups;
    qsort(pairs, count, sizeof *pairs, by_tokens);
    for (size_t begin = 0, end; begin < count && made < groups; begin = end) {
        double wins = 0;
        for (end = (made + 1) * count / groups > begin ? (made + 1) * count / groups : begin + 1;
             end < count && !(pairs[end].tokens > pairs[end - 1].tokens);)
            end++;
        for (size_t i = begin; i < end; i++) wins += pairs[i].win;
        bars[made] = accuracy_bar(wins, (double)(end - begin), made, alone ? "answers" : "pairs");
        assay_text_format(bars[made].tick, sizeof bars[made].tick, "%.0f\xe2\x80\x93%.0f", pairs[begin].tokens,
                          pairs[end - 1].tokens);
        made++;
    }
    accuracy_chart(page, "Accuracy by length", alone ? "tokens with the prompt" : "tokens of the pair's longer side",
                   bars, made, alone ? "answers" : "pairs");
}

static void length_ratios(assay_page *page, const assay_judged *pairs, size_t count)
{
    static const char *const ticks[ASSAY_LENGTH_BINS] = {"below half", "shorter", "alike", "longer", "double"};
    assay_length_bin bins[ASSAY_LENGTH_BINS];
    assay_bar bars[ASSAY_LENGTH_BINS];
    assay_length_bins(pairs, count, bins);
    for (size_t b = 0; b < ASSAY_LENGTH_BINS; b++) {
        bars[b] = accuracy_bar(bins[b].tally.wins, (double)bins[b].tally.pairs, b, "pairs");
        snprintf(bars[b].tick, sizeof bars[b].tick, "%s", ticks[b]);
    }
    accuracy_chart(page, "Accuracy by which answer is longer", "the chosen answer's characters; alike: within a fifth",
                   bars, ASSAY_LENGTH_BINS, "pairs");
}

static void charts(assay_page *page, const json_t *lines, bool alone, evaluated *e)
{
    size_t all = json_array_size(lines);
    e->judged = assay_alloc(all, sizeof *e->judged);
    e->sized = assay_alloc(all, sizeof *e->sized);
    if (!e->judged || !e->sized) {
        if (page->status == ASSAY_OK)
            page->status = assay_error_set(page->err, ASSAY_E_MEMORY, "out of memory for a report");
        return;
    }
    collect(lines, alone, e);
    assay_page_add(page, "<p class=\"note\">The evaluation after step %.0f, %zu %s",
                   assay_run_number(json_array_get(lines, 0), "step"), all, alone ? "labelled answers" : "pairs");
    if (e->count < all) assay_page_add(page, "; %zu without finite rewards are left out", all - e->count);
    assay_page_add(page, ". %s counts half. Whiskers are 95 %% intervals.</p>\n<div class=\"charts\">\n",
                   alone ? "A reward of 0" : "A tie");
    if (e->count) {
        margins(page, e->judged, e->count, alone);
        calibration(page, e->judged, e->count);
        lengths(page, e->sized, e->count, alone);
        if (!alone) length_ratios(page, e->judged, e->count);
    }
    assay_page_add(page, "</div>\n");
}

static void say_graded(assay_page *page, const json_t *last)
{
    static const char *const keys[][2] = {{"mean square error ", "eval_loss"},
                                          {"; means over attributes: R2 ", "eval_r2"},
                                          {", Pearson's correlation ", "eval_pearson"},
                                          {", Spearman's ", "eval_spearman"}};
    assay_page_add(page, "<p class=\"note\">The evaluation after step %.0f, %.0f answers with attributes: ",
                   assay_run_number(last, "step"), assay_run_number(last, "eval_pairs"));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        assay_page_add(page, "%s", keys[i][0]);
        assay_page_number(page, assay_run_number(last, keys[i][1]), 3);
    }
    assay_page_add(page, ". <code>assay eval</code> gives each attribute's own, with intervals.</p>\n");
}

static void say_steps(assay_page *page, const json_t *last)
{
    static const char *const keys[][2] = {
        {": accuracy ", "eval_accuracy"},
        {" (95 % interval ", "eval_accuracy_low"},
        {" to ", "eval_accuracy_high"},
        {"); of the answers, the first wrong step, or that there is none, is met in ", "eval_first_error_accuracy"}};
    assay_page_add(page, "<p class=\"note\">The evaluation after step %.0f, %.0f labelled steps of %.0f answers",
                   assay_run_number(last, "step"), assay_run_number(last, "eval_steps"),
                   assay_run_number(last, "eval_pairs"));
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        assay_page_add(page, "%s", keys[i][0]);
        assay_page_number(page, assay_run_number(last, keys[i][1]), 3);
    }
    assay_page_add(page, ". <code>assay eval</code> gives ProcessBench's F1, with intervals.</p>\n");
}

void assay_report_evaluation(assay_page *page, const assay_run_data *data)
{
    evaluated e = {0};
    assay_run_kind kind = assay_run_kind_of(data);
    const char *what = kind == ASSAY_RUN_COMPARED ? "pairs" : "answers";
    assay_page_add(page, "<h2>Held-out %s</h2>\n", what);
    if (json_array_size(data->pairs) == 0) {
        assay_page_add(page, "<p>No %s were held out, or no evaluation was made yet.</p>\n", what);
        return;
    }
    if (kind == ASSAY_RUN_GRADED) return say_graded(page, assay_report_last(data->evaluations));
    if (kind == ASSAY_RUN_STEPS) return say_steps(page, assay_report_last(data->evaluations));
    charts(page, data->pairs, kind == ASSAY_RUN_LABELLED, &e);
    assay_free(e.judged);
    assay_free(e.sized);
}
