#include "task/eval_attributes.h"

#include "head/head.h"

#include <stdio.h>

enum { LISTED = 400 };

static bool has_labels(const assay_model_source *source)
{
    size_t first;
    return assay_head_labels(&source->config.head, &first) > 1 || source->notes.labels;
}

static bool has_graded(const assay_pair_set *pairs)
{
    for (size_t i = 0; i < pairs->count; i++)
        if (assay_pair_is_graded(&pairs->pairs[i])) return true;
    return false;
}

static assay_status labels_of_model(assay_label_list *out, const assay_model_source *source, assay_error *err)
{
    char name[ASSAY_HEAD_LABEL];
    size_t first, count = assay_head_labels(&source->config.head, &first);
    for (size_t i = 0; i < count; i++) {
        assay_label_name(source->checkpoint->config, i, name);
        ASSAY_TRY(assay_label_list_add(out, name, err));
    }
    return ASSAY_OK;
}

/* The data's names that the model has not, in text; how many it has is returned. */
static size_t compare(const assay_label_list *model, const assay_label_list *data, char text[LISTED])
{
    size_t known = 0, used = 0;
    *text = 0;
    for (size_t i = 0; i < data->count; i++) {
        bool has = assay_label_list_find(model, data->names[i]) < model->count;
        known += has;
        if (has || used >= LISTED) continue;
        used += (size_t)snprintf(text + used, LISTED - used, "%s%s", used ? ", " : "", data->names[i]);
    }
    return known;
}

static assay_status match(assay_label_list *out, const assay_model_source *source, const assay_label_list *data,
                          const assay_log *log, assay_error *err)
{
    char labels[LISTED], others[LISTED];
    ASSAY_TRY(labels_of_model(out, source, err));
    assay_label_list_text(out, labels, sizeof labels);
    size_t known = compare(out, data, others);
    if (known < data->count) assay_note(log, "attributes that the model has no label for are not judged: %s", others);
    if (known) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "the data has the attributes %s, and the labels of %s are %s: none of them can be judged; "
                           "rename them in the data",
                           others, source->checkpoint->name, labels);
}

assay_status assay_eval_labels(assay_label_list *out, bool *own, const assay_model_source *source,
                               const assay_pair_set *pairs, const assay_log *log, assay_error *err)
{
    assay_label_list data = {0};
    *out = (assay_label_list){0};
    *own = pairs && has_labels(source);
    if (pairs) ASSAY_TRY(assay_label_list_of(&data, pairs, err));
    if (!*own || !data.count) {
        if (data.count)
            assay_note(log, "the model gives one number for an answer, which is set beside each of its %zu attributes",
                       data.count);
        *out = data;
        return ASSAY_OK;
    }
    assay_status status = match(out, source, &data, log, err);
    assay_label_list_release(&data);
    if (status == ASSAY_OK) return ASSAY_OK;
    assay_label_list_release(out);
    return status == ASSAY_E_FORMAT && !has_graded(pairs) ? ASSAY_OK : status; /* lists are judged by their order */
}
