/* What the server's files share: a connection (peer), a request on it (exchange), and the ways to answer. */
#ifndef ASSAY_SERVE_HTTP_PRIVATE_H
#define ASSAY_SERVE_HTTP_PRIVATE_H

#include "base/buf.h"
#include "serve/dialect.h"
#include "serve/serve_metrics.h"
#include "serve/server.h"

#include <microhttpd.h>
#include <netinet/in.h>
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

struct assay_server {
    assay_server_options options;
    assay_served_set *models;
    assay_score_worker *scorer;
    struct MHD_Daemon *daemon;
    unsigned port;
    assay_serve_metrics metrics;
    pthread_mutex_t peers_mutex;
    assay_peer *peers;
    atomic_bool draining;
    atomic_ullong next_id;
    atomic_int reloading; /* threads that load for /admin/reload */
};

typedef struct assay_exchange {
    assay_server *server;
    struct MHD_Connection *connection;
    assay_peer *peer;
    const char *method, *path; /* libmicrohttpd's, valid while the request is */
    double started;
    assay_buf body;
    assay_error error;
    size_t counted; /* of the metrics' body_bytes */
    bool too_large, crowded, answered;
    /* to be called when the connection, asleep until then, is woken; NULL: it never slept */
    enum MHD_Result (*then)(struct assay_exchange *exchange);
    assay_ask ask;
    assay_job job;
} assay_exchange;

void assay_peer_mark(assay_server *server, assay_peer *peer, assay_peer_state state);
/* libmicrohttpd's notice that a connection opened or closed; context is the server. */
void assay_peer_notice(void *context, struct MHD_Connection *connection, void **socket_context,
                       enum MHD_ConnectionNotificationCode code);

/* Answers; the value is MHD's. text is copied. */
enum MHD_Result assay_http_text(assay_exchange *exchange, unsigned code, const char *type, const void *text,
                                size_t size);
enum MHD_Result assay_http_json(assay_exchange *exchange, unsigned code, json_t *value); /* steals value; NULL: 500 */
enum MHD_Result assay_http_error(assay_exchange *exchange, unsigned code, const char *message);
enum MHD_Result assay_http_status(assay_exchange *exchange, assay_status status, const assay_error *error);

/* that an answer names one by one: each takes some hundred bytes until it is sent */
enum { ASSAY_HTTP_LISTED_TOKENS = 1 << 17 };

/* A request for scores: texts to ids and into the queue; the answer follows when the scorer is done. */
enum MHD_Result assay_http_score_begin(assay_exchange *exchange);
void assay_http_score_release(assay_exchange *exchange);

/* Clients of other servers send that server's model name: with one model there is no doubt which is meant. NULL: there
 * is. Gives a reference. */
assay_served *assay_http_model(const assay_server *server, const char *name);

/* Everything else. *known false: no such path. */
enum MHD_Result assay_http_info(assay_exchange *exchange, bool *known);
bool assay_http_is_open(const assay_exchange *exchange); /* needs no key */

extern const unsigned char assay_page_html[];
extern const size_t assay_page_html_size;

#endif
