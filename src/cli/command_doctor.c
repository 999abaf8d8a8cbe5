/* What `doctor` is asked decides what it does: nothing, a look at the machine; a path of a model, a look at that; a log
 * or script, or words, what is known about their error and the assay line that does what their command does. */
#include "cli/command.h"

#include "backend/kernels.h"
#include "base/file.h"
#include "base/format.h"
#include "base/text.h"
#include "base/threads.h"
#include "base/version.h"
#include "cli/diagnosis.h"
#include "cli/progress.h"
#include "cli/shell_word.h"
#include "cli/trainer_line.h"
#include "machine/machine.h"
#include "options/option_dump.h"
#include "task/inspection.h"
#include "task/resources.h"

#include <string.h>
#include <sys/statvfs.h>

enum { LINE_CEILING = 1 << 20, LOG_CEILING = 64 << 20 };

static assay_status add_checked(json_t *object, const char *name, json_t *value, assay_error *err)
{
    if (json_object_set_new(object, name, value) == 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the report");
}

static assay_status look_at_machine(json_t *report, assay_error *err)
{
    assay_machine_memory memory;
    struct statvfs disk;
    ASSAY_TRY(assay_machine_memory_read(&memory, "", err));
    ASSAY_TRY(add_checked(report, "version", json_string(ASSAY_VERSION), err));
    ASSAY_TRY(add_checked(report, "processors", json_integer(assay_processors()), err));
    ASSAY_TRY(add_checked(report, "vectors", json_string(assay_vectors_name()), err));
    const assay_kernels *kernels;
    ASSAY_TRY(assay_choose_kernels(&kernels, err));
    ASSAY_TRY(add_checked(report, "bf16", json_boolean(kernels->bf16->native), err));
    ASSAY_TRY(add_checked(report, "memory_total_bytes", json_integer((json_int_t)memory.total), err));
    ASSAY_TRY(add_checked(report, "memory_free_bytes", json_integer((json_int_t)memory.free), err));
    json_t *limit = memory.limit == UINT64_MAX ? json_null() : json_integer((json_int_t)memory.limit);
    ASSAY_TRY(add_checked(report, "memory_limit_bytes", limit, err));
    if (statvfs(".", &disk) != 0) return ASSAY_OK;
    return add_checked(report, "disk_free_bytes", json_integer((json_int_t)disk.f_bavail * (json_int_t)disk.f_frsize),
                       err);
}

static json_int_t number(const json_t *report, const char *name)
{
    return json_integer_value(json_object_get(report, name));
}

static assay_status add_bytes(assay_buf *out, const json_t *report, const char *title, const char *name,
                              assay_error *err)
{
    char bytes[32];
    assay_format_bytes((uint64_t)number(report, name), bytes, sizeof bytes);
    return assay_buf_printf(out, err, "%-14s %s\n", title, bytes);
}

static assay_status write_machine(assay_buf *out, const json_t *report, assay_error *err)
{
    ASSAY_TRY(assay_buf_printf(out, err, "%-14s %s\n", "Assay", ASSAY_VERSION));
    ASSAY_TRY(assay_buf_printf(out, err, "%-14s %lld, vectors: %s\n", "processors",
                               (long long)number(report, "processors"), assay_vectors_name()));
    bool bf16 = json_is_true(json_object_get(report, "bf16"));
    ASSAY_TRY(assay_buf_printf(out, err, "%-14s %s\n", "bf16",
                               bf16 ? "yes: the processor multiplies it, --precision auto takes it"
                                    : "no: --precision auto is f32; bf16 is computed in f32's units, and slower"));
    ASSAY_TRY(add_bytes(out, report, "memory", "memory_total_bytes", err));
    ASSAY_TRY(add_bytes(out, report, "free now", "memory_free_bytes", err));
    if (!json_is_null(json_object_get(report, "memory_limit_bytes")))
        ASSAY_TRY(add_bytes(out, report, "cgroup limit", "memory_limit_bytes", err));
    ASSAY_TRY(add_bytes(out, report, "disk free here", "disk_free_bytes", err));
    if (number(report, "memory_free_bytes") < (json_int_t)1 << 30)
        ASSAY_TRY(assay_buf_text(
            out, "\nLess than 1 GiB of memory is free: only small models will fit. See assay help train, --memory.\n",
            err));
    return ASSAY_OK;
}

static assay_status write_option(assay_buf *out, const char *name, const json_t *value, assay_error *err)
{
    if (json_is_false(value)) return assay_buf_printf(out, err, " \\\n    --no-%s", name);
    ASSAY_TRY(assay_buf_printf(out, err, " \\\n    --%s", name));
    if (json_is_true(value) || (json_is_string(value) && *json_string_value(value) == '\0')) return ASSAY_OK;
    ASSAY_TRY(assay_buf_byte(out, ' ', err));
    if (json_is_string(value)) return assay_shell_word(out, json_string_value(value), err);
    if (json_is_integer(value)) return assay_buf_printf(out, err, "%lld", (long long)json_integer_value(value));
    return assay_buf_printf(out, err, "%.12g", json_real_value(value));
}

static assay_status write_command(assay_buf *out, json_t *given, assay_error *err)
{
    const char *name;
    json_t *value;
    ASSAY_TRY(assay_buf_text(out, "assay train", err));
    json_object_foreach(given, name, value)
    {
        if (!json_is_array(value)) ASSAY_TRY(write_option(out, name, value, err));
        for (size_t i = 0; i < json_array_size(value); i++)
            ASSAY_TRY(write_option(out, name, json_array_get(value, i), err));
    }
    return assay_buf_byte(out, '\n', err);
}

static assay_status print_result(assay_status (*write)(assay_buf *, json_t *, assay_error *), json_t *object,
                                 assay_error *err)
{
    assay_buf out;
    assay_buf_init(&out, LINE_CEILING);
    assay_status status = write(&out, object, err);
    if (status == ASSAY_OK) status = assay_print_text(out.data, err);
    assay_buf_release(&out);
    return status;
}

static assay_status write_report(assay_buf *out, json_t *report, assay_error *err)
{
    return write_machine(out, report, err);
}

static assay_status check_machine(const assay_options *options, assay_error *err)
{
    json_t *report = json_object();
    ASSAY_TRY_ALLOC(report, "the report", err);
    assay_status status = look_at_machine(report, err);
    if (status == ASSAY_OK)
        status = options->json ? assay_print_json(report, err) : print_result(write_report, report, err);
    json_decref(report);
    return status;
}

static assay_status print_translation(const assay_options *theirs, bool json, assay_error *err)
{
    json_t *given = assay_options_json(theirs, ASSAY_FOR_TRAIN, true);
    ASSAY_TRY_ALLOC(given, "the command", err);
    assay_status status = json ? assay_print_json(given, err) : print_result(write_command, given, err);
    json_decref(given);
    return status;
}

/* Releases the line. status: of reading it. */
static assay_status translate_line(assay_trainer_line *line, assay_status status, bool json,
                                   const assay_command_context *context, assay_error *err)
{
    assay_options theirs = {0};
    const char *const *args = line->words.items;
    if (status == ASSAY_OK) status = assay_options_init(&theirs, err);
    theirs.foreign.trainer = line->trainer;
    theirs.foreign.processes = line->processes;
    if (status == ASSAY_OK)
        status = assay_options_parse(&theirs, ASSAY_FOR_TRAIN, "train", 0, (int)line->words.count, args,
                                     context->task.log, err);
    if (status == ASSAY_OK) status = print_translation(&theirs, json, err);
    assay_options_release(&theirs);
    assay_trainer_line_release(line);
    return status;
}

static assay_status translate(const assay_string_list *words, bool json, const assay_command_context *context,
                              assay_error *err)
{
    assay_trainer_line line;
    assay_status status = assay_trainer_line_read(&line, words, context->task.log, err);
    return translate_line(&line, status, json, context, err);
}

static assay_status translate_yaml(const char *path, const char *text, bool json, bool *is_run,
                                   const assay_command_context *context, assay_error *err)
{
    assay_trainer_line line;
    assay_status status = assay_trainer_line_of_yaml(&line, path, text, is_run, context->task.log, err);
    if (*is_run) return translate_line(&line, status, json, context, err);
    assay_trainer_line_release(&line);
    return status;
}

/* ---- logs, scripts, pasted errors ---- */

static assay_status write_findings(assay_buf *out, json_t *findings, assay_error *err)
{
    size_t i;
    json_t *one;
    json_array_foreach(findings, i, one)
    {
        ASSAY_TRY(assay_buf_printf(out, err, "%serror       %s\ncause       %s\nwith Assay  %s\n", i ? "\n" : "",
                                   json_string_value(json_object_get(one, "error")),
                                   json_string_value(json_object_get(one, "cause")),
                                   json_string_value(json_object_get(one, "advice"))));
    }
    return ASSAY_OK;
}

static json_t *findings_in(const char *text)
{
    const assay_diagnosis *found;
    json_t *list = json_array();
    for (size_t at = 0; (found = assay_diagnosis_next(text, &at));)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s}", "error", found->signs[0], "cause", found->cause,
                                              "advice", found->advice));
    return list;
}

/* *known: something was said. */
static assay_status tell_findings(const char *text, bool json, bool *known, assay_error *err)
{
    json_t *findings = findings_in(text), *report = json_pack("{s:O?}", "findings", findings);
    *known = json_array_size(findings) > 0;
    assay_status status = !report ? assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the report") : ASSAY_OK;
    if (status == ASSAY_OK && *known)
        status = json ? assay_print_json(report, err) : print_result(write_findings, findings, err);
    json_decref(findings);
    json_decref(report);
    return status;
}

/* A script or a log: known errors first; with --json they are all that is printed, one object. */
static assay_status read_text(const char *text, const char *name, const assay_options *options,
                              const assay_command_context *context, assay_error *err)
{
    assay_string_list words;
    char *kept;
    bool known;
    ASSAY_TRY(tell_findings(text, options->json, &known, err));
    assay_status status = assay_command_words(text, &words, &kept, err);
    if (status == ASSAY_OK && words.count && !(known && options->json)) {
        if (known) status = assay_print_text("\nThe command in it, in Assay's words:\n", err);
        if (status == ASSAY_OK) status = translate(&words, options->json, context, err);
    } else if (status == ASSAY_OK && !words.count && !known)
        status = assay_error_set(err, ASSAY_E_UNSUPPORTED,
                                 "%s: neither an error that is known here nor a trainer's command line is in it", name);
    assay_free(words.items);
    assay_free(kept);
    return status;
}

static assay_status write_inspection(assay_buf *out, json_t *report, assay_error *err)
{
    json_t *problems = json_object_get(report, "problems"), *one;
    size_t i;
    ASSAY_TRY(assay_buf_printf(out, err, "%s: %s", json_string_value(json_object_get(report, "path")),
                               json_string_value(json_object_get(report, "kind"))));
    const char *architecture = json_string_value(json_object_get(report, "architecture")),
               *head = json_string_value(json_object_get(report, "head"));
    if (architecture) ASSAY_TRY(assay_buf_printf(out, err, ", %s", architecture));
    if (head) ASSAY_TRY(assay_buf_printf(out, err, ", reward head: %s", head));
    if (!json_array_size(problems)) ASSAY_TRY(assay_buf_text(out, "; nothing is wrong", err));
    ASSAY_TRY(assay_buf_byte(out, '\n', err));
    json_array_foreach(problems, i, one) ASSAY_TRY(assay_buf_printf(out, err, "  - %s\n", json_string_value(one)));
    return ASSAY_OK;
}

static assay_status look_at_model(const char *path, bool json, assay_error *err)
{
    json_t *report;
    ASSAY_TRY(assay_inspect(path, &report, err));
    assay_status status = json ? assay_print_json(report, err) : print_result(write_inspection, report, err);
    size_t problems = json_array_size(json_object_get(report, "problems"));
    json_decref(report);
    ASSAY_TRY(status);
    return problems ? assay_error_set(err, ASSAY_E_FORMAT, "%s: %zu problem%s; assay inspect has the details", path,
                                      problems, problems == 1 ? "" : "s")
                    : ASSAY_OK;
}

static bool is_model(const char *path)
{
    return assay_path_is_dir(path) || assay_text_ends(path, ".gguf") || assay_text_ends(path, ".safetensors") ||
           assay_text_ends(path, ".bin") || assay_text_ends(path, ".model");
}

static assay_status look_at(const char *path, const assay_options *options, const assay_command_context *context,
                            assay_error *err)
{
    char *text;
    size_t size;
    if (is_model(path)) return look_at_model(path, options->json, err);
    ASSAY_TRY(assay_file_read(strcmp(path, "-") != 0 ? path : "/dev/stdin", LOG_CEILING, &text, &size, err));
    for (size_t i = 0; i < size; i++)
        if (text[i] == '\0') text[i] = ' ';
    bool is_run = false;
    assay_status status = ASSAY_OK;
    if (assay_text_ends(path, ".yaml") || assay_text_ends(path, ".yml"))
        status = translate_yaml(path, text, options->json, &is_run, context, err);
    if (status == ASSAY_OK && !is_run) status = read_text(text, path, options, context, err);
    assay_free(text);
    return status;
}

/* Words that name no file: a pasted error, or a command line. */
static assay_status listen(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    const assay_string_list *words = &options->positionals;
    assay_buf text;
    bool known = false;
    assay_buf_init(&text, LOG_CEILING);
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < words->count && status == ASSAY_OK; i++)
        status = assay_buf_printf(&text, err, "%s%s", i ? " " : "", words->items[i]);
    if (status == ASSAY_OK) status = tell_findings(text.data, options->json, &known, err);
    assay_buf_release(&text);
    return status == ASSAY_OK && !known ? translate(words, options->json, context, err) : status;
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    const assay_string_list *words = &options->positionals;
    if (words->count == 0) return check_machine(options, err);
    bool file = words->count == 1 && (!strcmp(words->items[0], "-") || assay_path_exists(words->items[0]));
    return file ? look_at(words->items[0], options, context, err) : listen(options, context, err);
}

const assay_command assay_command_doctor = {
    .name = "doctor",
    .summary = "looks at machine, models, logs; translates other trainers' command lines",
    .arguments = "[PATH | -- COMMAND LINE | -- ERROR]",
    .help = "Without words: processors, vector instructions, memory (with the cgroup's limit) and disk. With a model "
            "or adapter folder: what is\n"
            "wrong with it (an adapter that lost its head, for one); exit code 1 where something is. With a log, or an "
            "error behind --: what\n"
            "causes it, and what to do in Assay. With a script, or the command line of another trainer behind --, "
            "prints the assay train line\n"
            "that does the same; names without meaning here are told on stderr.\n"
            "\n"
            "Examples:\n"
            "  assay doctor\n"
            "  assay doctor my-adapter\n"
            "  assay doctor run_rm.sh\n"
            "  assay doctor train.log                # or - for standard input\n"
            "  assay doctor llama3_lora_reward.yaml   # of LLaMA-Factory or TRL\n"
            "  assay doctor -- torchrun reward_modeling.py --model_name_or_path ./chatglm3-6b --train_file_dir data "
            "--lora_rank 8\n",
    .takes = ASSAY_FOR_DOCTOR,
    .words_max = 10000,
    .reports_first = true,
    .each = true,
    .run = run,
};
