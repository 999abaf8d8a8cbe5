/* Which ways of computing a step are compared: the lists of schedules, micro-batch sizes and thread counts, and the
 * cells made of them. */
#include "train/verify_private.h"

#include <stdio.h>

enum { BETWEEN = 5, SINGLE_THREADS = 4 };

static void add_schedule(assay_verify_result *r, assay_keep keep, int replayed)
{
    r->schedules[r->schedule_count++] = (assay_verify_schedule){.keep = keep, .replayed = replayed};
}

static void list_schedules(assay_verify_result *r, int layers, bool spills)
{
    add_schedule(r, ASSAY_KEEP_EVERYTHING, 0);
    add_schedule(r, ASSAY_KEEP_NEEDED, 0);
    for (int i = 1, last = 0; i <= BETWEEN; i++) {
        int replayed = i * layers / (BETWEEN + 1);
        if (replayed > last && replayed < layers) add_schedule(r, ASSAY_KEEP_NEEDED, last = replayed);
    }
    add_schedule(r, ASSAY_KEEP_NEEDED, layers);
    if (!spills) return;
    add_schedule(r, ASSAY_KEEP_NEEDED, 0);
    r->schedules[r->schedule_count - 1].spilled = layers;
}

static void add_micro(assay_verify_result *r, size_t tokens)
{
    for (int i = 0; i < r->micro_count; i++)
        if (r->micros[i] == tokens) return;
    r->micros[r->micro_count++] = tokens;
}

/* From a pair at a time to all at once. */
static void list_micros(assay_verify_result *r, size_t longest_pair, size_t wanted)
{
    size_t half = (r->tokens + 1) / 2;
    add_micro(r, longest_pair);
    add_micro(r, half > longest_pair ? half : longest_pair + (r->tokens - longest_pair) / 2);
    add_micro(r, r->tokens);
    if (wanted >= longest_pair && wanted < r->tokens) add_micro(r, wanted);
}

static void list_threads(assay_verify_result *r, int most)
{
    for (int n = 1; n < most && r->thread_count + 1 < ASSAY_VERIFY_THREADS; n += n < SINGLE_THREADS ? 1 : n)
        r->threads[r->thread_count++] = n;
    r->threads[r->thread_count++] = most;
}

static bool is_wanted(const assay_verify_result *r, bool combinations, int schedule, int micro, int thread)
{
    bool rotated = micro == schedule % r->micro_count && thread == schedule % r->thread_count;
    bool ends = schedule == 1 || r->schedules[schedule].replayed == r->layers || r->schedules[schedule].spilled;
    return combinations || rotated ||
           (ends && (thread == schedule % r->thread_count || micro == schedule % r->micro_count));
}

assay_status assay_verify_list_ways(assay_verify_result *r, const assay_verify_setup *setup, size_t longest_pair,
                                    assay_error *err)
{
    r->layers = setup->model->program->layers;
    list_schedules(r, r->layers, setup->settings->spill != NULL);
    list_micros(r, longest_pair, setup->micro_tokens);
    list_threads(r, setup->threads);
    r->cells =
        assay_alloc((size_t)r->schedule_count * (size_t)r->micro_count * (size_t)r->thread_count, sizeof *r->cells);
    ASSAY_TRY_ALLOC(r->cells, "the ways to compare", err);
    for (int s = 0; s < r->schedule_count; s++)
        for (int m = 0; m < r->micro_count; m++)
            for (int t = 0; t < r->thread_count; t++)
                if (is_wanted(r, setup->combinations, s, m, t))
                    r->cells[r->cell_count++] = (assay_verify_cell){.schedule = s, .micro = m, .thread = t};
    return ASSAY_OK;
}

void assay_verify_schedule_name(const assay_verify_schedule *schedule, int layers, char *text, size_t size)
{
    if (schedule->keep == ASSAY_KEEP_EVERYTHING) snprintf(text, size, "keep everything");
    else if (schedule->spilled) snprintf(text, size, "all layers spilled");
    else if (schedule->replayed == 0) snprintf(text, size, "recompute off");
    else if (schedule->replayed == layers) snprintf(text, size, "recompute all");
    else snprintf(text, size, "%d layer%s replayed", schedule->replayed, schedule->replayed == 1 ? "" : "s");
}
