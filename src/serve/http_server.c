/* The daemon, and the way of a request through it. */
#include "serve/http_private.h"

#include "base/clock.h"
#include "serve/listening.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

/* Memory of a connection, for its headers and a piece of its body. Above 32 KiB libmicrohttpd maps it apart
 * (memorypool.c), so that an idle connection costs the pages it touched and a closed one nothing; smaller ones would
 * come from the heap, where a thousand that come and go pin and scatter everything else. */
enum { HTTP_THREADS = 4, CONNECTION_BYTES = 48 << 10 };

static void on_completed(void *context, struct MHD_Connection *connection, void **exchange_context,
                         enum MHD_RequestTerminationCode code)
{
    assay_server *server = context;
    assay_exchange *exchange = *exchange_context;
    (void)connection, (void)code;
    if (!exchange) return;
    assay_peer_mark(server, exchange->peer, ASSAY_PEER_IDLE);
    assay_http_exchange_close(exchange);
    *exchange_context = NULL;
    atomic_fetch_sub(&server->metrics.in_flight, 1);
}

/* At the request line: from here on the headers' time is limited too. What is returned would become the exchange. */
static void *on_request_line(void *context, const char *uri, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    (void)uri;
    assay_peer_mark(context, info ? info->socket_context : NULL, ASSAY_PEER_READING);
    return NULL;
}

static bool may_ask(const assay_exchange *exchange)
{
    const assay_api_keys *keys = exchange->server->options.keys;
    size_t length = 0;
    if (!keys || assay_http_is_open(exchange)) return true;
    const char *key = assay_http_given_key(exchange, &length);
    return assay_api_keys_match(keys, key, length);
}

static bool announces_too_much(const assay_exchange *exchange)
{
    const char *length = MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, "Content-Length");
    size_t bytes = 0;
    for (; length && *length >= '0' && *length <= '9' && bytes <= exchange->server->options.max_body; length++)
        bytes = bytes * 10 + (size_t)(*length - '0');
    return bytes > exchange->server->options.max_body;
}

static enum MHD_Result too_large(assay_exchange *exchange)
{
    assay_error_set(&exchange->error, ASSAY_E_FORMAT,
                    "the body is larger than %zu bytes; send fewer texts at a time or raise --max-body",
                    exchange->server->options.max_body);
    return assay_http_error(exchange, MHD_HTTP_CONTENT_TOO_LARGE, exchange->error.text);
}

/* At the headers: who may not ask is told at once, and who waits for leave to send too much. Other large bodies are
 * read and dropped, so that the client sees an answer and not a broken connection; the request's time is limited all
 * the same. */
static enum MHD_Result begin(assay_exchange *exchange, const char *version)
{
    unsigned refused = assay_http_guard(exchange, version);
    if (refused) return assay_http_error(exchange, refused, exchange->error.text);
    if (!may_ask(exchange))
        return assay_http_error(exchange, MHD_HTTP_UNAUTHORIZED, "a key is needed: Authorization: Bearer KEY");
    exchange->too_large = announces_too_much(exchange);
    return exchange->too_large && MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND, "Expect")
               ? too_large(exchange)
               : MHD_YES;
}

static enum MHD_Result dispatch(assay_exchange *exchange)
{
    bool known = true;
    assay_peer_mark(exchange->server, exchange->peer, ASSAY_PEER_WORKING);
    if (exchange->too_large) return too_large(exchange);
    if (exchange->crowded)
        return assay_http_error(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "too many large requests at once; try again");
    assay_http_open_meter(exchange);
    enum MHD_Result result = assay_http_info(exchange, &known);
    if (known) return result;
    if (!assay_dialect_path_known(exchange->path))
        return assay_http_error(exchange, MHD_HTTP_NOT_FOUND, "no such endpoint; /openapi.json lists them");
    if (strcmp(exchange->method, "POST") != 0)
        return assay_http_error(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, "this endpoint takes POST");
    return assay_http_score_begin(exchange);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *data_size, void **exchange_context)
{
    assay_exchange *exchange = *exchange_context;
    if (!exchange) {
        *exchange_context = exchange = assay_http_exchange_open(context, connection, url, method);
        return exchange ? begin(exchange, version) : MHD_NO;
    }
    if (exchange->then) return exchange->answered ? MHD_YES : exchange->then(exchange);
    if (*data_size == 0) return exchange->answered ? MHD_YES : dispatch(exchange);
    /* what needs no key needs no body */
    if (!assay_http_is_open(exchange)) assay_http_take_body(exchange, data, *data_size);
    *data_size = 0;
    return MHD_YES;
}

/* The socket is the daemon's from here on, or closed. */
static assay_status start_daemon(assay_server *server, int listening, bool six, assay_error *err)
{
    const assay_server_options *options = &server->options;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | (six ? MHD_USE_IPv6 : 0);
    /* libmicrohttpd stops accepting at its limit, each thread at its share of it, and /health with it: the limit is
     * held in http_peers.c instead, which makes room, and no thread comes near its share here */
    unsigned most = HTTP_THREADS * (options->max_connections + 64);
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, server, MHD_OPTION_LISTEN_SOCKET, listening, MHD_OPTION_THREAD_POOL_SIZE,
        (unsigned)HTTP_THREADS, MHD_OPTION_CONNECTION_LIMIT, most, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_BYTES, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_NOTIFY_CONNECTION,
        assay_peer_notice, server, MHD_OPTION_URI_LOG_CALLBACK, on_request_line, server, MHD_OPTION_END);
    if (server->daemon) return ASSAY_OK;
    close(listening);
    return assay_error_set(err, ASSAY_E_IO, "cannot serve on %s port %u: is the limit of open files below %u?",
                           options->host, server->port, options->max_connections);
}

static void server_free(assay_server *server)
{
    assay_http_work_release(&server->work);
    pthread_mutex_destroy(&server->peers_mutex);
    pthread_mutex_destroy(&server->reloads.mutex);
    assay_free(server);
}

assay_status assay_server_start(assay_server **out, const assay_server_options *options, assay_served_set *models,
                                assay_score_worker *scorer, assay_error *err)
{
    assay_listening about;
    int listening;
    *out = NULL;
    ASSAY_TRY(assay_listening_open(&listening, &about, options->host, options->port, err));
    if (!about.loopback && !options->keys) {
        close(listening);
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--host %s would let anyone on the network ask: give --api-key-file as well",
                               options->host);
    }
    assay_server *server = assay_alloc(1, sizeof *server);
    if (!server) close(listening);
    ASSAY_TRY_ALLOC(server, "the server", err);
    server->options = *options;
    server->port = about.port;
    server->memory.most = options->request_memory;
    server->models = models;
    server->scorer = scorer;
    server->metrics.started = assay_clock_seconds();
    pthread_mutex_init(&server->peers_mutex, NULL);
    pthread_mutex_init(&server->reloads.mutex, NULL);
    assay_status status = assay_http_work_start(&server->work, err);
    if (status == ASSAY_OK) status = start_daemon(server, listening, about.six, err);
    else close(listening);
    if (status != ASSAY_OK) {
        server_free(server);
        return status;
    }
    *out = server;
    return ASSAY_OK;
}

unsigned assay_server_port(const assay_server *server) { return server->port; }

enum { LAST_ANSWERS = 2 }; /* seconds */

static bool is_quiet(assay_server *server)
{
    return atomic_load(&server->metrics.in_flight) == 0 && atomic_load(&server->reloads.running) == 0;
}

static void wait_until_quiet(assay_server *server, double patience)
{
    double end = assay_clock_seconds() + patience;
    while (!is_quiet(server) && assay_clock_seconds() < end) {
        assay_server_sweep(server);
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
}

/* A suspended connection may not be stopped, so all are woken first: the scorer's by the scorer, which ends between two
 * operations of a micro-batch, those of a load by us. Their answers then have a moment to leave. */
bool assay_server_stop(assay_server *server, double patience)
{
    if (!server) return true;
    atomic_store(&server->draining, true);
    MHD_socket listening = MHD_quiesce_daemon(server->daemon);
    wait_until_quiet(server, patience);
    atomic_store(&server->giving_up, true);
    assay_http_work_stop(&server->work);
    assay_score_worker_give_up(server->scorer);
    assay_score_worker_stop(server->scorer);
    bool ended = assay_http_reloads_abandon(server);
    wait_until_quiet(server, LAST_ANSWERS);
    MHD_stop_daemon(server->daemon);
    if (listening != MHD_INVALID_SOCKET) close(listening);
    ended = ended || atomic_load(&server->reloads.running) == 0;
    if (!ended) return false; /* a load still uses the server and the models */
    assay_score_worker_free(server->scorer);
    server_free(server);
    return true;
}
