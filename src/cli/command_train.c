#include "cli/command.h"

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    (void)options;
    (void)context;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED, "not built yet");
}

const assay_command assay_command_train = {
    .name = "train",
    .summary = "trains a reward model on pairs of answers",
    .arguments = "--model M --data PATH --output DIR [options]",
    .help = "Trains a reward model on pairs (chosen, rejected) with the Bradley-Terry loss and leaves in DIR the weights or the adapter,\n"
            "the tokenizer, a model card, metrics.jsonl and report.html. DIR works as --model of eval, score and merge.\n"
            "\n"
            "Examples:\n"
            "  # LoRA with the defaults; 5 % of the prompts are held out for evaluation\n"
            "  assay train --model Qwen/Qwen2.5-0.5B-Instruct --data pairs.jsonl --output my-reward\n"
            "\n"
            "  # all weights, in at most 6 GiB, for two hours\n"
            "  assay train --model ./llama --data train/ --eval-data dev.jsonl --output full --tuning full --memory 6G --time 2h\n"
            "\n"
            "  # go on after a stop; run.yaml holds options, the command line wins\n"
            "  assay train --config run.yaml --output my-reward --resume\n"
            "\n"
            "  # a MedicalGPT command line, its first words replaced\n"
            "  assay train --model_name_or_path ./chatglm3-6b --train_file_dir ./data/reward --validation_file_dir ./data/reward \\\n"
            "      --use_peft True --lora_rank 8 --learning_rate 2e-5 --output_dir outputs-rm\n",
    .takes = ASSAY_FOR_TRAIN,
    .run = run,
};
