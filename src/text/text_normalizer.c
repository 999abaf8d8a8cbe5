#include "text/text_normalizer.h"

#include "text/normalizer_step.h"
#include "text/unicode.h"

#include <string.h>

typedef assay_normalizer_step step;

void assay_normalizer_release(assay_normalizer *normalizer)
{
    for (size_t i = 0; i < normalizer->count; i++) {
        assay_free(normalizer->steps[i].content);
        assay_split_pattern_free(normalizer->steps[i].pattern);
        assay_charsmap_release(&normalizer->steps[i].charsmap);
    }
    assay_free(normalizer->steps);
    *normalizer = (assay_normalizer){0};
}

static assay_status step_add(assay_normalizer *normalizer, const assay_normalizer_kind *kind, step **out,
                             assay_error *err)
{
    ASSAY_TRY(assay_grow(&normalizer->steps, &normalizer->capacity, normalizer->count + 1, sizeof(step), err));
    *out = &normalizer->steps[normalizer->count++];
    **out = (step){.kind = kind};
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

static assay_status form_read(step *added, const json_t *node, const char *where, assay_error *err)
{
    const char *type = added->kind->name;
    (void)node, (void)where, (void)err;
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

static assay_status prepend_read(step *added, const json_t *node, const char *where, assay_error *err)
{
    return content_read(added, node, "prepend", where, err);
}

static assay_status nothing_read(step *added, const json_t *node, const char *where, assay_error *err)
{
    (void)added, (void)node, (void)where, (void)err;
    return ASSAY_OK;
}

static assay_status form_run(const step *this, const char *text, size_t size, assay_buf *out, bool *front,
                             assay_error *err)
{
    (void)front;
    return assay_unicode_form(text, size, this->compose, this->compatibility, this->current, out, err);
}

static assay_status prepend_run(const step *this, const char *text, size_t size, assay_buf *out, bool *front,
                                assay_error *err)
{
    (void)front;
    if (size) ASSAY_TRY(assay_buf_append(out, this->content, this->content_size, err));
    return assay_buf_append(out, text, size, err);
}

static assay_status lowercase_run(const step *this, const char *text, size_t size, assay_buf *out, bool *front,
                                  assay_error *err)
{
    (void)front;
    size_t length;
    (void)this;
    for (size_t at = 0; at < size; at += length) {
        char bytes[4];
        int32_t code = assay_utf8_get(text + at, &length);
        /* the one letter whose small form is two */
        if (code == 0x130) ASSAY_TRY(assay_buf_append(out, "i\xcc\x87", 3, err));
        else ASSAY_TRY(assay_buf_append(out, bytes, assay_utf8_put(bytes, assay_char_lower(code)), err));
    }
    return ASSAY_OK;
}

static assay_status strip_run(const step *this, const char *text, size_t size, assay_buf *out, bool *front,
                              assay_error *err)
{
    size_t start = 0, end = size, length;
    while (this->left && start < end && assay_char_is_space(assay_utf8_get(text + start, &length))) start += length;
    while (this->right && end > start) {
        size_t before = end - 1;
        while (before > start && ((unsigned char)text[before] & 0xc0) == 0x80) before--;
        if (!assay_char_is_space(assay_utf8_get(text + before, &length))) break;
        end = before;
    }
    if (start) *front = false;
    return assay_buf_append(out, text + start, end - start, err);
}

static assay_status replace_run(const step *this, const char *text, size_t size, assay_buf *out, bool *front,
                                assay_error *err)
{
    size_t at = 0, start = 0, end = 0;
    bool found = true;
    assay_effort effort = assay_effort_for(size);
    assay_split_scan scan = {.text = text, .size = size, .effort = &effort};
    assay_status status = ASSAY_OK;
    while (status == ASSAY_OK && found) {
        status = assay_split_pattern_next(this->pattern, &scan, &found, &start, &end, err);
        if (status != ASSAY_OK || !found) break;
        if (!start && end && (!this->content_size || end > assay_utf8_length((unsigned char)text[0]))) *front = false;
        status = assay_buf_append(out, text + at, start - at, err);
        if (status == ASSAY_OK) status = assay_buf_append(out, this->content, this->content_size, err);
        at = end;
    }
    assay_split_scan_end(&scan);
    return status == ASSAY_OK ? assay_buf_append(out, text + at, size - at, err) : status;
}

static const assay_normalizer_kind form_nfc = {"NFC", form_read, form_run};
static const assay_normalizer_kind form_nfd = {"NFD", form_read, form_run};
static const assay_normalizer_kind form_nfkc = {"NFKC", form_read, form_run};
static const assay_normalizer_kind form_nfkd = {"NFKD", form_read, form_run};
static const assay_normalizer_kind lowercase = {"Lowercase", nothing_read, lowercase_run};
static const assay_normalizer_kind strip = {"Strip", strip_read, strip_run};
static const assay_normalizer_kind replace = {"Replace", replace_read, replace_run};
static const assay_normalizer_kind prepend = {"Prepend", prepend_read, prepend_run};

static const assay_normalizer_kind *const kinds[] = {&form_nfc,
                                                     &form_nfd,
                                                     &form_nfkc,
                                                     &form_nfkd,
                                                     &lowercase,
                                                     &strip,
                                                     &replace,
                                                     &prepend,
                                                     &assay_normalizer_bert,
                                                     &assay_normalizer_strip_accents,
                                                     &assay_normalizer_nmt,
                                                     &assay_normalizer_precompiled};

static assay_status sequence_read(assay_normalizer *normalizer, const json_t *node, const char *where, assay_error *err)
{
    const json_t *list = json_object_get(node, "normalizers");
    if (!json_is_array(list))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: a normalizer Sequence without \"normalizers\"", where);
    for (size_t i = 0; i < json_array_size(list); i++)
        ASSAY_TRY(assay_normalizer_read(normalizer, json_array_get(list, i), where, err));
    return ASSAY_OK;
}

assay_status assay_normalizer_read(assay_normalizer *normalizer, const json_t *node, const char *where,
                                   assay_error *err)
{
    const char *type = NULL;
    if (!node || json_is_null(node)) return ASSAY_OK;
    ASSAY_TRY(assay_json_string(node, "type", true, &type, where, err));
    if (strcmp(type, "Sequence") == 0) return sequence_read(normalizer, node, where, err);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        step *added;
        if (strcmp(type, kinds[i]->name) != 0) continue;
        ASSAY_TRY(step_add(normalizer, kinds[i], &added, err));
        return kinds[i]->read(added, node, where, err);
    }
    return assay_error_set(
        err, ASSAY_E_UNSUPPORTED,
        "%s: the normalizer type %s is not supported (there are Sequence, NFC, NFD, NFKC, NFKD, Lowercase, Strip, "
        "StripAccents, Replace, Prepend, BertNormalizer, Precompiled, Nmt)",
        where, type);
}

void assay_normalizer_make_current(assay_normalizer *normalizer)
{
    for (size_t i = 0; i < normalizer->count; i++) normalizer->steps[i].current = true;
}

assay_status assay_normalizer_run(const assay_normalizer *normalizer, const char *text, size_t size, assay_buf *out,
                                  assay_buf *spare, bool *front, assay_error *err)
{
    assay_buf_reset(out);
    if (!normalizer->count) return assay_buf_append(out, text, size, err);
    assay_effort effort = assay_effort_for(size);
    for (size_t i = 0; i < normalizer->count; i++) {
        const step *this = &normalizer->steps[i];
        if (!assay_effort_spend(&effort, (i ? out->size : size) + 1))
            return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                                   "the normalizer's %zu steps need too much on this text (more than %d steps a byte)",
                                   normalizer->count, ASSAY_EFFORT_PER_BYTE);
        assay_buf_reset(spare);
        ASSAY_TRY(this->kind->run(this, i ? out->data : text, i ? out->size : size, spare, front, err));
        assay_buf swapped = *out;
        *out = *spare;
        *spare = swapped;
    }
    if (!out->data) return assay_buf_append(out, "", 0, err);
    return ASSAY_OK;
}
