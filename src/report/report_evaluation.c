/* What the last evaluation says pair by pair (eval_pairs.jsonl).
 *
 * Calibration: sigmoid(|margin|) is what the model claims to know that the answer it prefers is the better one; the curve sets it against how
 * often that is so, in ten bins of the claim from 50 % to 100 %, and ECE is the mean distance of the two, weighted by the bins' pairs (Guo et
 * al., arXiv:1706.04599). */
#include "data/audit.h"
#include "report/chart.h"
#include "report/report_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CALIBRATION_BINS = 10, MARGIN_BINS = 40, LENGTH_BINS = 6, LENGTH_BIN_PAIRS = 10 };

typedef struct judged {
    double margin, tokens, ratio; /* tokens of the longer side; characters of chosen / rejected */
} judged;

typedef struct tally {
    double pairs, wins, claimed;
} tally;

static double win(double margin) { return margin > 0 ? 1 : margin < 0 ? 0 : 0.5; }

static void count_pair(tally *t, const judged *pair)
{
    t->pairs++;
    t->wins += win(pair->margin);
    t->claimed += 1 / (1 + exp(-fabs(pair->margin)));
}

/* Pairs with a margin that two floats can have; the rest are counted by the difference. */
static judged *collect(const json_t *lines, size_t *count)
{
    size_t lines_count = json_array_size(lines);
    judged *pairs = assay_alloc(lines_count ? lines_count : 1, sizeof *pairs);
    *count = 0;
    for (size_t i = 0; pairs && i < lines_count; i++) {
        const json_t *line = json_array_get(lines, i);
        judged pair = {.margin = assay_run_number(line, "margin"),
                       .tokens = fmax(assay_run_number(line, "tokens_chosen"), assay_run_number(line, "tokens_rejected")),
                       .ratio = assay_run_number(line, "chars_chosen") / fmax(assay_run_number(line, "chars_rejected"), 1)};
        if (fabs(pair.margin) < 1e39) pairs[(*count)++] = pair;
    }
    return pairs;
}

static assay_bar accuracy_bar(const tally *t, double place)
{
    assay_bar bar = {.from = place - 0.4, .to = place + 0.4, .color = 1, .low = (double)NAN, .high = (double)NAN, .label = "no pairs"};
    if (!(t->pairs > 0)) return bar;
    bar.height = t->wins / t->pairs;
    assay_wilson_interval(t->wins, t->pairs, &bar.low, &bar.high);
    snprintf(bar.label, sizeof bar.label, "%.1f %% of %.0f pairs (%.1f to %.1f %%)", 100 * bar.height, t->pairs, 100 * bar.low, 100 * bar.high);
    return bar;
}

static void accuracy_chart(assay_page *page, const char *title, const char *x_label, const assay_bar *bars, size_t count)
{
    assay_chart chart = {.title = title, .x_label = x_label, .y_label = "accuracy", .unit = ASSAY_UNIT_PERCENT, .y_low = 0, .y_high = 1, .x_low = -0.6,
                         .x_high = (double)count - 0.4};
    assay_page_add(page, "<figure><h3>%s</h3><p class=\"legend\"></p>", title);
    assay_chart_bars(page, &chart, bars, count);
    assay_page_add(page, "</figure>\n");
}

static void margins(assay_page *page, const judged *pairs, size_t count)
{
    double most = 0;
    size_t bins[MARGIN_BINS] = {0};
    assay_bar bars[MARGIN_BINS];
    for (size_t i = 0; i < count; i++) most = fmax(most, fabs(pairs[i].margin));
    if (most <= 0) most = 1;
    for (size_t i = 0; i < count; i++) {
        double place = (pairs[i].margin + most) / (2 * most) * MARGIN_BINS;
        bins[place < MARGIN_BINS ? (size_t)place : MARGIN_BINS - 1]++;
    }
    for (size_t b = 0; b < MARGIN_BINS; b++) {
        double from = most * (2 * (double)b / MARGIN_BINS - 1), to = most * (2 * (double)(b + 1) / MARGIN_BINS - 1);
        bars[b] = (assay_bar){.from = from, .to = to, .height = (double)bins[b], .low = (double)NAN, .high = (double)NAN, .color = b < MARGIN_BINS / 2 ? 2 : 3};
        snprintf(bars[b].label, sizeof bars[b].label, "%zu pairs, margin %.3g to %.3g", bins[b], from, to);
    }
    assay_chart chart = {.title = "Margins", .x_label = "chosen minus rejected", .y_label = "pairs", .y_low = 0, .y_high = (double)NAN, .x_low = -most, .x_high = most};
    assay_page_add(page, "<figure><h3>Margins</h3><p class=\"legend\"><span><i class=\"s3\"></i>chosen preferred</span> <span><i class=\"s2\"></i>rejected "
                         "preferred</span></p>");
    assay_chart_bars(page, &chart, bars, MARGIN_BINS);
    assay_page_add(page, "</figure>\n");
}

static double calibrate(const judged *pairs, size_t count, tally bins[CALIBRATION_BINS])
{
    double error = 0;
    memset(bins, 0, CALIBRATION_BINS * sizeof *bins);
    for (size_t i = 0; i < count; i++) {
        double claim = 1 / (1 + exp(-fabs(pairs[i].margin))), place = (claim - 0.5) * 2 * CALIBRATION_BINS;
        count_pair(&bins[place < CALIBRATION_BINS ? (size_t)place : CALIBRATION_BINS - 1], &pairs[i]);
    }
    for (size_t b = 0; b < CALIBRATION_BINS; b++) error += fabs(bins[b].claimed - bins[b].wins);
    return error / (double)count;
}

static void calibration(assay_page *page, const judged *pairs, size_t count)
{
    tally bins[CALIBRATION_BINS];
    double claimed[CALIBRATION_BINS], right[CALIBRATION_BINS], low[CALIBRATION_BINS], high[CALIBRATION_BINS], ideal[] = {0.5, 1};
    double error = calibrate(pairs, count, bins);
    size_t points = 0;
    for (size_t b = 0; b < CALIBRATION_BINS; b++) {
        if (!(bins[b].pairs > 0)) continue;
        claimed[points] = bins[b].claimed / bins[b].pairs;
        right[points] = bins[b].wins / bins[b].pairs;
        assay_wilson_interval(bins[b].wins, bins[b].pairs, &low[points], &high[points]);
        points++;
    }
    assay_series series[] = {{.name = "ideal", .color = 4, .x = ideal, .y = ideal, .count = 2, .dashed = true},
                             {.name = "this model, 95 % intervals", .color = 1, .x = claimed, .y = right, .low = low, .high = high, .count = points, .dots = true}};
    assay_chart chart = {.title = "Calibration", .x_label = "sigmoid of the absolute margin", .y_label = "preferred rightly", .unit = ASSAY_UNIT_PERCENT,
                         .y_low = 0, .y_high = 1, .x_low = 0.5, .x_high = 1};
    assay_page_add(page, "<figure><h3>Calibration (ECE %.3f)</h3>", error);
    assay_chart_lines(page, &chart, series, 2);
    assay_page_add(page, "</figure>\n");
}

static int by_tokens(const void *a, const void *b)
{
    double x = ((const judged *)a)->tokens, y = ((const judged *)b)->tokens;
    return (x > y) - (x < y);
}

/* Groups of as many pairs each; equal lengths stay together. */
static void lengths(assay_page *page, judged *pairs, size_t count)
{
    assay_bar bars[LENGTH_BINS];
    size_t groups = count / LENGTH_BIN_PAIRS, made = 0;
    groups = groups < 1 ? 1 : groups > LENGTH_BINS ? LENGTH_BINS : groups;
    qsort(pairs, count, sizeof *pairs, by_tokens);
    for (size_t begin = 0, end; begin < count && made < groups; begin = end) {
        tally t = {0};
        for (end = (made + 1) * count / groups > begin ? (made + 1) * count / groups : begin + 1; end < count && !(pairs[end].tokens > pairs[end - 1].tokens);) end++;
        for (size_t i = begin; i < end; i++) count_pair(&t, &pairs[i]);
        bars[made] = accuracy_bar(&t, (double)made);
        snprintf(bars[made].tick, sizeof bars[made].tick, "%.0f\xe2\x80\x93%.0f", pairs[begin].tokens, pairs[end - 1].tokens);
        made++;
    }
    accuracy_chart(page, "Accuracy by length", "tokens of the pair's longer side", bars, made);
}

static void length_ratios(assay_page *page, const judged *pairs, size_t count)
{
    static const double ends[] = {0.5, 0.9, 1.1, 2, INFINITY};
    static const char *const ticks[] = {"under half", "shorter", "about equal", "longer", "over double"};
    tally tallies[5] = {{0}};
    assay_bar bars[5];
    for (size_t i = 0; i < count; i++) {
        size_t b = 0;
        while (b < 4 && !(pairs[i].ratio < ends[b])) b++;
        count_pair(&tallies[b], &pairs[i]);
    }
    for (size_t b = 0; b < 5; b++) {
        bars[b] = accuracy_bar(&tallies[b], (double)b);
        snprintf(bars[b].tick, sizeof bars[b].tick, "%s", ticks[b]);
    }
    accuracy_chart(page, "Accuracy by which answer is longer", "the chosen answer, in characters, against the rejected one", bars, 5);
}

void assay_report_evaluation(assay_page *page, const assay_run_data *data)
{
    size_t count, all = json_array_size(data->pairs);
    assay_page_add(page, "<h2>Held-out pairs</h2>\n");
    if (all == 0) {
        assay_page_add(page, "<p>No pairs were held out, or no evaluation was made yet.</p>\n");
        return;
    }
    judged *pairs = collect(data->pairs, &count);
    if (!pairs && page->status == ASSAY_OK) page->status = assay_error_set(page->err, ASSAY_E_MEMORY, "out of memory for a report");
    assay_page_add(page, "<p class=\"note\">The evaluation after step %.0f, %zu pairs", assay_run_number(json_array_get(data->pairs, 0), "step"), all);
    if (count < all) assay_page_add(page, "; %zu without a finite margin are left out", all - count);
    assay_page_add(page, ". A tie counts half. Whiskers are 95 %% intervals.</p>\n<div class=\"charts\">\n");
    if (pairs && count) {
        margins(page, pairs, count);
        calibration(page, pairs, count);
        lengths(page, pairs, count);
        length_ratios(page, pairs, count);
    }
    assay_page_add(page, "</div>\n");
    assay_free(pairs);
}
