/* Rank files: a token's bytes in base64, a space and its rank, a line each. GLM-4 and Llama 3 call theirs
 * tokenizer.model, Qwen qwen.tiktoken. The rank is the id, and of two neighbours that make a token the pair of the
 * lowest rank joins first, so a merge is every way to cut a token into two others. Special tokens and the pattern are
 * in no file: they come from the family, known by the class or by the number of ranks, or from tokenizer_config.json,
 * as Transformers 5 takes them (convert_slow_tokenizer.py, TikTokenConverter). */
#include "base/buf.h"
#include "base/file.h"
#include "subword/bpe_model.h"
#include "subword/piece_index.h"
#include "text/base64.h"
#include "text/pre_tokenizer.h"
#include "text/split_pattern.h"
#include "tokenizer/tokenizer_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES = 256 << 20 };

typedef struct rank_family {
    const char *class_name; /* NULL: by its number of ranks alone */
    size_t ranks;
    const char *pattern;
    const assay_named_token *names;
    const char *const *specials; /* first of them behind the ranks; NULL ends them */
    const char *reserved;        /* then this, a number and "|>", up to `special_count` in all */
    size_t special_count, reserved_from;
    const char *front[3]; /* contents in front of a text */
    bool nfc;
} rank_family;

static const char *const glm4_specials[] = {"<|endoftext|>",
                                            "[MASK]",
                                            "[gMASK]",
                                            "[sMASK]",
                                            "<sop>",
                                            "<eop>",
                                            "<|system|>",
                                            "<|user|>",
                                            "<|assistant|>",
                                            "<|observation|>",
                                            "<|begin_of_image|>",
                                            "<|end_of_image|>",
                                            "<|begin_of_video|>",
                                            "<|end_of_video|>",
                                            NULL};
static const char *const llama3_specials[] = {"<|begin_of_text|>",
                                              "<|end_of_text|>",
                                              "<|reserved_special_token_0|>",
                                              "<|reserved_special_token_1|>",
                                              "<|finetune_right_pad_id|>",
                                              "<|step_id|>",
                                              "<|start_header_id|>",
                                              "<|end_header_id|>",
                                              "<|eom_id|>",
                                              "<|eot_id|>",
                                              "<|python_tag|>",
                                              "<|image|>",
                                              NULL};
static const char *const qwen_specials[] = {"<|endoftext|>", "<|im_start|>", "<|im_end|>", NULL};

static const assay_named_token glm4_names[] = {{"eos_token", "<|endoftext|>"}, {"pad_token", "<|endoftext|>"}, {0}};
static const assay_named_token llama3_names[] = {{"bos_token", "<|begin_of_text|>"},
                                                 {"eos_token", "<|end_of_text|>"},
                                                 {"pad_token", "<|finetune_right_pad_id|>"},
                                                 {0}};
static const assay_named_token qwen_names[] = {{"eos_token", "<|endoftext|>"}, {"pad_token", "<|endoftext|>"}, {0}};
static const assay_named_token no_names[] = {{0}};

static const rank_family families[] = {
    {.class_name = "ChatGLM4Tokenizer",
     .ranks = 151329,
     .pattern = assay_pattern_llama3,
     .names = glm4_names,
     .specials = glm4_specials,
     .special_count = 14,
     .front = {"[gMASK]", "<sop>"}},
    {.ranks = 128000,
     .pattern = assay_pattern_llama3,
     .names = llama3_names,
     .specials = llama3_specials,
     .reserved = "<|reserved_special_token_",
     .special_count = 256,
     .reserved_from = 2,
     .front = {"<|begin_of_text|>"}},
    {.class_name = "QWenTokenizer",
     .ranks = 151643,
     .pattern = assay_pattern_qwen2,
     .names = qwen_names,
     .specials = qwen_specials,
     .reserved = "<|extra_",
     .special_count = 208,
     .nfc = true},
};
/* What Transformers takes for every other rank file. */
static const rank_family plain_family = {.pattern = assay_pattern_llama3, .names = no_names};

typedef struct ranks {
    const char *where;
    json_t *vocab; /* text in the byte alphabet -> rank */
    assay_token_map map;
} ranks;

static assay_status no_memory(const ranks *this, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for %s", this->where);
}

/* ---- the file ---- */

static assay_status token_add(ranks *this, const char *bytes, size_t size, int32_t rank, assay_error *err)
{
    assay_buf text;
    assay_buf_init(&text, 2 * ASSAY_PIECE_BYTES + 1);
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < size && status == ASSAY_OK; i++)
        status = assay_buf_text(&text, assay_byte_char((unsigned char)bytes[i]), err);
    if (status == ASSAY_OK && assay_token_map_find(&this->map, text.data, text.size) >= 0)
        status = assay_error_set(err, ASSAY_E_FORMAT, "%s: a token is given twice, the second time as %d", this->where,
                                 (int)rank);
    if (status == ASSAY_OK) status = assay_token_map_add(&this->map, text.data, text.size, rank, err);
    if (status == ASSAY_OK && json_object_set_new(this->vocab, text.data, json_integer(rank)) != 0)
        status = no_memory(this, err);
    assay_buf_release(&text);
    return status;
}

static assay_status line_read(ranks *this, const char *line, size_t size, size_t number, assay_error *err)
{
    const char *space = memchr(line, ' ', size);
    size_t length = space ? (size_t)(space - line) : 0, bytes_size = 0;
    char *end = NULL, *bytes;
    if (size && line[size - 1] == '\r') size--;
    long rank = space ? strtol(space + 1, &end, 10) : -1;
    bool right = space && end != space + 1 && end == line + size && rank >= 0 && rank <= ASSAY_TOKEN_ID_MAX;
    bytes = right ? assay_base64_decode(line, length, &bytes_size) : NULL;
    if (!bytes || !bytes_size || bytes_size > ASSAY_PIECE_BYTES) {
        assay_free(bytes);
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "%s:%zu: a line is a token of at most %d bytes in base64, a space and its rank",
                               this->where, number, ASSAY_PIECE_BYTES);
    }
    assay_status status = token_add(this, bytes, bytes_size, (int32_t)rank, err);
    assay_free(bytes);
    return status;
}

static assay_status bytes_check(const ranks *this, assay_error *err)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        const char *letter = assay_byte_char((unsigned char)byte);
        if (assay_token_map_find(&this->map, letter, strlen(letter)) < 0)
            return assay_error_set(err, ASSAY_E_FORMAT, "%s: no token for the single byte 0x%02x", this->where, byte);
    }
    return ASSAY_OK;
}

static assay_status lines_read(ranks *this, const char *text, size_t size, assay_error *err)
{
    size_t number = 1;
    for (size_t at = 0, end; at < size; at = end + 1, number++) {
        const char *newline = memchr(text + at, '\n', size - at);
        end = newline ? (size_t)(newline - text) : size;
        if (end > at) ASSAY_TRY(line_read(this, text + at, end - at, number, err));
    }
    return bytes_check(this, err);
}

bool assay_is_rank_file(const char *text, size_t size)
{
    size_t at = 0;
    while (at < size && at < 2 * ASSAY_PIECE_BYTES && text[at] > ' ' && text[at] < 127) at++;
    return at && at + 1 < size && text[at] == ' ' && text[at + 1] >= '0' && text[at + 1] <= '9';
}

/* ---- merges ---- */

typedef struct cut {
    int32_t left, right;
    uint32_t at;
} cut;

static bool comes_before(cut a, cut b) { return a.left < b.left || (a.left == b.left && a.right < b.right); }

/* The ways to cut a token, in order of their parts' ranks; how many. */
static size_t cuts_find(const ranks *this, const assay_token *token, cut *cuts)
{
    size_t count = 0;
    for (uint32_t at = 1; at < token->size; at++) {
        if (((unsigned char)token->text[at] & 0xc0) == 0x80) continue;
        cut found = {assay_token_map_find(&this->map, token->text, at),
                     assay_token_map_find(&this->map, token->text + at, token->size - at), at};
        if (found.left < 0 || found.right < 0) continue;
        size_t place = count++;
        for (; place && comes_before(found, cuts[place - 1]); place--) cuts[place] = cuts[place - 1];
        cuts[place] = found;
    }
    return count;
}

static assay_status merges_write(const ranks *this, json_t *merges, assay_error *err)
{
    cut cuts[2 * ASSAY_PIECE_BYTES];
    for (size_t rank = 0; rank < this->map.count; rank++) {
        const assay_token *token = &this->map.tokens[rank];
        size_t count = token->text ? cuts_find(this, token, cuts) : 0;
        for (size_t i = 0; i < count; i++) {
            size_t at = cuts[i].at;
            json_t *pair = json_pack("[s%, s%]", token->text, at, token->text + at, (size_t)token->size - at);
            if (json_array_append_new(merges, pair) != 0) return no_memory(this, err);
        }
    }
    return ASSAY_OK;
}

/* ---- special tokens ---- */

static assay_status own_specials_add(assay_document *document, const rank_family *family, assay_error *err)
{
    size_t count = 0;
    for (; family->specials && family->specials[count]; count++)
        ASSAY_TRY(assay_document_add_token(document, family->specials[count], err));
    for (size_t number = family->reserved_from; family->reserved && count < family->special_count; number++, count++) {
        char *name = assay_strfmt("%s%zu|>", family->reserved, number);
        ASSAY_TRY_ALLOC(name, "a special token", err);
        assay_status status = assay_document_add_token(document, name, err);
        assay_free(name);
        ASSAY_TRY(status);
    }
    return ASSAY_OK;
}

/* Every id behind the ranks up to the last that the config names gets a token, a reserved one where it names none. */
static assay_status config_specials_add(assay_document *document, json_t *decoder, assay_error *err)
{
    const char *key;
    json_t *entry;
    long last = -1;
    json_object_foreach(decoder, key, entry) if (strtol(key, NULL, 10) > last) last = strtol(key, NULL, 10);
    if (last > ASSAY_TOKEN_ID_MAX)
        return assay_error_set(err, ASSAY_E_FORMAT, "tokenizer_config.json: added_tokens_decoder names the id %ld",
                               last);
    for (long id = (long)document->model_size; id <= last; id++) {
        char number[32], name[64];
        snprintf(number, sizeof(number), "%ld", id);
        snprintf(name, sizeof(name), "<|reserved_token_%ld|>", id);
        const char *content = json_string_value(json_object_get(json_object_get(decoder, number), "content"));
        ASSAY_TRY(assay_document_add_token(document, content ? content : name, err));
    }
    return ASSAY_OK;
}

static assay_status specials_add(assay_document *document, const rank_family *family,
                                 const assay_tokenizer_config *config, assay_error *err)
{
    json_t *decoder = json_object_get(config->main, "added_tokens_decoder");
    ASSAY_TRY(json_object_size(decoder) ? config_specials_add(document, decoder, err)
                                        : own_specials_add(document, family, err));
    return assay_document_add_tokens(document, config, family->names, NULL, false, err);
}

/* ---- the document ---- */

static json_t *front_template(const assay_document *document, const rank_family *family)
{
    json_t *single = json_array(), *tokens = json_object();
    for (size_t i = 0; i < 3 && family->front[i]; i++) {
        const char *content = family->front[i];
        json_int_t id = assay_token_map_find(&document->vocab, content, strlen(content));
        json_array_append_new(single, json_pack("{s:{s:s, s:i}}", "SpecialToken", "id", content, "type_id", 0));
        json_object_set_new(tokens, content,
                            json_pack("{s:s, s:[I], s:[s]}", "id", content, "ids", id, "tokens", content));
    }
    json_array_append_new(single, json_pack("{s:{s:s, s:i}}", "Sequence", "id", "A", "type_id", 0));
    return json_pack("{s:s, s:o, s:[{s:{s:s, s:i}}, {s:{s:s, s:i}}], s:o}", "type", "TemplateProcessing", "single",
                     single, "pair", "Sequence", "id", "A", "type_id", 0, "Sequence", "id", "B", "type_id", 1,
                     "special_tokens", tokens);
}

/* Llama 3's own folder has no tokenizer_config.json; one that has it says whether <|begin_of_text|> goes in front. */
static json_t *post_make(const assay_document *document, const rank_family *family,
                         const assay_tokenizer_config *config)
{
    bool own = family->front[0] && (family->class_name || !config->main);
    return own ? front_template(document, family) : assay_document_ends(document, config);
}

static assay_status document_build(assay_document *document, const ranks *this, const rank_family *family,
                                   const assay_tokenizer_config *config, assay_error *err)
{
    json_t *merges = json_array();
    json_t *model = assay_node_bpe(json_incref(this->vocab), merges, NULL, false, false, true);
    ASSAY_TRY(assay_document_begin(document, model, err));
    ASSAY_TRY(merges_write(this, merges, err));
    ASSAY_TRY(specials_add(document, family, config, err));
    if (family->nfc) ASSAY_TRY(assay_document_part(document, "normalizer", json_pack("{s:s}", "type", "NFC"), err));
    json_t *words =
        assay_node_sequence("pretokenizers", assay_node_split(family->pattern), assay_node_byte_level(false, false));
    ASSAY_TRY(assay_document_part(document, "pre_tokenizer", words, err));
    return assay_document_part(document, "post_processor", post_make(document, family, config), err);
}

static assay_status family_find(const rank_family **out, const ranks *this, const assay_tokenizer_config *config,
                                assay_error *err)
{
    const char *name = config->class_name;
    size_t count = json_object_size(this->vocab);
    *out = NULL;
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]) && !*out; i++) {
        const rank_family *family = &families[i];
        bool named = name && family->class_name && strcmp(name, family->class_name) == 0;
        if (named || (count == family->ranks && (!name || !family->class_name))) *out = family;
    }
    if (*out) return ASSAY_OK;
    *out = &plain_family;
    if (config->main) return ASSAY_OK;
    return assay_error_set(
        err, ASSAY_E_UNSUPPORTED,
        "%s: a file of %zu ranks without a tokenizer_config.json; Assay knows those of GLM-4, Llama 3 "
        "and Qwen: put a tokenizer.json or the tokenizer_config.json beside it",
        this->where, count);
}

static assay_status ranks_take(assay_tokenizer *tokenizer, const ranks *this, const assay_tokenizer_config *config,
                               assay_error *err)
{
    assay_document document = {0};
    const rank_family *family;
    ASSAY_TRY(family_find(&family, this, config, err));
    assay_status status = document_build(&document, this, family, config, err);
    if (status == ASSAY_OK) status = assay_json_document_take(tokenizer, &document, this->where, config, err);
    if (status == ASSAY_OK) {
        assay_pipeline *pipeline = tokenizer->state;
        assay_bpe_model_rank_by_result(pipeline->model);
        if (family->nfc) assay_normalizer_make_current(&pipeline->normalizer);
    }
    assay_document_release(&document);
    return status;
}

assay_status assay_folder_ranks_read(assay_tokenizer *tokenizer, const char *folder, const char *path,
                                     const assay_tokenizer_config *config, assay_error *err)
{
    ranks this = {.where = path, .vocab = json_object()};
    char *text = NULL;
    size_t size = 0;
    (void)folder;
    assay_status status = this.vocab ? assay_file_read(path, FILE_BYTES, &text, &size, err) : no_memory(&this, err);
    if (status == ASSAY_OK) status = lines_read(&this, text, size, err);
    assay_free(text);
    if (status == ASSAY_OK) status = ranks_take(tokenizer, &this, config, err);
    json_decref(this.vocab);
    assay_token_map_release(&this.map);
    return status;
}
