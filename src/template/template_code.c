/* Templates that no Jinja text tells: plain text, and ChatGLM2's rounds (its tokenization code, build_prompt). */
#include "template/template_kind.h"

/* Prompt and answer as they stand, one behind the other; a newline before what begins anew. */
assay_status assay_template_text_plain(const assay_conversation *conversation, assay_buf *out, assay_error *err)
{
    for (size_t i = 0; i < conversation->count; i++) {
        const assay_message *message = conversation->messages + i;
        if (i && message->role != ASSAY_ROLE_ASSISTANT) ASSAY_TRY(assay_buf_text(out, "\n", err));
        ASSAY_TRY(assay_buf_append(out, message->text, message->size, err));
    }
    return ASSAY_OK;
}

assay_status assay_template_text_chatglm2(const assay_conversation *conversation, assay_buf *out, assay_error *err)
{
    size_t round = 0;
    for (size_t i = 0; i < conversation->count; i++) {
        const assay_message *message = conversation->messages + i;
        bool question = message->role == ASSAY_ROLE_USER;
        if (i && message->role != ASSAY_ROLE_ASSISTANT) ASSAY_TRY(assay_buf_text(out, "\n\n", err));
        if (question) ASSAY_TRY(assay_buf_printf(out, err, "[Round %zu]\n\n问：", ++round));
        ASSAY_TRY(assay_buf_append(out, message->text, message->size, err));
        if (question) ASSAY_TRY(assay_buf_text(out, "\n\n答：", err));
    }
    return ASSAY_OK;
}
