/* The SentencePiece kind of tokenizer, for its two readers (tokenizer.model and GGUF). */
#ifndef ASSAY_TOKENIZER_SP_TOKENIZER_H
#define ASSAY_TOKENIZER_SP_TOKENIZER_H

#include "tokenizer/sp_model.h"
#include "tokenizer/tokenizer_kind.h"

/* Makes an empty model (the format's defaults) the state of a tokenizer. */
assay_status assay_sp_tokenizer_new(assay_sp_model **out, assay_tokenizer *tokenizer, assay_error *err);

#endif
