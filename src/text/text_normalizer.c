#include "text/text_normalizer.h"

#include "text/split_pattern.h"
#include "text/unicode.h"

#include <string.h>

typedef enum step_kind { STEP_FORM, STEP_LOWERCASE, STEP_STRIP, STEP_REPLACE, STEP_PREPEND } step_kind;

typedef struct assay_normalizer_step {
    step_kind kind;
    bool compose, compatibility; /* form */
    bool left, right;            /* strip */
    char *content;               /* replace, prepend */
    size_t content_size;
    assay_split_pattern *pattern; /* replace */
} step;

void assay_normalizer_release(assay_normalizer *normalizer)
{
    for (size_t i = 0; i < normalizer->count; i++) {
        assay_free(normalizer->steps[i].content);
        assay_split_pattern_free(normalizer->steps[i].pattern);
    }
    assay_free(normalizer->steps);
    *normalizer = (assay_normalizer){0};
}

static assay_status step_add(assay_normalizer *normalizer, step_kind kind, step **out, assay_error *err)
{
    void *steps = normalizer->steps;
    ASSAY_TRY(assay_grow(&steps, &normalizer->capacity, normalizer->count + 1, sizeof(step), err));
    normalizer->steps = steps;
    *out = &normalizer->steps[normalizer->count++];
    **out = (step){.kind = kind};
    return ASSAY_OK;
}

assay_status assay_normalizer_add_nfc(assay_normalizer *normalizer, assay_error *err)
{
    step *added;
    ASSAY_TRY(step_add(normalizer, STEP_FORM, &added, err));
    added->compose = true;
    return ASSAY_OK;
}

static assay_status content_read(step *added, const json_t *node, const char *key, const char *where, assay_error *err)
{
    const char *text = NULL;
    ASSAY_TRY(assay_json_string(node, key, true, &text, where, err));
    added->content_size = json_string_length(json_object_get(node, key));
    added->content = assay_strndup(text, added->content_size);
    ASSAY_TRY_ALLOC(added->content, where, err);
    return ASSAY_OK;
}

static assay_status sequence_read(assay_normalizer *normalizer, const json_t *node, const char *where, assay_error *err)
{
    const json_t *list = json_object_get(node, "normalizers");
    if (!json_is_array(list))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: a normalizer Sequence without \"normalizers\"", where);
    for (size_t i = 0; i < json_array_size(list); i++)
        ASSAY_TRY(assay_normalizer_read(normalizer, json_array_get(list, i), where, err));
    return ASSAY_OK;
}

static assay_status form_read(step *added, const char *type)
{
    added->compose = type[strlen(type) - 1] == 'C';
    added->compatibility = strlen(type) == 4;
    return ASSAY_OK;
}

static assay_status strip_read(step *added, const json_t *node, const char *where, assay_error *err)
{
    added->left = added->right = true;
    ASSAY_TRY(assay_json_bool(node, "strip_left", false, &added->left, where, err));
    return assay_json_bool(node, "strip_right", false, &added->right, where, err);
}

static assay_status replace_read(step *added, const json_t *node, const char *where, assay_error *err)
{
    ASSAY_TRY(content_read(added, node, "content", where, err));
    return assay_split_pattern_read(&added->pattern, json_object_get(node, "pattern"), where, err);
}

assay_status assay_normalizer_read(assay_normalizer *normalizer, const json_t *node, const char *where,
                                   assay_error *err)
{
    static const struct {
        const char *name;
        step_kind kind;
    } known[] = {{"NFC", STEP_FORM},        {"NFD", STEP_FORM},           {"NFKC", STEP_FORM},
                 {"NFKD", STEP_FORM},       {"Strip", STEP_STRIP},        {"Replace", STEP_REPLACE},
                 {"Prepend", STEP_PREPEND}, {"Lowercase", STEP_LOWERCASE}};
    const char *type = NULL;
    if (!node || json_is_null(node)) return ASSAY_OK;
    ASSAY_TRY(assay_json_string(node, "type", true, &type, where, err));
    if (strcmp(type, "Sequence") == 0) return sequence_read(normalizer, node, where, err);
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        step *added;
        if (strcmp(type, known[i].name) != 0) continue;
        ASSAY_TRY(step_add(normalizer, known[i].kind, &added, err));
        switch (known[i].kind) {
        case STEP_FORM:
            return form_read(added, type);
        case STEP_STRIP:
            return strip_read(added, node, where, err);
        case STEP_REPLACE:
            return replace_read(added, node, where, err);
        case STEP_PREPEND:
            return content_read(added, node, "prepend", where, err);
        case STEP_LOWERCASE:
            return ASSAY_OK;
        }
    }
    return assay_error_set(
        err, ASSAY_E_UNSUPPORTED,
        "%s: the normalizer type %s is not supported (there are Sequence, NFC, NFD, NFKC, NFKD, Lowercase, Strip, "
        "Replace, Prepend)",
        where, type);
}

static assay_status lowercase_run(const char *text, size_t size, assay_buf *out, assay_error *err)
{
    size_t length;
    for (size_t at = 0; at < size; at += length) {
        char bytes[4];
        int32_t code = assay_utf8_get(text + at, &length);
        /* the one letter whose small form is two */
        if (code == 0x130) ASSAY_TRY(assay_buf_append(out, "i\xcc\x87", 3, err));
        else ASSAY_TRY(assay_buf_append(out, bytes, assay_utf8_put(bytes, assay_char_lower(code)), err));
    }
    return ASSAY_OK;
}

static assay_status strip_run(const step *this, const char *text, size_t size, assay_buf *out, assay_error *err)
{
    size_t start = 0, end = size, length;
    while (this->left && start < end && assay_char_is_space(assay_utf8_get(text + start, &length))) start += length;
    while (this->right && end > start) {
        size_t before = end - 1;
        while (before > start && ((unsigned char)text[before] & 0xc0) == 0x80) before--;
        if (!assay_char_is_space(assay_utf8_get(text + before, &length))) break;
        end = before;
    }
    return assay_buf_append(out, text + start, end - start, err);
}

static assay_status replace_run(const step *this, const char *text, size_t size, assay_buf *out, assay_error *err)
{
    size_t at = 0, start = 0, end = 0;
    bool found = true;
    assay_split_scan scan = {.text = text, .size = size};
    assay_status status = ASSAY_OK;
    while (status == ASSAY_OK && found) {
        status = assay_split_pattern_next(this->pattern, &scan, &found, &start, &end, err);
        if (status != ASSAY_OK || !found) break;
        status = assay_buf_append(out, text + at, start - at, err);
        if (status == ASSAY_OK) status = assay_buf_append(out, this->content, this->content_size, err);
        at = end;
    }
    assay_split_scan_end(&scan);
    return status == ASSAY_OK ? assay_buf_append(out, text + at, size - at, err) : status;
}

static assay_status step_run(const step *this, const char *text, size_t size, assay_buf *out, assay_error *err)
{
    switch (this->kind) {
    case STEP_FORM:
        return assay_unicode_form(text, size, this->compose, this->compatibility, out, err);
    case STEP_LOWERCASE:
        return lowercase_run(text, size, out, err);
    case STEP_STRIP:
        return strip_run(this, text, size, out, err);
    case STEP_REPLACE:
        return replace_run(this, text, size, out, err);
    case STEP_PREPEND:
        if (size) ASSAY_TRY(assay_buf_append(out, this->content, this->content_size, err));
        return assay_buf_append(out, text, size, err);
    }
    return ASSAY_OK;
}

assay_status assay_normalizer_run(const assay_normalizer *normalizer, const char *text, size_t size, assay_buf *out,
                                  assay_buf *spare, assay_error *err)
{
    assay_buf_reset(out);
    if (!normalizer->count) return assay_buf_append(out, text, size, err);
    for (size_t i = 0; i < normalizer->count; i++) {
        assay_buf_reset(spare);
        ASSAY_TRY(step_run(&normalizer->steps[i], i ? out->data : text, i ? out->size : size, spare, err));
        assay_buf swapped = *out;
        *out = *spare;
        *spare = swapped;
    }
    if (!out->data) return assay_buf_append(out, "", 0, err);
    return ASSAY_OK;
}
