/* What the readers of pair formats (data/pair_formats.h) share: the line, where to put the pair, and the ways in which
 * most formats say things. For pair_formats.c and the files of formats beside it; nobody else includes this. Each
 * function names the field in its error. */
#ifndef ASSAY_DATA_FORMAT_READER_H
#define ASSAY_DATA_FORMAT_READER_H

#include "data/pair_set.h"

typedef struct assay_format_reader {
    const json_t *line;
    assay_text_arena *arena;
    assay_pair *pair;
    assay_error *err;
} assay_format_reader;

/* null counts as missing */
const json_t *assay_format_field(const json_t *line, const char *name);

/* An optional text for the prompt: absent and empty are the same. */
assay_status assay_format_push(const assay_format_reader *reader, const char *name, assay_role role);

/* What stands before the question, each optional: "system", and the turns of "history". */
assay_status assay_format_before(const assay_format_reader *reader);

/* The prompt from a field: text, message, list, or HH-RLHF's transcript without its last answer. */
assay_status assay_format_prompt(const assay_format_reader *reader, const char *name);

/* A finite number, or its text as CSV has it. False: it is none. */
bool assay_format_number(const json_t *value, double *number);

/* Both answers from fields: text, message or list. */
assay_status assay_format_answers(const assay_format_reader *reader, const char *chosen, const char *rejected);

/* A list of messages, whose last is the answer (chosen). */
assay_status assay_format_conversation(const assay_format_reader *reader, const char *name);

assay_turns assay_format_turns_from(const assay_turns *turns, size_t begin);

/* Both answers are whole conversations: what they share is the prompt, but each keeps at least its last message. */
assay_status assay_format_shared_prompt(const assay_format_reader *reader);

#endif
