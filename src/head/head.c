#include "head/head_kind.h"

#include <stdio.h>
#include <string.h>

size_t assay_head_outputs(const assay_head *head)
{
    if (head->gate.rewards.outputs) return 1 + 2 * head->gate.rewards.outputs;
    return head->count ? head->layers[head->count - 1].outputs : 1;
}

size_t assay_head_labels(const assay_head *head, size_t *first)
{
    *first = head->gate.rewards.outputs ? 1 : 0;
    return *first ? head->gate.rewards.outputs : assay_head_outputs(head);
}

void assay_head_modules(const assay_head *head, const char *plain, char *text, size_t size)
{
    size_t used = 0;
    snprintf(text, size, "%s", plain);
    if (head->gate.rewards.outputs) used = (size_t)snprintf(text, size, "%s, ", head->gate.rewards.module);
    for (size_t i = 0; i < head->count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", head->layers[i].module);
}

void assay_label_name(const json_t *config, size_t index, char text[ASSAY_HEAD_LABEL])
{
    char key[24];
    const assay_head_kind *kind = assay_head_of_class(config);
    const char *own = kind && kind->label ? kind->label(config, index) : NULL;
    snprintf(key, sizeof key, "%zu", index);
    const char *name = own ? own : json_string_value(json_object_get(json_object_get(config, "id2label"), key));
    if (name) snprintf(text, ASSAY_HEAD_LABEL, "%s", name);
    else snprintf(text, ASSAY_HEAD_LABEL, "LABEL_%zu", index);
}

void assay_label_key(const json_t *config, size_t outputs, size_t index, char text[ASSAY_HEAD_LABEL])
{
    char other[ASSAY_HEAD_LABEL];
    assay_label_name(config, index, text);
    for (size_t i = 0; i < outputs; i++) {
        assay_label_name(config, i, other);
        if (i == index || strcmp(other, text) != 0) continue;
        snprintf(text, ASSAY_HEAD_LABEL, "%zu", index);
        return;
    }
}

void assay_head_score_name(const assay_head *head, const json_t *config, char text[ASSAY_HEAD_LABEL])
{
    size_t first;
    assay_head_labels(head, &first);
    if (head->label < first) snprintf(text, ASSAY_HEAD_LABEL, "score");
    else assay_label_name(config, head->label - first, text);
}

size_t assay_label_chosen(const json_t *config, size_t outputs)
{
    json_int_t chosen = json_integer_value(json_object_get(config, ASSAY_LABEL_KEY));
    return chosen > 0 && (size_t)chosen < outputs ? (size_t)chosen : 0;
}
