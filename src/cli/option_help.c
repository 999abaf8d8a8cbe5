#include "cli/option_help.h"

#include "cli/wrap.h"
#include "options/option_alias.h"
#include "options/option_table.h"

#include <stdio.h>
#include <string.h>

enum { NAME_WIDTH = 28 };

static const char *const group_titles[ASSAY_GROUP_COUNT] = {
    [ASSAY_GROUP_FILES] = "Files and data", [ASSAY_GROUP_TUNING] = "What is trained",
    [ASSAY_GROUP_TRAINING] = "Training",    [ASSAY_GROUP_TEXT] = "Text",
    [ASSAY_GROUP_MACHINE] = "Machine",      [ASSAY_GROUP_RUN] = "Run",
    [ASSAY_GROUP_GENERAL] = "General",
};

const char *assay_option_group_title(assay_option_group group) { return group_titles[group]; }

static bool is_shown(const assay_option_row *row, unsigned command)
{
    return (row->commands & command) && !(row->flags & ASSAY_OPTION_HIDDEN);
}

static assay_status write_row(assay_buf *out, const assay_option_row *row, assay_error *err)
{
    char head[128], line[512];
    const char *value = row->choices ? row->choices : row->value_name;
    bool optional = row->flags & ASSAY_OPTION_OPTIONAL;
    int used = snprintf(head, sizeof head, "  --%s%s%s%s", row->name, value ? optional ? " [" : " " : "",
                        value ? value : "", value && optional ? "]" : "");
    bool default_shown = row->default_text && !strstr(row->help, "(default");
    snprintf(line, sizeof line, "%s%s%s%s", row->help, default_shown ? " [" : "",
             default_shown ? row->default_text : "", default_shown ? "]" : "");
    if (used < NAME_WIDTH - 1) ASSAY_TRY(assay_buf_printf(out, err, "%-*s", NAME_WIDTH, head));
    else ASSAY_TRY(assay_buf_printf(out, err, "%s\n%*s", head, NAME_WIDTH, ""));
    return assay_wrap_line(out, line, NAME_WIDTH, NAME_WIDTH, ASSAY_PAGE_COLUMNS, err);
}

static assay_status write_group(assay_buf *out, assay_option_group group, unsigned command, assay_error *err)
{
    bool titled = false;
    for (size_t i = 0; i < assay_option_count(); i++) {
        const assay_option_row *row = assay_option_at(i);
        if (row->group != group || !is_shown(row, command)) continue;
        if (!titled) ASSAY_TRY(assay_buf_printf(out, err, "\n%s\n", group_titles[group]));
        titled = true;
        ASSAY_TRY(write_row(out, row, err));
    }
    return ASSAY_OK;
}

static assay_status gather_names(assay_buf *names, unsigned command, assay_error *err)
{
    for (size_t i = 0; i < assay_alias_count(); i++) {
        const assay_option_alias *alias = assay_alias_at(i);
        const assay_option_row *row = assay_option_find(alias->target, strlen(alias->target), command);
        if (row && !(row->flags & ASSAY_OPTION_HIDDEN))
            ASSAY_TRY(assay_buf_printf(names, err, "%s (%s), ", alias->name, row->name));
    }
    for (size_t i = 0; i < assay_option_count(); i++) {
        const assay_option_row *row = assay_option_at(i);
        if ((row->commands & command) && (row->flags & ASSAY_OPTION_HIDDEN))
            ASSAY_TRY(assay_buf_printf(names, err, "%s, ", row->name));
    }
    return ASSAY_OK;
}

static assay_status write_names(assay_buf *out, unsigned command, assay_error *err)
{
    assay_buf names;
    assay_buf_init(&names, 1 << 16);
    assay_status status = gather_names(&names, command, err);
    if (status == ASSAY_OK && names.size > 2) {
        names.data[names.size - 2] = '\0';
        status = assay_buf_text(out,
                                "\nNames from Hugging Face, TRL and MedicalGPT that mean the same (the rest\n"
                                "of theirs is accepted with a note)\n  ",
                                err);
        if (status == ASSAY_OK) status = assay_wrap_line(out, names.data, 2, 2, ASSAY_PAGE_COLUMNS, err);
    }
    assay_buf_release(&names);
    return status;
}

assay_status assay_option_help(assay_buf *out, unsigned command, assay_error *err)
{
    for (int group = 0; group < ASSAY_GROUP_COUNT; group++)
        ASSAY_TRY(write_group(out, (assay_option_group)group, command, err));
    if (command & (ASSAY_FOR_TRAIN | ASSAY_FOR_PLAN | ASSAY_FOR_VERIFY | ASSAY_FOR_PREVIEW))
        return write_names(out, command, err);
    return ASSAY_OK;
}
