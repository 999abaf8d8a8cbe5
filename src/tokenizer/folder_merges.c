/* vocab.json and merges.txt: byte-level BPE of GPT-2 and those that kept its files, as the class of Transformers 5
 * makes a tokenizer of them. */
#include "base/file.h"
#include "text/split_pattern.h"
#include "text/unicode.h"
#include "tokenizer/tokenizer_json.h"

#include <string.h>

enum { FILE_BYTES = 256 << 20 };

typedef struct merges_class {
    const char *name;
    const assay_named_token *tokens;
    const char *pattern; /* NULL: GPT-2's, which ByteLevel brings along */
    bool nfc, roberta;
} merges_class;

static const assay_named_token gpt2_tokens[] = {
    {"unk_token", "<|endoftext|>"}, {"bos_token", "<|endoftext|>"}, {"eos_token", "<|endoftext|>"}, {0}};
static const assay_named_token qwen2_tokens[] = {
    {"unk_token", "<|endoftext|>"}, {"eos_token", "<|endoftext|>"}, {"pad_token", "<|endoftext|>"}, {0}};
static const assay_named_token roberta_tokens[] = {
    {"bos_token", "<s>"},   {"eos_token", "</s>"},  {"sep_token", "</s>"},    {"cls_token", "<s>"},
    {"unk_token", "<unk>"}, {"pad_token", "<pad>"}, {"mask_token", "<mask>"}, {0}};

static const merges_class classes[] = {
    {.name = "GPT2Tokenizer", .tokens = gpt2_tokens},
    {.name = "Qwen2Tokenizer", .tokens = qwen2_tokens, .pattern = assay_pattern_qwen2, .nfc = true},
    {.name = "RobertaTokenizer", .tokens = roberta_tokens, .roberta = true},
};
enum { CLASSES = sizeof(classes) / sizeof(classes[0]) };

static assay_status class_find(const merges_class **out, const assay_tokenizer_config *config, const char *path,
                               assay_error *err)
{
    char *name;
    ASSAY_TRY(assay_tokenizer_config_class(config, &name, err));
    *out = NULL;
    for (size_t i = 0; name && i < CLASSES; i++)
        if (strcmp(classes[i].name, name) == 0) *out = &classes[i];
    assay_status status =
        *out ? ASSAY_OK
             : assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "%s: how its words are cut depends on the tokenizer class, which is %.80s; there are "
                               "GPT2Tokenizer, Qwen2Tokenizer and RobertaTokenizer (tokenizer_class of "
                               "tokenizer_config.json), or a tokenizer.json made by Transformers",
                               path, name ? name : "not named");
    assay_free(name);
    return status;
}

static assay_status line_read(json_t *merges, const char *line, size_t size, const char *where, size_t number,
                              assay_error *err)
{
    const char *space = memchr(line, ' ', size);
    if (size && line[size - 1] == '\r') size--;
    if (size >= 8 && memcmp(line, "#version", 8) == 0) return ASSAY_OK;
    size_t left = space ? (size_t)(space - line) : 0, right = space && size > left ? size - left - 1 : 0;
    if (!space || memchr(space + 1, ' ', right) || memchr(line, 0, size))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s:%zu: a merge is two pieces with a space between", where,
                               number);
    if (json_array_append_new(merges, json_pack("[s%, s%]", line, left, space + 1, right)) != 0)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s:%zu: not valid UTF-8 (or memory is out)", where, number);
    return ASSAY_OK;
}

static assay_status merges_parse(json_t *merges, const char *path, assay_error *err)
{
    char *text;
    size_t size, number = 1;
    ASSAY_TRY(assay_file_read(path, FILE_BYTES, &text, &size, err));
    assay_status status = ASSAY_OK;
    for (size_t at = 0, end; at < size && status == ASSAY_OK; at = end + 1, number++) {
        const char *newline = memchr(text + at, '\n', size - at);
        end = newline ? (size_t)(newline - text) : size;
        status = line_read(merges, text + at, end - at, path, number, err);
    }
    assay_free(text);
    return status;
}

static assay_status merges_load(json_t **out, const char *folder, assay_error *err)
{
    char *path = assay_path_join(folder, "merges.txt");
    *out = json_array();
    assay_status status = path && *out ? merges_parse(*out, path, err)
                                       : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for merges.txt");
    assay_free(path);
    return status;
}

static json_t *words_make(const merges_class *kind, const assay_tokenizer_config *config)
{
    bool prefix = json_is_true(json_object_get(config->main, "add_prefix_space"));
    json_t *bytes = assay_node_byte_level(prefix, !kind->pattern);
    return kind->pattern ? assay_node_sequence("pretokenizers", assay_node_split(kind->pattern), bytes) : bytes;
}

static assay_status document_build(assay_document *document, const merges_class *kind, json_t *vocab, json_t *merges,
                                   const assay_tokenizer_config *config, assay_error *err)
{
    json_t *model = assay_node_bpe(json_incref(vocab), json_incref(merges), NULL, false, false, false);
    ASSAY_TRY(assay_document_begin(document, model, err));
    ASSAY_TRY(assay_document_add_tokens(document, config, kind->tokens, NULL, false, err));
    if (kind->nfc) ASSAY_TRY(assay_document_part(document, "normalizer", json_pack("{s:s}", "type", "NFC"), err));
    ASSAY_TRY(assay_document_part(document, "pre_tokenizer", words_make(kind, config), err));
    json_t *ends = kind->roberta ? assay_document_template(document, "cls_token", "sep_token")
                                 : assay_document_ends(document, config);
    return assay_document_part(document, "post_processor", ends, err);
}

static assay_status vocab_load(json_t **out, const char *path, assay_error *err)
{
    const char *text;
    json_t *id;
    ASSAY_TRY(assay_json_load(path, FILE_BYTES, out, err));
    json_object_foreach(*out, text, id)
    {
        if (!json_is_integer(id) || json_integer_value(id) < 0 || json_integer_value(id) > ASSAY_TOKEN_ID_MAX)
            return assay_error_set(err, ASSAY_E_FORMAT, "%s: the id of \"%.80s\" is no id", path, text);
    }
    return json_object_size(*out) ? ASSAY_OK : assay_error_set(err, ASSAY_E_FORMAT, "%s: an empty vocabulary", path);
}

assay_status assay_folder_merges_read(assay_tokenizer *tokenizer, const char *folder, const char *path,
                                      const assay_tokenizer_config *config, assay_error *err)
{
    assay_document document = {0};
    const merges_class *kind;
    json_t *vocab = NULL, *merges = NULL;
    ASSAY_TRY(class_find(&kind, config, path, err));
    assay_status status = vocab_load(&vocab, path, err);
    if (status == ASSAY_OK) status = merges_load(&merges, folder, err);
    if (status == ASSAY_OK) status = document_build(&document, kind, vocab, merges, config, err);
    if (status == ASSAY_OK) status = assay_json_document_take(tokenizer, &document, path, config, err);
    json_decref(vocab);
    json_decref(merges);
    assay_document_release(&document);
    return status;
}
