/* What a request asks for, whatever dialect it came in: texts to score in order, and a few switches.
 *
 *     assay_ask ask;
 *     assay_status status = assay_ask_parse(&ask, "/rerank", body, size, meter, err); // path and bytes in, texts out
 *     ... ask.items ...
 *     assay_ask_release(&ask); // after a failure too
 *
 * Which dialect: among those that have the path, the first whose telling field is in the body (serve/dialect.h). Only
 * fields that a dialect of the path reads are built; the others are read over and cost nothing. Texts live in the ask's
 * document and arena; what these take is charged to the meter (borrowed, NULL: nobody counts), and a query or a prompt
 * with many answers is there once. ASSAY_E_USAGE: no dialect has the path. ASSAY_E_FORMAT: the body is not what the
 * dialect expects; the message names the field. ASSAY_E_NO_FIT, ASSAY_E_MEMORY: what the meter says. Limits:
 * ASSAY_ASK_TEXTS texts.
 */
#ifndef ASSAY_SERVE_ASK_H
#define ASSAY_SERVE_ASK_H

#include "base/json_doc.h"
#include "data/turns.h"

enum { ASSAY_ASK_TEXTS = 4096 };

struct assay_dialect;

typedef enum assay_ask_activation { ASSAY_ASK_SERVERS, ASSAY_ASK_RAW, ASSAY_ASK_SIGMOID } assay_ask_activation;

/* What becomes of a text that is too long. SERVERS: what --truncate says. */
typedef enum assay_ask_cut {
    ASSAY_ASK_CUT_SERVERS,
    ASSAY_ASK_CUT_OFF,
    ASSAY_ASK_CUT_LEFT,
    ASSAY_ASK_CUT_RIGHT
} assay_ask_cut;

typedef struct assay_ask_item {
    const assay_turns *prompt; /* messages in front of turns, shared by many items; NULL: none */
    assay_turns turns;
    bool is_text;      /* one message, encoded as it stands; else a conversation for the template */
    const json_t *ids; /* tokens already: a list of whole numbers, borrowed; NULL: turns holds the text */
} assay_ask_item;

typedef struct assay_ask {
    const struct assay_dialect *dialect;
    json_t *body;
    json_t *counts; /* the own dialect: how many scores each line gets, needed again when the answer is written */
    assay_text_arena arena;
    assay_ask_item *items;
    size_t count, capacity;
    const char *model; /* NULL or a name of /v1/models */
    assay_ask_activation activation;
    bool is_list; /* the answer is a list even for one text */
    bool trace;   /* a reward for every token */
    assay_ask_cut cut;
    int64_t max_length;      /* tokens of a text; 0: the server's */
    int64_t max_document;    /* tokens of an answer to a query, before the template; 0: no limit of its own */
    bool single_bos;         /* texts bring their own special tokens: BOS is not doubled */
    bool base64;             /* numbers as base64 of their f32, little end first */
    bool return_texts;       /* rerankers: the document in the answer */
    const json_t *documents; /* rerankers: the list as it came, borrowed */
    size_t top_n;            /* rerankers: 0: all */
} assay_ask;

assay_status assay_ask_parse(assay_ask *ask, const char *path, const char *body, size_t size, assay_meter *meter,
                             assay_error *err);
void assay_ask_release(assay_ask *ask); /* safe on a zeroed ask */

/* The switches that all dialects have, out of the body: "model"; "truncate" (true, false, or a side by any of its
 * names), "truncation_direction", "truncation_side", "truncate_prompt_tokens", "max_tokens_per_doc". Refuses by name
 * what would change a score and is not done here ("chat_template", "dimensions", ...). */
assay_status assay_ask_switches(assay_ask *ask, assay_error *err);
extern const char *const assay_ask_switch_names[]; /* of all of these; NULL behind the last */

/* For dialects. Each adds texts; `field` names them in messages. */
assay_status assay_ask_add(assay_ask *ask, assay_ask_item **item, assay_error *err);
assay_status assay_ask_text(assay_ask *ask, const json_t *text, const char *field, assay_error *err);
assay_status assay_ask_texts(assay_ask *ask, const json_t *one_or_list, const char *field, assay_error *err);
/* A text, tokens (a list of ids), or a list of texts and tokens. */
assay_status assay_ask_inputs(assay_ask *ask, const json_t *value, const char *field, assay_error *err);
assay_status assay_ask_messages(assay_ask *ask, const json_t *list, const char *field, assay_error *err);
/* A prompt, and then any number of answers to it; the prompt lives in the ask's arena. Both are a text, {"text": ...},
 * {"content": text or parts}, a message or a list of messages. */
assay_status assay_ask_prompt(assay_ask *ask, const assay_turns **prompt, const json_t *value, const char *field,
                              assay_error *err);
assay_status assay_ask_answer(assay_ask *ask, const assay_turns *prompt, const json_t *answer, const char *field,
                              assay_error *err);
/* vLLM's {"content": [part, ...]} in place of a list means the list of its parts; anything else is what it is. */
const json_t *assay_ask_list(const json_t *value);

/* A field that may be missing or null. */
const json_t *assay_ask_field(const assay_ask *ask, const char *name);
assay_status assay_ask_flag(const assay_ask *ask, const char *name, bool *out, assay_error *err);
/* A whole number, also written as 2.0 or "2": clients whose server reads with pydantic send those. */
assay_status assay_ask_whole(const assay_ask *ask, const char *name, int64_t *out, assay_error *err);

#endif
