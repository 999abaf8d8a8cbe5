/* Inside a tokenizer: what the readers (tokenizer_json.c, folder_model.c, sp_tokenizer.c, gguf_vocab.c) build and
 * tokenizer.c runs.
 *
 * A reader gets a zeroed tokenizer, fills vocab, added tokens, prefix and suffix, and sets kind and state last. On
 * failure it leaves the rest to assay_tokenizer_close, which releases a half-built one too. */
#ifndef ASSAY_TOKENIZER_TOKENIZER_KIND_H
#define ASSAY_TOKENIZER_TOKENIZER_KIND_H

#include "subword/token_map.h"
#include "tokenizer/added_tokens.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/tokenizer_config.h"

typedef struct assay_tokenizer_kind {
    const char *name;
    /* Ids of valid UTF-8 text without the add-special ones, appended. */
    assay_status (*encode)(const assay_tokenizer *tokenizer, const char *text, size_t size, unsigned flags,
                           assay_ids *ids, assay_error *err);
    void (*release)(void *state); /* state may be NULL */
} assay_tokenizer_kind;

struct assay_tokenizer {
    const assay_tokenizer_kind *kind;
    void *state;
    assay_token_map vocab;
    assay_added_tokens added;
    assay_ids prefix, suffix; /* what ASSAY_ENCODE_ADD_SPECIAL puts around the text */
    /* first of the ids behind the vocabulary whose text is never parsed (ChatGLM's); 0: none */
    int32_t appended;
    bool byte_alphabet; /* contents are written in the GPT-2 byte alphabet */
    assay_tokenizer_info info;
    char *class_name, *note;         /* owned; info points here */
    assay_named_templates templates; /* likewise */
};

/* Readers of a folder, each given the path of the file that it was chosen for. */
typedef assay_status assay_folder_reader(assay_tokenizer *tokenizer, const char *folder, const char *path,
                                         const assay_tokenizer_config *config, assay_error *err);
assay_folder_reader assay_sp_tokenizer_read;

/* The kinds of vocabulary in a folder by the file that tells them, looked for in this order: a new kind gets one line.
 */
#define ASSAY_FOLDER_MAP(X)                               \
    X("tokenizer.json", assay_tokenizer_json_read)        \
    X("tokenizer.model", assay_folder_model_read)         \
    X("sentencepiece.bpe.model", assay_folder_model_read) \
    X("spiece.model", assay_folder_model_read)            \
    X("spm.model", assay_folder_model_read)               \
    X("qwen.tiktoken", assay_folder_ranks_read)           \
    X("ice_text.model", assay_folder_ice_text_read)       \
    X("vocab.json", assay_folder_merges_read)             \
    X("vocab.txt", assay_folder_word_piece_read)

#define ASSAY_FOLDER_DECLARE(file, read) assay_folder_reader read;
ASSAY_FOLDER_MAP(ASSAY_FOLDER_DECLARE)
#undef ASSAY_FOLDER_DECLARE

/* Whether a tokenizer.model is a rank file and no protobuf: its first line is a word and a number. */
bool assay_is_rank_file(const char *text, size_t size);
assay_status assay_gguf_vocab_read(assay_tokenizer *tokenizer, const assay_gguf *gguf, assay_error *err);

/* Adds a token that is found in text by its content. `content` already in the vocabulary keeps its id there. */
assay_status assay_tokenizer_add_token(assay_tokenizer *tokenizer, const char *content, size_t size,
                                       assay_added_token token, const char *sought, size_t sought_size,
                                       assay_error *err);

/* Added tokens of one trie become ids, what lies between goes to `piece`; `first` tells it that its text begins the
 * whole. */
typedef assay_status assay_piece_sink(void *context, const char *text, size_t size, bool first, assay_error *err);
assay_status assay_tokenizer_split_added(const assay_tokenizer *tokenizer, const assay_piece_trie *trie,
                                         const char *text, size_t size, bool first, unsigned flags, assay_ids *ids,
                                         assay_piece_sink *piece, void *context, assay_error *err);

#endif
