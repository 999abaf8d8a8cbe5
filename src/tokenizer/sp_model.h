/* A SentencePiece BPE model: what tokenizer.model (or a GGUF's "llama" vocabulary) says, and its encoder.
 *
 *     assay_sp_model_read(&model, &vocab, bytes, size, "tokenizer.model", err)   the protobuf, own reader
 *     assay_sp_model_finish(&model, &vocab, ...)                                 look-up tables (read calls it itself)
 *     assay_sp_encode(&model, &vocab, text, size, &ids, err)                     as sentencepiece's EncodeAsIds, no
 *     specials
 *
 * Format and algorithm: github.com/google/sentencepiece, src/sentencepiece_model.proto, src/normalizer.cc,
 * src/bpe_model.cc. Pieces are ids 0..count-1 of the shared vocabulary. Unigram, word and character models are refused
 * by name.
 */
#ifndef ASSAY_TOKENIZER_SP_MODEL_H
#define ASSAY_TOKENIZER_SP_MODEL_H

#include "base/buf.h"
#include "text/charsmap.h"
#include "tokenizer/piece_trie.h"
#include "tokenizer/token_map.h"
#include "tokenizer/tokenizer.h"

enum { ASSAY_SP_NORMAL = 1, ASSAY_SP_UNKNOWN, ASSAY_SP_CONTROL, ASSAY_SP_USER_DEFINED, ASSAY_SP_UNUSED, ASSAY_SP_BYTE };

typedef struct assay_sp_piece {
    float score;
    uint8_t type;
} assay_sp_piece;

typedef struct assay_sp_model {
    assay_sp_piece *pieces;
    size_t count, capacity;
    bool dummy_prefix, remove_extra_spaces, escape_spaces, spaces_as_suffix, byte_fallback;
    int32_t unk, bos, eos, pad; /* -1: none */
    assay_charsmap charsmap;
    assay_piece_trie user_symbols;
    bool has_unused;
    int32_t bytes[256]; /* id of <0xXX>, or unk */
} assay_sp_model;

void assay_sp_model_init(assay_sp_model *model); /* the format's defaults */
void assay_sp_model_release(assay_sp_model *model);
assay_status assay_sp_model_read(assay_sp_model *model, assay_token_map *vocab, const void *bytes, size_t size,
                                 const char *where, assay_error *err);
assay_status assay_sp_model_add(assay_sp_model *model, assay_token_map *vocab, const char *text, size_t size,
                                float score, int type, assay_error *err);
assay_status assay_sp_model_finish(assay_sp_model *model, const assay_token_map *vocab, const char *where,
                                   assay_error *err);

/* Normalised text appended to *out: charsmap, space rules, dummy prefix. */
assay_status assay_sp_normalize(const assay_sp_model *model, const char *text, size_t size, assay_buf *out,
                                assay_error *err);
assay_status assay_sp_encode(const assay_sp_model *model, const assay_token_map *vocab, const char *text, size_t size,
                             assay_ids *ids, assay_error *err);

#endif
