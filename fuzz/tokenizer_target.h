/* The tokenizer targets differ in the file they write: this opens the folder and uses what it finds. */
#ifndef ASSAY_FUZZ_TOKENIZER_TARGET_H
#define ASSAY_FUZZ_TOKENIZER_TARGET_H

#include "fuzz_file.h"

#include "template/chat_template.h"

#include <string.h>

static inline void use_tokenizer(const assay_tokenizer *tokenizer)
{
    static const char text[] = "Hello <s>w\xc3\xb6rld</s>  123 \xe4\xbd\xa0\xe5\xa5\xbd<|im_end|>\n";
    assay_template *chosen;
    assay_ids ids = {0};
    char piece[64];
    assay_tokenizer_encode(tokenizer, text, strlen(text), ASSAY_ENCODE_ADD_SPECIAL | ASSAY_ENCODE_SPECIAL_TEXT, &ids,
                           NULL);
    for (size_t i = 0; i < ids.count; i++) assay_tokenizer_token_bytes(tokenizer, ids.data[i], piece, sizeof piece);
    if (assay_template_open(&chosen, &(assay_template_request){.name = "auto"}, tokenizer, NULL) == ASSAY_OK) {
        const assay_message message = {.role = ASSAY_ROLE_USER, .text = text, .size = strlen(text)};
        assay_template_render(chosen, &(assay_conversation){.messages = &message, .count = 1}, &ids, NULL);
        assay_template_close(chosen);
    }
    assay_ids_release(&ids);
}

/* The folder holds what earlier calls put there: a target always writes the same files. */
static inline int fuzz_tokenizer_folder(void)
{
    assay_tokenizer *tokenizer;
    if (assay_tokenizer_open(&tokenizer, assay_fuzz_folder(), NULL, NULL) != ASSAY_OK) return 0;
    use_tokenizer(tokenizer);
    assay_tokenizer_close(tokenizer);
    return 0;
}

static inline int fuzz_tokenizer_file(const char *name, const uint8_t *data, size_t size)
{
    assay_fuzz_put(name, data, size);
    return fuzz_tokenizer_folder();
}

#endif
