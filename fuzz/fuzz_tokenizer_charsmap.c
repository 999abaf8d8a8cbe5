/* A charsmap and a text that it is applied to: two bytes say how long the charsmap is. */
#include "tokenizer_target.h"

#include "base/buf.h"
#include "text/base64.h"
#include "text/unicode.h"

static void document_put(const uint8_t *charsmap, size_t size)
{
    assay_buf file;
    char *text = assay_base64_encode(charsmap, size);
    assay_buf_init(&file, 1 << 20);
    assay_buf_printf(&file, NULL,
                     "{\"normalizer\":{\"type\":\"Precompiled\",\"precompiled_charsmap\":\"%s\"},\"model\":{\"type\":"
                     "\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"a\",-1],[\"aa\",-1.5],[\"b\",-2]]}}",
                     text ? text : "");
    assay_free(text);
    assay_fuzz_put("tokenizer.json", file.data, file.size);
    assay_buf_release(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_tokenizer *tokenizer;
    assay_ids ids = {0};
    if (size < 2) return 0;
    size_t length = data[0] | (size_t)data[1] << 8, rest = size - 2;
    if (length > rest) length = rest;
    document_put(data + 2, length);
    if (assay_tokenizer_open(&tokenizer, assay_fuzz_folder(), NULL, NULL) != ASSAY_OK) return 0;
    assay_tokenizer_encode(tokenizer, (const char *)data + 2 + length, rest - length, 0, &ids, NULL);
    use_tokenizer(tokenizer);
    assay_ids_release(&ids);
    assay_tokenizer_close(tokenizer);
    return 0;
}
