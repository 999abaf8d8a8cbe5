/* vocab.txt, a piece a line, of BERT and its kin: as BertTokenizer of Transformers 5 makes a tokenizer of it. */
#include "base/file.h"
#include "base/text.h"
#include "text/unicode.h"
#include "tokenizer/tokenizer_json.h"

#include <string.h>

enum { VOCAB_BYTES = 64 << 20 };

static const json_t *setting(const assay_tokenizer_config *config, const char *key)
{
    return json_object_get(config->main, key);
}

/* White space behind a piece is no part of it. */
static size_t trimmed(const char *text, size_t size)
{
    size_t kept = 0, length;
    for (size_t at = 0; at < size; at += length)
        if (!assay_char_is_space(assay_utf8_get(text + at, &length))) kept = at + length;
    return kept;
}

static assay_status lines_read(json_t *vocab, const char *text, size_t size, const char *where, assay_error *err)
{
    size_t valid = assay_text_valid(text, size);
    json_int_t id = 0;
    if (valid != size) return assay_error_set(err, ASSAY_E_FORMAT, "%s: not valid UTF-8 at byte %zu", where, valid);
    for (size_t at = 0, end; at < size; at = end + 1, id++) {
        const char *line = text + at, *newline = memchr(line, '\n', size - at);
        end = newline ? (size_t)(newline - text) : size;
        if (memchr(line, 0, end - at))
            return assay_error_set(err, ASSAY_E_FORMAT, "%s:%lld: a zero byte", where, (long long)id + 1);
        if (json_object_setn_new(vocab, line, trimmed(line, end - at), json_integer(id)) != 0)
            return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for %s", where);
    }
    return id ? ASSAY_OK : assay_error_set(err, ASSAY_E_FORMAT, "%s: an empty vocabulary", where);
}

static assay_status vocab_read(json_t **out, const char *path, assay_error *err)
{
    char *text;
    size_t size;
    *out = json_object();
    ASSAY_TRY_ALLOC(*out, path, err);
    ASSAY_TRY(assay_file_read(path, VOCAB_BYTES, &text, &size, err));
    assay_status status = lines_read(*out, text, size, path, err);
    assay_free(text);
    return status;
}

static json_t *normalizer_make(const assay_tokenizer_config *config)
{
    const json_t *accents = setting(config, "strip_accents");
    json_t *strip = json_is_boolean(accents) ? json_boolean(json_is_true(accents)) : json_null();
    return json_pack("{s:s, s:b, s:b, s:o, s:b}", "type", "BertNormalizer", "clean_text", 1, "handle_chinese_chars",
                     !json_is_false(setting(config, "tokenize_chinese_chars")), "strip_accents", strip, "lowercase",
                     !json_is_false(setting(config, "do_lower_case")));
}

static assay_status document_build(assay_document *document, json_t *vocab, const assay_tokenizer_config *config,
                                   assay_error *err)
{
    static const assay_named_token names[] = {{"unk_token", "[UNK]"}, {"sep_token", "[SEP]"},   {"pad_token", "[PAD]"},
                                              {"cls_token", "[CLS]"}, {"mask_token", "[MASK]"}, {0}};
    const char *unk = assay_tokenizer_config_named(config, "unk_token", "[UNK]");
    json_t *model = json_pack("{s:s, s:s, s:s, s:i, s:O}", "type", "WordPiece", "unk_token", unk ? unk : "[UNK]",
                              "continuing_subword_prefix", "##", "max_input_chars_per_word", 100, "vocab", vocab);
    ASSAY_TRY(assay_document_begin(document, model, err));
    ASSAY_TRY(assay_document_add_tokens(document, config, names, NULL, false, err));
    ASSAY_TRY(assay_document_part(document, "normalizer", normalizer_make(config), err));
    ASSAY_TRY(assay_document_part(document, "pre_tokenizer", json_pack("{s:s}", "type", "BertPreTokenizer"), err));
    return assay_document_part(document, "post_processor", assay_document_template(document, "cls_token", "sep_token"),
                               err);
}

/* Other classes cut words in ways of their own. */
static assay_status class_check(const assay_tokenizer_config *config, const char *path, assay_error *err)
{
    static const char *const same[] = {"BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer"};
    char *name;
    ASSAY_TRY(assay_tokenizer_config_class(config, &name, err));
    assay_status status = ASSAY_OK;
    bool known = !name;
    for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) known = known || strcmp(same[i], name) == 0;
    if (!known)
        status = assay_error_set(err, ASSAY_E_UNSUPPORTED,
                                 "%s: the tokenizer class %.80s is read from a tokenizer.json only: make one with "
                                 "AutoTokenizer.from_pretrained(FOLDER).save_pretrained(FOLDER)",
                                 path, name);
    assay_free(name);
    return status;
}

assay_status assay_folder_word_piece_read(assay_tokenizer *tokenizer, const char *folder, const char *path,
                                          const assay_tokenizer_config *config, assay_error *err)
{
    assay_document document = {0};
    json_t *vocab = NULL;
    (void)folder;
    ASSAY_TRY(class_check(config, path, err));
    assay_status status = vocab_read(&vocab, path, err);
    if (status == ASSAY_OK) status = document_build(&document, vocab, config, err);
    if (status == ASSAY_OK) status = assay_json_document_take(tokenizer, &document, path, config, err);
    json_decref(vocab);
    assay_document_release(&document);
    return status;
}
