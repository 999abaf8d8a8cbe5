#include "cli/command.h"

#include "base/file.h"
#include "base/text.h"
#include "cli/data_steps.h"
#include "data/audit.h"
#include "data/list_pairs.h"
#include "task/model_source.h"
#include "task/output_guard.h"
#include "task/pair_input.h"
#include "task/step_input.h"

#include <string.h>

typedef struct audit_input {
    assay_pair_set *pairs, *eval;
    assay_model_source *source;
    assay_example_set examples;
    bool has_examples;
} audit_input;

static assay_status tokenize_pairs(audit_input *input, const assay_options *options, assay_error *err)
{
    assay_renderer renderer;
    ASSAY_TRY(
        assay_model_source_open(&input->source, options->model, NULL, NULL, NULL, ASSAY_SOURCE_TOKENIZER_ONLY, err));
    ASSAY_TRY(assay_model_source_settle(input->source, options, err));
    assay_renderer_of_template(&renderer, input->source->chosen, &input->source->config.prefix);
    assay_example_options how = {.max_length = (size_t)input->source->max_length,
                                 .truncate = assay_pair_input_truncate(options)};
    ASSAY_TRY(assay_example_set_build(&input->examples, input->pairs, NULL, 0, &renderer, &how, err));
    input->has_examples = true;
    return ASSAY_OK;
}

/* Steps are told by the first record of a file, which a pipe has once. */
static assay_status refuse_steps(const assay_pair_set *pairs, assay_error *err)
{
    for (size_t i = 0; pairs && i < pairs->count; i++)
        if (pairs->pairs[i].step_labels)
            return assay_error_set(err, ASSAY_E_FORMAT,
                                   "%s is read as pairs, and has answers in labelled steps; where it is a pipe, write "
                                   "it into a file",
                                   pairs->files[pairs->pairs[i].place.file]);
    return ASSAY_OK;
}

static assay_status gather(audit_input *input, const assay_string_list *paths, const assay_options *options,
                           assay_error *err)
{
    ASSAY_TRY(assay_pair_input_survey(&input->pairs, paths, options, err));
    ASSAY_TRY(refuse_steps(input->pairs, err));
    if (options->eval_data.count) ASSAY_TRY(assay_pair_input_survey(&input->eval, &options->eval_data, options, err));
    ASSAY_TRY(refuse_steps(input->eval, err));
    return options->model && input->pairs->count ? tokenize_pairs(input, options, err) : ASSAY_OK;
}

static void audit_input_release(audit_input *input)
{
    assay_example_set_release(&input->examples);
    assay_model_source_close(input->source);
    assay_pair_set_free(input->eval);
    assay_pair_set_free(input->pairs);
}

static assay_status print_audit(const assay_audit *audit, bool as_json, assay_error *err)
{
    if (as_json) {
        json_t *object;
        ASSAY_TRY(assay_audit_json(audit, &object, err));
        assay_status status = assay_print_json(object, err);
        json_decref(object);
        return status;
    }
    assay_buf text;
    assay_buf_init(&text, 1 << 24);
    assay_status status = assay_audit_text(audit, &text, err);
    if (status == ASSAY_OK) status = assay_print_text(text.data, err);
    assay_buf_release(&text);
    return status;
}

/* What the audit found that would stop a training. */
static assay_status verdict(const audit_input *input, const assay_options *options, assay_error *err)
{
    size_t bad = input->pairs->bad_count + (input->eval ? input->eval->bad_count : 0);
    const char *first = input->pairs->bad_count ? input->pairs->bad[0] : bad ? input->eval->bad[0] : "";
    if (bad && !options->skip_bad_lines)
        return assay_error_set(
            err, ASSAY_E_FORMAT,
            "%.1500s (%zu bad line%s in all; training stops at the first, --skip-bad-lines leaves them out)", first,
            bad, bad == 1 ? "" : "s");
    return input->pairs->count ? ASSAY_OK : assay_pair_input_none_left(input->pairs, err);
}

static void tell_notes(const assay_pair_set *pairs, const assay_log *log)
{
    for (size_t i = 0; pairs && i < pairs->note_count; i++) assay_warn(log, "%s", pairs->notes[i]);
}

static assay_status check(const assay_string_list *paths, const assay_options *options, const assay_log *log,
                          assay_error *err)
{
    audit_input input = {0};
    assay_audit audit = {0};
    bool steps;
    ASSAY_TRY(assay_step_input_are(&steps, paths, err));
    if (steps) return assay_data_steps_check(paths, options, log, err);
    assay_status status = gather(&input, paths, options, err);
    tell_notes(input.pairs, log);
    tell_notes(input.eval, log);
    if (status == ASSAY_OK)
        status = assay_audit_make(&audit, input.pairs, input.has_examples ? &input.examples : NULL, input.eval,
                                  input.source ? input.source->chosen : NULL, err);
    if (status == ASSAY_OK) status = print_audit(&audit, options->json, err);
    if (status == ASSAY_OK) status = verdict(&input, options, err);
    assay_audit_release(&audit);
    audit_input_release(&input);
    return status;
}

/* Names by which the file would be read back as something else. */
static assay_status check_output(const assay_options *options, assay_error *err)
{
    static const char *const others[] = {".csv", ".tsv", ".gz"};
    const char *output = options->output;
    if (!output) return assay_error_set(err, ASSAY_E_USAGE, "--output is missing: the .jsonl file to write");
    if (strcmp(output, "-") == 0 && options->json)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--json and --output - both write to standard output; name a file, or leave --json out");
    if (strcmp(output, "-") == 0) return ASSAY_OK;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (assay_text_ends(output, others[i]))
            return assay_error_set(err, ASSAY_E_USAGE,
                                   "--output %s: JSON lines are written; let the name end with .jsonl", output);
    if (assay_path_is_dir(output))
        return assay_error_set(err, ASSAY_E_USAGE, "--output %s is a folder; name the .jsonl file to write", output);
    if (assay_path_exists(output) && !options->force)
        return assay_error_set(err, ASSAY_E_USAGE, "--output %s exists; --force writes over it", output);
    return assay_output_guard(options, err);
}

static assay_status print_written(const assay_pair_set *pairs, const assay_options *options, assay_error *err)
{
    size_t lists = assay_pair_set_lists(pairs);
    if (options->json) {
        json_t *object = json_pack("{s:s,s:I,s:I,s:I,s:I}", "output", options->output, "pairs",
                                   (json_int_t)pairs->count, "dropped", (json_int_t)pairs->drop_count, "bad_lines",
                                   (json_int_t)pairs->bad_count, "lists", (json_int_t)lists);
        ASSAY_TRY_ALLOC(object, "the result", err);
        assay_status status = assay_print_json(object, err);
        json_decref(object);
        return status;
    }
    char *line = lists ? assay_strfmt("%zu pairs and %zu lists of answers written to %s\n", pairs->count - lists, lists,
                                      options->output)
                       : assay_strfmt("%zu pairs written to %s\n", pairs->count, options->output);
    ASSAY_TRY_ALLOC(line, "the result", err);
    assay_status status = assay_print_text(line, err);
    assay_free(line);
    return status;
}

static assay_status print_pairs(const assay_pair_set *pairs, assay_error *err)
{
    assay_buf text;
    assay_status status = ASSAY_OK;
    assay_buf_init(&text, SIZE_MAX / 4);
    for (size_t i = 0; i < pairs->count && status == ASSAY_OK; i++) {
        status = assay_pair_line(pairs->pairs + i, &text, err);
        if (status == ASSAY_OK) status = assay_print_exact(text.data, err);
    }
    assay_buf_release(&text);
    return status;
}

static assay_status write_pairs(const assay_pair_set *pairs, const assay_options *options, assay_error *err)
{
    if (strcmp(options->output, "-") == 0) return print_pairs(pairs, err);
    ASSAY_TRY(assay_pair_set_write(pairs, options->output, err));
    return print_written(pairs, options, err);
}

/* --objective says who will read them: one of pairs takes a list's ends, all-pairs each two of its answers. */
static assay_status make_pairs(assay_pair_set *pairs, const assay_options *options, assay_error *err)
{
    if (!assay_options_given(options, "objective")) return ASSAY_OK;
    if (!strcmp(options->objective, "bt")) return assay_list_pairs(pairs, ASSAY_LIST_ENDS, err);
    if (!strcmp(options->objective, "all-pairs")) return assay_list_pairs(pairs, ASSAY_LIST_ALL, err);
    return assay_error_set(
        err, ASSAY_E_USAGE,
        "--objective %s: data convert makes pairs of lists as bt (best and worst) or all-pairs (each "
        "two answers) reads them; without the option lists stay lists",
        options->objective);
}

static assay_status convert(const assay_string_list *paths, const assay_options *options, const assay_log *log,
                            assay_error *err)
{
    assay_pair_set *pairs;
    bool steps;
    ASSAY_TRY(check_output(options, err));
    ASSAY_TRY(assay_step_input_are(&steps, paths, err));
    if (steps) return assay_data_steps_convert(paths, options, log, err);
    ASSAY_TRY(assay_pair_input_read(&pairs, paths, options, log, err));
    assay_status status = refuse_steps(pairs, err);
    if (status == ASSAY_OK) status = make_pairs(pairs, options, err);
    if (status == ASSAY_OK) status = write_pairs(pairs, options, err);
    assay_pair_set_free(pairs);
    return status;
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    const char *what = options->positionals.items[0];
    assay_string_list paths = {.items = options->positionals.items + 1, .count = options->positionals.count - 1};
    if (strcmp(what, "check") == 0 && assay_options_given(options, "objective"))
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--objective is for data convert, which makes pairs of lists by it; leave it out");
    if (strcmp(what, "check") == 0) return check(&paths, options, context->task.log, err);
    if (strcmp(what, "convert") == 0) return convert(&paths, options, context->task.log, err);
    return assay_error_set(err, ASSAY_E_USAGE, "data: \"%.100s\" is neither check nor convert", what);
}

const assay_command assay_command_data = {
    .name = "data",
    .summary = "audits or converts files of pairs, lists and steps",
    .arguments = "check|convert PATH... [options]",
    .help = "check: counts pairs, formats, broken lines, duplicates, equal answers, lengths, and how often the longer "
            "answer wins; with\n"
            "--model also tokens, and what --max-length would drop; with --eval-data prompts that are in both. Exit "
            "code 1 where training\n"
            "would stop. convert: writes the pairs as JSON lines in one form (prompt, chosen, rejected: lists of "
            "messages);\n"
            "lists of answers stay lists, or become pairs of best and worst with --objective bt, of each two answers "
            "with --objective\n"
            "all-pairs. --output - prints them. Answers in labelled steps (PRM800K, Math-Shepherd, ProcessBench, TRL "
            "stepwise) are counted\n"
            "by step, label and first wrong step, and written as TRL's lines (prompt, completions, labels); check says "
            "what these leave out.\n"
            "\n"
            "Examples:\n"
            "  assay data check pairs.jsonl\n"
            "  assay data check ./data --model Qwen/Qwen2.5-0.5B-Instruct --json\n"
            "  assay data check train.jsonl --eval-data heldout.jsonl\n"
            "  assay data convert pairs.csv --columns chosen=pos,rejected=neg --output pairs.jsonl\n"
            "  assay data convert ultrafeedback.jsonl --objective bt --output pairs.jsonl\n"
            "  assay data convert phase2_train.jsonl --output stepwise.jsonl\n",
    .takes = ASSAY_FOR_DATA,
    .words_min = 2,
    .words_max = 1000,
    .reports_first = true,
    .run = run,
};
