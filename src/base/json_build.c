/* From text to jansson's values, without jansson's own reader (back: json_write.c).
 *
 * jansson's lexer goes on when its buffer cannot grow: a byte is missing from the text, a string is decoded beyond its
 * end, or an assertion ends the program. So documents are read with base/json_pull.h, which allocates nothing, and
 * everything put into the tree is checked. The containers around the current place are a stack of borrowed references:
 * each went into its parent before anything went into it, so the root owns all, always. */
#include "base/json_doc.h"

#include "base/json_pull.h"
#include "base/text.h"

#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* A decoded token with a zero byte behind it. */
typedef struct token_text {
    char *data;
    size_t size, capacity;
} token_text;

typedef struct builder {
    assay_json_pull pull;
    json_t *root, *open[ASSAY_JSON_MAX_DEPTH];
    token_text key, value;
    assay_json_reading reading;
    size_t tree; /* bytes besides text that the tree takes so far */
} builder;

static assay_status out_of_memory(const builder *b, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the JSON of %s", b->pull.where);
}

/* Bytes that jansson and malloc take for a value, its place in its container included: measured on lists and objects of
 * a million, rounded up. */
enum { NUMBER_BYTES = 48, STRING_BYTES = 96, LIST_BYTES = 176, OBJECT_BYTES = 256, MEMBER_BYTES = 112 };

static assay_status too_much(const builder *b, assay_error *err)
{
    return assay_json_pull_error(&b->pull, err,
                                 "so many values that they would take more than %zu MiB of memory; leave out fields "
                                 "that are not needed",
                                 b->reading.most >> 20);
}

/* Text is bounded by what it is read from; what stands around it is counted, and all of it charged to the meter. */
static assay_status charge(builder *b, assay_error *err)
{
    size_t bytes = 16, text = 0;
    if (b->pull.event == ASSAY_JSON_NUMBER) bytes = NUMBER_BYTES;
    if (b->pull.event == ASSAY_JSON_STRING) bytes = STRING_BYTES, text = b->pull.token_size;
    if (b->pull.event == ASSAY_JSON_KEY) bytes = MEMBER_BYTES, text = b->pull.token_size;
    if (b->pull.event == ASSAY_JSON_ARRAY) bytes = LIST_BYTES;
    if (b->pull.event == ASSAY_JSON_OBJECT) bytes = OBJECT_BYTES;
    b->tree += bytes;
    if (b->reading.most && b->tree > b->reading.most) return too_much(b, err);
    return assay_meter_take(b->reading.meter, bytes + text, err);
}

static assay_status decode(const builder *b, token_text *text, assay_error *err)
{
    size_t needed;
    bool fits = assay_add_size(b->pull.token_size, 1, &needed);
    if (!fits || assay_grow(&text->data, &text->capacity, needed, 1, NULL) != ASSAY_OK) return out_of_memory(b, err);
    text->size = assay_json_pull_text(&b->pull, text->data);
    text->data[text->size] = 0;
    return ASSAY_OK;
}

static assay_status skip_value(builder *b, assay_error *err)
{
    ASSAY_TRY(assay_json_pull_next(&b->pull, err));
    return assay_json_pull_skip(&b->pull, err);
}

/* *skipped: nobody can ask for such a key, and its value was read over. */
static assay_status read_key(builder *b, bool *skipped, assay_error *err)
{
    ASSAY_TRY(decode(b, &b->key, err));
    bool zero = memchr(b->key.data, 0, b->key.size) != NULL;
    *skipped = zero && b->reading.world;
    if (*skipped) return skip_value(b, err);
    if (zero) return assay_json_pull_error(&b->pull, err, "a key with a zero byte inside");
    if (!b->reading.world && json_object_get(b->open[b->pull.depth - 1], b->key.data))
        return assay_json_pull_error(&b->pull, err, "duplicate key \"%s\"", b->key.data);
    return ASSAY_OK;
}

static bool is_exactly(double real, const char *digits)
{
    char text[330]; /* DBL_MAX has 309 digits */
    assay_text_format(text, sizeof text, "%.0f", real);
    return strcmp(text, digits) == 0;
}

/* Values no reader can use lie in the tree as objects with one of these keys, which nobody asks for. */
static const char number_mark[] = "\1", text_mark[] = "\2";

static json_t *make_unreadable(const char *mark, const char *text, size_t size)
{
    json_t *object = json_object();
    if (object && json_object_set_new_nocheck(object, mark, json_stringn_nocheck(text, size)) == 0) return object;
    json_decref(object);
    return NULL;
}

/* Whether the number, in b->value, fits into no value here, or is a name whose text counts. */
static bool keeps_text(const builder *b)
{
    const char *digits = b->value.data;
    bool is_whole = !strpbrk(digits, ".eENI"), is_name = b->pull.depth == 0;
    if (b->pull.depth == 1 && json_is_object(b->open[0])) is_name = !strcmp(b->key.data, "id");
    errno = 0;
    if (is_whole && (strtoll(digits, NULL, 10), errno != ERANGE)) return false;
    if (is_name || strpbrk(digits, "NI")) return true;
    double real = assay_text_real(digits, NULL);
    return !isfinite(real) || (is_whole && !is_exactly(real, digits));
}

/* A whole number beyond 64 bits is taken when a double holds it without loss: the 10^30 of many a "model_max_length",
 * as Python wrote it. */
static assay_status make_number(builder *b, json_t **out, assay_error *err)
{
    b->pull.escaped = false;
    ASSAY_TRY(decode(b, &b->value, err));
    if (b->reading.world && keeps_text(b)) {
        *out = make_unreadable(number_mark, b->value.data, b->value.size);
        return ASSAY_OK;
    }
    if (strpbrk(b->value.data, "NI"))
        return assay_json_pull_error(&b->pull, err, "%s is no number of JSON", b->value.data);
    bool is_whole = !strpbrk(b->value.data, ".eE");
    errno = 0;
    long long whole = is_whole ? strtoll(b->value.data, NULL, 10) : 0;
    if (is_whole && errno != ERANGE) {
        *out = json_integer(whole);
        return ASSAY_OK;
    }
    double real = assay_text_real(b->value.data, NULL);
    if (!isfinite(real)) return assay_json_pull_error(&b->pull, err, "the number is too large: %.40s", b->value.data);
    if (is_whole && !is_exactly(real, b->value.data))
        return assay_json_pull_error(&b->pull, err, "too big integer: %.40s does not fit into 64 bits", b->value.data);
    *out = json_real(real);
    return ASSAY_OK;
}

/* *out: NULL when memory ran out. */
static assay_status make_value(builder *b, json_t **out, assay_error *err)
{
    switch (b->pull.event) {
    case ASSAY_JSON_OBJECT:
        *out = json_object();
        break;
    case ASSAY_JSON_ARRAY:
        *out = json_array();
        break;
    case ASSAY_JSON_TRUE:
        *out = json_true();
        break;
    case ASSAY_JSON_FALSE:
        *out = json_false();
        break;
    case ASSAY_JSON_NULL:
        *out = json_null();
        break;
    case ASSAY_JSON_NUMBER:
        return make_number(b, out, err);
    default:
        ASSAY_TRY(decode(b, &b->value, err));
        if (b->pull.half) *out = make_unreadable(text_mark, b->value.data, b->value.size);
        else *out = json_stringn_nocheck(b->value.data, b->value.size);
    }
    return ASSAY_OK;
}

static assay_status add_value(builder *b, assay_error *err)
{
    json_t *value = NULL;
    bool is_object = b->pull.event == ASSAY_JSON_OBJECT, is_array = b->pull.event == ASSAY_JSON_ARRAY;
    ASSAY_TRY(make_value(b, &value, err));
    bool container = is_object || is_array;
    int level = b->pull.depth - container;
    json_t *parent = level ? b->open[level - 1] : NULL;
    if (container) b->open[level] = value;
    if (!parent) b->root = value;
    bool failed = !parent                 ? !value
                  : json_is_array(parent) ? json_array_append_new(parent, value) != 0
                                          : json_object_set_new_nocheck(parent, b->key.data, value) != 0;
    return failed ? out_of_memory(b, err) : ASSAY_OK;
}

/* At a key of the outermost object: reads over its value where nobody wants it. */
static assay_status skip_unwanted(builder *b, bool *skipped, assay_error *err)
{
    *skipped = b->pull.depth == 1 && b->reading.wanted && !b->reading.wanted(b->reading.context, b->key.data);
    return *skipped ? skip_value(b, err) : ASSAY_OK;
}

static assay_status take_token(builder *b, assay_error *err)
{
    bool skipped;
    switch (b->pull.event) {
    case ASSAY_JSON_END:
    case ASSAY_JSON_OBJECT_END:
    case ASSAY_JSON_ARRAY_END:
        return ASSAY_OK;
    case ASSAY_JSON_KEY:
        ASSAY_TRY(read_key(b, &skipped, err));
        if (!skipped) ASSAY_TRY(skip_unwanted(b, &skipped, err));
        return skipped ? ASSAY_OK : charge(b, err);
    default:
        ASSAY_TRY(charge(b, err));
        return add_value(b, err);
    }
}

static assay_status build(builder *b, assay_error *err)
{
    do {
        ASSAY_TRY(assay_json_pull_next(&b->pull, err));
        ASSAY_TRY(take_token(b, err));
    } while (b->pull.event != ASSAY_JSON_END);
    return ASSAY_OK;
}

static bool has_mark(const char *text, size_t size) { return size >= 3 && !memcmp(text, "\xef\xbb\xbf", 3); }

assay_status assay_json_parse_as(const char *text, size_t size, const char *where, const assay_json_reading *reading,
                                 json_t **out, assay_error *err)
{
    builder b = {.reading = *reading};
    size_t mark = reading->python && has_mark(text, size) ? 3 : 0;
    assay_json_pull_init(&b.pull, text + mark, size - mark, where);
    b.pull.document = true;
    b.pull.python = reading->python || reading->world;
    b.pull.halves = reading->world;
    assay_status status = build(&b, err);
    assay_free(b.key.data);
    assay_free(b.value.data);
    if (status != ASSAY_OK) {
        json_decref(b.root);
        b.root = NULL;
    }
    *out = b.root;
    return status;
}

assay_status assay_json_parse(const char *text, size_t size, const char *where, json_t **out, assay_error *err)
{
    return assay_json_parse_as(text, size, where, &(assay_json_reading){.most = ASSAY_JSON_TREE_MAX}, out, err);
}

json_t *assay_json_value(const char *text)
{
    json_t *value;
    const assay_json_reading reading = {.world = true};
    return assay_json_parse_as(text, strlen(text), "a value", &reading, &value, NULL) == ASSAY_OK ? value : NULL;
}

static const char *marked(const json_t *value, const char *mark)
{
    return json_object_size(value) == 1 ? json_string_value(json_object_get(value, mark)) : NULL;
}

const char *assay_json_number_text(const json_t *value)
{
    const char *text = marked(value, number_mark);
    return text && !strpbrk(text, "NI") ? text : NULL;
}

const char *assay_json_unreadable(const json_t *value)
{
    const char *text = marked(value, number_mark);
    if (marked(value, text_mark)) return "a text with half a surrogate pair";
    if (!text) return NULL;
    if (strpbrk(text, "NI")) return text;
    return strpbrk(text, ".eE") ? "a number beyond what a double holds" : "a whole number beyond 64 bits";
}

json_t *assay_json_lent(const json_t *value) { return (json_t *)(uintptr_t)value; }

const char *assay_json_any_unreadable(const json_t *value)
{
    const char *key, *reason = assay_json_unreadable(value);
    json_t *inner;
    size_t i;
    if (reason) return reason;
    json_array_foreach(value, i, inner) if ((reason = assay_json_any_unreadable(inner))) return reason;
    json_object_foreach(assay_json_lent(value), key,
                        inner) if ((reason = assay_json_any_unreadable(inner))) return reason;
    return NULL;
}
