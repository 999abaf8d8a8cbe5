/* Curves over steps. A training value is drawn twice, thin as it is and thick smoothed: an exponential mean over a
 * twentieth of the steps, with Adam's correction of the start. */
#include "report/chart.h"
#include "report/report_private.h"

#include <math.h>
#include <string.h>

/* Two evaluations, before and after, are no trend: a line would say what happened between them. */
enum { FEWEST_OF_A_TREND = 3, MOST_DOTS = 60 };

typedef struct curves {
    assay_page *page;
    const assay_run_data *data;
    double *at_step, *at_evaluation; /* x */
    size_t steps, evaluations;
    assay_run_kind kind;
} curves;

static void smooth(double *values, size_t count)
{
    double window = fmax(1, (double)count / 20), keep = 1 - 1 / window, mean = 0, weight = 0;
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) continue;
        mean = keep * mean + (1 - keep) * values[i];
        weight = keep * weight + (1 - keep);
        values[i] = mean / weight;
    }
}

static double *column(const curves *c, const json_t *lines, const char *key)
{
    double *values = c->page->status == ASSAY_OK ? assay_run_column(lines, key, c->page->err) : NULL;
    if (!values && c->page->status == ASSAY_OK) c->page->status = ASSAY_E_MEMORY;
    return values;
}

static assay_series of_steps(const curves *c, const char *name, int color, const double *values)
{
    return (assay_series){.name = name, .color = color, .x = c->at_step, .y = values, .count = values ? c->steps : 0};
}

static assay_series of_evaluations(const curves *c, const char *name, int color, const double *values)
{
    return (assay_series){.name = name,
                          .color = color,
                          .x = c->at_evaluation,
                          .y = values,
                          .count = values ? c->evaluations : 0,
                          .dots = c->evaluations <= MOST_DOTS,
                          .no_line = c->evaluations < FEWEST_OF_A_TREND};
}

static assay_chart chart_of(const char *title, const char *y_label)
{
    return (assay_chart){.title = title,
                         .x_label = "step",
                         .y_label = y_label,
                         .y_low = (double)NAN,
                         .y_high = (double)NAN,
                         .x_low = 0,
                         .x_high = (double)NAN};
}

static void figure(const curves *c, const assay_chart *chart, const assay_series *series, size_t count)
{
    assay_page_add(c->page, "<figure><h3>%s</h3>", chart->title);
    assay_chart_lines(c->page, chart, series, count);
    assay_page_add(c->page, "</figure>\n");
}

/* Raw and smoothed training values, and the evaluations' with their interval where there is one. */
static void compared(const curves *c, assay_chart chart, const char *key, const char *low_key, const char *high_key,
                     const char *baseline_key)
{
    char eval_key[64], low[64], high[64], base[64];
    snprintf(eval_key, sizeof eval_key, "eval_%s", key);
    snprintf(low, sizeof low, "eval_%s", low_key ? low_key : "");
    snprintf(high, sizeof high, "eval_%s", high_key ? high_key : "");
    snprintf(base, sizeof base, "eval_%s", baseline_key ? baseline_key : "");
    double *raw = column(c, c->data->steps, key), *mean = column(c, c->data->steps, key),
           *held = column(c, c->data->evaluations, eval_key);
    double *lows = column(c, c->data->evaluations, low), *highs = column(c, c->data->evaluations, high),
           *baseline = column(c, c->data->evaluations, base);
    if (mean) smooth(mean, c->steps);
    assay_series series[] = {of_steps(c, "each step", 1, raw), of_steps(c, "smoothed", 1, mean),
                             of_evaluations(c, "longer answer wins", 4, baseline_key ? baseline : NULL),
                             of_evaluations(c, "held out", 2, held)};
    series[0].thin = true;
    series[2].dashed = true;
    series[2].dots = series[2].no_line = false;
    series[3].low = low_key ? lows : NULL;
    series[3].high = high_key ? highs : NULL;
    figure(c, &chart, series, 4);
    double *all[] = {raw, mean, held, lows, highs, baseline};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) assay_free(all[i]);
}

/* alone: chosen are the answers labelled good. */
static void rewards(const curves *c, bool alone)
{
    const char *good = alone ? "good" : "chosen", *other = alone ? "others" : "rejected";
    double *chosen = column(c, c->data->steps, "reward_chosen"),
           *rejected = column(c, c->data->steps, "reward_rejected");
    double *held_chosen = column(c, c->data->evaluations, "eval_reward_chosen"),
           *held_rejected = column(c, c->data->evaluations, "eval_reward_rejected");
    assay_chart chart = chart_of(
        alone ? "Mean reward of good and other answers" : "Mean reward of chosen and rejected answers", "reward");
    if (chosen) smooth(chosen, c->steps);
    if (rejected) smooth(rejected, c->steps);
    assay_series series[] = {of_steps(c, good, 3, chosen), of_steps(c, other, 2, rejected),
                             of_evaluations(c, alone ? "good, held out" : "chosen, held out", 3, held_chosen),
                             of_evaluations(c, alone ? "others, held out" : "rejected, held out", 2, held_rejected)};
    series[2].dashed = series[3].dashed = true;
    figure(c, &chart, series, 4);
    assay_free(chosen);
    assay_free(rejected);
    assay_free(held_chosen);
    assay_free(held_rejected);
}

static void one(const curves *c, const char *title, const char *label, const char *key, bool smoothed)
{
    double *raw = column(c, c->data->steps, key), *mean = column(c, c->data->steps, key);
    assay_chart chart = chart_of(title, label);
    chart.from_zero = true;
    if (mean) smooth(mean, c->steps);
    assay_series series[] = {of_steps(c, smoothed ? "each step" : NULL, 1, raw),
                             of_steps(c, "smoothed", 1, smoothed ? mean : NULL)};
    series[0].thin = smoothed;
    figure(c, &chart, series, 2);
    assay_free(raw);
    assay_free(mean);
}

/* The plan is of weights, gradients, moments and arena; the process has the program, its libraries and the data
 * besides, which is planned too (anon_planned_bytes). What is resident counts mapped weight files as far as they were
 * read. */
static void memory(const curves *c)
{
    static const char *const keys[] = {"peak_bytes", "planned_bytes", "anon_peak_bytes", "anon_planned_bytes",
                                       "rss_bytes"};
    static const char *const names[] = {"plan, in use", "plan", "process", "process, planned", "resident"};
    static const int colors[] = {3, 1, 2, 2, 4};
    enum { LINES = sizeof keys / sizeof *keys };
    assay_chart chart = chart_of("Memory planned and observed", "memory");
    assay_series series[LINES];
    double *values[LINES];
    chart.unit = ASSAY_UNIT_BYTES;
    chart.from_zero = true;
    for (size_t i = 0; i < LINES; i++) {
        values[i] = column(c, c->data->steps, keys[i]);
        series[i] = of_steps(c, names[i], colors[i], values[i]);
        series[i].dashed = i % 2 == 1;
        if (!isfinite(assay_run_number(assay_report_last(c->data->steps), keys[i]))) series[i].count = 0;
    }
    figure(c, &chart, series, LINES);
    for (size_t i = 0; i < LINES; i++) assay_free(values[i]);
}

/* Held-out losses are Bradley-Terry's whatever was trained, so that runs can be compared. */
static void say_loss(const curves *c)
{
    const json_t *objective = json_object_get(c->data->notes, "objective");
    if (c->kind == ASSAY_RUN_GRADED) {
        assay_page_add(c->page, "The loss is the mean square error.");
        return;
    }
    if (c->kind == ASSAY_RUN_STEPS) {
        assay_page_add(c->page, "The loss is the cross entropy of a step, where 0.693 is a coin's.");
        return;
    }
    if (c->kind == ASSAY_RUN_LABELLED) {
        assay_page_add(c->page, "The loss is bce's, where 0.693 is a coin's.");
        return;
    }
    if (!json_is_string(objective) || !strcmp(json_string_value(objective), "bt")) {
        assay_page_add(c->page, "A loss of 0.693 is a coin's.");
        return;
    }
    assay_page_add(c->page, "The loss in training is that of the objective ");
    assay_page_value(c->page, objective);
    assay_page_add(c->page, "; the held-out one is bt's, where 0.693 is a coin's.");
}

static void all_curves(const curves *c)
{
    bool alone = c->kind == ASSAY_RUN_LABELLED || c->kind == ASSAY_RUN_STEPS;
    assay_chart loss = chart_of("Loss", "loss"),
                accuracy = chart_of(c->kind == ASSAY_RUN_STEPS ? "Accuracy of steps" : "Accuracy", "accuracy"),
                margin = chart_of(alone ? "Mean reward, good answers' less the others'"
                                        : "Mean margin, chosen minus rejected",
                                  "margin");
    assay_chart first_errors = chart_of("Answers whose first wrong step, or that there is none, is met", "answers");
    loss.from_zero = true;
    accuracy.unit = first_errors.unit = ASSAY_UNIT_PERCENT;
    accuracy.y_low = first_errors.y_low = 0;
    accuracy.y_high = first_errors.y_high = 1;
    assay_page_add(c->page, "<h2>Training</h2>\n<p class=\"note\">Thin: training, step by step; thick: its mean over a "
                            "twentieth of the steps. ");
    say_loss(c);
    assay_page_add(c->page, " Whiskers are 95 %% intervals.</p>\n<div class=\"charts\">\n");
    compared(c, loss, "loss", NULL, NULL, NULL);
    if (c->kind != ASSAY_RUN_GRADED) {
        compared(c, accuracy, "accuracy", "accuracy_low", "accuracy_high", alone ? NULL : "longer_wins");
        if (c->kind == ASSAY_RUN_STEPS) compared(c, first_errors, "first_error_accuracy", NULL, NULL, NULL);
        else compared(c, margin, "margin", NULL, NULL, NULL);
        rewards(c, alone);
    }
    one(c, "Norm of the gradient", "norm", "grad_norm", true);
    one(c, "Learning rate", "rate", "lr", false);
    memory(c);
    one(c, "Throughput", "tokens per second", "tokens_per_second", true);
    assay_page_add(c->page, "</div>\n");
}

void assay_report_training(assay_page *page, const assay_run_data *data)
{
    curves c = {.page = page,
                .data = data,
                .kind = assay_run_kind_of(data),
                .steps = json_array_size(data->steps),
                .evaluations = json_array_size(data->evaluations)};
    if (c.steps == 0) {
        assay_page_add(page, "<h2>Training</h2><p>No step was made yet.</p>\n");
        return;
    }
    c.at_step = column(&c, data->steps, "step");
    c.at_evaluation = column(&c, data->evaluations, "step");
    if (c.at_step && c.at_evaluation) all_curves(&c);
    assay_free(c.at_step);
    assay_free(c.at_evaluation);
}
