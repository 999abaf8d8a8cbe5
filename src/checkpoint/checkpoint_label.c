/* Which label of a classifier is the score.
 *
 * A class for sequence classification with K labels has a head of K rows, and a reward is one row's number, without the
 * softmax or sigmoid that a pipeline may put behind it. The choice is written into the config before anyone reads it,
 * so that whatever comes after (audit, model, fingerprint) knows it, and the fingerprint tells one label from another.
 */
#include "checkpoint/head_tensors.h"
#include "family/architecture.h"

#include <stdio.h>
#include <string.h>

enum { NAME = 96, LABEL = ASSAY_HEAD_LABEL, LISTED = 400 };

/* How many labels are called so; *index is the last of them. */
static size_t count_named(const json_t *config, size_t labels, const char *wanted, size_t *index)
{
    char name[LABEL];
    size_t found = 0;
    for (size_t i = 0; i < labels; i++) {
        assay_label_name(config, i, name);
        if (strcmp(name, wanted) != 0) continue;
        *index = i;
        found++;
    }
    return found;
}

static bool read_index(const char *text, size_t labels, size_t *index)
{
    size_t value = 0;
    for (const char *at = text; *at; at++) {
        if (*at < '0' || *at > '9' || value >= labels) return false;
        value = value * 10 + (size_t)(*at - '0');
    }
    *index = value;
    return *text && value < labels;
}

static assay_status refuse(const assay_checkpoint *checkpoint, size_t labels, const char *wanted, assay_error *err)
{
    char list[LISTED] = "", name[LABEL];
    size_t used = 0;
    for (size_t i = 0; i < labels && used < sizeof list; i++) {
        assay_label_name(checkpoint->config, i, name);
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%zu (%s)", i ? ", " : "", i, name);
    }
    return assay_error_set(err, ASSAY_E_USAGE, "--label %s: %s has the labels %s; give one of them, by name or number",
                           wanted, checkpoint->name, list);
}

static assay_status find_label(const assay_checkpoint *checkpoint, size_t labels, const char *wanted, size_t *index,
                               assay_error *err)
{
    size_t named = count_named(checkpoint->config, labels, wanted, index);
    if (named == 1) return ASSAY_OK;
    if (named > 1)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--label %s: %zu labels of %s are called so; give the number of one, 0 to %zu", wanted,
                               named, checkpoint->name, labels - 1);
    return read_index(wanted, labels, index) ? ASSAY_OK : refuse(checkpoint, labels, wanted, err);
}

/* Of the family's own module, or of the kind that the class says; 0: there is no head. */
static assay_status count_labels(const assay_head_tensors *tensors, const assay_architecture *arch, size_t *labels,
                                 assay_error *err)
{
    char name[NAME];
    assay_head head = {0};
    size_t shape[2], first;
    bool found = false;
    const json_t *hidden = json_object_get(tensors->checkpoint->config, "hidden_size");
    const assay_head_view view = assay_head_view_of(tensors, arch->names->head,
                                                    json_is_integer(hidden) ? (size_t)json_integer_value(hidden) : 0);
    snprintf(name, sizeof name, "%s.weight", arch->names->head);
    *labels = view.shape(view.context, name, shape) && shape[1] > 0 ? shape[0] : 0;
    if (*labels == 0) ASSAY_TRY(assay_head_find(&head, &view, tensors->checkpoint->name, &found, err));
    if (found) *labels = assay_head_labels(&head, &first);
    return ASSAY_OK;
}

assay_status assay_checkpoint_choose_label(assay_checkpoint *checkpoint, const assay_adapter_file *adapter,
                                           const char *label, assay_error *err)
{
    const assay_architecture *arch = assay_architecture_of(checkpoint->config);
    if (!arch) return ASSAY_OK; /* reading the config says it better */
    size_t labels, named = json_object_size(json_object_get(checkpoint->config, "id2label")), index = 0;
    ASSAY_TRY(count_labels(&(assay_head_tensors){checkpoint, adapter}, arch, &labels, err));
    if (labels == 0)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--label %s: %s has no head with labels (tensor %s.weight); leave --label out", label,
                               checkpoint->name, arch->names->head);
    const assay_head_kind *kind = assay_head_of_class(checkpoint->config);
    if (named > 0 && named != labels && !kind && !adapter)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: id2label names %zu labels, but tensor %s.weight has %zu rows",
                               checkpoint->name, named, arch->names->head, labels);
    ASSAY_TRY(find_label(checkpoint, labels, label, &index, err));
    if (labels == 1) return ASSAY_OK;
    bool failed = json_object_set_new(checkpoint->config, ASSAY_LABEL_KEY, json_integer((json_int_t)index)) != 0;
    return failed ? assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a label") : ASSAY_OK;
}
