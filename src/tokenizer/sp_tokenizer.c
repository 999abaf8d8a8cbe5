/* SentencePiece as it is: the folders of ChatGLM2/3, and GGUF's "llama" vocabularies.
 *
 * ChatGLM appends its special ids behind the pieces, in this order, and puts [gMASK] sop in front of a text; their text
 * is never parsed (tokenization_chatglm.py). In a GGUF file special tokens are pieces; text between them is encoded
 * piece by piece, each with its own dummy prefix. */
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
    const char *text = assay_named_templates_find(&config->templates, "default");
    bool roles = (text && strstr(text, "<|")) || (config->name_or_path && strstr(config->name_or_path, "chatglm3"));
    *family = roles ? "chatglm3" : "chatglm2";
    return ASSAY_OK;
}

assay_status assay_sp_tokenizer_read(assay_tokenizer *tokenizer, const char *folder, const char *path,
                                     const assay_tokenizer_config *config, assay_error *err)
{
    assay_sp_model *model;
    char *bytes;
    size_t size;
    ASSAY_TRY(assay_sp_tokenizer_new(&model, tokenizer, err));
    ASSAY_TRY(assay_file_read(path, MODEL_BYTES, &bytes, &size, err));
    assay_status status = assay_sp_model_read(model, &tokenizer->vocab, bytes, size, path, err);
    assay_free(bytes);
    if (status != ASSAY_OK) return status;
    ASSAY_TRY(chatglm_family(folder, config, &tokenizer->info.family, err));
    return chatglm_finish(tokenizer, model, err);
}
