#include "cli/command.h"

#include "base/buf.h"
#include "base/text.h"
#include "task/inspection.h"

#include <string.h>

enum { TEXT_BYTES = 1 << 20, NAME_BYTES = 4096 };

/* A name that a file gave stays on its line. */
static assay_status write_name(assay_buf *out, const char *name, assay_error *err)
{
    char visible[NAME_BYTES];
    assay_text_visible(visible, sizeof visible, name ? name : "", false);
    return assay_buf_text(out, visible, err);
}

static assay_status write_value(assay_buf *out, const json_t *value, assay_error *err)
{
    if (json_is_string(value)) return write_name(out, json_string_value(value), err);
    if (json_is_integer(value)) return assay_buf_printf(out, err, "%lld", (long long)json_integer_value(value));
    if (json_is_real(value)) return assay_buf_printf(out, err, "%g", json_real_value(value));
    if (json_is_boolean(value)) return assay_buf_text(out, json_is_true(value) ? "yes" : "no", err);
    for (size_t i = 0; i < json_array_size(value); i++) {
        ASSAY_TRY(assay_buf_text(out, i ? ", " : "", err));
        ASSAY_TRY(write_name(out, json_string_value(json_array_get(value, i)), err));
    }
    return json_array_size(value) ? ASSAY_OK : assay_buf_text(out, "none", err);
}

static assay_status write_report(assay_buf *out, json_t *report, assay_error *err)
{
    const char *key;
    json_t *value, *problems = json_object_get(report, "problems");
    json_object_foreach(report, key, value)
    {
        if (value == problems) continue;
        ASSAY_TRY(assay_buf_printf(out, err, "%-14s ", key));
        ASSAY_TRY(write_value(out, value, err));
        ASSAY_TRY(assay_buf_byte(out, '\n', err));
    }
    for (size_t i = 0; i < json_array_size(problems); i++)
        ASSAY_TRY(assay_buf_printf(out, err, "%s  - %s\n", i ? "" : "problems\n",
                                   json_string_value(json_array_get(problems, i))));
    return ASSAY_OK;
}

static assay_status print_report(json_t *report, assay_error *err)
{
    assay_buf out;
    assay_buf_init(&out, TEXT_BYTES);
    assay_status status = write_report(&out, report, err);
    if (status == ASSAY_OK) status = assay_print_text(out.data, err);
    assay_buf_release(&out);
    return status;
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    json_t *report;
    (void)context;
    ASSAY_TRY(assay_inspect(options->positionals.items[0], &report, err));
    assay_status status = options->json ? assay_print_json(report, err) : print_report(report, err);
    json_decref(report);
    return status;
}

const assay_command assay_command_inspect = {
    .name = "inspect",
    .summary = "what a checkpoint, adapter, tokenizer or run folder is",
    .arguments = "PATH [options]",
    .help = "Says what is at PATH, what of it Assay supports, and what is wrong with it. All weights are read once, "
            "for the fingerprint.\n"
            "\n"
            "Examples:\n"
            "  assay inspect ./chatglm3-6b\n"
            "  assay inspect my-reward --json\n",
    .takes = ASSAY_FOR_INSPECT,
    .words_min = 1,
    .words_max = 1,
    .reports_first = true,
    .run = run,
};
