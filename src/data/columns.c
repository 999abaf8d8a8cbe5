#include "data/columns.h"

#include "data/pair_formats.h"

#include <string.h>

static const char *const known[] = {"prompt",
                                    "chosen",
                                    "rejected",
                                    "margin",
                                    "p",
                                    "preference",
                                    "tie",
                                    "weight",
                                    "id",
                                    "system",
                                    "history",
                                    "question",
                                    "input",
                                    "instruction",
                                    "conversations",
                                    "messages",
                                    "response_chosen",
                                    "response_rejected",
                                    "output_1",
                                    "output_2",
                                    "label",
                                    "rejected_response",
                                    "rejected_messages",
                                    "output",
                                    "response",
                                    "responses",
                                    "text"};
static const char *const optional[] = {"margin", "p",      "preference", "tie",  "weight",
                                       "id",     "system", "history",    "input"};

static bool listed(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(name, names[i])) return true;
    return false;
}

static assay_status add_column(assay_columns *columns, char *entry, assay_error *err)
{
    char *equals = strchr(entry, '=');
    if (!equals || equals == entry || !equals[1])
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--columns: \"%.80s\" should be NAME=FIELD, as in chosen=pos,rejected=neg", entry);
    *equals = 0;
    if (!listed(entry, known, sizeof known / sizeof *known))
        return assay_error_set(
            err, ASSAY_E_USAGE,
            "--columns: \"%.80s\" is no name Assay knows; the usual ones are prompt, chosen, rejected, margin, id",
            entry);
    for (size_t i = 0; i < columns->count; i++)
        if (!strcmp(columns->items[i].name, entry))
            return assay_error_set(err, ASSAY_E_USAGE, "--columns names \"%s\" twice", entry);
    if (columns->count == ASSAY_COLUMNS_MAX)
        return assay_error_set(err, ASSAY_E_USAGE, "--columns: more than %d names", ASSAY_COLUMNS_MAX);
    columns->items[columns->count].name = entry;
    columns->items[columns->count++].from = equals + 1;
    return ASSAY_OK;
}

assay_status assay_columns_parse(assay_columns *columns, const char *text, assay_error *err)
{
    *columns = (assay_columns){0};
    if (!text || !*text) return ASSAY_OK;
    columns->text = assay_strdup(text);
    ASSAY_TRY_ALLOC(columns->text, "--columns", err);
    char *rest = columns->text;
    for (char *entry; (entry = strsep(&rest, ","));) {
        assay_status status = add_column(columns, entry, err);
        if (status == ASSAY_OK) continue;
        assay_columns_release(columns);
        return status;
    }
    return ASSAY_OK;
}

void assay_columns_release(assay_columns *columns)
{
    assay_free(columns->text);
    *columns = (assay_columns){0};
}

static assay_status rename_fields(const assay_columns *columns, const json_t *line, json_t *renamed, assay_error *err)
{
    static const char *const kept[] = {"margin", "p",  "preference", "tie",     "winner_tie", "overall_preference",
                                       "weight", "id", "subset",     "category"};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        json_t *value = json_object_get(line, kept[i]);
        if (value && json_object_set(renamed, kept[i], value))
            return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a line");
    }
    for (size_t i = 0; i < columns->count; i++) {
        const char *name = columns->items[i].name, *from = columns->items[i].from;
        json_t *value = json_object_get(line, from);
        if (!value && listed(name, optional, sizeof optional / sizeof *optional)) continue;
        char have[400];
        assay_field_list(line, have, sizeof have);
        if (!value)
            return assay_error_set(err, ASSAY_E_FORMAT,
                                   "the field \"%.80s\" (--columns %s=%.80s) is missing; the fields are: %s", from,
                                   name, from, have);
        if (json_object_set(renamed, name, value))
            return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a line");
    }
    return ASSAY_OK;
}

static bool has(const json_t *line, const char *name)
{
    const json_t *value = json_object_get(line, name);
    return value && !json_is_null(value);
}

/* Is it already something that can be read: a pair, or what score takes? */
static bool is_readable(const json_t *line)
{
    return assay_pair_format_find(line) != ASSAY_FORMAT_NONE || has(line, "messages") || has(line, "conversations") ||
           has(line, "text") || (has(line, "prompt") && (has(line, "response") || has(line, "responses")));
}

static bool is_source(const assay_columns *columns, const char *name)
{
    for (size_t i = 0; i < columns->count; i++)
        if (!strcmp(columns->items[i].from, name)) return true;
    return false;
}

/* --columns response=completion says nothing of a prompt that is called so already. What is named makes no line by
 * itself there, so the fields with names that are known stay. */
static assay_status keep_known(const assay_columns *columns, const json_t *line, json_t *renamed, assay_error *err)
{
    for (size_t i = 0; i < sizeof known / sizeof *known && !is_readable(renamed); i++) {
        if (!has(line, known[i]) || json_object_get(renamed, known[i]) || is_source(columns, known[i])) continue;
        if (json_object_set(renamed, known[i], json_object_get(line, known[i])))
            return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a line");
    }
    return ASSAY_OK;
}

assay_status assay_columns_apply(const assay_columns *columns, const json_t *line, json_t **renamed, assay_error *err)
{
    *renamed = json_object();
    ASSAY_TRY_ALLOC(*renamed, "a line", err);
    assay_status status = rename_fields(columns, line, *renamed, err);
    if (status == ASSAY_OK) status = keep_known(columns, line, *renamed, err);
    if (status == ASSAY_OK) return ASSAY_OK;
    json_decref(*renamed);
    *renamed = NULL;
    return status;
}
