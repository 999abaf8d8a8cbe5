/* A SentencePiece model under each class that makes a tokenizer of it: the first byte chooses, the rest is the file. */
#include "tokenizer_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const configs[] = {
        "{\"tokenizer_class\":\"LlamaTokenizer\",\"add_bos_token\":true,\"added_tokens_decoder\":{\"3\":{\"content\":"
        "\"<x>\"}}}",
        "{\"tokenizer_class\":\"GemmaTokenizer\"}",
        "{\"tokenizer_class\":\"XLMRobertaTokenizer\"}",
        "{\"tokenizer_class\":\"T5Tokenizer\",\"extra_ids\":3}",
        "{\"tokenizer_class\":\"DebertaV2Tokenizer\",\"do_lower_case\":true,\"split_by_punct\":true}",
        "{\"tokenizer_class\":\"Other\",\"legacy\":false,\"added_tokens_decoder\":{\"3\":{\"content\":\"<x>\"}}}",
        "{\"tokenizer_class\":\"Other\"}",
    };
    if (!size) return 0;
    const char *config = configs[data[0] % (sizeof configs / sizeof *configs)];
    assay_fuzz_put("tokenizer_config.json", config, strlen(config));
    return fuzz_tokenizer_file("tokenizer.model", data + 1, size - 1);
}
