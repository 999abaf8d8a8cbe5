#include "tokenizer/token_json.h"

#include "base/buf.h"
#include "base/text.h"

static assay_status append_token(const assay_tokenizer *tokenizer, int32_t id, assay_buf *text, assay_error *err)
{
    char bytes[256];
    size_t size = assay_tokenizer_token_bytes(tokenizer, id, bytes, sizeof bytes);
    if (size <= sizeof bytes) return size ? assay_buf_append(text, bytes, size, err) : ASSAY_OK;
    char *large = assay_alloc(size, 1);
    ASSAY_TRY_ALLOC(large, "a token", err);
    assay_tokenizer_token_bytes(tokenizer, id, large, size);
    assay_status status = assay_buf_append(text, large, size, err);
    assay_free(large);
    return status;
}

/* The bytes of ids as a JSON string: an id may end inside a character, whose bytes then read \ufffd. */
static json_t *text_json(const char *bytes, size_t size)
{
    assay_buf text;
    assay_buf_init(&text, SIZE_MAX / 4);
    assay_status status = ASSAY_OK;
    for (size_t at = 0; at < size && status == ASSAY_OK;) {
        size_t valid = assay_text_valid(bytes + at, size - at);
        if (valid) status = assay_buf_append(&text, bytes + at, valid, NULL);
        at += valid;
        if (at < size && status == ASSAY_OK) status = assay_buf_text(&text, ASSAY_TEXT_NO_CHARACTER, NULL);
        at += at < size;
    }
    json_t *value = status == ASSAY_OK ? json_stringn(text.data ? text.data : "", text.size) : NULL;
    assay_buf_release(&text);
    return value;
}

json_t *assay_token_run_json(const assay_tokenizer *tokenizer, const int32_t *ids, size_t count)
{
    assay_buf bytes;
    assay_buf_init(&bytes, SIZE_MAX / 4);
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < count && status == ASSAY_OK; i++) status = append_token(tokenizer, ids[i], &bytes, NULL);
    json_t *value = status == ASSAY_OK ? text_json(bytes.data, bytes.size) : NULL;
    assay_buf_release(&bytes);
    return value;
}

json_t *assay_token_json(const assay_tokenizer *tokenizer, int32_t id)
{
    assay_buf bytes;
    assay_buf_init(&bytes, SIZE_MAX / 4);
    json_t *text = NULL;
    if (append_token(tokenizer, id, &bytes, NULL) == ASSAY_OK)
        text = json_stringn(bytes.data ? bytes.data : "", bytes.size);
    assay_buf_release(&bytes);
    return text ? text : json_string(ASSAY_TEXT_NO_CHARACTER);
}

json_t *assay_token_stored_json(const assay_tokenizer *tokenizer, int32_t id)
{
    const char *token = assay_tokenizer_token(tokenizer, id);
    json_t *text = token ? json_string(token) : NULL;
    return text ? text : json_string(ASSAY_TEXT_NO_CHARACTER);
}
