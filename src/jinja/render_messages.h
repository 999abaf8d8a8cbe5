/* A conversation through a chat template, as Transformers 5.24's apply_chat_template(messages, tokenize=False) renders
 * it (tokenization_utils_base.py and utils/chat_template_utils.py).
 *
 * What happens before the template runs:
 *   - keys of a message whose value is null are dropped (those deeper inside stay);
 *   - the first of reasoning_content, thinking, reasoning that a message has becomes its reasoning_content, and its
 * thinking where it has none;
 *   - the template sees: the special tokens by name; over them the given variables; over both messages, tools,
 * documents (None where not given) and add_generation_prompt. */
#ifndef ASSAY_JINJA_RENDER_MESSAGES_H
#define ASSAY_JINJA_RENDER_MESSAGES_H

#include "jinja/jinja.h"

typedef struct assay_rendering {
    const json_t *messages;  /* an array of at least one object */
    const json_t *tools;     /* an array of objects (JSON schemas), or NULL */
    const json_t *documents; /* an array of objects, or NULL */
    const json_t
        *variables; /* an object of the user's own (chat_template_kwargs), or NULL; may not name the four above */
    const json_t *special_tokens; /* an object such as {"bos_token": "<s>"}, or NULL */
    bool add_generation_prompt;
    const char *where;           /* names the conversation in errors ("pairs.jsonl:12"), or NULL */
    assay_jinja_options options; /* the date among them */
} assay_rendering;

/* Appends the text to `out`; on failure `out` is as it was. Everything in `rendering` is borrowed and not changed. */
assay_status assay_render_messages(const assay_jinja *jinja, const assay_rendering *rendering, assay_buf *out,
                                   assay_error *err);

#endif
