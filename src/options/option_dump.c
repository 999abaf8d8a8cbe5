#include "options/option_dump.h"

#include "options/option_table.h"

#include <string.h>

static json_t *choice_json(const assay_option_row *row, int index)
{
    const char *choice = row->choices;
    for (; index > 0; index--) choice += strcspn(choice, "|") + 1;
    return json_stringn(choice, strcspn(choice, "|"));
}

static json_t *list_json(const assay_string_list *list)
{
    json_t *array = list->count ? json_array() : NULL;
    for (size_t i = 0; i < list->count; i++) json_array_append_new(array, json_string(list->items[i]));
    return array;
}

static double number_of(const assay_option_row *row, const void *field)
{
    switch (row->type) {
    case ASSAY_OPTION_INT:
        return (double)*(const int64_t *)field;
    case ASSAY_OPTION_SIZE:
        return (double)*(const uint64_t *)field;
    default:
        return *(const double *)field;
    }
}

static json_t *number_json(const assay_option_row *row, const void *field)
{
    double value = number_of(row, field);
    for (size_t i = 0; i < 2; i++)
        if (row->words[i].word && row->words[i].value == value) return json_string(row->words[i].word);
    bool whole = row->type == ASSAY_OPTION_INT || row->type == ASSAY_OPTION_SIZE;
    return whole ? json_integer((json_int_t)value) : json_real(value);
}

/* NULL: nothing to say. */
static json_t *value_json(const assay_options *options, const assay_option_row *row)
{
    const void *field = (const char *)options + row->offset;
    switch (row->type) {
    case ASSAY_OPTION_STRING:
    case ASSAY_OPTION_PATH:
        return *(const char *const *)field ? json_string(*(const char *const *)field) : NULL;
    case ASSAY_OPTION_LIST:
        return list_json(field);
    case ASSAY_OPTION_BOOL:
        return json_boolean(*(const bool *)field);
    case ASSAY_OPTION_ENUM:
        return choice_json(row, *(const int *)field);
    default:
        return number_json(row, field);
    }
}

json_t *assay_options_json(const assay_options *options, unsigned command, bool only_given)
{
    json_t *object = json_object();
    for (size_t i = 0; object && i < assay_option_count(); i++) {
        const assay_option_row *row = assay_option_at(i);
        if (!(row->commands & command) || (row->flags & ASSAY_OPTION_HIDDEN) || row->group == ASSAY_GROUP_GENERAL)
            continue;
        if (only_given && options->origin[i] == ASSAY_ORIGIN_DEFAULT) continue;
        json_t *value = value_json(options, row);
        if (value) json_object_set_new(object, row->name, value);
    }
    return object;
}
