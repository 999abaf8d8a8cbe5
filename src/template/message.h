/* A conversation: messages in order. Strings are borrowed; the arena or document they live in must outlive the list. */
#ifndef ASSAY_TEMPLATE_MESSAGE_H
#define ASSAY_TEMPLATE_MESSAGE_H

#include <stddef.h>

typedef enum assay_role {
    ASSAY_ROLE_SYSTEM,
    ASSAY_ROLE_USER,
    ASSAY_ROLE_ASSISTANT,
    ASSAY_ROLE_TOOL_CALL,
    ASSAY_ROLE_OBSERVATION
} assay_role;

typedef struct assay_message {
    assay_role role;
    const char *text;
    size_t size; /* text may hold zero bytes */
} assay_message;

#endif
