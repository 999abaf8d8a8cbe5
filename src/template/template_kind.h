/* Inside the room: what stands behind a name, and an opened template. */
#ifndef ASSAY_TEMPLATE_TEMPLATE_KIND_H
#define ASSAY_TEMPLATE_TEMPLATE_KIND_H

#include "jinja/jinja.h"
#include "template/chat_template.h"
#include "template/tool_format.h"

#define ASSAY_TEMPLATE_SPECIAL_FIRST "{#- begins with the tokenizer's own special tokens -#}"
#define ASSAY_TEMPLATE_EOS_LAST "{{- eos_token }}"

typedef struct assay_question_turns assay_question_turns;

/* A name of the list. Exactly one of body, turns, text and ids says how it renders.
 *
 * A body is a file of src/template/texts/ as it stands. Two lines mean more to this program than to Jinja: a first line
 * "{#- begins with the tokenizer's own special tokens -#}" says that what the tokenizer puts in front of a text (BOS)
 * is in front of this one too; a last line "{{- eos_token }}" is what --append-eos false takes away. */
typedef struct assay_template_kind {
    const char *name;
    const char *body;
    const assay_question_turns *turns; /* MedicalGPT's strings, of which such a body is made */
    /* code: text that is encoded with the tokenizer's own special tokens around it, or ids; EOS follows */
    assay_status (*text)(const assay_conversation *conversation, assay_buf *out, assay_error *err);
    assay_status (*ids)(const assay_tokenizer *tokenizer, const assay_conversation *conversation, const json_t *tools,
                        assay_ids *ids, assay_error *err);
} assay_template_kind;

/* System text once, then questions and answers. */
struct assay_question_turns {
    const char *name;
    const char *system; /* where the conversation has none; NULL: none */
    const char *user_before, *user_after;
    const char *separator; /* behind the system text and before each later question */
    const char *stop;      /* ends the last answer where it is a token; NULL: EOS does */
};

extern const assay_template_kind assay_template_texts[]; /* made of src/template/texts/ by the Makefile */
extern const size_t assay_template_text_count;
const assay_question_turns *assay_templates_medicalgpt(size_t *count); /* template_medicalgpt.c */

/* ASSAY_E_USAGE names the nearest, of the checkpoint's own too. */
assay_status assay_template_kind_find(assay_template_kind *out, const char *name, const assay_named_templates *own,
                                      assay_error *err);

/* Whether the list above has the name. */
bool assay_template_is_built_in(const char *name);

/* The Jinja text that says what the strings say; end: what stands behind the last answer, "" for nothing, NULL:
 * eos_token. */
assay_status assay_question_turns_body(const assay_question_turns *turns, const char *end, assay_buf *out,
                                       assay_error *err);

assay_status assay_template_text_plain(const assay_conversation *conversation, assay_buf *out, assay_error *err);
assay_status assay_template_text_chatglm2(const assay_conversation *conversation, assay_buf *out, assay_error *err);
/* Takes no tools. */
assay_status assay_template_ids_chatglm(const assay_tokenizer *tokenizer, const assay_conversation *conversation,
                                        const json_t *tools, assay_ids *ids, assay_error *err);
/* tools: stand behind the system text, as the reference writes them; NULL: none. */
assay_status assay_template_ids_chatglm3(const assay_tokenizer *tokenizer, const assay_conversation *conversation,
                                         const json_t *tools, assay_ids *ids, assay_error *err);

struct assay_template {
    assay_template_kind kind; /* without a name: the checkpoint's own, or a file's */
    char *name, *origin;
    char *source;            /* the whole Jinja text; NULL: code */
    bool hides_built_in;     /* the checkpoint's own of a name that the list has too */
    bool special_first;      /* encoded with the tokenizer's own special tokens in front: source alone is not enough */
    assay_jinja *jinja;      /* NULL: code */
    assay_jinja *with_tools; /* the checkpoint's text for conversations with tools; NULL: jinja does */
    json_t *kwargs;          /* NULL: none */
    char *date;              /* NULL: none */
    const assay_tool_format *tool_format; /* NULL: "auto" or "none" */
    bool drops_tools;                     /* "none" */
    bool reads_tools, reads_calls;        /* the text asks for them by name */
    assay_append_eos append_eos;
    bool cut_behind_turn;
    int32_t pad; /* left out at the end where skips_pad, with all behind it where stops_at_pad */
    bool skips_pad, stops_at_pad, generation_prompt;
    int32_t end;        /* behind every text; -1: none */
    char *separator;    /* of steps; NULL: none are read */
    int32_t step_token; /* the separator where it is one token, else -1 */
    const assay_tokenizer *tokenizer;
};

/* What a conversation becomes before it is rendered: calls and results as text where the template has no place for
 * them. */
typedef struct assay_prepared {
    assay_conversation conversation;
    json_t *context, *tools;      /* tools is borrowed from context; NULL: none, or none that is wanted */
    assay_flat_conversation flat; /* what conversation points into, where it was made */
} assay_prepared;

/* Takes the separator; before the template is chosen, which may depend on it. */
assay_status assay_template_steps_open(assay_template *chosen, const char *separator, assay_error *err);

/* Behind the choice: ASSAY_E_USAGE where the two do not go together. */
assay_status assay_template_steps_check(const assay_template *chosen, assay_error *err);

/* The text of a Jinja template. */
assay_status assay_template_jinja_text(const assay_template *chosen, const assay_prepared *prepared,
                                       bool add_generation_prompt, assay_buf *out, assay_error *err);

#endif
