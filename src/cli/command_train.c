#include "cli/command.h"
#include "cli/progress.h"
#include "machine/process_memory.h"
#include "task/train_task.h"

typedef struct shown_run {
    assay_progress progress;
    assay_terminal *terminal;
    int64_t interval;
    bool begun;
} shown_run;

static void on_begin(void *context, const assay_trainer *trainer)
{
    shown_run *shown = context;
    shown->begun = true;
    assay_progress_begin(&shown->progress, shown->terminal, "train", (int64_t)trainer->total_steps, shown->interval);
}

static void on_step(void *context, const assay_trainer *trainer, const assay_step_record *r)
{
    shown_run *shown = context;
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

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    shown_run shown = {.terminal = context->terminal, .interval = options->log_steps};
    assay_train_listener listener = {&shown, on_begin, on_step, on_end};
    assay_status status = assay_train_task(options, &context->task, &listener, err);
    /* A run that has begun leaves a checkpoint, so a scheduler that took the machine back may start it again. */
    bool kept = status == ASSAY_E_STOPPED && shown.begun && *context->task.interrupted == SIGTERM;
    return kept ? assay_error_prefix(err, ASSAY_E_YIELDED, "told to stop (SIGTERM): ") : status;
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
    .run = run,
};
