/* "bert": llama.cpp's converter writes a piece that begins a word with U+2581 in front and one inside a word bare;
 * tokens in brackets stay. WordPiece wants the first bare and the second with "##". "t5": the pieces and scores of a
 * SentencePiece Unigram model, with its settings as keys. */
#include "tokenizer/gguf_document.h"

#include "base/text.h"
#include "text/base64.h"
#include "text/unicode.h"
#include "tokenizer/tokenizer_json.h"

#include <string.h>

enum { TYPE_UNKNOWN = 2, TYPE_CONTROL = 3, TYPE_USER = 4 };

typedef struct source {
    const assay_gguf *gguf;
    size_t count;
    bool word_piece;
} source;

static assay_status no_memory(assay_error *err)
{
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a vocabulary");
}

static bool flag_get(const source *this, const char *key, bool otherwise)
{
    int64_t value;
    return assay_gguf_int(this->gguf, key, &value) ? value != 0 : otherwise;
}

static int token_type(const source *this, size_t id)
{
    int64_t type = 1;
    assay_gguf_array_int(this->gguf, "tokenizer.ggml.token_type", id, &type);
    return (int)type;
}

/* The piece as tokenizer.json writes it; the caller's to free. */
static assay_status piece_get(const source *this, size_t id, char **out, assay_error *err)
{
    const char *text;
    size_t size, mark = sizeof(ASSAY_SPACE_SYMBOL) - 1;
    if (!assay_gguf_array_string(this->gguf, "tokenizer.ggml.tokens", id, &text, &size))
        return assay_error_set(err, ASSAY_E_FORMAT, "tokenizer.ggml.tokens: token %zu is no text", id);
    if (!size || memchr(text, 0, size) || assay_text_valid(text, size) != size)
        return assay_error_set(err, ASSAY_E_FORMAT, "tokenizer.ggml.tokens: token %zu is empty or not valid UTF-8", id);
    bool bracketed = text[0] == '[' && text[size - 1] == ']';
    bool begins = size > mark && memcmp(text, ASSAY_SPACE_SYMBOL, mark) == 0;
    if (!this->word_piece || bracketed || token_type(this, id) == TYPE_CONTROL) *out = assay_strndup(text, size);
    else if (begins) *out = assay_strndup(text + mark, size - mark);
    else *out = assay_strfmt("##%.*s", (int)size, text);
    ASSAY_TRY_ALLOC(*out, "a vocabulary", err);
    return ASSAY_OK;
}

static assay_status vocab_push(const source *this, json_t *vocab, size_t id, const char *piece, assay_error *err)
{
    double score = 0;
    if (this->word_piece)
        return json_object_set_new(vocab, piece, json_integer((json_int_t)id)) == 0 ? ASSAY_OK : no_memory(err);
    if (!assay_gguf_array_double(this->gguf, "tokenizer.ggml.scores", id, &score) || score - score != 0)
        return assay_error_set(err, ASSAY_E_FORMAT, "tokenizer.ggml.scores: token %zu has no score", id);
    return json_array_append_new(vocab, json_pack("[s, f]", piece, score)) == 0 ? ASSAY_OK : no_memory(err);
}

/* Fills vocab, and tokens with those that are found in text as they are. */
static assay_status pieces_read(const source *this, json_t *vocab, json_t *tokens, assay_error *err)
{
    for (size_t id = 0; id < this->count; id++) {
        char *piece;
        int type = token_type(this, id);
        bool found = type == TYPE_UNKNOWN || type == TYPE_CONTROL || type == TYPE_USER;
        ASSAY_TRY(piece_get(this, id, &piece, err));
        assay_status status = vocab_push(this, vocab, id, piece, err);
        json_t *token = found ? assay_node_token(piece, type != TYPE_USER) : NULL;
        if (found && (!token || json_object_set_new(token, "id", json_integer((json_int_t)id)) != 0 ||
                      json_array_append_new(tokens, token) != 0))
            status = no_memory(err);
        assay_free(piece);
        ASSAY_TRY(status);
    }
    return ASSAY_OK;
}

static assay_status named_read(assay_document *document, const source *this, const char *key, const char *id_key,
                               int64_t otherwise, assay_error *err)
{
    int64_t id = otherwise;
    char *piece;
    assay_gguf_int(this->gguf, id_key, &id);
    if (id < 0 || (uint64_t)id >= this->count) return ASSAY_OK;
    ASSAY_TRY(piece_get(this, (size_t)id, &piece, err));
    bool kept = json_object_set_new(document->named, key, json_string(piece)) == 0;
    assay_free(piece);
    return kept ? ASSAY_OK : no_memory(err);
}

static json_t *charsmap_node(const source *this)
{
    static const char key[] = "tokenizer.ggml.precompiled_charsmap";
    size_t size;
    if (!assay_gguf_array_size(this->gguf, key, &size) || !size) return json_null();
    unsigned char *bytes = assay_alloc(size, 1);
    for (size_t i = 0; bytes && i < size; i++) {
        int64_t byte = 0;
        assay_gguf_array_int(this->gguf, key, i, &byte);
        bytes[i] = (unsigned char)byte;
    }
    char *text = bytes ? assay_base64_encode(bytes, size) : NULL;
    json_t *node = text ? json_pack("{s:s, s:s}", "type", "Precompiled", "precompiled_charsmap", text) : NULL;
    assay_free(bytes);
    assay_free(text);
    return node;
}

static assay_status bert_build(assay_document *document, const source *this, assay_error *err)
{
    bool lowered = flag_get(this, "tokenizer.ggml.normalizer.lowercase", true);
    bool accents = flag_get(this, "tokenizer.ggml.normalizer.strip_accents", lowered);
    json_t *normalizer = json_pack("{s:s, s:b, s:b, s:b, s:b}", "type", "BertNormalizer", "clean_text", 1,
                                   "handle_chinese_chars", 1, "strip_accents", (int)accents, "lowercase", (int)lowered);
    ASSAY_TRY(assay_document_part(document, "normalizer", normalizer, err));
    ASSAY_TRY(assay_document_part(document, "pre_tokenizer", json_pack("{s:s}", "type", "BertPreTokenizer"), err));
    bool bos = flag_get(this, "tokenizer.ggml.add_bos_token", true),
         sep = flag_get(this, "tokenizer.ggml.add_sep_token", true) ||
               flag_get(this, "tokenizer.ggml.add_eos_token", false);
    json_t *ends = assay_document_template(document, bos ? "bos_token" : NULL, sep ? "eos_token" : NULL);
    return assay_document_part(document, "post_processor", ends, err);
}

static assay_status t5_build(assay_document *document, const source *this, assay_error *err)
{
    json_t *steps = json_array(), *map = charsmap_node(this);
    if (!json_is_null(map)) json_array_append(steps, map);
    bool fine = map != NULL;
    json_decref(map);
    if (flag_get(this, "tokenizer.ggml.remove_extra_whitespaces", true))
        fine = fine && json_array_append_new(steps, assay_node_replace("Regex", "\\A +| +\\z", "")) == 0 &&
               json_array_append_new(steps, assay_node_replace("Regex", " {2,}", " ")) == 0;
    fine = fine && json_array_append_new(steps, assay_node_replace("String", " ", ASSAY_SPACE_SYMBOL)) == 0;
    if (!fine) return json_decref(steps), no_memory(err);
    ASSAY_TRY(assay_document_part(document, "normalizer",
                                  json_pack("{s:s, s:o}", "type", "Sequence", "normalizers", steps), err));
    bool prefix = flag_get(this, "tokenizer.ggml.add_space_prefix", true);
    ASSAY_TRY(
        assay_document_part(document, "pre_tokenizer", assay_node_metaspace(prefix ? "always" : "never", false), err));
    bool bos = flag_get(this, "tokenizer.ggml.add_bos_token", false),
         eos = flag_get(this, "tokenizer.ggml.add_eos_token", true);
    json_t *ends = assay_document_template(document, bos ? "bos_token" : NULL, eos ? "eos_token" : NULL);
    return assay_document_part(document, "post_processor", ends, err);
}

static assay_status names_read(assay_document *document, const source *this, assay_error *err)
{
    bool bert = this->word_piece;
    ASSAY_TRY(named_read(document, this, "bos_token", "tokenizer.ggml.bos_token_id", -1, err));
    ASSAY_TRY(named_read(document, this, "eos_token", "tokenizer.ggml.eos_token_id", bert ? -1 : 1, err));
    ASSAY_TRY(named_read(document, this, "pad_token", "tokenizer.ggml.padding_token_id", 0, err));
    ASSAY_TRY(named_read(document, this, "unk_token", "tokenizer.ggml.unknown_token_id", bert ? 100 : 2, err));
    if (!bert) return ASSAY_OK;
    ASSAY_TRY(named_read(document, this, "bos_token", "tokenizer.ggml.cls_token_id", 101, err));
    return named_read(document, this, "eos_token", "tokenizer.ggml.seperator_token_id", 102, err); /* its spelling */
}

static json_t *model_node(const source *this, json_t *vocab)
{
    int64_t unk = this->word_piece ? 100 : 2;
    const char *text = "[UNK]";
    assay_gguf_int(this->gguf, "tokenizer.ggml.unknown_token_id", &unk);
    if (!this->word_piece)
        return json_pack("{s:s, s:I, s:b, s:O}", "type", "Unigram", "unk_id", (json_int_t)unk, "byte_fallback", 0,
                         "vocab", vocab);
    if (unk >= 0) assay_gguf_array_string(this->gguf, "tokenizer.ggml.tokens", (size_t)unk, &text, NULL);
    return json_pack("{s:s, s:s, s:s, s:i, s:O}", "type", "WordPiece", "unk_token", text, "continuing_subword_prefix",
                     "##", "max_input_chars_per_word", 100, "vocab", vocab);
}

static assay_status document_build(assay_document *document, const source *this, json_t *vocab, json_t *tokens,
                                   assay_error *err)
{
    ASSAY_TRY(pieces_read(this, vocab, tokens, err));
    ASSAY_TRY(assay_document_begin(document, model_node(this, vocab), err));
    assay_json_scores_round(document->root); /* as the tokenizer.json of the same model is read */
    ASSAY_TRY(assay_document_part(document, "added_tokens", json_incref(tokens), err));
    ASSAY_TRY(names_read(document, this, err));
    return this->word_piece ? bert_build(document, this, err) : t5_build(document, this, err);
}

assay_status assay_gguf_document(assay_document *document, const assay_gguf *gguf, assay_error *err)
{
    source this = {.gguf = gguf};
    const char *model = "";
    assay_gguf_string(gguf, "tokenizer.ggml.model", &model, NULL);
    this.word_piece = strcmp(model, "bert") == 0;
    if (!assay_gguf_array_size(gguf, "tokenizer.ggml.tokens", &this.count) || !this.count)
        return assay_error_set(err, ASSAY_E_FORMAT, "the GGUF file has no tokenizer.ggml.tokens");
    json_t *vocab = this.word_piece ? json_object() : json_array(), *tokens = json_array();
    assay_status status = vocab && tokens ? document_build(document, &this, vocab, tokens, err) : no_memory(err);
    json_decref(vocab);
    json_decref(tokens);
    return status;
}
