#include "python/py_item.h"

#include "python/py_dict.h"
#include "python/py_run.h"
#include "python/py_text.h"
#include "python/py_undefined.h"

static assay_status item_of_list(const assay_py_list *list, int64_t index, assay_py_value *out)
{
    if (index < 0) index += (int64_t)list->count;
    if (list->kind <= ASSAY_PY_LIST_GROUP && index >= 0 && index < (int64_t)list->count) *out = list->items[index];
    return ASSAY_OK;
}

static assay_status item_of_text(assay_py_run *run, const assay_py_value *text, int64_t index, assay_py_value *out)
{
    if (index < 0) index += (int64_t)assay_py_text_length(text);
    if (!text->ascii) ASSAY_TRY(assay_py_run_charge(run, text->size));
    size_t at = index < 0 ? text->size : assay_py_text_offset(text, (size_t)index);
    if (at >= text->size) return ASSAY_OK;
    bool markup = text->markup;
    *out = assay_py_text_part(text, at, at + assay_py_text_step(text, at));
    out->markup = markup;
    return ASSAY_OK;
}

assay_status assay_py_value_find_item(assay_py_run *run, const assay_py_value *object, const assay_py_value *key,
                                      assay_py_value *out)
{
    int64_t index;
    *out = (assay_py_value){0};
    if (object->type == ASSAY_PY_DICT)
        return assay_py_value_is_hashable(key) ? assay_py_dict_get(run, object->as.dict, key, out) : ASSAY_OK;
    if (!assay_py_value_is_whole(key, &index)) return ASSAY_OK;
    if (object->type == ASSAY_PY_LIST) return item_of_list(object->as.list, index, out);
    if (object->type == ASSAY_PY_TEXT) return item_of_text(run, object, index, out);
    if (object->type != ASSAY_PY_RANGE) return ASSAY_OK;
    if (index < 0) index += object->as.range->count;
    if (index >= 0 && index < object->as.range->count)
        *out = assay_py_value_int(object->as.range->start + index * object->as.range->step);
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

static assay_status slice_bound(assay_py_run *run, const assay_py_value *bound, int64_t missing, int64_t *out)
{
    *out = missing;
    if (bound->type == ASSAY_PY_MISSING || bound->type == ASSAY_PY_NONE || assay_py_value_is_whole(bound, out))
        return ASSAY_OK;
    return assay_py_run_fail(run, "the bounds of a slice must be whole numbers or None, not '%s'",
                             assay_py_value_type_name(bound));
}

static assay_status slice_text(assay_py_run *run, const assay_py_value *text, int64_t start, int64_t count,
                               int64_t step, assay_py_value *out)
{
    assay_py_build build = {0};
    bool markup = text->markup;
    ASSAY_TRY(assay_py_run_charge(run, text->size));
    size_t at = count > 0 ? assay_py_text_offset(text, (size_t)start) : 0;
    if (step == 1) {
        assay_py_value rest = assay_py_text_part(text, at, text->size);
        *out = assay_py_text_part(text, at, at + (count > 0 ? assay_py_text_offset(&rest, (size_t)count) : 0));
        out->markup = markup;
        return ASSAY_OK;
    }
    for (int64_t i = 0; i < count; i++) {
        ASSAY_TRY(assay_py_build_bytes(run, &build, text->as.text + at, assay_py_text_step(text, at)));
        for (int64_t k = 0; i + 1 < count && k < step; k++) at += assay_py_text_step(text, at);
        for (int64_t k = 0; i + 1 < count && k > step; k--) at -= assay_py_text_back(text, at);
    }
    *out = assay_py_build_value(&build);
    out->markup = markup;
    return ASSAY_OK;
}

static assay_status slice_list(assay_py_run *run, const assay_py_list *list, int64_t start, int64_t count, int64_t step,
                               assay_py_value *out)
{
    assay_py_list *part;
    ASSAY_TRY(assay_py_list_new(run, list->kind == ASSAY_PY_LIST_LIST ? ASSAY_PY_LIST_LIST : ASSAY_PY_LIST_TUPLE,
                                (size_t)count, &part));
    for (int64_t i = 0; i < count; i++) ASSAY_TRY(assay_py_list_push(run, part, list->items[start + i * step]));
    *out = assay_py_list_value(part);
    return ASSAY_OK;
}

static assay_status slice_range(assay_py_run *run, const assay_py_range *range, int64_t start, int64_t stop,
                                int64_t count, int64_t step, assay_py_value *out)
{
    void *memory;
    ASSAY_TRY(assay_py_run_alloc(run, 1, sizeof(assay_py_range), &memory));
    assay_py_range *part = memory;
    *part = (assay_py_range){range->start + start * range->step, range->start + stop * range->step, 0, count};
    if (__builtin_mul_overflow(range->step, step, &part->step))
        return assay_py_run_fail(run, "a slice of a range with too large a step");
    *out = (assay_py_value){.type = ASSAY_PY_RANGE, .as.range = part};
    return ASSAY_OK;
}

assay_status assay_py_value_slice(assay_py_run *run, const assay_py_value *object, const assay_py_value bounds[3],
                                  assay_py_value *out)
{
    int64_t start, stop, step, length;
    assay_py_value held = *object;
    if (held.type == ASSAY_PY_UNDEFINED) return assay_py_value_undefined_error(run, &held);
    if (held.type != ASSAY_PY_TEXT && held.type != ASSAY_PY_RANGE && !assay_py_value_is_sequence(&held))
        return assay_py_run_fail(run, "a value of type '%s' cannot be sliced", assay_py_value_type_name(&held));
    ASSAY_TRY(slice_bound(run, &bounds[2], 1, &step));
    if (step == 0) return assay_py_run_fail(run, "the step of a slice cannot be zero");
    if (step < -INT64_MAX) step = -INT64_MAX;
    ASSAY_TRY(slice_bound(run, &bounds[0], step < 0 ? INT64_MAX : 0, &start));
    ASSAY_TRY(slice_bound(run, &bounds[1], step < 0 ? INT64_MIN : INT64_MAX, &stop));
    ASSAY_TRY(assay_py_value_length(run, &held, &length));
    if (start < -length - 1) start = -length - 1;
    if (stop < -length - 1) stop = -length - 1;
    int64_t count = adjust(length, &start, &stop, step);
    if (held.type == ASSAY_PY_TEXT) return slice_text(run, &held, start, count, step, out);
    if (held.type == ASSAY_PY_RANGE) return slice_range(run, held.as.range, start, stop, count, step, out);
    return slice_list(run, held.as.list, start, count, step, out);
}
