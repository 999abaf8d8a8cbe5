/* What was asked for: the options that differ from their defaults, and the command line made of them. */
#include "base/json_doc.h"
#include "base/text.h"
#include "options/option_table.h"
#include "report/report_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* "auto" of these is a number by the time it is written (docs of --lr and --lora-alpha). */
static double resolved_default(const char *name, const json_t *options)
{
    const char *tuning = json_string_value(json_object_get(options, "tuning"));
    if (!strcmp(name, "lora-alpha")) return 2 * json_number_value(json_object_get(options, "lora-rank"));
    if (strcmp(name, "lr") != 0 || !tuning) return (double)NAN;
    return !strcmp(tuning, "full") ? 1e-5 : !strcmp(tuning, "head") ? 1e-3 : 1e-4;
}

static bool is_text(const json_t *value, const char *text)
{
    char *end;
    if (json_is_string(value)) return !strcmp(json_string_value(value), text);
    if (json_is_boolean(value)) return !strcmp(json_is_true(value) ? "true" : "false", text);
    if (json_is_array(value)) return json_array_size(value) == 1 && is_text(json_array_get(value, 0), text);
    return json_is_number(value) && json_number_value(value) == assay_text_real(text, &end) && !*end;
}

static bool is_default(const assay_option_row *row, const json_t *value, const json_t *options)
{
    if (json_is_number(value) && json_number_value(value) == resolved_default(row->name, options)) return true;
    if (row->default_text) return is_text(value, row->default_text);
    for (size_t i = 0; i < sizeof row->words / sizeof *row->words; i++)
        if (row->words[i].word && row->words[i].value == 0 && is_text(value, row->words[i].word)) return true;
    return json_is_false(value) || (json_is_number(value) && json_number_value(value) == 0);
}

static const assay_option_row *row_of(const char *name)
{
    return assay_option_find(name, strlen(name), ASSAY_FOR_TRAIN);
}

static bool is_changed(const char *name, const json_t *value, const json_t *options)
{
    const assay_option_row *row = row_of(name);
    return !row || !is_default(row, value, options);
}

/* In single quotes where a shell would read more than letters; a quote inside leaves them for a moment. */
static void put_word(assay_page *page, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
    if (*word && word[strspn(word, plain)] == '\0') {
        assay_page_text(page, word);
        return;
    }
    assay_page_text(page, "'");
    for (; *word; word++) {
        const char letter[] = {*word, '\0'};
        assay_page_text(page, *word == '\'' ? "'\\''" : letter);
    }
    assay_page_text(page, "'");
}

static void put_value(assay_page *page, const json_t *value)
{
    if (json_is_string(value)) put_word(page, json_string_value(value));
    else assay_page_value(page, value);
}

static void put_option(assay_page *page, const char *name, const json_t *value)
{
    const assay_option_row *row = row_of(name);
    bool commas = row && (row->flags & ASSAY_OPTION_COMMA);
    assay_page_add(page, " \\\n    --");
    assay_page_text(page, name);
    if (json_is_true(value)) return;
    assay_page_add(page, " ");
    if (!json_is_array(value)) {
        put_value(page, value);
        return;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (i && commas) assay_page_add(page, ",");
        if (i && !commas) {
            assay_page_add(page, " --");
            assay_page_text(page, name);
            assay_page_add(page, " ");
        }
        put_value(page, json_array_get(value, i));
    }
}

void assay_report_command(assay_page *page, const assay_run_data *data)
{
    static const char *const first[] = {"model", "data", "output"};
    enum { FIRST = sizeof first / sizeof *first };
    const json_t *options = json_object_get(data->notes, "options");
    const char *key;
    json_t *value;
    if (!json_object_size(options)) return;
    assay_page_add(page, "<details class=\"command\"><summary>The command line of this run</summary><button "
                         "type=\"button\">Copy</button><pre>assay train");
    for (size_t i = 0; i < FIRST; i++)
        if (json_object_get(options, first[i])) put_option(page, first[i], json_object_get(options, first[i]));
    json_object_foreach(assay_json_lent(options), key, value)
    {
        bool written = false;
        for (size_t i = 0; i < FIRST; i++) written |= !strcmp(key, first[i]);
        if (!written && is_changed(key, value, options)) put_option(page, key, value);
    }
    assay_page_add(page, "</pre></details>\n");
}

static void put_rows(assay_page *page, const json_t *options, bool changed)
{
    const char *key;
    json_t *value;
    json_object_foreach(assay_json_lent(options), key, value)
    {
        if (is_changed(key, value, options) != changed) continue;
        assay_page_add(page, changed ? "<tr class=\"changed\"><td>" : "<tr><td>");
        assay_page_text(page, key);
        assay_page_add(page, "</td><td>");
        assay_page_value(page, value);
        assay_page_add(page, "</td></tr>\n");
    }
}

void assay_report_options(assay_page *page, const json_t *options)
{
    if (!json_object_size(options)) return;
    assay_page_add(page, "<section><h2>Options</h2>\n<p class=\"note\">Those that differ from the defaults come "
                         "first.</p>\n<table class=\"facts\">\n");
    put_rows(page, options, true);
    put_rows(page, options, false);
    assay_page_add(page, "</table></section>\n");
}
