/* A tokenizer in the terms of tokenizer.json, made of other files. Every kind that comes as something else
 * (tokenizer.model, vocab.txt, vocab.json and merges.txt, rank files) is put into these terms first; json_document_read
 * then runs it, and the document is what is written where a model is exported.
 *
 *     assay_document document = {0};
 *     status = assay_document_begin(&document, model, err); // its vocabulary is counted and looked up
 *     ... assay_document_add_tokens (as Transformers adds them), assay_document_part (normalizer and the rest) ...
 *     status = assay_json_document_read(tokenizer, document.root, where, config, err);
 *     assay_document_release(&document);
 *
 * The makers below give new nodes, NULL when memory is out; functions that take a node take it over, and NULL for a
 * failure. */
#ifndef ASSAY_TOKENIZER_DOCUMENT_H
#define ASSAY_TOKENIZER_DOCUMENT_H

#include "base/json_doc.h"
#include "subword/token_map.h"
#include "tokenizer/tokenizer_config.h"

#define ASSAY_SPACE_SYMBOL "\xe2\x96\x81" /* SentencePiece's U+2581 */

typedef struct assay_document {
    json_t *root;
    json_t *named;         /* "bos_token": content, ... as they count in the end */
    assay_token_map vocab; /* by content: the model's vocabulary and the tokens added to it */
    json_t *places;        /* by content: where an added token stands in the list */
    size_t model_size;     /* entries of the model's vocabulary */
    int32_t last_added;    /* largest id of an added token; -1: none */
} assay_document;

/* A special token that a class of tokenizers has without being told. */
typedef struct assay_named_token {
    const char *key, *content;
} assay_named_token;

void assay_document_release(assay_document *document);
assay_status assay_document_begin(assay_document *document, json_t *model, assay_error *err);
assay_status assay_document_part(assay_document *document, const char *key, json_t *node, assay_error *err);

/* names: the class's own, ended by a NULL key. extra: a list of token objects that the vocabulary file brings, used
 * where the config lists no additional ones; NULL: none; not taken over. raw: tokens of added_tokens_decoder are sought
 * in the raw text, whatever their flag says. */
assay_status assay_document_add_tokens(assay_document *document, const assay_tokenizer_config *config,
                                       const assay_named_token *names, const json_t *extra, bool raw, assay_error *err);

/* One special token more, before those of the config, which may give its flags anew: behind the vocabulary unless it is
 * in it. */
assay_status assay_document_add_token(assay_document *document, const char *content, assay_error *err);

/* What the config says of a named token: its content, NULL for null; `otherwise` where it says nothing. */
const char *assay_tokenizer_config_named(const assay_tokenizer_config *config, const char *key, const char *otherwise);

/* The id of a named token ("bos_token"); -1: there is none. */
int32_t assay_document_id(const assay_document *document, const char *key);

/* What stands around a text: first and last are keys of named tokens, or NULL. */
json_t *assay_document_template(const assay_document *document, const char *first, const char *last);

/* The template that add_bos_token and add_eos_token of the config ask for; null where they ask for nothing. */
json_t *assay_document_ends(const assay_document *document, const assay_tokenizer_config *config);

json_t *assay_node_token(const char *content, bool special); /* an added token without an id, its flags all false */
json_t *assay_node_byte_level(bool prefix_space, bool regex);
json_t *assay_node_split(const char *regex);
json_t *assay_node_replace(const char *kind, const char *pattern, const char *content); /* kind: "Regex" or "String" */
json_t *assay_node_metaspace(const char *scheme, bool split);
json_t *assay_node_sequence(const char *key, json_t *first, json_t *second); /* second: NULL for one step only */
json_t *assay_node_bpe(json_t *vocab, json_t *merges, const char *unk, bool fuse_unk, bool fallback,
                       bool ignore_merges);

#endif
