#include "cli/eval_report.h"

#include "base/json_doc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_BYTES = 300 }; /* of each text among the worst pairs */

/* ---- the worst pairs ---- */

typedef struct place_of {
    double margin;
    uint32_t index;
} place_of;

static int by_margin(const void *a, const void *b)
{
    const place_of *x = a, *y = b;
    if (x->margin != y->margin) return x->margin < y->margin ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

/* Indices into verdict->judged of the pairs with the smallest margins, smallest first; `count` of them at most, how
 * many is returned in *found. Freed by the caller with assay_free. */
static assay_status find_worst(const assay_verdict *verdict, size_t count, uint32_t **worst, size_t *found,
                               assay_error *err)
{
    place_of *places = assay_alloc(verdict->count + 1, sizeof *places);
    *found = count < verdict->count ? count : verdict->count;
    *worst = assay_alloc(*found + 1, sizeof **worst);
    if (!places || !*worst) {
        assay_free(places);
        assay_free(*worst);
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the worst pairs");
    }
    for (size_t i = 0; i < verdict->count; i++)
        places[i] = (place_of){verdict->judged[i].chosen - verdict->judged[i].rejected, (uint32_t)i};
    qsort(places, verdict->count, sizeof *places, by_margin);
    for (size_t i = 0; i < *found; i++) (*worst)[i] = places[i].index;
    assay_free(places);
    return ASSAY_OK;
}

/* ---- text ---- */

static assay_status put_summary(assay_buf *out, const assay_verdict *v, assay_error *err)
{
    const assay_judgement *j = &v->judgement;
    const assay_tally *equal = &v->length_bins[ASSAY_LENGTH_EQUAL].tally;
    ASSAY_TRY(assay_buf_printf(out, err,
                               "pairs               %zu (%zu left out)\n"
                               "accuracy            %.4f   95 %% interval %.4f to %.4f, %zu ties\n"
                               "longer answer wins  %.4f   the baseline to beat; gain %+.4f\n"
                               "loss                %.4f\n"
                               "margin              %.4f\n"
                               "reward chosen       %.4f\n"
                               "reward rejected     %.4f\n"
                               "reward ~ length     %.4f   (correlation)\n"
                               "mse, mae            %.4f, %.4f   (MedicalGPT's)\n",
                               j->pairs, v->pairs_left_out, j->accuracy, j->accuracy_low, j->accuracy_high, j->ties,
                               j->longer_wins, j->accuracy - j->longer_wins, j->loss, j->margin, j->reward_chosen,
                               j->reward_rejected, j->length_correlation, j->mse, j->mae));
    if (equal->pairs)
        ASSAY_TRY(assay_buf_printf(out, err, "equal lengths       %.4f   95 %% interval %.4f to %.4f, %zu pairs\n",
                                   equal->accuracy, equal->low, equal->high, equal->pairs));
    return assay_buf_printf(out, err, "calibration error   %.4f   of sigmoid(margin); Brier %.4f\n",
                            v->calibration.error, v->calibration.brier);
}

static assay_status put_lists(assay_buf *out, const assay_list_judgement *l, assay_error *err)
{
    if (!l->lists) return ASSAY_OK;
    ASSAY_TRY(assay_buf_printf(out, err,
                               "\nlists               %zu, %zu answers: %zu couples compared, %zu ties apart\n"
                               "couples in order    %.4f   95 %% interval %.4f to %.4f\n"
                               "best answer on top  %.4f   95 %% interval %.4f to %.4f\n"
                               "Kendall's tau       %.4f   95 %% interval %.4f to %.4f, mean over lists\n",
                               l->lists, l->answers, l->compared, l->ties, l->accuracy, l->accuracy_low,
                               l->accuracy_high, l->top, l->top_low, l->top_high, l->tau, l->tau_low, l->tau_high));
    if (!l->ties) return ASSAY_OK;
    return assay_buf_printf(out, err, "rewards differ by   %.4f in ties, %.4f in the couples compared\n", l->tie_gap,
                            l->decided_gap);
}

static assay_status put_singles(assay_buf *out, const assay_single_judgement *s, assay_error *err)
{
    if (!s->answers) return ASSAY_OK;
    return assay_buf_printf(out, err,
                            "answers             %zu with a label, %zu good, %zu undecided\n"
                            "accuracy            %.4f   95 %% interval %.4f to %.4f: the reward's sign is the label's\n"
                            "good above others   %.4f   of couples (AUC)\n"
                            "loss                %.4f\n"
                            "reward good         %.4f\n"
                            "reward others       %.4f\n",
                            s->answers, s->good, s->undecided, s->accuracy, s->accuracy_low, s->accuracy_high, s->auc,
                            s->loss, s->reward_good, s->reward_bad);
}

static assay_status put_estimate(assay_buf *out, const assay_estimate *e, assay_error *err)
{
    return assay_buf_printf(out, err, "   %7.4f (%.4f to %.4f)", e->value, e->low, e->high);
}

static assay_status put_attributes(assay_buf *out, const assay_verdict *v, assay_error *err)
{
    const assay_attributes_judgement *a = &v->attributes;
    if (!a->answers) return ASSAY_OK;
    ASSAY_TRY(assay_buf_printf(out, err,
                               "answers             %zu with attributes, %zu values; in brackets 95 %% intervals\n"
                               "mean square error   %.4f   over all values\n"
                               "means over labels   R2 %.4f, Pearson %.4f, Spearman %.4f\n\n"
                               "  label              answers       mse   R2                           Pearson         "
                               "             Spearman\n",
                               a->answers, a->targets, a->mse, a->r2, a->pearson, a->spearman));
    for (size_t i = 0; i < a->count; i++) {
        const assay_attribute_judgement *j = &a->items[i];
        if (!j->answers) continue;
        ASSAY_TRY(assay_buf_printf(out, err, "  %-18s %7zu %9.4f", v->labels.names[i], j->answers, j->mse));
        ASSAY_TRY(put_estimate(out, &j->r2, err));
        ASSAY_TRY(put_estimate(out, &j->pearson, err));
        ASSAY_TRY(put_estimate(out, &j->spearman, err));
        ASSAY_TRY(assay_buf_byte(out, '\n', err));
    }
    return ASSAY_OK;
}

static assay_status put_tally(assay_buf *out, const char *name, const assay_tally *t, assay_error *err)
{
    if (!t->pairs) return ASSAY_OK;
    return assay_buf_printf(out, err, "  %-24s %6zu   %.4f   %.4f to %.4f  %5zu   %.4f\n", name, t->pairs, t->accuracy,
                            t->low, t->high, t->ties, t->longer / (double)t->pairs);
}

static assay_status put_lengths(assay_buf *out, const assay_verdict *v, assay_error *err)
{
    static const char *const names[ASSAY_LENGTH_BINS] = {"chosen below 1/2", "chosen shorter", "equal within a fifth",
                                                         "chosen longer", "chosen 2 times and more"};
    ASSAY_TRY(assay_buf_text(out, "\n  by length of chosen       pairs accuracy 95 % interval      ties  longer wins\n",
                             err));
    for (size_t b = 0; b < ASSAY_LENGTH_BINS; b++) ASSAY_TRY(put_tally(out, names[b], &v->length_bins[b].tally, err));
    return ASSAY_OK;
}

static assay_status put_subsets(assay_buf *out, const assay_subsets *subsets, assay_error *err)
{
    if (!subsets->count) return ASSAY_OK;
    ASSAY_TRY(assay_buf_text(out, "\n  subset                    pairs accuracy 95 % interval      ties  longer wins\n",
                             err));
    for (size_t i = 0; i < subsets->count; i++)
        ASSAY_TRY(put_tally(out, subsets->items[i].name, &subsets->items[i].tally, err));
    if (!subsets->known) return ASSAY_OK;
    ASSAY_TRY(assay_buf_printf(out, err, "\n  RewardBench, %zu of its 23 subsets\n", subsets->known));
    for (size_t s = 0; s < ASSAY_SECTIONS; s++)
        if (!isnan(subsets->sections[s]))
            ASSAY_TRY(
                assay_buf_printf(out, err, "  %-28s          %.4f\n", assay_section_name(s), subsets->sections[s]));
    return assay_buf_printf(out, err, "  %-28s          %.4f\n", "mean of the sections", subsets->score);
}

static assay_status put_curve(assay_buf *out, const assay_calibration *c, assay_error *err)
{
    ASSAY_TRY(assay_buf_text(out, "\n  confidence                    pairs     mean  accuracy\n", err));
    for (size_t b = 0; b < ASSAY_CONFIDENCE_BINS; b++) {
        const assay_confidence_bin *bin = &c->bins[b];
        if (bin->pairs)
            ASSAY_TRY(assay_buf_printf(out, err, "  %.2f to %.2f                 %6zu   %.4f    %.4f\n", bin->from,
                                       bin->to, bin->pairs, bin->confidence, bin->accuracy));
    }
    return ASSAY_OK;
}

static assay_status put_choices(assay_buf *out, const assay_verdict *v, assay_error *err)
{
    const assay_choices *c = &v->choices;
    ASSAY_TRY(assay_buf_printf(out, err,
                               "best of N           %zu choices (%zu left out), score %.4f (mean over subsets)\n",
                               v->choice_count, v->choices_left_out, c->score));
    ASSAY_TRY(
        assay_buf_text(out, "\n  subset                      choices accuracy   95 % interval      chance\n", err));
    for (size_t i = 0; i < c->subset_count; i++) {
        const assay_choice_subset *s = &c->subsets[i];
        const char *name = *s->name ? s->name : "(no subset)";
        if (s->ties)
            ASSAY_TRY(assay_buf_printf(out, err, "  %-28s %6zu   %.4f   (score)            %.4f\n", name, s->choices,
                                       s->accuracy, s->chance));
        else
            ASSAY_TRY(assay_buf_printf(out, err, "  %-28s %6zu   %.4f   %.4f to %.4f   %.4f\n", name, s->choices,
                                       s->accuracy, s->low, s->high, s->chance));
    }
    if (isnan(c->tied_accuracy)) return ASSAY_OK;
    return assay_buf_printf(out, err,
                            "  Ties: right %.4f (one answer %.4f), gap above spread %.4f (both %.4f),\n"
                            "  margin term %.4f\n",
                            c->tied_accuracy, c->ref_accuracy, c->preferred, c->preferred_hard, c->margin_score);
}

static assay_status put_comparison(assay_buf *out, const char *what, const assay_comparison *c, assay_error *err)
{
    if (!c->pairs) return ASSAY_OK;
    return assay_buf_printf(out, err,
                            "  %-8s %zu: both right %zu, only this %zu, only the other %zu, neither %zu;\n"
                            "           difference %+.4f, p %.4g (McNemar, exact)\n",
                            what, c->pairs, c->both, c->only_first, c->only_second, c->neither, c->difference, c->p);
}

static assay_status put_turns(assay_buf *out, const char *title, const assay_turns *turns, assay_error *err)
{
    for (size_t i = 0; i < turns->count; i++) {
        const assay_message *m = &turns->items[i];
        size_t size = m->size;
        if (size > SHOWN_BYTES)
            for (size = SHOWN_BYTES; size > 0 && ((unsigned char)m->text[size] & 0xC0) == 0x80; size--) {
            }
        ASSAY_TRY(assay_buf_printf(out, err, "    %s %s: ", title, assay_role_name(m->role)));
        for (size_t b = 0; b < size; b++)
            ASSAY_TRY(assay_buf_byte(out, m->text[b] >= 0 && m->text[b] < ' ' ? ' ' : m->text[b], err));
        ASSAY_TRY(assay_buf_text(out, size < m->size ? " ...\n" : "\n", err));
    }
    return ASSAY_OK;
}

static assay_status put_worst_pair(assay_buf *out, const assay_eval_report *r, const assay_judged *judged,
                                   assay_error *err)
{
    const assay_pair *pair = &r->data->pairs->pairs[judged->pair];
    char *place = assay_pair_set_place(r->data->pairs, pair->place);
    ASSAY_TRY_ALLOC(place, "a place", err);
    assay_status status = assay_buf_printf(out, err, "\n  %s%s%s: margin %.4f (chosen %.4f, rejected %.4f)\n", place,
                                           judged->subset ? ", " : "", judged->subset ? judged->subset : "",
                                           judged->chosen - judged->rejected, judged->chosen, judged->rejected);
    assay_free(place);
    ASSAY_TRY(status);
    ASSAY_TRY(put_turns(out, "prompt,  ", &pair->prompt, err));
    ASSAY_TRY(put_turns(out, "chosen,  ", &pair->chosen, err));
    return put_turns(out, "rejected,", &pair->rejected, err);
}

static assay_status put_worst(assay_buf *out, const assay_eval_report *r, assay_error *err)
{
    uint32_t *worst;
    size_t found;
    if (!r->worst || !r->verdict->has_pairs) return ASSAY_OK;
    ASSAY_TRY(find_worst(r->verdict, r->worst, &worst, &found, err));
    assay_status status = assay_buf_printf(out, err, "\nthe %zu pairs with the smallest margins\n", found);
    for (size_t i = 0; i < found && status == ASSAY_OK; i++)
        status = put_worst_pair(out, r, &r->verdict->judged[worst[i]], err);
    assay_free(worst);
    return status;
}

assay_status assay_eval_report_text(const assay_eval_report *r, assay_buf *out, assay_error *err)
{
    const assay_verdict *v = r->verdict;
    if (v->has_pairs) {
        ASSAY_TRY(put_summary(out, v, err));
        ASSAY_TRY(put_lists(out, &v->lists, err));
        ASSAY_TRY(put_subsets(out, &v->subsets, err));
        ASSAY_TRY(put_lengths(out, v, err));
        ASSAY_TRY(put_curve(out, &v->calibration, err));
    }
    if (v->has_pairs && (v->singles.answers || v->attributes.answers)) ASSAY_TRY(assay_buf_byte(out, '\n', err));
    ASSAY_TRY(put_singles(out, &v->singles, err));
    if (v->singles.answers && v->attributes.answers) ASSAY_TRY(assay_buf_byte(out, '\n', err));
    ASSAY_TRY(put_attributes(out, v, err));
    if ((v->has_pairs || v->singles.answers || v->attributes.answers) && v->has_choices)
        ASSAY_TRY(assay_buf_byte(out, '\n', err));
    if (v->has_choices) ASSAY_TRY(put_choices(out, v, err));
    if (r->against) {
        ASSAY_TRY(assay_buf_printf(out, err, "\nagainst %s\n", r->against));
        ASSAY_TRY(put_comparison(out, "pairs", &r->pairs, err));
        ASSAY_TRY(put_comparison(out, "choices", &r->choices, err));
    }
    ASSAY_TRY(put_worst(out, r, err));
    return r->stored ? assay_buf_printf(out, err, "\nrewards: mean %.4f, deviation %.4f of %zu answers, stored in %s\n",
                                        v->scale.mean, v->scale.deviation, v->scale.count, r->stored)
                     : ASSAY_OK;
}

/* ---- JSON ---- */

static json_t *tally_json(const assay_tally *t)
{
    double n = (double)t->pairs;
    return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "pairs", (json_int_t)t->pairs, "ties", (json_int_t)t->ties,
                     "accuracy", assay_json_number(t->accuracy), "accuracy_low", assay_json_number(t->low),
                     "accuracy_high", assay_json_number(t->high), "longer_wins", assay_json_number(t->longer / n),
                     "margin", assay_json_number(t->margin / n));
}

static json_t *subsets_json(const assay_subsets *subsets)
{
    json_t *list = json_array();
    for (size_t i = 0; i < subsets->count; i++) {
        json_t *one = tally_json(&subsets->items[i].tally);
        json_object_set_new(one, "subset", json_string(subsets->items[i].name));
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *sections_json(const assay_subsets *subsets)
{
    json_t *object =
        json_pack("{s:I, s:o}", "subsets", (json_int_t)subsets->known, "score", assay_json_number(subsets->score));
    for (size_t s = 0; s < ASSAY_SECTIONS; s++)
        json_object_set_new(object, assay_section_name(s), assay_json_number(subsets->sections[s]));
    return object;
}

static json_t *lengths_json(const assay_length_bin *bins)
{
    json_t *list = json_array();
    for (size_t b = 0; b < ASSAY_LENGTH_BINS; b++) {
        json_t *one = tally_json(&bins[b].tally);
        json_object_set_new(one, "ratio_from", assay_json_number(bins[b].from));
        json_object_set_new(one, "ratio_to", assay_json_number(bins[b].to));
        json_array_append_new(list, one);
    }
    return list;
}

static json_t *calibration_json(const assay_calibration *c)
{
    json_t *curve = json_array();
    for (size_t b = 0; b < ASSAY_CONFIDENCE_BINS; b++) {
        const assay_confidence_bin *bin = &c->bins[b];
        json_array_append_new(curve, json_pack("{s:f, s:f, s:I, s:o, s:o}", "from", bin->from, "to", bin->to, "pairs",
                                               (json_int_t)bin->pairs, "confidence", assay_json_number(bin->confidence),
                                               "accuracy", assay_json_number(bin->accuracy)));
    }
    return json_pack("{s:o, s:o, s:o}", "error", assay_json_number(c->error), "brier", assay_json_number(c->brier),
                     "curve", curve);
}

static json_t *comparison_json(const assay_comparison *c, double other)
{
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:o, s:o, s:o}", "pairs", (json_int_t)c->pairs, "both_right",
                     (json_int_t)c->both, "only_this_right", (json_int_t)c->only_first, "only_other_right",
                     (json_int_t)c->only_second, "neither_right", (json_int_t)c->neither, "difference",
                     assay_json_number(c->difference), "p", assay_json_number(c->p), "other_accuracy",
                     assay_json_number(other));
}

static json_t *turns_json(const assay_turns *turns)
{
    json_t *list = json_array();
    for (size_t i = 0; i < turns->count; i++) {
        const assay_message *m = &turns->items[i];
        json_t *object = json_pack("{s:s}", "role", assay_role_name(m->role));
        json_object_set_new(object, "content", json_stringn(m->text, m->size));
        json_array_append_new(list, object);
    }
    return list;
}

static json_t *worst_pair_json(const assay_eval_report *r, const assay_judged *judged)
{
    const assay_pair *pair = &r->data->pairs->pairs[judged->pair];
    char *place = assay_pair_set_place(r->data->pairs, pair->place);
    json_t *object = json_pack("{s:s*, s:s*, s:f, s:f, s:f, s:o, s:o, s:o}", "place", place, "subset", judged->subset,
                               "margin", judged->chosen - judged->rejected, "reward_chosen", judged->chosen,
                               "reward_rejected", judged->rejected, "prompt", turns_json(&pair->prompt), "chosen",
                               turns_json(&pair->chosen), "rejected", turns_json(&pair->rejected));
    if (object && pair->id) json_object_set_new(object, "id", assay_json_value(pair->id));
    assay_free(place);
    return object;
}

static assay_status add_worst(json_t *object, const assay_eval_report *r, assay_error *err)
{
    uint32_t *worst;
    size_t found;
    if (!r->worst || !r->verdict->has_pairs) return ASSAY_OK;
    ASSAY_TRY(find_worst(r->verdict, r->worst, &worst, &found, err));
    json_t *list = json_array();
    for (size_t i = 0; i < found; i++) json_array_append_new(list, worst_pair_json(r, &r->verdict->judged[worst[i]]));
    json_object_set_new(object, "worst", list);
    assay_free(worst);
    return ASSAY_OK;
}

static void add_pairs(json_t *object, const assay_verdict *v)
{
    json_object_set_new(object, "left_out", json_integer((json_int_t)v->pairs_left_out));
    json_object_set_new(object, "longer_gain", assay_json_number(v->judgement.accuracy - v->judgement.longer_wins));
    json_object_set_new(object, "equal_length", tally_json(&v->length_bins[ASSAY_LENGTH_EQUAL].tally));
    json_object_set_new(object, "length_bins", lengths_json(v->length_bins));
    json_object_set_new(object, "calibration", calibration_json(&v->calibration));
    json_object_set_new(object, "subsets", subsets_json(&v->subsets));
    if (v->lists.lists) json_object_set_new(object, "lists", assay_list_judgement_json(&v->lists));
    if (v->subsets.known) json_object_set_new(object, "rewardbench", sections_json(&v->subsets));
}

static void add_choices(json_t *object, const assay_verdict *v)
{
    json_t *choices = assay_choices_json(&v->choices);
    json_object_set_new(choices, "left_out", json_integer((json_int_t)v->choices_left_out));
    json_object_set_new(object, "choices", choices);
}

assay_status assay_eval_report_json(const assay_eval_report *r, json_t **out, assay_error *err)
{
    const assay_verdict *v = r->verdict;
    json_t *object = *out = v->has_pairs ? assay_judgement_json(&v->judgement) : json_pack("{s:i}", "pairs", 0);
    ASSAY_TRY_ALLOC(object, "a result", err);
    if (v->has_pairs) add_pairs(object, v);
    if (v->singles.answers) json_object_set_new(object, "answers", assay_single_judgement_json(&v->singles));
    if (v->attributes.answers)
        json_object_set_new(object, "attributes", assay_attributes_judgement_json(&v->attributes, &v->labels));
    if (v->has_choices) add_choices(object, v);
    if (r->against) {
        json_t *against = v->has_pairs ? comparison_json(&r->pairs, r->other_accuracy) : json_object();
        json_object_set_new(against, "model", json_string(r->against));
        if (v->has_choices) json_object_set_new(against, "choices", comparison_json(&r->choices, r->other_choices));
        json_object_set_new(object, "against", against);
    }
    json_object_set_new(object, "rewards",
                        json_pack("{s:I, s:f, s:f}", "count", (json_int_t)v->scale.count, "mean", v->scale.mean,
                                  "deviation", v->scale.deviation));
    if (r->stored) json_object_set_new(object, "stored", json_string(r->stored));
    assay_status status = add_worst(object, r, err);
    if (status != ASSAY_OK) json_decref(object);
    return status;
}
