#include "python/py_print.h"

#include "python/py_dict.h"
#include "python/py_number.h"
#include "python/py_point.h"
#include "python/py_run.h"

#include <inttypes.h>
#include <string.h>

static assay_status put_point(assay_py_run *run, assay_py_build *build, int32_t point, char quote)
{
    if (point == '\n') return assay_py_build_literal(run, build, "\\n");
    if (point == '\r') return assay_py_build_literal(run, build, "\\r");
    if (point == '\t') return assay_py_build_literal(run, build, "\\t");
    if (point == '\\' || point == quote) ASSAY_TRY(assay_py_build_byte(run, build, '\\'));
    if (assay_py_point_is_printable(point)) return assay_py_build_point(run, build, point);
    if (point < 0x100) return assay_py_build_printf(run, build, "\\x%02x", (unsigned)point);
    if (point < 0x10000) return assay_py_build_printf(run, build, "\\u%04x", (unsigned)point);
    return assay_py_build_printf(run, build, "\\U%08x", (unsigned)point);
}

/* Single quotes, but where only they occur inside. */
static assay_status put_quoted(assay_py_run *run, assay_py_build *build, const assay_py_value *text)
{
    bool single = text->size && memchr(text->as.text, '\'', text->size);
    char quote = single && !memchr(text->as.text, '"', text->size) ? '"' : '\'';
    if (text->markup) ASSAY_TRY(assay_py_build_literal(run, build, "Markup("));
    ASSAY_TRY(assay_py_build_byte(run, build, quote));
    for (size_t i = 0; i < text->size; i += assay_py_text_step(text, i))
        ASSAY_TRY(put_point(run, build, assay_py_text_point(text, i), quote));
    ASSAY_TRY(assay_py_build_byte(run, build, quote));
    return text->markup ? assay_py_build_byte(run, build, ')') : ASSAY_OK;
}

static assay_status repr_at(assay_py_run *run, assay_py_build *build, const assay_py_value *value, int depth);

static assay_status put_list(assay_py_run *run, assay_py_build *build, const assay_py_list *list, int depth)
{
    static const struct {
        const char *before, *behind;
    } marks[] = {
        [ASSAY_PY_LIST_LIST] = {"[", "]"},
        [ASSAY_PY_LIST_TUPLE] = {"(", ")"},
        [ASSAY_PY_LIST_GROUP] = {"(", ")"},
        [ASSAY_PY_LIST_KEYS] = {"dict_keys([", "])"},
        [ASSAY_PY_LIST_VALUES] = {"dict_values([", "])"},
        [ASSAY_PY_LIST_ITEMS] = {"dict_items([", "])"},
    };
    if (list->kind == ASSAY_PY_LIST_GENERATOR)
        return assay_py_run_unsupported(run, "a generator is printed as its address in Python; add \"| list\"");
    ASSAY_TRY(assay_py_build_literal(run, build, marks[list->kind].before));
    for (size_t i = 0; i < list->count; i++) {
        if (i) ASSAY_TRY(assay_py_build_literal(run, build, ", "));
        ASSAY_TRY(repr_at(run, build, &list->items[i], depth + 1));
    }
    if (list->kind == ASSAY_PY_LIST_TUPLE && list->count == 1) ASSAY_TRY(assay_py_build_byte(run, build, ','));
    return assay_py_build_literal(run, build, marks[list->kind].behind);
}

static assay_status put_dict(assay_py_run *run, assay_py_build *build, const assay_py_dict *dict, int depth)
{
    ASSAY_TRY(assay_py_build_byte(run, build, '{'));
    for (size_t i = 0; i < dict->count; i++) {
        if (i) ASSAY_TRY(assay_py_build_literal(run, build, ", "));
        ASSAY_TRY(repr_at(run, build, &dict->entries[i].key, depth + 1));
        ASSAY_TRY(assay_py_build_literal(run, build, ": "));
        ASSAY_TRY(repr_at(run, build, &dict->entries[i].value, depth + 1));
    }
    return assay_py_build_byte(run, build, '}');
}

static assay_status put_range(assay_py_run *run, assay_py_build *build, const assay_py_range *range)
{
    ASSAY_TRY(assay_py_build_printf(run, build, "range(%" PRId64 ", %" PRId64, range->start, range->stop));
    if (range->step != 1) ASSAY_TRY(assay_py_build_printf(run, build, ", %" PRId64, range->step));
    return assay_py_build_byte(run, build, ')');
}

static assay_status put_macro(assay_py_run *run, assay_py_build *build, const assay_py_macro *macro)
{
    const assay_py_value *name = &macro->name;
    if (name->type == ASSAY_PY_NONE) return assay_py_build_literal(run, build, "<Macro anonymous>");
    ASSAY_TRY(assay_py_build_literal(run, build, "<Macro "));
    ASSAY_TRY(put_quoted(run, build, name));
    return assay_py_build_byte(run, build, '>');
}

static assay_status put_real(assay_py_run *run, assay_py_build *build, double real)
{
    char text[ASSAY_PY_NUMBER_TEXT];
    assay_py_number_repr(real, text);
    return assay_py_build_literal(run, build, text);
}

static assay_status repr_at(assay_py_run *run, assay_py_build *build, const assay_py_value *value, int depth)
{
    if (depth > ASSAY_PY_VALUE_DEPTH) return assay_py_run_fail(run, "a value is nested too deeply to be printed");
    ASSAY_TRY(assay_py_run_step(run));
    switch ((assay_py_type)value->type) {
    case ASSAY_PY_UNDEFINED:
        return assay_py_build_literal(run, build, "Undefined");
    case ASSAY_PY_NONE:
        return assay_py_build_literal(run, build, "None");
    case ASSAY_PY_BOOL:
        return assay_py_build_literal(run, build, value->as.truth ? "True" : "False");
    case ASSAY_PY_INT:
        return assay_py_build_printf(run, build, "%" PRId64, value->as.whole);
    case ASSAY_PY_FLOAT:
        return put_real(run, build, value->as.real);
    case ASSAY_PY_TEXT:
        return put_quoted(run, build, value);
    case ASSAY_PY_LIST:
        return put_list(run, build, value->as.list, depth);
    case ASSAY_PY_DICT:
        return put_dict(run, build, value->as.dict, depth);
    case ASSAY_PY_RANGE:
        return put_range(run, build, value->as.range);
    case ASSAY_PY_NAMESPACE:
        ASSAY_TRY(assay_py_build_literal(run, build, "<Namespace "));
        ASSAY_TRY(put_dict(run, build, value->as.dict, depth));
        return assay_py_build_byte(run, build, '>');
    case ASSAY_PY_MACRO:
        return put_macro(run, build, value->as.macro);
    default:
        return assay_py_run_unsupported(
            run, "a value of type '%s' is printed as its address in Python, which is refused here",
            assay_py_value_type_name(value));
    }
}

assay_status assay_py_print_repr(assay_py_run *run, assay_py_build *build, const assay_py_value *value)
{
    return repr_at(run, build, value, 0);
}

assay_status assay_py_print_str(assay_py_run *run, assay_py_build *build, const assay_py_value *value)
{
    if (value->type == ASSAY_PY_TEXT) return assay_py_build_text(run, build, value);
    if (value->type == ASSAY_PY_UNDEFINED) return ASSAY_OK;
    return repr_at(run, build, value, 0);
}

assay_status assay_py_value_str(assay_py_run *run, const assay_py_value *value, bool soft, assay_py_value *out)
{
    assay_py_build build = {0};
    if (value->type == ASSAY_PY_TEXT) {
        bool markup = soft && value->markup;
        *out = *value;
        out->markup = markup;
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_py_print_str(run, &build, value));
    *out = assay_py_build_value(&build);
    return ASSAY_OK;
}
