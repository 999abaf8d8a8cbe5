/* Names from elsewhere: every alias, conflicts, MedicalGPT's defaults and its own command lines. */
#include "options_fixture.h"

static void every_alias_reaches_its_row(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value;
    } special[] = {
        {"lr_scheduler_type", "linear"},  {"validation_split_percentage", "10"},
        {"finetuning_type", "full"},      {"dtype", "bfloat16"},
        {"evaluation_strategy", "steps"}, {"resume_from_checkpoint", "dir"},
        {"tuner_type", "full"},           {"train_type", "full"},
        {"optim", "adamw_bnb_8bit"},      {"quant_bits", "4"},
        {"quantization_type", "nf4"},
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
        const char *words[] = {word};
        if (parse_words(ASSAY_FOR_TRAIN, "train", 0, words, 1) != ASSAY_OK) print_error("%s: %s\n", word, error.text);
        assert_int_equal(error.status, ASSAY_OK);
        assert_int_equal(options.origin[assay_option_index(row)], ASSAY_ORIGIN_COMMAND_LINE);
        /* a row of that name would hide it */
        assert_null(assay_option_find(alias->name, strlen(alias->name), ASSAY_FOR_TRAIN));
        /* what optim does not translate is said; no other name is of both kinds */
        if (strcmp(alias->name, "optim") != 0) assert_null(assay_ignored_reason(alias->name, strlen(alias->name)));
    }
}

static void aliases_translate_values(void **state)
{
    (void)state;
    parse_ok("--learning_rate 2e-5 --num_train_epochs 2 --lora_r 16 --lora-alpha 64 --max_grad_norm 0.5 --output_dir o "
             "--logging_steps 5 "
             "--save_total_limit 2 --center_rewards_coefficient 0.01 --model_name_or_path m --dataset_name d "
             "--lr_scheduler_type constant_with_warmup");
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
    assert_string_equal(options.tool_format, "none"); /* MedicalGPT writes tools only where it is told how */
    parse_ok("--max_source_length 1000 --tool_format qwen");
    assert_string_equal(options.tool_format, "qwen");
    assert_int_equal(options.schedule, ASSAY_OPT_LINEAR);
    parse_ok("--tool_format qwen");
    assert_int_equal(options.schedule, ASSAY_OPT_COSINE);
    parse_ok("--model m --model_name_or_path m --tokenizer_name_or_path m");
    parse_fails("--model m --tokenizer_name_or_path other", "tokenizer is read from the model's own folder");
    parse_ok("--learning_rate 1e-4 --num_train_epochs 1");
    assert_int_equal(options.schedule, ASSAY_OPT_COSINE);
    assert_string_equal(notes, "");
}

static void names_without_meaning_are_noted(void **state)
{
    (void)state;
    parse_ok("--ddp_timeout 30000 --fp16 --do_train --report_to tensorboard wandb --cache_dir x --deepspeed zero2.json "
             "--lr 1e-3");
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
    static const char *const names[] = {"model_name_or_path",
                                        "load_in_4bit",
                                        "load_in_8bit",
                                        "cache_dir",
                                        "use_fast_tokenizer",
                                        "torch_dtype",
                                        "device_map",
                                        "trust_remote_code",
                                        "dataset_name",
                                        "dataset_config_name",
                                        "train_file_dir",
                                        "validation_file_dir",
                                        "max_source_length",
                                        "max_target_length",
                                        "max_train_samples",
                                        "max_eval_samples",
                                        "overwrite_cache",
                                        "validation_split_percentage",
                                        "preprocessing_num_workers",
                                        "use_peft",
                                        "target_modules",
                                        "lora_rank",
                                        "lora_dropout",
                                        "lora_alpha",
                                        "modules_to_save",
                                        "peft_path",
                                        "template_name",
                                        "tool_format",
                                        "tokenizer_name_or_path",
                                        "model_type"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, "--%s", names[i]);
        char none[] = "None";
        const char *words[] = {name, none};
        if (parse_words(ASSAY_FOR_TRAIN, "train", 0, words, 2) != ASSAY_OK && strstr(error.text, "unknown"))
            fail_msg("%s", error.text);
    }
}

/* TrainingArguments of Transformers 4.27 to 5.x, as facts: every name is known. */
static void every_training_argument_is_known(void **state)
{
    (void)state;
    static const char names[] =
        "output_dir per_device_train_batch_size num_train_epochs max_steps learning_rate lr_scheduler_type "
        "lr_scheduler_kwargs warmup_steps "
        "warmup_ratio optim optim_args optim_target_modules weight_decay adam_beta1 adam_beta2 adam_epsilon "
        "gradient_accumulation_steps "
        "average_tokens_across_devices max_grad_norm label_smoothing_factor bf16 fp16 bf16_full_eval fp16_full_eval "
        "tf32 "
        "activation_checkpointing gradient_checkpointing gradient_checkpointing_kwargs torch_compile "
        "torch_compile_backend "
        "torch_compile_mode use_liger_kernel liger_kernel_config use_cache neftune_noise_alpha torch_empty_cache_steps "
        "auto_find_batch_size "
        "logging_strategy logging_steps logging_first_step log_on_each_node logging_nan_inf_filter "
        "include_num_input_tokens_seen log_level "
        "log_level_replica disable_tqdm report_to run_name project trackio_space_id eval_strategy evaluation_strategy "
        "eval_steps eval_delay "
        "per_device_eval_batch_size prediction_loss_only eval_on_start eval_do_concat_batches eval_use_gather_object "
        "eval_accumulation_steps include_for_metrics batch_eval_metrics save_only_model save_strategy save_steps "
        "save_on_each_node "
        "save_total_limit enable_jit_checkpoint push_to_hub hub_token hub_private_repo hub_model_id hub_strategy "
        "hub_always_push "
        "hub_revision load_best_model_at_end metric_for_best_model greater_is_better ignore_data_skip "
        "restore_callback_states_from_checkpoint full_determinism seed data_seed use_cpu accelerator_config "
        "parallelism_config "
        "dataloader_drop_last dataloader_num_workers dataloader_pin_memory dataloader_persistent_workers "
        "dataloader_prefetch_factor "
        "remove_unused_columns label_names train_sampling_strategy length_column_name group_by_length "
        "ddp_find_unused_parameters "
        "ddp_bucket_cap_mb ddp_broadcast_buffers ddp_backend ddp_timeout fsdp fsdp_config deepspeed debug "
        "skip_memory_metrics do_train "
        "do_eval do_predict resume_from_checkpoint local_rank overwrite_output_dir save_safetensors no_cuda "
        "use_mps_device logging_dir "
        "fp16_opt_level half_precision_backend max_length center_rewards_coefficient disable_dropout dataset_num_proc "
        "pad_to_multiple_of "
        "activation_offloading chat_template_path lora_r lora_alpha lora_dropout lora_target_modules "
        "lora_modules_to_save lora_task_type "
        "use_peft use_rslora use_dora load_in_8bit load_in_4bit bnb_4bit_quant_type attn_implementation dtype "
        "model_revision";
    char copy[sizeof names], *rest = copy;
    memcpy(copy, names, sizeof names);
    for (char *name = strsep(&rest, " "); name; name = strsep(&rest, " ")) {
        char word[64], none[] = "None";
        snprintf(word, sizeof word, "--%s", name);
        const char *words[] = {word, none};
        if (parse_words(ASSAY_FOR_TRAIN, "train", 0, words, 2) != ASSAY_OK && strstr(error.text, "unknown"))
            fail_msg("%s", error.text);
    }
}

/* The options of MedicalGPT's scripts/run_rm.sh, of April 2026 and of 2023. */
static void run_rm_of_2026_parses(void **state)
{
    (void)state;
    parse_ok("--model_name_or_path Qwen/Qwen3.5-2B --train_file_dir ./data/reward --validation_file_dir ./data/reward "
             "--per_device_train_batch_size 4 --gradient_accumulation_steps 8 --per_device_eval_batch_size 4 "
             "--do_train --use_peft True --seed 42 "
             "--max_train_samples 1000 --max_eval_samples 10 --num_train_epochs 1 --learning_rate 2e-5 --warmup_steps "
             "5 --weight_decay 0.001 "
             "--logging_strategy steps --logging_steps 10 --eval_steps 50 --eval_strategy steps --save_steps 500 "
             "--save_strategy steps "
             "--save_total_limit 3 --max_source_length 1024 --max_target_length 256 --output_dir outputs-rm-qwen-v1 "
             "--overwrite_output_dir "
             "--ddp_timeout 30000 --logging_first_step True --target_modules all --lora_rank 8 --lora_alpha 16 "
             "--lora_dropout 0.05 --bf16 "
             "--torch_dtype bfloat16 --report_to tensorboard --ddp_find_unused_parameters False "
             "--remove_unused_columns False "
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
    parse_ok(
        "--nnodes 1 --nproc_per_node 1 reward_modeling.py --model_type bloom --model_name_or_path "
        "bigscience/bloomz-560m "
        "--train_file_dir ../data/reward --validation_file_dir ../data/reward --per_device_train_batch_size 4 "
        "--per_device_eval_batch_size 4 --do_train --use_peft True --seed 42 --max_train_samples 1000 "
        "--max_eval_samples 10 "
        "--num_train_epochs 1 --learning_rate 2e-5 --warmup_ratio 0.05 --weight_decay 0.001 --logging_strategy steps "
        "--logging_steps 10 "
        "--evaluation_strategy no --save_steps 500 --save_strategy steps --save_total_limit 3 --max_source_length 256 "
        "--max_target_length 256 --output_dir outputs-rm-v1 --overwrite_output_dir --ddp_timeout 30000 "
        "--logging_first_step True "
        "--target_modules all --lora_rank 8 --lora_alpha 16 --lora_dropout 0.05 --torch_dtype float16 --device_map "
        "auto "
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

static int release_options(void **state)
{
    (void)state;
    assay_options_release(&options);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_alias_reaches_its_row),
        cmocka_unit_test(aliases_translate_values),
        cmocka_unit_test(batch_is_a_product),
        cmocka_unit_test(warmup_and_strategies),
        cmocka_unit_test(conflicts_are_errors),
        cmocka_unit_test(medicalgpt_brings_its_defaults),
        cmocka_unit_test(names_without_meaning_are_noted),
        cmocka_unit_test(every_name_of_reward_modeling_is_known),
        cmocka_unit_test(every_training_argument_is_known),
        cmocka_unit_test(run_rm_of_2026_parses),
        cmocka_unit_test(run_rm_of_2023_parses),
    };
    return cmocka_run_group_tests_name("foreign options", tests, NULL, release_options);
}
