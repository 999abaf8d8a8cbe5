/* ChatGLM3's roles are ids that no text yields: per message the role's id, the metadata line (a tool's name or nothing,
 * then a newline) and the content, each encoded by itself, as build_chat_input of tokenization_chatglm.py does. In
 * front [gMASK] sop. */
#include "template/template_kind.h"

#include <string.h>

static assay_status role_id(const assay_tokenizer *tokenizer, assay_role role, int32_t *id, assay_error *err)
{
    static const char *const names[] = {[ASSAY_ROLE_SYSTEM] = "<|system|>",
                                        [ASSAY_ROLE_USER] = "<|user|>",
                                        [ASSAY_ROLE_ASSISTANT] = "<|assistant|>",
                                        [ASSAY_ROLE_TOOL_CALL] = "<|assistant|>",
                                        [ASSAY_ROLE_OBSERVATION] = "<|observation|>"};
    *id = assay_tokenizer_find(tokenizer, names[role]);
    if (*id >= 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE,
                           "the template chatglm3 needs ChatGLM3's tokenizer: this one has no token %s (choose another "
                           "--template)",
                           names[role]);
}

static assay_status metadata_encode(const assay_tokenizer *tokenizer, const char *name, assay_ids *ids,
                                    assay_error *err)
{
    char *line = assay_strfmt("%s\n", name);
    ASSAY_TRY_ALLOC(line, "a message", err);
    assay_status status = assay_tokenizer_encode(tokenizer, line, strlen(line), 0, ids, err);
    assay_free(line);
    return status;
}

static assay_status tool_call_encode(const assay_tokenizer *tokenizer, const assay_message *message, assay_ids *ids,
                                     assay_error *err)
{
    char *name = NULL;
    assay_buf text;
    assay_buf_init(&text, SIZE_MAX / 2);
    assay_status status = assay_message_tool_block(message, &name, &text, err);
    if (status == ASSAY_OK) status = metadata_encode(tokenizer, name, ids, err);
    if (status == ASSAY_OK) status = assay_tokenizer_encode(tokenizer, text.data, text.size, 0, ids, err);
    assay_buf_release(&text);
    assay_free(name);
    return status;
}

assay_status assay_template_ids_chatglm3(const assay_template *this, const assay_tokenizer *tokenizer,
                                         const assay_message *messages, size_t count, assay_ids *ids, assay_error *err)
{
    (void)this;
    ASSAY_TRY(assay_tokenizer_encode(tokenizer, "", 0, ASSAY_ENCODE_ADD_SPECIAL, ids, err));
    for (size_t i = 0; i < count; i++) {
        int32_t id = -1;
        ASSAY_TRY(role_id(tokenizer, messages[i].role, &id, err));
        ASSAY_TRY(assay_ids_push(ids, id, err));
        if (messages[i].role == ASSAY_ROLE_TOOL_CALL) {
            ASSAY_TRY(tool_call_encode(tokenizer, &messages[i], ids, err));
            continue;
        }
        ASSAY_TRY(metadata_encode(tokenizer, "", ids, err));
        ASSAY_TRY(assay_tokenizer_encode(tokenizer, messages[i].text, messages[i].size, 0, ids, err));
    }
    return ASSAY_OK;
}
