#include "tokenizer/tokenizer.h"

#include "base/file.h"
#include "tokenizer/pre_tokenizer.h"
#include "tokenizer/sp_model.h"
#include "tokenizer/tokenizer_kind.h"
#include "tokenizer/unicode.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void assay_ids_release(assay_ids *ids)
{
    assay_free(ids->data);
    *ids = (assay_ids){0};
}

assay_status assay_ids_push(assay_ids *ids, int32_t id, assay_error *err)
{
    if (ids->count == ids->capacity) {
        void *data = ids->data;
        ASSAY_TRY(assay_grow(&data, &ids->capacity, ids->count + 1, sizeof(*ids->data), err));
        ids->data = data;
    }
    ids->data[ids->count++] = id;
    return ASSAY_OK;
}

assay_status assay_tokenizer_add_token(assay_tokenizer *tokenizer, const char *content, size_t size,
                                       assay_added_token token, const char *sought, size_t sought_size,
                                       assay_error *err)
{
    int32_t known = assay_token_map_find(&tokenizer->vocab, content, size);
    if (known >= 0) token.id = known;
    else ASSAY_TRY(assay_token_map_add(&tokenizer->vocab, content, size, token.id, err));
    tokenizer->vocab.tokens[token.id].added = true;
    return assay_added_tokens_add(&tokenizer->added, token, sought, sought_size, err);
}

assay_status assay_tokenizer_split_added(const assay_tokenizer *tokenizer, const assay_piece_trie *trie,
                                         const char *text, size_t size, bool first, unsigned flags, assay_ids *ids,
                                         assay_piece_sink *piece, void *context, assay_error *err)
{
    assay_added_scan scan = {.text = text, .size = size, .skip_special = !(flags & ASSAY_ENCODE_SPECIAL_TEXT)};
    assay_added_match match;
    size_t done = 0;
    while (assay_added_tokens_next(&tokenizer->added, trie, &scan, &match)) {
        if (match.start > done) ASSAY_TRY(piece(context, text + done, match.start - done, first && !done, err));
        ASSAY_TRY(assay_ids_push(ids, match.id, err));
        done = match.end;
    }
    return size > done ? piece(context, text + done, size - done, first && !done, err) : ASSAY_OK;
}

static int32_t token_or_none(const assay_tokenizer *tokenizer, const char *content, int32_t otherwise)
{
    int32_t id = content ? assay_tokenizer_find(tokenizer, content) : -1;
    return id >= 0 ? id : otherwise;
}

static assay_status text_keep(char **kept, const char **shown, const char *text, assay_error *err)
{
    if (!text) return ASSAY_OK;
    *kept = assay_strdup(text);
    ASSAY_TRY_ALLOC(*kept, "a tokenizer", err);
    *shown = *kept;
    return ASSAY_OK;
}

static assay_status vocabulary_read(assay_tokenizer *tokenizer, const char *folder,
                                    const assay_tokenizer_config *config, assay_error *err)
{
    char *json = assay_path_join(folder, "tokenizer.json"), *model = assay_path_join(folder, "tokenizer.model");
    assay_status status;
    if (!json || !model) status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a path");
    else if (assay_path_exists(json)) status = assay_tokenizer_json_read(tokenizer, json, config, err);
    else if (assay_path_exists(model)) status = assay_sp_tokenizer_read(tokenizer, folder, model, config, err);
    else
        status = assay_error_set(err, ASSAY_E_IO,
                                 "%s: no tokenizer.json and no tokenizer.model in it; copy the tokenizer's files there",
                                 folder);
    assay_free(json);
    assay_free(model);
    return status;
}

static assay_status folder_read(assay_tokenizer *tokenizer, const char *folder, const assay_tokenizer_config *config,
                                assay_error *err)
{
    ASSAY_TRY(vocabulary_read(tokenizer, folder, config, err));
    ASSAY_TRY(text_keep(&tokenizer->class_name, &tokenizer->info.class_name, config->class_name, err));
    ASSAY_TRY(text_keep(&tokenizer->chat_template, &tokenizer->info.chat_template, config->chat_template, err));
    assay_tokenizer_info *info = &tokenizer->info;
    info->bos = token_or_none(tokenizer, config->bos, info->bos);
    info->eos = token_or_none(tokenizer, config->eos, info->eos);
    info->pad = token_or_none(tokenizer, config->pad, info->pad);
    info->unk = token_or_none(tokenizer, config->unk, info->unk);
    return ASSAY_OK;
}

static assay_status folder_open(assay_tokenizer *tokenizer, const char *folder, assay_error *err)
{
    assay_tokenizer_config config = {0};
    assay_status status = assay_tokenizer_config_read(&config, folder, err);
    if (status == ASSAY_OK) status = folder_read(tokenizer, folder, &config, err);
    assay_tokenizer_config_release(&config);
    return status;
}

assay_status assay_tokenizer_open(assay_tokenizer **out, const char *folder, const assay_gguf *gguf, assay_error *err)
{
    assay_tokenizer *tokenizer = assay_alloc(1, sizeof(*tokenizer));
    *out = NULL;
    ASSAY_TRY_ALLOC(tokenizer, "a tokenizer", err);
    tokenizer->info.bos = tokenizer->info.eos = tokenizer->info.pad = tokenizer->info.unk = -1;
    assay_status status = gguf ? assay_gguf_vocab_read(tokenizer, gguf, err) : folder_open(tokenizer, folder, err);
    if (status != ASSAY_OK) {
        assay_tokenizer_close(tokenizer);
        return status;
    }
    tokenizer->info.kind = tokenizer->kind->name;
    tokenizer->info.vocab_size = (int32_t)tokenizer->vocab.count;
    *out = tokenizer;
    return ASSAY_OK;
}

void assay_tokenizer_close(assay_tokenizer *tokenizer)
{
    if (!tokenizer) return;
    if (tokenizer->kind) tokenizer->kind->release(tokenizer->state);
    assay_token_map_release(&tokenizer->vocab);
    assay_added_tokens_release(&tokenizer->added);
    assay_ids_release(&tokenizer->prefix);
    assay_ids_release(&tokenizer->suffix);
    assay_free(tokenizer->class_name);
    assay_free(tokenizer->chat_template);
    assay_free(tokenizer);
}

static assay_status ids_append(assay_ids *ids, const assay_ids *more, assay_error *err)
{
    for (size_t i = 0; i < more->count; i++) ASSAY_TRY(assay_ids_push(ids, more->data[i], err));
    return ASSAY_OK;
}

assay_status assay_tokenizer_encode(const assay_tokenizer *tokenizer, const char *text, size_t size, unsigned flags,
                                    assay_ids *ids, assay_error *err)
{
    if (size > INT32_MAX)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED, "a text of %zu bytes is too long to encode at once", size);
    size_t valid = assay_utf8_check(text, size);
    if (valid != size) return assay_error_set(err, ASSAY_E_FORMAT, "the text is not valid UTF-8 at byte %zu", valid);
    if (flags & ASSAY_ENCODE_ADD_SPECIAL) ASSAY_TRY(ids_append(ids, &tokenizer->prefix, err));
    ASSAY_TRY(tokenizer->kind->encode(tokenizer, text, size, flags, ids, err));
    return flags & ASSAY_ENCODE_ADD_SPECIAL ? ids_append(ids, &tokenizer->suffix, err) : ASSAY_OK;
}

int32_t assay_tokenizer_find(const assay_tokenizer *tokenizer, const char *content)
{
    for (size_t id = (size_t)tokenizer->appended; id && id < tokenizer->vocab.count; id++)
        if (tokenizer->vocab.tokens[id].text && strcmp(tokenizer->vocab.tokens[id].text, content) == 0)
            return (int32_t)id;
    return assay_token_map_find(&tokenizer->vocab, content, strlen(content));
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
