/* A SentencePiece BPE model: what tokenizer.model (or a GGUF's "llama" vocabulary) says, and its encoder.
 *
 *     assay_sp_model_read(&model, &vocab, bytes, size, "tokenizer.model", err)   the protobuf, own reader
 *     assay_sp_model_finish(&model, &vocab, ...)                                 look-up tables (read calls it itself)
 *     assay_sp_encode(&model, &vocab, text, size, &ids, err)                     as sentencepiece's EncodeAsIds, no
 *     specials
 *
 * Format and algorithm: github.com/google/sentencepiece, src/sentencepiece_model.proto, src/normalizer.cc,
 * src/bpe_model.cc. Pieces are ids 0..count-1 of the shared vocabulary. assay_sp_model_read refuses Unigram, word and
 * character models by name; folders with a Unigram model go by spm_document.h.
 */
#ifndef ASSAY_TOKENIZER_SP_MODEL_H
#define ASSAY_TOKENIZER_SP_MODEL_H

#include "base/buf.h"
#include "subword/piece_trie.h"
#include "subword/token_map.h"
#include "text/charsmap.h"
#include "tokenizer/tokenizer.h"

enum { ASSAY_SP_UNIGRAM = 1, ASSAY_SP_BPE = 2 }; /* model_type; the format's default is the first */
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
    /* What only tokenizer.json's terms need (spm_document.c): of the bytes that were read, valid as long as they are.
     */
    uint32_t model_type;
    const char *charsmap_blob, *unk_piece, *bos_piece, *eos_piece; /* the texts are not zero-terminated */
    size_t charsmap_size, unk_size, bos_size, eos_size;
    int32_t trained_unk; /* trainer_spec.unk_id */
    int32_t bytes[256];  /* id of <0xXX>, or unk */
} assay_sp_model;

void assay_sp_model_init(assay_sp_model *model); /* the format's defaults */
void assay_sp_model_release(assay_sp_model *model);
assay_status assay_sp_model_read(assay_sp_model *model, assay_token_map *vocab, const void *bytes, size_t size,
                                 const char *where, assay_error *err);

/* What the protobuf says, of any model_type, without look-up tables: not yet for assay_sp_encode. */
assay_status assay_sp_model_parse(assay_sp_model *model, assay_token_map *vocab, const void *bytes, size_t size,
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
