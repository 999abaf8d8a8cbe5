/* A rank file, as tokenizer.model: the 256 bytes that every such file has stand before the input. */
#include "tokenizer_target.h"

#include "base/buf.h"
#include "text/base64.h"

static void bytes_put(assay_buf *out)
{
    for (unsigned byte = 0; byte < 256; byte++) {
        char *text = assay_base64_encode(&(unsigned char){(unsigned char)byte}, 1);
        assay_buf_printf(out, NULL, "%s %u\n", text ? text : "", byte);
        assay_free(text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char config[] = "{\"tokenizer_class\":\"QWenTokenizer\"}";
    assay_buf file;
    assay_buf_init(&file, 1 << 20);
    bytes_put(&file);
    assay_buf_append(&file, data, size, NULL);
    assay_fuzz_put("tokenizer_config.json", config, sizeof config - 1);
    assay_fuzz_put("tokenizer.model", file.data, file.size);
    assay_buf_release(&file);
    return fuzz_tokenizer_folder();
}
