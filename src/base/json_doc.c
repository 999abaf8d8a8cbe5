#include "base/json_doc.h"

#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* jansson's lexer and dumper go on when a buffer cannot grow and leave out what did not fit: a text cut by a byte, and no error. So its allocations
 * are counted where they fail, per thread, and whoever called it looks. */
static _Thread_local unsigned failed_allocations;

static void *watched_malloc(size_t size)
{
    void *block = assay_alloc(size, 1);
    if (!block) failed_allocations++;
    return block;
}

__attribute__((constructor)) static void watch_allocations(void) { json_set_alloc_funcs(watched_malloc, assay_free); }

char *assay_json_dump(const json_t *value, size_t flags)
{
    unsigned before = failed_allocations;
    char *text = json_dumps(value, flags);
    if (before == failed_allocations) return text;
    assay_free(text);
    return NULL;
}

static assay_status parse(const char *text, size_t size, const char *where, json_t **out, bool *too_big, assay_error *err)
{
    json_error_t problem = {0};
    unsigned before = failed_allocations;
    *out = json_loadb(text, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &problem);
    if (before != failed_allocations) {
        json_decref(*out);
        *out = NULL;
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the JSON of %s", where);
    }
    if (*out) return ASSAY_OK;
    *too_big = json_error_code(&problem) == json_error_numeric_overflow;
    if (problem.line > 1)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: not valid JSON at line %d, column %d: %s", where, problem.line,
                               problem.column, problem.text);
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: not valid JSON at column %d: %s", where, problem.column, problem.text);
}

assay_status assay_json_parse(const char *text, size_t size, const char *where, json_t **out, assay_error *err)
{
    bool too_big = false;
    return parse(text, size, where, out, &too_big, err);
}

/* A whole number of more than 64 bits, as a real of the same width: d...d becomes d.d...de+N. Returns its end. */
static char *soften_number(char *start, const char *end)
{
    char exponent[24], *digits = *start == '-' ? start + 1 : start, *stop = digits;
    while (stop < end && *stop >= '0' && *stop <= '9') stop++;
    size_t count = (size_t)(stop - digits);
    bool fits = count < 19 || (count == 19 && memcmp(digits, "9223372036854775807", 19) <= 0);
    if (fits || (stop < end && strchr(".eE", *stop))) return stop;
    size_t tail = (size_t)snprintf(exponent, sizeof exponent, "e%zu", count - 1);
    memmove(digits + 2, digits + 1, count - 2 - tail);
    digits[1] = '.';
    memcpy(stop - tail, exponent, tail);
    return stop;
}

static void soften(char *text, size_t size)
{
    const char *end = text + size;
    bool quoted = false;
    for (char *at = text; at < end; at++) {
        if (quoted && *at == '\\') at++;
        else if (*at == '"') quoted = !quoted;
        else if (!quoted && (*at == '-' || (*at >= '0' && *at <= '9'))) {
            char *stop = soften_number(at, end);
            while (stop < end && strchr("0123456789.eE+-", *stop)) stop++;
            at = stop > at ? stop - 1 : at;
        }
    }
}

assay_status assay_json_load(const char *path, size_t ceiling, json_t **out, assay_error *err)
{
    char *text;
    size_t size;
    *out = NULL;
    ASSAY_TRY(assay_file_read(path, ceiling, &text, &size, err));
    bool too_big = false;
    assay_status status = parse(text, size, path, out, &too_big, err);
    if (too_big) {
        soften(text, size);
        status = parse(text, size, path, out, &too_big, err);
    }
    assay_free(text);
    return status;
}

static assay_status find(const json_t *object, const char *key, bool needed, const json_t **out, const char *where, assay_error *err)
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

assay_status assay_json_int(const json_t *object, const char *key, bool needed, int64_t *out, const char *where, assay_error *err)
{
    const json_t *value;
    ASSAY_TRY(find(object, key, needed, &value, where, err));
    if (!value) return ASSAY_OK;
    if (!json_is_integer(value)) return wrong_type(where, key, "a whole number", err);
    *out = json_integer_value(value);
    return ASSAY_OK;
}

assay_status assay_json_double(const json_t *object, const char *key, bool needed, double *out, const char *where, assay_error *err)
{
    const json_t *value;
    ASSAY_TRY(find(object, key, needed, &value, where, err));
    if (!value) return ASSAY_OK;
    if (!json_is_number(value)) return wrong_type(where, key, "a number", err);
    *out = json_number_value(value);
    return ASSAY_OK;
}

assay_status assay_json_bool(const json_t *object, const char *key, bool needed, bool *out, const char *where, assay_error *err)
{
    const json_t *value;
    ASSAY_TRY(find(object, key, needed, &value, where, err));
    if (!value) return ASSAY_OK;
    if (!json_is_boolean(value)) return wrong_type(where, key, "true or false", err);
    *out = json_boolean_value(value);
    return ASSAY_OK;
}

assay_status assay_json_string(const json_t *object, const char *key, bool needed, const char **out, const char *where, assay_error *err)
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
