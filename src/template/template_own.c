/* The templates of the models themselves, written from their Jinja text (or, for ChatGLM2, from its tokenization code).
 * Jinja's `trim` and Python's strip() take the same characters. */
#include "template/template_kind.h"
#include "text/unicode.h"

#include <string.h>

typedef struct slice {
    const char *text;
    size_t size;
} slice;

/* One message in turn, tool calls turned to text. */
typedef struct turn {
    const assay_template *chosen;
    const assay_tokenizer *tokenizer;
    const assay_message *messages;
    size_t count, index;
    assay_role role;
    slice text;
} turn;

typedef assay_status turn_writer(const turn *this, assay_buf *out, assay_error *err);

static bool strips(int32_t code) { return assay_char_is_space(code) || (code >= 0x1c && code <= 0x1f); }

static slice strip(slice in)
{
    size_t length;
    while (in.size && strips(assay_utf8_get(in.text, &length))) in.text += length, in.size -= length;
    while (in.size) {
        size_t before = in.size - 1;
        while (before && ((unsigned char)in.text[before] & 0xc0) == 0x80) before--;
        if (!strips(assay_utf8_get(in.text + before, &length))) break;
        in.size = before;
    }
    return in;
}

static const char *bos_text(const assay_tokenizer *tokenizer)
{
    const char *text = assay_tokenizer_token(tokenizer, assay_tokenizer_about(tokenizer)->bos);
    return text ? text : "";
}

static const char *eos_text(const assay_tokenizer *tokenizer)
{
    const char *text = assay_tokenizer_token(tokenizer, assay_tokenizer_about(tokenizer)->eos);
    return text ? text : "";
}

static assay_status messages_check(const assay_message *messages, size_t count, assay_error *err)
{
    for (size_t i = 0; i < count; i++) {
        size_t valid = assay_utf8_check(messages[i].text, messages[i].size);
        if (valid != messages[i].size)
            return assay_error_set(err, ASSAY_E_FORMAT, "message %zu is not valid UTF-8 at byte %zu", i + 1, valid);
    }
    return ASSAY_OK;
}

static assay_status turns_write(turn *this, turn_writer *write, assay_buf *out, assay_error *err)
{
    assay_buf text;
    assay_buf_init(&text, SIZE_MAX / 2);
    assay_status status = messages_check(this->messages, this->count, err);
    for (; this->index < this->count && status == ASSAY_OK; this->index++) {
        status = assay_message_plain(&this->messages[this->index], &this->role, &text, err);
        this->text = (slice){text.data, text.size};
        if (status == ASSAY_OK) status = write(this, out, err);
    }
    assay_buf_release(&text);
    return status;
}

static assay_status pieces_put(assay_buf *out, const char *before, slice text, const char *after, assay_error *err)
{
    ASSAY_TRY(assay_buf_text(out, before, err));
    ASSAY_TRY(assay_buf_append(out, text.text, text.size, err));
    return assay_buf_text(out, after, err);
}

static const char *role_name(assay_role role)
{
    return role == ASSAY_ROLE_SYSTEM ? "system" : role == ASSAY_ROLE_USER ? "user" : "assistant";
}

static assay_status chatml_turn(const turn *this, assay_buf *out, assay_error *err)
{
    const char *system = this->chosen->system;
    if (this->index == 0 && this->role != ASSAY_ROLE_SYSTEM && system)
        ASSAY_TRY(assay_buf_printf(out, err, "<|im_start|>system\n%s<|im_end|>\n", system));
    ASSAY_TRY(assay_buf_printf(out, err, "%s<|im_start|>%s\n", this->index ? "\n" : "", role_name(this->role)));
    return pieces_put(out, "", this->text, "<|im_end|>", err);
}

static assay_status chatml_text(const assay_template *this, const assay_tokenizer *tokenizer,
                                const assay_message *messages, size_t count, assay_buf *out, assay_error *err)
{
    return turns_write(&(turn){this, tokenizer, messages, count, 0, 0, {0}}, chatml_turn, out, err);
}

static assay_status llama3_turn(const turn *this, assay_buf *out, assay_error *err)
{
    const char *system = this->chosen->system;
    if (this->index == 0) ASSAY_TRY(assay_buf_text(out, bos_text(this->tokenizer), err));
    if (this->index == 0 && system) {
        ASSAY_TRY(assay_buf_printf(out, err, "<|start_header_id|>system<|end_header_id|>\n\n%s", system));
        if (this->role == ASSAY_ROLE_SYSTEM) return pieces_put(out, "", strip(this->text), "<|eot_id|>", err);
        ASSAY_TRY(assay_buf_text(out, "<|eot_id|>", err));
    }
    ASSAY_TRY(assay_buf_printf(out, err, "<|start_header_id|>%s<|end_header_id|>\n\n", role_name(this->role)));
    return pieces_put(out, "", strip(this->text), "<|eot_id|>", err);
}

static assay_status llama3_text(const assay_template *this, const assay_tokenizer *tokenizer,
                                const assay_message *messages, size_t count, assay_buf *out, assay_error *err)
{
    return turns_write(&(turn){this, tokenizer, messages, count, 0, 0, {0}}, llama3_turn, out, err);
}

static assay_status llama2_question(const turn *this, bool with_system, assay_buf *out, assay_error *err)
{
    assay_buf content;
    slice system = {this->messages[0].text, this->messages[0].size};
    assay_buf_init(&content, SIZE_MAX / 2);
    assay_status status = with_system ? pieces_put(&content, "<<SYS>>\n", system, "\n<</SYS>>\n\n", err) : ASSAY_OK;
    if (status == ASSAY_OK) status = assay_buf_append(&content, this->text.text, this->text.size, err);
    if (status == ASSAY_OK) status = assay_buf_text(out, bos_text(this->tokenizer), err);
    if (status == ASSAY_OK)
        status = pieces_put(out, "[INST] ", strip((slice){content.data, content.size}), " [/INST]", err);
    assay_buf_release(&content);
    return status;
}

static assay_status llama2_turn(const turn *this, assay_buf *out, assay_error *err)
{
    size_t system = this->messages[0].role == ASSAY_ROLE_SYSTEM, place = this->index - system;
    if (this->index < system) return ASSAY_OK;
    if (this->role == ASSAY_ROLE_SYSTEM || (this->role == ASSAY_ROLE_USER) != (place % 2 == 0))
        return assay_error_set(
            err, ASSAY_E_FORMAT,
            "message %zu: in the llama2 template questions and answers alternate, beginning with a question",
            this->index + 1);
    if (this->role == ASSAY_ROLE_USER) return llama2_question(this, system && place == 0, out, err);
    bool last = this->index + 1 == this->count; /* the last EOS is the template's end, added as an id */
    ASSAY_TRY(pieces_put(out, " ", strip(this->text), " ", err));
    return last ? ASSAY_OK : assay_buf_text(out, eos_text(this->tokenizer), err);
}

static assay_status llama2_text(const assay_template *this, const assay_tokenizer *tokenizer,
                                const assay_message *messages, size_t count, assay_buf *out, assay_error *err)
{
    return turns_write(&(turn){this, tokenizer, messages, count, 0, 0, {0}}, llama2_turn, out, err);
}

static size_t questions_before(const turn *this)
{
    size_t questions = 0;
    for (size_t i = 0; i < this->index; i++)
        questions += this->messages[i].role == ASSAY_ROLE_USER || this->messages[i].role == ASSAY_ROLE_OBSERVATION;
    return questions;
}

static assay_status chatglm2_turn(const turn *this, assay_buf *out, assay_error *err)
{
    if (this->index) ASSAY_TRY(assay_buf_text(out, this->role == ASSAY_ROLE_ASSISTANT ? "" : "\n\n", err));
    if (this->role != ASSAY_ROLE_USER) return assay_buf_append(out, this->text.text, this->text.size, err);
    ASSAY_TRY(assay_buf_printf(out, err, "[Round %zu]\n\n", questions_before(this) + 1));
    return pieces_put(out, "问：", this->text, "\n\n答：", err);
}

static assay_status chatglm2_text(const assay_template *this, const assay_tokenizer *tokenizer,
                                  const assay_message *messages, size_t count, assay_buf *out, assay_error *err)
{
    return turns_write(&(turn){this, tokenizer, messages, count, 0, 0, {0}}, chatglm2_turn, out, err);
}

/* Prompt and answer as they stand, one behind the other; a newline before what begins anew. */
static assay_status plain_turn(const turn *this, assay_buf *out, assay_error *err)
{
    if (this->index && this->role != ASSAY_ROLE_ASSISTANT) ASSAY_TRY(assay_buf_text(out, "\n", err));
    return assay_buf_append(out, this->text.text, this->text.size, err);
}

static assay_status plain_text(const assay_template *this, const assay_tokenizer *tokenizer,
                               const assay_message *messages, size_t count, assay_buf *out, assay_error *err)
{
    return turns_write(&(turn){this, tokenizer, messages, count, 0, 0, {0}}, plain_turn, out, err);
}

/* System text once (the default where the conversation has none), then questions and answers by the descriptor's
 * strings. */
static assay_status question_turn(const turn *this, assay_buf *out, assay_error *err)
{
    const assay_template *chosen = this->chosen;
    const char *after = chosen->system_after ? chosen->system_after : chosen->separator;
    if (this->role == ASSAY_ROLE_SYSTEM && this->index == 0 && this->text.size)
        return pieces_put(out, "", this->text, after, err);
    if (this->role == ASSAY_ROLE_SYSTEM && this->index) return pieces_put(out, chosen->separator, this->text, "", err);
    bool own_system = this->messages[0].role == ASSAY_ROLE_SYSTEM && this->messages[0].size;
    bool begins = this->index == (this->messages[0].role == ASSAY_ROLE_SYSTEM);
    if (begins && !own_system && chosen->system) ASSAY_TRY(assay_buf_printf(out, err, "%s%s", chosen->system, after));
    if (this->role != ASSAY_ROLE_USER) return assay_buf_append(out, this->text.text, this->text.size, err);
    if (questions_before(this)) ASSAY_TRY(assay_buf_text(out, chosen->separator, err));
    return pieces_put(out, chosen->user_before, this->text, chosen->user_after, err);
}

assay_status assay_template_text_turns(const assay_template *this, const assay_tokenizer *tokenizer,
                                       const assay_message *messages, size_t count, assay_buf *out, assay_error *err)
{
    return turns_write(&(turn){this, tokenizer, messages, count, 0, 0, {0}}, question_turn, out, err);
}

#define VICUNA_SYSTEM                                                          \
    "A chat between a curious user and an artificial intelligence assistant. " \
    "The assistant gives helpful, detailed, and polite answers to the user's questions."
#define ALPACA_SYSTEM \
    "Below is an instruction that describes a task. Write a response that appropriately completes the request."
#define LLAMA31_SYSTEM "Cutting Knowledge Date: December 2023\nToday Date: 26 Jul 2024\n\n"

// clang-format off
static const assay_template templates[] = {
    {.name = "chatglm2", .text = chatglm2_text, .end = ASSAY_END_EOS},
    {.name = "chatglm3", .ids = assay_template_ids_chatglm3, .end = ASSAY_END_EOS},
    {.name = "chatml", .text = chatml_text, .bare = true, .end = ASSAY_END_OF_TURN},
    {.name = "qwen", .text = chatml_text, .bare = true, .end = ASSAY_END_OF_TURN,
     .system = "You are a helpful assistant."},
    {.name = "qwen2.5", .text = chatml_text, .bare = true, .end = ASSAY_END_OF_TURN,
     .system = "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."},
    {.name = "smollm2", .text = chatml_text, .bare = true, .end = ASSAY_END_OF_TURN,
     .system = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"},
    {.name = "llama2", .text = llama2_text, .bare = true, .end = ASSAY_END_EOS},
    {.name = "llama3", .text = llama3_text, .bare = true, .end = ASSAY_END_OF_TURN},
    {.name = "llama3.1", .text = llama3_text, .bare = true, .end = ASSAY_END_OF_TURN, .system = LLAMA31_SYSTEM},
    {.name = "vicuna", .text = assay_template_text_turns, .end = ASSAY_END_EOS, .system = VICUNA_SYSTEM,
     .system_after = " ", .user_before = "USER: ", .user_after = " ASSISTANT: ", .separator = "</s>"},
    {.name = "alpaca", .text = assay_template_text_turns, .end = ASSAY_END_EOS, .system = ALPACA_SYSTEM,
     .user_before = "### Instruction:\n", .user_after = "\n\n### Response:\n", .separator = "\n\n"},
    {.name = "plain", .text = plain_text, .end = ASSAY_END_EOS},
};
// clang-format on

const assay_template *assay_templates_own(size_t *count)
{
    *count = sizeof(templates) / sizeof(templates[0]);
    return templates;
}
