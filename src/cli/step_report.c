#include "cli/step_report.h"

#include "cli/terminal.h"

#include <math.h>

static assay_status put_share(assay_buf *out, const char *name, const assay_step_tally *t, const char *what,
                              assay_error *err)
{
    if (!t->count) return assay_buf_printf(out, err, "%-20s -        no such %s\n", name, what);
    return assay_buf_printf(out, err, "%-20s %.4f   95 %% interval %.4f to %.4f, %zu %s\n", name, t->hits, t->low,
                            t->high, t->count, what);
}

static assay_status put_subsets(assay_buf *out, const assay_step_verdict *v, assay_error *err)
{
    if (!v->subset_count) return ASSAY_OK;
    ASSAY_TRY(assay_buf_text(out, "\n  subset                      answers  steps right  wrong found  right left  F1\n",
                             err));
    for (size_t i = 0; i < v->subset_count; i++) {
        const assay_step_judgement *j = &v->subsets[i].judgement;
        ASSAY_TRY(assay_buf_printf(out, err, "  %-26.26s %8zu  %.4f       %.4f       %.4f      %.4f\n",
                                   v->subsets[i].name, j->answers, j->steps.hits, j->wrong.hits, j->right.hits, j->f1));
    }
    return assay_buf_printf(out, err, "  mean F1 over the subsets %.4f\n", v->mean_f1);
}

static assay_status put_text(assay_buf *out, const assay_step_verdict *v, assay_error *err)
{
    const assay_step_judgement *j = &v->judgement;
    ASSAY_TRY(assay_buf_printf(out, err, "answers              %zu (%zu left out)\n", j->answers, v->left_out));
    ASSAY_TRY(put_share(out, "steps", &j->steps, "labelled steps", err));
    ASSAY_TRY(put_share(out, "first error found", &j->wrong, "answers with a wrong step", err));
    ASSAY_TRY(put_share(out, "none found", &j->right, "answers without one", err));
    ASSAY_TRY(assay_buf_printf(out, err, "F1                   %.4f   of the two\n", j->f1));
    ASSAY_TRY(assay_buf_printf(out, err, "loss                 %.4f\n", j->loss));
    return put_subsets(out, v, err);
}

static json_t *subset_json(const assay_step_subset *subset)
{
    json_t *object = assay_step_judgement_json(&subset->judgement);
    if (object) json_object_set_new(object, "subset", json_string(subset->name));
    return object;
}

static assay_status print_json(const assay_step_verdict *v, assay_error *err)
{
    json_t *object = assay_step_judgement_json(&v->judgement), *subsets = json_array();
    int failed = !object || !subsets;
    for (size_t i = 0; i < v->subset_count && !failed; i++)
        failed = json_array_append_new(subsets, subset_json(&v->subsets[i]));
    if (!failed) failed = json_object_set_new(object, "left_out", json_integer((json_int_t)v->left_out));
    if (!failed && v->subset_count) {
        failed = json_object_set(object, "subsets", subsets);
        failed |= json_object_set_new(object, "mean_f1", assay_json_number(v->mean_f1));
    }
    assay_status status =
        failed ? assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a result") : assay_print_json(object, err);
    json_decref(subsets);
    json_decref(object);
    return status;
}

assay_status assay_step_report_print(const assay_step_verdict *verdict, bool json, assay_error *err)
{
    assay_buf text;
    if (json) return print_json(verdict, err);
    assay_buf_init(&text, SIZE_MAX / 4);
    assay_status status = put_text(&text, verdict, err);
    if (status == ASSAY_OK) status = assay_print_text(text.data, err);
    assay_buf_release(&text);
    return status;
}
