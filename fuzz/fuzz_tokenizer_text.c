/* A text under the small tokenizers of tests/data, one of each kind: the first byte chooses. Every id that comes out
 * is one of the vocabulary's. Started in the repository's root. */
#include "tokenizer_target.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const names[] = {"byte_level",        "chatglm",          "llama",      "kinds/llama-legacy",
                                    "kinds/xlm-roberta", "kinds/deberta-v2", "kinds/bert", "kinds/qwen",
                                    "kinds/glm4",        "kinds/generic",    "kinds/ice",  "kinds/ice-unigram",
                                    "kinds/unigram-json"};

enum { KINDS = sizeof names / sizeof *names };

/* Opened once: reading a vocabulary takes longer than encoding a text. */
static const assay_tokenizer *tokenizer_of(size_t kind)
{
    static assay_tokenizer *tokenizers[KINDS];
    char path[128];
    snprintf(path, sizeof path, "tests/data/tokenizer/%s", names[kind]);
    if (!tokenizers[kind] && assay_tokenizer_open(&tokenizers[kind], path, NULL, NULL) != ASSAY_OK) abort();
    return tokenizers[kind];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_ids ids = {0};
    if (!size) return 0;
    const assay_tokenizer *tokenizer = tokenizer_of(data[0] % KINDS);
    unsigned flags = data[0] & 128 ? ASSAY_ENCODE_SPECIAL_TEXT : 0;
    assay_tokenizer_encode(tokenizer, (const char *)data + 1, size - 1, flags, &ids, NULL);
    for (size_t i = 0; i < ids.count; i++)
        if (ids.data[i] < 0 || ids.data[i] >= assay_tokenizer_about(tokenizer)->vocab_size) abort();
    assay_ids_release(&ids);
    return 0;
}
