/* What the word tokenizer.ggml.pre of a GGUF file stands for; read by gguf_vocab.c and written out by
 * tokenizer_save_gguf.c. */
#ifndef ASSAY_TOKENIZER_GGUF_PRE_H
#define ASSAY_TOKENIZER_GGUF_PRE_H

#include "base/json_doc.h"
#include "container/gguf.h"

enum { ASSAY_GGUF_PATTERNS = 6 };

typedef struct assay_gguf_pre {
    const char *name;
    const char *patterns[ASSAY_GGUF_PATTERNS]; /* each splits what the one before left; NULL ends them */
    bool digits, digits_last;                  /* every digit apart, before or behind the patterns */
    bool falcon;                               /* Falcon's own steps, instead of patterns */
    bool characters;                           /* no bytes and no words: SentencePiece's letters, with byte fallback */
    bool nfc, ignore_merges, add_bos, add_eos;
} assay_gguf_pre;

/* The rule of a file with a gpt2 or gemma4 vocabulary; the error lists the words that are known. */
assay_status assay_gguf_pre_find(const assay_gguf_pre **out, const assay_gguf *gguf, assay_error *err);

/* As nodes of a tokenizer.json; NULL: out of memory. */
json_t *assay_gguf_pre_words(const assay_gguf_pre *rule);
json_t *assay_gguf_pre_normalizer(const assay_gguf_pre *rule);

#endif
