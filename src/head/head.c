#include "head/head.h"

#include <stdio.h>
#include <string.h>

size_t assay_head_outputs(const assay_head *head) { return head->count ? head->layers[head->count - 1].outputs : 1; }

void assay_label_name(const json_t *config, size_t index, char text[ASSAY_HEAD_LABEL])
{
    char key[24];
    snprintf(key, sizeof key, "%zu", index);
    const char *name = json_string_value(json_object_get(json_object_get(config, "id2label"), key));
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

size_t assay_label_chosen(const json_t *config, size_t outputs)
{
    json_int_t chosen = json_integer_value(json_object_get(config, ASSAY_LABEL_KEY));
    return chosen > 0 && (size_t)chosen < outputs ? (size_t)chosen : 0;
}
