/* Tokens found in the text before anything else sees it: added and special tokens. Matching is leftmost, then longest;
 * lstrip and rstrip swallow the white space beside a match; single_word wants no word character beside it. The rules
 * are those of `tokenizers` (tokenizer/added_vocabulary.rs): tokens with normalized=false are sought in the raw text,
 * the others afterwards in each normalised piece. Const after loading. */
#ifndef ASSAY_TOKENIZER_ADDED_TOKENS_H
#define ASSAY_TOKENIZER_ADDED_TOKENS_H

#include "subword/piece_trie.h"

typedef struct assay_added_token {
    int32_t id;
    bool special, single_word, lstrip, rstrip, normalized;
} assay_added_token;

typedef struct assay_added_tokens {
    assay_added_token *tokens;
    size_t count, capacity;
    assay_piece_trie raw, normal; /* values are indices of tokens */
} assay_added_tokens;

typedef struct assay_added_match {
    int32_t id;
    bool special;
    size_t start, end; /* start may lie before the end of the match before (overlapping lstrip): treat as empty gap */
} assay_added_match;

typedef struct assay_added_scan {
    const char *text;
    size_t size;
    size_t scanned, done; /* where to look on; end of the last match */
    bool skip_special;    /* special tokens' text is ordinary text */
} assay_added_scan;

void assay_added_tokens_release(assay_added_tokens *added);

#endif
