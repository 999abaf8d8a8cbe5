/* What the server's files share: a connection (peer), a request on it (exchange), and the ways to answer. */
#ifndef ASSAY_SERVE_HTTP_PRIVATE_H
#define ASSAY_SERVE_HTTP_PRIVATE_H

#include "base/buf.h"
#include "serve/dialect.h"
#include "serve/serve_metrics.h"
#include "serve/server.h"

#include <microhttpd.h>
#include <pthread.h>

/* What a connection may take its time with. */
typedef enum assay_peer_state { ASSAY_PEER_IDLE, ASSAY_PEER_READING, ASSAY_PEER_WORKING } assay_peer_state;

typedef struct assay_peer {
    int socket;
    assay_peer_state state;
    double since;
    bool cut;
    struct assay_peer *before, *next;
} assay_peer;

/* Loads for /admin/reload run on threads of their own, which may outlast the request: a task knows its exchange until
 * it ends or the server gives up waiting, whichever comes first. */
enum { ASSAY_RELOADS_AT_ONCE = 8 }; /* one loads, the others wait for it */

struct assay_exchange;

typedef struct assay_reload_task {
    struct assay_server *server;
    struct assay_exchange *exchange; /* NULL: nobody waits for the result any more */
    char *model;                     /* NULL: all */
    bool taken;
} assay_reload_task;

typedef struct assay_reloads {
    pthread_mutex_t mutex;
    assay_reload_task tasks[ASSAY_RELOADS_AT_ONCE];
    atomic_int running;
} assay_reloads;

/* serve/http_work.c */
enum { ASSAY_WORK_THREADS = 4 };

typedef struct assay_work_queue {
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    pthread_t threads[ASSAY_WORK_THREADS];
    size_t started, waiting;
    struct assay_exchange *head, *tail;
    bool stopping;
} assay_work_queue;

struct assay_server {
    assay_server_options options;
    assay_served_set *models;
    assay_score_worker *scorer;
    struct MHD_Daemon *daemon;
    unsigned port;
    assay_serve_metrics metrics;
    pthread_mutex_t peers_mutex;
    assay_peer *peers;
    size_t peer_count;     /* those not cut */
    atomic_bool draining;  /* nothing new is taken */
    atomic_bool giving_up; /* what is still being worked on is not waited for */
    atomic_ullong next_id;
    assay_meter_pool memory; /* what all requests together may make */
    assay_reloads reloads;
    assay_work_queue work;
};

enum { ASSAY_HTTP_PATH_BYTES = 64 }; /* longer ones are unknown anyway */

typedef struct assay_exchange {
    assay_server *server;
    struct MHD_Connection *connection;
    assay_peer *peer;
    const char *method, *path; /* libmicrohttpd's, valid while the request is */
    double started;
    assay_buf body;
    assay_meter meter; /* of what is made out of the body */
    assay_error error;
    const char *reason; /* of a refusal, while it is being sent; else NULL */
    size_t counted;     /* of the metrics' body_bytes */
    bool too_large, crowded, answered;
    bool closes; /* the connection ends with the answer: where the next request begins is not sure */
    char trimmed[ASSAY_HTTP_PATH_BYTES]; /* path without the slash at its end */
    /* to be called when the connection, asleep until then, is woken; NULL: it never slept */
    enum MHD_Result (*then)(struct assay_exchange *exchange);
    void (*work)(struct assay_exchange *exchange); /* to be done on another thread while it sleeps */
    struct assay_exchange *next;                   /* in the queue for that */
    assay_ask ask;
    assay_job job;
    assay_ids tokens; /* /tokenize: what was found */
} assay_exchange;

/* Behind the standard's own: nobody reads such an answer, but it is counted and logged. */
enum { ASSAY_HTTP_CLIENT_GONE = 499 };

/* open at the headers (NULL: out of memory), then the body piece by piece, then open_meter when it is whole. */
assay_exchange *assay_http_exchange_open(assay_server *server, struct MHD_Connection *connection, const char *path,
                                         const char *method);
void assay_http_take_body(assay_exchange *exchange, const char *data, size_t size);
void assay_http_open_meter(assay_exchange *exchange);
void assay_http_drop_body(assay_exchange *exchange); /* when it is parsed */
void assay_http_exchange_close(assay_exchange *exchange);

void assay_peer_mark(assay_server *server, assay_peer *peer, assay_peer_state state);
/* libmicrohttpd's notice that a connection opened or closed; context is the server. */
void assay_peer_notice(void *context, struct MHD_Connection *connection, void **socket_context,
                       enum MHD_ConnectionNotificationCode code);

/* Whether the other side has closed its end: it will not read an answer. A client that only half-closes counts as gone,
 * as it does for nginx. */
bool assay_peer_is_gone(const assay_peer *peer);

/* Looks at the headers. 0: fine; else the status to refuse with, the reason in exchange->error. */
unsigned assay_http_guard(assay_exchange *exchange, const char *version);
/* The request's Origin where it is one that --allow-host names, so that its pages may read the answer; else NULL. */
const char *assay_http_allowed_origin(const assay_exchange *exchange);
/* What stands as the key, without blanks around it; NULL: none. Not zero-terminated. */
const char *assay_http_given_key(const assay_exchange *exchange, size_t *length);

/* Answers; the value is MHD's. text is copied. */
enum MHD_Result assay_http_text(assay_exchange *exchange, unsigned code, const char *type, const void *text,
                                size_t size);
enum MHD_Result assay_http_json(assay_exchange *exchange, unsigned code, json_t *value); /* steals value; NULL: 500 */
enum MHD_Result assay_http_error(assay_exchange *exchange, unsigned code, const char *message);
enum MHD_Result assay_http_status(assay_exchange *exchange, assay_status status, const assay_error *error);

/* Tokens that an answer names one by one, and what each takes until it is sent (its piece of the tree, and its text).
 */
enum { ASSAY_HTTP_LISTED_TOKENS = 1 << 17, ASSAY_HTTP_LISTED_BYTES = 640 };

/* Counts memory of an answer: it adds to what the request itself may make. */
assay_status assay_http_charge_answer(assay_exchange *exchange, size_t bytes, assay_error *err);

/* Work on threads of its own. add: the connection sleeps; work must see to it that it is woken, then `then` answers. A
 * queue that is full is answered 429 at once. stop: everything in the queue is still done, which is quick once the
 * server is giving up. */
assay_status assay_http_work_start(assay_work_queue *queue, assay_error *err);
enum MHD_Result assay_http_work_add(assay_exchange *exchange, void (*work)(assay_exchange *exchange),
                                    enum MHD_Result (*then)(assay_exchange *exchange));
void assay_http_work_stop(assay_work_queue *queue);
void assay_http_work_release(assay_work_queue *queue); /* also after a failed start */

/* ASSAY_E_STOPPED: the client is gone, or the server gives up. */
assay_status assay_http_still_wanted(const assay_exchange *exchange, assay_error *err);
/* The answer to ASSAY_E_STOPPED. */
enum MHD_Result assay_http_refuse(assay_exchange *exchange, const assay_error *error);

/* A request for scores: texts to ids and into the queue; the answer follows when the scorer is done. */
enum MHD_Result assay_http_score_begin(assay_exchange *exchange);
/* The ask's texts into the job's ids. ASSAY_E_STOPPED: nobody waits for them any more. */
assay_status assay_http_texts(assay_exchange *exchange, assay_error *err);

/* Clients of other servers send that server's model name: with one model there is no doubt which is meant. NULL: there
 * is. Gives a reference. */
assay_served *assay_http_model(const assay_server *server, const char *name);

/* The result of a load, on the log. */
void assay_server_tell_reload(assay_server *server, assay_status status, const assay_error *error);

/* Loading the models' files again, while everybody else is served. */
enum MHD_Result assay_http_reload(assay_exchange *exchange);
/* Those who wait for a load are told that the server is stopping. True: no load is running any more. */
bool assay_http_reloads_abandon(assay_server *server);

/* Everything else. *known false: no such path. */
enum MHD_Result assay_http_info(assay_exchange *exchange, bool *known);
bool assay_http_is_open(const assay_exchange *exchange); /* needs no key */

extern const unsigned char assay_page_html[];
extern const size_t assay_page_html_size;
extern const unsigned char assay_docs_html[];
extern const size_t assay_docs_html_size;

#endif
