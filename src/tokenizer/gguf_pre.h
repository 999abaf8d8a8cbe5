/* What the word tokenizer.ggml.pre of a GGUF file stands for; read by gguf_vocab.c and written out by
 * tokenizer_save_gguf.c. */
#ifndef ASSAY_TOKENIZER_GGUF_PRE_H
#define ASSAY_TOKENIZER_GGUF_PRE_H

#include "container/gguf.h"

typedef struct assay_gguf_pre {
    const char *name;
    const char *pattern; /* one of split_pattern.h's */
    bool digits, nfc, ignore_merges, add_bos;
} assay_gguf_pre;

/* The rule of a file with a gpt2 vocabulary; the error lists the words that are known. */
assay_status assay_gguf_pre_find(const assay_gguf_pre **out, const assay_gguf *gguf, assay_error *err);

#endif
