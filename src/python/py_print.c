#include "python/py_print.h"

#include "python/py_dict.h"
#include "python/py_number.h"
#include "python/py_point.h"
#include "python/py_run.h"

#include <inttypes.h>
#include <string.h>

static assay_status put_point(assay_jrun *run, assay_jbuild *build, int32_t point, char quote)
{
    if (point == '\n') return assay_jbuild_literal(run, build, "\\n");
    if (point == '\r') return assay_jbuild_literal(run, build, "\\r");
    if (point == '\t') return assay_jbuild_literal(run, build, "\\t");
    if (point == '\\' || point == quote) ASSAY_TRY(assay_jbuild_byte(run, build, '\\'));
    if (assay_jpoint_is_printable(point)) return assay_jbuild_point(run, build, point);
    if (point < 0x100) return assay_jbuild_printf(run, build, "\\x%02x", (unsigned)point);
    if (point < 0x10000) return assay_jbuild_printf(run, build, "\\u%04x", (unsigned)point);
    return assay_jbuild_printf(run, build, "\\U%08x", (unsigned)point);
}

/* Single quotes, but where only they occur inside. */
static assay_status put_quoted(assay_jrun *run, assay_jbuild *build, const assay_jvalue *text)
{
    bool single = text->size && memchr(text->as.text, '\'', text->size);
    char quote = single && !memchr(text->as.text, '"', text->size) ? '"' : '\'';
    if (text->markup) ASSAY_TRY(assay_jbuild_literal(run, build, "Markup("));
    ASSAY_TRY(assay_jbuild_byte(run, build, quote));
    for (size_t i = 0; i < text->size; i += assay_jtext_step(text, i))
        ASSAY_TRY(put_point(run, build, assay_jtext_point(text, i), quote));
    ASSAY_TRY(assay_jbuild_byte(run, build, quote));
    return text->markup ? assay_jbuild_byte(run, build, ')') : ASSAY_OK;
}

static assay_status repr_at(assay_jrun *run, assay_jbuild *build, const assay_jvalue *value, int depth);

static assay_status put_list(assay_jrun *run, assay_jbuild *build, const assay_jlist *list, int depth)
{
    static const struct {
        const char *before, *behind;
    } marks[] = {
        [ASSAY_JLIST_LIST] = {"[", "]"},
        [ASSAY_JLIST_TUPLE] = {"(", ")"},
        [ASSAY_JLIST_GROUP] = {"(", ")"},
        [ASSAY_JLIST_KEYS] = {"dict_keys([", "])"},
        [ASSAY_JLIST_VALUES] = {"dict_values([", "])"},
        [ASSAY_JLIST_ITEMS] = {"dict_items([", "])"},
    };
    if (list->kind == ASSAY_JLIST_GENERATOR)
        return assay_jrun_unsupported(run, "a generator is printed as its address in Python; add \"| list\"");
    ASSAY_TRY(assay_jbuild_literal(run, build, marks[list->kind].before));
    for (size_t i = 0; i < list->count; i++) {
        if (i) ASSAY_TRY(assay_jbuild_literal(run, build, ", "));
        ASSAY_TRY(repr_at(run, build, &list->items[i], depth + 1));
    }
    if (list->kind == ASSAY_JLIST_TUPLE && list->count == 1) ASSAY_TRY(assay_jbuild_byte(run, build, ','));
    return assay_jbuild_literal(run, build, marks[list->kind].behind);
}

static assay_status put_dict(assay_jrun *run, assay_jbuild *build, const assay_jdict *dict, int depth)
{
    ASSAY_TRY(assay_jbuild_byte(run, build, '{'));
    for (size_t i = 0; i < dict->count; i++) {
        if (i) ASSAY_TRY(assay_jbuild_literal(run, build, ", "));
        ASSAY_TRY(repr_at(run, build, &dict->entries[i].key, depth + 1));
        ASSAY_TRY(assay_jbuild_literal(run, build, ": "));
        ASSAY_TRY(repr_at(run, build, &dict->entries[i].value, depth + 1));
    }
    return assay_jbuild_byte(run, build, '}');
}

static assay_status put_range(assay_jrun *run, assay_jbuild *build, const assay_jrange *range)
{
    ASSAY_TRY(assay_jbuild_printf(run, build, "range(%" PRId64 ", %" PRId64, range->start, range->stop));
    if (range->step != 1) ASSAY_TRY(assay_jbuild_printf(run, build, ", %" PRId64, range->step));
    return assay_jbuild_byte(run, build, ')');
}

static assay_status put_macro(assay_jrun *run, assay_jbuild *build, const assay_jmacro *macro)
{
    const assay_jvalue *name = &macro->name;
    if (name->type == ASSAY_J_NONE) return assay_jbuild_literal(run, build, "<Macro anonymous>");
    ASSAY_TRY(assay_jbuild_literal(run, build, "<Macro "));
    ASSAY_TRY(put_quoted(run, build, name));
    return assay_jbuild_byte(run, build, '>');
}

static assay_status put_real(assay_jrun *run, assay_jbuild *build, double real)
{
    char text[ASSAY_JNUMBER_TEXT];
    assay_jnumber_repr(real, text);
    return assay_jbuild_literal(run, build, text);
}

static assay_status repr_at(assay_jrun *run, assay_jbuild *build, const assay_jvalue *value, int depth)
{
    if (depth > ASSAY_JVALUE_DEPTH) return assay_jrun_fail(run, "a value is nested too deeply to be printed");
    ASSAY_TRY(assay_jrun_step(run));
    switch ((assay_jtype)value->type) {
    case ASSAY_J_UNDEFINED:
        return assay_jbuild_literal(run, build, "Undefined");
    case ASSAY_J_NONE:
        return assay_jbuild_literal(run, build, "None");
    case ASSAY_J_BOOL:
        return assay_jbuild_literal(run, build, value->as.truth ? "True" : "False");
    case ASSAY_J_INT:
        return assay_jbuild_printf(run, build, "%" PRId64, value->as.whole);
    case ASSAY_J_FLOAT:
        return put_real(run, build, value->as.real);
    case ASSAY_J_TEXT:
        return put_quoted(run, build, value);
    case ASSAY_J_LIST:
        return put_list(run, build, value->as.list, depth);
    case ASSAY_J_DICT:
        return put_dict(run, build, value->as.dict, depth);
    case ASSAY_J_RANGE:
        return put_range(run, build, value->as.range);
    case ASSAY_J_NAMESPACE:
        ASSAY_TRY(assay_jbuild_literal(run, build, "<Namespace "));
        ASSAY_TRY(put_dict(run, build, value->as.dict, depth));
        return assay_jbuild_byte(run, build, '>');
    case ASSAY_J_MACRO:
        return put_macro(run, build, value->as.macro);
    default:
        return assay_jrun_unsupported(run,
                                      "a value of type '%s' is printed as its address in Python, which is refused here",
                                      assay_jvalue_type_name(value));
    }
}

assay_status assay_jprint_repr(assay_jrun *run, assay_jbuild *build, const assay_jvalue *value)
{
    return repr_at(run, build, value, 0);
}

assay_status assay_jprint_str(assay_jrun *run, assay_jbuild *build, const assay_jvalue *value)
{
    if (value->type == ASSAY_J_TEXT) return assay_jbuild_text(run, build, value);
    if (value->type == ASSAY_J_UNDEFINED) return ASSAY_OK;
    return repr_at(run, build, value, 0);
}

assay_status assay_jvalue_str(assay_jrun *run, const assay_jvalue *value, bool soft, assay_jvalue *out)
{
    assay_jbuild build = {0};
    if (value->type == ASSAY_J_TEXT) {
        bool markup = soft && value->markup;
        *out = *value;
        out->markup = markup;
        return ASSAY_OK;
    }
    ASSAY_TRY(assay_jprint_str(run, &build, value));
    *out = assay_jbuild_value(&build);
    return ASSAY_OK;
}
