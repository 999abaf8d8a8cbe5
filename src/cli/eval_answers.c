#include "cli/eval_answers.h"

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

static assay_status put_answer_subsets(assay_buf *out, const assay_subsets *subsets, assay_error *err)
{
    if (!subsets->count) return ASSAY_OK;
    ASSAY_TRY(assay_buf_text(out, "\n  subset                  answers accuracy 95 % interval\n", err));
    for (size_t i = 0; i < subsets->count; i++) {
        const assay_tally *t = &subsets->items[i].tally;
        ASSAY_TRY(assay_buf_printf(out, err, "  %-24s %6zu   %.4f   %.4f to %.4f\n", subsets->items[i].name, t->pairs,
                                   t->accuracy, t->low, t->high));
    }
    return ASSAY_OK;
}

static assay_status put_estimate(assay_buf *out, const assay_estimate *e, assay_error *err)
{
    return assay_buf_printf(out, err, "  %8.4f (%7.4f to %7.4f)", e->value, e->low, e->high);
}

static assay_status put_attributes(assay_buf *out, const assay_verdict *v, assay_error *err)
{
    const assay_attributes_judgement *a = &v->attributes;
    if (!a->answers) return ASSAY_OK;
    ASSAY_TRY(assay_buf_printf(out, err,
                               "answers             %zu with attributes, %zu values; in brackets 95 %% intervals\n"
                               "mean square error   %.4f   over all values\n"
                               "means over labels   R2 %.4f, Pearson %.4f, Spearman %.4f\n\n"
                               "  label              answers       mse        R2                       Pearson         "
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

assay_status assay_eval_answers_text(const assay_verdict *v, assay_buf *out, assay_error *err)
{
    ASSAY_TRY(put_singles(out, &v->singles, err));
    ASSAY_TRY(put_answer_subsets(out, &v->alone_subsets, err));
    if (v->singles.answers && v->attributes.answers) ASSAY_TRY(assay_buf_byte(out, '\n', err));
    return put_attributes(out, v, err);
}
