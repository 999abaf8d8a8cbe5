/* Normalizers that drop, keep or replace single characters (BertNormalizer, StripAccents, Nmt), and the one that a
 * SentencePiece model brings as a blob (Precompiled). Sources: `tokenizers`, normalizers/bert.rs, strip.rs, unicode.rs,
 * precompiled.rs. */
#include "text/normalizer_step.h"

#include "text/base64.h"
#include "text/text_normalizer.h"
#include "text/unicode.h"

#include <string.h>

typedef assay_normalizer_step step;

/* ---- BertNormalizer ---- */

static assay_status bert_read(step *added, const json_t *node, const char *where, assay_error *err)
{
    added->clean = added->chinese = added->lowered = true;
    ASSAY_TRY(assay_json_bool(node, "clean_text", false, &added->clean, where, err));
    ASSAY_TRY(assay_json_bool(node, "handle_chinese_chars", false, &added->chinese, where, err));
    ASSAY_TRY(assay_json_bool(node, "lowercase", false, &added->lowered, where, err));
    added->no_accents = added->lowered; /* what null means */
    return assay_json_bool(node, "strip_accents", false, &added->no_accents, where, err);
}

static bool is_ideograph(int32_t code)
{
    return (code >= 0x4e00 && code <= 0x9fff) || (code >= 0x3400 && code <= 0x4dbf) ||
           (code >= 0x20000 && code <= 0x2a6df) || (code >= 0x2a700 && code <= 0x2b73f) ||
           (code >= 0x2b740 && code <= 0x2b81f) || (code >= 0x2b920 && code <= 0x2ceaf) ||
           (code >= 0xf900 && code <= 0xfaff) || (code >= 0x2f800 && code <= 0x2fa1f);
}

/* What stands for a character after cleaning: itself, a space, or nothing (-1). */
static int32_t cleaned(int32_t code)
{
    if (code == '\t' || code == '\n' || code == '\r') return ' ';
    if (!code || code == 0xfffd || assay_char_is_control(code)) return -1;
    return assay_char_is_space(code) ? ' ' : code;
}

static assay_status code_put(const step *this, int32_t code, assay_buf *out, assay_error *err)
{
    char bytes[6];
    size_t size = 0;
    if (this->clean) code = cleaned(code);
    if (code < 0) return ASSAY_OK;
    bool apart = this->chinese && is_ideograph(code);
    if (apart) bytes[size++] = ' ';
    size += assay_utf8_put(bytes + size, code);
    if (apart) bytes[size++] = ' ';
    return assay_buf_append(out, bytes, size, err);
}

static assay_status clean_run(const step *this, const char *text, size_t size, assay_buf *out, bool *front,
                              assay_error *err)
{
    size_t length;
    if (size && this->clean && cleaned(assay_utf8_get(text, &length)) < 0) *front = false;
    for (size_t at = 0; at < size; at += length)
        ASSAY_TRY(code_put(this, assay_utf8_get(text + at, &length), out, err));
    return ASSAY_OK;
}

/* Characters for which `drop` holds vanish; the rest becomes small where wanted. */
static assay_status kept_write(const char *text, size_t size, bool (*drop)(int32_t), bool lowered, assay_buf *out,
                               bool *front, assay_error *err)
{
    size_t length;
    if (size && drop && drop(assay_utf8_get(text, &length))) *front = false;
    for (size_t at = 0; at < size; at += length) {
        char bytes[4];
        int32_t code = assay_utf8_get(text + at, &length);
        if (drop && drop(code)) continue;
        if (lowered && code == 0x130) ASSAY_TRY(assay_buf_append(out, "i\xcc\x87", 3, err));
        else if (lowered) ASSAY_TRY(assay_buf_append(out, bytes, assay_utf8_put(bytes, assay_char_lower(code)), err));
        else ASSAY_TRY(assay_buf_append(out, text + at, length, err));
    }
    return ASSAY_OK;
}

static assay_status accents_lower_run(const step *this, const char *text, size_t size, assay_buf *out, bool *front,
                                      assay_error *err)
{
    if (!this->no_accents) return kept_write(text, size, NULL, this->lowered, out, front, err);
    assay_buf apart;
    assay_buf_init(&apart, assay_normal_ceiling(size));
    assay_status status = assay_unicode_form(text, size, false, false, false, &apart, err);
    if (status == ASSAY_OK && apart.size)
        status = kept_write(apart.data, apart.size, assay_char_is_nonspacing, this->lowered, out, front, err);
    assay_buf_release(&apart);
    return status;
}

static assay_status bert_run(const step *this, const char *text, size_t size, assay_buf *out, bool *front,
                             assay_error *err)
{
    assay_buf clean;
    assay_buf_init(&clean, assay_normal_ceiling(size));
    assay_status status = clean_run(this, text, size, &clean, front, err);
    if (status == ASSAY_OK && clean.size) status = accents_lower_run(this, clean.data, clean.size, out, front, err);
    assay_buf_release(&clean);
    return status;
}

const assay_normalizer_kind assay_normalizer_bert = {"BertNormalizer", bert_read, bert_run};

/* ---- StripAccents, Nmt ---- */

static assay_status nothing_read(step *added, const json_t *node, const char *where, assay_error *err)
{
    (void)added, (void)node, (void)where, (void)err;
    return ASSAY_OK;
}

static assay_status strip_accents_run(const step *this, const char *text, size_t size, assay_buf *out, bool *front,
                                      assay_error *err)
{
    (void)this;
    return kept_write(text, size, assay_char_is_mark, false, out, front, err);
}

const assay_normalizer_kind assay_normalizer_strip_accents = {"StripAccents", nothing_read, strip_accents_run};

static bool nmt_drops(int32_t code)
{
    return (code >= 1 && code <= 8) || code == 0x0b || (code >= 0x0e && code <= 0x1f) || code == 0x7f || code == 0x8f ||
           code == 0x9f;
}

static bool nmt_space(int32_t code)
{
    return code == 9 || code == 10 || code == 12 || code == 13 || code == 0x1680 ||
           (code >= 0x200b && code <= 0x200f) || code == 0x2028 || code == 0x2029 || code == 0x2581 || code == 0xfeff ||
           code == 0xfffd;
}

static assay_status nmt_run(const step *this, const char *text, size_t size, assay_buf *out, bool *front,
                            assay_error *err)
{
    size_t length;
    (void)this;
    if (size && nmt_drops(assay_utf8_get(text, &length))) *front = false;
    for (size_t at = 0; at < size; at += length) {
        int32_t code = assay_utf8_get(text + at, &length);
        if (nmt_drops(code)) continue;
        ASSAY_TRY(nmt_space(code) ? assay_buf_byte(out, ' ', err) : assay_buf_append(out, text + at, length, err));
    }
    return ASSAY_OK;
}

const assay_normalizer_kind assay_normalizer_nmt = {"Nmt", nothing_read, nmt_run};

/* ---- Precompiled ---- */

static assay_status precompiled_read(step *added, const json_t *node, const char *where, assay_error *err)
{
    const char *text = NULL;
    size_t size = 0;
    ASSAY_TRY(assay_json_string(node, "precompiled_charsmap", true, &text, where, err));
    char *blob = assay_base64_decode(text, strlen(text), &size);
    if (!blob) return assay_error_set(err, ASSAY_E_FORMAT, "%s: precompiled_charsmap is no base64", where);
    assay_status status = assay_charsmap_read(&added->charsmap, blob, size, where, err);
    assay_free(blob);
    return status;
}

static assay_status precompiled_run(const step *this, const char *text, size_t size, assay_buf *out, bool *front,
                                    assay_error *err)
{
    (void)front;
    return assay_charsmap_run(&this->charsmap, text, size, out, err);
}

const assay_normalizer_kind assay_normalizer_precompiled = {"Precompiled", precompiled_read, precompiled_run};
