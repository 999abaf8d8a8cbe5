/* What `assay train` does, whoever asks: a training is opened, watched step by step (memory, traps) and its results are
 * written. Everything a person is told goes through the context's log; progress goes to the listener. */
#include "task/train_task.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/format.h"
#include "machine/memory_watch.h"
#include "task/likeness.h"
#include "task/run_output.h"
#include "task/run_room.h"
#include "task/training_traps.h"
#include "train/checkpoint_dir.h"

#include <math.h>
#include <stdio.h>

/* One process of a run touches its folder. */
static bool leads(const assay_task_context *context) { return assay_comm_rank(context->comm) == 0; }

/* One run as its callbacks see it. */
typedef struct watched_run {
    const assay_train_listener *listener;
    const assay_task_context *context;
    assay_trap_watch traps;
    assay_memory_watch watch;
    bool out_of_memory;
} watched_run;

static void say_memory(const assay_log *log, const assay_memory_finding *f)
{
    char free_text[32], growth[32] = "", limit[32], start[32];
    assay_format_bytes(f->free, free_text, sizeof free_text);
    assay_format_bytes(f->growth, growth, sizeof growth);
    assay_format_bytes(f->limit, limit, sizeof limit);
    assay_format_bytes(f->start_limit, start, sizeof start);
    const char *before = f->start_limit == UINT64_MAX ? "unlimited" : start;
    if (f->limit_shrank)
        assay_warn(log, "the memory limit of this process's cgroup was lowered from %s to %s", before, limit);
    if (f->verdict == ASSAY_MEMORY_FINE) return;
    const char *then =
        f->verdict == ASSAY_MEMORY_OUT ? "; saving a checkpoint and stopping before the kernel kills something" : "";
    if (f->has_grown)
        assay_warn(log, "only %s of memory left: process %d (%s) grew by %s since this run began%s", free_text,
                   f->grown.pid, f->grown.name, growth, then);
    else
        assay_warn(log, "only %s of memory left; no process that can be seen grew since this run began%s", free_text,
                   then);
}

static void watch_memory(watched_run *l)
{
    assay_memory_finding finding;
    if (!assay_memory_watch_look(&l->watch, assay_clock_seconds(), &finding)) return;
    say_memory(l->context->log, &finding);
    l->out_of_memory |= finding.verdict == ASSAY_MEMORY_OUT;
}

static void on_step(void *context, const assay_trainer *trainer, const assay_step_record *r)
{
    watched_run *l = context;
    if (r->skipped) assay_warn(l->context->log, "skipped %s", r->why);
    if (l->listener && l->listener->step) l->listener->step(l->listener->context, trainer, r);
    watch_memory(l);
    assay_trap_watch_step(&l->traps, r, l->context->log);
}

static void say_evaluation(const assay_log *log, const char *when, const assay_judgement *j)
{
    if (j->graded) {
        assay_note(log,
                   "%s: mean square error %.4f on %zu held-out answers; means over attributes: R2 %.3f, Pearson %.3f, "
                   "Spearman %.3f",
                   when, j->loss, j->pairs, j->r2, j->pearson, j->spearman);
        return;
    }
    if (j->of_steps) {
        assay_note(log,
                   "%s: step accuracy %.3f (95 %% interval %.3f to %.3f) on %zu steps of %zu held-out answers, first "
                   "errors met in %.3f of them, loss %.4f",
                   when, j->accuracy, j->accuracy_low, j->accuracy_high, j->steps.steps.count, j->pairs,
                   assay_step_judgement_met(&j->steps), j->loss);
        return;
    }
    if (isnan(j->longer_wins)) {
        assay_note(log, "%s: accuracy %.3f (95 %% interval %.3f to %.3f) on %zu held-out answers, loss %.4f", when,
                   j->accuracy, j->accuracy_low, j->accuracy_high, j->pairs, j->loss);
        return;
    }
    assay_note(log,
               "%s: accuracy %.3f (95 %% interval %.3f to %.3f) on %zu held-out pairs, %zu ties, loss %.4f; picking "
               "the longer answer gives %.3f",
               when, j->accuracy, j->accuracy_low, j->accuracy_high, j->pairs, j->ties, j->loss, j->longer_wins);
}

static void on_evaluation(void *context, const assay_trainer *trainer, const assay_judgement *judgement)
{
    watched_run *l = context;
    char when[64];
    snprintf(when, sizeof when, trainer->step ? "after step %llu" : "before training",
             (unsigned long long)trainer->step);
    say_evaluation(l->context->log, when, judgement);
}

static void say_streamed(const assay_training *t, const assay_log *log)
{
    const assay_stream_forecast *f = &t->planning.forecast;
    char weights[32], step[32], speed[32], reading[32], computing[32];
    assay_format_bytes(t->planning.streamed, weights, sizeof weights);
    assay_format_bytes(f->step_bytes, step, sizeof step);
    assay_format_bytes((uint64_t)f->read_speed, speed, sizeof speed);
    assay_format_seconds(f->read_seconds, reading, sizeof reading);
    assay_format_seconds(f->compute_seconds, computing, sizeof computing);
    assay_note(
        log,
        "%s of weights do not stay in memory: they are read from the model's files while others compute, at most "
        "%s a step at %s a second; a step takes about %s to read and %s to compute, both at once",
        weights, step, speed, reading, computing);
}

static void say_stages(const assay_training *t, const assay_log *log)
{
    char layers[400];
    if (t->staging.stages < 2) return;
    assay_staging_say(&t->staging, layers, sizeof layers);
    assay_note(log, "%d stages: %s; the first keeps %d micro-batches in flight%s", t->staging.stages, layers,
               t->trainer->plan.flights, t->trainer->plan.stores ? " and computes them twice" : "");
}

static void say_spilled(const assay_training *t, const assay_log *log)
{
    const assay_spill_forecast *f = &t->planning.spill;
    char file[32], step[32], run[32], seconds[32];
    assay_format_bytes(t->trainer->plan.spill_bytes, file, sizeof file);
    assay_format_bytes(f->step_bytes, step, sizeof step);
    assay_format_bytes(f->run_bytes, run, sizeof run);
    assay_format_seconds(f->seconds, seconds, sizeof seconds);
    assay_note(log,
               "activations of %d of %d layers wait in a file of %s in %s: about %s are written a step and %s in the "
               "run, in about %s a step with reading",
               t->trainer->plan.spilled, t->model->program->layers, file, t->settings.spill, step, run, seconds);
}

static void say_start(const assay_training *t, const assay_task_context *context)
{
    char arena[32], total[32], budget[32];
    const assay_plan *plan = &t->trainer->plan;
    assay_format_bytes(plan->arena_bytes, arena, sizeof arena);
    assay_format_bytes(plan->total_bytes, total, sizeof total);
    assay_format_bytes(t->settings.budget, budget, sizeof budget);
    assay_note(context->log, "%s, %.1f M weights, %.2f M of them trained; template %s", t->model->config.arch->name,
               (double)assay_model_weights(t->model, false) / 1e6, (double)assay_model_weights(t->model, true) / 1e6,
               t->source->template_name);
    if (context->comm)
        assay_note(context->log, "%d processes on %d hosts over %s, %zu lanes", assay_comm_size(context->comm),
                   assay_comm_hosts(context->comm), assay_comm_name(context->comm), t->trainer->settings.lanes);
    say_stages(t, context->log);
    assay_note(context->log, "%zu training pairs, %zu held out; %llu steps of %llu pairs", t->examples.count,
               t->evaluation.count, (unsigned long long)t->trainer->total_steps,
               (unsigned long long)t->settings.batch_pairs);
    assay_note(context->log,
               "memory planned: %s (%s for micro-batches of %zu tokens, %d of %d layers recomputed) of %s; kernels %s, "
               "%d threads",
               total, arena, plan->micro_tokens, plan->replayed, t->model->program->layers, budget, t->kernels->name,
               assay_pool_size(t->pool));
    if (plan->early) assay_note(context->log, "a weight is moved as soon as its gradient is whole, which is not kept");
    if (*t->planning.kept_for)
        assay_note(context->log, "gradients are kept, not applied early: %s", t->planning.kept_for);
    if (plan->streamed) say_streamed(t, context->log);
    if (plan->spilled) say_spilled(t, context->log);
    if (t->trainer->total_steps < 50)
        assay_note(context->log,
                   "fewer than 50 optimizer steps: a smaller --batch-pairs or more --epochs may train better");
}

/* --resume names a folder, or asks for the newest whole checkpoint of --output. *from NULL: start at the beginning. */
static assay_status find_resume(const assay_options *options, const assay_task_context *context, char **from,
                                assay_error *err)
{
    *from = NULL;
    if (!options->resume) return ASSAY_OK;
    if (!*options->resume) {
        ASSAY_TRY(assay_checkpoint_dir_newest(options->output, context->log, from, err));
        if (!*from) assay_note(context->log, "no checkpoint in %s yet: starting at the beginning", options->output);
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_checkpoint_dir_verify(options->resume, err));
    *from = assay_strdup(options->resume);
    ASSAY_TRY_ALLOC(*from, "a path", err);
    return ASSAY_OK;
}

static void say_end(const assay_training *t, const assay_run_outcome *outcome, const assay_options *options,
                    const assay_task_context *context)
{
    char planned[32], used[32], took[32], process_planned[32], process_used[32];
    assay_format_bytes(t->trainer->planned_anonymous, process_planned, sizeof process_planned);
    assay_format_bytes(t->trainer->peak_anonymous, process_used, sizeof process_used);
    assay_format_bytes(t->trainer->plan.arena_bytes, planned, sizeof planned);
    assay_format_bytes(t->trainer->used_arena, used, sizeof used);
    assay_format_seconds(outcome->seconds, took, sizeof took);
    if (t->trainer->settings.objective.tie_learned)
        assay_note(context->log, "the tie parameter of --objective %s has become %.4f",
                   assay_objective_name(&t->settings.objective), t->trainer->settings.objective.tie_parameter);
    if (outcome->out_of_time)
        assay_note(context->log, "stopped by --time after step %llu", (unsigned long long)t->trainer->step);
    assay_note(context->log,
               "done in %s: step memory planned %s, used %s; anonymous memory of the process planned %s, at most %s; "
               "written to %s",
               took, planned, used, process_planned, process_used, options->output);
}

static void say_done(const assay_train_listener *listener, const assay_trainer *trainer,
                     const assay_run_outcome *outcome, const char *stopped)
{
    if (listener && listener->done) listener->done(listener->context, trainer, outcome, stopped);
}

/* What each process has taken of what it planned, for all to know. */
static assay_status gather_memory(assay_training *t, assay_comm *comm, assay_error *err)
{
    size_t size = (size_t)assay_comm_size(comm);
    if (size == 1) return ASSAY_OK;
    t->of_ranks = assay_alloc(size, sizeof *t->of_ranks);
    if (!t->of_ranks) {
        assay_status status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a list of processes");
        return assay_comm_agree(comm, status, NULL, err);
    }
    ASSAY_TRY(assay_comm_agree(comm, ASSAY_OK, NULL, err));
    t->of_ranks[assay_comm_rank(comm)] =
        (assay_rank_memory){t->trainer->plan.total_bytes, assay_trainer_peak_bytes(t->trainer)};
    return assay_comm_gather(comm, t->of_ranks, sizeof *t->of_ranks, err);
}

/* The first process writes; all know how it went. */
static assay_status write_output(assay_training *t, const assay_options *options, const assay_task_context *context,
                                 const assay_run_outcome *outcome, assay_error *err)
{
    assay_assembly all = {0};
    assay_trainer_finish(t->trainer);
    ASSAY_TRY(gather_memory(t, context->comm, err));
    ASSAY_TRY(assay_assembly_make(&all, t->trainer, options->output, false, err));
    assay_status status = leads(context) ? assay_output_write(t, options, outcome, err) : ASSAY_OK;
    assay_assembly_release(&all);
    return assay_comm_agree(context->comm, status, NULL, err);
}

static assay_status train_prepared(assay_training *t, const assay_options *options, const char *from,
                                   const assay_task_context *context, const assay_train_listener *listener,
                                   assay_error *err)
{
    watched_run l = {.listener = listener, .context = context, .traps = {.head_zero = t->wanted.head_zero}};
    assay_run_outcome outcome = {0};
    say_start(t, context);
    assay_run_settings run = {.output = options->output,
                              .save_steps = options->save_steps,
                              .eval_steps = options->eval_steps,
                              .log_steps = options->log_steps,
                              .keep = (uint64_t)options->keep,
                              .time_limit = options->time_limit,
                              .resume_from = from,
                              .output_whole = leads(context) && assay_output_is_whole(t, options),
                              .prints = t->prints,
                              .save = assay_training_save,
                              .save_context = t,
                              .on_step = on_step,
                              .on_evaluation = on_evaluation,
                              .listener = &l,
                              .interrupted = context->interrupted,
                              .out_of_memory = &l.out_of_memory,
                              .log = context->log};
    assay_memory_watch_begin(&l.watch, "");
    if (listener && listener->begin) listener->begin(listener->context, t->trainer);
    assay_status status = assay_run(t->trainer, t->has_evaluation ? &t->evaluation : NULL, &run, &outcome, err);
    if (listener && listener->end) listener->end(listener->context);
    assay_memory_watch_end(&l.watch);
    if (status == ASSAY_E_STOPPED) say_done(listener, t->trainer, &outcome, "signal");
    if (status == ASSAY_E_NO_FIT && l.out_of_memory) say_done(listener, t->trainer, &outcome, "memory");
    ASSAY_TRY(status);
    if (outcome.nothing_left) {
        assay_note(context->log, "this run is finished: all %llu steps were done, nothing to resume",
                   (unsigned long long)t->trainer->total_steps);
    } else {
        ASSAY_TRY(write_output(t, options, context, &outcome, err));
        say_end(t, &outcome, options, context);
    }
    say_done(listener, t->trainer, &outcome, outcome.out_of_time ? "time" : NULL);
    return ASSAY_OK;
}

/* What the first process does with the folder before a run: it is locked, has room, and says where to go on. */
static assay_status prepare_folder(assay_training *t, const assay_options *options, const assay_task_context *context,
                                   assay_folder_lock *lock, char **from, assay_error *err)
{
    ASSAY_TRY(assay_output_make(t, options, context->log, lock, err));
    if (!assay_output_is_whole(t, options)) ASSAY_TRY(assay_run_room_check(t, options, context->log, err));
    return find_resume(options, context, from, err);
}

static assay_status check_likeness(const assay_training *t, assay_comm *comm, assay_error *err)
{
    const assay_likeness likeness = {t->kernels, t->pool, t->prints.base, t->prints.data, t->prints.settings};
    return assay_likeness_check(&likeness, comm, err);
}

static assay_status train(assay_training *t, const assay_options *options, const assay_task_context *context,
                          const assay_train_listener *listener, assay_error *err)
{
    assay_folder_lock lock = {0};
    char *from = NULL;
    assay_status status = assay_training_start(t, context, err);
    if (status == ASSAY_OK && leads(context)) status = prepare_folder(t, options, context, &lock, &from, err);
    status = assay_comm_agree(context->comm, status, NULL, err);
    if (status == ASSAY_OK) status = check_likeness(t, context->comm, err);
    if (status == ASSAY_OK) status = train_prepared(t, options, from, context, listener, err);
    assay_free(from);
    assay_folder_lock_release(&lock);
    return status;
}

static assay_status check_folder(const assay_options *options, assay_error *err)
{
    ASSAY_TRY(assay_output_check(options, err));
    if (!options->resume || !*options->resume || assay_path_is_dir(options->resume)) return ASSAY_OK;
    return assay_error_set(
        err, ASSAY_E_USAGE,
        "--resume %s: there is no such folder; --resume alone takes the newest checkpoint of --output",
        options->resume);
}

assay_status assay_train_task(const assay_options *options, const assay_task_context *context,
                              const assay_train_listener *listener, assay_error *err)
{
    assay_training *training;
    assay_status status = leads(context) ? check_folder(options, err) : ASSAY_OK;
    ASSAY_TRY(assay_comm_agree(context->comm, status, NULL, err));
    status = assay_training_open(&training, options, context, err);
    ASSAY_TRY(assay_comm_agree(context->comm, status, NULL, err));
    status = train(training, options, context, listener, err);
    assay_training_close(training);
    return status;
}
