/* A GGUF file's vocabulary, and the byte tokenizer of `init`, as tokenizer.json (schema: tokenizers,
 * tokenizer/serialization.rs). */
#include "base/file.h"
#include "text/pre_tokenizer.h"
#include "tokenizer/gguf_document.h"
#include "tokenizer/gguf_pre.h"
#include "tokenizer/tokenizer_save.h"
#include "tokenizer/tokenizer_save_json.h"

#include <stdio.h>
#include <string.h>

enum { TYPE_UNKNOWN = 2, TYPE_CONTROL = 3, TYPE_USER = 4 };

static const char chatml[] = "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + "
                             "message['content'] + '<|im_end|>' + '\\n' }}"
                             "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

static assay_status save(json_t *value, const char *to, const char *name, assay_error *err)
{
    char *path = assay_path_join(to, name);
    assay_status status = value && path ? assay_json_save(value, path, err)
                                        : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for %s", name);
    assay_free(path);
    json_decref(value);
    return status;
}

static json_t *added_token(const char *content, size_t id, bool special)
{
    return json_pack("{s:I, s:s, s:b, s:b, s:b, s:b, s:b}", "id", (json_int_t)id, "content", content, "single_word", 0,
                     "lstrip", 0, "rstrip", 0, "normalized", 0, "special", (int)special);
}

static json_t *byte_level(bool regex)
{
    return json_pack("{s:s, s:b, s:b, s:b}", "type", "ByteLevel", "add_prefix_space", 0, "trim_offsets", 1, "use_regex",
                     (int)regex);
}

static json_t *whole(json_t *added, json_t *normalizer, json_t *pre, json_t *post, json_t *decoder, json_t *model)
{
    return json_pack("{s:s, s:n, s:n, s:o, s:o, s:o, s:o, s:o, s:o}", "version", "1.0", "truncation", "padding",
                     "added_tokens", added, "normalizer", normalizer, "pre_tokenizer", pre, "post_processor", post,
                     "decoder", decoder, "model", model);
}

static json_t *bpe(json_t *vocab, json_t *merges, const char *unk, bool fallback, bool ignore_merges)
{
    return json_pack("{s:s, s:n, s:s?, s:n, s:n, s:b, s:b, s:b, s:o, s:o}", "type", "BPE", "dropout", "unk_token", unk,
                     "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", (int)fallback, "byte_fallback",
                     (int)fallback, "ignore_merges", (int)ignore_merges, "vocab", vocab, "merges", merges);
}

/* ---- GGUF ---- */

static const char *token_text(const assay_gguf *gguf, const char *key)
{
    int64_t id;
    const char *text = NULL;
    if (!assay_gguf_int(gguf, key, &id) || id < 0) return NULL;
    return assay_gguf_array_string(gguf, "tokenizer.ggml.tokens", (size_t)id, &text, NULL) ? text : NULL;
}

static bool flag_get(const assay_gguf *gguf, const char *key, bool otherwise)
{
    int64_t value;
    return assay_gguf_int(gguf, key, &value) ? value != 0 : otherwise;
}

static void add_template_token(json_t *single, json_t *pair, json_t *tokens, const char *content, int64_t id)
{
    json_array_append_new(single, json_pack("{s:{s:s, s:i}}", "SpecialToken", "id", content, "type_id", 0));
    json_array_append_new(pair, json_pack("{s:{s:s, s:i}}", "SpecialToken", "id", content, "type_id", 0));
    json_object_set_new(tokens, content,
                        json_pack("{s:s, s:[I], s:[s]}", "id", content, "ids", (json_int_t)id, "tokens", content));
}

/* What stands around a text; NULL: nothing. */
static json_t *post_processor(const assay_gguf *gguf, bool add_bos, bool add_eos)
{
    const char *bos = token_text(gguf, "tokenizer.ggml.bos_token_id"),
               *eos = token_text(gguf, "tokenizer.ggml.eos_token_id");
    int64_t bos_id = 0, eos_id = 0;
    bool begin = bos && flag_get(gguf, "tokenizer.ggml.add_bos_token", add_bos),
         end = eos && flag_get(gguf, "tokenizer.ggml.add_eos_token", add_eos);
    if (!begin && !end) return NULL;
    assay_gguf_int(gguf, "tokenizer.ggml.bos_token_id", &bos_id);
    assay_gguf_int(gguf, "tokenizer.ggml.eos_token_id", &eos_id);
    json_t *single = json_array(), *pair = json_array(), *tokens = json_object();
    if (begin) add_template_token(single, pair, tokens, bos, bos_id);
    json_array_append_new(single, json_pack("{s:{s:s, s:i}}", "Sequence", "id", "A", "type_id", 0));
    json_array_append_new(pair, json_pack("{s:{s:s, s:i}}", "Sequence", "id", "A", "type_id", 0));
    json_array_append_new(pair, json_pack("{s:{s:s, s:i}}", "Sequence", "id", "B", "type_id", 1));
    if (end) add_template_token(single, pair, tokens, eos, eos_id);
    return json_pack("{s:s, s:o, s:o, s:o}", "type", "TemplateProcessing", "single", single, "pair", pair,
                     "special_tokens", tokens);
}

static assay_status read_vocabulary(const assay_gguf *gguf, json_t *vocab, json_t *added, assay_error *err)
{
    size_t count = 0;
    const char *text;
    if (!assay_gguf_array_size(gguf, "tokenizer.ggml.tokens", &count) || count == 0)
        return assay_error_set(err, ASSAY_E_FORMAT, "the GGUF file has no tokenizer.ggml.tokens");
    for (size_t i = 0; i < count; i++) {
        int64_t type = 1;
        if (!assay_gguf_array_string(gguf, "tokenizer.ggml.tokens", i, &text, NULL))
            return assay_error_set(err, ASSAY_E_FORMAT, "tokenizer.ggml.tokens: token %zu is no text", i);
        assay_gguf_array_int(gguf, "tokenizer.ggml.token_type", i, &type);
        if (!json_object_get(vocab, text) && json_object_set_new(vocab, text, json_integer((json_int_t)i)) != 0)
            return assay_error_set(err, ASSAY_E_FORMAT,
                                   "tokenizer.ggml.tokens: token %zu is not valid UTF-8 (or memory is out)", i);
        if (type == TYPE_UNKNOWN || type == TYPE_CONTROL || type == TYPE_USER)
            json_array_append_new(added, added_token(text, i, type != TYPE_USER));
    }
    return ASSAY_OK;
}

static assay_status read_merges(const assay_gguf *gguf, json_t **out, assay_error *err)
{
    size_t count = 0;
    const char *text;
    *out = json_array();
    ASSAY_TRY_ALLOC(*out, "merges", err);
    assay_gguf_array_size(gguf, "tokenizer.ggml.merges", &count);
    for (size_t i = 0; i < count; i++)
        if (!assay_gguf_array_string(gguf, "tokenizer.ggml.merges", i, &text, NULL) ||
            json_array_append_new(*out, json_string(text)) != 0)
            return assay_error_set(err, ASSAY_E_FORMAT, "tokenizer.ggml.merges: merge %zu is no text", i);
    return ASSAY_OK;
}

static json_t *space_decoder(bool prefix)
{
    json_t *steps = json_pack("[{s:s, s:{s:s}, s:s}, {s:s}, {s:s}]", "type", "Replace", "pattern", "String",
                              "\xe2\x96\x81", "content", " ", "type", "ByteFallback", "type", "Fuse");
    if (prefix)
        json_array_append_new(
            steps, json_pack("{s:s, s:s, s:i, s:i}", "type", "Strip", "content", " ", "start", 1, "stop", 0));
    return json_pack("{s:s, s:o}", "type", "Sequence", "decoders", steps);
}

/* Without bytes the letters that are no token become their bytes, as SentencePiece has it. */
static json_t *bpe_decoder(const assay_gguf_pre *rule)
{
    return rule->characters ? space_decoder(false) : byte_level(true);
}

static assay_status make_bpe(const assay_gguf *gguf, json_t *vocab, json_t *added, json_t **out, assay_error *err)
{
    const assay_gguf_pre *rule;
    json_t *merges = NULL;
    ASSAY_TRY(assay_gguf_pre_find(&rule, gguf, err));
    assay_status status = read_merges(gguf, &merges, err);
    if (status == ASSAY_OK) {
        json_t *post = post_processor(gguf, rule->add_bos, rule->add_eos);
        if (!post) post = rule->characters ? json_null() : byte_level(true);
        *out = whole(json_incref(added), assay_gguf_pre_normalizer(rule), assay_gguf_pre_words(rule), post,
                     bpe_decoder(rule),
                     bpe(json_incref(vocab), json_incref(merges), NULL, rule->characters, rule->ignore_merges));
    }
    json_decref(merges);
    return status;
}

static json_t *space_normalizer(bool prefix)
{
    json_t *steps = json_array();
    if (prefix) json_array_append_new(steps, json_pack("{s:s, s:s}", "type", "Prepend", "prepend", "\xe2\x96\x81"));
    json_array_append_new(steps, json_pack("{s:s, s:{s:s}, s:s}", "type", "Replace", "pattern", "String", " ",
                                           "content", "\xe2\x96\x81"));
    return json_pack("{s:s, s:o}", "type", "Sequence", "normalizers", steps);
}

static assay_status make_pieces(const assay_gguf *gguf, json_t *vocab, json_t *added, json_t **out, assay_error *err)
{
    json_t *merges = NULL;
    if (flag_get(gguf, "tokenizer.ggml.remove_extra_whitespaces", false))
        return assay_error_set(
            err, ASSAY_E_UNSUPPORTED,
            "a SentencePiece vocabulary that removes extra spaces has no tokenizer.json form here: use "
            "the model's Hugging Face folder instead of the GGUF");
    assay_status status = assay_merges_from_scores(gguf, vocab, &merges, err);
    if (status == ASSAY_OK) {
        bool prefix = flag_get(gguf, "tokenizer.ggml.add_space_prefix", true),
             fallback = json_object_get(vocab, "<0x00>") != NULL;
        const char *unk = token_text(gguf, "tokenizer.ggml.unknown_token_id");
        json_t *post = post_processor(gguf, true, false);
        *out = whole(json_incref(added), space_normalizer(prefix), json_null(), post ? post : json_null(),
                     space_decoder(prefix),
                     bpe(json_incref(vocab), json_incref(merges), unk ? unk : "<unk>", fallback, false));
        json_object_set_new(json_object_get(*out, "model"), "fuse_unk", json_true());
    }
    json_decref(merges);
    return status;
}

static void set_token(json_t *config, const char *key, const char *content)
{
    if (content) json_object_set_new(config, key, json_string(content));
}

static json_t *gguf_config(const assay_gguf *gguf)
{
    const char *text;
    int64_t length;
    json_t *config =
        json_pack("{s:s, s:b}", "tokenizer_class", "PreTrainedTokenizerFast", "clean_up_tokenization_spaces", 0);
    set_token(config, "bos_token", token_text(gguf, "tokenizer.ggml.bos_token_id"));
    set_token(config, "eos_token", token_text(gguf, "tokenizer.ggml.eos_token_id"));
    set_token(config, "pad_token", token_text(gguf, "tokenizer.ggml.padding_token_id"));
    set_token(config, "unk_token", token_text(gguf, "tokenizer.ggml.unknown_token_id"));
    if (assay_gguf_string(gguf, "general.architecture", &text, NULL)) {
        char key[96];
        snprintf(key, sizeof key, "%.64s.context_length", text);
        if (assay_gguf_int(gguf, key, &length)) json_object_set_new(config, "model_max_length", json_integer(length));
    }
    return config;
}

/* A text, or where there are others beside it a list of {name, template}; NULL: none. */
static json_t *templates_json(const assay_named_templates *list)
{
    const char *only = list->count == 1 ? assay_named_templates_find(list, "default") : NULL;
    if (only || !list->count) return only ? json_string(only) : NULL;
    json_t *all = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(all,
                              json_pack("{s:s, s:s}", "name", list->items[i].name, "template", list->items[i].text));
    return all;
}

static assay_status add_templates(json_t *config, const assay_gguf *gguf, assay_error *err)
{
    assay_named_templates list = {0};
    assay_status status = assay_named_templates_of_gguf(&list, gguf, err);
    json_t *value = status == ASSAY_OK ? templates_json(&list) : NULL;
    if (value) json_object_set_new(config, "chat_template", value);
    assay_named_templates_release(&list);
    return status;
}

static assay_status make_document(const assay_gguf *gguf, json_t **out, json_t *named, assay_error *err)
{
    assay_document document = {0};
    assay_status status = assay_gguf_document(&document, gguf, err);
    if (status == ASSAY_OK) *out = json_incref(document.root);
    if (status == ASSAY_OK && json_object_update(named, document.named) != 0)
        status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for special tokens");
    assay_document_release(&document);
    return status;
}

static assay_status make_any(const assay_gguf *gguf, const char *model, json_t *vocab, json_t *added, json_t **out,
                             json_t *named, assay_error *err)
{
    bool pieces = strcmp(model, "llama") == 0;
    if (strcmp(model, "bert") == 0 || strcmp(model, "t5") == 0) return make_document(gguf, out, named, err);
    if (!pieces && strcmp(model, "gpt2") != 0 && strcmp(model, "gemma4") != 0)
        return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                               "tokenizer.ggml.model is \"%.80s\"; Assay writes llama, gpt2, gemma4, bert and t5",
                               model);
    ASSAY_TRY(read_vocabulary(gguf, vocab, added, err));
    return pieces ? make_pieces(gguf, vocab, added, out, err) : make_bpe(gguf, vocab, added, out, err);
}

assay_status assay_tokenizer_save_gguf(const assay_gguf *gguf, const char *to, assay_error *err)
{
    const char *model = "";
    json_t *vocab = json_object(), *added = json_array(), *named = json_object(), *out = NULL, *config;
    assay_gguf_string(gguf, "tokenizer.ggml.model", &model, NULL);
    assay_status status = make_any(gguf, model, vocab, added, &out, named, err);
    json_decref(vocab);
    json_decref(added);
    if (status == ASSAY_OK) status = save(out, to, "tokenizer.json", err);
    else json_decref(out);
    config = status == ASSAY_OK ? gguf_config(gguf) : NULL;
    json_object_update(config, named);
    json_decref(named);
    if (status == ASSAY_OK) status = add_templates(config, gguf, err);
    if (status == ASSAY_OK) return save(config, to, "tokenizer_config.json", err);
    json_decref(config);
    return status;
}

/* ---- bytes ---- */

static json_t *byte_vocabulary(void)
{
    json_t *vocab = json_object();
    for (int byte = 0; byte < 256; byte++)
        json_object_set_new(vocab, assay_byte_char((unsigned char)byte), json_integer(byte));
    return vocab;
}

assay_status assay_tokenizer_save_bytes(const char *to, assay_error *err)
{
    static const char *const special[] = {"<|endoftext|>", "<|im_start|>", "<|im_end|>", "<pad>"};
    json_t *added = json_array();
    for (size_t i = 0; i < 4; i++) json_array_append_new(added, added_token(special[i], 256 + i, true));
    json_t *document = whole(added, json_null(), byte_level(true), byte_level(true), byte_level(true),
                             bpe(byte_vocabulary(), json_array(), NULL, false, false));
    json_t *config =
        json_pack("{s:s, s:b, s:s, s:s, s:s, s:s, s:I}", "tokenizer_class", "PreTrainedTokenizerFast",
                  "clean_up_tokenization_spaces", 0, "bos_token", special[0], "eos_token", special[2], "pad_token",
                  special[3], "chat_template", chatml, "model_max_length", (json_int_t)1 << 20);
    assay_status status = save(document, to, "tokenizer.json", err);
    if (status != ASSAY_OK) return json_decref(config), status;
    return save(config, to, "tokenizer_config.json", err);
}
