/* MedicalGPT's plain-text templates (its training/template.py), named medicalgpt:NAME.
 *
 * The system text and a separator once, then question and answer in turn, with the separator before each later
 * question. MedicalGPT never appends the stop string, so it scores the last token of the content; here the stop string
 * ends the text (append_eos NO for its own ids). A system message of the conversation stands alone, without the markers
 * of the default one, as there. Left out: deepseekcoder, which loses the question, and intern2, whose system text is
 * not recorded. */
#include "template/template_kind.h"

#define ENGLISH_SYSTEM                                                         \
    "A chat between a curious user and an artificial intelligence assistant. " \
    "The assistant gives helpful, detailed, and polite answers to the user's questions."
#define ALPACA_SYSTEM \
    "Below is an instruction that describes a task. Write a response that appropriately completes the request."
#define CHATML_USER "<|im_start|>user\n"
#define CHATML_ANSWER "<|im_end|>\n<|im_start|>assistant\n"
#define QWEN_SYSTEM "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
#define LLAMA2_SYSTEM                                                                                                  \
    "<<SYS>>\nYou are a helpful, respectful and honest assistant. Always answer as helpfully as possible, while "      \
    "being safe. "                                                                                                     \
    "Your answers should not include any harmful, unethical, racist, sexist, toxic, dangerous, or illegal content. "   \
    "Please ensure that your responses are socially unbiased and positive in nature.\n\n"                              \
    "If a question does not make any sense, or is not factually coherent, explain why instead of answering something " \
    "not correct. "                                                                                                    \
    "If you don't know the answer to a question, please don't share false information.\n<</SYS>>\n\n"
#define HUMAN_SYSTEM                                                            \
    "A chat between a curious human and an artificial intelligence assistant. " \
    "The assistant gives helpful, detailed, and polite answers to the human's questions."
#define LLAMA3_SYSTEM "<|start_header_id|>system<|end_header_id|>\n\nYou are a helpful, excellent and smart assistant."
#define LLAMA2_ZH_SYSTEM "[INST] <<SYS>>\nYou are a helpful assistant. 你是一个乐于助人的助手。\n<</SYS>>\n\n [/INST]"
#define COHERE_USER "<|START_OF_TURN_TOKEN|><|USER_TOKEN|>"
#define COHERE_ANSWER "<|END_OF_TURN_TOKEN|><|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>"

// clang-format off
static const assay_question_turns templates[] = {
    {.name = "medicalgpt:vicuna", .system = ENGLISH_SYSTEM, .user_before = "USER: ", .user_after = " ASSISTANT:",
     .separator = "</s>"},
    {.name = "medicalgpt:base", .user_before = "", .user_after = "", .separator = "</s>"},
    {.name = "medicalgpt:alpaca", .system = ALPACA_SYSTEM, .user_before = "### Instruction:\n",
     .user_after = "\n\n### Response:\n", .separator = "\n\n"},
    {.name = "medicalgpt:baichuan", .user_before = "<reserved_102>", .user_after = "<reserved_103>",
     .separator = "</s>"},
    {.name = "medicalgpt:baichuan2", .user_before = "<reserved_106>", .user_after = "<reserved_107>",
     .separator = "</s>"},
    {.name = "medicalgpt:ziya", .user_before = "<human>:", .user_after = "\n<bot>:", .separator = "\n"},
    {.name = "medicalgpt:linly", .user_before = "User: ", .user_after = "\nBot: ", .separator = "\n"},
    {.name = "medicalgpt:chatglm", .user_before = "问：", .user_after = "\n答：", .separator = "\n"},
    {.name = "medicalgpt:chatglm2", .user_before = "问：", .user_after = "\n\n答：", .separator = "\n\n"},
    {.name = "medicalgpt:chatglm3", .user_before = "<|user|>\n", .user_after = "<|assistant|>",
     .separator = "\n", .stop = "<|user|>"},
    {.name = "medicalgpt:phoenix", .system = HUMAN_SYSTEM "\n\n", .user_before = "Human: <s>",
     .user_after = "</s>Assistant: ", .separator = "</s>"},
    {.name = "medicalgpt:belle", .user_before = "Human: ", .user_after = "\n\nBelle: ", .separator = "\n\n"},
    {.name = "medicalgpt:aquila", .system = HUMAN_SYSTEM, .user_before = "Human: ",
     .user_after = "###Assistant:", .separator = "###"},
    {.name = "medicalgpt:intern", .user_before = "<|User|>:", .user_after = "<eoh>\n<|Bot|>:",
     .separator = "<eoa>\n", .stop = "<eoa>"},
    {.name = "medicalgpt:starchat", .system = "<system>\n", .user_before = "<|user|>\n",
     .user_after = "<|end|>\n<|assistant|>\n", .separator = "<|end|>\n", .stop = "<|end|>"},
    {.name = "medicalgpt:llama2", .system = LLAMA2_SYSTEM, .user_before = "[INST] ", .user_after = " [/INST]",
     .separator = "</s>"},
    {.name = "medicalgpt:llama2-zh", .system = LLAMA2_ZH_SYSTEM, .user_before = "[INST] ",
     .user_after = " [/INST]", .separator = "</s>"},
    {.name = "medicalgpt:llama3", .system = LLAMA3_SYSTEM,
     .user_before = "<|start_header_id|>user<|end_header_id|>\n\n",
     .user_after = "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n", .separator = "<|eot_id|>",
     .stop = "<|eot_id|>"},
    {.name = "medicalgpt:mistral", .user_before = "[INST] ", .user_after = " [/INST]", .separator = "</s>"},
    {.name = "medicalgpt:xverse", .user_before = "Human: ", .user_after = "\n\nAssistant: ",
     .separator = "</s>"},
    {.name = "medicalgpt:chatml", .system = "You are a helpful assistant.", .user_before = CHATML_USER,
     .user_after = CHATML_ANSWER, .separator = "<|im_end|>\n", .stop = "<|im_end|>"},
    {.name = "medicalgpt:deepseek", .user_before = "User: ", .user_after = "\n\nAssistant:",
     .separator = "</s>"},
    {.name = "medicalgpt:deepseek3", .user_before = "<｜User｜>", .user_after = "<｜Assistant｜>",
     .separator = "</s>"},
    {.name = "medicalgpt:yi", .user_before = CHATML_USER, .user_after = CHATML_ANSWER, .separator = "\n",
     .stop = "<|im_end|>"},
    {.name = "medicalgpt:orion", .user_before = "Human: ", .user_after = "\n\nAssistant: </s>",
     .separator = "</s>"},
    {.name = "medicalgpt:cohere", .system = "<BOS_TOKEN>", .user_before = COHERE_USER,
     .user_after = COHERE_ANSWER, .separator = "</s>"},
    {.name = "medicalgpt:qwen", .system = QWEN_SYSTEM, .user_before = CHATML_USER, .user_after = CHATML_ANSWER,
     .separator = "\n", .stop = "<|im_end|>"},
    {.name = "medicalgpt:qwen3", .system = QWEN_SYSTEM, .user_before = CHATML_USER, .user_after = CHATML_ANSWER,
     .separator = "\n", .stop = "<|im_end|>"},
    {.name = "medicalgpt:qwen3_nothink", .system = QWEN_SYSTEM, .user_before = CHATML_USER,
     .user_after = CHATML_ANSWER, .separator = "\n", .stop = "<|im_end|>"},
    {.name = "medicalgpt:qwen3_5", .system = QWEN_SYSTEM, .user_before = CHATML_USER,
     .user_after = CHATML_ANSWER, .separator = "\n", .stop = "<|im_end|>"},
    {.name = "medicalgpt:qwen3_5_nothink", .system = QWEN_SYSTEM, .user_before = CHATML_USER,
     .user_after = CHATML_ANSWER, .separator = "\n", .stop = "<|im_end|>"},
};
// clang-format on

const assay_question_turns *assay_templates_medicalgpt(size_t *count)
{
    *count = sizeof(templates) / sizeof(templates[0]);
    return templates;
}

/* A text between quotes, as Jinja reads it. */
static assay_status put_literal(assay_buf *out, const char *text, assay_error *err)
{
    ASSAY_TRY(assay_buf_byte(out, '\'', err));
    for (; *text; text++) {
        if (*text == '\n') ASSAY_TRY(assay_buf_text(out, "\\n", err));
        else if (*text == '\'' || *text == '\\') ASSAY_TRY(assay_buf_printf(out, err, "\\%c", *text));
        else ASSAY_TRY(assay_buf_byte(out, *text, err));
    }
    return assay_buf_byte(out, '\'', err);
}

static assay_status put_set(assay_buf *out, const char *name, const char *text, assay_error *err)
{
    ASSAY_TRY(assay_buf_printf(out, err, "{%%- set %s = ", name));
    ASSAY_TRY(put_literal(out, text ? text : "", err));
    return assay_buf_text(out, " -%}\n", err);
}

assay_status assay_question_turns_body(const assay_question_turns *turns, const char *end, assay_buf *out,
                                       assay_error *err)
{
    static const char rule[] =
        "{%- set ns = namespace(asked=false) -%}\n"
        "{%- set told = messages[0].role == 'system' -%}\n"
        "{%- for message in messages -%}\n"
        "{%- if message.role == 'system' -%}\n"
        "{{ (message.content ~ between if message.content else '') if loop.first else between ~ message.content }}\n"
        "{%- continue -%}\n"
        "{%- endif -%}\n"
        "{%- if loop.index0 == told | int and not (told and messages[0].content) and default -%}\n"
        "{{ default ~ between }}\n"
        "{%- endif -%}\n"
        "{%- if message.role == 'user' -%}\n"
        "{{ (between if ns.asked else '') ~ before ~ message.content ~ after }}\n"
        "{%- set ns.asked = true -%}\n"
        "{%- else -%}\n"
        "{{ message.content }}\n"
        "{%- endif -%}\n"
        "{%- endfor -%}\n";
    ASSAY_TRY(assay_buf_text(out, ASSAY_TEMPLATE_SPECIAL_FIRST "\n", err));
    ASSAY_TRY(put_set(out, "default", turns->system, err));
    ASSAY_TRY(put_set(out, "before", turns->user_before, err));
    ASSAY_TRY(put_set(out, "after", turns->user_after, err));
    ASSAY_TRY(put_set(out, "between", turns->separator, err));
    ASSAY_TRY(assay_buf_text(out, rule, err));
    if (!end) return assay_buf_text(out, ASSAY_TEMPLATE_EOS_LAST "\n", err);
    if (!*end) return ASSAY_OK;
    ASSAY_TRY(assay_buf_text(out, "{{- ", err));
    ASSAY_TRY(put_literal(out, end, err));
    return assay_buf_text(out, " }}\n", err);
}
