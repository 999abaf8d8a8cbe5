#include "judge/judge_choices.h"

#include "base/json_doc.h"
#include "base/text.h"
#include "base/wilson.h"

#include <math.h>
#include <string.h>

double assay_choice_credit(const assay_judged_choice *choice)
{
    double highest = choice->rewards[0];
    size_t first = 0, right = 0;
    for (size_t i = 1; i < choice->count; i++) highest = choice->rewards[i] > highest ? choice->rewards[i] : highest;
    for (size_t i = 0; i < choice->count; i++) {
        first += choice->rewards[i] == highest;
        right += i < choice->correct && choice->rewards[i] == highest;
    }
    return (double)right / (double)first;
}

/* ---- Ties ---- */

typedef struct spread_and_gap {
    double spread, gap;
} spread_and_gap;

static spread_and_gap measure(const assay_judged_choice *choice)
{
    double high = -INFINITY, low = INFINITY, wrong = -INFINITY;
    for (size_t i = 0; i < choice->count; i++) {
        double reward = choice->rewards[i];
        if (i >= choice->correct) wrong = reward > wrong ? reward : wrong;
        else high = reward > high ? reward : high, low = reward < low ? reward : low;
    }
    return (spread_and_gap){high - low, low - wrong};
}

static bool is_ties(const assay_judged_choice *choice)
{
    return choice->subset && !assay_text_compare(choice->subset, "ties");
}

static bool is_kind(const assay_judged_choice *choice, const char *kind)
{
    size_t length = strlen(kind);
    return is_ties(choice) && choice->id && !strncmp(choice->id, kind, length) && choice->id[length] == ':';
}

static const assay_judged_choice *find_ref(const assay_judged_choice *choices, size_t count, const char *number)
{
    for (size_t i = 0; i < count; i++)
        if (is_kind(&choices[i], "ref") && !strcmp(choices[i].id + 4, number)) return &choices[i];
    return NULL;
}

static double right_share(const assay_judged_choice *choices, size_t count, const char *kind)
{
    double right = 0, all = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_kind(&choices[i], kind)) continue;
        all++;
        right += measure(&choices[i]).gap > 0;
    }
    return all > 0 ? right / all : 0;
}

static double margin_score(double gap, double spread)
{
    return spread > 0 ? tanh(gap / spread - 1) : gap > 0 ? 1 : gap < 0 ? -1 : 0;
}

static double score_ties(assay_choices *out, const assay_judged_choice *choices, size_t count)
{
    double both = 0, preferred = 0, hard = 0, margins = 0;
    for (size_t i = 0; i < count; i++) {
        const assay_judged_choice *ref =
            is_kind(&choices[i], "tied") ? find_ref(choices, count, choices[i].id + 5) : NULL;
        if (!ref) continue;
        spread_and_gap tied = measure(&choices[i]);
        double least = fmin(measure(ref).gap, tied.gap);
        both++;
        preferred += tied.gap > tied.spread;
        hard += least > tied.spread;
        margins += margin_score(least, tied.spread);
    }
    out->tied_accuracy = right_share(choices, count, "tied");
    out->ref_accuracy = right_share(choices, count, "ref");
    out->preferred = both > 0 ? preferred / both : 0;
    out->preferred_hard = both > 0 ? hard / both : 0;
    out->margin_score = both > 0 ? margins / both : 0;
    return 0.3 * out->tied_accuracy + 0.3 * out->ref_accuracy + 0.2 * out->preferred + 0.2 * out->preferred_hard +
           0.01 * out->margin_score;
}

/* ---- subsets ---- */

static assay_status find_subset(assay_choices *out, const char *name, assay_choice_subset **subset, assay_error *err)
{
    for (size_t i = out->subset_count; i-- > 0;) {
        *subset = &out->subsets[i];
        if (!strcmp((*subset)->name, name)) return ASSAY_OK;
    }
    ASSAY_TRY(assay_grow(&out->subsets, &out->subset_capacity, out->subset_count + 1, sizeof *out->subsets, err));
    *subset = &out->subsets[out->subset_count++];
    **subset = (assay_choice_subset){.name = name};
    return ASSAY_OK;
}

static assay_status add_choice(assay_choices *out, const assay_judged_choice *choice, assay_error *err)
{
    assay_choice_subset *subset;
    ASSAY_TRY(find_subset(out, choice->subset ? choice->subset : "", &subset, err));
    subset->ties = is_ties(choice);
    subset->choices++;
    subset->chance += (double)choice->correct / (double)choice->count;
    subset->credit += subset->ties ? measure(choice).gap > 0 : assay_choice_credit(choice);
    if (subset->ties) return ASSAY_OK;
    out->choices++;
    out->credit += assay_choice_credit(choice);
    return ASSAY_OK;
}

static void finish(assay_choices *out, const assay_judged_choice *choices, size_t count)
{
    double sum = 0;
    out->tied_accuracy = out->ref_accuracy = out->preferred = out->preferred_hard = out->margin_score = (double)NAN;
    for (size_t i = 0; i < out->subset_count; i++) {
        assay_choice_subset *subset = &out->subsets[i];
        double n = (double)subset->choices;
        subset->chance /= n;
        subset->low = subset->high = (double)NAN;
        subset->accuracy = subset->ties ? score_ties(out, choices, count) : subset->credit / n;
        if (!subset->ties) assay_wilson_interval(subset->credit, n, &subset->low, &subset->high);
        sum += subset->accuracy;
    }
    out->score = sum / (double)out->subset_count;
    out->accuracy = out->choices ? out->credit / (double)out->choices : (double)NAN;
    assay_wilson_interval(out->credit, (double)out->choices, &out->low, &out->high);
}

assay_status assay_choices_make(assay_choices *out, const assay_judged_choice *choices, size_t count, assay_error *err)
{
    *out = (assay_choices){0};
    for (size_t i = 0; i < count; i++) {
        assay_status status = add_choice(out, &choices[i], err);
        if (status == ASSAY_OK) continue;
        assay_choices_release(out);
        return status;
    }
    finish(out, choices, count);
    return ASSAY_OK;
}

void assay_choices_release(assay_choices *choices)
{
    assay_free(choices->subsets);
    *choices = (assay_choices){0};
}

/* ---- JSON ---- */

static json_t *subset_json(const assay_choice_subset *subset)
{
    return json_pack("{s:s, s:I, s:o, s:o, s:o, s:o}", "subset", subset->name, "choices", (json_int_t)subset->choices,
                     "accuracy", assay_json_number(subset->accuracy), "accuracy_low", assay_json_number(subset->low),
                     "accuracy_high", assay_json_number(subset->high), "chance", assay_json_number(subset->chance));
}

json_t *assay_choices_json(const assay_choices *c)
{
    json_t *subsets = json_array();
    int failed = !subsets;
    for (size_t i = 0; i < c->subset_count; i++) failed |= json_array_append_new(subsets, subset_json(&c->subsets[i]));
    json_t *object =
        json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "choices", (json_int_t)c->choices, "accuracy",
                  assay_json_number(c->accuracy), "accuracy_low", assay_json_number(c->low), "accuracy_high",
                  assay_json_number(c->high), "score", assay_json_number(c->score), "subsets", subsets);
    if (object && !isnan(c->tied_accuracy))
        failed |= json_object_set_new(
            object, "ties",
            json_pack("{s:o, s:o, s:o, s:o, s:o}", "tied_accuracy", assay_json_number(c->tied_accuracy), "ref_accuracy",
                      assay_json_number(c->ref_accuracy), "preferred", assay_json_number(c->preferred),
                      "preferred_hard", assay_json_number(c->preferred_hard), "margin_score",
                      assay_json_number(c->margin_score)));
    if (object && !failed) return object;
    json_decref(object);
    return NULL;
}
