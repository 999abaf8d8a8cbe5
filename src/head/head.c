#include "head/head.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

size_t assay_head_outputs(const assay_head *head) { return head->count ? head->layers[head->count - 1].outputs : 1; }

/* 1 over the sum of e^(other - own), which neither overflows nor cancels. A single number is set against 0. */
static double share(const float *numbers, size_t count, size_t output)
{
    double sum = count == 1 ? 1 + exp(-(double)numbers[0]) : 0;
    for (size_t i = 0; count > 1 && i < count; i++) sum += exp((double)numbers[i] - (double)numbers[output]);
    return 1 / sum;
}

double assay_head_number(const assay_head *head, const float *numbers, size_t output)
{
    if (head->steps) return share(numbers, assay_head_outputs(head), output);
    return head->deviation > 0 ? ((double)numbers[output] - head->mean) / head->deviation : (double)numbers[output];
}

void assay_head_modules(const assay_head *head, const char *plain, char *text, size_t size)
{
    size_t used = 0;
    snprintf(text, size, "%s", plain);
    for (size_t i = 0; i < head->count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", head->layers[i].module);
}

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
