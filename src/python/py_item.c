#include "python/py_item.h"

#include "python/py_dict.h"
#include "python/py_run.h"
#include "python/py_text.h"
#include "python/py_undefined.h"

static assay_status item_of_list(const assay_jlist *list, int64_t index, assay_jvalue *out)
{
    if (index < 0) index += (int64_t)list->count;
    if (list->kind <= ASSAY_JLIST_GROUP && index >= 0 && index < (int64_t)list->count) *out = list->items[index];
    return ASSAY_OK;
}

static assay_status item_of_text(assay_jrun *run, const assay_jvalue *text, int64_t index, assay_jvalue *out)
{
    if (index < 0) index += (int64_t)assay_jtext_length(text);
    if (!text->ascii) ASSAY_TRY(assay_jrun_charge(run, text->size));
    size_t at = index < 0 ? text->size : assay_jtext_offset(text, (size_t)index);
    if (at >= text->size) return ASSAY_OK;
    bool markup = text->markup;
    *out = assay_jtext_part(text, at, at + assay_jtext_step(text, at));
    out->markup = markup;
    return ASSAY_OK;
}

assay_status assay_jvalue_find_item(assay_jrun *run, const assay_jvalue *object, const assay_jvalue *key,
                                    assay_jvalue *out)
{
    int64_t index;
    *out = (assay_jvalue){0};
    if (object->type == ASSAY_J_DICT)
        return assay_jvalue_is_hashable(key) ? assay_jdict_get(run, object->as.dict, key, out) : ASSAY_OK;
    if (!assay_jvalue_is_whole(key, &index)) return ASSAY_OK;
    if (object->type == ASSAY_J_LIST) return item_of_list(object->as.list, index, out);
    if (object->type == ASSAY_J_TEXT) return item_of_text(run, object, index, out);
    if (object->type != ASSAY_J_RANGE) return ASSAY_OK;
    if (index < 0) index += object->as.range->count;
    if (index >= 0 && index < object->as.range->count)
        *out = assay_jvalue_int(object->as.range->start + index * object->as.range->step);
    return ASSAY_OK;
}

/* PySlice_AdjustIndices: where walking starts and how many steps it takes. */
static int64_t adjust(int64_t length, int64_t *start, int64_t *stop, int64_t step)
{
    int64_t low = step < 0 ? -1 : 0, high = step < 0 ? length - 1 : length;
    if (*start < 0) *start = *start + length < low ? low : *start + length;
    else if (*start > high) *start = high;
    if (*stop < 0) *stop = *stop + length < low ? low : *stop + length;
    else if (*stop > high) *stop = high;
    if (step < 0) return *stop < *start ? (*start - *stop - 1) / -step + 1 : 0;
    return *start < *stop ? (*stop - *start - 1) / step + 1 : 0;
}

static assay_status slice_bound(assay_jrun *run, const assay_jvalue *bound, int64_t missing, int64_t *out)
{
    *out = missing;
    if (bound->type == ASSAY_J_MISSING || bound->type == ASSAY_J_NONE || assay_jvalue_is_whole(bound, out))
        return ASSAY_OK;
    return assay_jrun_fail(run, "the bounds of a slice must be whole numbers or None, not '%s'",
                           assay_jvalue_type_name(bound));
}

static assay_status slice_text(assay_jrun *run, const assay_jvalue *text, int64_t start, int64_t count, int64_t step,
                               assay_jvalue *out)
{
    assay_jbuild build = {0};
    bool markup = text->markup;
    ASSAY_TRY(assay_jrun_charge(run, text->size));
    size_t at = count > 0 ? assay_jtext_offset(text, (size_t)start) : 0;
    if (step == 1) {
        assay_jvalue rest = assay_jtext_part(text, at, text->size);
        *out = assay_jtext_part(text, at, at + (count > 0 ? assay_jtext_offset(&rest, (size_t)count) : 0));
        out->markup = markup;
        return ASSAY_OK;
    }
    for (int64_t i = 0; i < count; i++) {
        ASSAY_TRY(assay_jbuild_bytes(run, &build, text->as.text + at, assay_jtext_step(text, at)));
        for (int64_t k = 0; i + 1 < count && k < step; k++) at += assay_jtext_step(text, at);
        for (int64_t k = 0; i + 1 < count && k > step; k--) at -= assay_jtext_back(text, at);
    }
    *out = assay_jbuild_value(&build);
    out->markup = markup;
    return ASSAY_OK;
}

static assay_status slice_list(assay_jrun *run, const assay_jlist *list, int64_t start, int64_t count, int64_t step,
                               assay_jvalue *out)
{
    assay_jlist *part;
    ASSAY_TRY(assay_jlist_new(run, list->kind == ASSAY_JLIST_LIST ? ASSAY_JLIST_LIST : ASSAY_JLIST_TUPLE, (size_t)count,
                              &part));
    for (int64_t i = 0; i < count; i++) ASSAY_TRY(assay_jlist_push(run, part, list->items[start + i * step]));
    *out = assay_jlist_value(part);
    return ASSAY_OK;
}

static assay_status slice_range(assay_jrun *run, const assay_jrange *range, int64_t start, int64_t stop, int64_t count,
                                int64_t step, assay_jvalue *out)
{
    void *memory;
    ASSAY_TRY(assay_jrun_alloc(run, 1, sizeof(assay_jrange), &memory));
    assay_jrange *part = memory;
    *part = (assay_jrange){range->start + start * range->step, range->start + stop * range->step, 0, count};
    if (__builtin_mul_overflow(range->step, step, &part->step))
        return assay_jrun_fail(run, "a slice of a range with too large a step");
    *out = (assay_jvalue){.type = ASSAY_J_RANGE, .as.range = part};
    return ASSAY_OK;
}

assay_status assay_jvalue_slice(assay_jrun *run, const assay_jvalue *object, const assay_jvalue bounds[3],
                                assay_jvalue *out)
{
    int64_t start, stop, step, length;
    assay_jvalue held = *object;
    if (held.type == ASSAY_J_UNDEFINED) return assay_jvalue_undefined_error(run, &held);
    if (held.type != ASSAY_J_TEXT && held.type != ASSAY_J_RANGE && !assay_jvalue_is_sequence(&held))
        return assay_jrun_fail(run, "a value of type '%s' cannot be sliced", assay_jvalue_type_name(&held));
    ASSAY_TRY(slice_bound(run, &bounds[2], 1, &step));
    if (step == 0) return assay_jrun_fail(run, "the step of a slice cannot be zero");
    if (step < -INT64_MAX) step = -INT64_MAX;
    ASSAY_TRY(slice_bound(run, &bounds[0], step < 0 ? INT64_MAX : 0, &start));
    ASSAY_TRY(slice_bound(run, &bounds[1], step < 0 ? INT64_MIN : INT64_MAX, &stop));
    ASSAY_TRY(assay_jvalue_length(run, &held, &length));
    if (start < -length - 1) start = -length - 1;
    if (stop < -length - 1) stop = -length - 1;
    int64_t count = adjust(length, &start, &stop, step);
    if (held.type == ASSAY_J_TEXT) return slice_text(run, &held, start, count, step, out);
    if (held.type == ASSAY_J_RANGE) return slice_range(run, held.as.range, start, stop, count, step, out);
    return slice_list(run, held.as.list, start, count, step, out);
}
