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

static assay_status run_lower(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jvalue text;
    ASSAY_TRY(assay_jvalue_str(run, &call->items[0], true, &text));
    return assay_jletters_lower(run, &text, out);
}

static assay_status run_upper(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jvalue text;
    ASSAY_TRY(assay_jvalue_str(run, &call->items[0], true, &text));
    return assay_jletters_upper(run, &text, out);
}

static assay_status run_capitalize(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jvalue text;
    ASSAY_TRY(assay_jvalue_str(run, &call->items[0], true, &text));
    return assay_jletters_capitalize(run, &text, out);
}

static bool parts_words(int32_t point)
{
    return assay_jpoint_is_space(point) || point == '-' || point == '(' || point == '{' || point == '[' || point == '<';
}

/* Unlike the method: words are what stands between white space and opening brackets. */
static assay_status run_title(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jvalue text, word, part;
    assay_jbuild build = {0};
    size_t at = 0, end;
    ASSAY_TRY(assay_jvalue_str(run, &call->items[0], true, &text));
    while (at < text.size) {
        bool gap = parts_words(assay_jtext_point(&text, at));
        for (end = at; end < text.size && parts_words(assay_jtext_point(&text, end)) == gap;)
            end += assay_jtext_step(&text, end);
        size_t first = at + assay_jtext_step(&text, at);
        part = assay_jtext_part(&text, at, first);
        ASSAY_TRY(assay_jletters_upper(run, &part, &word));
        ASSAY_TRY(assay_jbuild_text(run, &build, &word));
        part = assay_jtext_part(&text, first, end);
        ASSAY_TRY(assay_jletters_lower(run, &part, &word));
        ASSAY_TRY(assay_jbuild_text(run, &build, &word));
        at = end;
    }
    *out = assay_jbuild_value(&build);
    return ASSAY_OK;
}

static assay_status run_trim(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jvalue text;
    const assay_jvalue *set = assay_jargument_given(&call->items[1]) ? &call->items[1] : NULL;
    ASSAY_TRY(assay_jvalue_str(run, &call->items[0], true, &text));
    if (set) ASSAY_TRY(assay_jargument_text(run, set, "what trim takes off"));
    return assay_jtext_strip(run, &text, set, ASSAY_JSTRIP_LEFT | ASSAY_JSTRIP_RIGHT, out);
}

static assay_status run_replace(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jvalue texts[3], none = {0};
    int64_t most;
    for (size_t i = 0; i < 3; i++) ASSAY_TRY(assay_jvalue_str(run, &call->items[i], false, &texts[i]));
    ASSAY_TRY(assay_jargument_int(run, assay_jargument_given(&call->items[3]) ? &call->items[3] : &none, -1,
                                  "the count of replace", &most));
    return assay_jletters_replace(run, &texts[0], &texts[1], &texts[2], most, out);
}

static assay_status run_center(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jvalue text;
    int64_t width, length;
    ASSAY_TRY(assay_jvalue_str(run, &call->items[0], true, &text));
    ASSAY_TRY(assay_jargument_int(run, &call->items[1], 80, "the width of center", &width));
    ASSAY_TRY(assay_jvalue_length(run, &text, &length));
    int64_t room = width > length ? width - length : 0, before = room / 2 + (room & width & 1);
    return assay_jletters_pad(run, &text, NULL, before, room - before, out);
}

static assay_status run_string(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    return assay_jvalue_str(run, &call->items[0], true, out);
}

static assay_status run_safe(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    ASSAY_TRY(assay_jvalue_str(run, &call->items[0], true, out));
    out->markup = true;
    return ASSAY_OK;
}

static assay_status run_escape(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jvalue text;
    ASSAY_TRY(assay_jvalue_str(run, &call->items[0], true, &text));
    return assay_jtext_escape(run, &text, out);
}

static assay_status run_forceescape(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jvalue text;
    ASSAY_TRY(assay_jvalue_str(run, &call->items[0], false, &text));
    return assay_jtext_escape(run, &text, out);
}

static assay_status run_format(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jvalue format, values;
    assay_jlist *list;
    assay_jdict *named;
    if (!call->count) return assay_jrun_fail(run, "format() needs its argument value");
    if (call->count > 1 && call->named)
        return assay_jrun_fail(run, "format() takes positional or named arguments, not both");
    ASSAY_TRY(assay_jvalue_str(run, &call->items[0], true, &format));
    if (call->named) {
        ASSAY_TRY(assay_jdict_new(run, call->named, &named));
        for (size_t i = 0; i < call->named; i++)
            ASSAY_TRY(assay_jdict_put(run, named, &call->names[i], &call->values[i]));
        values = assay_jdict_value(named);
    } else {
        ASSAY_TRY(assay_jlist_new(run, ASSAY_JLIST_TUPLE, call->count, &list));
        for (size_t i = 1; i < call->count; i++) ASSAY_TRY(assay_jlist_push(run, list, call->items[i]));
        values = assay_jlist_value(list);
    }
    return assay_jformat_percent(run, &format, &values, out);
}

static assay_status indention(assay_jrun *run, const assay_jvalue *width, assay_jvalue *out)
{
    assay_jbuild build = {0};
    assay_jvalue space = assay_jvalue_literal(" ");
    int64_t count;
    *out = *width;
    if (width->type == ASSAY_J_TEXT) return ASSAY_OK;
    ASSAY_TRY(assay_jargument_int(run, width, 4, "the width of indent", &count));
    ASSAY_TRY(assay_jbuild_fill(run, &build, &space, count > 0 ? (size_t)count : 0));
    *out = assay_jbuild_value(&build);
    return ASSAY_OK;
}

/* As do_indent: a line end is added before the lines are cut, so that a last empty line is one. */
static assay_status run_indent(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    bool first = assay_jargument_truth(&call->items[2], false), blank = assay_jargument_truth(&call->items[3], false);
    assay_jvalue by, whole, newline = assay_jvalue_literal("\n");
    assay_jlist *lines;
    assay_jbuild build = {0};
    ASSAY_TRY(indention(run, &call->items[1], &by));
    ASSAY_TRY(assay_jop_binary(run, '+', &call->items[0], &newline, &whole));
    ASSAY_TRY(assay_jletters_lines(run, &whole, false, &lines));
    if (call->items[0].markup) ASSAY_TRY(assay_jtext_escape(run, &by, &by));
    for (size_t i = 0; i < lines->count; i++) {
        if (i) ASSAY_TRY(assay_jbuild_byte(run, &build, '\n'));
        if (i ? blank || lines->items[i].size : first) ASSAY_TRY(assay_jbuild_text(run, &build, &by));
        ASSAY_TRY(assay_jbuild_text(run, &build, &lines->items[i]));
    }
    *out = assay_jbuild_value(&build);
    out->markup = call->items[0].markup;
    return ASSAY_OK;
}

static assay_status run_truncate(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    const assay_jvalue *text = &call->items[0];
    assay_jvalue end = call->items[3].type == ASSAY_J_MISSING ? assay_jvalue_literal("...") : call->items[3],
                 none = {0}, kept;
    assay_jvalue space = assay_jvalue_literal(" ");
    int64_t length, leeway, size, ending;
    ASSAY_TRY(assay_jargument_int(run, &call->items[1], 255, "the length of truncate", &length));
    ASSAY_TRY(assay_jargument_int(run, assay_jargument_given(&call->items[4]) ? &call->items[4] : &none, 5,
                                  "the leeway of truncate", &leeway));
    ASSAY_TRY(assay_jargument_text(run, &end, "the end of truncate"));
    ASSAY_TRY(assay_jvalue_length(run, &end, &ending));
    if (length < ending || leeway < 0) return assay_jrun_fail(run, "truncate to less than its own end");
    ASSAY_TRY(assay_jvalue_length(run, text, &size));
    *out = *text;
    if (size - leeway <= length) return ASSAY_OK;
    ASSAY_TRY(assay_jargument_text(run, text, "what truncate cuts"));
    kept = assay_jtext_part(text, 0, assay_jtext_offset(text, (size_t)(length - ending)));
    if (!assay_jargument_truth(&call->items[2], false)) {
        size_t at;
        ASSAY_TRY(assay_jtext_find_last(run, &kept, &space, kept.size, &at));
        if (at != SIZE_MAX) kept = assay_jtext_part(&kept, 0, at);
    }
    kept.markup = text->markup;
    return assay_jop_binary(run, '+', &kept, &end, out);
}

static assay_status run_wordcount(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jvalue text;
    int64_t count = 0;
    bool inside = false;
    ASSAY_TRY(assay_jvalue_str(run, &call->items[0], true, &text));
    ASSAY_TRY(assay_jrun_charge(run, text.size * 4));
    for (size_t i = 0; i < text.size; i += assay_jtext_step(&text, i)) {
        int32_t point = assay_jtext_point(&text, i);
        bool word = point == '_' || assay_jpoint_is_alpha(point) || assay_jpoint_is_numeric(point);
        count += word && !inside;
        inside = word;
    }
    *out = assay_jvalue_int(count);
    return ASSAY_OK;
}

static assay_status quote(assay_jrun *run, assay_jbuild *build, const assay_jvalue *value, bool query)
{
    assay_jvalue text;
    ASSAY_TRY(assay_jvalue_str(run, value, false, &text));
    for (size_t i = 0; i < text.size; i++) {
        char c = text.as.text[i];
        bool plain = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || (c && strchr("_.-~", c)) ||
                     (c == '/' && !query);
        if (plain) ASSAY_TRY(assay_jbuild_byte(run, build, c));
        else if (c == ' ' && query) ASSAY_TRY(assay_jbuild_byte(run, build, '+'));
        else ASSAY_TRY(assay_jbuild_printf(run, build, "%%%02X", (unsigned)(unsigned char)c));
    }
    return ASSAY_OK;
}

static assay_status quote_pairs(assay_jrun *run, assay_jbuild *build, const assay_jlist *pairs, const assay_jdict *dict)
{
    assay_jlist *pair;
    for (size_t i = 0; i < pairs->count; i++) {
        assay_jvalue both[2] = {pairs->items[i], {0}};
        if (dict) both[1] = dict->entries[i].value;
        else {
            ASSAY_TRY(assay_jvalue_collect(run, &pairs->items[i], ASSAY_JLIST_LIST, &pair));
            if (pair->count != 2) return assay_jrun_fail(run, "urlencode wants pairs");
            memcpy(both, pair->items, sizeof both);
        }
        if (i) ASSAY_TRY(assay_jbuild_byte(run, build, '&'));
        ASSAY_TRY(quote(run, build, &both[0], true));
        ASSAY_TRY(assay_jbuild_byte(run, build, '='));
        ASSAY_TRY(quote(run, build, &both[1], true));
    }
    return ASSAY_OK;
}

static assay_status run_urlencode(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    const assay_jvalue *value = &call->items[0];
    assay_jbuild build = {0};
    assay_jlist *all;
    if (value->type == ASSAY_J_TEXT || !assay_jvalue_is_iterable(value)) ASSAY_TRY(quote(run, &build, value, false));
    else {
        ASSAY_TRY(assay_jvalue_collect(run, value, ASSAY_JLIST_LIST, &all));
        ASSAY_TRY(quote_pairs(run, &build, all, value->type == ASSAY_J_DICT ? value->as.dict : NULL));
    }
    *out = assay_jbuild_value(&build);
    return ASSAY_OK;
}

static assay_status json_separators(assay_jrun *run, const assay_jvalue *given, assay_jjson *how)
{
    assay_jlist *pair;
    how->between = assay_jvalue_literal(how->pretty ? "," : ", ");
    how->behind_key = assay_jvalue_literal(": ");
    if (!assay_jargument_given(given)) return ASSAY_OK;
    ASSAY_TRY(assay_jvalue_collect(run, given, ASSAY_JLIST_LIST, &pair));
    if (pair->count != 2) return assay_jrun_fail(run, "the separators of tojson are two texts");
    how->between = pair->items[0];
    how->behind_key = pair->items[1];
    ASSAY_TRY(assay_jargument_text(run, &how->between, "a separator of tojson"));
    return assay_jargument_text(run, &how->behind_key, "a separator of tojson");
}

static assay_status run_tojson(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    assay_jjson how = {.ascii = assay_jargument_truth(&call->items[1], false),
                       .sort_keys = assay_jargument_truth(&call->items[4], false)};
    assay_jbuild build = {0};
    how.pretty = assay_jargument_given(&call->items[2]);
    if (how.pretty) ASSAY_TRY(indention(run, &call->items[2], &how.indent));
    ASSAY_TRY(json_separators(run, &call->items[3], &how));
    ASSAY_TRY(assay_jprint_json(run, &build, &call->items[0], &how));
    *out = assay_jbuild_value(&build);
    return ASSAY_OK;
}

static assay_status run_refused(assay_jrun *run, const assay_jcall *call, assay_jvalue *out)
{
    (void)call;
    (void)out;
    return assay_jrun_unsupported(
        run, "the filters pprint, random, striptags, urlize, wordwrap and xmlattr are not supported");
}

static const assay_jbuiltin filters[] = {
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
const assay_jbuiltin_table assay_jfilters_text = {filters, sizeof filters / sizeof *filters};
