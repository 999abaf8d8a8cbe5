/* From text to jansson's values and back, without jansson's own reader and with an eye on its writer.
 *
 * jansson's lexer goes on when its buffer cannot grow: a byte is missing from the text, a string is decoded beyond its
 * end, or an assertion ends the program. So documents are read with base/json_pull.h, which allocates nothing, and
 * everything put into the tree is checked. The containers around the current place are a stack of borrowed references:
 * each went into its parent before anything went into it, so the root owns all, always.
 *
 * jansson's writer does not look whether a key could be written. So the sink remembers its first failure and takes
 * nothing behind it. */
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
} builder;

static assay_status out_of_memory(const builder *b, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the JSON of %s", b->pull.where);
}

static assay_status decode(const builder *b, token_text *text, assay_error *err)
{
    void *data = text->data;
    size_t needed;
    bool fits = assay_add_size(b->pull.token_size, 1, &needed);
    if (!fits || assay_grow(&data, &text->capacity, needed, 1, NULL) != ASSAY_OK) return out_of_memory(b, err);
    text->data = data;
    text->size = assay_json_pull_text(&b->pull, text->data);
    text->data[text->size] = 0;
    return ASSAY_OK;
}

static assay_status read_key(builder *b, assay_error *err)
{
    ASSAY_TRY(decode(b, &b->key, err));
    if (memchr(b->key.data, 0, b->key.size))
        return assay_json_pull_error(&b->pull, err, "a key with a zero byte inside");
    if (json_object_get(b->open[b->pull.depth - 1], b->key.data))
        return assay_json_pull_error(&b->pull, err, "duplicate key \"%s\"", b->key.data);
    return ASSAY_OK;
}

static bool is_exactly(double real, const char *digits)
{
    char text[330]; /* DBL_MAX has 309 digits */
    assay_text_format(text, sizeof text, "%.0f", real);
    return strcmp(text, digits) == 0;
}

/* A whole number beyond 64 bits is taken when a double holds it without loss: the 10^30 of many a "model_max_length",
 * as Python wrote it. */
static assay_status make_number(builder *b, json_t **out, assay_error *err)
{
    b->pull.escaped = false;
    ASSAY_TRY(decode(b, &b->value, err));
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
        *out = json_stringn_nocheck(b->value.data, b->value.size);
    }
    return ASSAY_OK;
}

static assay_status add_value(builder *b, assay_error *err)
{
    json_t *value = NULL;
    ASSAY_TRY(make_value(b, &value, err));
    bool container = b->pull.event == ASSAY_JSON_OBJECT || b->pull.event == ASSAY_JSON_ARRAY;
    int level = b->pull.depth - container;
    json_t *parent = level ? b->open[level - 1] : NULL;
    if (container) b->open[level] = value;
    if (!parent) b->root = value;
    bool failed = !parent                 ? !value
                  : json_is_array(parent) ? json_array_append_new(parent, value) != 0
                                          : json_object_set_new_nocheck(parent, b->key.data, value) != 0;
    return failed ? out_of_memory(b, err) : ASSAY_OK;
}

static assay_status build(builder *b, assay_error *err)
{
    for (;;) {
        ASSAY_TRY(assay_json_pull_next(&b->pull, err));
        switch (b->pull.event) {
        case ASSAY_JSON_END:
            return ASSAY_OK;
        case ASSAY_JSON_OBJECT_END:
        case ASSAY_JSON_ARRAY_END:
            break;
        case ASSAY_JSON_KEY:
            ASSAY_TRY(read_key(b, err));
            break;
        default:
            ASSAY_TRY(add_value(b, err));
        }
    }
}

assay_status assay_json_parse(const char *text, size_t size, const char *where, json_t **out, assay_error *err)
{
    builder b = {0};
    assay_json_pull_init(&b.pull, text, size, where);
    b.pull.document = true;
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

json_t *assay_json_value(const char *text)
{
    json_t *value;
    return assay_json_parse(text, strlen(text), "a value", &value, NULL) == ASSAY_OK ? value : NULL;
}

typedef struct sink {
    assay_buf *out;
    assay_status status;
    assay_error *err;
} sink;

static int take(const char *bytes, size_t size, void *context)
{
    sink *s = context;
    if (s->status == ASSAY_OK) s->status = assay_buf_append(s->out, bytes, size, s->err);
    return s->status == ASSAY_OK ? 0 : -1;
}

assay_status assay_json_append(const json_t *value, size_t flags, assay_buf *out, assay_error *err)
{
    sink s = {out, ASSAY_OK, err};
    size_t before = out->size;
    if (json_dump_callback(value, take, &s, flags) == 0) return ASSAY_OK;
    out->size = before;
    if (out->data) out->data[before] = 0;
    return s.status != ASSAY_OK ? s.status : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for writing JSON");
}

char *assay_json_dump(const json_t *value, size_t flags)
{
    assay_buf out;
    assay_buf_init(&out, SIZE_MAX / 4);
    if (assay_json_append(value, flags, &out, NULL) == ASSAY_OK) return assay_buf_take(&out, NULL);
    assay_buf_release(&out);
    return NULL;
}
