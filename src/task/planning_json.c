#include "task/planning.h"

/* A time that is not known is null. */
static json_t *menu(const assay_planning *p)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < p->row_count; i++) {
        const assay_plan_row *r = &p->rows[i];
        json_array_append_new(list, json_pack("{s:s, s:b, s:I, s:o, s:I, s:i, s:i, s:b}", "way", r->text, "fits",
                                              r->fits, "peak_bytes", (json_int_t)r->plan.total_bytes, "relative_time",
                                              assay_json_number(r->relative_time), "micro_tokens",
                                              (json_int_t)r->plan.micro_tokens, "layers_replayed", r->plan.replayed,
                                              "layers_spilled", r->plan.spilled, "streamed", r->plan.streamed));
    }
    return list;
}

static json_t *suggestions(const assay_planning *p)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < p->option_count; i++) {
        const assay_plan_option *o = &p->options[i];
        json_array_append_new(list, json_pack("{s:s, s:b, s:I, s:f, s:I, s:i}", "option", o->text, "fits", o->fits,
                                              "peak_bytes", (json_int_t)o->plan.total_bytes, "relative_time",
                                              o->relative_time, "micro_tokens", (json_int_t)o->plan.micro_tokens,
                                              "layers_replayed", o->plan.replayed));
    }
    return list;
}

/* The sentence of a refusal, NULL where there is nothing to refuse. */
static json_t *reason(const assay_planning *p)
{
    assay_error refusal;
    if (p->fits) return NULL;
    (void)assay_planning_refuse(p, &refusal);
    json_t *text = json_string(refusal.text);
    return text ? text : json_string("it does not fit, and its path is not UTF-8");
}

/* NULL where nobody asked for gradients to be applied early. */
static json_t *gradients(const assay_planning *p)
{
    bool asked = p->plan.early || *p->kept_for;
    return asked ? json_pack("{s:b, s:s*}", "early", p->plan.early, "kept_for", p->plan.early ? NULL : p->kept_for)
                 : NULL;
}

/* NULL where all weights stay in memory. */
static json_t *streaming(const assay_planning *p)
{
    const assay_stream_forecast *f = &p->forecast;
    if (!p->plan.streamed) return NULL;
    json_t *json = json_pack("{s:I, s:I}", "weight_bytes", (json_int_t)p->streamed, "read_bytes_micro_batch",
                             (json_int_t)p->plan.read_bytes);
    if (json && p->fits) json_object_set_new(json, "read_bytes_step", json_integer((json_int_t)f->step_bytes));
    if (json && p->fits && f->read_speed > 0)
        json_object_update_new(json, json_pack("{s:f, s:f, s:f, s:f}", "read_bytes_per_second", f->read_speed,
                                               "read_seconds", f->read_seconds, "compute_seconds", f->compute_seconds,
                                               "step_seconds", f->seconds));
    return json;
}

json_t *assay_planning_json(const assay_planning *p)
{
    size_t weights = p->size.owned + p->size.borrowed - p->streamed - p->size.adapters,
           activations = p->plan.arena_bytes - p->plan.scratch_bytes;
    json_t *classes = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "weights", (json_int_t)weights, "adapters",
                                (json_int_t)p->size.adapters, "gradients", (json_int_t)p->gradients, "optimizer",
                                (json_int_t)p->optimizer, "activations", (json_int_t)activations, "workspace",
                                (json_int_t)p->plan.scratch_bytes);
    return json_pack(
        "{s:b, s:o*, s:o*, s:o*, s:o*, s:I, s:I, s:I, s:o, s:I, s:i, s:i, s:f, s:f, s:I, s:I, s:I, s:o*, s:o*}", "fits",
        p->fits, "reason", reason(p), "streamed", streaming(p), "spilled",
        assay_spill_forecast_json(&p->spill, &p->plan), "gradients", gradients(p), "peak_bytes",
        (json_int_t)p->plan.total_bytes, "budget_bytes", (json_int_t)p->budget, "rss_bytes", (json_int_t)p->rss,
        "classes", classes, "micro_tokens", (json_int_t)p->plan.micro_tokens, "layers", p->layers, "layers_replayed",
        p->plan.replayed, "recompute_overhead", p->plan.overhead, "relative_time", p->plan.relative_time,
        "longest_pair", (json_int_t)p->longest_pair, "largest_without_recompute", (json_int_t)p->largest_off,
        "largest_with_recompute", (json_int_t)p->largest_all, "suggestions", suggestions(p), "menu",
        p->row_count ? menu(p) : NULL);
}
