/* The methods of str that change, cut, search or join; those that only ask are in py_methods_ask.c. A text marked
 * safe gives marked texts, and escapes what is brought into it. */
#include "python/py_methods.h"

#include "python/py_dict.h"
#include "python/py_format.h"
#include "python/py_letters.h"
#include "python/py_print.h"
#include "python/py_run.h"

#include <string.h>

static assay_status run_lower(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return assay_py_letters_lower(run, &call->items[0], out);
}
static assay_status run_upper(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return assay_py_letters_upper(run, &call->items[0], out);
}
static assay_status run_title(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return assay_py_letters_title(run, &call->items[0], out);
}
static assay_status run_swapcase(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return assay_py_letters_swap(run, &call->items[0], out);
}
static assay_status run_casefold(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return assay_py_letters_fold(run, &call->items[0], out);
}

static assay_status run_capitalize(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return assay_py_letters_capitalize(run, &call->items[0], out);
}

static assay_status strip(assay_py_run *run, const assay_py_call *call, int sides, assay_py_value *out)
{
    const assay_py_value *set = assay_py_argument_given(&call->items[1]) ? &call->items[1] : NULL;
    if (set) ASSAY_TRY(assay_py_argument_text(run, set, "what strip() takes off"));
    return assay_py_text_strip(run, &call->items[0], set, sides, out);
}

static assay_status run_strip(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return strip(run, call, ASSAY_PY_STRIP_LEFT | ASSAY_PY_STRIP_RIGHT, out);
}
static assay_status run_lstrip(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return strip(run, call, ASSAY_PY_STRIP_LEFT, out);
}
static assay_status run_rstrip(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return strip(run, call, ASSAY_PY_STRIP_RIGHT, out);
}

typedef assay_status splitter(assay_py_run *run, const assay_py_value *text, const assay_py_value *separator,
                              int64_t most, assay_py_list **out);

static assay_status split(assay_py_run *run, const assay_py_call *call, splitter *cut, assay_py_value *out)
{
    const assay_py_value *separator = assay_py_argument_given(&call->items[1]) ? &call->items[1] : NULL;
    assay_py_list *parts;
    int64_t most;
    if (separator) ASSAY_TRY(assay_py_argument_text(run, separator, "the separator of split()"));
    ASSAY_TRY(assay_py_argument_int(run, &call->items[2], -1, "the second argument of split()", &most));
    ASSAY_TRY(cut(run, &call->items[0], separator, most, &parts));
    *out = assay_py_list_value(parts);
    return ASSAY_OK;
}

static assay_status run_split(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return split(run, call, assay_py_letters_split, out);
}
static assay_status run_rsplit(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return split(run, call, assay_py_letters_split_right, out);
}

static assay_status run_splitlines(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_list *lines;
    ASSAY_TRY(assay_py_letters_lines(run, &call->items[0], assay_py_argument_truth(&call->items[1], false), &lines));
    *out = assay_py_list_value(lines);
    return ASSAY_OK;
}

static assay_status run_replace(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_value new = call->items[2];
    int64_t most;
    ASSAY_TRY(assay_py_argument_text(run, &call->items[1], "the first argument of replace()"));
    ASSAY_TRY(assay_py_argument_text(run, &new, "the second argument of replace()"));
    ASSAY_TRY(assay_py_argument_int(run, &call->items[3], -1, "the third argument of replace()", &most));
    if (call->items[0].markup) ASSAY_TRY(assay_py_text_escape(run, &new, &new));
    return assay_py_letters_replace(run, &call->items[0], &call->items[1], &new, most, out);
}

/* The window [start, end) that find() and friends take, as bytes; false: it begins behind the end. */
static assay_status window(assay_py_run *run, const assay_py_call *call, size_t *from, size_t *to, bool *valid)
{
    const assay_py_value *text = &call->items[0];
    int64_t length, start, end;
    assay_py_value none = {0};
    *from = 0;
    *to = text->size;
    *valid = true;
    if (!assay_py_argument_given(&call->items[2]) && !assay_py_argument_given(&call->items[3])) return ASSAY_OK;
    ASSAY_TRY(assay_py_value_length(run, text, &length));
    ASSAY_TRY(assay_py_argument_int(run, assay_py_argument_given(&call->items[2]) ? &call->items[2] : &none, 0,
                                    "a start", &start));
    ASSAY_TRY(assay_py_argument_int(run, assay_py_argument_given(&call->items[3]) ? &call->items[3] : &none, INT64_MAX,
                                    "an end", &end));
    if (end > length) end = length;
    if (end < 0) end = end + length < 0 ? 0 : end + length;
    if (start < 0) start = start + length < 0 ? 0 : start + length;
    *valid = start <= end && start <= length;
    if (!*valid) return ASSAY_OK;
    *from = assay_py_text_offset(text, (size_t)start);
    *to = assay_py_text_offset(text, (size_t)end);
    return ASSAY_OK;
}

/* Code points up to the match, or -1. */
static assay_status search(assay_py_run *run, const assay_py_call *call, bool last, int64_t *out)
{
    size_t from, to;
    bool valid;
    ASSAY_TRY(assay_py_argument_text(run, &call->items[1], "what is searched for"));
    ASSAY_TRY(window(run, call, &from, &to, &valid));
    *out = -1;
    ASSAY_TRY(assay_py_run_charge(run, call->items[0].size));
    if (!valid) return ASSAY_OK;
    assay_py_value part = assay_py_text_part(&call->items[0], 0, to);
    size_t at = last ? 0 : assay_py_text_find(&part, &call->items[1], from);
    if (last) ASSAY_TRY(assay_py_text_find_last(run, &part, &call->items[1], to, &at));
    if (at == SIZE_MAX || at < from) return ASSAY_OK;
    part = assay_py_text_part(&call->items[0], 0, at);
    *out = (int64_t)assay_py_text_length(&part);
    return ASSAY_OK;
}

static assay_status search_value(assay_py_run *run, const assay_py_call *call, bool last, bool must,
                                 assay_py_value *out)
{
    int64_t at;
    ASSAY_TRY(search(run, call, last, &at));
    if (must && at < 0) return assay_py_run_fail(run, "index() does not find the text");
    *out = assay_py_value_int(at);
    return ASSAY_OK;
}

static assay_status run_find(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return search_value(run, call, false, false, out);
}
static assay_status run_rfind(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return search_value(run, call, true, false, out);
}
static assay_status run_index(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return search_value(run, call, false, true, out);
}
static assay_status run_rindex(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return search_value(run, call, true, true, out);
}

static assay_status run_count(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    size_t from, to;
    int64_t count = 0;
    bool valid;
    ASSAY_TRY(assay_py_argument_text(run, &call->items[1], "what is counted"));
    ASSAY_TRY(window(run, call, &from, &to, &valid));
    ASSAY_TRY(assay_py_run_charge(run, call->items[0].size));
    assay_py_value part = assay_py_text_part(&call->items[0], from, valid ? to : from);
    if (!call->items[1].size) count = valid ? (int64_t)assay_py_text_length(&part) + 1 : 0;
    else
        for (size_t at = 0; (at = assay_py_text_find(&part, &call->items[1], at)) != SIZE_MAX;
             at += call->items[1].size)
            count++;
    *out = assay_py_value_int(count);
    return ASSAY_OK;
}

/* A tuple of candidates, or one. */
static assay_status touches(assay_py_run *run, const assay_py_call *call, bool end, assay_py_value *out)
{
    size_t from, to, count = 1;
    bool valid, found = false;
    const assay_py_value *candidates = &call->items[1];
    if (assay_py_value_is_list(candidates, ASSAY_PY_LIST_TUPLE)) {
        count = candidates->as.list->count;
        candidates = candidates->as.list->items;
    }
    ASSAY_TRY(window(run, call, &from, &to, &valid));
    assay_py_value part = assay_py_text_part(&call->items[0], from, valid ? to : from);
    for (size_t i = 0; i < count; i++) {
        ASSAY_TRY(assay_py_argument_text(run, &candidates[i], "what startswith() and endswith() look for"));
        ASSAY_TRY(assay_py_run_step(run));
        found =
            found ||
            (valid && (end ? assay_py_text_ends(&part, &candidates[i]) : assay_py_text_starts(&part, &candidates[i])));
    }
    *out = assay_py_value_bool(found);
    return ASSAY_OK;
}

static assay_status run_startswith(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return touches(run, call, false, out);
}
static assay_status run_endswith(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return touches(run, call, true, out);
}

static assay_status run_join(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_iter iter;
    assay_py_value item;
    assay_py_build build = {0};
    bool markup = call->items[0].markup;
    ASSAY_TRY(assay_py_iter_start(run, &iter, &call->items[1]));
    for (bool first = true; assay_py_iter_next(&iter, &item); first = false) {
        if (!markup) ASSAY_TRY(assay_py_argument_text(run, &item, "what join() joins"));
        if (!first) ASSAY_TRY(assay_py_build_text(run, &build, &call->items[0]));
        if (markup) {
            ASSAY_TRY(assay_py_value_str(run, &item, true, &item));
            ASSAY_TRY(assay_py_text_escape(run, &item, &item));
        }
        ASSAY_TRY(assay_py_build_text(run, &build, &item));
    }
    *out = assay_py_build_value(&build);
    out->markup = markup;
    return ASSAY_OK;
}

static assay_status run_format(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_call rest = *call;
    rest.items++;
    rest.count--;
    return assay_py_format_braces(run, &call->items[0], &rest, out);
}

static assay_status run_format_map(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    void *memory;
    if (call->items[1].type != ASSAY_PY_DICT) return assay_py_run_fail(run, "format_map() wants a dict");
    const assay_py_dict *dict = call->items[1].as.dict;
    ASSAY_TRY(assay_py_run_alloc(run, 2 * dict->count, sizeof(assay_py_value), &memory));
    assay_py_value *names = memory, *values = names + dict->count;
    assay_py_call named = {.names = names, .values = values};
    for (size_t i = 0; i < dict->count; i++) {
        if (dict->entries[i].key.type != ASSAY_PY_TEXT) continue;
        names[named.named] = dict->entries[i].key;
        values[named.named++] = dict->entries[i].value;
    }
    return assay_py_format_braces(run, &call->items[0], &named, out);
}

static assay_status cut_affix(assay_py_run *run, const assay_py_call *call, bool end, assay_py_value *out)
{
    const assay_py_value *text = &call->items[0], *affix = &call->items[1];
    ASSAY_TRY(assay_py_argument_text(run, affix, "what is removed"));
    bool markup = text->markup, there = end ? assay_py_text_ends(text, affix) : assay_py_text_starts(text, affix);
    size_t cut = there ? affix->size : 0;
    *out = end ? assay_py_text_part(text, 0, text->size - cut) : assay_py_text_part(text, cut, text->size);
    out->markup = markup;
    return ASSAY_OK;
}

static assay_status run_removeprefix(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return cut_affix(run, call, false, out);
}
static assay_status run_removesuffix(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return cut_affix(run, call, true, out);
}

static assay_status part_in_three(assay_py_run *run, const assay_py_call *call, bool last, assay_py_value *out)
{
    const assay_py_value *text = &call->items[0], *separator = &call->items[1];
    assay_py_list *parts;
    ASSAY_TRY(assay_py_argument_text(run, separator, "the separator of partition()"));
    if (!separator->size) return assay_py_run_fail(run, "partition() with an empty separator");
    ASSAY_TRY(assay_py_run_charge(run, text->size));
    size_t at = last ? 0 : assay_py_text_find(text, separator, 0);
    if (last) ASSAY_TRY(assay_py_text_find_last(run, text, separator, text->size, &at));
    size_t none = last ? 0 : text->size, before = at == SIZE_MAX ? none : at,
           behind = at == SIZE_MAX ? none : at + separator->size;
    const size_t cuts[] = {0, before, behind, text->size};
    ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_TUPLE, 3, &parts));
    for (size_t i = 0; i < 3; i++) {
        assay_py_value part = assay_py_text_part(text, cuts[i], cuts[i + 1]);
        part.markup = text->markup;
        ASSAY_TRY(assay_py_list_push(run, parts, part));
    }
    *out = assay_py_list_value(parts);
    return ASSAY_OK;
}

static assay_status run_partition(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return part_in_three(run, call, false, out);
}
static assay_status run_rpartition(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return part_in_three(run, call, true, out);
}

/* side: -1 text to the left, 1 to the right, 0 in the middle (an odd place goes as CPython puts it). */
static assay_status justify(assay_py_run *run, const assay_py_call *call, int side, assay_py_value *out)
{
    int64_t width, length, room;
    ASSAY_TRY(assay_py_argument_int(run, &call->items[1], 0, "a width", &width));
    ASSAY_TRY(assay_py_value_length(run, &call->items[0], &length));
    room = width > length ? width - length : 0;
    int64_t before = side < 0 ? 0 : side > 0 ? room : room / 2 + (room & width & 1);
    assay_py_value fill = call->items[2];
    if (fill.type == ASSAY_PY_MISSING)
        return assay_py_letters_pad(run, &call->items[0], NULL, before, room - before, out);
    ASSAY_TRY(assay_py_argument_text(run, &fill, "the fill character"));
    if (call->items[0].markup) ASSAY_TRY(assay_py_text_escape(run, &fill, &fill));
    return assay_py_letters_pad(run, &call->items[0], &fill, before, room - before, out);
}

static assay_status run_center(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return justify(run, call, 0, out);
}
static assay_status run_ljust(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return justify(run, call, -1, out);
}
static assay_status run_rjust(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return justify(run, call, 1, out);
}

static assay_status run_zfill(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    const assay_py_value *text = &call->items[0];
    int64_t width, length;
    assay_py_value padded, zero = assay_py_value_literal("0");
    assay_py_build build = {0};
    bool markup = text->markup, sign = text->size && (text->as.text[0] == '-' || text->as.text[0] == '+');
    ASSAY_TRY(assay_py_argument_int(run, &call->items[1], 0, "a width", &width));
    ASSAY_TRY(assay_py_value_length(run, text, &length));
    assay_py_value digits = assay_py_text_part(text, sign, text->size);
    ASSAY_TRY(assay_py_letters_pad(run, &digits, &zero, width > length ? width - length : 0, 0, &padded));
    ASSAY_TRY(assay_py_build_bytes(run, &build, text->as.text, sign));
    ASSAY_TRY(assay_py_build_text(run, &build, &padded));
    *out = assay_py_build_value(&build);
    out->markup = markup;
    return ASSAY_OK;
}

static assay_status run_expandtabs(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    const assay_py_value *text = &call->items[0];
    assay_py_value space = assay_py_value_literal(" ");
    assay_py_build build = {0};
    int64_t size, column = 0;
    bool markup = text->markup;
    ASSAY_TRY(assay_py_argument_int(run, &call->items[1], 8, "the size of a tab", &size));
    if (size > 1000) return assay_py_run_fail(run, "tabs of more than 1000 characters");
    for (size_t i = 0; i < text->size; i += assay_py_text_step(text, i)) {
        int32_t point = assay_py_text_point(text, i);
        int64_t room = point == '\t' && size > 0 ? size - column % size : 0;
        if (point == '\t') ASSAY_TRY(assay_py_build_fill(run, &build, &space, (size_t)room));
        else ASSAY_TRY(assay_py_build_point(run, &build, point));
        column = point == '\n' || point == '\r' ? 0 : point == '\t' ? column + room : column + 1;
    }
    *out = assay_py_build_value(&build);
    out->markup = markup;
    return ASSAY_OK;
}

static const assay_py_builtin methods[] = {
    {"strip", "self chars=", true, run_strip},
    {"split", "self sep= maxsplit=", false, run_split},
    {"lstrip", "self chars=", true, run_lstrip},
    {"rstrip", "self chars=", true, run_rstrip},
    {"startswith", "self prefix start= end=", true, run_startswith},
    {"endswith", "self suffix start= end=", true, run_endswith},
    {"replace", "self old new count=", true, run_replace},
    {"upper", "self", true, run_upper},
    {"lower", "self", true, run_lower},
    {"title", "self", true, run_title},
    {"capitalize", "self", true, run_capitalize},
    {"swapcase", "self", true, run_swapcase},
    {"casefold", "self", true, run_casefold},
    {"rsplit", "self sep= maxsplit=", false, run_rsplit},
    {"splitlines", "self keepends=", false, run_splitlines},
    {"find", "self sub start= end=", true, run_find},
    {"rfind", "self sub start= end=", true, run_rfind},
    {"index", "self sub start= end=", true, run_index},
    {"rindex", "self sub start= end=", true, run_rindex},
    {"count", "self sub start= end=", true, run_count},
    {"join", "self iterable", true, run_join},
    {"format", NULL, false, run_format},
    {"format_map", "self mapping", true, run_format_map},
    {"removeprefix", "self prefix", true, run_removeprefix},
    {"removesuffix", "self suffix", true, run_removesuffix},
    {"partition", "self sep", true, run_partition},
    {"rpartition", "self sep", true, run_rpartition},
    {"center", "self width fill=", true, run_center},
    {"ljust", "self width fill=", true, run_ljust},
    {"rjust", "self width fill=", true, run_rjust},
    {"zfill", "self width", true, run_zfill},
    {"expandtabs", "self tabsize=", false, run_expandtabs},
};
const assay_py_builtin_table assay_py_methods_text = {methods, sizeof methods / sizeof *methods};
