#include "data/attributes.h"

#include "base/sizes.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MASK = -100 };

static const double most_value = 1e15; /* squares of it and their sums are numbers in f32 too */

static const char place_name[] = "LABEL_";

/* ---- reading ---- */

static assay_status begin(const assay_format_reader *reader, const char *field, size_t count, assay_attribute **items)
{
    if (count == 0 || count > ASSAY_LABELS_MOST)
        return assay_error_set(reader->err, ASSAY_E_FORMAT, "\"%s\" has %zu values; 1 to %d are learned", field, count,
                               (int)ASSAY_LABELS_MOST);
    *items = assay_text_arena_alloc(reader->arena, count, sizeof **items);
    ASSAY_TRY_ALLOC(*items, "attributes", reader->err);
    return ASSAY_OK;
}

static bool is_unknown(const json_t *value)
{
    const char *text = json_string_value(value);
    return !value || json_is_null(value) || (text && (!*text || !strcmp(text, "N/A")));
}

/* name: lives as long as the reader's arena; NULL: out of memory. */
static assay_status take(const assay_format_reader *reader, const char *field, const char *name, const json_t *value,
                         assay_attribute *out)
{
    *out = (assay_attribute){.name = name, .value = (double)NAN};
    ASSAY_TRY_ALLOC(name, "a name", reader->err);
    if (is_unknown(value)) return ASSAY_OK;
    if (!assay_format_number(value, &out->value))
        return assay_error_set(reader->err, ASSAY_E_FORMAT, "\"%.80s\"%s%s should be a number or null and is %s", name,
                               *field ? " of " : "", field,
                               json_is_string(value) ? "a text that is none" : assay_json_kind(value));
    if (out->value == (double)MASK) out->value = (double)NAN;
    if (fabs(out->value) > most_value)
        return assay_error_set(reader->err, ASSAY_E_FORMAT, "\"%.80s\"%s%s is %g; its square would be no number", name,
                               *field ? " of " : "", field, out->value);
    return ASSAY_OK;
}

assay_status assay_attributes_object(const assay_format_reader *reader, const char *field, const json_t *object,
                                     const char *inside, assay_attributes *out)
{
    assay_attribute *items;
    size_t count = 0;
    ASSAY_TRY(begin(reader, field, json_object_size(object), &items));
    void *at = json_object_iter(assay_json_lent(object));
    for (; at; at = json_object_iter_next(assay_json_lent(object), at)) {
        const json_t *value = json_object_iter_value(at);
        const char *name = json_object_iter_key(at);
        if (inside && json_is_object(value)) value = json_object_get(value, inside);
        name = assay_text_arena_copy(reader->arena, name, strlen(name));
        ASSAY_TRY(take(reader, field, name, value, &items[count++]));
    }
    *out = (assay_attributes){items, count};
    return ASSAY_OK;
}

assay_status assay_attributes_list(const assay_format_reader *reader, const char *field, const json_t *list,
                                   assay_attributes *out)
{
    assay_attribute *items;
    ASSAY_TRY(begin(reader, field, json_array_size(list), &items));
    for (size_t i = 0; i < json_array_size(list); i++) {
        char name[32];
        snprintf(name, sizeof name, "%s%zu", place_name, i);
        const char *copy = assay_text_arena_copy(reader->arena, name, strlen(name));
        ASSAY_TRY(take(reader, field, copy, json_array_get(list, i), &items[i]));
    }
    *out = (assay_attributes){items, json_array_size(list)};
    return ASSAY_OK;
}

assay_status assay_attributes_fields(const assay_format_reader *reader, const char *const *names, assay_attributes *out)
{
    assay_attribute *items;
    size_t count = 0, taken = 0;
    while (names[count]) count++;
    ASSAY_TRY(begin(reader, "", count, &items));
    for (; taken < count; taken++)
        ASSAY_TRY(take(reader, "", names[taken], json_object_get(reader->line, names[taken]), &items[taken]));
    *out = (assay_attributes){items, count};
    return ASSAY_OK;
}

bool assay_attributes_known(const assay_attributes *attributes)
{
    for (size_t i = 0; i < attributes->count; i++)
        if (!isnan(attributes->items[i].value)) return true;
    return false;
}

/* ---- names ---- */

static assay_status add_new(assay_label_list *list, const assay_attributes *attributes, assay_error *err)
{
    for (size_t i = 0; i < attributes->count; i++)
        if (assay_label_list_find(list, attributes->items[i].name) == list->count)
            ASSAY_TRY(assay_label_list_add(list, attributes->items[i].name, err));
    return ASSAY_OK;
}

assay_status assay_label_list_add(assay_label_list *list, const char *name, assay_error *err)
{
    if (list->count == ASSAY_LABELS_MOST)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "the answers have attributes of more than %d names; the last is \"%.80s\". Are these "
                               "names?",
                               (int)ASSAY_LABELS_MOST, name);
    void *names = list->names;
    ASSAY_TRY(assay_grow(&names, &list->capacity, list->count + 1, sizeof *list->names, err));
    list->names = names;
    list->names[list->count] = assay_strdup(name);
    ASSAY_TRY_ALLOC(list->names[list->count], "a name", err);
    list->count++;
    return ASSAY_OK;
}

assay_status assay_label_list_of(assay_label_list *list, const assay_pair_set *pairs, assay_error *err)
{
    assay_status status = ASSAY_OK;
    *list = (assay_label_list){0};
    for (size_t i = 0; i < pairs->count && status == ASSAY_OK; i++) {
        const assay_pair *pair = &pairs->pairs[i];
        size_t answers = pair->answers ? pair->answer_count : pair->single ? 1 : 2;
        for (size_t a = 0; a < answers && status == ASSAY_OK; a++)
            status = add_new(list, assay_pair_attributes(pair, a), err);
    }
    if (status != ASSAY_OK) assay_label_list_release(list);
    return status;
}

void assay_label_list_release(assay_label_list *list)
{
    for (size_t i = 0; i < list->count; i++) assay_free(list->names[i]);
    assay_free(list->names);
    *list = (assay_label_list){0};
}

/* "LABEL_2" is 2; anything else as large as no list is. */
static size_t place_of(const char *name)
{
    size_t length = sizeof place_name - 1, place = 0;
    if (strncmp(name, place_name, length) != 0 || !name[length]) return SIZE_MAX;
    for (const char *at = name + length; *at; at++) {
        if (*at < '0' || *at > '9' || place > ASSAY_LABELS_MOST) return SIZE_MAX;
        place = 10 * place + (size_t)(*at - '0');
    }
    return place;
}

size_t assay_label_list_find(const assay_label_list *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++)
        if (!strcmp(list->names[i], name)) return i;
    return assay_smaller(place_of(name), list->count);
}

void assay_label_list_text(const assay_label_list *list, char *text, size_t size)
{
    size_t used = 0;
    snprintf(text, size, "%s", "");
    for (size_t i = 0; i < list->count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s", i ? ", " : "", list->names[i]);
}

void assay_label_list_values(const assay_label_list *list, const assay_attributes *attributes, double *values)
{
    for (size_t i = 0; i < list->count; i++) values[i] = (double)NAN;
    for (size_t i = 0; i < attributes->count; i++) {
        size_t place = assay_label_list_find(list, attributes->items[i].name);
        if (place < list->count) values[place] = attributes->items[i].value;
    }
}
