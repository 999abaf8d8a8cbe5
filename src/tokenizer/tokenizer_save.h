/* A tokenizer beside the weights that were written. From a folder its files are copied byte for byte (tokenizer.json,
 * tokenizer.model, their configs, vocabularies, chat template, and the .py files that tokenizer_config.json's auto_map
 * names). Out of a GGUF file, which Hugging Face's tokenizers do not read, tokenizer.json and tokenizer_config.json are
 * made: byte-level BPE as the models do that tokenizer.ggml.pre names, SentencePiece vocabularies ("llama") in the
 * Prepend/Replace/byte-fallback form with merges ordered by score, as Transformers' own conversion makes them
 * (convert_slow_tokenizer.py, SentencePieceExtractor). A piece that is no union of two other pieces cannot be reached
 * by merges and is then encoded by its parts; SentencePiece's own training makes none. */
#ifndef ASSAY_TOKENIZER_TOKENIZER_SAVE_H
#define ASSAY_TOKENIZER_TOKENIZER_SAVE_H

#include "base/held_files.h"
#include "tokenizer/tokenizer.h"

/* from and gguf as for assay_tokenizer_open; `to` is an existing folder. A folder without any tokenizer file is no
 * error: nothing is copied. pad: the content of the pad token that tokenizer_config.json (and special_tokens_map.json,
 * where it names one) shall say; NULL: as it is. Padding and the config's pad_token_id must be the same token, or a
 * padded batch scores a padding. For tests; commands hold first and write later. */
assay_status assay_tokenizer_save(const char *from, const assay_gguf *gguf, const char *to, const char *pad,
                                  assay_error *err);

/* The same in two steps, for whoever writes long after reading: hold opens every file that assay_tokenizer_save would
 * copy (from NULL: none, as for a .gguf, whose mapping holds what it needs), save_held writes them. */
assay_status assay_tokenizer_hold(const char *from, assay_held_files *held, assay_error *err);
assay_status assay_tokenizer_save_held(const assay_held_files *held, const assay_gguf *gguf, const char *to,
                                       const char *pad, assay_error *err);

/* A token that can pad because no text ends with it: the tokenizer's pad, else its unk, else its first special token
 * that is neither BOS nor one of the ends; -1: there is none. */
int32_t assay_tokenizer_unused_end(const assay_tokenizer *tokenizer, const int32_t *ends, size_t count);

/* A tokenizer that encodes any text with no training: 256 bytes and four special tokens, chat template ChatML. */
enum {
    ASSAY_BYTES_BOS = 256,
    ASSAY_BYTES_START = 257,
    ASSAY_BYTES_EOS = 258,
    ASSAY_BYTES_PAD = 259,
    ASSAY_BYTES_TOKENS = 260
};
assay_status assay_tokenizer_save_bytes(const char *to, assay_error *err);

#endif
