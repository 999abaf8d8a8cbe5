/* The door: from text to tree, and from variables to a rendering. */
#include "jinja/jinja.h"

#include "base/json_doc.h"
#include "jinja/jinja_attribute.h"
#include "jinja/jinja_eval.h"
#include "jinja/jinja_frame.h"
#include "jinja/jinja_parser.h"
#include "jinja/jinja_scope.h"
#include "jinja/jinja_tables.h"

#include <string.h>
#include <utf8proc.h>

enum { TREE_BYTES = 192 << 20, USUAL_STEPS = 8000000, JSON_DEPTH = 150 };

struct assay_jinja {
    assay_py_arena arena; /* the tree, and this */
    char *name, *source;
    size_t source_size;
    assay_py_node *body;
    assay_jinja_function function;
};

static assay_status check_text(const char *text, size_t size, const char *name, assay_error *err)
{
    if (size > ASSAY_JINJA_SOURCE)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: a template of %zu bytes; at most %d are read", name, size,
                               ASSAY_JINJA_SOURCE);
    for (size_t at = 0; at < size;) {
        utf8proc_int32_t point;
        utf8proc_ssize_t step =
            utf8proc_iterate((const utf8proc_uint8_t *)text + at, (utf8proc_ssize_t)(size - at), &point);
        if (step <= 0) return assay_error_set(err, ASSAY_E_FORMAT, "%s: no valid UTF-8 at byte %zu", name, at);
        at += (size_t)step;
    }
    return ASSAY_OK;
}

static assay_status parse(assay_jinja *jinja, assay_error *err)
{
    assay_jinja_parser parser;
    ASSAY_TRY(assay_jinja_parser_start(&parser, jinja->name, jinja->source, jinja->source_size, &jinja->arena, err));
    ASSAY_TRY(assay_jinja_parser_template(&parser, &jinja->body));
    return assay_jinja_scope_resolve(&jinja->function, jinja->body, parser.special_names, jinja->name, &jinja->arena,
                                     err);
}

assay_status assay_jinja_compile(assay_jinja **out, const char *text, size_t size, const char *name, assay_error *err)
{
    *out = NULL;
    ASSAY_TRY(check_text(text, size, name, err));
    assay_jinja *jinja = assay_alloc(1, sizeof *jinja);
    ASSAY_TRY_ALLOC(jinja, name, err);
    assay_py_arena_init(&jinja->arena, TREE_BYTES);
    jinja->name = assay_strdup(name);
    jinja->source = assay_strndup(text, size);
    jinja->source_size = size;
    assay_status status = ASSAY_E_MEMORY;
    if (jinja->name && jinja->source) status = parse(jinja, err);
    else assay_error_set(err, status, "out of memory for %s", name);
    if (status != ASSAY_OK) assay_jinja_free(jinja);
    else *out = jinja;
    return status;
}

void assay_jinja_free(assay_jinja *jinja)
{
    if (!jinja) return;
    assay_py_arena_release(&jinja->arena);
    assay_free(jinja->name);
    assay_free(jinja->source);
    assay_free(jinja);
}

const char *assay_jinja_source(const assay_jinja *jinja, size_t *size)
{
    if (size) *size = jinja->source_size;
    return jinja->source;
}

/* Texts stay in the document, which outlives the rendering. */
static assay_py_value from_text(const char *text, size_t size)
{
    assay_py_value value = assay_py_value_text(text, size);
    value.ascii = true;
    for (size_t i = 0; i < size && value.ascii; i++) value.ascii = (unsigned char)text[i] < 0x80;
    return value;
}

static assay_status from_json(assay_py_run *run, const json_t *json, int depth, assay_py_value *out);

static assay_status from_array(assay_py_run *run, const json_t *json, int depth, assay_py_value *out)
{
    assay_py_list *list;
    assay_py_value item;
    ASSAY_TRY(assay_py_list_new(run, ASSAY_PY_LIST_LIST, json_array_size(json), &list));
    for (size_t i = 0; i < json_array_size(json); i++) {
        ASSAY_TRY(from_json(run, json_array_get(json, i), depth + 1, &item));
        ASSAY_TRY(assay_py_list_push(run, list, item));
    }
    *out = assay_py_list_value(list);
    return ASSAY_OK;
}

static assay_status from_object(assay_py_run *run, const json_t *json, int depth, assay_py_value *out)
{
    assay_py_dict *dict;
    assay_py_value item;
    const char *key;
    json_t *member;
    ASSAY_TRY(assay_py_dict_new(run, json_object_size(json), &dict));
    json_object_foreach(assay_json_lent(json), key, member)
    {
        assay_py_value name = from_text(key, strlen(key));
        ASSAY_TRY(from_json(run, member, depth + 1, &item));
        ASSAY_TRY(assay_py_dict_put(run, dict, &name, &item));
    }
    *out = assay_py_dict_value(dict);
    return ASSAY_OK;
}

static assay_status from_json(assay_py_run *run, const json_t *json, int depth, assay_py_value *out)
{
    if (depth > JSON_DEPTH) return assay_py_run_fail(run, "the messages are nested more than %d deep", JSON_DEPTH);
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return from_object(run, json, depth, out);
    case JSON_ARRAY:
        return from_array(run, json, depth, out);
    case JSON_STRING:
        if (json_string_length(json) > ASSAY_JINJA_OUTPUT)
            return assay_py_run_fail(run, "a text of %zu bytes; at most %d are rendered", json_string_length(json),
                                     ASSAY_JINJA_OUTPUT);
        *out = from_text(json_string_value(json), json_string_length(json));
        return assay_py_run_charge(run, json_string_length(json));
    case JSON_INTEGER:
        *out = assay_py_value_int(json_integer_value(json));
        return ASSAY_OK;
    case JSON_REAL:
        *out = assay_py_value_float(json_real_value(json));
        return ASSAY_OK;
    case JSON_NULL:
        *out = assay_py_value_none();
        return ASSAY_OK;
    default:
        *out = assay_py_value_bool(json_is_true(json));
        return ASSAY_OK;
    }
}

static assay_status render(assay_py_run *run, const assay_jinja *jinja, const json_t *variables)
{
    assay_py_value all;
    assay_py_dict *none;
    assay_py_frame *frame;
    ASSAY_TRY(assay_py_dict_new(run, 0, &none));
    all = assay_py_dict_value(none);
    if (variables) ASSAY_TRY(from_json(run, variables, 0, &all));
    run->state->variables = all.as.dict;
    ASSAY_TRY(assay_jinja_frame_open(run, &jinja->function, NULL, &frame));
    ASSAY_TRY(assay_jinja_frame_enter_scope(run, frame, &jinja->function.scope));
    return assay_jinja_eval_statements(run, frame, jinja->body);
}

assay_status assay_jinja_render(const assay_jinja *jinja, const json_t *variables, const assay_jinja_options *options,
                                assay_buf *out, assay_error *err)
{
    static const assay_py_lookup lookup = {assay_jinja_value_attribute, assay_jinja_value_item};
    static const assay_jinja_names names = {assay_jinja_filter_find, assay_jinja_test_find};
    assay_py_state state = {.out = out, .evaluator = &assay_jinja_eval, .names = &names};
    assay_py_run run = {.err = err, .name = jinja->name, .line = 1, .max_steps = USUAL_STEPS};
    size_t before = out->size, memory = ASSAY_JINJA_MEMORY;
    run.lookup = &lookup;
    run.state = &state;
    if (options && options->max_steps) run.max_steps = options->max_steps;
    if (options && options->max_memory) memory = options->max_memory;
    if (options) run.date = options->date;
    if (variables && !json_is_object(variables))
        return assay_error_set(err, ASSAY_E_USAGE, "%s: the variables must be a JSON object", jinja->name);
    assay_py_arena_init(&run.arena, memory);
    assay_status status = render(&run, jinja, variables);
    assay_py_arena_release(&run.arena);
    if (status == ASSAY_OK) return ASSAY_OK;
    out->size = before;
    if (out->data) out->data[before] = 0;
    return status;
}
