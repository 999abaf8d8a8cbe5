/* ChatGLM-6B's conversations: what was said so far is one text, [gMASK] and <sop> stand behind it, and the last answer
 * follows. A single question stands there as it is; earlier rounds are numbered from 0 (modeling_chatglm.py, chat and
 * stream_chat; tokenization_chatglm.py, build_inputs_with_special_tokens of a pair). */
#include "template/template_kind.h"

static assay_status put_token(const assay_tokenizer *tokenizer, const char *name, assay_ids *ids, assay_error *err)
{
    int32_t id = assay_tokenizer_find(tokenizer, name);
    if (id >= 0) return assay_ids_push(ids, id, err);
    return assay_error_set(
        err, ASSAY_E_USAGE,
        "the template chatglm needs ChatGLM-6B's tokenizer: this one has no token %s (choose another "
        "--template)",
        name);
}

static size_t count_questions(const assay_conversation *conversation)
{
    size_t count = 0;
    for (size_t i = 0; i < conversation->count; i++) count += conversation->messages[i].role == ASSAY_ROLE_USER;
    return count;
}

/* All messages before `end`. */
static assay_status put_prompt(const assay_conversation *conversation, size_t end, assay_buf *out, assay_error *err)
{
    size_t round = 0;
    bool rounds = count_questions(conversation) > 1;
    for (size_t i = 0; i < end; i++) {
        const assay_message *message = conversation->messages + i;
        bool question = message->role == ASSAY_ROLE_USER && rounds;
        if (i && conversation->messages[i - 1].role != ASSAY_ROLE_USER) ASSAY_TRY(assay_buf_byte(out, '\n', err));
        if (question) ASSAY_TRY(assay_buf_printf(out, err, "[Round %zu]\n问：", round++));
        ASSAY_TRY(assay_buf_append(out, message->text, message->size, err));
        if (question) ASSAY_TRY(assay_buf_text(out, "\n答：", err));
    }
    return ASSAY_OK;
}

assay_status assay_template_ids_chatglm(const assay_tokenizer *tokenizer, const assay_conversation *conversation,
                                        const json_t *tools, assay_ids *ids, assay_error *err)
{
    assay_buf prompt;
    size_t count = conversation->count;
    const assay_message *last = count ? &conversation->messages[count - 1] : NULL;
    bool answered = last && last->role == ASSAY_ROLE_ASSISTANT;
    (void)tools;
    assay_buf_init(&prompt, SIZE_MAX / 2);
    assay_status status = put_prompt(conversation, count - answered, &prompt, err);
    if (status == ASSAY_OK)
        status = assay_tokenizer_encode(tokenizer, prompt.data ? prompt.data : "", prompt.size, 0, ids, err);
    assay_buf_release(&prompt);
    ASSAY_TRY(status);
    ASSAY_TRY(put_token(tokenizer, "[gMASK]", ids, err));
    ASSAY_TRY(put_token(tokenizer, "<sop>", ids, err));
    return answered ? assay_tokenizer_encode(tokenizer, last->text, last->size, 0, ids, err) : ASSAY_OK;
}
