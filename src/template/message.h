/* A conversation: messages in order, and what is said of it as a whole. Strings are borrowed; the arena or document
 * they live in must outlive the list. */
#ifndef ASSAY_TEMPLATE_MESSAGE_H
#define ASSAY_TEMPLATE_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

typedef enum assay_role {
    ASSAY_ROLE_SYSTEM,
    ASSAY_ROLE_USER,
    ASSAY_ROLE_ASSISTANT,
    ASSAY_ROLE_TOOL_CALL, /* ShareGPT's function_call: the text is JSON, one call or a list of them */
    ASSAY_ROLE_OBSERVATION
} assay_role;

typedef struct assay_message {
    assay_role role;
    const char *text; /* the content; of a list of parts all their texts */
    size_t size;      /* text may hold zero bytes */
    /* The message as a JSON object with all its fields, where it says more than a role and a text: tool calls, parts,
     * reasoning_content, name, tool_call_id, a role of another name. Ends with a zero byte. NULL: it says no more. */
    const char *whole;
    bool calls; /* whole holds tool calls: an empty text is no empty message */
    bool step;  /* a step of an answer, whole: the answer is this message and those like it around it */
} assay_message;

typedef struct assay_conversation {
    const assay_message *messages;
    size_t count;
    /* A JSON object with "tools" (a list) and "chat_template_kwargs" (an object) as far as they are given. NULL: none.
     */
    const char *context;
} assay_conversation;

#endif
