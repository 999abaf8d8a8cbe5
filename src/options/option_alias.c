#include "options/option_alias.h"

#include "base/text.h"
#include "options/option_value.h"

#include <stdio.h>
#include <string.h>

static const char *bf16_to_precision(assay_options *options, const char *value)
{
    bool on;
    (void)options;
    if (!assay_bool_parse(value, &on)) return value;
    return on ? "bf16" : NULL;
}

static const char *peft_to_tuning(assay_options *options, const char *value)
{
    bool on;
    (void)options;
    if (!assay_bool_parse(value, &on)) return value;
    return on ? "lora" : "full";
}

static const char *checkpointing_to_recompute(assay_options *options, const char *value)
{
    bool on;
    (void)options;
    if (!assay_bool_parse(value, &on)) return value;
    return on ? "all" : "off";
}

/* Hugging Face's cosine ends at 0, ours at min_lr. */
static const char *schedule_of(assay_options *options, const char *value)
{
    options->foreign.cosine_to_zero = assay_text_compare(value, "cosine") == 0;
    if (assay_text_compare(value, "constant_with_warmup") == 0) return "constant";
    if (assay_text_compare(value, "cosine_with_min_lr") == 0) return "cosine";
    return value;
}

static const char *percent_to_share(assay_options *options, const char *value)
{
    char *end, text[32];
    double percent = assay_text_real(value, &end);
    if (*end || end == value) return value;
    int length = assay_text_format(text, sizeof text, "%.12g", percent / 100);
    return assay_options_keep(options, text, (size_t)length);
}

static const char *medicalgpt_template(assay_options *options, const char *value)
{
    static const char prefix[] = "medicalgpt:";
    char text[256];
    if (strncmp(value, prefix, sizeof prefix - 1) == 0) return value;
    int length = snprintf(text, sizeof text, "%s%s", prefix, value);
    return length < (int)sizeof text ? assay_options_keep(options, text, (size_t)length) : value;
}

/* Of bitsandbytes' optimizers the one that is AdamW in eight bits; "paged" says where it lies, not what it computes. */
static const char *optimizer_to_moments(assay_options *options, const char *value)
{
    static const char *const names[] = {"adamw_8bit", "adamw_bnb_8bit", "paged_adamw_8bit"};
    (void)options;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (assay_text_compare(value, names[i]) == 0) return "8bit";
    return NULL;
}

static const char *linear_targets(assay_options *options, const char *value)
{
    (void)options;
    return strcmp(value, "all-linear") == 0 ? "all" : value;
}

static const char *resume_value(assay_options *options, const char *value)
{
    bool on;
    (void)options;
    if (!assay_bool_parse(value, &on)) return value;
    return on ? "" : NULL;
}

static const assay_option_alias aliases[] = {
    /* models and data */
    {"model_name_or_path", "model", NULL, false},
    {"adapter_name_or_path", "adapter", NULL, false},
    {"peft_path", "adapter", NULL, false},
    {"lora_path", "adapter", NULL, false},
    {"train_file_dir", "data", NULL, false},
    {"train_file", "data", NULL, false},
    {"dataset_name", "data", NULL, false},
    {"dataset", "data", NULL, false},
    {"validation_file_dir", "eval-data", NULL, false},
    {"validation_file", "eval-data", NULL, false},
    {"eval_dataset", "eval-data", NULL, false},
    {"validation_split_percentage", "eval-split", percent_to_share, false},
    {"val_size", "eval-split", NULL, false},
    {"output_dir", "output", NULL, false},
    {"overwrite_output_dir", "force", NULL, true},
    /* what is trained */
    {"use_peft", "tuning", peft_to_tuning, true},
    {"finetuning_type", "tuning", NULL, false},
    {"lora_r", "lora-rank", NULL, false},
    {"target_modules", "lora-targets", linear_targets, false},
    {"lora_target_modules", "lora-targets", linear_targets, false},
    {"lora_target", "lora-targets", linear_targets, false},
    /* how */
    {"learning_rate", "lr", NULL, false},
    {"num_train_epochs", "epochs", NULL, false},
    {"lr_scheduler_type", "schedule", schedule_of, false},
    {"max_grad_norm", "clip", NULL, false},
    {"optim", "moments", optimizer_to_moments, false},
    {"center_rewards_coefficient", "center", NULL, false},
    {"use_bnb_nested_quant", "bnb-4bit-use-double-quant", NULL, true},
    {"double_quantization", "bnb-4bit-use-double-quant", NULL, true},
    {"quantization_type", "bnb-4bit-quant-type", NULL, false},
    {"quant_bits", "quantization-bit", NULL, false},
    {"bf16", "precision", bf16_to_precision, true},
    {"dtype", "torch-dtype", NULL, false},
    {"gradient_checkpointing", "recompute", checkpointing_to_recompute, true},
    {"activation_checkpointing", "recompute", checkpointing_to_recompute, true},
    {"batch_size", "batch-pairs", NULL, false},
    {"batchsize", "batch-pairs", NULL, false},
    {"train_batch_size", "per-device-train-batch-size", NULL, false},
    /* text */
    {"template_name", "template", medicalgpt_template, false},
    {"chat_template_path", "chat-template", NULL, false},
    {"cutoff_len", "max-length", NULL, false},
    {"max_samples", "max-train-samples", NULL, false},
    {"split_dataset_ratio", "eval-split", NULL, false},
    {"val_dataset", "eval-data", NULL, false},
    {"tuner_type", "tuning", NULL, false},
    {"train_type", "tuning", NULL, false},
    {"adapters", "adapter", NULL, false},
    {"max_seq_length", "max-length", NULL, false},
    {"model_max_length", "max-length", NULL, false},
    /* run */
    {"logging_steps", "log-steps", NULL, false},
    {"save_total_limit", "keep", NULL, false},
    {"evaluation_strategy", "eval-strategy", NULL, false},
    {"resume_from_checkpoint", "resume", resume_value, true},
};

typedef struct ignored_name {
    const char *name; /* a * at the end: any name that begins so */
    const char *reason;
} ignored_name;

static const char one_process[] = "one process does the work";
static const char cpu_only[] = "the work is done on the CPU";
static const char precision_says[] = "see --precision";
static const char own_kernels[] = "Assay has its own kernels";
static const char always_done[] = "always done";
static const char nothing_cached[] = "nothing is cached or downloaded";
static const char planner_says[] = "the memory plan decides";
static const char own_logs[] = "metrics.jsonl is always written";
static const char no_code[] = "no foreign code is ever run";
static const char no_hub[] = "nothing is uploaded";

// clang-format off
static const ignored_name ignored[] = {
    {"do_train", always_done}, {"do_eval", "evaluation data is always evaluated"}, {"do_predict", "see assay score"},
    {"cache_dir", nothing_cached}, {"overwrite_cache", nothing_cached}, {"model_revision", nothing_cached},
     {"revision", nothing_cached},
    {"use_fast_tokenizer", "there is one tokenizer"}, {"use_auth_token", nothing_cached}, {"token", nothing_cached},
    {"model_type", "config.json says it"}, {"trust_remote_code", no_code},
    {"device_map", cpu_only}, {"device", cpu_only}, {"use_cpu", cpu_only}, {"no_cuda", cpu_only},
     {"use_mps_device", cpu_only},
    {"bnb_*", own_kernels}, {"quantization_method", own_kernels}, {"quant_method", own_kernels},
    {"fp16", precision_says}, {"fp16_*", precision_says}, {"bf16_full_eval", precision_says}, {"tf32", precision_says},
    {"half_precision_backend", precision_says},
    {"dataset_config_name", "--data is a path"}, {"dataset_config", "--data is a path"},
     {"dataset_train_split", "--data is a path"},
    {"dataset_test_split", "--data is a path"}, {"dataset_streaming", "--data is a path"},
     {"dataset_num_proc", always_done},
    {"preprocessing_num_workers", "see --threads"}, {"streaming", "--data is a path"},
    {"modules_to_save", "the head is always trained and saved"},
    {"lora_modules_to_save", "the head is always trained and saved"}, {"lora_task_type", "it is always a reward model"},
    {"ddp_*", one_process}, {"local_rank", one_process}, {"nnodes", one_process}, {"nproc_per_node", one_process},
    {"node_rank", one_process}, {"master_addr", one_process}, {"master_port", one_process},
     {"num_processes", one_process},
    {"num_machines", one_process}, {"config_file", one_process}, {"mixed_precision", precision_says},
     {"num_gpus", cpu_only}, {"include", cpu_only},
    {"deepspeed", one_process},
    {"fsdp", one_process}, {"fsdp_*", one_process}, {"accelerator_config", one_process},
     {"parallelism_config", one_process},
    {"average_tokens_across_devices", one_process}, {"log_on_each_node", one_process},
     {"save_on_each_node", one_process},
    {"per_device_eval_batch_size", planner_says}, {"per_gpu_*", planner_says},
     {"eval_accumulation_steps", planner_says},
    {"auto_find_batch_size", planner_says}, {"torch_empty_cache_steps", planner_says},
     {"skip_memory_metrics", planner_says},
    {"activation_offloading", planner_says}, {"gradient_checkpointing_kwargs", planner_says},
     {"activation_checkpointing_kwargs", planner_says},
    {"use_cache", planner_says}, {"pad_to_multiple_of", "nothing is padded"}, {"group_by_length", "nothing is padded"},
    {"length_column_name", "nothing is padded"}, {"train_sampling_strategy", "nothing is padded"},
     {"padding*", "nothing is padded"},
    {"remove_unused_columns", "unknown fields are ignored"}, {"label_names", "unknown fields are ignored"},
     {"dataloader_*", always_done},
    {"report_to", own_logs}, {"logging_dir", own_logs}, {"logging_strategy", own_logs},
     {"logging_first_step", own_logs},
    {"logging_nan_inf_filter", "see --on-nan"}, {"log_level*", own_logs}, {"disable_tqdm", "see --quiet"},
     {"run_name", own_logs},
    {"project", own_logs}, {"trackio_*", own_logs}, {"include_*", own_logs}, {"prediction_loss_only", own_logs},
     {"plot_loss", "metrics.jsonl has it"},
    {"eval_on_start", always_done}, {"eval_delay", "see --eval-steps"}, {"eval_do_concat_batches", own_logs},
     {"batch_eval_metrics", own_logs},
    {"eval_use_gather_object", one_process}, {"load_best_model_at_end", "every evaluation is in metrics.jsonl"},
    {"metric_for_best_model", "every evaluation is in metrics.jsonl"},
     {"greater_is_better", "every evaluation is in metrics.jsonl"},
    {"save_safetensors", always_done}, {"save_only_model", "a checkpoint is always complete"},
     {"ignore_data_skip", "a resumed run is exact"},
    {"restore_callback_states_from_checkpoint", "a resumed run is exact"}, {"full_determinism", always_done},
     {"data_seed", "see --seed"},
    {"enable_jit_checkpoint", "an interrupted run saves"}, {"disable_dropout", "only --lora-dropout drops"},
    {"optim", "AdamW is the optimizer"}, {"optim_args", "AdamW is the optimizer"},
     {"optim_target_modules", "AdamW is the optimizer"},
    {"lr_scheduler_kwargs", "see --min-lr"}, {"torch_compile*", own_kernels}, {"use_liger_kernel", own_kernels},
     {"liger_kernel_config", own_kernels},
    {"flash_attn", own_kernels}, {"attn_implementation", own_kernels}, {"push_to_hub*", no_hub}, {"hub_*", no_hub},
     {"debug", "see assay verify"},
    {"stage", "it is always a reward model"},
    {"rlhf_type", "it is always a reward model"}, {"task_type", "it is always a reward model"},
    {"dataset_dir", "--data is a path"}, {"dataset_info", "--data is a path"}, {"load_from_cache_file", nothing_cached},
    {"preprocessing_batch_size", always_done}, {"create_checkpoint_symlink", own_logs}, {"add_version", own_logs},
    {"use_hf", nothing_cached}, {"dataset_shuffle", always_done}, {"swanlab_*", own_logs}, {"use_swanlab", own_logs},
    {"wandb_*", own_logs}, {"use_wandb", own_logs}, {"ray_*", one_process}, {"packing", "nothing is padded"},
};
// clang-format on

typedef struct refused_name {
    const char *name, *neutral;
} refused_name;

static const refused_name refused[] = {
    {"label_smoothing_factor", "0"}, {"neftune_noise_alpha", "0"}, {"neft_alpha", "0"},       {"use_dora", "false"},
    {"use_rslora", "false"},         {"rope_scaling", "none"},     {"freeze_layers", "none"},
};

static const char *const medicalgpt_names[] = {
    "train_file_dir", "validation_file_dir", "max_source_length", "max_target_length",
    "target_modules", "template_name",       "peft_path",         "tokenizer_name_or_path",
};

size_t assay_alias_count(void) { return sizeof aliases / sizeof aliases[0]; }

const assay_option_alias *assay_alias_at(size_t index) { return &aliases[index]; }

const assay_option_alias *assay_alias_find(const char *name, size_t length)
{
    for (size_t i = 0; i < assay_alias_count(); i++)
        if (assay_option_same_name(aliases[i].name, name, length)) return &aliases[i];
    return NULL;
}

static bool pattern_matches(const char *pattern, const char *name, size_t length)
{
    size_t stem = strlen(pattern);
    if (pattern[stem - 1] != '*') return assay_option_same_name(pattern, name, length);
    char prefix[64];
    snprintf(prefix, sizeof prefix, "%.*s", (int)(stem - 1), pattern);
    return length >= stem - 1 && assay_option_same_name(prefix, name, stem - 1);
}

const char *assay_ignored_reason(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
        if (pattern_matches(ignored[i].name, name, length)) return ignored[i].reason;
    return NULL;
}

const char *assay_refused_neutral(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++)
        if (assay_option_same_name(refused[i].name, name, length)) return refused[i].neutral;
    return NULL;
}

bool assay_is_medicalgpt_name(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof medicalgpt_names / sizeof medicalgpt_names[0]; i++)
        if (assay_option_same_name(medicalgpt_names[i], name, length)) return true;
    return false;
}
