/* Inside the room: what stands behind a name, and an opened template. */
#ifndef ASSAY_TEMPLATE_TEMPLATE_KIND_H
#define ASSAY_TEMPLATE_TEMPLATE_KIND_H

#include "jinja/jinja.h"
#include "template/chat_template.h"
#include "template/tool_format.h"

/* What follows the text when append_eos is AUTO. */
typedef enum assay_template_end {
    ASSAY_END_OF_TURN, /* nothing: the text ends the turn itself */
    ASSAY_END_EOS,     /* EOS */
    ASSAY_END_STOP,    /* `stop` where it is a token, else EOS */
} assay_template_end;

/* A name of the list. Exactly one of body, turns, text and ids says how it renders. */
typedef struct assay_template_kind {
    const char *name;
    const char *body;                          /* Jinja, one of the files of texts/ */
    const struct assay_question_turns *turns; /* MedicalGPT's strings, of which a Jinja text is made */
    /* code: plain text, encoded with the tokenizer's own special tokens around it */
    assay_status (*text)(const assay_conversation *conversation, assay_buf *out, assay_error *err);
    assay_status (*ids)(const assay_tokenizer *tokenizer, const assay_conversation *conversation, assay_ids *ids,
                        assay_error *err);
    bool special_first; /* what the tokenizer puts in front of a text (BOS) is in front of this one too */
    assay_template_end end;
} assay_template_kind;

/* System text once, then questions and answers; NULL: none of it. */
typedef struct assay_question_turns {
    const char *system;       /* where the conversation has none */
    const char *system_after; /* behind the system text; NULL: the separator */
    const char *user_before, *user_after;
    const char *separator; /* before each later question */
    const char *stop;      /* NULL: EOS */
} assay_question_turns;

/* The lists, each of `*count` kinds. */
const assay_template_kind *assay_templates_own(size_t *count);        /* template_own.c */
const assay_template_kind *assay_templates_medicalgpt(size_t *count); /* template_medicalgpt.c */

/* NULL: there is none of that name. */
const assay_template_kind *assay_template_kind_find(const char *name);
assay_status assay_template_kind_unknown(const char *name, assay_error *err); /* names the nearest */

/* The Jinja text that says what the strings say. */
assay_status assay_question_turns_body(const assay_question_turns *turns, assay_buf *out, assay_error *err);

assay_status assay_template_text_plain(const assay_conversation *conversation, assay_buf *out, assay_error *err);
assay_status assay_template_text_chatglm2(const assay_conversation *conversation, assay_buf *out, assay_error *err);
assay_status assay_template_ids_chatglm3(const assay_tokenizer *tokenizer, const assay_conversation *conversation,
                                         assay_ids *ids, assay_error *err);

struct assay_template {
    const assay_template_kind *kind; /* NULL: the checkpoint's own, or a file's */
    const char *name;
    char *origin;
    char *source;           /* the whole Jinja text; NULL: code */
    bool exported;          /* source gives the ids by itself, as Transformers encodes it */
    assay_jinja *jinja;     /* NULL: code */
    assay_jinja *with_tools; /* the checkpoint's text for conversations with tools; NULL: jinja does */
    json_t *kwargs;         /* NULL: none */
    char *date;             /* NULL: none */
    const assay_tool_format *tool_format; /* NULL: the template's own way, see native_tools */
    bool drops_tools;                     /* tools are left out on purpose (--tool-format none) */
    bool reads_tools, reads_calls;        /* what the text asks for by name */
    assay_append_eos append_eos;
    bool cut_behind_turn;
    const assay_tokenizer *tokenizer;
};

/* The text of a Jinja template. */
assay_status assay_template_jinja_text(const assay_template *chosen, const assay_conversation *conversation,
                                       bool add_generation_prompt, assay_buf *out, assay_error *err);

#endif
