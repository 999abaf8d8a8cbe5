#include "train/run.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "train/checkpoint_dir.h"
#include "train/culprit.h"
#include "train/eval_pairs.h"
#include "train/evaluation.h"

typedef struct run {
    assay_trainer *trainer;
    const assay_example_set *evaluation;
    const assay_run_settings *settings;
    assay_run_outcome *outcome;
    assay_metrics metrics;
    double *rewards, *numbers; /* numbers: every output of the head, of answers with attributes; else NULL */
    uint64_t saved_step;
    unsigned reasons; /* to stop, as all processes agreed on them last */
    double start;
    assay_error *err;
} run;

enum { BY_SIGNAL = 1, FOR_MEMORY = 2, FOR_TIME = 4 };

/* One process of a run speaks and writes. */
static bool leads(const run *r) { return assay_comm_rank(r->trainer->shares.comm) == 0; }

/* Behind whatever one process may have failed at alone, or where it may have been told to stop. */
static assay_status agree(run *r, assay_status status)
{
    const assay_run_settings *s = r->settings;
    r->reasons = (s->interrupted && *s->interrupted ? BY_SIGNAL : 0) |
                 (s->out_of_memory && *s->out_of_memory ? FOR_MEMORY : 0) |
                 (s->time_limit > 0 && assay_clock_seconds() - r->start >= s->time_limit ? FOR_TIME : 0);
    return assay_comm_agree(r->trainer->shares.comm, status, &r->reasons, r->err);
}

/* Whether something that happens every `every` steps (0: epochs, -1: at the end only) happens after the present
 * step. */
static bool due(const run *r, int64_t every)
{
    uint64_t step = r->trainer->step,
             period = every > 0 ? (uint64_t)every
                                : assay_steps_per_epoch(r->trainer->examples->count, r->trainer->settings.batch_pairs);
    return every >= 0 && step % period == 0;
}

static assay_status judge(const run *r, assay_judgement *judgement)
{
    assay_attributes_judgement attributes;
    if (!r->numbers) return assay_judge(r->evaluation, r->rewards, judgement, r->err);
    ASSAY_TRY(assay_judge_attributes(r->evaluation, r->numbers, &attributes, r->err));
    assay_status status = assay_judge_graded(r->evaluation, r->rewards, &attributes, judgement, r->err);
    assay_attributes_judgement_release(&attributes);
    return status;
}

static assay_status evaluate(run *r, assay_judgement *judgement)
{
    double start = assay_clock_seconds();
    ASSAY_TRY(
        assay_trainer_evaluate(r->trainer, r->evaluation, r->settings->interrupted, r->rewards, r->numbers, r->err));
    ASSAY_TRY(judge(r, judgement));
    r->outcome->has_evaluation = true;
    if (!leads(r)) return ASSAY_OK;
    ASSAY_TRY(assay_eval_pairs_write(r->evaluation, r->rewards, r->trainer->step, r->settings->output, r->err));
    ASSAY_TRY(assay_metrics_evaluation(&r->metrics, r->trainer, judgement, assay_clock_seconds() - start, r->err));
    if (r->settings->on_evaluation) r->settings->on_evaluation(r->settings->listener, r->trainer, judgement);
    return ASSAY_OK;
}

static assay_status fill_checkpoint(run *r, const assay_assembly *all, const char *working)
{
    const assay_run_settings *s = r->settings;
    ASSAY_TRY(assay_train_state_save(all, &s->prints, working, r->err));
    ASSAY_TRY(assay_metrics_trainer_state(&r->metrics, r->trainer, s->log_steps, s->eval_steps, s->save_steps, working,
                                          r->err));
    return s->save ? s->save(s->save_context, working, r->err) : ASSAY_OK;
}

uint64_t assay_run_model_bytes(const assay_trainer *t)
{
    uint64_t saved = assay_model_weights(t->model, true), all = assay_model_weights(t->model, false);
    return sizeof(float) * (2 * saved > all ? all : saved);
}

/* Weights and two moments, and once more the weights in the form users load. */
uint64_t assay_run_checkpoint_bytes(const assay_trainer *t, bool with_model)
{
    return 3 * sizeof(float) * assay_model_weights(t->model, true) + (with_model ? assay_run_model_bytes(t) : 0) +
           (1 << 16);
}

uint64_t assay_run_assembly_bytes(const assay_trainer *t)
{
    uint64_t moments = 2 * sizeof(float) * assay_model_weights(t->model, true);
    return !assay_assembly_is_cut(t) ? 0 : t->shares.row ? moments / 2 * 3 : moments;
}

/* A full disk is named, with what is needed: what was half written has been removed, so what is free now is what there
 * was. */
static assay_status say_room(run *r, assay_status status)
{
    uint64_t left, need = assay_run_checkpoint_bytes(r->trainer, r->settings->save != NULL);
    char *disk = status == ASSAY_E_IO ? assay_disk_of(r->settings->output, &left) : NULL;
    char *newest = NULL;
    if (disk) assay_checkpoint_dir_newest(r->settings->output, NULL, &newest, NULL);
    if (disk && left < need)
        status = assay_error_prefix(r->err, status,
                                    "a checkpoint needs about %.1f MiB, the disk at %s has %.1f MiB free; %s%s%s: ",
                                    (double)need / 1048576, disk, (double)left / 1048576, newest ? newest : "",
                                    newest ? " is whole, and --resume goes on from it once there is room"
                                           : "there is no checkpoint yet, so once there is room the run begins anew",
                                    newest ? "" : " (--force)");
    assay_free(newest);
    assay_free(disk);
    return status;
}

static assay_status write_checkpoint(run *r, const assay_assembly *all)
{
    char *working = NULL,
         *final = assay_strfmt("%s/checkpoint-%llu", r->settings->output, (unsigned long long)r->trainer->step);
    ASSAY_TRY_ALLOC(final, "a path", r->err);
    assay_status status = assay_checkpoint_dir_begin(&working, final, r->err);
    if (status == ASSAY_OK) {
        status = fill_checkpoint(r, all, working);
        if (status == ASSAY_OK) status = assay_checkpoint_dir_publish(working, final, r->err);
        else assay_checkpoint_dir_abandon(working);
    }
    assay_free(final);
    ASSAY_TRY(say_room(r, status));
    return assay_checkpoint_dir_prune(r->settings->output, r->settings->keep, r->err);
}

static assay_status save_checkpoint(run *r)
{
    assay_assembly all = {0};
    assay_status status = assay_culprit_check_trained(r->trainer, r->err);
    if (r->trainer->shares.row) status = assay_comm_agree(r->trainer->shares.comm, status, NULL, r->err);
    ASSAY_TRY(status);
    ASSAY_TRY(assay_assembly_make(&all, r->trainer, r->settings->output, true, r->err));
    if (leads(r)) status = write_checkpoint(r, &all);
    assay_assembly_release(&all);
    ASSAY_TRY(status);
    r->saved_step = r->trainer->step;
    return ASSAY_OK;
}

static assay_status write_trainer_state(run *r)
{
    const assay_run_settings *s = r->settings;
    if (!leads(r)) return ASSAY_OK;
    return assay_metrics_trainer_state(&r->metrics, r->trainer, s->log_steps, s->eval_steps, s->save_steps, s->output,
                                       r->err);
}

/* Of a step that was done in part nothing is saved. */
static assay_status say_torn(run *r, assay_status status)
{
    assay_error why = *r->err;
    char *newest = NULL;
    assay_checkpoint_dir_newest(r->settings->output, NULL, &newest, NULL);
    status = assay_error_set(r->err, status, "%.1500s; %s%s", why.text,
                             newest ? "--resume goes on from the last whole state, " : "no state was saved before it",
                             newest ? newest : "");
    assay_free(newest);
    return status;
}

/* The weights are those before the step that went wrong (a number, or a file that could not be read): they are kept, if
 * they are good. */
static assay_status keep_good_state(run *r, assay_status status)
{
    assay_error why = *r->err;
    if (r->trainer->early.torn) return say_torn(r, status);
    if (r->trainer->optimizer->steps && r->saved_step != r->trainer->step) (void)save_checkpoint(r);
    bool kept = r->saved_step == r->trainer->step;
    if (kept)
        return assay_error_set(r->err, status, "%.1500s; the last good state is %s/checkpoint-%llu", why.text,
                               r->settings->output, (unsigned long long)r->trainer->step);
    *r->err = why;
    return status;
}

static assay_status stop_here(run *r)
{
    if (r->saved_step != r->trainer->step) ASSAY_TRY(save_checkpoint(r));
    ASSAY_TRY(write_trainer_state(r));
    bool memory = (r->reasons & (FOR_MEMORY | BY_SIGNAL)) == FOR_MEMORY;
    unsigned long long step = r->trainer->step, total = r->trainer->total_steps;
    return assay_error_set(r->err, memory ? ASSAY_E_NO_FIT : ASSAY_E_STOPPED,
                           "%s after step %llu of %llu; --resume goes on from %s/checkpoint-%llu",
                           memory ? "stopped, as this machine's memory ran out," : "interrupted", step, total,
                           r->settings->output, step);
}

/* What the system refuses during a step is then a file of weights, and nothing was updated. */
static bool reads_alone(const run *r)
{
    return r->trainer->plan.streamed && assay_comm_size(r->trainer->shares.comm) == 1;
}

static assay_status one_step(run *r)
{
    assay_step_record record;
    assay_status status = assay_trainer_step(r->trainer, &record, r->err);
    if (status == ASSAY_E_NUMERIC || (status == ASSAY_E_IO && reads_alone(r))) return keep_good_state(r, status);
    if (status == ASSAY_E_STOPPED) return stop_here(r);
    ASSAY_TRY(status);
    bool logged = r->settings->log_steps <= 1 || record.step % (uint64_t)r->settings->log_steps == 0 ||
                  record.step == r->trainer->total_steps;
    if (logged && leads(r)) ASSAY_TRY(assay_metrics_step(&r->metrics, r->trainer, &record, r->err));
    if (r->settings->on_step) r->settings->on_step(r->settings->listener, r->trainer, &record);
    return ASSAY_OK;
}

/* What was trained is on disk before anything that may be interrupted or fail. */
static assay_status evaluate_or_stop(run *r, assay_judgement *judgement)
{
    assay_status status = evaluate(r, judgement);
    return status == ASSAY_E_STOPPED ? stop_here(r) : status;
}

/* A step, and what is due behind it; *evaluated says whether an evaluation was. */
static assay_status step_and_dues(run *r, bool *evaluated)
{
    ASSAY_TRY(one_step(r));
    bool last = r->trainer->step == r->trainer->total_steps;
    if (due(r, r->settings->save_steps) && !last) ASSAY_TRY(save_checkpoint(r));
    *evaluated = r->evaluation && due(r, r->settings->eval_steps) && !last;
    return *evaluated ? evaluate_or_stop(r, &r->outcome->after) : ASSAY_OK;
}

static assay_status all_steps(run *r)
{
    bool evaluated = false;
    while (r->trainer->step < r->trainer->total_steps && !r->outcome->out_of_time) {
        if (r->reasons & (BY_SIGNAL | FOR_MEMORY)) return stop_here(r);
        ASSAY_TRY(agree(r, step_and_dues(r, &evaluated)));
        r->outcome->out_of_time = (r->reasons & FOR_TIME) && r->trainer->step < r->trainer->total_steps;
    }
    if (r->reasons & BY_SIGNAL) return stop_here(r);
    if (r->trainer->optimizer->steps == 0)
        return assay_error_set(
            r->err, ASSAY_E_NUMERIC,
            "every step was skipped for NaN or infinity: nothing was trained; look at the base's weights");
    if (r->saved_step != r->trainer->step) ASSAY_TRY(agree(r, save_checkpoint(r)));
    return r->evaluation && !evaluated ? evaluate_or_stop(r, &r->outcome->after) : ASSAY_OK;
}

/* The first process reads the checkpoint: the others need not see its disk. Metrics are kept up to there. */
static assay_status begin(run *r)
{
    const assay_run_settings *s = r->settings;
    if (!leads(r)) return ASSAY_OK;
    if (s->resume_from) ASSAY_TRY(assay_train_state_load(r->trainer, &s->prints, s->resume_from, r->err));
    r->saved_step = s->resume_from ? r->trainer->step : UINT64_MAX;
    r->outcome->nothing_left = s->resume_from && s->output_whole && r->trainer->step >= r->trainer->total_steps;
    return r->outcome->nothing_left ? ASSAY_OK : assay_metrics_open(&r->metrics, s->output, r->trainer->step, r->err);
}

static assay_status follow(run *r)
{
    assay_comm *comm = r->trainer->shares.comm;
    ASSAY_TRY(assay_comm_broadcast(comm, &r->saved_step, sizeof r->saved_step, r->err));
    ASSAY_TRY(assay_comm_broadcast(comm, &r->outcome->nothing_left, sizeof r->outcome->nothing_left, r->err));
    if (assay_assembly_is_cut(r->trainer) && r->saved_step != UINT64_MAX)
        ASSAY_TRY(assay_train_state_spread(r->trainer, r->settings->resume_from, r->err));
    return assay_trainer_follow(r->trainer, r->err);
}

static assay_status go(run *r)
{
    r->start = assay_clock_seconds();
    ASSAY_TRY(agree(r, begin(r)));
    ASSAY_TRY(follow(r));
    if (r->outcome->nothing_left) return ASSAY_OK;
    if (r->evaluation && r->trainer->step == 0) ASSAY_TRY(agree(r, evaluate_or_stop(r, &r->outcome->before)));
    ASSAY_TRY(all_steps(r));
    r->outcome->seconds = assay_clock_seconds() - r->start;
    return write_trainer_state(r);
}

static assay_status make_rewards(run *r)
{
    const assay_example_set *set = r->evaluation;
    if (!set) return ASSAY_OK;
    r->rewards = assay_alloc(set->answer_count, sizeof *r->rewards);
    if (set->label_count) r->numbers = assay_alloc(set->answer_count, set->label_count * sizeof *r->numbers);
    if (r->rewards && (r->numbers || !set->label_count)) return ASSAY_OK;
    return assay_error_set(r->err, ASSAY_E_MEMORY, "out of memory for rewards");
}

assay_status assay_run(assay_trainer *trainer, const assay_example_set *evaluation, const assay_run_settings *settings,
                       assay_run_outcome *outcome, assay_error *err)
{
    run r = {.trainer = trainer, .evaluation = evaluation, .settings = settings, .outcome = outcome, .err = err};
    *outcome = (assay_run_outcome){0};
    assay_status status = make_rewards(&r);
    status = agree(&r, status == ASSAY_OK ? go(&r) : status);
    assay_metrics_close(&r.metrics);
    assay_free(r.rewards);
    assay_free(r.numbers);
    return status;
}
