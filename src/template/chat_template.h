/* Conversations to ids.
 *
 * A template is a constant descriptor in one of the template files; the list is in chat_template.c. "auto" picks the
 * one whose text is the checkpoint's own chat_template (recognised by what it contains and must not contain), falls
 * back to chatglm2/chatglm3 for their tokenizer, to "plain" where a checkpoint has no template at all, and refuses an
 * unknown template with what to do (name one with --template, or render the text oneself and use "text" inputs).
 *
 * Rendering gives ids directly, because ChatGLM3's roles are ids that no text yields. Content never forges special
 * tokens unless the reference would parse it (Hugging Face's apply_chat_template + tokenize does: then so do we, to be
 * identical). BOS is never doubled: a template that writes it is encoded without ASSAY_ENCODE_ADD_SPECIAL.
 *
 * A rendering is complete, and its last id is the scored token:
 * - chatml and its kin: `<|im_end|>`. Hugging Face's text goes on with a newline; it carries nothing and is left out.
 * - llama3: `<|eot_id|>`; llama2, vicuna, chatglm2, chatglm3: the EOS that ends an answer.
 * - plain, alpaca, medicalgpt:*: EOS (medicalgpt: the template's stop string where it is a token), by append_eos.
 *
 * append_eos. AUTO: what the list above says. YES: the same, and EOS behind it where the last id is not EOS. NO: no end
 * for plain, alpaca and medicalgpt:* (MedicalGPT's own ids: it never appends its stop string), nor for the EOS of
 * llama2, vicuna, chatglm2, chatglm3; the end-of-turn of the others is part of the template and stays. A tokenizer
 * without EOS gets none.
 *
 * Tool calls: a TOOL_CALL message holding JSON {"name", "arguments"} (or a list of them) becomes the assistant's text
 * "Action: name\nAction Input: arguments", an OBSERVATION the user's text "Observation: ..." (MedicalGPT's default tool
 * format). ChatGLM3 has a place for both: `<|assistant|>name` with a tool_call(...) block, and `<|observation|>`.
 */
#ifndef ASSAY_TEMPLATE_CHAT_TEMPLATE_H
#define ASSAY_TEMPLATE_CHAT_TEMPLATE_H

#include "base/buf.h"
#include "template/message.h"
#include "tokenizer/tokenizer.h"

typedef struct assay_template assay_template; /* constant, static storage */

typedef enum assay_append_eos { ASSAY_EOS_AUTO, ASSAY_EOS_YES, ASSAY_EOS_NO } assay_append_eos;

/* name: "auto", a name of the list, or "medicalgpt:NAME". The error lists what there is and names the nearest. */
assay_status assay_template_find(const assay_template **out, const char *name, const assay_tokenizer *tokenizer,
                                 assay_error *err);
const char *assay_template_name(const assay_template *chosen);
size_t assay_template_count(void);
const assay_template *assay_template_at(size_t index);

/* Appends the ids of the whole conversation. A conversation that the reference refuses (Llama 2: roles must alternate)
 * is refused. */
assay_status assay_template_render(const assay_template *chosen, const assay_tokenizer *tokenizer,
                                   const assay_message *messages, size_t count, assay_append_eos append_eos,
                                   assay_ids *ids, assay_error *err);

/* The ids of a text as it stands ("text" inputs): special tokens' text parsed, add-special ids added, EOS by append_eos
 * (auto: no). */
assay_status assay_template_encode_text(const assay_tokenizer *tokenizer, const char *text, size_t size,
                                        assay_append_eos append_eos, assay_ids *ids, assay_error *err);

#endif
