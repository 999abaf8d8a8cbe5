/* A GGUF file's "bert" or "t5" vocabulary in the terms of tokenizer.json. */
#ifndef ASSAY_TOKENIZER_GGUF_DOCUMENT_H
#define ASSAY_TOKENIZER_GGUF_DOCUMENT_H

#include "container/gguf.h"
#include "tokenizer/document.h"

assay_status assay_gguf_document(assay_document *document, const assay_gguf *gguf, assay_error *err);

#endif
