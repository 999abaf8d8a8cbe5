/* NFC, NFD, NFKC, NFKD. utf8proc decomposes single characters and composes runs; the ordering of marks between the two
 * is ours, because its own is quadratic in the length of a run of marks. Characters younger than the reference's
 * normaliser are starters that nothing composes with: the text is worked piecewise between them. */
#include "text/text_normalizer.h"
#include "text/unicode.h"

#include <string.h>
#include <utf8proc.h>

typedef struct codes {
    int32_t *data;
    size_t count, capacity;
} codes;

static assay_status codes_reserve(codes *list, size_t needed, assay_error *err)
{
    ASSAY_TRY(assay_grow(&list->data, &list->capacity, needed, sizeof(int32_t), err));
    return ASSAY_OK;
}

static assay_status code_decompose(codes *list, int32_t code, utf8proc_option_t options, assay_error *err)
{
    int boundary = 0;
    for (size_t room = 8;;) {
        ASSAY_TRY(codes_reserve(list, list->count + room, err));
        utf8proc_ssize_t length =
            utf8proc_decompose_char(code, list->data + list->count, (utf8proc_ssize_t)room, options, &boundary);
        if (length < 0) return assay_error_set(err, ASSAY_E_FORMAT, "U+%04X cannot be decomposed", (unsigned)code);
        if ((size_t)length <= room) return list->count += (size_t)length, ASSAY_OK;
        room = (size_t)length;
    }
}

static unsigned mark_class(int32_t code)
{
    return code < 0x300 ? 0 : (unsigned)utf8proc_get_property(code)->combining_class;
}

/* Stable counting sort of one run of marks by combining class. */
static assay_status marks_sort(int32_t *marks, size_t count, codes *spare, assay_error *err)
{
    size_t places[257] = {0};
    for (size_t i = 0; i < count; i++) places[mark_class(marks[i]) + 1]++;
    for (size_t i = 0; i < 256; i++) places[i + 1] += places[i];
    ASSAY_TRY(codes_reserve(spare, count, err));
    memcpy(spare->data, marks, count * sizeof(*marks));
    for (size_t i = 0; i < count; i++) marks[places[mark_class(spare->data[i])]++] = spare->data[i];
    return ASSAY_OK;
}

static assay_status codes_order(codes *list, codes *spare, assay_error *err)
{
    for (size_t i = 0; i < list->count;) {
        size_t end = i;
        while (end < list->count && mark_class(list->data[end])) end++;
        if (end - i > 1) ASSAY_TRY(marks_sort(list->data + i, end - i, spare, err));
        i = end + (end == i);
    }
    return ASSAY_OK;
}

static assay_status codes_put(const int32_t *data, size_t count, assay_buf *out, assay_error *err)
{
    char bytes[1024];
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        used += assay_utf8_put(bytes + used, data[i]);
        if (used < sizeof(bytes) - 4 && i + 1 < count) continue;
        ASSAY_TRY(assay_buf_append(out, bytes, used, err));
        used = 0;
    }
    return ASSAY_OK;
}

static assay_status run_finish(codes *list, codes *spare, bool compose, assay_buf *out, assay_error *err)
{
    if (!list->count) return ASSAY_OK;
    ASSAY_TRY(codes_order(list, spare, err));
    utf8proc_ssize_t length = (utf8proc_ssize_t)list->count;
    if (compose) length = utf8proc_normalize_utf32(list->data, length, UTF8PROC_STABLE | UTF8PROC_COMPOSE);
    list->count = 0;
    if (length < 0)
        return assay_error_set(err, ASSAY_E_FORMAT, "the text cannot be normalised: %s", utf8proc_errmsg(length));
    return codes_put(list->data, (size_t)length, out, err);
}

static assay_status form_run(const char *text, size_t size, bool compose, bool compatibility, bool current, codes *work,
                             assay_buf *out, assay_error *err)
{
    utf8proc_option_t options = UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | (compatibility ? UTF8PROC_COMPAT : 0);
    size_t length;
    for (size_t at = 0; at < size; at += length) {
        int32_t code = assay_utf8_get(text + at, &length);
        if (code >= 0x300 && !current && assay_char_is_inert(code, compatibility)) {
            ASSAY_TRY(run_finish(&work[0], &work[1], compose, out, err));
            ASSAY_TRY(assay_buf_append(out, text + at, length, err));
        } else {
            ASSAY_TRY(code_decompose(&work[0], code, options, err));
        }
    }
    return run_finish(&work[0], &work[1], compose, out, err);
}

/* Below U+0300 every text is in NFC already, and ASCII is in all forms. */
static bool form_is_plain(const char *text, size_t size, bool nfc)
{
    unsigned char limit = nfc ? 0xcc : 0x80; /* U+0300 begins with the byte CC */
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)text[i] >= limit) return false;
    return true;
}

assay_status assay_unicode_form(const char *text, size_t size, bool compose, bool compatibility, bool current,
                                assay_buf *out, assay_error *err)
{
    if (form_is_plain(text, size, compose && !compatibility)) return assay_buf_append(out, text, size, err);
    codes work[2] = {{0}};
    assay_status status = form_run(text, size, compose, compatibility, current, work, out, err);
    assay_free(work[0].data);
    assay_free(work[1].data);
    return status;
}
