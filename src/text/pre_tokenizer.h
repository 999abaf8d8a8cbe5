/* The pre_tokenizer of a tokenizer.json: a list of steps that cut a text into words and may rewrite it. Types:
 * Sequence, ByteLevel, Split, Digits, Metaspace, WhitespaceSplit, Whitespace, Punctuation, BertPreTokenizer. Others are
 * refused by name. The list is const after loading; each call brings its own work space, which holds text and words of
 * the result. A word never is empty. */
#ifndef ASSAY_TEXT_PRE_TOKENIZER_H
#define ASSAY_TEXT_PRE_TOKENIZER_H

#include "base/buf.h"
#include "base/json_doc.h"

typedef struct assay_word {
    size_t start, end; /* in the work space's text */
    bool first;        /* begins where the whole input begins */
} assay_word;

typedef struct assay_words {
    assay_word *list;
    size_t count, capacity;
} assay_words;

typedef struct assay_pre_work {
    assay_buf text, next_text;
    assay_words words, next_words;
} assay_pre_work;

typedef struct assay_pre_tokenizer {
    struct assay_pre_step *steps;
    size_t count, capacity;
    bool byte_level; /* one of the steps writes bytes in the GPT-2 alphabet */
} assay_pre_tokenizer;

void assay_pre_tokenizer_release(assay_pre_tokenizer *pre);
assay_status assay_pre_tokenizer_read(assay_pre_tokenizer *pre, const json_t *node, const char *where,
                                      assay_error *err);

void assay_pre_work_init(assay_pre_work *work, size_t size); /* for texts of `size` bytes (assay_normal_ceiling) */
void assay_pre_work_release(assay_pre_work *work);

/* first: the text begins where the whole input begins. */
assay_status assay_pre_tokenizer_run(const assay_pre_tokenizer *pre, const char *text, size_t size, bool first,
                                     assay_pre_work *work, assay_error *err);

/* The GPT-2 alphabet: the character (UTF-8, one or two bytes, zero-terminated) that stands for a byte, and back (-1:
 * none). */
const char *assay_byte_char(unsigned char byte);
int assay_byte_from_char(int32_t code);

#endif
