/* Which template a checkpoint's Jinja text is. Recognised by what it contains and must not contain; a text that does
 * more than the known ones (reasoning blocks, dates, tools that change plain turns) is left unknown rather than
 * rendered nearly right. */
#include "template/template_kind.h"

#include <string.h>

typedef struct recognition {
    const char *name;
    const char *has[3], *lacks[6];
} recognition;

/* First fit. In ChatML texts the default system text tells the model; one with an unknown default is refused by the
 * last lines' order. */
// clang-format off
static const recognition recognitions[] = {
    {"smollm2", {"<|im_start|>", "You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>"},
     {"<think>", "strftime"}},
    {"qwen2.5", {"<|im_start|>", "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."},
     {"<think>", "strftime"}},
    {"qwen", {"<|im_start|>", "You are a helpful assistant."}, {"<think>", "strftime", "You are Qwen"}},
    {"chatml", {"<|im_start|>", "<|im_end|>", "message"}, {"<think>", "strftime", "You are", "trim", "strip()"}},
    {"llama3.1", {"<|start_header_id|>", "<|eot_id|>", "Cutting Knowledge Date: December 2023"}, {"<think>"}},
    {"llama3", {"<|start_header_id|>", "<|eot_id|>", "trim"}, {"<think>", "Cutting Knowledge", "strftime", "You are"}},
    {"llama2", {"[INST]", "<<SYS>>", "strip()"}, {"[TOOL_CALLS]", "<think>", "You are"}},
    {"chatglm3", {"[gMASK]sop", "<|"}, {"<think>"}},
};
// clang-format on

static bool fits(const recognition *this, const char *text)
{
    for (size_t i = 0; i < 3 && this->has[i]; i++)
        if (!strstr(text, this->has[i])) return false;
    for (size_t i = 0; i < 6 && this->lacks[i]; i++)
        if (strstr(text, this->lacks[i])) return false;
    return true;
}

const char *assay_template_recognise(const assay_tokenizer_info *info)
{
    if (info->family) return info->family;
    if (!info->chat_template) return "plain";
    for (size_t i = 0; i < sizeof(recognitions) / sizeof(recognitions[0]); i++)
        if (fits(&recognitions[i], info->chat_template)) return recognitions[i].name;
    return NULL;
}
