/* One label of a classifier, as a checkpoint of its own.
 *
 * A class for sequence classification with K labels has a head of K rows, and a reward is one row's number, without the
 * softmax or sigmoid that a pipeline may put behind it. The row is cut out here, before anyone reads config or weights:
 * whatever comes after (audit, model, fingerprint) sees a model of one label, and need not know that there were more.
 */
#include "checkpoint/checkpoint.h"
#include "family/architecture.h"

#include <stdio.h>
#include <string.h>

enum { NAME = 96, LABEL = 256, LISTED = 400 };

/* A config that names none means LABEL_0, LABEL_1 ..., as Transformers does. */
static void label_name(const json_t *config, size_t index, char text[LABEL])
{
    char key[24];
    snprintf(key, sizeof key, "%zu", index);
    const char *name = json_string_value(json_object_get(json_object_get(config, "id2label"), key));
    if (name) snprintf(text, LABEL, "%s", name);
    else snprintf(text, LABEL, "LABEL_%zu", index);
}

/* How many labels are called so; *index is the last of them. */
static size_t count_named(const json_t *config, size_t labels, const char *wanted, size_t *index)
{
    char name[LABEL];
    size_t found = 0;
    for (size_t i = 0; i < labels; i++) {
        label_name(config, i, name);
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
        label_name(checkpoint->config, i, name);
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

static assay_weight *find_own(assay_checkpoint *checkpoint, const assay_architecture *arch, const char *suffix)
{
    char name[NAME];
    snprintf(name, sizeof name, "%s.%s", arch->names->head, suffix);
    const assay_weight *found = assay_checkpoint_find(checkpoint, name);
    return found ? &checkpoint->weights[found - checkpoint->weights] : NULL;
}

/* The tensor becomes its row, where it lies. */
static assay_status keep_row(const assay_checkpoint *checkpoint, assay_weight *weight, size_t labels, size_t index,
                             assay_error *err)
{
    assay_tensor *tensor = &weight->tensor;
    char shape[128];
    size_t elements = 0, bytes = 0;
    bool plain = assay_dtype_is_weight(tensor->dtype) && !assay_dtype_is_packed(tensor->dtype);
    bool whole = tensor->rank >= 1 && tensor->shape[0] == labels && assay_tensor_elements(tensor, &elements);
    if (!plain || !whole || !assay_dtype_bytes(tensor->dtype, elements / labels, &bytes))
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "%s: tensor %s is %s of shape %s; a head of %zu labels has as many rows, of F32, F16, "
                               "BF16 or F64",
                               checkpoint->name, tensor->name, assay_dtype_name(tensor->dtype),
                               assay_shape_text(tensor, shape, sizeof shape), labels);
    tensor->data = (const char *)tensor->data + index * bytes;
    tensor->bytes = bytes;
    tensor->shape[0] = 1;
    return ASSAY_OK;
}

static assay_status name_one(json_t *config, const char *name, assay_error *err)
{
    bool failed = json_object_set_new(config, "id2label", json_pack("{s:s}", "0", name)) != 0;
    failed |= json_object_set_new(config, "label2id", json_pack("{s:i}", name, 0)) != 0;
    json_object_del(config, "num_labels");
    return failed ? assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a label") : ASSAY_OK;
}

assay_status assay_checkpoint_choose_label(assay_checkpoint *checkpoint, const char *label, assay_error *err)
{
    const assay_architecture *arch = assay_architecture_of(checkpoint->config);
    assay_weight *head = arch ? find_own(checkpoint, arch, "weight") : NULL;
    assay_weight *bias = arch ? find_own(checkpoint, arch, "bias") : NULL;
    size_t named = json_object_size(json_object_get(checkpoint->config, "id2label")), index = 0;
    char name[LABEL];
    if (!arch) return ASSAY_OK; /* reading the config says it better */
    if (!head || head->tensor.rank != 2 || head->tensor.shape[0] == 0)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--label %s: %s has no head with labels (tensor %s.weight); leave --label out", label,
                               checkpoint->name, arch->names->head);
    size_t labels = head->tensor.shape[0];
    if (named > 0 && named != labels)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: id2label names %zu labels, but tensor %s has %zu rows",
                               checkpoint->name, named, head->tensor.name, labels);
    ASSAY_TRY(find_label(checkpoint, labels, label, &index, err));
    ASSAY_TRY(keep_row(checkpoint, head, labels, index, err));
    if (bias) ASSAY_TRY(keep_row(checkpoint, bias, labels, index, err));
    label_name(checkpoint->config, index, name);
    return name_one(checkpoint->config, name, err);
}
