/* Tools, calls and results as text, for templates that have no place for them.
 *
 *     assay_flat_conversation flat = {0};
 *     status = assay_tool_format_apply(format, &conversation, tools, date, &flat, err);
 *     ... flat.conversation: system, user and assistant messages with texts alone ...
 *     assay_flat_conversation_release(&flat);
 *
 * The seven formats of MedicalGPT's --tool_format are its texts (training/tool_utils.py; how results are wrapped:
 * training/reward_modeling.py), and "react" is what it does without one: calls as "Action: ...", results as
 * "Observation: ...". Arguments that are a JSON text already stay that text in react. */
#ifndef ASSAY_TEMPLATE_TOOL_FORMAT_H
#define ASSAY_TEMPLATE_TOOL_FORMAT_H

#include "base/buf.h"
#include "base/json_doc.h"
#include "template/message.h"

typedef struct assay_tool_format assay_tool_format; /* constant, static storage */

/* "react", "default", "glm4", "llama3", "mistral", "qwen", "qwen3", "qwen3.5". ASSAY_E_USAGE lists them. */
assay_status assay_tool_format_find(const assay_tool_format **out, const char *name, assay_error *err);

const char *assay_tool_format_name(const assay_tool_format *format);

typedef struct assay_flat_conversation {
    assay_conversation conversation;
    assay_message *messages;
    assay_buf texts; /* what the messages' texts point into */
} assay_flat_conversation;

/* tools: a list, or NULL; they stand behind the system text, which is made where there is none. react has no text for
 * tools: ASSAY_E_UNSUPPORTED. date: YYYY-MM-DD, for llama3's text, which names the day; NULL where it is asked for is
 * ASSAY_E_USAGE. The release is safe on a zeroed one, and due after a failure too. */
assay_status assay_tool_format_apply(const assay_tool_format *format, const assay_conversation *conversation,
                                     const json_t *tools, const char *date, assay_flat_conversation *out,
                                     assay_error *err);
void assay_flat_conversation_release(assay_flat_conversation *flat);

/* The calls of a message as a list of {"name", "arguments"}; *out NULL: it has none (a TOOL_CALL message whose text is
 * something else). The result is the caller's. */
assay_status assay_message_calls(const assay_message *message, json_t **out, assay_error *err);

#endif
