#include "tokenizer/document.h"

#include <string.h>

void assay_document_release(assay_document *document)
{
    json_decref(document->root);
    json_decref(document->named);
    json_decref(document->places);
    assay_token_map_release(&document->vocab);
    *document = (assay_document){0};
}

static assay_status vocab_object_read(assay_document *document, json_t *vocab, assay_error *err)
{
    const char *text;
    size_t size;
    json_t *id;
    json_object_keylen_foreach(vocab, text, size, id)
        ASSAY_TRY(assay_token_map_add(&document->vocab, text, size, (int32_t)json_integer_value(id), err));
    document->model_size = json_object_size(vocab);
    return ASSAY_OK;
}

static assay_status vocab_list_read(assay_document *document, const json_t *vocab, assay_error *err)
{
    document->model_size = json_array_size(vocab);
    for (size_t i = 0; i < document->model_size && i <= ASSAY_TOKEN_ID_MAX; i++) {
        const json_t *text = json_array_get(json_array_get(vocab, i), 0);
        ASSAY_TRY(
            assay_token_map_add(&document->vocab, json_string_value(text), json_string_length(text), (int32_t)i, err));
    }
    return ASSAY_OK;
}

assay_status assay_document_begin(assay_document *document, json_t *model, assay_error *err)
{
    json_t *vocab = json_object_get(model, "vocab");
    document->last_added = -1;
    document->named = json_object();
    document->places = json_object();
    document->root =
        json_pack("{s:s, s:n, s:n, s:[], s:n, s:n, s:n, s:n, s:o}", "version", "1.0", "truncation", "padding",
                  "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model", model);
    if (!vocab || !document->root || !document->named || !document->places)
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a vocabulary");
    return json_is_array(vocab) ? vocab_list_read(document, vocab, err) : vocab_object_read(document, vocab, err);
}

assay_status assay_document_part(assay_document *document, const char *key, json_t *node, assay_error *err)
{
    if (!node || json_object_set_new(document->root, key, node) != 0)
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a tokenizer's %s", key);
    return ASSAY_OK;
}

static const char *named(const assay_document *document, const char *key)
{
    return key ? json_string_value(json_object_get(document->named, key)) : NULL;
}

int32_t assay_document_id(const assay_document *document, const char *key)
{
    const char *content = named(document, key);
    return content ? assay_token_map_find(&document->vocab, content, strlen(content)) : -1;
}

/* ---- nodes ---- */

json_t *assay_node_token(const char *content, bool special)
{
    return json_pack("{s:s, s:b, s:b, s:b, s:b, s:b}", "content", content, "single_word", 0, "lstrip", 0, "rstrip", 0,
                     "normalized", 0, "special", (int)special);
}

json_t *assay_node_byte_level(bool prefix_space, bool regex)
{
    return json_pack("{s:s, s:b, s:b, s:b}", "type", "ByteLevel", "add_prefix_space", (int)prefix_space, "trim_offsets",
                     1, "use_regex", (int)regex);
}

json_t *assay_node_split(const char *regex)
{
    return json_pack("{s:s, s:{s:s}, s:s, s:b}", "type", "Split", "pattern", "Regex", regex, "behavior", "Isolated",
                     "invert", 0);
}

json_t *assay_node_replace(const char *kind, const char *pattern, const char *content)
{
    return json_pack("{s:s, s:{s:s}, s:s}", "type", "Replace", "pattern", kind, pattern, "content", content);
}

json_t *assay_node_metaspace(const char *scheme, bool split)
{
    return json_pack("{s:s, s:s, s:s, s:b}", "type", "Metaspace", "replacement", ASSAY_SPACE_SYMBOL, "prepend_scheme",
                     scheme, "split", (int)split);
}

json_t *assay_node_sequence(const char *key, json_t *first, json_t *second)
{
    json_t *steps = second ? json_pack("[o, o]", first, second) : json_pack("[o]", first);
    return json_pack("{s:s, s:o}", "type", "Sequence", key, steps);
}

json_t *assay_node_bpe(json_t *vocab, json_t *merges, const char *unk, bool fuse_unk, bool fallback, bool ignore_merges)
{
    return json_pack("{s:s, s:n, s:s?, s:n, s:n, s:b, s:b, s:b, s:o, s:o}", "type", "BPE", "dropout", "unk_token", unk,
                     "continuing_subword_prefix", "end_of_word_suffix", "fuse_unk", (int)fuse_unk, "byte_fallback",
                     (int)fallback, "ignore_merges", (int)ignore_merges, "vocab", vocab, "merges", merges);
}

static json_t *template_piece(const char *content)
{
    return json_pack("{s:{s:s, s:i}}", "SpecialToken", "id", content, "type_id", 0);
}

static void template_add(const assay_document *document, const char *content, json_t *single, json_t *pair,
                         json_t *tokens)
{
    json_int_t id = assay_token_map_find(&document->vocab, content, strlen(content));
    json_array_append_new(single, template_piece(content));
    json_array_append_new(pair, template_piece(content));
    json_object_set_new(tokens, content, json_pack("{s:s, s:[I], s:[s]}", "id", content, "ids", id, "tokens", content));
}

json_t *assay_document_template(const assay_document *document, const char *first, const char *last)
{
    const char *front = named(document, first), *back = named(document, last);
    json_t *single = json_array(), *pair = json_array(), *tokens = json_object();
    if (front) template_add(document, front, single, pair, tokens);
    json_array_append_new(single, json_pack("{s:{s:s, s:i}}", "Sequence", "id", "A", "type_id", 0));
    json_array_append_new(pair, json_pack("{s:{s:s, s:i}}", "Sequence", "id", "A", "type_id", 0));
    json_array_append_new(pair, json_pack("{s:{s:s, s:i}}", "Sequence", "id", "B", "type_id", 1));
    if (back) template_add(document, back, single, pair, tokens);
    size_t wanted = 1u + (front != NULL) + (back != NULL);
    if (json_array_size(single) != wanted || json_array_size(pair) != wanted + 1) tokens = (json_decref(tokens), NULL);
    return json_pack("{s:s, s:o, s:o, s:o}", "type", "TemplateProcessing", "single", single, "pair", pair,
                     "special_tokens", tokens);
}

json_t *assay_document_ends(const assay_document *document, const assay_tokenizer_config *config)
{
    const char *bos = config->add_bos == ASSAY_SAID_YES ? "bos_token" : NULL,
               *eos = config->add_eos == ASSAY_SAID_YES ? "eos_token" : NULL;
    if (!named(document, bos) && !named(document, eos)) return json_null();
    return assay_document_template(document, bos, eos);
}
