#include "tokenizer/tokenizer.h"

#include "base/file.h"
#include "base/text.h"
#include "text/pre_tokenizer.h"
#include "text/unicode.h"
#include "tokenizer/sp_model.h"
#include "tokenizer/tokenizer_kind.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void assay_tokenizer_close(assay_tokenizer *tokenizer)
{
    if (!tokenizer) return;
    if (tokenizer->kind) tokenizer->kind->release(tokenizer->state);
    assay_token_map_release(&tokenizer->vocab);
    assay_added_tokens_release(&tokenizer->added);
    assay_ids_release(&tokenizer->prefix);
    assay_ids_release(&tokenizer->suffix);
    assay_free(tokenizer->class_name);
    assay_named_templates_release(&tokenizer->templates);
    assay_free(tokenizer->note);
    assay_free(tokenizer);
}

static assay_status ids_append(assay_ids *ids, const assay_ids *more, assay_error *err)
{
    for (size_t i = 0; i < more->count; i++) ASSAY_TRY(assay_ids_push(ids, more->data[i], err));
    return ASSAY_OK;
}

void assay_tokenizer_limit(assay_tokenizer *tokenizer, int32_t rows)
{
    if (rows < tokenizer->info.rows) tokenizer->info.rows = rows;
}

assay_status assay_tokenizer_check(const assay_tokenizer *tokenizer, const assay_ids *ids, size_t first,
                                   assay_error *err)
{
    const assay_tokenizer_info *info = &tokenizer->info;
    for (size_t i = first; i < ids->count && info->rows < info->vocab_size; i++) {
        if (ids->data[i] < info->rows) continue;
        const char *text = assay_tokenizer_token(tokenizer, ids->data[i]);
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "the text contains the token \"%.80s\" with the id %d, but the model's embedding has %d "
                               "rows: tokenizer and model do not belong together, or the embedding was never enlarged",
                               text ? text : "", (int)ids->data[i], (int)info->rows);
    }
    return ASSAY_OK;
}

assay_status assay_tokenizer_encode(const assay_tokenizer *tokenizer, const char *text, size_t size, unsigned flags,
                                    assay_ids *ids, assay_error *err)
{
    if (size > INT32_MAX)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "a text of %zu bytes is too long to encode at once", size);
    size_t valid = assay_text_valid(text, size);
    if (valid != size) return assay_error_set(err, ASSAY_E_FORMAT, "the text is not valid UTF-8 at byte %zu", valid);
    size_t first = ids->count;
    if (flags & ASSAY_ENCODE_ADD_SPECIAL) ASSAY_TRY(ids_append(ids, &tokenizer->prefix, err));
    ASSAY_TRY(tokenizer->kind->encode(tokenizer, text, size, flags, ids, err));
    if (flags & ASSAY_ENCODE_ADD_SPECIAL) ASSAY_TRY(ids_append(ids, &tokenizer->suffix, err));
    return assay_tokenizer_check(tokenizer, ids, first, err);
}

int32_t assay_tokenizer_find(const assay_tokenizer *tokenizer, const char *content)
{
    for (size_t id = (size_t)tokenizer->appended; id && id < tokenizer->vocab.count; id++)
        if (tokenizer->vocab.tokens[id].text && strcmp(tokenizer->vocab.tokens[id].text, content) == 0)
            return (int32_t)id;
    return assay_token_map_find(&tokenizer->vocab, content, strlen(content));
}

int32_t assay_tokenizer_find_added(const assay_tokenizer *tokenizer, const char *content)
{
    int32_t id = assay_tokenizer_find(tokenizer, content);
    return id >= 0 && tokenizer->vocab.tokens[id].added ? id : -1;
}

const char *assay_tokenizer_token(const assay_tokenizer *tokenizer, int32_t id)
{
    return id < 0 || (size_t)id >= tokenizer->vocab.count ? NULL : tokenizer->vocab.tokens[id].text;
}

const assay_tokenizer_info *assay_tokenizer_about(const assay_tokenizer *tokenizer) { return &tokenizer->info; }

typedef struct writer {
    char *text;
    size_t room, length;
} writer;

static void put(writer *out, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++, out->length++)
        if (out->length < out->room) out->text[out->length] = bytes[i];
}

/* <0xXX>, the byte pieces of SentencePiece; -1 for any other text. */
static int byte_piece(const assay_token *token)
{
    char *end;
    if (token->size != 6 || strncmp(token->text, "<0x", 3) != 0 || !isxdigit((unsigned char)token->text[3])) return -1;
    long byte = strtol(token->text + 3, &end, 16);
    return end == token->text + 5 && *end == '>' ? (int)byte : -1;
}

size_t assay_tokenizer_token_bytes(const assay_tokenizer *tokenizer, int32_t id, char *text, size_t size)
{
    writer out = {text, size, 0};
    if (!assay_tokenizer_token(tokenizer, id)) return 0;
    const assay_token *token = &tokenizer->vocab.tokens[id];
    int whole = token->added || tokenizer->byte_alphabet ? -1 : byte_piece(token);
    if (whole >= 0) return put(&out, &(char){(char)whole}, 1), 1;
    size_t length;
    for (size_t at = 0; at < token->size; at += length) {
        int32_t code = assay_utf8_get(token->text + at, &length);
        int byte = tokenizer->byte_alphabet ? assay_byte_from_char(code) : code == 0x2581 ? ' ' : -1;
        if (token->added || byte < 0) put(&out, token->text + at, length);
        else put(&out, &(char){(char)byte}, 1);
    }
    return out.length;
}
