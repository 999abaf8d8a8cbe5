#include "base/text.h"
#include "report/report_private.h"

#include "base/file.h"
#include "base/format.h"

#include <math.h>

typedef struct figures {
    const json_t *first, *last; /* evaluations */
    double steps, pairs, tokens, seconds, eval_seconds, planned, rss;
    double taken, promised; /* of the whole process: at most, and by the plan; 0: a run of 0.1 does not say */
    double accuracy, low, high, longer;
    assay_run_kind kind;
} figures;

static double sum(const json_t *lines, const char *key, bool most)
{
    double total = 0;
    for (size_t i = 0; i < json_array_size(lines); i++) {
        double value = assay_run_number(json_array_get(lines, i), key);
        if (isfinite(value)) total = most ? fmax(total, value) : total + value;
    }
    return total;
}

static figures look(const assay_run_data *data)
{
    figures f = {.first = json_array_get(data->evaluations, 0),
                 .last = assay_report_last(data->evaluations),
                 .kind = assay_run_kind_of(data)};
    f.steps = sum(data->steps, "step", true);
    f.pairs = sum(data->steps, "pairs", false);
    f.tokens = sum(data->steps, "tokens", false) - sum(data->steps, "tokens_shared", false);
    f.seconds = sum(data->steps, "seconds", false);
    f.eval_seconds = sum(data->evaluations, "eval_seconds", false);
    f.taken = sum(data->steps, "anon_peak_bytes", true);
    f.promised = sum(data->steps, "anon_planned_bytes", true);
    f.planned = sum(data->steps, "planned_bytes", true);
    f.rss = sum(data->steps, "rss_bytes", true);
    f.accuracy = assay_run_number(f.last, "eval_accuracy");
    f.low = assay_run_number(f.last, "eval_accuracy_low");
    f.high = assay_run_number(f.last, "eval_accuracy_high");
    f.longer = assay_run_number(f.last, "eval_longer_wins");
    return f;
}

static void seconds_text(assay_page *page, double seconds)
{
    char text[32];
    assay_format_seconds(seconds, text, sizeof text);
    assay_page_add(page, "%s", text);
}

static void held_out_loss(assay_page *page, const figures *f)
{
    assay_page_add(page, "<div class=\"tile\"><b>");
    assay_page_number(page, assay_run_number(f->last, "eval_loss"), 3);
    assay_page_add(page, "</b><span>held-out loss</span><span>");
    assay_page_number(page, assay_run_number(f->first, "eval_loss"), 3);
    assay_page_add(page, " at the first evaluation</span></div>\n");
}

static void of_attributes(assay_page *page, const figures *f)
{
    assay_page_add(page, "<div class=\"tile\"><b>");
    assay_page_number(page, assay_run_number(f->last, "eval_r2"), 3);
    assay_page_add(page, "</b><span>R2, mean over attributes</span><span>");
    assay_page_number(page, assay_run_number(f->last, "eval_pairs"), 12);
    assay_page_add(page, " held-out answers</span></div>\n<div class=\"tile\"><b>");
    assay_page_number(page, assay_run_number(f->last, "eval_pearson"), 3);
    assay_page_add(page, "</b><span>Pearson's correlation</span><span>Spearman's ");
    assay_page_number(page, assay_run_number(f->last, "eval_spearman"), 3);
    assay_page_add(page, "</span></div>\n");
    held_out_loss(page, f);
}

static void of_evaluation(assay_page *page, const figures *f)
{
    if (f->kind == ASSAY_RUN_GRADED) return of_attributes(page, f);
    assay_page_add(page, "<div class=\"tile\"><b>");
    assay_page_number(page, 100 * f->accuracy, 3);
    assay_page_add(page, " %%</b><span>held-out accuracy</span><span>95 %% interval ");
    assay_page_number(page, 100 * f->low, 3);
    assay_page_add(page, " to ");
    assay_page_number(page, 100 * f->high, 3);
    assay_page_add(page, " %%, ");
    assay_page_number(page, assay_run_number(f->last, "eval_pairs"), 12);
    bool compared = f->kind == ASSAY_RUN_COMPARED;
    assay_page_add(page, " %s</span></div>\n",
                   compared                     ? "pairs"
                   : f->kind == ASSAY_RUN_STEPS ? "answers in labelled steps"
                                                : "labelled answers");
    if (compared) {
        assay_page_add(page, "<div class=\"tile\"><b>%s", f->accuracy > f->longer ? "+" : "");
        assay_page_number(page, 100 * (f->accuracy - f->longer), 3);
        assay_page_add(page, "</b><span>points over picking the longer answer, which reaches ");
        assay_page_number(page, 100 * f->longer, 3);
        assay_page_add(page, "\xc2\xa0%%</span></div>\n");
    }
    held_out_loss(page, f);
}

static void tiles(assay_page *page, const figures *f)
{
    assay_page_add(page, "<div class=\"tiles\">\n");
    if (f->last) of_evaluation(page, f);
    assay_page_add(page, "<div class=\"tile\"><b>%.0f</b><span>steps, %.0f %s</span><span>in ", f->steps, f->pairs,
                   f->kind == ASSAY_RUN_COMPARED ? "pairs" : "answers");
    seconds_text(page, f->seconds);
    assay_page_add(page, " of training");
    if (f->eval_seconds > 0) {
        assay_page_add(page, " and ");
        seconds_text(page, f->eval_seconds);
        assay_page_add(page, " of evaluation");
    }
    assay_page_add(page, "</span></div>\n");
    if (f->seconds > 0)
        assay_page_add(page,
                       "<div class=\"tile\"><b>%.0f</b><span>tokens per second</span><span>computed; shared prompts "
                       "once</span></div>\n",
                       f->tokens / f->seconds);
    assay_page_add(page, "<div class=\"tile\"><b>");
    assay_page_bytes(page, f->promised > 0 ? f->taken : f->rss);
    assay_page_add(page, "</b><span>%s</span><span>planned ",
                   f->promised > 0 ? "most memory of the process" : "most memory resident");
    assay_page_bytes(page, f->promised > 0 ? f->promised : f->planned);
    assay_page_add(page, "</span></div>\n</div>\n");
}

static void note(assay_page *page, bool *any, const char *text)
{
    assay_page_add(page, "%s<li>%s</li>\n", *any ? "" : "<h2>What to look at</h2>\n<ul>\n", text);
    *any = true;
}

/* More than the noise of a good run: the held-out loss ends a tenth above the lowest it had. */
static void say_overtrained(assay_page *page, bool *any, const json_t *evaluations)
{
    char text[256];
    size_t best = 0, count = json_array_size(evaluations);
    if (count < 3) return;
    double last = assay_run_number(json_array_get(evaluations, count - 1), "eval_loss"), lowest = last;
    for (size_t i = 0; i < count; i++) {
        double loss = assay_run_number(json_array_get(evaluations, i), "eval_loss");
        if (!(loss < lowest)) continue;
        lowest = loss;
        best = i;
    }
    if (!(last > 1.1 * lowest)) return;
    assay_text_format(
        text, sizeof text,
        "The held-out loss was lowest (%.3g) after step %.0f and ended at %.3g: the model grew surer than it is "
        "right; fewer steps or a smaller --lr may judge better.",
        lowest, assay_run_number(json_array_get(evaluations, best), "step"), last);
    note(page, any, text);
}

static void remarks(assay_page *page, const assay_run_data *data, const figures *f)
{
    bool any = false;
    double correlation = assay_run_number(f->last, "eval_length_correlation"),
           total = assay_run_number(data->state, "max_steps");
    if (!f->last)
        note(page, &any,
             "Nothing was held out: there is no telling whether this model learned more than its training data.");
    if (total > f->steps) note(page, &any, "The run ended before its last step.");
    if (f->low <= f->longer && f->longer <= f->high)
        note(page, &any,
             "The accuracy's interval holds what picking the longer answer reaches: more held-out pairs, or more "
             "training, would be needed to tell them apart.");
    if (f->low <= 0.5 && f->high >= 0.5)
        note(page, &any, "The accuracy's interval holds 50 %: on this data the model cannot be told from a coin.");
    say_overtrained(page, &any, data->evaluations);
    if (fabs(correlation) > 0.5)
        note(page, &any,
             "Rewards follow the answers' length (correlation above 0.5): see accuracy by which answer is longer.");
    if (f->steps > 0 && f->steps < 50)
        note(page, &any, "Fewer than 50 optimizer steps: a smaller batch or more epochs may train better.");
    if (f->promised > 0 && f->taken > f->promised)
        note(page, &any, "The process took more memory than was planned for it.");
    if (any) assay_page_add(page, "</ul>\n");
}

void assay_report_summary(assay_page *page, const assay_run_data *data)
{
    const json_t *options = json_object_get(data->notes, "options");
    figures f = look(data);
    assay_page_add(page, "<h1>");
    assay_page_text(page, assay_path_base(data->folder));
    assay_page_add(page, "</h1>\n<p class=\"soft\">Reward model report");
    if (json_object_get(options, "model")) {
        assay_page_add(page, " \xc2\xb7 ");
        assay_page_value(page, json_object_get(options, "tuning"));
        assay_page_add(page, " on ");
        assay_page_text(page, assay_path_base(json_string_value(json_object_get(options, "model"))
                                                  ? json_string_value(json_object_get(options, "model"))
                                                  : ""));
    }
    if (json_object_get(data->notes, "objective")) {
        assay_page_add(page, " \xc2\xb7 objective ");
        assay_page_value(page, json_object_get(data->notes, "objective"));
    }
    if (data->notes) {
        assay_page_add(page, " \xc2\xb7 Assay ");
        assay_page_value(page, json_object_get(data->notes, "assay"));
    }
    if (*data->written) {
        assay_page_add(page, " \xc2\xb7 written ");
        assay_page_text(page, data->written);
    }
    assay_page_add(page, "</p>\n");
    assay_report_command(page, data);
    tiles(page, &f);
    remarks(page, data, &f);
}
