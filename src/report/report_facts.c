#include "report/report_private.h"

#include "base/json_doc.h"

#include <string.h>

static void rows(assay_page *page, const json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach(assay_json_lent(object), key, value)
    {
        size_t length = strlen(key);
        assay_page_add(page, "<tr><td>");
        assay_page_text(page, key);
        assay_page_add(page, "</td><td>");
        if (json_is_number(value) && length > 6 && !strcmp(key + length - 6, "_bytes"))
            assay_page_bytes(page, json_number_value(value));
        else assay_page_value(page, value);
        assay_page_add(page, "</td></tr>\n");
    }
}

static void table(assay_page *page, const char *title, const json_t *object)
{
    if (!json_object_size(object)) return;
    assay_page_add(page, "<section><h2>%s</h2>\n<table class=\"facts\">\n", title);
    rows(page, object);
    assay_page_add(page, "</table></section>\n");
}

/* A column of the evaluations, and its heading in runs of each kind; NULL: it has none there. */
typedef struct evaluation_column {
    const char *key, *head[3]; /* by assay_run_kind */
} evaluation_column;

static const evaluation_column columns[] = {
    {"eval_accuracy", {"accuracy", "accuracy", NULL}},
    {"eval_accuracy_low", {"95 % low", "95 % low", NULL}},
    {"eval_accuracy_high", {"95 % high", "95 % high", NULL}},
    {"eval_ties", {"ties", NULL, NULL}},
    {"eval_loss", {"loss", "loss", "mean square error"}},
    {"eval_r2", {NULL, NULL, "R2"}},
    {"eval_pearson", {NULL, NULL, "Pearson"}},
    {"eval_spearman", {NULL, NULL, "Spearman"}},
    {"eval_margin", {"margin", "difference", NULL}},
    {"eval_reward_chosen", {"chosen", "good", NULL}},
    {"eval_reward_rejected", {"rejected", "others", NULL}},
    {"eval_length_correlation", {"reward ~ length", NULL, NULL}},
    {"eval_longer_wins", {"longer wins", NULL, NULL}},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static void evaluations(assay_page *page, const assay_run_data *data)
{
    const assay_run_kind kind = assay_run_kind_of(data);
    size_t index;
    json_t *line;
    if (!json_array_size(data->evaluations)) return;
    assay_page_add(page, "<h2>Evaluations</h2>\n<div class=\"scroll\"><table><tr><th class=\"n\">step</th>");
    for (size_t i = 0; i < COLUMNS; i++)
        if (columns[i].head[kind]) assay_page_add(page, "<th class=\"n\">%s</th>", columns[i].head[kind]);
    assay_page_add(page, "</tr>\n");
    json_array_foreach(assay_json_lent(data->evaluations), index, line)
    {
        assay_page_add(page, "<tr><td class=\"n\">%.0f</td>", assay_run_number(line, "step"));
        for (size_t i = 0; i < COLUMNS; i++) {
            if (!columns[i].head[kind]) continue;
            assay_page_add(page, "<td class=\"n\">");
            assay_page_number(page, assay_run_number(line, columns[i].key), 4);
            assay_page_add(page, "</td>");
        }
        assay_page_add(page, "</tr>\n");
    }
    assay_page_add(page, "</table></div>\n");
}

/* assay.json's own scalars: version, template and how texts end. */
static json_t *rendering(const json_t *notes)
{
    json_t *object = json_object(), *value;
    const char *key;
    json_object_foreach(assay_json_lent(notes), key, value) if (!json_is_object(value) && !json_is_array(value))
        json_object_set(object, key, value);
    return object;
}

void assay_report_facts(assay_page *page, const assay_run_data *data)
{
    json_t *version = rendering(data->notes);
    evaluations(page, data);
    if (!data->notes)
        assay_page_add(
            page,
            "<h2>Options</h2><p>This run has not ended: assay.json, which names its options, is not there yet.</p>\n");
    assay_report_options(page, json_object_get(data->notes, "options"));
    assay_page_add(page, "<div class=\"beside\">\n");
    table(page, "Version and rendering", version);
    table(page, "Fingerprints", json_object_get(data->notes, "fingerprints"));
    table(page, "Memory plan", json_object_get(data->notes, "plan"));
    table(page, "Machine", data->machine);
    assay_page_add(page, "</div>\n");
    json_decref(version);
}
