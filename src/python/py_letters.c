#include "python/py_letters.h"

#include "python/py_point.h"
#include "python/py_run.h"
#include "python/py_spec.h"

#include <string.h>
#include <utf8proc.h>

static assay_status add_points(assay_py_run *run, assay_py_build *build, const int32_t *points, size_t count)
{
    for (size_t i = 0; i < count; i++) ASSAY_TRY(assay_py_build_point(run, build, points[i]));
    return ASSAY_OK;
}

/* Is there a cased letter on this side, when those that have no case of their own are skipped? */
static bool has_cased(const assay_py_value *text, size_t at, bool before)
{
    while (before ? at > 0 : at < text->size) {
        if (before) at -= assay_py_text_back(text, at);
        int32_t point = assay_py_text_point(text, at);
        if (!assay_py_point_is_case_ignorable(point)) return assay_py_point_is_cased(point);
        if (!before) at += assay_py_text_step(text, at);
    }
    return false;
}

/* A sigma at the end of a word has a form of its own. */
static assay_status add_lower(assay_py_run *run, assay_py_build *build, const assay_py_value *text, size_t at)
{
    int32_t points[3], point = assay_py_text_point(text, at);
    if (point < 0x80) return assay_py_build_byte(run, build, (char)(point >= 'A' && point <= 'Z' ? point + 32 : point));
    if (point == 0x3a3) {
        bool final = has_cased(text, at, true) && !has_cased(text, at + 2, false);
        ASSAY_TRY(assay_py_run_charge(run, 64));
        return assay_py_build_point(run, build, final ? 0x3c2 : 0x3c3);
    }
    return add_points(run, build, points, assay_py_point_lower(point, points));
}

static assay_status add_upper(assay_py_run *run, assay_py_build *build, int32_t point)
{
    int32_t points[3];
    if (point < 0x80) return assay_py_build_byte(run, build, (char)(point >= 'a' && point <= 'z' ? point - 32 : point));
    return add_points(run, build, points, assay_py_point_upper(point, points));
}

static assay_status finish(const assay_py_build *build, bool markup, assay_py_value *out)
{
    *out = assay_py_build_value(build);
    out->markup = markup;
    return ASSAY_OK;
}

assay_status assay_py_letters_lower(assay_py_run *run, const assay_py_value *text, assay_py_value *out)
{
    assay_py_build build = {0};
    for (size_t i = 0; i < text->size; i += assay_py_text_step(text, i)) ASSAY_TRY(add_lower(run, &build, text, i));
    return finish(&build, text->markup, out);
}

assay_status assay_py_letters_upper(assay_py_run *run, const assay_py_value *text, assay_py_value *out)
{
    assay_py_build build = {0};
    for (size_t i = 0; i < text->size; i += assay_py_text_step(text, i))
        ASSAY_TRY(add_upper(run, &build, assay_py_text_point(text, i)));
    return finish(&build, text->markup, out);
}

static assay_status add_capitalized(assay_py_run *run, assay_py_build *build, const assay_py_value *text)
{
    int32_t points[3];
    if (!text->size) return ASSAY_OK;
    ASSAY_TRY(add_points(run, build, points, assay_py_point_title(assay_py_text_point(text, 0), points)));
    for (size_t i = assay_py_text_step(text, 0); i < text->size; i += assay_py_text_step(text, i))
        ASSAY_TRY(add_lower(run, build, text, i));
    return ASSAY_OK;
}

assay_status assay_py_letters_capitalize(assay_py_run *run, const assay_py_value *text, assay_py_value *out)
{
    assay_py_build build = {0};
    ASSAY_TRY(add_capitalized(run, &build, text));
    return finish(&build, text->markup, out);
}

assay_status assay_py_letters_title(assay_py_run *run, const assay_py_value *text, assay_py_value *out)
{
    assay_py_build build = {0};
    int32_t points[3];
    bool inside = false;
    for (size_t i = 0; i < text->size; i += assay_py_text_step(text, i)) {
        int32_t point = assay_py_text_point(text, i);
        if (inside) ASSAY_TRY(add_lower(run, &build, text, i));
        else ASSAY_TRY(add_points(run, &build, points, assay_py_point_title(point, points)));
        inside = assay_py_point_is_cased(point);
    }
    return finish(&build, text->markup, out);
}

assay_status assay_py_letters_swap(assay_py_run *run, const assay_py_value *text, assay_py_value *out)
{
    assay_py_build build = {0};
    for (size_t i = 0; i < text->size; i += assay_py_text_step(text, i)) {
        int32_t point = assay_py_text_point(text, i);
        if (assay_py_point_is_upper(point)) ASSAY_TRY(add_lower(run, &build, text, i));
        else if (assay_py_point_is_lower(point)) ASSAY_TRY(add_upper(run, &build, point));
        else ASSAY_TRY(assay_py_build_point(run, &build, point));
    }
    return finish(&build, text->markup, out);
}

assay_status assay_py_letters_fold(assay_py_run *run, const assay_py_value *text, assay_py_value *out)
{
    assay_py_build build = {0};
    for (size_t i = 0; i < text->size; i += assay_py_text_step(text, i)) {
        utf8proc_int32_t points[8];
        int boundary = 0;
        utf8proc_ssize_t count =
            utf8proc_decompose_char(assay_py_text_point(text, i), points, 8, UTF8PROC_CASEFOLD, &boundary);
        ASSAY_TRY(add_points(run, &build, points, count > 0 && count <= 8 ? (size_t)count : 0));
    }
    return finish(&build, text->markup, out);
}

static assay_status push_part(assay_py_run *run, assay_py_list *list, const assay_py_value *text, size_t from,
                              size_t to)
{
    assay_py_value part = assay_py_text_part(text, from, to);
    part.markup = text->markup;
    return assay_py_list_push(run, list, part);
}

static size_t skip_space(const assay_py_value *text, size_t at, bool space)
{
    while (at < text->size && assay_py_point_is_space(assay_py_text_point(text, at)) == space)
        at += assay_py_text_step(text, at);
    return at;
}

static size_t skip_space_back(const assay_py_value *text, size_t at, bool space)
{
    while (at > 0 && assay_py_point_is_space(assay_py_text_point(text, at - assay_py_text_back(text, at))) == space)
        at -= assay_py_text_back(text, at);
    return at;
}

static assay_status split_space(assay_py_run *run, const assay_py_value *text, int64_t most, assay_py_list *list)
{
    size_t at = skip_space(text, 0, true);
    while (at < text->size) {
        if (most >= 0 && (int64_t)list->count == most) return push_part(run, list, text, at, text->size);
        size_t end = skip_space(text, at, false);
        ASSAY_TRY(push_part(run, list, text, at, end));
        at = skip_space(text, end, true);
    }
    return ASSAY_OK;
}

assay_status assay_py_letters_split(assay_py_run *run, const assay_py_value *text, const assay_py_value *separator,
                                    int64_t most, assay_py_list **out)
{
    size_t from = 0;
    ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_LIST, 0, out));
    ASSAY_TRY(assay_py_run_charge(run, text->size * (separator ? 1 : 8)));
    if (!separator) return split_space(run, text, most, *out);
    if (!separator->size) return assay_py_run_fail(run, "split() with an empty separator");
    while (most < 0 || (int64_t)(*out)->count < most) {
        size_t at = assay_py_text_find(text, separator, from);
        if (at == SIZE_MAX) break;
        ASSAY_TRY(push_part(run, *out, text, from, at));
        from = at + separator->size;
    }
    return push_part(run, *out, text, from, text->size);
}

static void reverse(assay_py_list *list)
{
    for (size_t i = 0; i < list->count / 2; i++) {
        assay_py_value item = list->items[i];
        list->items[i] = list->items[list->count - 1 - i];
        list->items[list->count - 1 - i] = item;
    }
}

static assay_status split_space_right(assay_py_run *run, const assay_py_value *text, int64_t most, assay_py_list *list)
{
    size_t at = skip_space_back(text, text->size, true);
    while (at > 0) {
        if (most >= 0 && (int64_t)list->count == most) {
            ASSAY_TRY(push_part(run, list, text, 0, at));
            break;
        }
        size_t start = skip_space_back(text, at, false);
        ASSAY_TRY(push_part(run, list, text, start, at));
        at = skip_space_back(text, start, true);
    }
    reverse(list);
    return ASSAY_OK;
}

assay_status assay_py_letters_split_right(assay_py_run *run, const assay_py_value *text,
                                          const assay_py_value *separator, int64_t most, assay_py_list **out)
{
    size_t to = text->size;
    ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_LIST, 0, out));
    ASSAY_TRY(assay_py_run_charge(run, text->size * (separator ? 1 : 8)));
    if (!separator) return split_space_right(run, text, most, *out);
    if (!separator->size) return assay_py_run_fail(run, "rsplit() with an empty separator");
    while (most < 0 || (int64_t)(*out)->count < most) {
        size_t at;
        ASSAY_TRY(assay_py_text_find_last(run, text, separator, to, &at));
        if (at == SIZE_MAX) break;
        ASSAY_TRY(push_part(run, *out, text, at + separator->size, to));
        to = at;
    }
    ASSAY_TRY(push_part(run, *out, text, 0, to));
    reverse(*out);
    return ASSAY_OK;
}

static bool ends_line(int32_t point)
{
    return (point >= 0x0a && point <= 0x0d) || (point >= 0x1c && point <= 0x1e) || point == 0x85 || point == 0x2028 ||
           point == 0x2029;
}

assay_status assay_py_letters_lines(assay_py_run *run, const assay_py_value *text, bool keep_ends, assay_py_list **out)
{
    size_t from = 0, at = 0;
    ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_LIST, 0, out));
    ASSAY_TRY(assay_py_run_charge(run, text->size * 8));
    while (at < text->size) {
        int32_t point = assay_py_text_point(text, at);
        size_t end = at + assay_py_text_step(text, at);
        if (ends_line(point)) {
            if (point == '\r' && end < text->size && text->as.text[end] == '\n') end++;
            ASSAY_TRY(push_part(run, *out, text, from, keep_ends ? end : at));
            from = end;
        }
        at = end;
    }
    return from < text->size ? push_part(run, *out, text, from, text->size) : ASSAY_OK;
}

/* An empty `old` stands before every character and at the end. */
static assay_status replace_empty(assay_py_run *run, const assay_py_value *text, const assay_py_value *new,
                                  int64_t most, assay_py_value *out)
{
    assay_py_build build = {0};
    size_t at = 0;
    for (int64_t done = 0; most < 0 || done < most; done++) {
        ASSAY_TRY(assay_py_build_text(run, &build, new));
        if (at == text->size) return finish(&build, text->markup, out);
        size_t size = assay_py_text_step(text, at);
        ASSAY_TRY(assay_py_build_bytes(run, &build, text->as.text + at, size));
        at += size;
    }
    ASSAY_TRY(assay_py_build_bytes(run, &build, text->as.text + at, text->size - at));
    return finish(&build, text->markup, out);
}

assay_status assay_py_letters_replace(assay_py_run *run, const assay_py_value *text, const assay_py_value *old,
                                      const assay_py_value *new, int64_t most, assay_py_value *out)
{
    assay_py_build build = {0};
    size_t from = 0;
    assay_py_value held = *text;
    ASSAY_TRY(assay_py_run_charge(run, held.size));
    if (!old->size) return replace_empty(run, &held, new, most, out);
    for (int64_t done = 0; most < 0 || done < most; done++) {
        size_t at = assay_py_text_find(&held, old, from);
        if (at == SIZE_MAX) break;
        ASSAY_TRY(assay_py_build_bytes(run, &build, held.as.text + from, at - from));
        ASSAY_TRY(assay_py_build_text(run, &build, new));
        from = at + old->size;
    }
    ASSAY_TRY(assay_py_build_bytes(run, &build, held.as.text + from, held.size - from));
    return finish(&build, held.markup, out);
}

assay_status assay_py_letters_pad(assay_py_run *run, const assay_py_value *text, const assay_py_value *fill,
                                  int64_t before, int64_t behind, assay_py_value *out)
{
    assay_py_build build = {0};
    assay_py_value space = assay_py_value_literal(" "), held = *text;
    if (!fill) fill = &space;
    if (fill->type != ASSAY_PY_TEXT || assay_py_text_length(fill) != 1)
        return assay_py_run_fail(run, "the fill character must be one character");
    if (before > ASSAY_PY_SPEC_WIDTH || behind > ASSAY_PY_SPEC_WIDTH)
        return assay_py_run_fail(run, "a field wider than %d characters", ASSAY_PY_SPEC_WIDTH);
    ASSAY_TRY(assay_py_build_fill(run, &build, fill, before > 0 ? (size_t)before : 0));
    ASSAY_TRY(assay_py_build_text(run, &build, &held));
    ASSAY_TRY(assay_py_build_fill(run, &build, fill, behind > 0 ? (size_t)behind : 0));
    return finish(&build, held.markup, out);
}
