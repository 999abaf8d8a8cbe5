/* json.dumps as Transformers' `tojson` filter calls it: no HTML escapes, by default no ASCII escapes. */
#include "python/py_dict.h"
#include "python/py_number.h"
#include "python/py_point.h"
#include "python/py_print.h"
#include "python/py_run.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static assay_status put_escape(assay_py_run *run, assay_py_build *build, int32_t point)
{
    static const char named[] = "\"\"\\\\\bb\ff\nn\rr\tt";
    for (size_t i = 0; named[i]; i += 2) {
        if (named[i] != point) continue;
        ASSAY_TRY(assay_py_build_byte(run, build, '\\'));
        return assay_py_build_byte(run, build, named[i + 1]);
    }
    if (point < 0x10000) return assay_py_build_printf(run, build, "\\u%04x", (unsigned)point);
    unsigned rest = (unsigned)point - 0x10000;
    return assay_py_build_printf(run, build, "\\u%04x\\u%04x", 0xd800 + (rest >> 10), 0xdc00 + (rest & 0x3ff));
}

static assay_status put_text(assay_py_run *run, assay_py_build *build, const assay_py_value *text, bool ascii)
{
    size_t from = 0, size;
    ASSAY_TRY(assay_py_build_byte(run, build, '"'));
    for (size_t i = 0; i < text->size; i += size) {
        int32_t point = assay_py_point_decode(text->as.text + i, &size);
        if (point >= 0x20 && point != '"' && point != '\\' && !(ascii && point > 0x7e)) continue;
        ASSAY_TRY(assay_py_build_bytes(run, build, text->as.text + from, i - from));
        ASSAY_TRY(put_escape(run, build, point));
        from = i + size;
    }
    ASSAY_TRY(assay_py_build_bytes(run, build, text->as.text + from, text->size - from));
    return assay_py_build_byte(run, build, '"');
}

/* The three that JSON does not have, spelt as Python does. */
static const char *real_text(double real, char text[ASSAY_PY_NUMBER_TEXT])
{
    if (isnan(real)) return "NaN";
    if (isinf(real)) return real < 0 ? "-Infinity" : "Infinity";
    assay_py_number_repr(real, text);
    return text;
}

static assay_status put_line(assay_py_run *run, assay_py_build *build, const assay_py_json *how, int level)
{
    if (!how->pretty) return ASSAY_OK;
    ASSAY_TRY(assay_py_build_byte(run, build, '\n'));
    return assay_py_build_fill(run, build, &how->indent, (size_t)level);
}

static assay_status value_at(assay_py_run *run, assay_py_build *build, const assay_py_value *value,
                             const assay_py_json *how, int level);

static assay_status put_list(assay_py_run *run, assay_py_build *build, const assay_py_list *list,
                             const assay_py_json *how, int level)
{
    if (!list->count) return assay_py_build_literal(run, build, "[]");
    ASSAY_TRY(assay_py_build_byte(run, build, '['));
    for (size_t i = 0; i < list->count; i++) {
        if (i) ASSAY_TRY(assay_py_build_text(run, build, &how->between));
        ASSAY_TRY(put_line(run, build, how, level + 1));
        ASSAY_TRY(value_at(run, build, &list->items[i], how, level + 1));
    }
    ASSAY_TRY(put_line(run, build, how, level));
    return assay_py_build_byte(run, build, ']');
}

static assay_status put_key(assay_py_run *run, assay_py_build *build, const assay_py_value *key,
                            const assay_py_json *how)
{
    char text[ASSAY_PY_NUMBER_TEXT];
    if (key->type == ASSAY_PY_TEXT) return put_text(run, build, key, how->ascii);
    if (key->type == ASSAY_PY_INT) return assay_py_build_printf(run, build, "\"%" PRId64 "\"", key->as.whole);
    if (key->type == ASSAY_PY_FLOAT) return assay_py_build_printf(run, build, "\"%s\"", real_text(key->as.real, text));
    if (key->type == ASSAY_PY_BOOL) return assay_py_build_literal(run, build, key->as.truth ? "\"true\"" : "\"false\"");
    if (key->type == ASSAY_PY_NONE) return assay_py_build_literal(run, build, "\"null\"");
    return assay_py_run_fail(run, "a JSON key must be str, int, float, bool or None, not '%s'",
                             assay_py_value_type_name(key));
}

/* Keys in order, by insertion: objects are small, and work is charged. */
static assay_status sorted_entries(assay_py_run *run, const assay_py_dict *dict, const assay_py_entry ***out)
{
    void *memory;
    int order;
    ASSAY_TRY(assay_py_run_alloc(run, dict->count, sizeof **out, &memory));
    const assay_py_entry **entries = memory;
    for (size_t i = 0; i < dict->count; i++) {
        size_t at = i;
        for (; at > 0; at--) {
            ASSAY_TRY(assay_py_value_order(run, &dict->entries[i].key, &entries[at - 1]->key, "<", &order));
            if (order >= 0) break;
            entries[at] = entries[at - 1];
        }
        entries[at] = &dict->entries[i];
    }
    *out = entries;
    return ASSAY_OK;
}

static assay_status put_dict(assay_py_run *run, assay_py_build *build, const assay_py_dict *dict,
                             const assay_py_json *how, int level)
{
    const assay_py_entry **sorted = NULL;
    if (!dict->count) return assay_py_build_literal(run, build, "{}");
    if (how->sort_keys) ASSAY_TRY(sorted_entries(run, dict, &sorted));
    ASSAY_TRY(assay_py_build_byte(run, build, '{'));
    for (size_t i = 0; i < dict->count; i++) {
        const assay_py_entry *entry = sorted ? sorted[i] : &dict->entries[i];
        if (i) ASSAY_TRY(assay_py_build_text(run, build, &how->between));
        ASSAY_TRY(put_line(run, build, how, level + 1));
        ASSAY_TRY(put_key(run, build, &entry->key, how));
        ASSAY_TRY(assay_py_build_text(run, build, &how->behind_key));
        ASSAY_TRY(value_at(run, build, &entry->value, how, level + 1));
    }
    ASSAY_TRY(put_line(run, build, how, level));
    return assay_py_build_byte(run, build, '}');
}

static assay_status value_at(assay_py_run *run, assay_py_build *build, const assay_py_value *value,
                             const assay_py_json *how, int level)
{
    char text[ASSAY_PY_NUMBER_TEXT];
    if (level > ASSAY_PY_VALUE_DEPTH) return assay_py_run_fail(run, "a value is nested too deeply for JSON");
    ASSAY_TRY(assay_py_run_step(run));
    if (value->type == ASSAY_PY_NONE) return assay_py_build_literal(run, build, "null");
    if (value->type == ASSAY_PY_BOOL) return assay_py_build_literal(run, build, value->as.truth ? "true" : "false");
    if (value->type == ASSAY_PY_INT) return assay_py_build_printf(run, build, "%" PRId64, value->as.whole);
    if (value->type == ASSAY_PY_FLOAT) return assay_py_build_literal(run, build, real_text(value->as.real, text));
    if (value->type == ASSAY_PY_TEXT) return put_text(run, build, value, how->ascii);
    if (assay_py_value_is_sequence(value)) return put_list(run, build, value->as.list, how, level);
    if (value->type == ASSAY_PY_DICT) return put_dict(run, build, value->as.dict, how, level);
    return assay_py_run_fail(run, "a value of type '%s' cannot be written as JSON", assay_py_value_type_name(value));
}

assay_status assay_py_print_json(assay_py_run *run, assay_py_build *build, const assay_py_value *value,
                                 const assay_py_json *how)
{
    return value_at(run, build, value, how, 0);
}
