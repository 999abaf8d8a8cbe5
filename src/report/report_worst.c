#include "report/report_private.h"

#include "base/json_doc.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_WORST = 20, TEASER_BYTES = 110 };

static void turns(assay_page *page, const char *title, const char *kind, const json_t *messages)
{
    size_t index;
    json_t *message;
    assay_page_add(page, "<h3>%s</h3><div class=\"turns %s\">", title, kind);
    json_array_foreach(assay_json_lent(messages), index, message)
    {
        if (json_array_size(messages) > 1) {
            assay_page_add(page, "<i>");
            assay_page_text(page, json_string_value(json_object_get(message, "role")));
            assay_page_add(page, "</i>\n");
        }
        assay_page_text(page, json_string_value(json_object_get(message, "content")));
        assay_page_add(page, "%s", index + 1 < json_array_size(messages) ? "\n" : "");
    }
    assay_page_add(page, "</div>");
}

/* The start of the last message: what the answers answer. */
static void teaser(assay_page *page, const json_t *messages)
{
    const char *text = json_string_value(json_object_get(assay_report_last(messages), "content"));
    char *start;
    size_t size = 0;
    if (!text) return;
    while (text[size] && text[size] != '\n' && size < TEASER_BYTES) size++;
    while (size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80) size--;
    if ((start = assay_strndup(text, size))) assay_page_text(page, start);
    assay_page_add(page, "%s", text[size] ? "\xe2\x80\xa6" : "");
    assay_free(start);
}

static void number(assay_page *page, const char *before, const json_t *line, const char *key)
{
    assay_page_add(page, "%s", before);
    assay_page_number(page, assay_run_number(line, key), 4);
}

/* One that stands alone has a reward and no other side. */
static void rewards_of(assay_page *page, const json_t *line, assay_run_kind kind)
{
    bool compared = kind == ASSAY_RUN_COMPARED;
    number(page, compared ? "</summary><p class=\"note\">chosen " : "</summary><p class=\"note\">reward ", line,
           "chosen");
    if (compared) number(page, ", rejected ", line, "rejected");
    number(page, "; tokens with the prompt ", line, "tokens_chosen");
    if (compared) number(page, " and ", line, "tokens_rejected");
}

static void one_pair(assay_page *page, const json_t *line, size_t place, assay_run_kind kind)
{
    const json_t *texts = json_object_get(line, "texts"), *id = json_object_get(line, "id");
    assay_page_add(page, "<details><summary>%zu. ", place);
    number(page, "<b>", line, "margin");
    assay_page_add(page, "</b> ");
    teaser(page, json_object_get(texts, "prompt"));
    rewards_of(page, line, kind);
    assay_page_add(page, "; ");
    assay_page_value(page, json_object_get(line, "at"));
    if (id) {
        assay_page_add(page, ", id ");
        assay_page_value(page, id);
    }
    assay_page_add(page, "</p>");
    turns(page, "Prompt", "", json_object_get(texts, "prompt"));
    turns(page, kind == ASSAY_RUN_COMPARED ? "Chosen" : "Answer", "yes", json_object_get(texts, "chosen"));
    if (kind == ASSAY_RUN_COMPARED) turns(page, "Rejected, scored higher", "no", json_object_get(texts, "rejected"));
    assay_page_add(page, "</details>\n");
}

/* Both sides are lines with texts; a margin that is no number comes first. */
static int by_margin(const void *a, const void *b)
{
    double x = assay_run_number(*(json_t *const *)a, "margin"), y = assay_run_number(*(json_t *const *)b, "margin");
    if (isnan(x) || isnan(y)) return isnan(y) - isnan(x);
    return (x > y) - (x < y);
}

static size_t wrong_pairs(const json_t *pairs, const json_t **found)
{
    size_t index, count = 0;
    json_t *line;
    json_array_foreach(assay_json_lent(pairs), index,
                       line) if (json_object_get(line, "texts") && !(assay_run_number(line, "margin") > 0))
        found[count++] = line;
    qsort(found, count, sizeof *found, by_margin);
    return count < MOST_WORST ? count : MOST_WORST;
}

static const char *const whose[] = {
    [ASSAY_RUN_COMPARED] = "Held-out pairs whose rejected answer scored highest above the chosen one: wrong labels "
                           "first, or what the model has not learned.",
    [ASSAY_RUN_LABELLED] =
        "Held-out answers whose reward is farthest from 0 on the side that their label is not: wrong "
        "labels first, or what the model has not learned.",
    [ASSAY_RUN_GRADED] = "Held-out answers whose score is farthest from the value of its attribute.",
    [ASSAY_RUN_STEPS] =
        "Held-out answers with a step whose score is farthest from 1/2 on the side that its label is not: "
        "wrong labels first, or what the model has not learned. The reward is the worst step's score."};
static const char *const none[] = {[ASSAY_RUN_COMPARED] = "No held-out pair was judged wrong.",
                                   [ASSAY_RUN_LABELLED] = "No held-out answer was judged wrong.",
                                   [ASSAY_RUN_GRADED] = "Every held-out score is its target.",
                                   [ASSAY_RUN_STEPS] = "No held-out step was judged wrong."};

void assay_report_worst(assay_page *page, const assay_run_data *data)
{
    size_t all = json_array_size(data->pairs);
    if (all == 0) return;
    const json_t **found = assay_alloc(all, sizeof *found);
    if (!found) {
        if (page->status == ASSAY_OK)
            page->status = assay_error_set(page->err, ASSAY_E_MEMORY, "out of memory for a report");
        return;
    }
    size_t count = wrong_pairs(data->pairs, found);
    assay_run_kind kind = assay_run_kind_of(data);
    assay_page_add(page, "<h2>Worst %s</h2>\n<p class=\"note\">%s</p>\n",
                   kind == ASSAY_RUN_COMPARED ? "pairs" : "answers", count ? whose[kind] : none[kind]);
    assay_page_add(page, "<div class=\"worst\">\n");
    for (size_t i = 0; i < count; i++) one_pair(page, found[i], i + 1, kind);
    assay_page_add(page, "</div>\n");
    assay_free(found);
}
