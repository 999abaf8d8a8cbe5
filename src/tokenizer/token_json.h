/* Tokens as JSON strings, for people who look at them. A string must be UTF-8; a token may be a part of a character. */
#ifndef ASSAY_TOKENIZER_TOKEN_JSON_H
#define ASSAY_TOKENIZER_TOKEN_JSON_H

#include "tokenizer/tokenizer.h"

#include <jansson.h>

/* All of these: a new string of the caller's; NULL: out of memory. */

/* The bytes the id stands for; U+FFFD alone where they are no text by themselves. */
json_t *assay_token_json(const assay_tokenizer *tokenizer, int32_t id);
/* As the vocabulary has it ("Ġhello"); U+FFFD where that is no text, or there is no such id. */
json_t *assay_token_stored_json(const assay_tokenizer *tokenizer, int32_t id);
/* The bytes of all ids one after another; each byte that belongs to no character becomes U+FFFD. */
json_t *assay_token_run_json(const assay_tokenizer *tokenizer, const int32_t *ids, size_t count);

#endif
