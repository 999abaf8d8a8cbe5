/* Alternatives are the run as asked with one thing changed, planned like the run itself. Their order is their cost to
 * the user: first what changes no result (recomputation), then what rounds otherwise (bf16, moments in eight bits),
 * then what trains less (rank, head), then what drops data (length). */
#include "task/planning_private.h"

#include "base/sizes.h"

#include <stdio.h>

static assay_status consider(assay_planning *planning, const char *text, assay_variant *v, double fastest,
                             assay_error *err)
{
    assay_plan_option *option = &planning->options[planning->option_count];
    ASSAY_TRY(assay_variant_plan(v, false, false, err));
    snprintf(option->text, sizeof option->text, "%s", text);
    option->fits = v->fits;
    option->plan = v->plan;
    option->relative_time = v->plan.time / fastest;
    planning->option_count++;
    return ASSAY_OK;
}

static assay_status consider_recompute(assay_planning *p, const assay_variant *asked, double fastest, assay_error *err)
{
    assay_variant v = *asked;
    v.subject.settings.recompute = ASSAY_RECOMPUTE_ALL;
    v.subject.settings.spill = NULL;
    v.subject.settings.early = false;
    v.subject.settings.micro_tokens = p->longest_pair;
    return asked->subject.settings.recompute == ASSAY_RECOMPUTE_ALL && asked->plan.micro_tokens == p->longest_pair
               ? ASSAY_OK
               : consider(p, "--recompute all, smallest micro-batch", &v, fastest, err);
}

/* bf16 halves the time only where the processor multiplies it itself. */
static assay_status consider_bf16(assay_planning *p, const assay_variant *asked, double fastest, assay_error *err)
{
    assay_variant v = *asked;
    v.subject.model.bf16 = true;
    return asked->subject.model.bf16
               ? ASSAY_OK
               : consider(p, "--precision bf16", &v, asked->subject.kernels->bf16->native ? 2 * fastest : fastest, err);
}

static assay_status consider_rank(assay_planning *p, const assay_variant *asked, double fastest, assay_error *err)
{
    assay_variant v = *asked;
    char text[64];
    if (!asked->subject.model.lora || asked->subject.adapter || asked->subject.model.tuning != ASSAY_TUNE_LORA ||
        asked->subject.model.lora->rank < 2)
        return ASSAY_OK;
    v.lora = *asked->subject.model.lora;
    v.lora.rank /= 2;
    v.subject.model.lora = &v.lora;
    snprintf(text, sizeof text, "--lora-rank %zu", v.lora.rank);
    return consider(p, text, &v, fastest, err);
}

static assay_status consider_tuning(assay_planning *p, const assay_variant *asked, double fastest, assay_error *err)
{
    static const assay_lora_spec usual = {.rank = 8, .alpha = 16};
    assay_variant v = *asked;
    if (asked->subject.model.tuning == ASSAY_TUNE_FULL) {
        v.subject.model.tuning = ASSAY_TUNE_LORA;
        v.subject.model.lora = &usual;
        ASSAY_TRY(consider(p, "--tuning lora", &v, fastest, err));
    }
    v = *asked;
    v.subject.model.tuning = ASSAY_TUNE_HEAD;
    v.subject.model.lora = NULL;
    return asked->subject.model.tuning == ASSAY_TUNE_HEAD ? ASSAY_OK : consider(p, "--tuning head", &v, fastest, err);
}

/* Worth a line where all weights are trained: an adapter's moments are small. */
static assay_status consider_moments(assay_planning *p, const assay_variant *asked, double fastest, assay_error *err)
{
    assay_variant v = *asked;
    v.subject.settings.eight_bits = true;
    return asked->subject.model.tuning != ASSAY_TUNE_FULL || asked->subject.settings.eight_bits
               ? ASSAY_OK
               : consider(p, "--moments 8bit", &v, fastest, err);
}

/* With data: the greatest length that fits (half of the longest where all do), and how many pairs it costs. A greater
 * length leaves all that a smaller one does, so it can be bisected. */
static assay_status consider_lengths_of_data(assay_planning *p, const assay_variant *asked, double fastest,
                                             assay_error *err)
{
    const assay_planning_subject *s = &asked->subject;
    size_t low = 0, high = assay_larger(s->examples->longest, s->evaluation ? s->evaluation->longest : 0), ignored = 0;
    char text[96];
    assay_variant v = *asked;
    v.subject.settings.micro_tokens = 0;
    while (!asked->fits && high - low > 1) {
        v.length = low + (high - low) / 2;
        bool any = assay_variant_count_within(s->examples, v.length, s->cuts, &ignored) > 0;
        if (any) ASSAY_TRY(assay_variant_plan(&v, false, false, err));
        if (any && !v.fits) high = v.length;
        else low = v.length;
    }
    if (asked->fits) low = high / 2;
    v.length = low;
    size_t left = assay_variant_count_within(s->examples, low, s->cuts, &ignored);
    if (left == 0) return ASSAY_OK;
    if (s->cuts) snprintf(text, sizeof text, "--max-length %zu", low);
    else
        snprintf(text, sizeof text, "--max-length %zu, without %zu of %zu pairs", low, s->examples->count - left,
                 s->examples->count);
    return consider(p, text, &v, fastest, err);
}

/* Without data the length is halved. */
static assay_status consider_length(assay_planning *p, const assay_variant *asked, double fastest, assay_error *err)
{
    assay_variant v = *asked;
    char text[64];
    assay_plan_request request = assay_variant_request(asked, NULL);
    if (asked->subject.examples) return consider_lengths_of_data(p, asked, fastest, err);
    if (request.longest_path < 2) return ASSAY_OK;
    v.subject.max_length = request.longest_path / 2;
    v.subject.settings.micro_tokens = 0;
    snprintf(text, sizeof text, "--max-length %zu", v.subject.max_length);
    return consider(p, text, &v, fastest, err);
}

assay_status assay_planning_find_ways(assay_planning *p, const assay_variant *asked, assay_error *err)
{
    double fastest = asked->plan.time / asked->plan.relative_time;
    ASSAY_TRY(consider_recompute(p, asked, fastest, err));
    ASSAY_TRY(consider_bf16(p, asked, fastest, err));
    ASSAY_TRY(consider_moments(p, asked, fastest, err));
    ASSAY_TRY(consider_rank(p, asked, fastest, err));
    ASSAY_TRY(consider_tuning(p, asked, fastest, err));
    return consider_length(p, asked, fastest, err);
}
