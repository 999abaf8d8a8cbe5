#include "task/training_attributes.h"

#include "head/head.h"

#include <string.h>

enum { LISTED = 400 };

static bool of_attributes(const assay_training *t) { return t->settings.objective.objective->of_attributes; }

/* Those of a head that is trained on. */
static assay_status labels_of_head(assay_training *t, assay_error *err)
{
    char name[ASSAY_HEAD_LABEL];
    for (size_t i = 0; i < assay_head_outputs(&t->source->config.head); i++) {
        assay_label_name(t->source->checkpoint->config, i, name);
        ASSAY_TRY(assay_label_list_add(&t->labels, name, err));
    }
    return ASSAY_OK;
}

static assay_status check_known(const assay_training *t, const assay_label_list *data, assay_error *err)
{
    char known[LISTED];
    assay_label_list_text(&t->labels, known, sizeof known);
    for (size_t i = 0; i < data->count; i++)
        if (assay_label_list_find(&t->labels, data->names[i]) == t->labels.count)
            return assay_error_set(err, ASSAY_E_FORMAT,
                                   "the data has the attribute \"%.80s\", and the head of %s has the labels %s: rename "
                                   "it in the data, or train on a base without a head",
                                   data->names[i], t->source->checkpoint->name, known);
    return ASSAY_OK;
}

static assay_status choose(assay_training *t, assay_error *err)
{
    assay_label_list data;
    bool has_head = assay_head_is_labels(&t->source->config.head);
    ASSAY_TRY(assay_label_list_of(&data, t->pairs, err));
    if (!has_head) {
        t->labels = data;
        return ASSAY_OK;
    }
    assay_status status = labels_of_head(t, err);
    if (status == ASSAY_OK) status = check_known(t, &data, err);
    assay_label_list_release(&data);
    return status;
}

static assay_status check_options(const assay_training *t, const assay_options *options, assay_error *err)
{
    if (options->num_labels && (size_t)options->num_labels != t->labels.count)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--num-labels %lld: the data has %zu attributes; leave the option out",
                               (long long)options->num_labels, t->labels.count);
    if (options->center > 0)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--center keeps rewards around 0, and --objective regression keeps numbers where their "
                               "targets are; leave it out");
    if (options->margin > 0)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--margin %g is a distance between two answers, and --objective regression compares "
                               "none; leave it out",
                               options->margin);
    if (strncmp(options->head_init, "tokens:", 7) != 0 || t->labels.count == 1) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE,
                           "--head-init %s makes a head of one number, and the data has %zu attributes: normal or zero",
                           options->head_init, t->labels.count);
}

/* Of one number there is no choice to tell. */
static void say_labels(const assay_training *t, const assay_log *log)
{
    char names[LISTED];
    assay_label_list_text(&t->labels, names, sizeof names);
    assay_note(log, "the head has %zu number%s: %s%s", t->labels.count, t->labels.count == 1 ? "" : "s", names,
               t->labels.count == 1 ? "" : "; the first is the score where --label says no other");
}

assay_status assay_training_choose_labels(assay_training *t, const assay_options *options, const assay_log *log,
                                          assay_error *err)
{
    if (!of_attributes(t)) {
        if (options->num_labels <= 1 || t->settings.objective.objective->of_steps) return ASSAY_OK;
        return assay_error_set(err, ASSAY_E_USAGE, "--num-labels %lld: --objective %s has one number for an answer; %s",
                               (long long)options->num_labels, t->settings.objective.objective->name,
                               "leave it out, or give data with attributes");
    }
    ASSAY_TRY(choose(t, err));
    ASSAY_TRY(check_options(t, options, err));
    say_labels(t, log);
    return ASSAY_OK;
}

size_t assay_training_outputs(const assay_training *t, const assay_options *options)
{
    if (t->labels.count) return t->labels.count;
    return of_attributes(t) && options->num_labels > 0 ? (size_t)options->num_labels : 1;
}

json_t *assay_training_labels_json(const assay_training *t)
{
    json_t *list = t->labels.count ? json_array() : NULL;
    for (size_t i = 0; list && i < t->labels.count; i++) {
        if (!json_array_append_new(list, json_string(t->labels.names[i]))) continue;
        json_decref(list);
        list = NULL;
    }
    return list;
}
