/* tokenizer.model folders: ChatGLM2/3 and the Llama 2 family.
 *
 * ChatGLM appends its special ids behind the pieces, in this order, and puts [gMASK] sop in front of a text; their text
 * is never parsed (tokenization_chatglm.py). Llama's special tokens are pieces; text between them is encoded piece by
 * piece, each with its own dummy prefix (the "legacy" behaviour of LlamaTokenizer), <s> in front unless
 * tokenizer_config.json says otherwise. */
#include "tokenizer/sp_tokenizer.h"

#include "base/file.h"

#include <string.h>

enum { MODEL_BYTES = 256 << 20 };

typedef struct run {
    const assay_tokenizer *tokenizer;
    assay_ids *ids;
} run;

static assay_status piece_encode(void *context, const char *text, size_t size, bool first, assay_error *err)
{
    run *this = context;
    (void)first;
    return assay_sp_encode(this->tokenizer->state, &this->tokenizer->vocab, text, size, this->ids, err);
}

static assay_status sp_tokenizer_encode(const assay_tokenizer *tokenizer, const char *text, size_t size, unsigned flags,
                                        assay_ids *ids, assay_error *err)
{
    run this = {tokenizer, ids};
    return assay_tokenizer_split_added(tokenizer, &tokenizer->added.raw, text, size, true, flags, ids, piece_encode,
                                       &this, err);
}

static void sp_tokenizer_release(void *state)
{
    if (state) assay_sp_model_release(state);
    assay_free(state);
}

static const assay_tokenizer_kind sp_kind = {"sentencepiece-bpe", sp_tokenizer_encode, sp_tokenizer_release};

assay_status assay_sp_tokenizer_new(assay_sp_model **out, assay_tokenizer *tokenizer, assay_error *err)
{
    *out = assay_alloc(1, sizeof(**out));
    ASSAY_TRY_ALLOC(*out, "a tokenizer", err);
    assay_sp_model_init(*out);
    tokenizer->state = *out;
    tokenizer->kind = &sp_kind;
    return ASSAY_OK;
}

static assay_status chatglm_finish(assay_tokenizer *tokenizer, const assay_sp_model *model, assay_error *err)
{
    static const char *const specials[] = {"[MASK]",   "[gMASK]",       "[sMASK]",        "sop", "eop", "<|system|>",
                                           "<|user|>", "<|assistant|>", "<|observation|>"};
    int32_t id = tokenizer->appended = (int32_t)model->count;
    for (size_t i = 0; i < sizeof(specials) / sizeof(specials[0]); i++, id++) {
        ASSAY_TRY(assay_token_map_add(&tokenizer->vocab, specials[i], strlen(specials[i]), id, err));
        tokenizer->vocab.tokens[id].added = true;
    }
    ASSAY_TRY(assay_ids_push(&tokenizer->prefix, (int32_t)model->count + 1, err));
    ASSAY_TRY(assay_ids_push(&tokenizer->prefix, (int32_t)model->count + 3, err));
    tokenizer->info.bos = model->bos;
    tokenizer->info.eos = model->eos;
    tokenizer->info.pad = tokenizer->info.unk = model->unk;
    return ASSAY_OK;
}

static assay_status added_add(assay_tokenizer *tokenizer, const char *content, int64_t id, bool special,
                              const char *where, assay_error *err)
{
    size_t size = strlen(content);
    if (id < 0 || id > ASSAY_TOKEN_ID_MAX)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s: \"%.80s\" has a bad id", where, content);
    assay_added_token token = {.id = (int32_t)id, .special = special};
    return assay_tokenizer_add_token(tokenizer, content, size, token, content, size, err);
}

static assay_status control_pieces_add(assay_tokenizer *tokenizer, const assay_sp_model *model, assay_error *err)
{
    for (size_t i = 0; i < model->count; i++) {
        uint8_t type = model->pieces[i].type;
        if (type != ASSAY_SP_CONTROL && type != ASSAY_SP_UNKNOWN) continue;
        ASSAY_TRY(added_add(tokenizer, tokenizer->vocab.tokens[i].text, (int64_t)i, true, "tokenizer.model", err));
    }
    return ASSAY_OK;
}

static assay_status added_files_read(assay_tokenizer *tokenizer, const assay_tokenizer_config *config, assay_error *err)
{
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(config->main, "added_tokens_decoder"), key, value)
    {
        const char *content = json_string_value(json_object_get(value, "content"));
        bool special = json_is_true(json_object_get(value, "special"));
        if (content)
            ASSAY_TRY(added_add(tokenizer, content, strtol(key, NULL, 10), special, "tokenizer_config.json", err));
    }
    json_object_foreach(config->added, key, value) ASSAY_TRY(added_add(
        tokenizer, key, json_is_integer(value) ? json_integer_value(value) : -1, false, "added_tokens.json", err));
    return ASSAY_OK;
}

static assay_status llama_finish(assay_tokenizer *tokenizer, const assay_sp_model *model,
                                 const assay_tokenizer_config *config, assay_error *err)
{
    ASSAY_TRY(control_pieces_add(tokenizer, model, err));
    ASSAY_TRY(added_files_read(tokenizer, config, err));
    tokenizer->info.bos = model->bos;
    tokenizer->info.eos = model->eos;
    tokenizer->info.pad = model->pad;
    tokenizer->info.unk = model->unk;
    if (config->add_bos != ASSAY_SAID_NO && model->bos >= 0)
        ASSAY_TRY(assay_ids_push(&tokenizer->prefix, model->bos, err));
    if (config->add_eos == ASSAY_SAID_YES && model->eos >= 0)
        ASSAY_TRY(assay_ids_push(&tokenizer->suffix, model->eos, err));
    return ASSAY_OK;
}

/* *found: whether there is such a file and it holds the text. */
static assay_status file_mentions(const char *folder, const char *name, const char *text, bool *found, assay_error *err)
{
    char *path = assay_path_join(folder, name), *bytes = NULL;
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = assay_path_exists(path) ? assay_file_read(path, 16 << 20, &bytes, NULL, err) : ASSAY_OK;
    *found = bytes && strstr(bytes, text);
    assay_free(bytes);
    assay_free(path);
    return status;
}

/* ChatGLM3 knows role tokens, ChatGLM2 does not; the vocabulary is the same and name_or_path says chatglm2 in both. */
static assay_status chatglm_family(const char *folder, const assay_tokenizer_config *config, const char **family,
                                   assay_error *err)
{
    static const struct {
        const char *file, *text, *family;
    } signs[] = {{"tokenization_chatglm.py", "<|assistant|>", "chatglm3"},
                 {"tokenization_chatglm.py", "gMASK", "chatglm2"},
                 {"config.json", "chatglm3", "chatglm3"},
                 {"config.json", "chatglm2", "chatglm2"}};
    bool found = false;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        ASSAY_TRY(file_mentions(folder, signs[i].file, signs[i].text, &found, err));
        *family = signs[i].family;
        if (found) return ASSAY_OK;
    }
    bool roles = (config->chat_template && strstr(config->chat_template, "<|")) ||
                 (config->name_or_path && strstr(config->name_or_path, "chatglm3"));
    *family = roles ? "chatglm3" : "chatglm2";
    return ASSAY_OK;
}

static assay_status class_check(const assay_tokenizer_config *config, const char *path, assay_error *err)
{
    const char *name = config->class_name;
    if (!name || strcmp(name, "ChatGLM4Tokenizer") != 0) return ASSAY_OK;
    return assay_error_set(
        err, ASSAY_E_UNSUPPORTED,
        "%s: the ranks file of %s is not supported; put the tokenizer.json of the -hf version of the model beside it",
        path, name);
}

assay_status assay_sp_tokenizer_read(assay_tokenizer *tokenizer, const char *folder, const char *path,
                                     const assay_tokenizer_config *config, assay_error *err)
{
    assay_sp_model *model;
    char *bytes;
    size_t size;
    ASSAY_TRY(class_check(config, path, err));
    ASSAY_TRY(assay_sp_tokenizer_new(&model, tokenizer, err));
    ASSAY_TRY(assay_file_read(path, MODEL_BYTES, &bytes, &size, err));
    assay_status status = assay_sp_model_read(model, &tokenizer->vocab, bytes, size, path, err);
    assay_free(bytes);
    if (status != ASSAY_OK) return status;
    if (!config->class_name || strcmp(config->class_name, "ChatGLMTokenizer") != 0)
        return llama_finish(tokenizer, model, config, err);
    ASSAY_TRY(chatglm_family(folder, config, &tokenizer->info.family, err));
    return chatglm_finish(tokenizer, model, err);
}
