/* Options: every row and alias, conflicts, origins, the run file, near misses, MedicalGPT's own command lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "cli/option_alias.h"
#include "cli/option_table.h"
#include "cli/option_value.h"
#include "cli/options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_MAX = 100 };

static assay_options options;
static assay_error error;
static char notes[8192];

static void keep_note(void *context, assay_log_level level, const char *text)
{
    (void)context;
    (void)level;
    strncat(notes, text, sizeof notes - strlen(notes) - 2);
    strcat(notes, "\n");
}

static assay_status parse_words(unsigned command, const char *name, size_t positionals, char **words, int count)
{
    static const assay_log log = {keep_note, NULL};
    assay_options_release(&options);
    notes[0] = '\0';
    error = (assay_error){0};
    assert_int_equal(assay_options_init(&options, &error), ASSAY_OK);
    return assay_options_parse(&options, command, name, positionals, count, words, &log, &error);
}

/* Splits at spaces. The text must outlive the options' words. */
static assay_status parse_as(unsigned command, const char *name, size_t positionals, const char *text)
{
    static char copy[4096];
    char *words[WORDS_MAX], *rest = copy;
    int count = 0;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strsep(&rest, " "); word; word = strsep(&rest, " "))
        if (*word) words[count++] = word;
    return parse_words(command, name, positionals, words, count);
}

static assay_status parse(const char *text)
{
    return parse_as(ASSAY_FOR_TRAIN, "train", 0, text);
}

static void parse_ok(const char *text)
{
    assay_status status = parse(text);
    if (status != ASSAY_OK) print_error("%s\n", error.text);
    assert_int_equal(status, ASSAY_OK);
}

static void assert_says(const char *part)
{
    if (!strstr(error.text, part)) print_error("\"%s\" does not say \"%s\"\n", error.text, part);
    assert_non_null(strstr(error.text, part));
}

static void assert_noted(const char *part)
{
    if (!strstr(notes, part)) print_error("\"%s\" does not say \"%s\"\n", notes, part);
    assert_non_null(strstr(notes, part));
}

static void parse_fails(const char *text, const char *part)
{
    assert_int_equal(parse(text), ASSAY_E_USAGE);
    assert_says(part);
}

static void defaults_are_the_documented_ones(void **state)
{
    (void)state;
    parse_ok("");
    assert_null(options.model);
    assert_int_equal(options.tuning, ASSAY_OPT_LORA);
    assert_int_equal(options.lora_rank, 8);
    assert_float_equal(options.lora_alpha, 16, 0);
    assert_float_equal(options.lora_dropout, 0, 0);
    assert_string_equal(options.lora_targets.items[0], "all");
    assert_float_equal(options.epochs, 1, 0);
    assert_int_equal(options.max_steps, 0);
    assert_int_equal(options.batch_pairs, 32);
    assert_int_equal(options.micro_tokens, 0);
    assert_int_equal(options.max_length, 2048);
    assert_float_equal(options.lr, 1e-4, 0);
    assert_int_equal(options.schedule, ASSAY_OPT_COSINE);
    assert_float_equal(options.min_lr, 0.1, 0);
    assert_float_equal(options.warmup, 0.03, 0);
    assert_float_equal(options.clip, 1, 0);
    assert_int_equal(options.seed, 42);
    assert_int_equal(options.keep, 3);
    assert_float_equal(options.margin, -1, 0);
    assert_int_equal(options.memory, 0);
    assert_string_equal(options.template_name, "auto");
    assert_null(options.resume);
    assert_string_equal(notes, "");
    assert_int_equal(assay_options_origin(&options, "lr"), ASSAY_ORIGIN_DEFAULT);
}

static void rate_follows_the_tuning(void **state)
{
    (void)state;
    parse_ok("--tuning full");
    assert_float_equal(options.lr, 1e-5, 0);
    parse_ok("--tuning head");
    assert_float_equal(options.lr, 1e-3, 0);
    parse_ok("--tuning full --lr 3e-4 --lora-rank 4");
    assert_float_equal(options.lr, 3e-4, 0);
    assert_float_equal(options.lora_alpha, 8, 0);
}

static void flags_take_all_spellings(void **state)
{
    (void)state;
    static const struct { const char *text; bool want; } cases[] = {
        {"--force", true}, {"--force true", true}, {"--force=True", true}, {"--force false", false}, {"--no-force", false},
        {"--force --no-force", false}, {"--force --lr 1e-3", true}, {"--overwrite_output_dir", true}, {"--overwrite_output_dir False", false},
        {"--overwrite-output-dir yes", true}, {"--no-overwrite-output-dir", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        parse_ok(cases[i].text);
        assert_int_equal(options.force, cases[i].want);
    }
    parse_fails("--force=maybe", "neither true nor false");
    parse_fails("--no-lr 3", "unknown option --no-lr");
    parse_fails("--no-force=true", "takes no value");
}

static void dash_and_underscore_are_the_same(void **state)
{
    (void)state;
    parse_ok("--batch_pairs 4 --batch-pairs 5 --max_length=77");
    assert_int_equal(options.batch_pairs, 5);
    assert_int_equal(options.max_length, 77);
    assert_int_equal(assay_options_origin(&options, "batch_pairs"), ASSAY_ORIGIN_COMMAND_LINE);
}

static void sizes_and_durations(void **state)
{
    (void)state;
    double value;
    parse_ok("--memory 6G --time 1h30m");
    assert_int_equal(options.memory, 6ull << 30);
    assert_float_equal(options.time_limit, 5400, 0);
    static const struct { const char *text; double want; } sizes[] = {
        {"512M", 536870912}, {"1.5GiB", 1610612736}, {"100", 100}, {"2k", 2048}, {"1T", 1099511627776.0}, {"3GB", 3221225472}, {"7B", 7}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_true(assay_size_parse(sizes[i].text, &value));
        assert_float_equal(value, sizes[i].want, 0);
    }
    static const char *const bad_sizes[] = {"", "G", "6X", "6Gx", "1e999", "nan", "0x10", "6 G"};
    for (size_t i = 0; i < sizeof bad_sizes / sizeof bad_sizes[0]; i++) assert_false(assay_size_parse(bad_sizes[i], &value));
    assert_true(assay_duration_parse("2h", &value) && value == 7200);
    assert_true(assay_duration_parse("1d", &value) && value == 86400);
    assert_true(assay_duration_parse("90", &value) && value == 90);
    assert_false(assay_duration_parse("2x", &value));
    assert_false(assay_duration_parse("h", &value));
    assert_false(assay_duration_parse("", &value));
}

static void bad_values_name_the_option(void **state)
{
    (void)state;
    parse_fails("--lr fast", "--lr: \"fast\" is not a number or auto");
    parse_fails("--lora-rank 2.5", "--lora-rank: \"2.5\" is not a whole number");
    parse_fails("--lora-rank 0", "out of range, from 1");
    parse_fails("--lora-dropout 1.5", "out of range");
    parse_fails("--memory lots", "is not a size like 6G or 512M or auto");
    parse_fails("--time soon", "is not a duration");
    parse_fails("--tuning lola", "is none of lora|full|head; did you mean lora?");
    parse_fails("--lr", "--lr needs a value");
    parse_fails("--lr --force", "--lr needs a value");
    parse_fails("--model=", "--model: the value is empty");
    parse_fails("--lora-targets q,,v", "an empty name");
    parse_fails("--lr inf", "is not a number");
    parse_fails("--max-length -5", "out of range");
}

static void unknown_names_name_the_nearest(void **state)
{
    (void)state;
    parse_fails("--lora-rnak 8", "unknown option --lora-rnak; did you mean --lora-rank?");
    parse_fails("--learning_rat 1", "did you mean --learning_rate?");
    parse_fails("--per_device_train_batch 1", "did you mean --per-device-train-batch-size?");
    parse_fails("--modle x", "did you mean --model?");
    parse_fails("--port 1", "--port is no option of train");
    parse_fails("model x", "\"model\" is a word too many");
    parse_fails("-m x", "two dashes");
    assert_int_equal(parse_as(ASSAY_FOR_EVAL, "eval", 0, "--lora-rank 8"), ASSAY_E_USAGE);
    assert_says("--lora-rank is no option of eval");
}

static void lists_grow_and_are_replaced(void **state)
{
    (void)state;
    parse_ok("--data a.jsonl --data b.jsonl c.jsonl --lora-targets q_proj,v_proj --lr 1e-3");
    assert_int_equal(options.data.count, 3);
    assert_string_equal(options.data.items[2], "c.jsonl");
    assert_int_equal(options.lora_targets.count, 2);
    parse_ok("--lora-targets q_proj all");
    assert_int_equal(options.lora_targets.count, 1);
    assert_string_equal(options.lora_targets.items[0], "all");
    assert_int_equal(parse_as(ASSAY_FOR_DATA, "data", 2, "check --columns chosen=a,rejected=b file.jsonl"), ASSAY_OK);
    assert_int_equal(options.columns.count, 2);
    assert_int_equal(options.positionals.count, 2);
    assert_string_equal(options.positionals.items[1], "file.jsonl");
    assert_int_equal(parse_as(ASSAY_FOR_SERVE, "serve", 0, "--adapter a=x --adapter b=y"), ASSAY_OK);
    assert_int_equal(options.adapters.count, 2);
    parse_ok("--adapter x");
    assert_string_equal(options.adapter, "x");
}

static void resume_needs_no_value(void **state)
{
    (void)state;
    parse_ok("--resume --lr 1e-3");
    assert_string_equal(options.resume, "");
    parse_ok("--resume out/checkpoint-5");
    assert_string_equal(options.resume, "out/checkpoint-5");
    parse_ok("--resume_from_checkpoint True");
    assert_string_equal(options.resume, "");
    parse_ok("--resume_from_checkpoint out/checkpoint-7");
    assert_string_equal(options.resume, "out/checkpoint-7");
    parse_ok("--resume false");
    assert_null(options.resume);
}

static void words_stand_for_numbers(void **state)
{
    (void)state;
    parse_ok("--margin off --eval-steps epoch --save-steps end --keep all --memory auto --threads auto --micro-tokens auto --lr auto");
    assert_float_equal(options.margin, 0, 0);
    assert_int_equal(options.eval_steps, ASSAY_EVERY_EPOCH);
    assert_int_equal(options.save_steps, ASSAY_AT_THE_END);
    assert_int_equal(options.keep, 0);
    parse_ok("--margin 0.5 --max_steps -1 --append-eos --eval-split 0.2");
    assert_float_equal(options.margin, 0.5, 0);
    assert_int_equal(options.max_steps, 0);
    assert_int_equal(options.append_eos, ASSAY_EOS_YES);
    assert_float_equal(options.eval_split, 0.2, 0);
    parse_ok("--no-append-eos");
    assert_int_equal(options.append_eos, ASSAY_EOS_NO);
    parse_ok("--append-eos auto --truncate left");
    assert_int_equal(options.append_eos, ASSAY_EOS_AUTO);
    assert_int_equal(options.truncate, ASSAY_OPT_TRUNCATE_LEFT);
}

/* A value each row of a type takes. */
static const char *sample_of(const assay_option_row *row)
{
    switch (row->type) {
    case ASSAY_OPTION_INT: return "7";
    case ASSAY_OPTION_DOUBLE: return "0.25";
    case ASSAY_OPTION_SIZE: return "3G";
    case ASSAY_OPTION_DURATION: return "3h";
    case ASSAY_OPTION_BOOL: return "true";
    case ASSAY_OPTION_ENUM: return NULL;
    default: return "word";
    }
}

static void every_row_is_reachable(void **state)
{
    (void)state;
    for (size_t i = 0; i < assay_option_count(); i++) {
        const assay_option_row *row = assay_option_at(i);
        unsigned command = row->commands & (~row->commands + 1);
        char word[128], choice[64];
        if (strcmp(row->name, "config") == 0 || strcmp(row->name, "help") == 0 || strcmp(row->name, "tokenizer-name-or-path") == 0) continue;
        const char *value = sample_of(row);
        if (!value) {
            snprintf(choice, sizeof choice, "%.*s", (int)strcspn(row->choices, "|"), row->choices);
            value = choice;
        }
        snprintf(word, sizeof word, "--%s=%s", row->name, value);
        char *words[] = {word};
        if (parse_words(command, "x", 0, words, 1) != ASSAY_OK) print_error("%s: %s\n", word, error.text);
        assert_int_equal(error.status, ASSAY_OK);
        assert_int_equal(options.origin[i], ASSAY_ORIGIN_COMMAND_LINE);
        assert_true(assay_options_given(&options, row->name));
        assert_true(strlen(row->help) > 3);
    }
}

static void every_alias_reaches_its_row(void **state)
{
    (void)state;
    static const struct { const char *name, *value; } special[] = {
        {"lr_scheduler_type", "linear"}, {"validation_split_percentage", "10"}, {"finetuning_type", "full"}, {"dtype", "bfloat16"},
        {"evaluation_strategy", "steps"}, {"resume_from_checkpoint", "dir"},
    };
    for (size_t i = 0; i < assay_alias_count(); i++) {
        const assay_option_alias *alias = assay_alias_at(i);
        const assay_option_row *row = assay_option_find(alias->target, strlen(alias->target), ASSAY_FOR_TRAIN);
        assert_non_null(row);
        const char *value = alias->flag ? "true" : sample_of(row);
        for (size_t j = 0; j < sizeof special / sizeof special[0]; j++)
            if (strcmp(special[j].name, alias->name) == 0) value = special[j].value;
        char word[128];
        snprintf(word, sizeof word, "--%s=%s", alias->name, value);
        char *words[] = {word};
        if (parse_words(ASSAY_FOR_TRAIN, "train", 0, words, 1) != ASSAY_OK) print_error("%s: %s\n", word, error.text);
        assert_int_equal(error.status, ASSAY_OK);
        assert_int_equal(options.origin[assay_option_index(row)], ASSAY_ORIGIN_COMMAND_LINE);
        assert_null(assay_option_find(alias->name, strlen(alias->name), ASSAY_FOR_TRAIN)); /* a row of that name would hide it */
        assert_null(assay_ignored_reason(alias->name, strlen(alias->name)));
    }
}

static void aliases_translate_values(void **state)
{
    (void)state;
    parse_ok("--learning_rate 2e-5 --num_train_epochs 2 --lora_r 16 --lora-alpha 64 --max_grad_norm 0.5 --output_dir o --logging_steps 5 "
             "--save_total_limit 2 --center_rewards_coefficient 0.01 --model_name_or_path m --dataset_name d --lr_scheduler_type constant_with_warmup");
    assert_float_equal(options.lr, 2e-5, 0);
    assert_float_equal(options.epochs, 2, 0);
    assert_int_equal(options.lora_rank, 16);
    assert_float_equal(options.lora_alpha, 64, 0);
    assert_float_equal(options.clip, 0.5, 0);
    assert_string_equal(options.output, "o");
    assert_int_equal(options.log_steps, 5);
    assert_int_equal(options.keep, 2);
    assert_float_equal(options.center, 0.01, 0);
    assert_string_equal(options.model, "m");
    assert_string_equal(options.data.items[0], "d");
    assert_int_equal(options.schedule, ASSAY_OPT_CONSTANT);
    parse_ok("--use_peft False --bf16 --gradient_checkpointing --target_modules all-linear --template_name chatglm3");
    assert_int_equal(options.tuning, ASSAY_OPT_FULL);
    assert_int_equal(options.precision, ASSAY_OPT_BF16);
    assert_int_equal(options.recompute, ASSAY_OPT_RECOMPUTE_ALL);
    assert_string_equal(options.lora_targets.items[0], "all");
    assert_string_equal(options.template_name, "medicalgpt:chatglm3");
    parse_ok("--gradient-checkpointing false --bf16 False --save_total_limit None --template chatglm3");
    assert_int_equal(options.recompute, ASSAY_OPT_RECOMPUTE_OFF);
    assert_int_equal(options.precision, ASSAY_OPT_PRECISION_AUTO);
    assert_int_equal(options.keep, 3);
    assert_string_equal(options.template_name, "chatglm3");
    parse_ok("--torch_dtype float32");
    assert_int_equal(options.precision, ASSAY_OPT_F32);
    parse_ok("--torch_dtype float32 --bf16 True");
    assert_int_equal(options.precision, ASSAY_OPT_BF16);
    parse_ok("--no-gradient-checkpointing");
    assert_int_equal(options.recompute, ASSAY_OPT_RECOMPUTE_OFF);
    parse_fails("--lr_scheduler_type polynomial", "is none of cosine|linear|constant");
}

static void batch_is_a_product(void **state)
{
    (void)state;
    parse_ok("--per_device_train_batch_size 4 --gradient_accumulation_steps 8");
    assert_int_equal(options.batch_pairs, 32);
    parse_ok("--per_device_train_batch_size 4");
    assert_int_equal(options.batch_pairs, 4);
    parse_ok("--gradient_accumulation_steps 2");
    assert_int_equal(options.batch_pairs, 16);
    assert_true(assay_options_given(&options, "batch-pairs"));
    parse_fails("--batch-pairs 8 --per_device_train_batch_size 4", "keep one");
}

static void warmup_and_strategies(void **state)
{
    (void)state;
    parse_ok("--warmup_ratio 0.1");
    assert_float_equal(options.warmup, 0.1, 0);
    parse_ok("--warmup_steps 20 --warmup_ratio 0.1");
    assert_float_equal(options.warmup, 20, 0);
    parse_ok("--warmup_steps 0");
    assert_float_equal(options.warmup, 0, 0);
    parse_fails("--warmup 3 --warmup_steps 20", "keep one");
    parse_ok("--evaluation_strategy no");
    assert_int_equal(options.eval_steps, ASSAY_AT_THE_END);
    parse_ok("--eval_strategy steps --eval_steps 50 --save_strategy epoch");
    assert_int_equal(options.eval_steps, 50);
    assert_int_equal(options.save_steps, ASSAY_EVERY_EPOCH);
    parse_ok("--eval_strategy steps --logging_steps 10 --save_strategy steps");
    assert_int_equal(options.eval_steps, 10);
    assert_int_equal(options.save_steps, 500);
    parse_ok("--lr_scheduler_type cosine");
    assert_float_equal(options.min_lr, 0, 0);
    parse_ok("--lr_scheduler_type cosine --min-lr 0.2");
    assert_float_equal(options.min_lr, 0.2, 0);
    parse_ok("--schedule cosine");
    assert_float_equal(options.min_lr, 0.1, 0);
}

static void conflicts_are_errors(void **state)
{
    (void)state;
    parse_fails("--lr 1e-3 --learning_rate 2e-3", "--lr and --learning_rate are the same option");
    parse_ok("--lr 1e-3 --learning_rate 0.001");
    parse_ok("--lr 1e-3 --lr 2e-3");
    assert_float_equal(options.lr, 2e-3, 0);
    parse_ok("--learning_rate 1e-3 --learning-rate 2e-3");
    parse_fails("--model a --model_name_or_path b", "keep one");
    parse_fails("--recompute off --gradient_checkpointing", "keep one");
    parse_fails("--max-length 5 --max_source_length 4", "keep one");
}

static void medicalgpt_brings_its_defaults(void **state)
{
    (void)state;
    parse_ok("--train_file_dir d");
    assert_int_equal(options.schedule, ASSAY_OPT_LINEAR);
    assert_float_equal(options.lora_alpha, 32, 0);
    assert_float_equal(options.lora_dropout, 0.05, 0);
    assert_int_equal(options.max_length, 2560);
    assert_float_equal(options.lr, 5e-5, 0);
    assert_float_equal(options.epochs, 3, 0);
    assert_int_equal(options.batch_pairs, 8);
    assert_float_equal(options.warmup, 0, 0);
    assert_int_equal(options.tuning, ASSAY_OPT_LORA);
    assert_noted("--train_file_dir is a name of MedicalGPT");
    assert_int_equal(assay_options_origin(&options, "schedule"), ASSAY_ORIGIN_IMPLIED);
    assert_false(assay_options_given(&options, "schedule"));
    parse_ok("--train_file_dir d --schedule cosine --lr 1e-3 --batch-pairs 64 --max-length 100 --warmup 0.2");
    assert_int_equal(options.schedule, ASSAY_OPT_COSINE);
    assert_float_equal(options.lr, 1e-3, 0);
    assert_int_equal(options.batch_pairs, 64);
    assert_int_equal(options.max_length, 100);
    assert_float_equal(options.warmup, 0.2, 0);
    parse_ok("--max_source_length 1000");
    assert_int_equal(options.max_length, 1512);
    parse_ok("--tool_format qwen");
    assert_int_equal(options.schedule, ASSAY_OPT_LINEAR);
    parse_ok("--model m --model_name_or_path m --tokenizer_name_or_path m");
    parse_fails("--model m --tokenizer_name_or_path other", "tokenizer is read from the model's own folder");
    parse_ok("--learning_rate 1e-4 --num_train_epochs 1");
    assert_int_equal(options.schedule, ASSAY_OPT_COSINE);
    assert_string_equal(notes, "");
}

static void names_without_meaning_are_noted(void **state)
{
    (void)state;
    parse_ok("--ddp_timeout 30000 --fp16 --do_train --report_to tensorboard wandb --cache_dir x --deepspeed zero2.json --lr 1e-3");
    assert_noted("--ddp_timeout (one process does the work)");
    assert_noted("--fp16 (see --precision)");
    assert_noted("--do_train");
    assert_noted("--report_to");
    assert_noted("--cache_dir");
    assert_noted("--deepspeed");
    assert_null(strchr(strchr(notes, '\n') + 1, '\n')); /* one line for all */
    assert_float_equal(options.lr, 1e-3, 0);
    parse_ok("--fp16 --quiet");
    assert_string_equal(notes, "");
    parse_ok("--label_smoothing_factor 0.0");
    parse_fails("--label_smoothing_factor 0.1", "is not supported");
}

static void every_name_of_reward_modeling_is_known(void **state)
{
    (void)state;
    static const char *const names[] = {
        "model_name_or_path", "load_in_4bit", "load_in_8bit", "cache_dir", "use_fast_tokenizer", "torch_dtype", "device_map",
        "trust_remote_code", "dataset_name", "dataset_config_name", "train_file_dir", "validation_file_dir", "max_source_length",
        "max_target_length", "max_train_samples", "max_eval_samples", "overwrite_cache", "validation_split_percentage",
        "preprocessing_num_workers", "use_peft", "target_modules", "lora_rank", "lora_dropout", "lora_alpha", "modules_to_save", "peft_path",
        "template_name", "tool_format", "tokenizer_name_or_path", "model_type"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "--%s", names[i]);
        char none[] = "None";
        char *words[] = {name, none};
        if (parse_words(ASSAY_FOR_TRAIN, "train", 0, words, 2) != ASSAY_OK && strstr(error.text, "unknown")) fail_msg("%s", error.text);
    }
}

/* TrainingArguments of Transformers 4.27 to 5.x, as facts: every name is known. */
static void every_training_argument_is_known(void **state)
{
    (void)state;
    static const char names[] =
        "output_dir per_device_train_batch_size num_train_epochs max_steps learning_rate lr_scheduler_type lr_scheduler_kwargs warmup_steps "
        "warmup_ratio optim optim_args optim_target_modules weight_decay adam_beta1 adam_beta2 adam_epsilon gradient_accumulation_steps "
        "average_tokens_across_devices max_grad_norm label_smoothing_factor bf16 fp16 bf16_full_eval fp16_full_eval tf32 "
        "activation_checkpointing gradient_checkpointing gradient_checkpointing_kwargs torch_compile torch_compile_backend "
        "torch_compile_mode use_liger_kernel liger_kernel_config use_cache neftune_noise_alpha torch_empty_cache_steps auto_find_batch_size "
        "logging_strategy logging_steps logging_first_step log_on_each_node logging_nan_inf_filter include_num_input_tokens_seen log_level "
        "log_level_replica disable_tqdm report_to run_name project trackio_space_id eval_strategy evaluation_strategy eval_steps eval_delay "
        "per_device_eval_batch_size prediction_loss_only eval_on_start eval_do_concat_batches eval_use_gather_object "
        "eval_accumulation_steps include_for_metrics batch_eval_metrics save_only_model save_strategy save_steps save_on_each_node "
        "save_total_limit enable_jit_checkpoint push_to_hub hub_token hub_private_repo hub_model_id hub_strategy hub_always_push "
        "hub_revision load_best_model_at_end metric_for_best_model greater_is_better ignore_data_skip "
        "restore_callback_states_from_checkpoint full_determinism seed data_seed use_cpu accelerator_config parallelism_config "
        "dataloader_drop_last dataloader_num_workers dataloader_pin_memory dataloader_persistent_workers dataloader_prefetch_factor "
        "remove_unused_columns label_names train_sampling_strategy length_column_name group_by_length ddp_find_unused_parameters "
        "ddp_bucket_cap_mb ddp_broadcast_buffers ddp_backend ddp_timeout fsdp fsdp_config deepspeed debug skip_memory_metrics do_train "
        "do_eval do_predict resume_from_checkpoint local_rank overwrite_output_dir save_safetensors no_cuda use_mps_device logging_dir "
        "fp16_opt_level half_precision_backend max_length center_rewards_coefficient disable_dropout dataset_num_proc pad_to_multiple_of "
        "activation_offloading chat_template_path lora_r lora_alpha lora_dropout lora_target_modules lora_modules_to_save lora_task_type "
        "use_peft use_rslora use_dora load_in_8bit load_in_4bit bnb_4bit_quant_type attn_implementation dtype model_revision";
    char copy[sizeof names], *rest = copy;
    memcpy(copy, names, sizeof names);
    for (char *name = strsep(&rest, " "); name; name = strsep(&rest, " ")) {
        char word[64], none[] = "None";
        snprintf(word, sizeof word, "--%s", name);
        char *words[] = {word, none};
        if (parse_words(ASSAY_FOR_TRAIN, "train", 0, words, 2) != ASSAY_OK && strstr(error.text, "unknown")) fail_msg("%s", error.text);
    }
}

/* The options of MedicalGPT's scripts/run_rm.sh, of April 2026 and of 2023. */
static void run_rm_of_2026_parses(void **state)
{
    (void)state;
    parse_ok("--model_name_or_path Qwen/Qwen3.5-2B --train_file_dir ./data/reward --validation_file_dir ./data/reward "
             "--per_device_train_batch_size 4 --gradient_accumulation_steps 8 --per_device_eval_batch_size 4 --do_train --use_peft True --seed 42 "
             "--max_train_samples 1000 --max_eval_samples 10 --num_train_epochs 1 --learning_rate 2e-5 --warmup_steps 5 --weight_decay 0.001 "
             "--logging_strategy steps --logging_steps 10 --eval_steps 50 --eval_strategy steps --save_steps 500 --save_strategy steps "
             "--save_total_limit 3 --max_source_length 1024 --max_target_length 256 --output_dir outputs-rm-qwen-v1 --overwrite_output_dir "
             "--ddp_timeout 30000 --logging_first_step True --target_modules all --lora_rank 8 --lora_alpha 16 --lora_dropout 0.05 --bf16 "
             "--torch_dtype bfloat16 --report_to tensorboard --ddp_find_unused_parameters False --remove_unused_columns False "
             "--gradient_checkpointing True");
    assert_string_equal(options.model, "Qwen/Qwen3.5-2B");
    assert_string_equal(options.data.items[0], "./data/reward");
    assert_string_equal(options.eval_data.items[0], "./data/reward");
    assert_int_equal(options.data.count, 1);
    assert_int_equal(options.batch_pairs, 32);
    assert_int_equal(options.tuning, ASSAY_OPT_LORA);
    assert_int_equal(options.max_train_samples, 1000);
    assert_int_equal(options.max_eval_samples, 10);
    assert_float_equal(options.epochs, 1, 0);
    assert_float_equal(options.lr, 2e-5, 0);
    assert_float_equal(options.warmup, 5, 0);
    assert_float_equal(options.weight_decay, 0.001, 0);
    assert_int_equal(options.log_steps, 10);
    assert_int_equal(options.eval_steps, 50);
    assert_int_equal(options.save_steps, 500);
    assert_int_equal(options.max_length, 1280);
    assert_true(options.force);
    assert_float_equal(options.lora_alpha, 16, 0);
    assert_float_equal(options.lora_dropout, 0.05, 0);
    assert_int_equal(options.precision, ASSAY_OPT_BF16);
    assert_int_equal(options.recompute, ASSAY_OPT_RECOMPUTE_ALL);
    assert_int_equal(options.schedule, ASSAY_OPT_LINEAR);
    assert_noted("ddp_timeout");
    assert_noted("ddp_find_unused_parameters");
}

static void run_rm_of_2023_parses(void **state)
{
    (void)state;
    parse_ok("--nnodes 1 --nproc_per_node 1 reward_modeling.py --model_type bloom --model_name_or_path bigscience/bloomz-560m "
             "--train_file_dir ../data/reward --validation_file_dir ../data/reward --per_device_train_batch_size 4 "
             "--per_device_eval_batch_size 4 --do_train --use_peft True --seed 42 --max_train_samples 1000 --max_eval_samples 10 "
             "--num_train_epochs 1 --learning_rate 2e-5 --warmup_ratio 0.05 --weight_decay 0.001 --logging_strategy steps --logging_steps 10 "
             "--evaluation_strategy no --save_steps 500 --save_strategy steps --save_total_limit 3 --max_source_length 256 "
             "--max_target_length 256 --output_dir outputs-rm-v1 --overwrite_output_dir --ddp_timeout 30000 --logging_first_step True "
             "--target_modules all --lora_rank 8 --lora_alpha 16 --lora_dropout 0.05 --torch_dtype float16 --device_map auto "
             "--report_to tensorboard --ddp_find_unused_parameters False --gradient_checkpointing True");
    assert_string_equal(options.model, "bigscience/bloomz-560m");
    assert_int_equal(options.batch_pairs, 4);
    assert_float_equal(options.warmup, 0.05, 0);
    assert_int_equal(options.eval_steps, ASSAY_AT_THE_END);
    assert_int_equal(options.save_steps, 500);
    assert_int_equal(options.max_length, 512);
    assert_int_equal(options.precision, ASSAY_OPT_PRECISION_AUTO);
    assert_noted("model_type");
    assert_noted("device_map");
}

static char config_path[64];

static assay_status parse_config(const char *yaml, const char *more)
{
    char text[512];
    assert_int_equal(assay_file_write_atomic(config_path, yaml, strlen(yaml), &error), ASSAY_OK);
    snprintf(text, sizeof text, "--config %s %s", config_path, more);
    return parse(text);
}

static void config_fails(const char *yaml, const char *part)
{
    assert_int_equal(parse_config(yaml, ""), ASSAY_E_USAGE);
    assert_says(part);
}

static void config_is_read_and_the_command_line_wins(void **state)
{
    (void)state;
    assert_int_equal(parse_config("# a run\nmodel: base\ndata: [a.jsonl, b.jsonl]\nlr: 3.0e-5\nlora_rank: 4\nforce: true\nresume: true\n"
                                  "max_steps: null\nmemory: 6G\nport: 80\nlora-targets: q,v\nddp_timeout: 5\n"
                                  "gradient_checkpointing_kwargs: {use_reentrant: false}\n",
                                  "--lora-rank 16 --data c.jsonl --no-force --no-resume"),
                     ASSAY_OK);
    assert_string_equal(options.model, "base");
    assert_int_equal(options.data.count, 1);
    assert_string_equal(options.data.items[0], "c.jsonl");
    assert_float_equal(options.lr, 3e-5, 0);
    assert_int_equal(options.lora_rank, 16);
    assert_false(options.force);
    assert_null(options.resume);
    assert_int_equal(options.memory, 6ull << 30);
    assert_int_equal(options.lora_targets.count, 2);
    assert_int_equal(assay_options_origin(&options, "lr"), ASSAY_ORIGIN_CONFIG);
    assert_int_equal(assay_options_origin(&options, "lora-rank"), ASSAY_ORIGIN_COMMAND_LINE);
    assert_noted("ddp_timeout");
    assert_int_equal(parse_config("data: [a, b]\n", ""), ASSAY_OK);
    assert_int_equal(options.data.count, 2);
    assert_int_equal(parse_config("", ""), ASSAY_OK);
    assert_int_equal(parse_config("batch-pairs: 64\n", "--per_device_train_batch_size 2 --gradient_accumulation_steps 3"), ASSAY_OK);
    assert_int_equal(options.batch_pairs, 6);
    assert_int_equal(parse_config("per_device_train_batch_size: 64\n", "--batch-pairs 5"), ASSAY_OK);
    assert_int_equal(options.batch_pairs, 5);
    assert_int_equal(parse_config("train_file_dir: d\nlr: 1e-3\n", ""), ASSAY_OK);
    assert_int_equal(options.schedule, ASSAY_OPT_LINEAR);
    assert_float_equal(options.lr, 1e-3, 0);
}

static void config_errors_name_the_line(void **state)
{
    (void)state;
    char where[128];
    snprintf(where, sizeof where, "%s:2: unknown option lora-rnak; did you mean lora-rank?", config_path);
    config_fails("lr: 1e-4\nlora-rnak: 3\n", where);
    snprintf(where, sizeof where, "%s:3: lora-rank: \"big\" is not a whole number", config_path);
    config_fails("lr: 1e-4\n\nlora-rank: big\n", where);
    config_fails("lr: 1e-4\nlr: 2e-4\n", ":2: lr is given twice");
    config_fails("lr: 1e-4\nlearning_rate: 2e-4\n", ":2: lr and learning_rate are the same option");
    config_fails("lr: [1, 2]\n", ":1: lr takes one value");
    config_fails("lr: {a: 1}\n", ":1: lr takes a plain value");
    config_fails("- a\n", ":1: lines of");
    config_fails("model: \"abc\n", "not valid YAML");
    config_fails("a: &x 1\n", "unknown option a");
    config_fails("model: &x m\noutput: *x\n", ":2: references (*x)");
    config_fails("lr: 1e-3\n---\nlr: 2\n", "a second document");
    config_fails("config: other.yaml\n", "cannot name another");
    config_fails("lora-rank: 0\n", ":1: lora-rank: 0 is out of range");
    config_fails("model: \"a\\0b\"\n", "zero byte");
    assert_int_equal(parse("--config does-not-exist.yaml"), ASSAY_E_IO);
    assert_says("does-not-exist.yaml");
}

static void help_is_never_an_error(void **state)
{
    (void)state;
    parse_ok("--lr --help --nonsense");
    assert_true(options.help);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(config_path, sizeof config_path, "/tmp/assay-options-%d.yaml", (int)getpid());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assay_options_release(&options);
    unlink(config_path);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_the_documented_ones), cmocka_unit_test(rate_follows_the_tuning),
        cmocka_unit_test(flags_take_all_spellings), cmocka_unit_test(dash_and_underscore_are_the_same),
        cmocka_unit_test(sizes_and_durations), cmocka_unit_test(bad_values_name_the_option),
        cmocka_unit_test(unknown_names_name_the_nearest), cmocka_unit_test(lists_grow_and_are_replaced),
        cmocka_unit_test(resume_needs_no_value), cmocka_unit_test(words_stand_for_numbers), cmocka_unit_test(every_row_is_reachable),
        cmocka_unit_test(every_alias_reaches_its_row), cmocka_unit_test(aliases_translate_values), cmocka_unit_test(batch_is_a_product),
        cmocka_unit_test(warmup_and_strategies), cmocka_unit_test(conflicts_are_errors),
        cmocka_unit_test(medicalgpt_brings_its_defaults), cmocka_unit_test(names_without_meaning_are_noted),
        cmocka_unit_test(every_name_of_reward_modeling_is_known), cmocka_unit_test(every_training_argument_is_known),
        cmocka_unit_test(run_rm_of_2026_parses), cmocka_unit_test(run_rm_of_2023_parses),
        cmocka_unit_test(config_is_read_and_the_command_line_wins), cmocka_unit_test(config_errors_name_the_line),
        cmocka_unit_test(help_is_never_an_error),
    };
    return cmocka_run_group_tests_name("options", tests, set_up, tear_down);
}
