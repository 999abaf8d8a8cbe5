/* MedicalGPT's plain-text templates (its training/template.py), named medicalgpt:NAME.
 *
 * The system text and a separator once, then question and answer in turn, with the separator before each later question. MedicalGPT never
 * appends the stop string, so it scores the last token of the content; here the stop string ends the text (append_eos NO for its own ids).
 * A system message of the conversation stands alone, without the markers of the default one, as there. */
#include "tokenizer/template_kind.h"

#define ENGLISH_SYSTEM                                                                                                                     \
    "A chat between a curious user and an artificial intelligence assistant. "                                                             \
    "The assistant gives helpful, detailed, and polite answers to the user's questions."
#define ALPACA_SYSTEM                                                                                                                      \
    "Below is an instruction that describes a task. Write a response that appropriately completes the request."
#define CHATML_USER "<|im_start|>user\n"
#define CHATML_ANSWER "<|im_end|>\n<|im_start|>assistant\n"
#define QWEN_SYSTEM "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
#define TURNS .text = assay_template_text_turns, .end = ASSAY_END_STOP

static const assay_template templates[] = {
    {.name = "medicalgpt:vicuna", TURNS, .system = ENGLISH_SYSTEM, .user_before = "USER: ", .user_after = " ASSISTANT:", .separator = "</s>"},
    {.name = "medicalgpt:base", TURNS, .user_before = "", .user_after = "", .separator = "</s>"},
    {.name = "medicalgpt:alpaca", TURNS, .system = ALPACA_SYSTEM, .user_before = "### Instruction:\n", .user_after = "\n\n### Response:\n", .separator = "\n\n"},
    {.name = "medicalgpt:baichuan", TURNS, .user_before = "<reserved_102>", .user_after = "<reserved_103>", .separator = "</s>"},
    {.name = "medicalgpt:baichuan2", TURNS, .user_before = "<reserved_106>", .user_after = "<reserved_107>", .separator = "</s>"},
    {.name = "medicalgpt:ziya", TURNS, .user_before = "<human>:", .user_after = "\n<bot>:", .separator = "\n"},
    {.name = "medicalgpt:linly", TURNS, .user_before = "User: ", .user_after = "\nBot: ", .separator = "\n"},
    {.name = "medicalgpt:chatglm", TURNS, .user_before = "问：", .user_after = "\n答：", .separator = "\n"},
    {.name = "medicalgpt:chatglm2", TURNS, .user_before = "问：", .user_after = "\n\n答：", .separator = "\n\n"},
    {.name = "medicalgpt:chatglm3", TURNS, .user_before = "<|user|>\n", .user_after = "<|assistant|>", .separator = "\n", .stop = "<|user|>"},
    {.name = "medicalgpt:belle", TURNS, .user_before = "Human: ", .user_after = "\n\nBelle: ", .separator = "\n\n"},
    {.name = "medicalgpt:llama2", TURNS, .user_before = "[INST] ", .user_after = " [/INST]", .separator = "</s>"},
    {.name = "medicalgpt:llama3", TURNS, .user_before = "<|start_header_id|>user<|end_header_id|>\n\n",
     .user_after = "<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n", .separator = "<|eot_id|>", .stop = "<|eot_id|>"},
    {.name = "medicalgpt:mistral", TURNS, .user_before = "[INST] ", .user_after = " [/INST]", .separator = "</s>"},
    {.name = "medicalgpt:xverse", TURNS, .user_before = "Human: ", .user_after = "\n\nAssistant: ", .separator = "</s>"},
    {.name = "medicalgpt:chatml", TURNS, .user_before = CHATML_USER, .user_after = CHATML_ANSWER, .separator = "<|im_end|>\n", .stop = "<|im_end|>"},
    {.name = "medicalgpt:deepseek", TURNS, .user_before = "User: ", .user_after = "\n\nAssistant:", .separator = "</s>"},
    {.name = "medicalgpt:deepseek3", TURNS, .user_before = "<｜User｜>", .user_after = "<｜Assistant｜>", .separator = "</s>"},
    {.name = "medicalgpt:yi", TURNS, .user_before = CHATML_USER, .user_after = CHATML_ANSWER, .separator = "\n", .stop = "<|im_end|>"},
    {.name = "medicalgpt:qwen", TURNS, .system = QWEN_SYSTEM, .user_before = CHATML_USER, .user_after = CHATML_ANSWER, .separator = "\n",
     .stop = "<|im_end|>"},
};

const assay_template *assay_templates_medicalgpt(size_t *count)
{
    *count = sizeof(templates) / sizeof(templates[0]);
    return templates;
}
