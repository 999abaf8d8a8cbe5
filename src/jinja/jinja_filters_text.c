/* Filters over texts; what is no text is printed first, as str() does. */
#include "jinja/jinja_tables.h"
#include "python/py_dict.h"
#include "python/py_format.h"
#include "python/py_letters.h"
#include "python/py_operator.h"
#include "python/py_point.h"
#include "python/py_print.h"
#include "python/py_run.h"

#include <string.h>

static assay_status run_lower(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_value text;
    ASSAY_TRY(assay_py_value_str(run, &call->items[0], true, &text));
    return assay_py_letters_lower(run, &text, out);
}

static assay_status run_upper(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_value text;
    ASSAY_TRY(assay_py_value_str(run, &call->items[0], true, &text));
    return assay_py_letters_upper(run, &text, out);
}

static assay_status run_capitalize(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_value text;
    ASSAY_TRY(assay_py_value_str(run, &call->items[0], true, &text));
    return assay_py_letters_capitalize(run, &text, out);
}

static bool parts_words(int32_t point)
{
    return assay_py_point_is_space(point) || point == '-' || point == '(' || point == '{' || point == '[' ||
           point == '<';
}

/* Unlike the method: words are what stands between white space and opening brackets. */
static assay_status run_title(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_value text, word, part;
    assay_py_build build = {0};
    size_t at = 0, end;
    ASSAY_TRY(assay_py_value_str(run, &call->items[0], true, &text));
    while (at < text.size) {
        bool gap = parts_words(assay_py_text_point(&text, at));
        for (end = at; end < text.size && parts_words(assay_py_text_point(&text, end)) == gap;)
            end += assay_py_text_step(&text, end);
        size_t first = at + assay_py_text_step(&text, at);
        part = assay_py_text_part(&text, at, first);
        ASSAY_TRY(assay_py_letters_upper(run, &part, &word));
        ASSAY_TRY(assay_py_build_text(run, &build, &word));
        part = assay_py_text_part(&text, first, end);
        ASSAY_TRY(assay_py_letters_lower(run, &part, &word));
        ASSAY_TRY(assay_py_build_text(run, &build, &word));
        at = end;
    }
    *out = assay_py_build_value(&build);
    return ASSAY_OK;
}

static assay_status run_trim(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_value text;
    const assay_py_value *set = assay_py_argument_given(&call->items[1]) ? &call->items[1] : NULL;
    ASSAY_TRY(assay_py_value_str(run, &call->items[0], true, &text));
    if (set) ASSAY_TRY(assay_py_argument_text(run, set, "what trim takes off"));
    return assay_py_text_strip(run, &text, set, ASSAY_PY_STRIP_LEFT | ASSAY_PY_STRIP_RIGHT, out);
}

static assay_status run_replace(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_value texts[3], none = {0};
    int64_t most;
    for (size_t i = 0; i < 3; i++) ASSAY_TRY(assay_py_value_str(run, &call->items[i], false, &texts[i]));
    ASSAY_TRY(assay_py_argument_int(run, assay_py_argument_given(&call->items[3]) ? &call->items[3] : &none, -1,
                                    "the count of replace", &most));
    return assay_py_letters_replace(run, &texts[0], &texts[1], &texts[2], most, out);
}

static assay_status run_center(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_value text;
    int64_t width, length;
    ASSAY_TRY(assay_py_value_str(run, &call->items[0], true, &text));
    ASSAY_TRY(assay_py_argument_int(run, &call->items[1], 80, "the width of center", &width));
    ASSAY_TRY(assay_py_value_length(run, &text, &length));
    int64_t room = width > length ? width - length : 0, before = room / 2 + (room & width & 1);
    return assay_py_letters_pad(run, &text, NULL, before, room - before, out);
}

static assay_status run_string(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    return assay_py_value_str(run, &call->items[0], true, out);
}

static assay_status run_safe(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    ASSAY_TRY(assay_py_value_str(run, &call->items[0], true, out));
    out->markup = true;
    return ASSAY_OK;
}

static assay_status run_escape(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_value text;
    ASSAY_TRY(assay_py_value_str(run, &call->items[0], true, &text));
    return assay_py_text_escape(run, &text, out);
}

static assay_status run_forceescape(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_value text;
    ASSAY_TRY(assay_py_value_str(run, &call->items[0], false, &text));
    return assay_py_text_escape(run, &text, out);
}

static assay_status run_format(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_value format, values;
    assay_py_list *list;
    assay_py_dict *named;
    if (!call->count) return assay_py_run_fail(run, "format() needs its argument value");
    if (call->count > 1 && call->named)
        return assay_py_run_fail(run, "format() takes positional or named arguments, not both");
    ASSAY_TRY(assay_py_value_str(run, &call->items[0], true, &format));
    if (call->named) {
        ASSAY_TRY(assay_py_dict_new(run, call->named, &named));
        for (size_t i = 0; i < call->named; i++)
            ASSAY_TRY(assay_py_dict_put(run, named, &call->names[i], &call->values[i]));
        values = assay_py_dict_value(named);
    } else {
        ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_TUPLE, call->count, &list));
        for (size_t i = 1; i < call->count; i++) ASSAY_TRY(assay_py_list_push(run, list, call->items[i]));
        values = assay_py_list_value(list);
    }
    return assay_py_format_percent(run, &format, &values, out);
}

static assay_status indention(assay_py_run *run, const assay_py_value *width, assay_py_value *out)
{
    assay_py_build build = {0};
    assay_py_value space = assay_py_value_literal(" ");
    int64_t count;
    *out = *width;
    if (width->type == ASSAY_PY_TEXT) return ASSAY_OK;
    ASSAY_TRY(assay_py_argument_int(run, width, 4, "the width of indent", &count));
    ASSAY_TRY(assay_py_build_fill(run, &build, &space, count > 0 ? (size_t)count : 0));
    *out = assay_py_build_value(&build);
    return ASSAY_OK;
}

/* As do_indent: a line end is added before the lines are cut, so that a last empty line is one. */
static assay_status run_indent(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    bool first = assay_py_argument_truth(&call->items[2], false),
         blank = assay_py_argument_truth(&call->items[3], false);
    assay_py_value by, whole, newline = assay_py_value_literal("\n");
    assay_py_list *lines;
    assay_py_build build = {0};
    ASSAY_TRY(indention(run, &call->items[1], &by));
    ASSAY_TRY(assay_py_op_binary(run, '+', &call->items[0], &newline, &whole));
    ASSAY_TRY(assay_py_letters_lines(run, &whole, false, &lines));
    if (call->items[0].markup) ASSAY_TRY(assay_py_text_escape(run, &by, &by));
    for (size_t i = 0; i < lines->count; i++) {
        if (i) ASSAY_TRY(assay_py_build_byte(run, &build, '\n'));
        if (i ? blank || lines->items[i].size : first) ASSAY_TRY(assay_py_build_text(run, &build, &by));
        ASSAY_TRY(assay_py_build_text(run, &build, &lines->items[i]));
    }
    *out = assay_py_build_value(&build);
    out->markup = call->items[0].markup;
    return ASSAY_OK;
}

static assay_status run_truncate(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    const assay_py_value *text = &call->items[0];
    assay_py_value end = call->items[3].type == ASSAY_PY_MISSING ? assay_py_value_literal("...") : call->items[3],
                   none = {0}, kept;
    assay_py_value space = assay_py_value_literal(" ");
    int64_t length, leeway, size, ending;
    ASSAY_TRY(assay_py_argument_int(run, &call->items[1], 255, "the length of truncate", &length));
    ASSAY_TRY(assay_py_argument_int(run, assay_py_argument_given(&call->items[4]) ? &call->items[4] : &none, 5,
                                    "the leeway of truncate", &leeway));
    ASSAY_TRY(assay_py_argument_text(run, &end, "the end of truncate"));
    ASSAY_TRY(assay_py_value_length(run, &end, &ending));
    if (length < ending || leeway < 0) return assay_py_run_fail(run, "truncate to less than its own end");
    ASSAY_TRY(assay_py_value_length(run, text, &size));
    *out = *text;
    if (size - leeway <= length) return ASSAY_OK;
    ASSAY_TRY(assay_py_argument_text(run, text, "what truncate cuts"));
    kept = assay_py_text_part(text, 0, assay_py_text_offset(text, (size_t)(length - ending)));
    if (!assay_py_argument_truth(&call->items[2], false)) {
        size_t at;
        ASSAY_TRY(assay_py_text_find_last(run, &kept, &space, kept.size, &at));
        if (at != SIZE_MAX) kept = assay_py_text_part(&kept, 0, at);
    }
    kept.markup = text->markup;
    return assay_py_op_binary(run, '+', &kept, &end, out);
}

static assay_status run_wordcount(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_value text;
    int64_t count = 0;
    bool inside = false;
    ASSAY_TRY(assay_py_value_str(run, &call->items[0], true, &text));
    ASSAY_TRY(assay_py_run_charge(run, text.size * 4));
    for (size_t i = 0; i < text.size; i += assay_py_text_step(&text, i)) {
        int32_t point = assay_py_text_point(&text, i);
        bool word = point == '_' || assay_py_point_is_alpha(point) || assay_py_point_is_numeric(point);
        count += word && !inside;
        inside = word;
    }
    *out = assay_py_value_int(count);
    return ASSAY_OK;
}

static assay_status quote(assay_py_run *run, assay_py_build *build, const assay_py_value *value, bool query)
{
    assay_py_value text;
    ASSAY_TRY(assay_py_value_str(run, value, false, &text));
    for (size_t i = 0; i < text.size; i++) {
        char c = text.as.text[i];
        bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || (c && strchr("_.-~", c)) ||
                     (c == '/' && !query);
        if (plain) ASSAY_TRY(assay_py_build_byte(run, build, c));
        else if (c == ' ' && query) ASSAY_TRY(assay_py_build_byte(run, build, '+'));
        else ASSAY_TRY(assay_py_build_printf(run, build, "%%%02X", (unsigned)(unsigned char)c));
    }
    return ASSAY_OK;
}

static assay_status quote_pairs(assay_py_run *run, assay_py_build *build, const assay_py_list *pairs,
                                const assay_py_dict *dict)
{
    assay_py_list *pair;
    for (size_t i = 0; i < pairs->count; i++) {
        assay_py_value both[2] = {pairs->items[i], {0}};
        if (dict) both[1] = dict->entries[i].value;
        else {
            ASSAY_TRY(assay_py_value_collect(run, &pairs->items[i], ASSAY_PY_LIST_LIST, &pair));
            if (pair->count != 2) return assay_py_run_fail(run, "urlencode wants pairs");
            memcpy(both, pair->items, sizeof both);
        }
        if (i) ASSAY_TRY(assay_py_build_byte(run, build, '&'));
        ASSAY_TRY(quote(run, build, &both[0], true));
        ASSAY_TRY(assay_py_build_byte(run, build, '='));
        ASSAY_TRY(quote(run, build, &both[1], true));
    }
    return ASSAY_OK;
}

static assay_status run_urlencode(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    const assay_py_value *value = &call->items[0];
    assay_py_build build = {0};
    assay_py_list *all;
    if (value->type == ASSAY_PY_TEXT || !assay_py_value_is_iterable(value)) ASSAY_TRY(quote(run, &build, value, false));
    else {
        ASSAY_TRY(assay_py_value_collect(run, value, ASSAY_PY_LIST_LIST, &all));
        ASSAY_TRY(quote_pairs(run, &build, all, value->type == ASSAY_PY_DICT ? value->as.dict : NULL));
    }
    *out = assay_py_build_value(&build);
    return ASSAY_OK;
}

static assay_status json_separators(assay_py_run *run, const assay_py_value *given, assay_py_json *how)
{
    assay_py_list *pair;
    how->between = assay_py_value_literal(how->pretty ? "," : ", ");
    how->behind_key = assay_py_value_literal(": ");
    if (!assay_py_argument_given(given)) return ASSAY_OK;
    ASSAY_TRY(assay_py_value_collect(run, given, ASSAY_PY_LIST_LIST, &pair));
    if (pair->count != 2) return assay_py_run_fail(run, "the separators of tojson are two texts");
    how->between = pair->items[0];
    how->behind_key = pair->items[1];
    ASSAY_TRY(assay_py_argument_text(run, &how->between, "a separator of tojson"));
    return assay_py_argument_text(run, &how->behind_key, "a separator of tojson");
}

static assay_status run_tojson(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    assay_py_json how = {.ascii = assay_py_argument_truth(&call->items[1], false),
                         .sort_keys = assay_py_argument_truth(&call->items[4], false)};
    assay_py_build build = {0};
    how.pretty = assay_py_argument_given(&call->items[2]);
    if (how.pretty) ASSAY_TRY(indention(run, &call->items[2], &how.indent));
    ASSAY_TRY(json_separators(run, &call->items[3], &how));
    ASSAY_TRY(assay_py_print_json(run, &build, &call->items[0], &how));
    *out = assay_py_build_value(&build);
    return ASSAY_OK;
}

static assay_status run_refused(assay_py_run *run, const assay_py_call *call, assay_py_value *out)
{
    (void)call;
    (void)out;
    return assay_py_run_unsupported(
        run, "the filters pprint, random, striptags, urlize, wordwrap and xmlattr are not supported");
}

static const assay_py_builtin filters[] = {
    {"tojson", "x ensure_ascii= indent= separators= sort_keys=", false, run_tojson},
    {"trim", "value chars=", false, run_trim},
    {"string", "object", true, run_string},
    {"safe", "value", false, run_safe},
    {"lower", "s", false, run_lower},
    {"upper", "s", false, run_upper},
    {"capitalize", "s", false, run_capitalize},
    {"title", "s", false, run_title},
    {"replace", "s old new count=", false, run_replace},
    {"indent", "s width= first= blank=", false, run_indent},
    {"format", NULL, false, run_format},
    {"center", "value width=", false, run_center},
    {"truncate", "s length= killwords= end= leeway=", false, run_truncate},
    {"wordcount", "s", false, run_wordcount},
    {"e", "s", true, run_escape},
    {"escape", "s", true, run_escape},
    {"forceescape", "value", false, run_forceescape},
    {"urlencode", "value", false, run_urlencode},
    {"pprint", NULL, false, run_refused},
    {"random", NULL, false, run_refused},
    {"striptags", NULL, false, run_refused},
    {"urlize", NULL, false, run_refused},
    {"wordwrap", NULL, false, run_refused},
    {"xmlattr", NULL, false, run_refused},
};
const assay_py_builtin_table assay_jinja_filters_text = {filters, sizeof filters / sizeof *filters};
