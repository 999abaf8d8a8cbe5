/* What a request asks for, whatever dialect it came in: texts to score in order, and a few switches.
 *
 *     assay_ask ask;
 *     assay_status status = assay_ask_parse(&ask, "/rerank", body, size, err); // pure: path and bytes in, texts out
 *     ... ask.items ...
 *     assay_ask_release(&ask); // after a failure too
 *
 * Which dialect: among those that have the path, the first whose telling field is in the body (serve/dialect.h). Texts
 * live in the ask's document and arena. ASSAY_E_USAGE: no dialect has the path. ASSAY_E_FORMAT: the body is not what
 * the dialect expects; the message names the field. Limits: ASSAY_ASK_TEXTS texts.
 */
#ifndef ASSAY_SERVE_ASK_H
#define ASSAY_SERVE_ASK_H

#include "base/json_doc.h"
#include "data/turns.h"

enum { ASSAY_ASK_TEXTS = 4096 };

struct assay_dialect;

typedef enum assay_ask_activation { ASSAY_ASK_SERVERS, ASSAY_ASK_RAW, ASSAY_ASK_SIGMOID } assay_ask_activation;

typedef struct assay_ask_item {
    assay_turns turns;
    bool is_text;      /* one message, encoded as it stands; else a conversation for the template */
    const json_t *ids; /* tokens already: a list of whole numbers, borrowed; NULL: turns holds the text */
} assay_ask_item;

typedef struct assay_ask {
    const struct assay_dialect *dialect;
    json_t *body;
    assay_text_arena arena;
    assay_ask_item *items;
    size_t count, capacity;
    const char *model; /* NULL or a name of /v1/models */
    assay_ask_activation activation;
    bool is_list; /* the answer is a list even for one text */
    bool trace;   /* a reward for every token */
    bool truncate, truncate_left;
    bool single_bos;         /* texts bring their own special tokens: BOS is not doubled */
    bool return_texts;       /* rerankers: the document in the answer */
    const json_t *documents; /* rerankers: the list as it came, borrowed */
    size_t top_n;            /* rerankers: 0: all */
    int64_t max_length;      /* 0: the server's */
} assay_ask;

assay_status assay_ask_parse(assay_ask *ask, const char *path, const char *body, size_t size, assay_error *err);
void assay_ask_release(assay_ask *ask); /* safe on a zeroed ask */

/* For dialects. Each adds texts; `field` names them in messages. */
assay_status assay_ask_add(assay_ask *ask, assay_ask_item **item, assay_error *err);
assay_status assay_ask_text(assay_ask *ask, const json_t *text, const char *field, assay_error *err);
assay_status assay_ask_texts(assay_ask *ask, const json_t *one_or_list, const char *field, assay_error *err);
/* A text, tokens (a list of ids), or a list of texts and tokens. */
assay_status assay_ask_inputs(assay_ask *ask, const json_t *value, const char *field, assay_error *err);
assay_status assay_ask_messages(assay_ask *ask, const json_t *list, const char *field, assay_error *err);
/* A prompt (text or messages) and one answer to it. */
assay_status assay_ask_answer(assay_ask *ask, const json_t *prompt, const json_t *answer, const char *field,
                              assay_error *err);

/* A field that may be missing or null. */
const json_t *assay_ask_field(const assay_ask *ask, const char *name);
assay_status assay_ask_flag(const assay_ask *ask, const char *name, bool *out, assay_error *err);

#endif
