#include "head/head_kind.h"

#include <math.h>
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

bool assay_head_is_labels(const assay_head *head)
{
    return !head->kind && head->count == 1 && head->layers[0].outputs > 1;
}

void assay_head_modules(const assay_head *head, const char *plain, char *text, size_t size)
{
    size_t used = 0;
    snprintf(text, size, "%s", plain);
    if (head->gate.rewards.outputs) used = (size_t)snprintf(text, size, "%s, ", head->gate.rewards.module);
    for (size_t i = 0; i < head->count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", head->layers[i].module);
}

assay_status assay_label_put(json_t *config, size_t outputs, const json_t *names, assay_error *err)
{
    json_t *by_number = json_object(), *by_name = json_object();
    bool good = by_number && by_name;
    for (size_t i = 0; good && i < outputs; i++) {
        char key[24], name[ASSAY_HEAD_LABEL];
        const char *given = json_string_value(json_array_get(names, i));
        snprintf(key, sizeof key, "%zu", i);
        snprintf(name, sizeof name, "LABEL_%zu", i);
        if (given) snprintf(name, sizeof name, "%s", given);
        good = !json_object_set_new(by_number, key, json_string(name)) &&
               !json_object_set_new(by_name, name, json_integer((json_int_t)i));
    }
    good = !json_object_set_new(config, "id2label", by_number) && good;
    good = !json_object_set_new(config, "label2id", by_name) && good;
    return good ? ASSAY_OK : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for labels");
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
