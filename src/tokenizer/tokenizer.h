/* Text to ids, identical to the reference tokenizer on every string.
 *
 * Kinds (one file each, one line in a list): tokenizer.json; SentencePiece's tokenizer.model and its other names;
 * rank files (GLM-4, Llama 3, Qwen); vocab.json with merges.txt; vocab.txt; ChatGLM's own; and the vocabularies inside
 * a GGUF file. All but ChatGLM2/3's and GGUF's own are put into tokenizer.json's terms and run as one.
 *
 *     assay_tokenizer *tokenizer;
 *     ASSAY_TRY(assay_tokenizer_open(&tokenizer, folder_or_null, gguf_or_null, err));
 *     assay_ids ids = {0};
 *     ASSAY_TRY(assay_tokenizer_encode(tokenizer, text, size, ASSAY_ENCODE_SPECIAL_TEXT, &ids, err));
 *     assay_ids_release(&ids);
 *
 * Encoding is const and may run on many threads at once. Text must be valid UTF-8 (else an error naming the byte
 * offset); it may hold zero bytes.
 */
#ifndef ASSAY_TOKENIZER_TOKENIZER_H
#define ASSAY_TOKENIZER_TOKENIZER_H

#include "base/alloc.h"
#include "base/json_doc.h"
#include "container/gguf.h"
#include "subword/ids.h"
#include "tokenizer/named_templates.h"

#include <stdint.h>

typedef struct assay_tokenizer assay_tokenizer;

/* Exactly one of folder and gguf is given. Of a folder's vocabulary files the first of the list in tokenizer_open.c is
 * read (tokenizer.json before all others); with tokenizer_config.json, special_tokens_map.json, added_tokens.json,
 * chat_template.jinja and config.json's model_type beside it where present. ChatGLM2/3 (tokenizer_class
 * ChatGLMTokenizer) gets its special ids. */
assay_status assay_tokenizer_open(assay_tokenizer **out, const char *folder, const assay_gguf *gguf, assay_error *err);
void assay_tokenizer_close(assay_tokenizer *tokenizer); /* NULL is fine */

/* Whether a folder holds a vocabulary that assay_tokenizer_open looks for. */
bool assay_tokenizer_in_folder(const char *folder);

enum {
    /* what the reference's add_special_tokens=True adds: <s>, [gMASK] sop, post-processor */
    ASSAY_ENCODE_ADD_SPECIAL = 1,
    ASSAY_ENCODE_SPECIAL_TEXT =
        2, /* the text of added/special tokens becomes their id, as Hugging Face fast tokenizers always do.
              Ignored by ChatGLM2/3, whose reference never parses it, and by nobody else. Without the flag
              special tokens' text is ordinary text (user content cannot forge a turn). */
};

/* Tells how many rows the model's embedding has, before any text is encoded. Ids from there on are then refused by name
 * where a text would contain them; one that no text contains (the pad token, say) does no harm. Without this call every
 * id of the vocabulary is fine. */
void assay_tokenizer_limit(assay_tokenizer *tokenizer, int32_t rows);

/* Whether ids->data[first ...] all have a row; the error names the token. For ids that assay_tokenizer_encode did not
 * make: it looks itself. */
assay_status assay_tokenizer_check(const assay_tokenizer *tokenizer, const assay_ids *ids, size_t first,
                                   assay_error *err);

/* Appends to *ids. */
assay_status assay_tokenizer_encode(const assay_tokenizer *tokenizer, const char *text, size_t size, unsigned flags,
                                    assay_ids *ids, assay_error *err);

/* The first special token whose text stands in valid UTF-8, so that ASSAY_ENCODE_SPECIAL_TEXT would make the token of
 * it; NULL: none, and always for ChatGLM2/3. What a tokenizer seeks in normalised text is sought in the text as it
 * stands. Owned by the tokenizer. */
const char *assay_tokenizer_control_in(const assay_tokenizer *tokenizer, const char *text, size_t size);

/* The id of a token by its exact content (special or added token, else vocabulary piece); -1 when there is none. */
int32_t assay_tokenizer_find(const assay_tokenizer *tokenizer, const char *content);

/* The same among added and special tokens alone, which stay one token wherever their text stands. */
int32_t assay_tokenizer_find_added(const assay_tokenizer *tokenizer, const char *content);

/* The raw content of an id ("Ġhello", "▁hello", "<|im_end|>"), NULL when out of range. Owned by the tokenizer. For
 * previews. */
const char *assay_tokenizer_token(const assay_tokenizer *tokenizer, int32_t id);

/* Bytes an id stands for in text (byte-level alphabet undone, ▁ as a space), appended to nothing: writes up to `size`
 * bytes, returns the full length. For previews and per-token traces. */
size_t assay_tokenizer_token_bytes(const assay_tokenizer *tokenizer, int32_t id, char *text, size_t size);

typedef struct assay_tokenizer_info {
    /* "byte-level-bpe", "character-bpe" (in SentencePiece's manner), "unigram", "wordpiece", "word-level";
     * "sentencepiece-bpe": by SentencePiece's own rules */
    const char *kind;
    const char *class_name;     /* tokenizer_class, or NULL */
    int32_t vocab_size;         /* largest id + 1 */
    int32_t rows;               /* ids below it may be scored: vocab_size, or what assay_tokenizer_limit said */
    int32_t bos, eos, pad, unk; /* -1: none */
    const char *chat_template;  /* Jinja text, or NULL */
    const char *tool_template;  /* the checkpoint's text for conversations with tools, or NULL: the same */
    const assay_named_templates *templates; /* those two ("default", "tool_use") and all others; never NULL */
    const char *template_origin;            /* the file they come from, "chat_template.jinja", or NULL */
    const char *note;   /* what the files say against each other and which one counts; NULL: nothing */
    const char *family; /* "chatglm", "chatglm2", "chatglm3": a template that no Jinja text tells; else NULL */
} assay_tokenizer_info;

const assay_tokenizer_info *assay_tokenizer_about(const assay_tokenizer *tokenizer);

#endif
