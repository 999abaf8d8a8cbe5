/* The run itself, and what is said of it; one way to run is planning_variant.c's. */
#include "task/planning_private.h"

#include "base/alloc.h"
#include "base/format.h"
#include "base/sizes.h"
#include "task/early_choice.h"

#include <stdio.h>
#include <string.h>

/* Its end, where the line is, if it is too long: from the start of a character on. */
static void copy_place(char *to, size_t size, const char *place)
{
    size_t length = strlen(place), dots = 3;
    if (length < size) dots = 0;
    else place += length - (size - 1 - dots);
    while (dots && ((unsigned char)*place & 0xc0) == 0x80) place++;
    snprintf(to, size, "%.*s%s", (int)dots, "...", place);
}

static void find_longest_pair(assay_planning *p, const assay_example_set *set)
{
    for (size_t i = 0; set && !*p->longest_place && i < set->count; i++) {
        if (assay_example_tokens(set, &set->items[i]) != p->longest_pair) continue;
        char *place = assay_pair_set_place(set->pairs, set->pairs->pairs[set->items[i].pair].place);
        if (place) copy_place(p->longest_place, sizeof p->longest_place, place);
        assay_free(place);
    }
}

/* A step of usual pairs; without data of the longest, and then the run may have no end. */
static void forecast_spilling(assay_planning *p, const assay_variant *asked)
{
    const assay_planning_subject *s = &asked->subject;
    double pair = (double)asked->longest, pairs = (double)s->settings.batch_pairs,
           steps = (double)s->settings.max_steps;
    size_t count = s->examples ? s->examples->count : 0;
    if (count) {
        pair = assay_example_set_mean_tokens(s->examples);
        pairs = (double)assay_smaller_bytes(count, s->settings.batch_pairs);
        steps = (double)assay_trainer_steps(&s->settings, count);
    }
    assay_spill_forecast_end(&p->spill, &p->plan, pair * pairs, pair * pairs * steps);
}

/* A step in one micro-batch may take more than what is spared. */
static bool is_worse(const assay_variant *early, const assay_variant *kept)
{
    return kept->fits == early->fits ? kept->plan.total_bytes <= early->plan.total_bytes : kept->fits;
}

/* The run itself. Where its gradients cannot be applied early, or that is of no use, they are kept. */
static assay_status plan_asked(assay_planning *p, assay_variant *asked, assay_error *err)
{
    const assay_planning_subject *s = &asked->subject;
    char bytes[32];
    if (s->settings.early)
        assay_early_hindrance(&s->settings, s->model.slice.end > 0, assay_variant_request(asked, NULL).step_tokens,
                              p->kept_for, sizeof p->kept_for);
    if (*p->kept_for) asked->subject.settings.early = false;
    assay_variant kept = *asked;
    ASSAY_TRY(assay_variant_plan(asked, true, s->alternatives, err));
    if (!s->settings.early) return ASSAY_OK;
    kept.spill = asked->spill;
    kept.subject.settings.spill_flops = asked->subject.settings.spill_flops;
    kept.subject.settings.early = false;
    ASSAY_TRY(assay_variant_plan(&kept, true, s->alternatives, err));
    if (!is_worse(asked, &kept)) return ASSAY_OK;
    assay_format_bytes(asked->plan.total_bytes, bytes, sizeof bytes);
    snprintf(p->kept_for, sizeof p->kept_for, "with a step of up to %zu tokens in one micro-batch the run takes %s",
             asked->plan.micro_tokens, bytes);
    *asked = kept;
    return ASSAY_OK;
}

assay_status assay_planning_make(assay_planning *planning, const assay_planning_subject *subject, assay_error *err)
{
    assay_variant asked = {.subject = *subject};
    *planning = (assay_planning){0};
    if (subject->alone) asked.subject.alternatives = false;
    ASSAY_TRY(plan_asked(planning, &asked, err));
    planning->budget = asked.subject.settings.budget;
    planning->fits = asked.fits;
    planning->plan = asked.plan;
    planning->size = asked.size;
    planning->streamed = asked.streamed;
    planning->forecast = asked.forecast;
    planning->spill = asked.spill;
    if (planning->plan.spilled) forecast_spilling(planning, &asked);
    planning->layers = asked.layers;
    planning->gradients = assay_trainer_gradients(&asked.subject.settings) * asked.size.trained * sizeof(float);
    planning->optimizer = asked.moments;
    planning->slices = subject->settings.slices;
    planning->weights = asked.weights;
    planning->inlet_bytes = asked.inlet;
    planning->inlet_gradient_bytes = asked.inlet_gradient;
    planning->rss = assay_variant_peak(&asked);
    planning->largest_off = asked.largest_off;
    planning->largest_all = asked.largest_all;
    planning->longest_pair = asked.longest;
    find_longest_pair(planning, subject->examples);
    find_longest_pair(planning, subject->evaluation);
    if (asked.subject.alternatives) ASSAY_TRY(assay_planning_make_menu(planning, &asked, err));
    return !subject->alone && (subject->alternatives || !asked.fits) ? assay_planning_find_ways(planning, &asked, err)
                                                                     : ASSAY_OK;
}

assay_status assay_planning_refuse(const assay_planning *p, assay_error *err)
{
    char need[32], budget[32], arena[32], advice[500] = "", line[160], bytes[32], longest[256] = "";
    assay_format_bytes(p->plan.total_bytes, need, sizeof need);
    assay_format_bytes(p->budget, budget, sizeof budget);
    assay_format_bytes(p->plan.arena_bytes, arena, sizeof arena);
    for (size_t i = 0; i < p->option_count; i++) {
        if (!p->options[i].fits) continue;
        assay_format_bytes(p->options[i].plan.total_bytes, bytes, sizeof bytes);
        snprintf(line, sizeof line, "%s (%s), ", p->options[i].text, bytes);
        strncat(advice, line, sizeof advice - strlen(advice) - 1);
    }
    if (*p->longest_place)
        snprintf(longest, sizeof longest, "the pair at %s has %zu, and ", p->longest_place, p->longest_pair);
    return assay_error_set(err, ASSAY_E_NO_FIT,
                           "this run needs %s: %.1f MiB of weights, gradients and optimizer, and %s for a micro-batch "
                           "of %zu tokens (%sa pair is never split) with %d of %d layer%s "
                           "%s. The budget is %s. What would fit: %s--memory %.0fM",
                           need, (double)(p->plan.total_bytes - p->plan.arena_bytes) / 1048576, arena,
                           p->plan.micro_tokens, longest, p->plan.replayed + p->plan.spilled, p->layers,
                           p->layers == 1 ? "" : "s", p->plan.spilled ? "spilled" : "recomputed", budget, advice,
                           (double)p->plan.total_bytes / 1048576 + 1);
}
