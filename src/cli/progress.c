#include "cli/progress.h"

#include "base/clock.h"
#include "base/format.h"
#include "base/text.h"

#include <math.h>
#include <string.h>

enum { BAR_WIDTH = 16, MOST_FIELDS = 10, FIELD_BYTES = 56, BAR = 3, LAST_RANK = 6 };

/* A line in pieces. Where it is too long for the terminal, those of the lowest rank that is left are dropped until it
 * fits: the rate, the memory and the time left are what a long run is looked at for. 0 is never dropped. */
typedef struct field {
    char text[FIELD_BYTES];
    int rank; /* 1: dropped first */
} field;

typedef struct fields {
    field items[MOST_FIELDS];
    size_t count;
} fields;

static field *next(fields *all, int rank)
{
    field *f = &all->items[all->count++];
    f->rank = rank;
    return f;
}

static void add(fields *all, int rank, const char *label, int digits, double value)
{
    if (!isnan(value)) assay_text_format(next(all, rank)->text, FIELD_BYTES, " %s %.*f", label, digits, value);
}

static void add_rate(fields *all, int rank, double lr)
{
    if (!isnan(lr)) assay_text_format(next(all, rank)->text, FIELD_BYTES, " lr %.2e", lr);
}

static void add_text(fields *all, int rank, const char *label, const char *value)
{
    snprintf(next(all, rank)->text, FIELD_BYTES, "%s%s", label, value);
}

static void add_bar(fields *all, int64_t step, int64_t total)
{
    char bar[BAR_WIDTH + 1];
    int64_t filled = total > 0 ? step * BAR_WIDTH / total : 0;
    for (int i = 0; i < BAR_WIDTH; i++) bar[i] = i < filled ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    snprintf(next(all, BAR)->text, FIELD_BYTES, "[%s]", bar);
}

/* The process has more than the plan, which the limit is for: the program, its libraries, the data, mapped files. */
static void add_memory(fields *all, const assay_progress_sample *sample)
{
    char used[32], limit[32], text[FIELD_BYTES];
    bool above = sample->memory_limit && sample->memory_bytes > sample->memory_limit;
    if (sample->memory_bytes == 0) return;
    assay_format_bytes(sample->memory_bytes, used, sizeof used);
    assay_format_bytes(above ? sample->planned_bytes : sample->memory_limit, limit, sizeof limit);
    add_text(all, 0, " mem ", used);
    if (!sample->memory_limit) return;
    snprintf(text, sizeof text, "%s%s%s", above ? "(plan " : "of ", limit, above ? " + program, data)" : "");
    add_text(all, above ? 4 : 2, "", text);
}

static void add_steps(fields *all, const assay_progress *progress, const assay_progress_sample *sample)
{
    char total[24] = "";
    if (progress->total > 0) snprintf(total, sizeof total, "/%lld", (long long)progress->total);
    snprintf(next(all, 0)->text, FIELD_BYTES, "%s %lld%s", progress->what, (long long)sample->step, total);
}

/* "train 12/96  loss 0.6931  acc 0.50 ...". seconds_left < 0: unknown. */
static void add_figures(fields *all, const assay_progress_sample *sample, double seconds_left)
{
    add(all, 6, "loss", 4, sample->loss);
    add(all, 5, "acc", 3, sample->accuracy);
    add(all, 1, "margin", 3, sample->margin);
    add_rate(all, 1, sample->lr);
    add(all, 0, "tok/s", 0, sample->tokens_per_second);
    add_memory(all, sample);
    if (seconds_left < 0) return;
    char left[32];
    assay_format_seconds(round(seconds_left), left, sizeof left); /* a guess */
    add_text(all, 0, " ETA ", left);
}

/* The pieces of at least that rank, and those never dropped, with blanks between them. */
static void join(const fields *all, int rank, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < all->count && used < size; i++) {
        const field *f = &all->items[i];
        if (f->rank == 0 || f->rank >= rank)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? " " : "", f->text);
    }
}

static void join_within(const fields *all, size_t columns, char *text, size_t size)
{
    int rank = 0;
    do join(all, ++rank, text, size);
    while (strlen(text) > columns && rank <= LAST_RANK);
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

static void draw(assay_progress *progress, const assay_progress_sample *sample, double left)
{
    fields all = {.count = 0};
    add_bar(&all, sample->step, progress->total);
    add_steps(&all, progress, sample);
    add_figures(&all, sample, left);
    join_within(&all, assay_terminal_room(progress->terminal), progress->line, sizeof progress->line);
}

static void say(assay_progress *progress, const assay_progress_sample *sample, double left)
{
    fields all = {.count = 0};
    add_steps(&all, progress, sample);
    add_figures(&all, sample, left);
    join(&all, 0, progress->line, sizeof progress->line);
    assay_terminal_say(progress->terminal, progress->line);
}

void assay_progress_update(assay_progress *progress, const assay_progress_sample *sample)
{
    double now = assay_clock_seconds();
    bool last = progress->total > 0 && sample->step >= progress->total;
    if (progress->first_seconds == 0) {
        progress->first_seconds = now;
        progress->first_step = sample->step;
    }
    if (progress->terminal->quiet) return;
    double left = seconds_left(progress, sample->step, now);
    if (!progress->terminal->live) {
        if (sample->step % progress->interval == 0 || last) say(progress, sample, left);
        return;
    }
    draw(progress, sample, left);
    if (now - progress->shown_seconds < 0.1 && !last) return;
    assay_terminal_line(progress->terminal, progress->line);
    progress->shown_seconds = now;
}

/* The last line as of the last step: it may have come too soon behind another to be shown, or Ctrl-C may stand in it.
 */
void assay_progress_end(assay_progress *progress)
{
    if (!progress->terminal->line_shown) return;
    assay_terminal_line(progress->terminal, progress->line);
    fputc('\n', progress->terminal->out);
    fflush(progress->terminal->out);
    progress->terminal->line_shown = false;
}
