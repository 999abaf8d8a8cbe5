#include "data/record_shape.h"

#include "base/json_doc.h"
#include "base/json_pull.h"

#include <string.h>

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

static char last_letter(const char *text, size_t size)
{
    while (size && is_blank(text[size - 1])) size--;
    return size ? text[size - 1] : 0;
}

static char first_letter(const char *text, size_t size)
{
    while (size && is_blank(*text)) text++, size--;
    return size ? *text : 0;
}

static bool is_message_key(const assay_json_pull *pull)
{
    return assay_json_pull_equals(pull, "role") || assay_json_pull_equals(pull, "from");
}

/* Behind the list's bracket: an object that is no message. */
static bool holds_records(assay_json_pull pull)
{
    if (assay_json_pull_next(&pull, NULL) != ASSAY_OK || pull.event != ASSAY_JSON_OBJECT) return false;
    while (assay_json_pull_next(&pull, NULL) == ASSAY_OK && pull.event == ASSAY_JSON_KEY) {
        if (is_message_key(&pull)) return false;
        if (assay_json_pull_next(&pull, NULL) != ASSAY_OK || assay_json_pull_skip(&pull, NULL) != ASSAY_OK) break;
    }
    return true;
}

/* Goes over fields in front that are no lists or objects. */
static bool is_wrapped(const char *text, size_t size, size_t *inside)
{
    assay_json_pull pull;
    assay_json_pull_init(&pull, text, size, "");
    pull.python = pull.halves = true;
    if (assay_json_pull_next(&pull, NULL) != ASSAY_OK) return false;
    for (;;) {
        if (assay_json_pull_next(&pull, NULL) != ASSAY_OK || pull.event != ASSAY_JSON_KEY) return false;
        bool named = assay_json_pull_equals(&pull, "data");
        if (assay_json_pull_next(&pull, NULL) != ASSAY_OK || pull.event == ASSAY_JSON_OBJECT) return false;
        if (pull.event != ASSAY_JSON_ARRAY) continue;
        *inside = pull.at;
        return named && holds_records(pull);
    }
}

assay_record_shape assay_record_shape_of(const char *text, size_t size, size_t *inside)
{
    const char *feed = memchr(text, '\n', size);
    size_t line = feed ? (size_t)(feed - text) : size;
    char last = last_letter(text, line), next = first_letter(text + line, size - line);
    bool object_a_line = feed && last == '}' && next;
    if (!object_a_line && is_wrapped(text, size, inside)) return ASSAY_SHAPE_WRAPPED;
    return (last == '{' || last == ',') && next == '"' ? ASSAY_SHAPE_OBJECTS : ASSAY_SHAPE_LINES;
}

static bool holds_messages(const json_t *list)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        if (json_object_get(item, "role") || json_object_get(item, "from")) return true;
    }
    return false;
}

size_t assay_record_columns(const json_t *value)
{
    const char *key;
    json_t *list;
    size_t count = 0;
    if (json_object_size(value) < 2 || (!json_object_get(value, "prompt") && !json_object_get(value, "chosen")))
        return 0;
    json_object_foreach(assay_json_lent(value), key, list)
    {
        size_t here = json_array_size(list);
        if (!here || (count && here != count) || holds_messages(list)) return 0;
        count = here;
    }
    return count;
}

json_t *assay_record_of_columns(const json_t *value, size_t i)
{
    const char *key;
    json_t *list, *row = json_object();
    json_object_foreach(assay_json_lent(value), key, list)
    {
        if (row && !json_object_set(row, key, json_array_get(list, i))) continue;
        json_decref(row);
        return NULL;
    }
    return row;
}
