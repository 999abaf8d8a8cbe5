/* Options: every row, values, near misses, origins, the run file. */
#include "options_fixture.h"

#include <unistd.h>

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
    static const struct {
        const char *text;
        bool want;
    } cases[] = {
        {"--force", true},
        {"--force true", true},
        {"--force=True", true},
        {"--force false", false},
        {"--no-force", false},
        {"--force --no-force", false},
        {"--force --lr 1e-3", true},
        {"--overwrite_output_dir", true},
        {"--overwrite_output_dir False", false},
        {"--overwrite-output-dir yes", true},
        {"--no-overwrite-output-dir", false},
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
    static const struct {
        const char *text;
        double want;
    } sizes[] = {{"512M", 536870912},     {"1.5GiB", 1610612736}, {"100", 100}, {"2k", 2048},
                 {"1T", 1099511627776.0}, {"3GB", 3221225472},    {"7B", 7}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_true(assay_size_parse(sizes[i].text, &value));
        assert_float_equal(value, sizes[i].want, 0);
    }
    static const char *const bad_sizes[] = {"", "G", "6X", "6Gx", "1e999", "nan", "0x10", "6 G"};
    for (size_t i = 0; i < sizeof bad_sizes / sizeof bad_sizes[0]; i++)
        assert_false(assay_size_parse(bad_sizes[i], &value));
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
    parse_fails("--port 1", "--port is no option of train (it is one of serve); see");
    parse_fails("model x", "\"model\" is a word too many");
    parse_fails("-m x", "two dashes");
    assert_int_equal(parse_as(ASSAY_FOR_EVAL, "eval", 0, "--lora-rank 8"), ASSAY_E_USAGE);
    assert_says("--lora-rank is no option of eval (it is one of train, plan, preview, verify, ...)");
    assert_int_equal(parse_as(ASSAY_FOR_MERGE, "merge", 0, "--quantize q8_0"), ASSAY_E_USAGE);
    assert_says("--quantize is no option of merge (it is one of train, plan, preview, verify, ...)");
    assert_int_equal(parse_as(ASSAY_FOR_TRAIN, "train", 0, "--man"), ASSAY_E_USAGE);
    assert_says("--man is no option of train (it is one of help)");
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
    parse_ok("--margin off --eval-steps epoch --save-steps end --keep all --memory auto --threads auto --micro-tokens "
             "auto --lr auto");
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

static void every_row_is_reachable(void **state)
{
    (void)state;
    for (size_t i = 0; i < assay_option_count(); i++) {
        const assay_option_row *row = assay_option_at(i);
        unsigned command = row->commands & (~row->commands + 1);
        char word[128], choice[64];
        if (strcmp(row->name, "config") == 0 || strcmp(row->name, "help") == 0 ||
            strcmp(row->name, "tokenizer-name-or-path") == 0)
            continue;
        const char *value = sample_of(row);
        if (!value) {
            snprintf(choice, sizeof choice, "%.*s", (int)strcspn(row->choices, "|"), row->choices);
            value = choice;
        }
        snprintf(word, sizeof word, "--%s=%s", row->name, value);
        const char *words[] = {word};
        if (parse_words(command, "x", 0, words, 1) != ASSAY_OK) print_error("%s: %s\n", word, error.text);
        assert_int_equal(error.status, ASSAY_OK);
        assert_int_equal(options.origin[i], ASSAY_ORIGIN_COMMAND_LINE);
        assert_true(assay_options_given(&options, row->name));
        assert_true(strlen(row->help) > 3);
    }
}

static char config_path[64];

static assay_status parse_config(const char *yaml, const char *more)
{
    char text[512];
    assert_int_equal(assay_file_write_atomic(config_path, yaml, strlen(yaml), &error), ASSAY_OK);
    snprintf(text, sizeof text, "--config %s %s", config_path, more);
    return parse(text);
}

/* Names of a family that is ignored have no end, but a file's number of names has. */
static const char *many_ignored(void)
{
    static char text[16 * 502];
    size_t used = 0;
    for (int i = 0; i < 501; i++) used += (size_t)snprintf(text + used, sizeof text - used, "fp16_%d: 1\n", i);
    return text;
}

static void config_fails(const char *yaml, const char *part)
{
    assert_int_equal(parse_config(yaml, ""), ASSAY_E_USAGE);
    assert_says(part);
}

static void config_is_read_and_the_command_line_wins(void **state)
{
    (void)state;
    assert_int_equal(
        parse_config(
            "# a run\nmodel: base\ndata: [a.jsonl, b.jsonl]\nlr: 3.0e-5\nlora_rank: 4\nforce: true\nresume: true\n"
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
    assert_int_equal(
        parse_config("batch-pairs: 64\n", "--per_device_train_batch_size 2 --gradient_accumulation_steps 3"), ASSAY_OK);
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
    config_fails("port: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1",
                 "nested deeper than 64");
    config_fails(many_ignored(), ":501: more than 500 options");
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
        cmocka_unit_test(defaults_are_the_documented_ones),
        cmocka_unit_test(rate_follows_the_tuning),
        cmocka_unit_test(flags_take_all_spellings),
        cmocka_unit_test(dash_and_underscore_are_the_same),
        cmocka_unit_test(sizes_and_durations),
        cmocka_unit_test(bad_values_name_the_option),
        cmocka_unit_test(unknown_names_name_the_nearest),
        cmocka_unit_test(lists_grow_and_are_replaced),
        cmocka_unit_test(resume_needs_no_value),
        cmocka_unit_test(words_stand_for_numbers),
        cmocka_unit_test(every_row_is_reachable),
        cmocka_unit_test(config_is_read_and_the_command_line_wins),
        cmocka_unit_test(config_errors_name_the_line),
        cmocka_unit_test(help_is_never_an_error),
    };
    return cmocka_run_group_tests_name("options", tests, set_up, tear_down);
}
