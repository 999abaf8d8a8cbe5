/* Walking through values, and what needs nothing but walking: collecting, `in`; and how far a walk goes, len(). */
#include "python/py_dict.h"
#include "python/py_run.h"
#include "python/py_text.h"
#include "python/py_value.h"

bool assay_jvalue_is_iterable(const assay_jvalue *value)
{
    return value->type == ASSAY_J_UNDEFINED || value->type == ASSAY_J_TEXT || value->type == ASSAY_J_LIST ||
           value->type == ASSAY_J_DICT || value->type == ASSAY_J_RANGE || value->type == ASSAY_J_LOOP;
}

assay_status assay_jiter_start(assay_jrun *run, assay_jiter *iter, const assay_jvalue *source)
{
    if (!assay_jvalue_is_iterable(source))
        return assay_jrun_fail(run, "a value of type '%s' cannot be iterated", assay_jvalue_type_name(source));
    if (source->type == ASSAY_J_LOOP) return assay_jrun_unsupported(run, "iterating over loop itself is not supported");
    *iter = (assay_jiter){*source, 0};
    return ASSAY_OK;
}

static bool next_of_list(assay_jiter *iter, assay_jvalue *out)
{
    assay_jlist *list = iter->source.as.list;
    size_t *position = list->kind == ASSAY_JLIST_GENERATOR ? &list->cursor : &iter->position;
    if (*position >= list->count) return false;
    *out = list->items[(*position)++];
    return true;
}

bool assay_jiter_next(assay_jiter *iter, assay_jvalue *out)
{
    const assay_jvalue *source = &iter->source;
    if (source->type == ASSAY_J_LIST) return next_of_list(iter, out);
    if (source->type == ASSAY_J_TEXT) {
        if (iter->position >= source->size) return false;
        size_t size = assay_jtext_step(source, iter->position);
        *out = assay_jtext_part(source, iter->position, iter->position + size);
        iter->position += size;
        return true;
    }
    if (source->type == ASSAY_J_DICT) {
        if (iter->position >= source->as.dict->count) return false;
        *out = source->as.dict->entries[iter->position++].key;
        return true;
    }
    if (source->type != ASSAY_J_RANGE || (int64_t)iter->position >= source->as.range->count) return false;
    *out = assay_jvalue_int(source->as.range->start + (int64_t)iter->position++ * source->as.range->step);
    return true;
}

assay_status assay_jvalue_collect(assay_jrun *run, const assay_jvalue *source, assay_jlist_kind kind, assay_jlist **out)
{
    assay_jiter iter = {0};
    assay_jvalue item;
    size_t expected = source->type == ASSAY_J_LIST ? source->as.list->count : 0;
    ASSAY_TRY(assay_jiter_start(run, &iter, source));
    ASSAY_TRY(assay_jlist_new(run, kind, expected, out));
    while (assay_jiter_next(&iter, &item)) ASSAY_TRY(assay_jlist_push(run, *out, item));
    return ASSAY_OK;
}

assay_status assay_jvalue_contains(assay_jrun *run, const assay_jvalue *haystack, const assay_jvalue *needle, bool *out)
{
    assay_jiter iter = {0};
    assay_jvalue item;
    *out = false;
    if (haystack->type == ASSAY_J_TEXT) {
        if (needle->type != ASSAY_J_TEXT)
            return assay_jrun_fail(run, "'in <string>' requires a string on its left, not '%s'",
                                   assay_jvalue_type_name(needle));
        *out = assay_jtext_find(haystack, needle, 0) != SIZE_MAX;
        return assay_jrun_charge(run, haystack->size);
    }
    if (haystack->type == ASSAY_J_DICT) {
        ASSAY_TRY(assay_jdict_get(run, haystack->as.dict, needle, &item));
        *out = item.type != ASSAY_J_MISSING;
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_jiter_start(run, &iter, haystack));
    while (!*out && assay_jiter_next(&iter, &item)) ASSAY_TRY(assay_jvalue_equal(run, &item, needle, out));
    return ASSAY_OK;
}

assay_status assay_jvalue_length(assay_jrun *run, const assay_jvalue *value, int64_t *out)
{
    if (value->type == ASSAY_J_UNDEFINED) *out = 0;
    else if (value->type == ASSAY_J_TEXT) {
        *out = (int64_t)assay_jtext_length(value);
        return assay_jrun_charge(run, value->size);
    } else if (value->type == ASSAY_J_LIST && value->as.list->kind != ASSAY_JLIST_GENERATOR)
        *out = (int64_t)value->as.list->count;
    else if (value->type == ASSAY_J_DICT) *out = (int64_t)value->as.dict->count;
    else if (value->type == ASSAY_J_RANGE) *out = value->as.range->count;
    else return assay_jrun_fail(run, "a value of type '%s' has no length", assay_jvalue_type_name(value));
    return ASSAY_OK;
}
