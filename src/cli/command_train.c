#include "cli/command.h"

#include "base/alloc.h"
#include "base/json_doc.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/shell_word.h"
#include "machine/process_memory.h"
#include "task/train_task.h"
#include "train/checkpoint_dir.h"

#include <math.h>
#include <stdlib.h>

typedef struct shown_run {
    assay_progress progress;
    assay_terminal *terminal;
    const assay_options *options;
    const assay_log *log;
    double last_loss;
    json_t *result; /* what --json prints; NULL: nothing yet */
    bool begun;
} shown_run;

static void on_begin(void *context, const assay_trainer *trainer)
{
    shown_run *shown = context;
    shown->begun = true;
    assay_progress_begin(&shown->progress, shown->terminal, "train", (int64_t)trainer->total_steps,
                         shown->options->log_steps);
}

static void on_step(void *context, const assay_trainer *trainer, const assay_step_record *r)
{
    shown_run *shown = context;
    shown->last_loss = r->loss;
    double computed = (double)(r->tokens - r->tokens_shared);
    assay_progress_sample sample = {.step = (int64_t)r->step,
                                    .loss = r->loss,
                                    .accuracy = r->accuracy,
                                    .margin = r->margin,
                                    .lr = r->lr,
                                    .tokens_per_second = r->seconds > 0 ? computed / r->seconds : 0,
                                    .memory_bytes = assay_resident_bytes(),
                                    .memory_limit = trainer->settings.budget,
                                    .planned_bytes = trainer->plan.total_bytes};
    assay_progress_update(&shown->progress, &sample);
}

static void on_end(void *context)
{
    shown_run *shown = context;
    assay_progress_end(&shown->progress);
}

/* Evaluation's figures where there was one; the loss of the last step otherwise. */
static json_t *result_of(const shown_run *shown, const assay_trainer *trainer, const assay_run_outcome *outcome,
                         const char *stopped)
{
    const char *output = shown->options->output;
    const assay_judgement *after = outcome->has_evaluation ? &outcome->after : NULL;
    char *newest = NULL;
    assay_checkpoint_dir_newest(output, NULL, &newest, NULL);
    json_t *result =
        json_pack("{s:s, s:I, s:f, s:s?, s:b, s:o, s:o, s:o, s:o, s:I, s:I, s:s?}", "output", output, "steps",
                  (json_int_t)trainer->step, "seconds", outcome->seconds, "stopped", stopped, "finished",
                  trainer->step >= trainer->total_steps, "accuracy", assay_json_number(after ? after->accuracy : NAN),
                  "accuracy_low", assay_json_number(after ? after->accuracy_low : NAN), "accuracy_high",
                  assay_json_number(after ? after->accuracy_high : NAN), "loss",
                  assay_json_number(after ? after->loss : shown->last_loss), "planned_bytes",
                  (json_int_t)trainer->plan.total_bytes, "peak_bytes", (json_int_t)assay_trainer_peak_bytes(trainer),
                  "checkpoint", newest);
    if (result && trainer->plan.spilled)
        json_object_set_new(result, "spill_bytes", json_integer((json_int_t)trainer->spilled));
    assay_free(newest);
    return result;
}

/* What to type next. */
static void say_next(const shown_run *shown, const assay_trainer *trainer, const char *stopped)
{
    assay_buf word;
    assay_buf_init(&word, 1 << 16);
    bool whole = assay_shell_word(&word, shown->options->output, NULL) == ASSAY_OK;
    if (stopped) assay_note(shown->log, "next: the same command with --resume goes on from here");
    else if (whole && trainer->examples->items[0].steps)
        assay_note(shown->log,
                   "next: assay eval --model %s --data STEPS.jsonl; assay score --model %s --input STEPS.jsonl",
                   word.data, word.data);
    else if (whole)
        assay_note(shown->log,
                   "next: assay eval --model %s --data PAIRS.jsonl; assay score --model %s --input "
                   "ANSWERS.jsonl; assay serve --model %s",
                   word.data, word.data, word.data);
    assay_buf_release(&word);
}

static void on_done(void *context, const assay_trainer *trainer, const assay_run_outcome *outcome, const char *stopped)
{
    shown_run *shown = context;
    shown->result = result_of(shown, trainer, outcome, stopped);
    say_next(shown, trainer, stopped);
}

/* A run that has begun leaves a checkpoint, so a scheduler that took the machine back may start it again. */
static assay_status say_signal(const shown_run *shown, int signal_number, assay_status status, assay_error *err)
{
    if (status != ASSAY_E_STOPPED || !shown->begun || signal_number == SIGINT) return status;
    if (!signal_number) return assay_error_prefix(err, ASSAY_E_YIELDED, "told to stop (a signal to another process): ");
    return assay_error_prefix(err, ASSAY_E_YIELDED, "told to stop (SIG%s): ", assay_interrupt_name(signal_number));
}

static assay_status train(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    shown_run shown = {.terminal = context->terminal, .options = options, .log = context->task.log};
    assay_train_listener listener = {&shown, on_begin, on_step, on_end, on_done};
    assay_status status = assay_train_task(options, &context->task, &listener, err);
    if (options->json && shown.result && assay_comm_rank(context->task.comm) == 0) {
        context->terminal->answered = true;
        assay_status printed = assay_print_json(shown.result, status == ASSAY_OK ? err : NULL);
        if (status == ASSAY_OK) status = printed;
    }
    json_decref(shown.result);
    return say_signal(&shown, *context->task.interrupted, status, err);
}

/* Slurm starts a job that it took back, or whose node failed, with the same command line. */
static bool restarted_by_slurm(const assay_options *options, const assay_log *log)
{
    const char *count = getenv("SLURM_RESTART_COUNT");
    if (options->resume || !count || strtol(count, NULL, 10) <= 0) return false;
    assay_note(log, "Slurm has started this job again (SLURM_RESTART_COUNT is %.20s): --resume is taken as given",
               count);
    return true;
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    assay_options mine = *options; /* what it points to stays the caller's */
    assay_interrupt_by_scheduler();
    if (options->checkpoint_signal) ASSAY_TRY(assay_interrupt_also_by(options->checkpoint_signal, err));
    if (restarted_by_slurm(options, context->task.log)) mine.resume = "";
    return train(&mine, context, err);
}

const assay_command assay_command_train = {
    .name = "train",
    .summary = "trains a reward model on pairs of answers",
    .arguments = "--model M --data PATH --output DIR [options]",
    .help = "Trains a reward model on pairs (chosen, rejected) with the Bradley-Terry loss and leaves in DIR the "
            "weights or the adapter,\n"
            "the tokenizer, a model card and metrics.jsonl. DIR works as --model of eval, score and merge.\n"
            "\n"
            "Examples:\n"
            "  # LoRA with the defaults; 5 % of the prompts are held out for evaluation\n"
            "  assay train --model Qwen/Qwen2.5-0.5B-Instruct --data pairs.jsonl --output my-reward\n"
            "\n"
            "  # all weights, in at most 6 GiB, for two hours\n"
            "  assay train --model ./llama --data train/ --eval-data dev.jsonl --output full --tuning full --memory 6G "
            "--time 2h\n"
            "\n"
            "  # go on after a stop; run.yaml holds options, the command line wins\n"
            "  assay train --config run.yaml --output my-reward --resume\n"
            "\n"
            "  # a MedicalGPT command line, its first words replaced\n"
            "  assay train --model_name_or_path ./chatglm3-6b --train_file_dir ./data/reward --validation_file_dir "
            "./data/reward \\\n"
            "      --use_peft True --lora_rank 8 --learning_rate 2e-5 --output_dir outputs-rm\n",
    .takes = ASSAY_FOR_TRAIN,
    .saves = true,
    .together = true,
    .run = run,
};
