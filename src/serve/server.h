/* The HTTP server, on libmicrohttpd.
 *
 *     assay_server *server;
 *     ASSAY_TRY(assay_server_start(&server, &options, models, scorer, err));
 *     unsigned port = assay_server_port(server); // what port 0 became
 *     assay_server_reload(server); // SIGHUP: begins to load every model again
 *     assay_server_stop(server, 10); // no new connections, answers what is under way, then ends
 *
 * Requests arrive on a few HTTP threads, are read and tokenised on a few others, and scored on the scorer's; while a
 * request waits, its connection is suspended and costs no thread. Models are borrowed. The scorer is too until
 * assay_server_stop, which stops and frees it: no connection may be left waiting for it.
 *
 * Statuses: 400 malformed, 401 no or wrong key, 403 a page from elsewhere, 404 no such path or model, 405 wrong method,
 * 413 body, text or request too large, 415 a form or plain text from a page, 421 not a name of this server, 429 queue
 * full (Retry-After), 500 a failed computation, 503 stopping, or too many large requests at once (Retry-After). Errors
 * are {"error": {"message", "type", "code"}}.
 *
 * A request must have arrived whole within request_seconds of its first header; a connection may be silent for
 * idle_seconds. Later it is cut, however busily it trickles. Every answer of a model carries X-Assay-Fingerprint.
 */
#ifndef ASSAY_SERVE_SERVER_H
#define ASSAY_SERVE_SERVER_H

#include "serve/api_keys.h"
#include "serve/ask.h"
#include "serve/score_worker.h"
#include "serve/serve_log.h"

typedef struct assay_server_options {
    const char *host;           /* an address, or localhost */
    unsigned port;              /* 0: any free one */
    const assay_api_keys *keys; /* NULL: nobody needs one (loopback only) */
    const char *const *allow_hosts;
    size_t allow_host_count;
    const assay_serve_log *log; /* NULL: silence */
    size_t max_body;            /* bytes */
    size_t max_tokens;          /* of one request, all texts together */
    size_t max_queue;           /* requests that may wait to be tokenised */
    unsigned max_connections;
    double request_seconds, idle_seconds;
    bool sigmoid;          /* where the request does not say */
    assay_ask_cut cut;     /* likewise */
    bool refuses_control;  /* messages with the text of a special token inside; they are counted in any case */
    size_t request_memory; /* bytes that all requests together may make out of their bodies */
} assay_server_options;

typedef struct assay_server assay_server;

/* ASSAY_E_USAGE: the host is no loopback address and there are no keys. */
assay_status assay_server_start(assay_server **out, const assay_server_options *options, assay_served_set *models,
                                assay_score_worker *scorer, assay_error *err);
unsigned assay_server_port(const assay_server *server);
/* Begins it and returns; the log says how it went. */
void assay_server_reload(assay_server *server);
void assay_server_tell_models(const assay_server *server); /* on the log */
/* to be called every few hundred milliseconds: ends connections that are over their time */
void assay_server_sweep(assay_server *server);
/* patience: seconds that requests under way are given; what is left then is answered 503. False: a load of models is
 * still running and uses them and the server: nothing may be freed, the process should end. NULL is fine. */
bool assay_server_stop(assay_server *server, double patience);

#endif
