#include "report/model_card.h"

#include "base/file.h"
#include "base/text.h"
#include "data/json_text.h"

#include <string.h>

enum { NAME_BYTES = 96 };

/* Whether YAML reads the bare word as that text: a path or name, and no number, keyword or syntax. */
static bool is_plain(const char *value)
{
    static const char *const keywords[] = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"};
    if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ/", *value) || !*value) return false;
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (!assay_text_compare(value, keywords[i])) return false;
    return value[strspn(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/-")] == '\0';
}

/* A scalar: JSON's strings are YAML's double-quoted ones. */
static assay_status put_scalar(assay_buf *out, const char *key, const char *value, assay_error *err)
{
    if (is_plain(value)) return assay_buf_printf(out, err, "%s%s\n", key, value);
    json_t *text = json_string(value);
    ASSAY_TRY_ALLOC(text, "a model card", err);
    assay_status status = assay_buf_text(out, key, err);
    if (status == ASSAY_OK) status = assay_json_text(text, out, err);
    if (status == ASSAY_OK) status = assay_buf_byte(out, '\n', err);
    json_decref(text);
    return status;
}

/* The name of a data set as the hub takes it: letters, digits, dots, dashes and underscores; no folder, no ending. */
static void data_name(const char *path, char name[NAME_BYTES])
{
    static const char *const endings[] = {".gz", ".jsonl", ".json", ".csv", ".tsv"};
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/') length--;
    size_t start = length;
    while (start > 0 && path[start - 1] != '/') start--;
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t size = strlen(endings[i]);
        if (length - start > size && !memcmp(path + length - size, endings[i], size)) length -= size;
    }
    size_t n = 0;
    for (size_t i = start; i < length && n + 1 < NAME_BYTES; i++)
        name[n++] = strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._", path[i]) ? path[i] : '-';
    name[n] = '\0';
}

static assay_status put_datasets(assay_buf *out, const json_t *paths, assay_error *err)
{
    char name[NAME_BYTES];
    for (size_t i = 0; i < json_array_size(paths); i++) {
        const char *path = json_string_value(json_array_get(paths, i));
        if (!path) continue;
        data_name(path, name);
        if (i == 0) ASSAY_TRY(assay_buf_text(out, "datasets:\n", err));
        ASSAY_TRY(put_scalar(out, "- ", name, err));
    }
    return ASSAY_OK;
}

static const json_t *judged_on(const assay_card *card)
{
    return json_array_size(card->eval_data) ? card->eval_data : card->data;
}

static assay_status put_index(assay_buf *out, const assay_card *card, double accuracy, assay_error *err)
{
    char name[NAME_BYTES] = "pairs";
    bool steps = json_object_get(card->evaluation, "steps");
    const char *path = json_string_value(json_array_get(judged_on(card), 0));
    if (path) data_name(path, name);
    ASSAY_TRY(assay_buf_text(out, "metrics:\n- accuracy\nmodel-index:\n", err));
    ASSAY_TRY(put_scalar(out, "- name: ", card->name, err));
    ASSAY_TRY(assay_buf_text(out, "  results:\n  - task:\n      type: text-classification\n      name: ", err));
    ASSAY_TRY(assay_buf_text(out, steps ? "Steps (right or wrong)" : "Preference (chosen against rejected)", err));
    ASSAY_TRY(assay_buf_text(out, "\n    dataset:\n", err));
    ASSAY_TRY(put_scalar(out, "      type: ", name, err));
    ASSAY_TRY(put_scalar(out, "      name: ", name, err));
    return assay_buf_printf(
        out, err,
        "      split: %s\n    metrics:\n    - type: accuracy\n      value: %.6f\n      name: Held-out %s accuracy\n",
        json_array_size(card->eval_data) ? "validation" : "held-out", accuracy, steps ? "step" : "pair");
}

assay_status assay_card_metadata(assay_buf *out, const assay_card *card, assay_error *err)
{
    const json_t *accuracy = json_object_get(card->evaluation, "accuracy");
    bool reward = card->task == ASSAY_CARD_REWARD;
    ASSAY_TRY(assay_buf_text(out, "---\n", err));
    ASSAY_TRY(put_scalar(out, "base_model: ", card->base, err));
    ASSAY_TRY(put_scalar(out, "library_name: ", card->library, err));
    ASSAY_TRY(assay_buf_printf(out, err, "pipeline_tag: %s\n", reward ? "text-classification" : "text-generation"));
    if (card->license) ASSAY_TRY(put_scalar(out, "license: ", card->license, err));
    ASSAY_TRY(assay_buf_printf(out, err, "tags:\n%s- assay\n", reward ? "- reward-model\n" : ""));
    ASSAY_TRY(put_datasets(out, card->data, err));
    if (json_is_number(accuracy)) ASSAY_TRY(put_index(out, card, json_number_value(accuracy), err));
    return assay_buf_text(out, "---\n\n", err);
}

static double number(const json_t *object, const char *key) { return json_number_value(json_object_get(object, key)); }

assay_status assay_card_evaluation(assay_buf *out, const assay_card *card, assay_error *err)
{
    const json_t *e = card->evaluation;
    if (json_is_number(json_object_get(e, "pearson")))
        return assay_buf_printf(out, err,
                                "On %.0f held-out answers the mean square error is %.3f; means over attributes: R2 "
                                "%.3f, Pearson %.3f, Spearman %.3f.\n\n",
                                number(e, "pairs"), number(e, "loss"), number(e, "r2"), number(e, "pearson"),
                                number(e, "spearman"));
    if (!json_is_number(json_object_get(e, "accuracy"))) return ASSAY_OK;
    if (json_object_get(e, "steps"))
        return assay_buf_printf(
            out, err,
            "Held-out step accuracy %.3f (95 %% interval %.3f to %.3f, %.0f steps of %.0f answers); "
            "the first wrong step, or that there is none, is met in %.3f of the answers.\n\n",
            number(e, "accuracy"), number(e, "accuracy_low"), number(e, "accuracy_high"), number(e, "steps"),
            number(e, "pairs"), number(e, "first_error_accuracy"));
    bool pairs = json_is_number(json_object_get(e, "longer_wins")); /* single answers have no longer one */
    ASSAY_TRY(assay_buf_printf(out, err, "Held-out accuracy %.3f (95 %% interval %.3f to %.3f, %.0f %s",
                               number(e, "accuracy"), number(e, "accuracy_low"), number(e, "accuracy_high"),
                               number(e, "pairs"), pairs ? "pairs" : "labelled answers)"));
    if (!pairs) return assay_buf_text(out, ".\n\n", err);
    return assay_buf_printf(out, err, ", %.0f ties); picking the longer answer gives %.3f.\n\n", number(e, "ties"),
                            number(e, "longer_wins"));
}

assay_status assay_card_save(const assay_buf *text, const char *folder, assay_error *err)
{
    char *path = assay_path_join(folder, "README.md");
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = assay_file_write_atomic(path, text->data, text->size, err);
    assay_free(path);
    return status;
}

/* The metadata is looked through line by line: only a plain or quoted scalar at the left edge counts. */
static char *license_in(const char *text)
{
    if (strncmp(text, "---\n", 4) != 0) return NULL;
    for (const char *line = text + 4; *line; line = strchr(line, '\n') + 1) {
        size_t length = strcspn(line, "\n");
        if (strncmp(line, "---", 3) == 0 || !line[length]) return NULL;
        if (strncmp(line, "license:", 8) != 0) continue;
        const char *value = line + 8 + strspn(line + 8, " \t\"'");
        size_t size = strcspn(value, " \t\r\n\"'#");
        return size ? assay_strndup(value, size) : NULL;
    }
    return NULL;
}

char *assay_card_license(const char *folder)
{
    char *text = NULL, *license = NULL, *path = assay_path_join(folder, "README.md");
    size_t size;
    if (path && assay_path_exists(path) && assay_file_read(path, ASSAY_CARD_BYTES, &text, &size, NULL) == ASSAY_OK)
        license = license_in(text);
    assay_free(text);
    assay_free(path);
    return license;
}
