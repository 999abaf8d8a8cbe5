/* What `score` and `forward` read: lines, each with one or several conversations (or a text as it stands) that get a
 * score each.
 *
 *     assay_inputs *inputs;
 *     ASSAY_TRY(assay_inputs_open(&inputs, path_or_dash, columns_or_null, err));
 *     for (;;) {
 *         const assay_input *input;
 *         ASSAY_TRY(assay_inputs_next(inputs, &input, err));
 *         if (!input) break;
 *         ...                                               (valid until the next call)
 *     }
 *     assay_inputs_close(inputs);
 *
 * Shapes, the first that fits:
 *     a pair in any format of data/pair_formats.h     two conversations: chosen, rejected. Empty and equal answers are
 *     scored like any other. A list of more answers: all of them, in the record's order
 *     {"prompt","responses":[...]}                     one for each response; shared prompt (scores beside them are not
 *     read)
 *     {"prompt","response"}                            one; prompt is text or messages, a response too
 *     {"prompt","completions":[...]}                   one, in steps (TRL stepwise; labels beside them are not read)
 *     {"messages"} or {"conversations"}                one, as it stands
 *     {"text"}                                         one text, no template (a list of texts: one each)
 * All may have an id (a string or number). Files: JSON lines, JSON array, CSV, TSV, .gz of each; "-" is standard input,
 * read as it comes. Memory: one line (at most ASSAY_RECORD_MAX).
 */
#ifndef ASSAY_DATA_INPUT_FILE_H
#define ASSAY_DATA_INPUT_FILE_H

#include "data/columns.h"
#include "data/turns.h"

enum { ASSAY_INPUT_ANSWERS_MAX = 65536 }; /* of one line */

typedef struct assay_inputs assay_inputs;

typedef struct assay_input {
    bool is_text; /* items hold one message each, whose text is to be encoded without a template */
    bool is_pair; /* two items: chosen, rejected */
    /* the line asked for a list of scores ("responses", or a list of texts), even if it has one element */
    bool is_list;
    assay_turns *items;
    size_t count;           /* at least 1 */
    size_t shared_messages; /* leading messages all items have in common: the prompt's */
    const char *id;         /* as JSON text; NULL: none */
    uint64_t index;         /* 0-based number of the line among the non-blank ones */
    const char *where;      /* "file:line" */
    bool from_text;         /* the prompt was one string, made the user's message */
} assay_input;

assay_status assay_inputs_open(assay_inputs **out, const char *path, const assay_columns *columns, assay_error *err);
void assay_inputs_close(assay_inputs *inputs); /* NULL is fine */

/* *input becomes NULL at the end. After an error that assay_inputs_broken denies, the next call goes on behind the bad
 * line. */
assay_status assay_inputs_next(assay_inputs *inputs, const assay_input **input, assay_error *err);
bool assay_inputs_broken(const assay_inputs *inputs);

/* The same for one JSON object that did not come from a file (a request): strings live in the arena. Errors carry no
 * place; where is "". */
assay_status assay_input_read(assay_input *input, const json_t *line, assay_text_arena *arena, assay_error *err);

#endif
