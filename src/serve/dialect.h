/* Dialects: the request and answer shapes of other servers, one constant descriptor a small file, one line in
 * dialect_list.c. Where dialects share a path, the fields decide: the first of the list with the path and one of its
 * fields in the body. The OpenAPI document is made from the same list, examples and all, and the tests send every
 * example. */
#ifndef ASSAY_SERVE_DIALECT_H
#define ASSAY_SERVE_DIALECT_H

#include "head/head.h"
#include "serve/ask.h"

/* Scores of an ask, for rendering. */
typedef struct assay_reply {
    const double *scores;  /* [ask->count], after the activation */
    const double *rewards; /* [ask->count], raw */
    json_t *const *traces; /* [ask->count] lists of {"token", "reward"}; NULL: not asked for */
    const char *label;     /* the one whose number is the score */
    const double *labels;  /* [ask->count, outputs], raw: the head's numbers; NULL: it has but one */
    const assay_head *head;
    const json_t *config; /* names the labels (head/head.h) */
    size_t tokens;        /* of all texts, as if nothing were shared */
    const char *model, *fingerprint, *id;
    int64_t created; /* seconds since 1970 */
} assay_reply;

typedef struct assay_dialect {
    const char *name, *summary;
    const char *const *paths;       /* NULL behind the last */
    const char *const *fields;      /* any of them tells the dialect; NULL behind the last */
    const char *const *reads;       /* fields it reads besides those and the switches of all; NULL: it reads any */
    const char *joint;              /* between text parts of a message's content; NULL: nothing */
    bool base64;                    /* its answer can hold numbers as base64 */
    const char *request, *response; /* examples, JSON */
    assay_status (*parse)(assay_ask *ask, assay_error *err);
    json_t *(*render)(const assay_ask *ask, const assay_reply *reply); /* NULL: out of memory */
} assay_dialect;

/* A new dialect gets one line here. Order matters where a path is shared: the first whose field is there. */
#define ASSAY_DIALECT_MAP(X) \
    X(pairs)                 \
    X(own)                   \
    X(openrlhf)              \
    X(classify)              \
    X(sglang)                \
    X(pooling)               \
    X(tei_rerank)            \
    X(rerank)                \
    X(tei_predict)           \
    X(llamafactory)

#define ASSAY_DIALECT_DECLARE(name) extern const assay_dialect assay_dialect_##name;
ASSAY_DIALECT_MAP(ASSAY_DIALECT_DECLARE)
#undef ASSAY_DIALECT_DECLARE

const assay_dialect *assay_dialect_at(size_t index); /* NULL behind the last */
bool assay_dialect_has_path(const assay_dialect *dialect, const char *path);
bool assay_dialect_path_known(const char *path);

/* The whole OpenAPI document, NULL when out of memory. */
json_t *assay_openapi_document(void);

/* Pieces that renderers share. Numbers of an answer are the doubles nearest to their nine digits, which tell every
 * float apart and are what `assay score` prints; so the shortest text of such a double is those digits. */
double assay_nine_digits(double value);
/* Floats as base64 of their four bytes, little end first, as vLLM sends them. */
json_t *assay_reply_base64(const double *values, size_t count);
json_t *assay_reply_usage(const assay_reply *reply);
/* indices by falling score, equal ones in order; NULL: out of memory */
size_t *assay_reply_order(const assay_reply *reply, size_t count);

#endif
