/* The methods of str that change, cut, search or join; those that only ask are in py_methods_ask.c. A text marked
 * safe gives marked texts, and escapes what is brought into it. */
#include "python/py_methods.h"

#include "python/py_dict.h"
#include "python/py_format.h"
#include "python/py_letters.h"
#include "python/py_print.h"
#include "python/py_run.h"

#include <string.h>

static assay_status run_lower(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return assay_jletters_lower(run, &call->items[0], out);
}
static assay_status run_upper(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return assay_jletters_upper(run, &call->items[0], out);
}
static assay_status run_title(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return assay_jletters_title(run, &call->items[0], out);
}
static assay_status run_swapcase(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return assay_jletters_swap(run, &call->items[0], out);
}
static assay_status run_casefold(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return assay_jletters_fold(run, &call->items[0], out);
}

static assay_status run_capitalize(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return assay_jletters_capitalize(run, &call->items[0], out);
}

static assay_status strip(assay_jrun *run, const assay_jcall *call, int sides, assay_jvalue *out)
{
    const assay_jvalue *set = assay_jargument_given(&call->items[1]) ? &call->items[1] : NULL;
    if (set) ASSAY_TRY(assay_jargument_text(run, set, "what strip() takes off"));
    return assay_jtext_strip(run, &call->items[0], set, sides, out);
}

static assay_status run_strip(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return strip(run, call, ASSAY_JSTRIP_LEFT | ASSAY_JSTRIP_RIGHT, out);
}
static assay_status run_lstrip(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return strip(run, call, ASSAY_JSTRIP_LEFT, out);
}
static assay_status run_rstrip(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return strip(run, call, ASSAY_JSTRIP_RIGHT, out);
}

typedef assay_status splitter(assay_jrun *run, const assay_jvalue *text, const assay_jvalue *separator, int64_t most,
                              assay_jlist **out);

static assay_status split(assay_jrun *run, const assay_jcall *call, splitter *cut, assay_jvalue *out)
{
    const assay_jvalue *separator = assay_jargument_given(&call->items[1]) ? &call->items[1] : NULL;
    assay_jlist *parts;
    int64_t most;
    if (separator) ASSAY_TRY(assay_jargument_text(run, separator, "the separator of split()"));
    ASSAY_TRY(assay_jargument_int(run, &call->items[2], -1, "the second argument of split()", &most));
    ASSAY_TRY(cut(run, &call->items[0], separator, most, &parts));
    *out = assay_jlist_value(parts);
    return ASSAY_OK;
}

static assay_status run_split(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return split(run, call, assay_jletters_split, out);
}
static assay_status run_rsplit(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return split(run, call, assay_jletters_split_right, out);
}

static assay_status run_splitlines(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jlist *lines;
    ASSAY_TRY(assay_jletters_lines(run, &call->items[0], assay_jargument_truth(&call->items[1], false), &lines));
    *out = assay_jlist_value(lines);
    return ASSAY_OK;
}

static assay_status run_replace(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jvalue new = call->items[2];
    int64_t most;
    ASSAY_TRY(assay_jargument_text(run, &call->items[1], "the first argument of replace()"));
    ASSAY_TRY(assay_jargument_text(run, &new, "the second argument of replace()"));
    ASSAY_TRY(assay_jargument_int(run, &call->items[3], -1, "the third argument of replace()", &most));
    if (call->items[0].markup) ASSAY_TRY(assay_jtext_escape(run, &new, &new));
    return assay_jletters_replace(run, &call->items[0], &call->items[1], &new, most, out);
}

/* The window [start, end) that find() and friends take, as bytes; false: it begins behind the end. */
static assay_status window(assay_jrun *run, const assay_jcall *call, size_t *from, size_t *to, bool *valid)
{
    const assay_jvalue *text = &call->items[0];
    int64_t length, start, end;
    assay_jvalue none = {0};
    *from = 0;
    *to = text->size;
    *valid = true;
    if (!assay_jargument_given(&call->items[2]) && !assay_jargument_given(&call->items[3])) return ASSAY_OK;
    ASSAY_TRY(assay_jvalue_length(run, text, &length));
    ASSAY_TRY(assay_jargument_int(run, assay_jargument_given(&call->items[2]) ? &call->items[2] : &none, 0, "a start",
                                  &start));
    ASSAY_TRY(assay_jargument_int(run, assay_jargument_given(&call->items[3]) ? &call->items[3] : &none, INT64_MAX,
                                  "an end", &end));
    if (end > length) end = length;
    if (end < 0) end = end + length < 0 ? 0 : end + length;
    if (start < 0) start = start + length < 0 ? 0 : start + length;
    *valid = start <= end && start <= length;
    if (!*valid) return ASSAY_OK;
    *from = assay_jtext_offset(text, (size_t)start);
    *to = assay_jtext_offset(text, (size_t)end);
    return ASSAY_OK;
}

/* Code points up to the match, or -1. */
static assay_status search(assay_jrun *run, const assay_jcall *call, bool last, int64_t *out)
{
    size_t from, to;
    bool valid;
    ASSAY_TRY(assay_jargument_text(run, &call->items[1], "what is searched for"));
    ASSAY_TRY(window(run, call, &from, &to, &valid));
    *out = -1;
    ASSAY_TRY(assay_jrun_charge(run, call->items[0].size));
    if (!valid) return ASSAY_OK;
    assay_jvalue part = assay_jtext_part(&call->items[0], 0, to);
    size_t at = last ? 0 : assay_jtext_find(&part, &call->items[1], from);
    if (last) ASSAY_TRY(assay_jtext_find_last(run, &part, &call->items[1], to, &at));
    if (at == SIZE_MAX || at < from) return ASSAY_OK;
    part = assay_jtext_part(&call->items[0], 0, at);
    *out = (int64_t)assay_jtext_length(&part);
    return ASSAY_OK;
}

static assay_status search_value(assay_jrun *run, const assay_jcall *call, bool last, bool must, assay_jvalue *out)
{
    int64_t at;
    ASSAY_TRY(search(run, call, last, &at));
    if (must && at < 0) return assay_jrun_fail(run, "index() does not find the text");
    *out = assay_jvalue_int(at);
    return ASSAY_OK;
}

static assay_status run_find(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return search_value(run, call, false, false, out);
}
static assay_status run_rfind(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return search_value(run, call, true, false, out);
}
static assay_status run_index(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return search_value(run, call, false, true, out);
}
static assay_status run_rindex(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return search_value(run, call, true, true, out);
}

static assay_status run_count(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    size_t from, to;
    int64_t count = 0;
    bool valid;
    ASSAY_TRY(assay_jargument_text(run, &call->items[1], "what is counted"));
    ASSAY_TRY(window(run, call, &from, &to, &valid));
    ASSAY_TRY(assay_jrun_charge(run, call->items[0].size));
    assay_jvalue part = assay_jtext_part(&call->items[0], from, valid ? to : from);
    if (!call->items[1].size) count = valid ? (int64_t)assay_jtext_length(&part) + 1 : 0;
    else
        for (size_t at = 0; (at = assay_jtext_find(&part, &call->items[1], at)) != SIZE_MAX; at += call->items[1].size)
            count++;
    *out = assay_jvalue_int(count);
    return ASSAY_OK;
}

/* A tuple of candidates, or one. */
static assay_status touches(assay_jrun *run, const assay_jcall *call, bool end, assay_jvalue *out)
{
    size_t from, to, count = 1;
    bool valid, found = false;
    const assay_jvalue *candidates = &call->items[1];
    if (assay_jvalue_is_list(candidates, ASSAY_JLIST_TUPLE)) {
        count = candidates->as.list->count;
        candidates = candidates->as.list->items;
    }
    ASSAY_TRY(window(run, call, &from, &to, &valid));
    assay_jvalue part = assay_jtext_part(&call->items[0], from, valid ? to : from);
    for (size_t i = 0; i < count; i++) {
        ASSAY_TRY(assay_jargument_text(run, &candidates[i], "what startswith() and endswith() look for"));
        ASSAY_TRY(assay_jrun_step(run));
        found = found ||
                (valid && (end ? assay_jtext_ends(&part, &candidates[i]) : assay_jtext_starts(&part, &candidates[i])));
    }
    *out = assay_jvalue_bool(found);
    return ASSAY_OK;
}

static assay_status run_startswith(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return touches(run, call, false, out);
}
static assay_status run_endswith(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return touches(run, call, true, out);
}

static assay_status run_join(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jiter iter;
    assay_jvalue item;
    assay_jbuild build = {0};
    bool markup = call->items[0].markup;
    ASSAY_TRY(assay_jiter_start(run, &iter, &call->items[1]));
    for (bool first = true; assay_jiter_next(&iter, &item); first = false) {
        if (!markup) ASSAY_TRY(assay_jargument_text(run, &item, "what join() joins"));
        if (!first) ASSAY_TRY(assay_jbuild_text(run, &build, &call->items[0]));
        if (markup) {
            ASSAY_TRY(assay_jvalue_str(run, &item, true, &item));
            ASSAY_TRY(assay_jtext_escape(run, &item, &item));
        }
        ASSAY_TRY(assay_jbuild_text(run, &build, &item));
    }
    *out = assay_jbuild_value(&build);
    out->markup = markup;
    return ASSAY_OK;
}

static assay_status run_format(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jcall rest = *call;
    rest.items++;
    rest.count--;
    return assay_jformat_braces(run, &call->items[0], &rest, out);
}

static assay_status run_format_map(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    void *memory;
    if (call->items[1].type != ASSAY_J_DICT) return assay_jrun_fail(run, "format_map() wants a dict");
    const assay_jdict *dict = call->items[1].as.dict;
    ASSAY_TRY(assay_jrun_alloc(run, 2 * dict->count, sizeof(assay_jvalue), &memory));
    assay_jvalue *names = memory, *values = names + dict->count;
    assay_jcall named = {.names = names, .values = values};
    for (size_t i = 0; i < dict->count; i++) {
        if (dict->entries[i].key.type != ASSAY_J_TEXT) continue;
        names[named.named] = dict->entries[i].key;
        values[named.named++] = dict->entries[i].value;
    }
    return assay_jformat_braces(run, &call->items[0], &named, out);
}

static assay_status cut_affix(assay_jrun *run, const assay_jcall *call, bool end, assay_jvalue *out)
{
    const assay_jvalue *text = &call->items[0], *affix = &call->items[1];
    ASSAY_TRY(assay_jargument_text(run, affix, "what is removed"));
    bool markup = text->markup, there = end ? assay_jtext_ends(text, affix) : assay_jtext_starts(text, affix);
    size_t cut = there ? affix->size : 0;
    *out = end ? assay_jtext_part(text, 0, text->size - cut) : assay_jtext_part(text, cut, text->size);
    out->markup = markup;
    return ASSAY_OK;
}

static assay_status run_removeprefix(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return cut_affix(run, call, false, out);
}
static assay_status run_removesuffix(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return cut_affix(run, call, true, out);
}

static assay_status part_in_three(assay_jrun *run, const assay_jcall *call, bool last, assay_jvalue *out)
{
    const assay_jvalue *text = &call->items[0], *separator = &call->items[1];
    assay_jlist *parts;
    ASSAY_TRY(assay_jargument_text(run, separator, "the separator of partition()"));
    if (!separator->size) return assay_jrun_fail(run, "partition() with an empty separator");
    ASSAY_TRY(assay_jrun_charge(run, text->size));
    size_t at = last ? 0 : assay_jtext_find(text, separator, 0);
    if (last) ASSAY_TRY(assay_jtext_find_last(run, text, separator, text->size, &at));
    size_t none = last ? 0 : text->size, before = at == SIZE_MAX ? none : at,
           behind = at == SIZE_MAX ? none : at + separator->size;
    const size_t cuts[] = {0, before, behind, text->size};
    ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_TUPLE, 3, &parts));
    for (size_t i = 0; i < 3; i++) {
        assay_jvalue part = assay_jtext_part(text, cuts[i], cuts[i + 1]);
        part.markup = text->markup;
        ASSAY_TRY(assay_jlist_push(run, parts, part));
    }
    *out = assay_jlist_value(parts);
    return ASSAY_OK;
}

static assay_status run_partition(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return part_in_three(run, call, false, out);
}
static assay_status run_rpartition(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return part_in_three(run, call, true, out);
}

/* side: -1 text to the left, 1 to the right, 0 in the middle (an odd place goes as CPython puts it). */
static assay_status justify(assay_jrun *run, const assay_jcall *call, int side, assay_jvalue *out)
{
    int64_t width, length, room;
    ASSAY_TRY(assay_jargument_int(run, &call->items[1], 0, "a width", &width));
    ASSAY_TRY(assay_jvalue_length(run, &call->items[0], &length));
    room = width > length ? width - length : 0;
    int64_t before = side < 0 ? 0 : side > 0 ? room : room / 2 + (room & width & 1);
    assay_jvalue fill = call->items[2];
    if (fill.type == ASSAY_J_MISSING) return assay_jletters_pad(run, &call->items[0], NULL, before, room - before, out);
    ASSAY_TRY(assay_jargument_text(run, &fill, "the fill character"));
    if (call->items[0].markup) ASSAY_TRY(assay_jtext_escape(run, &fill, &fill));
    return assay_jletters_pad(run, &call->items[0], &fill, before, room - before, out);
}

static assay_status run_center(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return justify(run, call, 0, out);
}
static assay_status run_ljust(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return justify(run, call, -1, out);
}
static assay_status run_rjust(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return justify(run, call, 1, out);
}

static assay_status run_zfill(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    const assay_jvalue *text = &call->items[0];
    int64_t width, length;
    assay_jvalue padded, zero = assay_jvalue_literal("0");
    assay_jbuild build = {0};
    bool markup = text->markup, sign = text->size && (text->as.text[0] == '-' || text->as.text[0] == '+');
    ASSAY_TRY(assay_jargument_int(run, &call->items[1], 0, "a width", &width));
    ASSAY_TRY(assay_jvalue_length(run, text, &length));
    assay_jvalue digits = assay_jtext_part(text, sign, text->size);
    ASSAY_TRY(assay_jletters_pad(run, &digits, &zero, width > length ? width - length : 0, 0, &padded));
    ASSAY_TRY(assay_jbuild_bytes(run, &build, text->as.text, sign));
    ASSAY_TRY(assay_jbuild_text(run, &build, &padded));
    *out = assay_jbuild_value(&build);
    out->markup = markup;
    return ASSAY_OK;
}

static assay_status run_expandtabs(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    const assay_jvalue *text = &call->items[0];
    assay_jvalue space = assay_jvalue_literal(" ");
    assay_jbuild build = {0};
    int64_t size, column = 0;
    bool markup = text->markup;
    ASSAY_TRY(assay_jargument_int(run, &call->items[1], 8, "the size of a tab", &size));
    if (size > 1000) return assay_jrun_fail(run, "tabs of more than 1000 characters");
    for (size_t i = 0; i < text->size; i += assay_jtext_step(text, i)) {
        int32_t point = assay_jtext_point(text, i);
        int64_t room = point == '\t' && size > 0 ? size - column % size : 0;
        if (point == '\t') ASSAY_TRY(assay_jbuild_fill(run, &build, &space, (size_t)room));
        else ASSAY_TRY(assay_jbuild_point(run, &build, point));
        column = point == '\n' || point == '\r' ? 0 : point == '\t' ? column + room : column + 1;
    }
    *out = assay_jbuild_value(&build);
    out->markup = markup;
    return ASSAY_OK;
}

static const assay_jbuiltin methods[] = {
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
const assay_jbuiltin_table assay_jmethods_text = {methods, sizeof methods / sizeof *methods};
