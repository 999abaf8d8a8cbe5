#include "base/buf.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "task/process_forecast.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NAME_WIDTH = 36 };

/* f NULL: several processes are not meant. */
static assay_status print_json(const assay_training *t, const assay_process_forecast *f, assay_error *err)
{
    json_t *json = assay_process_forecast_json(f, t);
    ASSAY_TRY_ALLOC(json, "a result", err);
    assay_status status = assay_print_json(json, err);
    json_decref(json);
    return status;
}

static assay_status line(assay_buf *text, const char *name, size_t bytes, const char *remark, assay_error *err)
{
    char shown[32];
    assay_format_bytes(bytes, shown, sizeof shown);
    return assay_buf_printf(text, err, "  %-14s %12s%s%s\n", name, shown, *remark ? "  " : "", remark);
}

static assay_status classes(assay_buf *text, const assay_planning *p, assay_error *err)
{
    char moments[64] = "two moments";
    size_t mapped = p->size.borrowed - p->streamed;
    if (p->slices > 1) snprintf(moments, sizeof moments, "two moments, the largest of %zu slices", p->slices);
    ASSAY_TRY(line(text, "weights", p->size.owned + mapped - p->size.adapters,
                   p->plan.streamed ? "that stay; the others are streamed"
                   : mapped         ? "most of them mapped from the file"
                                    : "",
                   err));
    ASSAY_TRY(line(text, "adapters", p->size.adapters, "and head", err));
    ASSAY_TRY(line(text, "gradients", p->gradients,
                   p->plan.early  ? "applied as they come, among the activations"
                   : *p->kept_for ? "kept, see below"
                                  : "",
                   err));
    ASSAY_TRY(line(text, "optimizer", p->optimizer, moments, err));
    ASSAY_TRY(line(text, "activations", p->plan.arena_bytes - p->plan.scratch_bytes,
                   p->plan.streamed ? "values, their gradients, operations' workspace, two layers' weights"
                                    : "values, their gradients, operations' workspace",
                   err));
    ASSAY_TRY(line(text, "workspace", p->plan.scratch_bytes, "of the threads' matrix products", err));
    ASSAY_TRY(line(text, "total", p->plan.total_bytes, p->fits ? "fits" : "does NOT fit", err));
    return line(text, "budget", p->budget, "", err);
}

static assay_status streamed(assay_buf *text, const assay_planning *p, assay_error *err)
{
    const assay_stream_forecast *f = &p->forecast;
    char weights[32], micro[32], step[32], speed[32], seconds[32], reading[32], computing[32];
    assay_format_bytes(p->streamed, weights, sizeof weights);
    assay_format_bytes(p->plan.read_bytes, micro, sizeof micro);
    ASSAY_TRY(assay_buf_printf(text, err,
                               "\nWeights are streamed: %s do not stay in memory, but are read from the\n"
                               "model's files while others compute: at most %s a micro-batch",
                               weights, micro));
    if (!p->fits) return assay_buf_printf(text, err, "\n");
    assay_format_bytes(f->step_bytes, step, sizeof step);
    ASSAY_TRY(assay_buf_printf(text, err, ",\n%s a step", step));
    if (f->read_speed <= 0) return assay_buf_printf(text, err, "\n");
    assay_format_bytes((uint64_t)f->read_speed, speed, sizeof speed);
    assay_format_seconds(f->seconds, seconds, sizeof seconds);
    assay_format_seconds(f->read_seconds, reading, sizeof reading);
    assay_format_seconds(f->compute_seconds, computing, sizeof computing);
    return assay_buf_printf(text, err,
                            ". These files were read at %s a second: a step takes\nabout %s (%s to read, %s to "
                            "compute, both at once)\n",
                            speed, seconds, reading, computing);
}

static assay_status spilled(assay_buf *text, const assay_planning *p, assay_error *err)
{
    const assay_spill_forecast *f = &p->spill;
    char micro[32], step[32], run[64] = "", bytes[32], writing[32], reading[32], seconds[32];
    assay_format_bytes(p->plan.spill_bytes, micro, sizeof micro);
    assay_format_bytes(f->step_bytes, step, sizeof step);
    assay_format_bytes(f->run_bytes, bytes, sizeof bytes);
    assay_format_bytes((uint64_t)f->write_speed, writing, sizeof writing);
    assay_format_bytes((uint64_t)f->read_speed, reading, sizeof reading);
    assay_format_seconds(f->seconds, seconds, sizeof seconds);
    if (f->run_bytes) snprintf(run, sizeof run, " and %s in the run", bytes);
    return assay_buf_printf(text, err,
                            "\nActivations of %d of %d layers are spilled: a file of %s in --spill's folder,\nabout "
                            "%s written a step%s (it wears a disk). It was written at\n"
                            "%s a second and read at %s: %s a step\n",
                            p->plan.spilled, p->layers, micro, step, run, writing, reading, seconds);
}

static assay_status options_table(assay_buf *text, const assay_planning *p, assay_error *err)
{
    ASSAY_TRY(assay_buf_printf(text, err, "\n%-*s %10s %10s %7s  %s\n", NAME_WIDTH + 2, "Other ways to run", "memory",
                               "time/token", "tokens", "recomputed"));
    for (size_t i = 0; i < p->option_count; i++) {
        const assay_plan_option *o = &p->options[i];
        char bytes[32], beside[NAME_WIDTH + 4] = ""; /* a long name has a line of its own */
        assay_format_bytes(o->plan.total_bytes, bytes, sizeof bytes);
        if (strlen(o->text) > NAME_WIDTH) snprintf(beside, sizeof beside, "\n%*s", NAME_WIDTH + 2, "");
        ASSAY_TRY(assay_buf_printf(text, err, "  %-*s%s %10s %10.2f %7zu  %d of %d%s\n", NAME_WIDTH, o->text, beside,
                                   bytes, o->relative_time, o->plan.micro_tokens, o->plan.replayed, p->layers,
                                   o->fits ? "" : "\n      does not fit"));
    }
    return ASSAY_OK;
}

static assay_status menu_table(assay_buf *text, const assay_planning *p, assay_error *err)
{
    bool unknown = false;
    ASSAY_TRY(assay_buf_printf(text, err, "\n%-*s %10s %10s  %s\n", NAME_WIDTH + 6, "Memory against time", "memory",
                               "time/token", "recomputed"));
    for (size_t i = 0; i < p->row_count; i++) {
        const assay_plan_row *r = &p->rows[i];
        char bytes[32], time[32] = "?";
        assay_format_bytes(r->plan.total_bytes, bytes, sizeof bytes);
        unknown = unknown || isnan(r->relative_time);
        if (!isnan(r->relative_time)) assay_text_format(time, sizeof time, "%.2f", r->relative_time);
        ASSAY_TRY(assay_buf_printf(text, err, "  %-*s %10s %10s  %d of %d%s\n", NAME_WIDTH + 4, r->text, bytes, time,
                                   r->plan.replayed, p->layers, r->fits ? "" : ", does not fit"));
    }
    return assay_buf_printf(text, err, "%s",
                            unknown ? "  (?: as fast as the disk; plan with --spill DIR, or with\n  a --memory in "
                                      "which weights are streamed, measures it)\n"
                                    : "");
}

static assay_status table(assay_buf *text, const assay_planning *p, assay_error *err)
{
    ASSAY_TRY(assay_buf_printf(
        text, err, "%s: micro-batches of %zu tokens (the longest pair has %zu),\n%d of %d layer%s recomputed; ",
        p->fits ? "The plan" : "The smallest plan", p->plan.micro_tokens, p->longest_pair, p->plan.replayed, p->layers,
        p->layers == 1 ? "" : "s"));
    ASSAY_TRY(assay_buf_printf(
        text, err,
        "time a token %.2f (1: nothing recomputed, unlimited\nmemory); recomputation adds %.1f %% of arithmetic\n\n",
        p->plan.relative_time, 100 * p->plan.overhead));
    ASSAY_TRY(classes(text, p, err));
    if (*p->kept_for) ASSAY_TRY(assay_buf_printf(text, err, "\nGradients are kept:\n%s\n", p->kept_for));
    if (p->plan.streamed) ASSAY_TRY(streamed(text, p, err));
    if (p->plan.spilled) ASSAY_TRY(spilled(text, p, err));
    ASSAY_TRY(assay_buf_printf(text, err,
                               "\nLargest micro-batch in this budget: %zu tokens without recomputation,\n"
                               "%zu with all layers recomputed (0: not even the longest pair)\n",
                               p->largest_off, p->largest_all));
    ASSAY_TRY(menu_table(text, p, err));
    return options_table(text, p, err);
}

static assay_status stage_memory(assay_buf *text, const assay_training *t, int s, assay_error *err)
{
    const assay_planning *p = assay_training_stage(t, s);
    char layers[24], total[32], arena[32], own[32];
    snprintf(layers, sizeof layers, "%d to %d", t->staging.borders[s] + 1, t->staging.borders[s + 1]);
    assay_format_bytes(p->plan.total_bytes, total, sizeof total);
    assay_format_bytes(p->plan.arena_bytes, arena, sizeof arena);
    assay_format_bytes(p->rss, own, sizeof own);
    return assay_buf_printf(text, err, "  %-6d %-12s %8.2f M %8.2f M %10s %10s %10s%s\n", s + 1, layers,
                            (double)p->weights / 1e6, (double)p->size.trained / 1e6, total, arena, own,
                            p->fits ? "" : "\n         does not fit");
}

static assay_status stage_work(assay_buf *text, const assay_process_forecast *f, const assay_training *t, int s,
                               assay_error *err)
{
    const assay_planning *p = assay_training_stage(t, s);
    const assay_stage_forecast *stage = &f->stages[s];
    char up[32], down[32], sums[32], work[32];
    assay_format_bytes((uint64_t)stage->up_bytes, up, sizeof up);
    assay_format_bytes((uint64_t)stage->down_bytes, down, sizeof down);
    assay_format_bytes(f->traffic.groups > 1 ? p->size.trained * sizeof(float) : 0, sums, sizeof sums);
    assay_format_seconds(stage->compute_seconds, work, sizeof work);
    return assay_buf_printf(text, err, "  %-6d %10s %10s %12s %12s %7d%s\n", s + 1, work, up, down, sums,
                            p->plan.flights > 1 ? p->plan.flights : 1, p->plan.stores ? ", computed twice" : "");
}

/* Of a model that is cut: what each stage holds, and what it computes and passes on in a step. */
static assay_status stages(assay_buf *text, const assay_process_forecast *f, const assay_training *t, assay_error *err)
{
    ASSAY_TRY(assay_buf_printf(text, err, "\n  %-6s %-12s %10s %10s %10s %10s %10s\n", "stage", "layers", "weights",
                               "trained", "memory", "its arena", "anonymous"));
    for (int s = 0; s < f->traffic.stages; s++) ASSAY_TRY(stage_memory(text, t, s, err));
    ASSAY_TRY(assay_buf_printf(text, err, "\n  %-6s %10s %10s %12s %12s %7s\n", "stage", "computes", "sends up",
                               "gets back", "sums", "ahead"));
    for (int s = 0; s < f->traffic.stages; s++) ASSAY_TRY(stage_work(text, f, t, s, err));
    return ASSAY_OK;
}

static assay_status links(assay_buf *text, const assay_process_forecast *f, assay_error *err)
{
    bool cut = f->traffic.stages > 1;
    ASSAY_TRY(assay_buf_printf(text, err, "\n  %-12s %10s %10s%s  efficiency\n", "network", "exchange", "step",
                               cut ? "  waiting" : ""));
    for (int i = 0; i < ASSAY_FORECAST_LINKS; i++) {
        char exchange[32], step[32], waiting[32] = "";
        assay_format_seconds(f->links[i].exchange_seconds, exchange, sizeof exchange);
        assay_format_seconds(f->links[i].step_seconds, step, sizeof step);
        if (cut) assay_text_format(waiting, sizeof waiting, "    %.3f", f->links[i].waiting);
        ASSAY_TRY(assay_buf_printf(text, err, "  %2.0f Gbit/s    %10s %10s%s  %.3f\n", f->links[i].gigabits, exchange,
                                   step, waiting, f->links[i].efficiency));
    }
    return ASSAY_OK;
}

static assay_status processes(assay_buf *text, const assay_process_forecast *f, const assay_training *t,
                              assay_error *err)
{
    char first[32], edge[32], all[32], rows[64] = "", computes[32];
    assay_format_bytes(f->first_bytes, first, sizeof first);
    assay_format_bytes(f->edge_bytes, edge, sizeof edge);
    assay_format_bytes(f->all_bytes, all, sizeof all);
    assay_format_seconds(f->compute_seconds, computes, sizeof computes);
    if (f->traffic.stages > 1)
        assay_text_format(rows, sizeof rows, " in rows of %d (a row has %.0f\nmicro-batch%s a step)", f->traffic.stages,
                          f->micro_batches, f->micro_batches > 1 ? "es" : "");
    ASSAY_TRY(assay_buf_printf(text, err,
                               "\n%d process%s on a host like this one,%s with at most %zu of a step's %zu pair%s\n"
                               "(%zu lane%s): the first sends and receives %s a step, %s\n%s; all "
                               "together send %s. A step computes for about %s in one\nprocess (%.3g GFLOP/s, "
                               "measured)\n",
                               f->traffic.processes, f->traffic.processes == 1 ? "" : "es, each", rows, f->most_pairs,
                               f->traffic.pairs, f->traffic.pairs == 1 ? "" : "s", f->lanes, f->lanes == 1 ? "" : "s",
                               first, f->traffic.stages > 1 ? "the last" : "one at the tree's edge", edge, all,
                               computes, f->speed / 1e9));
    if (f->traffic.stages > 1) ASSAY_TRY(stages(text, f, t, err));
    return links(text, f, err);
}

static assay_status print_text(const assay_training *t, const assay_process_forecast *f, assay_error *err)
{
    assay_buf text;
    assay_buf_init(&text, 1 << 20);
    assay_status status = ASSAY_OK;
    if (t->of_stages)
        status = assay_buf_printf(&text, err, "Stage %d of %d, which has the least room:\n", t->stage + 1,
                                  t->staging.stages);
    if (status == ASSAY_OK) status = table(&text, &t->planning, err);
    if (status == ASSAY_OK && f) status = processes(&text, f, t, err);
    if (status == ASSAY_OK) status = assay_print_text(text.data, err);
    assay_buf_release(&text);
    return status;
}

static assay_status report(const assay_options *options, const assay_training *t, assay_error *err)
{
    assay_process_forecast forecast = {0}, *f = assay_process_forecast_is_wanted(options) ? &forecast : NULL;
    assay_status status = ASSAY_OK;
    if (f) status = assay_process_forecast_make(f, t, err);
    if (status == ASSAY_OK) status = options->json ? print_json(t, f, err) : print_text(t, f, err);
    assay_process_forecast_release(&forecast);
    return status;
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    assay_training *training;
    ASSAY_TRY(assay_training_open_plan(&training, options, &context->task, err));
    assay_status status = report(options, training, err);
    if (status == ASSAY_OK && !training->planning.fits)
        status = assay_staging_refuse(&training->staging, training->stage, &training->planning, err);
    assay_training_close(training);
    return status;
}

const assay_command assay_command_plan = {
    .name = "plan",
    .summary = "the memory a training run will take, before anything is loaded",
    .arguments = "--model M [--data PATH] [options of train]",
    .help = "Says what a run will take and how it will run within --memory, without loading a weight: a folder with "
            "config.json alone is enough.\n"
            "Without --data, texts of --max-length tokens are assumed, the two answers of a pair sharing nothing. Exit "
            "code 3 if it does not fit.\n"
            "\n"
            "Examples:\n"
            "  assay plan --model THUDM/chatglm2-6b --max-length 1024\n"
            "  assay plan --model ./llama --data pairs.jsonl --tuning full --memory 16G --json\n"
            "\n"
            "  # how much faster are eight machines? does a quarter of the model fit each?\n"
            "  assay plan --model ./llama --data pairs.jsonl --processes 8\n"
            "  assay plan --model ./llama --data pairs.jsonl --processes 8 --stages 4 --memory 8G\n",
    .takes = ASSAY_FOR_PLAN,
    .reports_first = true,
    .run = run,
};
