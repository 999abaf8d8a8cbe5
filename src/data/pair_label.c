/* The numbers of a label, which CSV has as texts. */
#include "data/pair_label.h"

#include "base/json_doc.h"
#include "base/text.h"

#include <float.h>
#include <math.h>
#include <string.h>

typedef struct label_rule {
    const char *name, *should; /* "a finite number" */
    double least, most;        /* both included */
} label_rule;

/* Beyond these a loss or its gradient could leave the numbers, and --lr would be blamed for it. */
static const label_rule margin_rule = {"margin", "a number from -1e6 to 1e6", -1e6, 1e6};
static const label_rule share_rule = {"p", "a number from 0 to 1", 0, 1};
static const label_rule weight_rule = {"weight", "a number above 0, at most 1e6 (to leave a pair out, delete its line)",
                                       DBL_TRUE_MIN, 1e6};

/* NaN: missing, or no number. */
static double number_of(const json_t *line, const char *name)
{
    const json_t *value = json_object_get(line, name);
    const char *text = json_string_value(value);
    char *end = NULL;
    if (!text) return json_is_number(value) ? json_number_value(value) : (double)NAN;
    double number = assay_text_real(text, &end);
    return *text && !*end ? number : (double)NAN;
}

static bool is_missing(const json_t *line, const char *name)
{
    const json_t *value = json_object_get(line, name);
    return !value || json_is_null(value) || (json_is_string(value) && !json_string_length(value));
}

static assay_status read_number(const json_t *line, const label_rule *rule, double *number, assay_error *err)
{
    const json_t *value = json_object_get(line, rule->name);
    char found[64];
    if (is_missing(line, rule->name)) return ASSAY_OK;
    *number = number_of(line, rule->name);
    if (*number >= rule->least && *number <= rule->most) return ASSAY_OK;
    bool plain = isfinite(*number);
    assay_text_format(found, sizeof found, "%.9g", *number);
    return assay_error_set(err, ASSAY_E_FORMAT, "\"%s\" should be %s or null and is %s", rule->name, rule->should,
                           plain                   ? found
                           : json_is_string(value) ? "a text that is none"
                                                   : assay_json_kind(value));
}

static bool is_true(const json_t *line, const char *name)
{
    const json_t *value = json_object_get(line, name);
    const char *text = json_string_value(value);
    return json_is_true(value) || number_of(line, name) == 1 ||
           (text && (!strcmp(text, "true") || !strcmp(text, "True")));
}

static bool is_tie(const json_t *line)
{
    return is_true(line, "tie") || is_true(line, "winner_tie") || number_of(line, "overall_preference") == 0;
}

assay_status assay_pair_label_read(const json_t *line, assay_pair *pair, assay_error *err)
{
    double preference = number_of(line, "preference");
    if (preference >= 0 && preference <= 1) pair->share = preference;
    ASSAY_TRY(read_number(line, &margin_rule, &pair->margin, err));
    ASSAY_TRY(read_number(line, &share_rule, &pair->share, err));
    ASSAY_TRY(read_number(line, &weight_rule, &pair->weight, err));
    if (!is_tie(line)) return ASSAY_OK;
    if (!isnan(pair->share) && pair->share != 0.5)
        return assay_error_set(err, ASSAY_E_FORMAT, "the line calls its pair a tie and says p %g; keep one of them",
                               pair->share);
    pair->share = 0.5;
    return ASSAY_OK;
}
