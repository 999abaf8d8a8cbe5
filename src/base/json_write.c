/* From jansson's values to text.
 *
 * jansson's writer does not look whether a key could be written. So the sink remembers its first failure and takes
 * nothing behind it. An unreadable number (base/json_doc.h) is an object {"\1": "digits"} to jansson: in what was
 * written a brace, blanks and such a key stand for one and for nothing else, since a quote inside a text is escaped. */
#include "base/json_doc.h"

#include <string.h>

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

static const char *behind_blanks(const char *at) { return at + strspn(at, " \n"); }

/* Bytes of the unreadable number at `at`, 0: there is none; its digits are *digits. */
static size_t number_at(const char *at, const char **digits, size_t *count)
{
    static const char key[] = "\"\\u0001\":";
    const char *from = *at == '{' ? behind_blanks(at + 1) : at;
    if (from == at || strncmp(from, key, sizeof key - 1) != 0) return 0;
    from = behind_blanks(from + sizeof key - 1);
    if (*from != '"') return 0;
    *digits = from + 1;
    *count = strcspn(*digits, "\"");
    from = behind_blanks(*digits + *count + 1);
    return *from == '}' ? (size_t)(from + 1 - at) : 0;
}

static void write_numbers(assay_buf *out, size_t from)
{
    if (!out->data || !strstr(out->data + from, "\"\\u0001\":")) return;
    char *to = out->data + from;
    for (const char *at = to, *end = out->data + out->size; at < end;) {
        const char *digits = at;
        size_t count = 1, size = number_at(at, &digits, &count);
        memmove(to, digits, count);
        to += count;
        at += size ? size : 1;
    }
    out->size = (size_t)(to - out->data);
    *to = 0;
}

assay_status assay_json_append(const json_t *value, size_t flags, assay_buf *out, assay_error *err)
{
    sink s = {out, ASSAY_OK, err};
    size_t before = out->size;
    if (json_dump_callback(value, take, &s, flags) == 0) {
        write_numbers(out, before);
        return ASSAY_OK;
    }
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
