/* Inside a template: its descriptor and what the template files share. */
#ifndef ASSAY_TEMPLATE_TEMPLATE_KIND_H
#define ASSAY_TEMPLATE_TEMPLATE_KIND_H

#include "template/chat_template.h"

/* How a rendering ends when append_eos is AUTO. */
typedef enum assay_template_end {
    ASSAY_END_OF_TURN, /* the text already ends with the end-of-turn token */
    ASSAY_END_EOS,     /* EOS follows */
    ASSAY_END_STOP,    /* `stop` follows where it is a token, else EOS */
} assay_template_end;

struct assay_template {
    const char *name;
    /* Either text (encoded with special tokens' text parsed, and add-special ids unless bare) or ids. */
    assay_status (*text)(const assay_template *this, const assay_tokenizer *tokenizer, const assay_message *messages,
                         size_t count, assay_buf *out, assay_error *err);
    assay_status (*ids)(const assay_template *this, const assay_tokenizer *tokenizer, const assay_message *messages,
                        size_t count, assay_ids *ids, assay_error *err);
    bool bare; /* no add-special ids: the template writes BOS itself or wants none */
    assay_template_end end;
    const char *system;                   /* default system text, NULL: none */
    const char *system_after;             /* behind the system text, NULL: the separator */
    const char *user_before, *user_after; /* around a question */
    const char *separator;                /* before each later question */
    const char *stop;                     /* MedicalGPT's stop string, NULL: EOS */
};

/* The lists, each of `*count` templates. */
const assay_template *assay_templates_own(size_t *count);        /* template_own.c */
const assay_template *assay_templates_medicalgpt(size_t *count); /* template_medicalgpt.c */

/* Message as role and text with tool calls and observations turned into assistant's and user's text; *text is released
 * by the caller. */
assay_status assay_message_plain(const assay_message *message, assay_role *role, assay_buf *text, assay_error *err);

/* ChatGLM3's form of a tool call: the tool's name and a tool_call(...) block. `name` is released by the caller. */
assay_status assay_message_tool_block(const assay_message *message, char **name, assay_buf *text, assay_error *err);

/* Question-and-answer text by the descriptor's strings. */
assay_status assay_template_text_turns(const assay_template *this, const assay_tokenizer *tokenizer,
                                       const assay_message *messages, size_t count, assay_buf *out, assay_error *err);

assay_status assay_template_ids_chatglm3(const assay_template *this, const assay_tokenizer *tokenizer,
                                         const assay_message *messages, size_t count, assay_ids *ids, assay_error *err);

/* The name of the template that a checkpoint's own is, NULL: unknown. In template_auto.c. */
const char *assay_template_recognise(const assay_tokenizer_info *info);

#endif
