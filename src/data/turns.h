/* Conversations out of JSON: every spelling the pair formats use, into one list of messages. Roles (any case): system,
 * developer | user, human | assistant, gpt, model, bot | function_call, tool_call | observation, tool, function,
 * ipython, tool_response. A message is {"role","content"} or {"from","value"}; content may be a list of
 * {"type":"text","text"} parts. Whatever a {"role"} message says besides role and text is kept as it stands
 * (assay_message.whole); a field that means nothing to any template (weight, train) is kept too, and a part that is no
 * text (an image, audio) is ASSAY_E_UNSUPPORTED. Lists and strings live in the arena. Errors are sentences without a
 * place; the caller puts file and line in front. */
#ifndef ASSAY_DATA_TURNS_H
#define ASSAY_DATA_TURNS_H

#include "base/buf.h"
#include "base/json_doc.h"
#include "data/text_arena.h"
#include "template/message.h"

typedef struct assay_turns {
    assay_message *items;
    size_t count, capacity;
    const char *joint;   /* between the text parts of one message's content; NULL: nothing */
    const char *context; /* as in assay_conversation; of a prompt it holds for its answers */
    bool from_text;      /* a prompt that was one string, made the user's message */
} assay_turns;

assay_status assay_turns_push(assay_turns *turns, assay_text_arena *arena, assay_role role, const char *text,
                              size_t size, assay_error *err);

/* The turns as a template takes them; borrowed. */
assay_conversation assay_turns_conversation(const assay_turns *turns);

/* Appends messages; their texts are shared, not copied. */
assay_status assay_turns_append(assay_turns *turns, assay_text_arena *arena, const assay_message *messages,
                                size_t count, assay_error *err);

/* Reads a record's "tools" (a list, or its JSON text) and "chat_template_kwargs" into turns->context; where neither is
 * there, or they are empty, it stays NULL. A record with "images", "videos" or "audios" that are not empty is
 * ASSAY_E_UNSUPPORTED. */
assay_status assay_turns_context(assay_turns *turns, assay_text_arena *arena, const json_t *record, assay_error *err);

/* Each appends. `field` names the field in messages. */
assay_status assay_turns_text(assay_turns *turns, assay_text_arena *arena, assay_role role, const json_t *text,
                              const char *field, assay_error *err);
assay_status assay_turns_list(assay_turns *turns, assay_text_arena *arena, const json_t *list, const char *field,
                              assay_error *err);

/* Text, one message object, or a list of messages; a text gets `role`. */
assay_status assay_turns_any(assay_turns *turns, assay_text_arena *arena, assay_role role, const json_t *value,
                             const char *field, assay_error *err);

/* An answer in steps: a list of texts, each a message of its own that says so (assay_message.step). ASSAY_E_FORMAT: it
 * is empty, or one of them is, which no model could be asked about. */
assay_status assay_turns_steps(assay_turns *turns, assay_text_arena *arena, const json_t *list, const char *field,
                               assay_error *err);

/* One message whose content is a list of {"type":"text","text"} parts. */
assay_status assay_turns_parts(assay_turns *turns, assay_text_arena *arena, assay_role role, const json_t *parts,
                               const char *field, assay_error *err);

/* [[question, answer], ...]; null or missing is empty. */
assay_status assay_turns_history(assay_turns *turns, assay_text_arena *arena, const json_t *history, const char *field,
                                 assay_error *err);

/* HH-RLHF's one text, cut at "Human:" and "Assistant:" behind a blank line (or at the text's start); each turn is
 * stripped of white space. */
bool assay_is_transcript(const char *text, size_t size);
assay_status assay_turns_transcript(assay_turns *turns, assay_text_arena *arena, const char *text, size_t size,
                                    assay_error *err);

bool assay_turns_equal(const assay_turns *a, const assay_turns *b);
size_t assay_turns_shared(const assay_turns *a, const assay_turns *b); /* how many leading messages are equal */
bool assay_turns_blank(const assay_turns *turns);                      /* nothing but white space in all of them */
size_t assay_turns_length(const assay_turns *turns);                   /* characters of all texts */

/* The name written out: system, user, assistant, tool_call, tool. */
const char *assay_role_name(assay_role role);

/* White space cut from both ends. */
void assay_text_strip(const char **text, size_t *size);

#endif
