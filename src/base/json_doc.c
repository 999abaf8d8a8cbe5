#include "base/json_doc.h"

#include "base/file.h"

#include <math.h>
#include <string.h>

assay_status assay_json_load(const char *path, size_t ceiling, json_t **out, assay_error *err)
{
    char *text;
    size_t size;
    *out = NULL;
    ASSAY_TRY(assay_file_read(path, ceiling, &text, &size, err));
    size_t by_size = size < SIZE_MAX / ASSAY_JSON_TREE_A_BYTE ? size * ASSAY_JSON_TREE_A_BYTE : SIZE_MAX;
    size_t tree = by_size > ASSAY_JSON_TREE_MAX ? by_size : ASSAY_JSON_TREE_MAX;
    assay_status status = assay_json_parse_as(text, size, path, &(assay_json_reading){.most = tree}, out, err);
    assay_free(text);
    return status;
}

static assay_status find(const json_t *object, const char *key, bool needed, const json_t **out, const char *where,
                         assay_error *err)
{
    *out = json_object_get(object, key);
    if (json_is_null(*out)) *out = NULL;
    if (*out || !needed) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: the key \"%s\" is missing", where, key);
}

static assay_status wrong_type(const char *where, const char *key, const char *wanted, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: \"%s\" should be %s", where, key, wanted);
}

const char *assay_json_kind(const json_t *value)
{
    if (!value) return "missing";
    if (assay_json_unreadable(value)) return assay_json_unreadable(value);
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a string";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
        return "null";
    }
    return "unknown";
}

assay_status assay_json_int(const json_t *object, const char *key, bool needed, int64_t *out, const char *where,
                            assay_error *err)
{
    const json_t *value;
    ASSAY_TRY(find(object, key, needed, &value, where, err));
    if (!value) return ASSAY_OK;
    if (!json_is_integer(value)) return wrong_type(where, key, "a whole number", err);
    *out = json_integer_value(value);
    return ASSAY_OK;
}

assay_status assay_json_double(const json_t *object, const char *key, bool needed, double *out, const char *where,
                               assay_error *err)
{
    const json_t *value;
    ASSAY_TRY(find(object, key, needed, &value, where, err));
    if (!value) return ASSAY_OK;
    if (!json_is_number(value)) return wrong_type(where, key, "a number", err);
    *out = json_number_value(value);
    return ASSAY_OK;
}

assay_status assay_json_bool(const json_t *object, const char *key, bool needed, bool *out, const char *where,
                             assay_error *err)
{
    const json_t *value;
    ASSAY_TRY(find(object, key, needed, &value, where, err));
    if (!value) return ASSAY_OK;
    if (!json_is_boolean(value)) return wrong_type(where, key, "true or false", err);
    *out = json_boolean_value(value);
    return ASSAY_OK;
}

assay_status assay_json_string(const json_t *object, const char *key, bool needed, const char **out, const char *where,
                               assay_error *err)
{
    const json_t *value;
    ASSAY_TRY(find(object, key, needed, &value, where, err));
    if (!value) return ASSAY_OK;
    if (!json_is_string(value)) return wrong_type(where, key, "a string", err);
    *out = json_string_value(value);
    return ASSAY_OK;
}

assay_status assay_json_save(const json_t *value, const char *path, assay_error *err)
{
    char *text = assay_json_dump(value, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    ASSAY_TRY_ALLOC(text, path, err);
    size_t length = strlen(text);
    text[length] = '\n';
    assay_status status = assay_file_write_atomic(path, text, length + 1, err);
    assay_free(text);
    return status;
}

json_t *assay_json_number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

json_t *assay_json_numbers(json_t *object, const assay_json_entry *entries, size_t count)
{
    int failed = !object;
    for (size_t i = 0; i < count && !failed; i++)
        failed = json_object_set_new(object, entries[i].key, assay_json_number(entries[i].value));
    if (!failed) return object;
    json_decref(object);
    return NULL;
}

bool assay_json_is_off(const json_t *value)
{
    if (json_is_number(value)) return json_number_value(value) == 0;
    if (json_is_string(value)) return *json_string_value(value) == 0;
    return !json_is_true(value) && json_array_size(value) == 0 && json_object_size(value) == 0;
}
