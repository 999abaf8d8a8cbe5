/* What --head-from-tokens and --head-init say, as the model needs it. */
#ifndef ASSAY_TASK_HEAD_WORDS_H
#define ASSAY_TASK_HEAD_WORDS_H

#include "tokenizer/tokenizer.h"

/* "yes,no": two texts, each one token of the tokenizer, as they stand (a space in front belongs to the word). option is
 * for messages: "--head-from-tokens". ASSAY_E_USAGE says which word is how many tokens. tokenizer NULL (a model without
 * its files) is an error, too. */
assay_status assay_head_words_find(const assay_tokenizer *tokenizer, const char *option, const char *text,
                                   int32_t tokens[2], assay_error *err);

/* --head-init: "normal", "zero" or "tokens:YES,NO". *words: what is behind "tokens:", of the text; NULL. */
assay_status assay_head_init_read(const char *text, bool *zero, const char **words, assay_error *err);

#endif
