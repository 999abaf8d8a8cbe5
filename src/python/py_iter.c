/* Walking through values, and what needs nothing but walking: collecting, `in`; and how far a walk goes, len(). */
#include "python/py_dict.h"
#include "python/py_run.h"
#include "python/py_text.h"
#include "python/py_value.h"

bool assay_py_value_is_iterable(const assay_py_value *value)
{
    return value->type == ASSAY_PY_UNDEFINED || value->type == ASSAY_PY_TEXT || value->type == ASSAY_PY_LIST ||
           value->type == ASSAY_PY_DICT || value->type == ASSAY_PY_RANGE || value->type == ASSAY_PY_LOOP;
}

assay_status assay_py_iter_start(assay_py_run *run, assay_py_iter *iter, const assay_py_value *source)
{
    if (!assay_py_value_is_iterable(source))
        return assay_py_run_fail(run, "a value of type '%s' cannot be iterated", assay_py_value_type_name(source));
    if (source->type == ASSAY_PY_LOOP)
        return assay_py_run_unsupported(run, "iterating over loop itself is not supported");
    *iter = (assay_py_iter){*source, 0};
    return ASSAY_OK;
}

static bool next_of_list(assay_py_iter *iter, assay_py_value *out)
{
    assay_py_list *list = iter->source.as.list;
    size_t *position = list->kind == ASSAY_PY_LIST_GENERATOR ? &list->cursor : &iter->position;
    if (*position >= list->count) return false;
    *out = list->items[(*position)++];
    return true;
}

bool assay_py_iter_next(assay_py_iter *iter, assay_py_value *out)
{
    const assay_py_value *source = &iter->source;
    if (source->type == ASSAY_PY_LIST) return next_of_list(iter, out);
    if (source->type == ASSAY_PY_TEXT) {
        if (iter->position >= source->size) return false;
        size_t size = assay_py_text_step(source, iter->position);
        *out = assay_py_text_part(source, iter->position, iter->position + size);
        iter->position += size;
        return true;
    }
    if (source->type == ASSAY_PY_DICT) {
        if (iter->position >= source->as.dict->count) return false;
        *out = source->as.dict->entries[iter->position++].key;
        return true;
    }
    if (source->type != ASSAY_PY_RANGE || (int64_t)iter->position >= source->as.range->count) return false;
    *out = assay_py_value_int(source->as.range->start + (int64_t)iter->position++ * source->as.range->step);
    return true;
}

assay_status assay_py_value_collect(assay_py_run *run, const assay_py_value *source, assay_py_list_kind kind,
                                    assay_py_list **out)
{
    assay_py_iter iter = {0};
    assay_py_value item;
    size_t expected = source->type == ASSAY_PY_LIST ? source->as.list->count : 0;
    ASSAY_TRY(assay_py_iter_start(run, &iter, source));
    ASSAY_TRY(assay_py_list_new(run, kind, expected, out));
    while (assay_py_iter_next(&iter, &item)) ASSAY_TRY(assay_py_list_push(run, *out, item));
    return ASSAY_OK;
}

assay_status assay_py_value_contains(assay_py_run *run, const assay_py_value *haystack, const assay_py_value *needle,
                                     bool *out)
{
    assay_py_iter iter = {0};
    assay_py_value item;
    *out = false;
    if (haystack->type == ASSAY_PY_TEXT) {
        if (needle->type != ASSAY_PY_TEXT)
            return assay_py_run_fail(run, "'in <string>' requires a string on its left, not '%s'",
                                     assay_py_value_type_name(needle));
        *out = assay_py_text_find(haystack, needle, 0) != SIZE_MAX;
        return assay_py_run_charge(run, haystack->size);
    }
    if (haystack->type == ASSAY_PY_DICT) {
        ASSAY_TRY(assay_py_dict_get(run, haystack->as.dict, needle, &item));
        *out = item.type != ASSAY_PY_MISSING;
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_py_iter_start(run, &iter, haystack));
    while (!*out && assay_py_iter_next(&iter, &item)) ASSAY_TRY(assay_py_value_equal(run, &item, needle, out));
    return ASSAY_OK;
}

assay_status assay_py_value_length(assay_py_run *run, const assay_py_value *value, int64_t *out)
{
    if (value->type == ASSAY_PY_UNDEFINED) *out = 0;
    else if (value->type == ASSAY_PY_TEXT) {
        *out = (int64_t)assay_py_text_length(value);
        return assay_py_run_charge(run, value->size);
    } else if (value->type == ASSAY_PY_LIST && value->as.list->kind != ASSAY_PY_LIST_GENERATOR)
        *out = (int64_t)value->as.list->count;
    else if (value->type == ASSAY_PY_DICT) *out = (int64_t)value->as.dict->count;
    else if (value->type == ASSAY_PY_RANGE) *out = value->as.range->count;
    else return assay_py_run_fail(run, "a value of type '%s' has no length", assay_py_value_type_name(value));
    return ASSAY_OK;
}
