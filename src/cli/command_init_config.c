/* A run file out of the option table: what every option of train means and what it is when nobody says anything.
 * Options with a default are comments, so that the file says nothing a plain `assay train` would not do (a value in a
 * file counts as said, and beats what comes along with a model or with other names); those without one are empty, which
 * counts as not said. So the file works unchanged, and whatever is uncommented is what changes. */
#include "cli/command.h"
#include "task/output_guard.h"

#include "base/buf.h"
#include "base/file.h"
#include "cli/option_help.h"
#include "cli/wrap.h"
#include "options/option_table.h"

#include <string.h>

enum { PAGE = ASSAY_PAGE_COLUMNS };

static const char *const needed[] = {"model", "data", "output"};

static bool is_needed(const char *name)
{
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (!strcmp(needed[i], name)) return true;
    return false;
}

/* The help as comment lines. */
static assay_status write_comment(assay_buf *out, const char *text, assay_error *err)
{
    size_t column = PAGE;
    for (; *text; text += strspn(text, " ")) {
        size_t length = strcspn(text, " ");
        bool fits = column + 1 + length <= PAGE;
        ASSAY_TRY(assay_buf_text(out, fits ? " " : out->size && out->data[out->size - 1] != '\n' ? "\n# " : "# ", err));
        ASSAY_TRY(assay_buf_append(out, text, length, err));
        column = (fits ? column + 1 : 2) + length;
        text += length;
    }
    return assay_buf_byte(out, '\n', err);
}

static const char *default_of(const assay_option_row *row)
{
    if (row->default_text) return row->default_text;
    return row->type == ASSAY_OPTION_BOOL ? "false" : "";
}

static assay_status write_option(assay_buf *out, const assay_option_row *row, assay_error *err)
{
    ASSAY_TRY(assay_buf_byte(out, '\n', err));
    ASSAY_TRY(write_comment(out, row->help, err));
    if (row->choices) ASSAY_TRY(assay_buf_printf(out, err, "# one of %s\n", row->choices));
    const char *value = default_of(row);
    return assay_buf_printf(out, err, "%s%s:%s%s\n", is_needed(row->name) ? "" : "#", row->name, *value ? " " : "",
                            value);
}

static bool belongs(const assay_option_row *row, assay_option_group group)
{
    return row->group == group && (row->commands & ASSAY_FOR_TRAIN) && !(row->flags & ASSAY_OPTION_HIDDEN);
}

static assay_status write_file(assay_buf *out, assay_error *err)
{
    ASSAY_TRY(assay_buf_text(out,
                             "# Options of a run: assay train --config THIS. The command line wins over this\n"
                             "# file. Fill in model, data and output; every other line shows its default\n"
                             "# behind the #. Lists are written [a, b]. Names from Hugging Face, TRL and\n"
                             "# MedicalGPT work here too.\n",
                             err));
    for (int group = 0; group < ASSAY_GROUP_GENERAL; group++) {
        ASSAY_TRY(
            assay_buf_printf(out, err, "\n# ---- %s ----\n", assay_option_group_title((assay_option_group)group)));
        for (size_t i = 0; i < assay_option_count(); i++)
            if (belongs(assay_option_at(i), (assay_option_group)group))
                ASSAY_TRY(write_option(out, assay_option_at(i), err));
    }
    return ASSAY_OK;
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    assay_buf out;
    const char *path = options->output && strcmp(options->output, "-") == 0 ? NULL : options->output;
    if (path) ASSAY_TRY(assay_output_guard(options, err));
    if (path && assay_path_exists(path) && !options->force)
        return assay_error_set(err, ASSAY_E_USAGE, "--output %s exists; --force writes over it", path);
    assay_buf_init(&out, 1 << 20);
    assay_status status = write_file(&out, err);
    if (status == ASSAY_OK)
        status = path ? assay_file_write_atomic(path, out.data, out.size, err) : assay_print_text(out.data, err);
    assay_buf_release(&out);
    if (status == ASSAY_OK && path)
        assay_note(context->task.log, "written: %s; fill in model, data and output, then: assay train --config %s",
                   path, path);
    return status;
}

const assay_command assay_command_init_config = {
    .name = "init-config",
    .summary = "a commented run file with every option of train",
    .arguments = "[--output FILE.yaml]",
    .help =
        "Writes a YAML file with every option of train, what it means, and its default. train takes it with --config.\n"
        "\n"
        "Examples:\n"
        "  assay init-config --output run.yaml\n"
        "  assay train --config run.yaml --model ./llama --data pairs.jsonl --output my-reward\n",
    .takes = ASSAY_FOR_INIT_CONFIG,
    .run = run,
};
