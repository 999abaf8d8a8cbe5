/* A conversation to the text, or the ids, that a model reads.
 *
 *     assay_template *chosen;
 *     ASSAY_TRY(assay_template_open(&chosen, &(assay_template_request){.name = "auto"}, tokenizer, err));
 *     assay_ids ids = {0};
 *     ASSAY_TRY(assay_template_render(chosen, &conversation, &ids, err)); // as often as wanted, any thread
 *     assay_ids_release(&ids);
 *     assay_template_close(chosen);
 *
 * The text is the reference's, whole: Transformers' apply_chat_template(messages, add_generation_prompt=False) with the
 * checkpoint's own template, a final newline included. Its ids are those of tokenizer(text, add_special_tokens=False),
 * so content that holds a control token's text forges a turn here as it does there.
 *
 * Which template, in this order: a file (--chat-template), a name (--template), the text kept in assay.json, the
 * checkpoint's own. "auto" is the checkpoint's own; chatglm2 or chatglm3 for their tokenizers, which have no Jinja text
 * and stay code; "plain" where a checkpoint has none at all. A checkpoint may bring several texts by name
 * (tokenizer/named_templates.h): each is a name, as in the reference's apply_chat_template(chat_template=NAME), and
 * goes before a built-in of that name. The other names are template texts of the project's own (src/template/texts/)
 * and MedicalGPT's ("medicalgpt:NAME"), all run by the same interpreter (jinja/jinja.h).
 *
 * How a text ends. AUTO: as the template's text ends it; plain, alpaca, vicuna, llama2, chatglm2, chatglm3 and
 * medicalgpt:* end with EOS (medicalgpt: with the template's stop string where that is a token). YES: and EOS behind it
 * where the text does not end with it. NO: without that EOS; an end of turn that is the template's stays.
 *
 * Tools. A conversation's tools go to a template that reads `tools`, and tool calls to one that reads `tool_calls`.
 * Elsewhere --tool-format says how they become text, and without it they are refused by name. The project's own
 * templates write calls as "Action: ...\nAction Input: ..." and results as "Observation: ...", MedicalGPT's default.
 */
#ifndef ASSAY_TEMPLATE_CHAT_TEMPLATE_H
#define ASSAY_TEMPLATE_CHAT_TEMPLATE_H

#include "base/buf.h"
#include "template/message.h"
#include "tokenizer/tokenizer.h"

typedef struct assay_template assay_template; /* constant once opened */

typedef enum assay_append_eos { ASSAY_EOS_AUTO, ASSAY_EOS_YES, ASSAY_EOS_NO } assay_append_eos;

/* "auto", "true", "false". read: false for any other word. */
const char *assay_append_eos_word(assay_append_eos append_eos);
bool assay_append_eos_read(const char *word, assay_append_eos *out);

/* Strings are borrowed during the call. */
typedef struct assay_template_request {
    const char *name;       /* "auto", a name of the checkpoint's or the list, "medicalgpt:NAME"; NULL is "auto" */
    const char *file;       /* a file with a template's text; NULL: none. It wins over the name */
    const char *kept;       /* the whole text that assay.json has; NULL: none. It wins over the checkpoint's own */
    const char *kept_tools; /* the same for conversations with tools; NULL: none */
    const char
        *kwargs;      /* a JSON object: further variables, which win over the tokenizer's special tokens; NULL: none */
    const char *date; /* YYYY-MM-DD for templates that ask for the day; NULL: asking is an error that says so */
    const char *tool_format; /* "auto", "none", or one of template/tool_format.h; NULL is "auto" */
    assay_append_eos append_eos;
    /* With skips_pad, ids at the end that are this token are left out, behind --pooling's rule: in a causal model the
     * score at the last other token does not know them. */
    int32_t pad;
    bool skips_pad;
    bool stops_at_pad; /* likewise, ids from the first that is this token on; a text that begins with it stays whole */
    bool generation_prompt; /* a conversation ends with the prompt for an answer, which a judge by words gives */
    int64_t
        end; /* a token that every text ends with, put behind one that does not; 0 or less: none (head/head_kind.h) */
    const char *separator; /* ends each step of an answer, for a model that reads steps; NULL: it reads none */
    /* As version 0.1 rendered: a text of ChatML's kind is cut behind its last end of turn. */
    bool cut_behind_turn;
} assay_template_request;

/* The tokenizer is borrowed until the end. ASSAY_E_USAGE: there is no such name (the nearest is named), or kwargs is no
 * object; ASSAY_E_FORMAT, ASSAY_E_UNSUPPORTED: the text does not compile, by file and line. *out is NULL on failure. */
assay_status assay_template_open(assay_template **out, const assay_template_request *request,
                                 const assay_tokenizer *tokenizer, assay_error *err);
void assay_template_close(assay_template *chosen); /* NULL is fine */

/* "checkpoint" (the checkpoint's own), "file", or the name that was asked for. */
const char *assay_template_name(const assay_template *chosen);
/* Whether it is the checkpoint's own of a name that is built in too. */
bool assay_template_hides_built_in(const assay_template *chosen);
/* Whether it is code, which reads no variables and writes no generation prompt. */
bool assay_template_is_code(const assay_template *chosen);
/* Where its text comes from, for people: "chat_template.jinja", "tokenizer_config.json", "built in", a path. */
const char *assay_template_origin(const assay_template *chosen);
/* The Jinja text that renders, in Transformers too, to the ids that assay_template_render gives, where it is given the
 * same variables; NULL: there is none. */
const char *assay_template_source(const assay_template *chosen);
const char *assay_template_tool_source(const assay_template *chosen); /* of conversations with tools; NULL: the same */
/* One of the two with --chat-template-kwargs set in its first lines, as it is written beside a model.
 * ASSAY_E_UNSUPPORTED: it is NULL. */
assay_status assay_template_export(const assay_template *chosen, bool of_tools, assay_buf *out, assay_error *err);
const json_t *assay_template_kwargs(const assay_template *chosen);    /* NULL: none */
const char *assay_template_date(const assay_template *chosen);        /* NULL: none */
const char *assay_template_tool_format(const assay_template *chosen); /* NULL: "auto" */
const assay_tokenizer *assay_template_tokenizer(const assay_template *chosen);

/* The names that --template takes, besides "auto". */
size_t assay_template_count(void);
const char *assay_template_name_at(size_t index);

/* Appends the ids of the whole conversation. A conversation that the template refuses (Llama 2: roles must alternate)
 * is refused with its words. */
assay_status assay_template_render(const assay_template *chosen, const assay_conversation *conversation, assay_ids *ids,
                                   assay_error *err);

/* The same before pads are left out; false: it cannot be rendered. */
bool assay_template_whole_ids(const assay_template *chosen, const assay_conversation *conversation, assay_ids *ids);

/* A special token whose text stands inside a message (its text, calls, reasoning): rendered, it forges what only the
 * template should say, here as in the reference. NULL: none. Owned by the tokenizer. */
const char *assay_template_forged(const assay_template *chosen, const assay_message *messages, size_t count);

/* Appends the rendered text, without what append_eos adds to a template that is code. ASSAY_E_UNSUPPORTED: chatglm3's
 * roles are ids that no text gives; a template that is code has no generation prompt. */
assay_status assay_template_text(const assay_template *chosen, const assay_conversation *conversation,
                                 bool add_generation_prompt, assay_buf *out, assay_error *err);

/* ---- steps, of a template that was opened with a separator ----
 *
 * A step is a message of the answer (assay_message.step), or what stands between separators in the answer's one
 * message. Where the separator is one token of the tokenizer, it ends each step in the answer's text, which the chat
 * template renders like any other (Qwen2.5-Math-PRM: <extra_0>); else texts are plain, and prompt, steps and separators
 * are encoded each for itself behind BOS (TRL's PRMTrainer). "auto" is plain then; any other template is refused when
 * it is opened. */

/* NULL: it was opened without. */
const char *assay_template_separator(const assay_template *chosen);

/* As assay_template_render; appends to `ends` the place of each step's last id, counted from the first one appended.
 * ASSAY_E_FORMAT: no step; a text that holds the separator itself. */
assay_status assay_template_render_steps(const assay_template *chosen, const assay_conversation *conversation,
                                         assay_ids *ids, assay_ids *ends, assay_error *err);

/* The same of a text as it stands, which has its separators already. */
assay_status assay_template_encode_steps(const assay_template *chosen, const char *text, size_t size, assay_ids *ids,
                                         assay_ids *ends, assay_error *err);

/* The ids of a text as it stands ("text" inputs): special tokens' text parsed, add-special ids added, EOS by append_eos
 * (auto: no). chosen may be of any kind. */
assay_status assay_template_encode_text(const assay_template *chosen, const char *text, size_t size, assay_ids *ids,
                                        assay_error *err);
/* The same for a tokenizer without a template. */
assay_status assay_tokenizer_encode_text(const assay_tokenizer *tokenizer, assay_append_eos append_eos,
                                         const char *text, size_t size, assay_ids *ids, assay_error *err);

#endif
