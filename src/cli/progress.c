#include "cli/progress.h"

#include "base/clock.h"
#include "base/format.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

enum { BAR_WIDTH = 16 };

/* Appends a label and a number with `digits` behind the point. */
static void add(char *text, size_t size, const char *label, int digits, double value)
{
    size_t used = strlen(text);
    if (!isnan(value)) assay_text_format(text + used, size - used, "  %s %.*f", label, digits, value);
}

static void add_text(char *text, size_t size, const char *label, const char *value)
{
    size_t used = strlen(text);
    snprintf(text + used, size - used, "  %s %s", label, value);
}

static void add_rate(char *text, size_t size, double lr)
{
    size_t used = strlen(text);
    if (!isnan(lr)) assay_text_format(text + used, size - used, "  lr %.2e", lr);
}

static void add_memory(char *text, size_t size, const assay_progress_sample *sample)
{
    char used[32], limit[32], both[80];
    if (sample->memory_bytes == 0) return;
    assay_format_bytes(sample->memory_bytes, used, sizeof used);
    assay_format_bytes(sample->memory_limit, limit, sizeof limit);
    snprintf(both, sizeof both, "%s%s%s", used, sample->memory_limit ? " of " : "", sample->memory_limit ? limit : "");
    add_text(text, size, "mem", both);
}

/* The line for a sample: "train 12/96  loss 0.6931  acc 0.50 ...". seconds_left < 0: unknown. */
static void format_line(const assay_progress *progress, const assay_progress_sample *sample, double seconds_left,
                        char *text, size_t size)
{
    if (progress->total > 0)
        snprintf(text, size, "%s %lld/%lld", progress->what, (long long)sample->step, (long long)progress->total);
    else snprintf(text, size, "%s %lld", progress->what, (long long)sample->step);
    add(text, size, "loss", 4, sample->loss);
    add(text, size, "acc", 3, sample->accuracy);
    add(text, size, "margin", 3, sample->margin);
    add_rate(text, size, sample->lr);
    add(text, size, "tok/s", 0, sample->tokens_per_second);
    add_memory(text, size, sample);
    if (seconds_left < 0) return;
    char left[32];
    assay_format_seconds(seconds_left, left, sizeof left);
    add_text(text, size, "ETA", left);
}

void assay_progress_begin(assay_progress *progress, assay_terminal *terminal, const char *what, int64_t total,
                          int64_t interval)
{
    *progress =
        (assay_progress){.terminal = terminal, .what = what, .total = total, .interval = interval > 0 ? interval : 1};
}

static double seconds_left(const assay_progress *progress, int64_t step, double now)
{
    int64_t done = step - progress->first_step;
    if (progress->total <= 0 || done <= 0) return -1;
    return (now - progress->first_seconds) / (double)done * (double)(progress->total - step);
}

static void draw_bar(const assay_progress *progress, const assay_progress_sample *sample, const char *line)
{
    char text[512], bar[BAR_WIDTH + 1];
    int64_t filled = progress->total > 0 ? sample->step * BAR_WIDTH / progress->total : 0;
    for (int i = 0; i < BAR_WIDTH; i++) bar[i] = i < filled ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    snprintf(text, sizeof text, "[%s] %s", bar, line);
    assay_terminal_line(progress->terminal, text);
}

void assay_progress_update(assay_progress *progress, const assay_progress_sample *sample)
{
    char line[480];
    double now = assay_clock_seconds();
    bool last = progress->total > 0 && sample->step >= progress->total;
    if (progress->first_seconds == 0) {
        progress->first_seconds = now;
        progress->first_step = sample->step;
    }
    if (progress->terminal->quiet) return;
    format_line(progress, sample, seconds_left(progress, sample->step, now), line, sizeof line);
    if (progress->terminal->live) {
        if (now - progress->shown_seconds >= 0.1 || last) draw_bar(progress, sample, line);
        progress->shown_seconds = now - progress->shown_seconds >= 0.1 ? now : progress->shown_seconds;
    } else if (sample->step % progress->interval == 0 || last) {
        assay_terminal_say(progress->terminal, line);
    }
}

void assay_progress_end(assay_progress *progress)
{
    if (!progress->terminal->line_shown) return;
    fputc('\n', progress->terminal->out);
    fflush(progress->terminal->out);
    progress->terminal->line_shown = false;
}
