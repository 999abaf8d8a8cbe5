/* Two things under one name: a look at the machine, and a translator of other programs' command lines. */
#include "cli/command.h"

#include "base/threads.h"
#include "cli/machine.h"
#include "cli/option_dump.h"
#include "cli/progress.h"

#include <string.h>
#include <sys/statvfs.h>

enum { LINE_CEILING = 1 << 20 };

static assay_status add_checked(json_t *object, const char *name, json_t *value, assay_error *err)
{
    if (json_object_set_new(object, name, value) == 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the report");
}

static const char *vector_set(void)
{
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")) return "AVX-512";
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return "AVX2";
    return "none";
}

static assay_status look_at_machine(json_t *report, assay_error *err)
{
    assay_machine_memory memory;
    struct statvfs disk;
    ASSAY_TRY(assay_machine_memory_read(&memory, "", err));
    ASSAY_TRY(add_checked(report, "version", json_string(ASSAY_VERSION), err));
    ASSAY_TRY(add_checked(report, "processors", json_integer(assay_processors()), err));
    ASSAY_TRY(add_checked(report, "vectors", json_string(vector_set()), err));
    ASSAY_TRY(add_checked(report, "memory_total_bytes", json_integer((json_int_t)memory.total), err));
    ASSAY_TRY(add_checked(report, "memory_free_bytes", json_integer((json_int_t)memory.free), err));
    json_t *limit = memory.limit == UINT64_MAX ? json_null() : json_integer((json_int_t)memory.limit);
    ASSAY_TRY(add_checked(report, "memory_limit_bytes", limit, err));
    if (statvfs(".", &disk) != 0) return ASSAY_OK;
    return add_checked(report, "disk_free_bytes", json_integer((json_int_t)(disk.f_bavail * disk.f_frsize)), err);
}

static json_int_t number(const json_t *report, const char *name)
{
    return json_integer_value(json_object_get(report, name));
}

static assay_status add_bytes(assay_buf *out, const json_t *report, const char *title, const char *name, assay_error *err)
{
    char bytes[32];
    assay_format_bytes((uint64_t)number(report, name), bytes, sizeof bytes);
    return assay_buf_printf(out, err, "%-14s %s\n", title, bytes);
}

static assay_status write_machine(assay_buf *out, const json_t *report, assay_error *err)
{
    ASSAY_TRY(assay_buf_printf(out, err, "%-14s %s\n", "Assay", ASSAY_VERSION));
    ASSAY_TRY(assay_buf_printf(out, err, "%-14s %lld, vectors: %s\n", "processors", (long long)number(report, "processors"), vector_set()));
    ASSAY_TRY(add_bytes(out, report, "memory", "memory_total_bytes", err));
    ASSAY_TRY(add_bytes(out, report, "free now", "memory_free_bytes", err));
    if (!json_is_null(json_object_get(report, "memory_limit_bytes")))
        ASSAY_TRY(add_bytes(out, report, "cgroup limit", "memory_limit_bytes", err));
    ASSAY_TRY(add_bytes(out, report, "disk free here", "disk_free_bytes", err));
    if (number(report, "memory_free_bytes") < (json_int_t)1 << 30)
        ASSAY_TRY(assay_buf_text(out, "\nLess than 1 GiB of memory is free: only small models will fit. See assay help train, --memory.\n", err));
    return ASSAY_OK;
}

static bool needs_quotes(const char *text)
{
    return *text == '\0' || text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%")] != '\0';
}

static assay_status write_word(assay_buf *out, const char *text, assay_error *err)
{
    if (!needs_quotes(text)) return assay_buf_text(out, text, err);
    ASSAY_TRY(assay_buf_byte(out, '\'', err));
    for (; *text; text++) ASSAY_TRY(*text == '\'' ? assay_buf_text(out, "'\\''", err) : assay_buf_byte(out, *text, err));
    return assay_buf_byte(out, '\'', err);
}

static assay_status write_option(assay_buf *out, const char *name, const json_t *value, assay_error *err)
{
    if (json_is_false(value)) return assay_buf_printf(out, err, " \\\n    --no-%s", name);
    ASSAY_TRY(assay_buf_printf(out, err, " \\\n    --%s", name));
    if (json_is_true(value) || (json_is_string(value) && *json_string_value(value) == '\0')) return ASSAY_OK;
    ASSAY_TRY(assay_buf_byte(out, ' ', err));
    if (json_is_string(value)) return write_word(out, json_string_value(value), err);
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
        for (size_t i = 0; i < json_array_size(value); i++) ASSAY_TRY(write_option(out, name, json_array_get(value, i), err));
    }
    return assay_buf_byte(out, '\n', err);
}

static assay_status print_result(assay_status (*write)(assay_buf *, json_t *, assay_error *), json_t *object, assay_error *err)
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
    if (status == ASSAY_OK) status = options->json ? assay_print_json(report, err) : print_result(write_report, report, err);
    json_decref(report);
    return status;
}

/* `CUDA_VISIBLE_DEVICES=0 torchrun --nnodes 1 reward_modeling.py --lr ...`: the words in front of the first option are the
 * program's; the launcher's own options have no meaning here. */
static size_t first_option(const assay_string_list *words)
{
    size_t at = 0;
    while (at < words->count && strncmp(words->items[at], "--", 2) != 0) at++;
    return at;
}

static assay_status print_translation(const assay_options *theirs, bool json, assay_error *err)
{
    json_t *given = assay_options_json(theirs, ASSAY_FOR_TRAIN, true);
    ASSAY_TRY_ALLOC(given, "the command", err);
    assay_status status = json ? assay_print_json(given, err) : print_result(write_command, given, err);
    json_decref(given);
    return status;
}

static assay_status translate(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    assay_options theirs;
    const assay_string_list *words = &options->positionals;
    size_t first = first_option(words);
    assay_status status = assay_options_init(&theirs, err);
    char *const *args = (char *const *)(uintptr_t)(words->items + first);
    if (status == ASSAY_OK)
        status = assay_options_parse(&theirs, ASSAY_FOR_TRAIN, "train", 0, (int)(words->count - first), args, context->log, err);
    if (status == ASSAY_OK) status = print_translation(&theirs, options->json, err);
    assay_options_release(&theirs);
    return status;
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    return options->positionals.count ? translate(options, context, err) : check_machine(options, err);
}

const assay_command assay_command_doctor = {
    .name = "doctor",
    .summary = "looks at the machine; translates MedicalGPT and TRL command lines",
    .arguments = "[-- COMMAND LINE]",
    .help = "Without words: processors, vector instructions, memory (with the cgroup's limit) and disk. With the command line of another\n"
            "trainer behind --, prints the assay train line that does the same; names without meaning here are told on stderr.\n"
            "\n"
            "Examples:\n"
            "  assay doctor\n"
            "  assay doctor --json\n"
            "  assay doctor -- torchrun reward_modeling.py --model_name_or_path ./chatglm3-6b --train_file_dir data --lora_rank 8\n",
    .takes = ASSAY_FOR_DOCTOR,
    .words_max = 10000,
    .run = run,
};
