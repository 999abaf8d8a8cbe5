/* The daemon, and the way of a request through it. */
#include "base/text.h"
#include "serve/http_private.h"

#include "base/clock.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Memory of a connection, for its headers and a piece of its body. Above 32 KiB libmicrohttpd maps it apart
 * (memorypool.c), so that an idle connection costs the pages it touched and a closed one nothing; smaller ones would
 * come from the heap, where a thousand that come and go pin and scatter everything else. */
enum { HTTP_THREADS = 4, CONNECTION_BYTES = 48 << 10 };

/* Bodies are held until they are answered, whatever their number: what they have beyond SMALL_BODY bytes is counted,
 * and at most BODIES_AT_ONCE of the largest are taken. A small request is never turned away for large ones. */
enum { SMALL_BODY = 64 << 10, BODIES_AT_ONCE = 8 };

static assay_exchange *exchange_open(assay_server *server, struct MHD_Connection *connection, const char *path,
                                     const char *method)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    assay_exchange *exchange = assay_alloc(1, sizeof *exchange);
    if (!exchange) return NULL;
    *exchange = (assay_exchange){
        .server = server, .connection = connection, .path = path, .method = method, .started = assay_clock_seconds()};
    exchange->peer = info ? info->socket_context : NULL;
    assay_buf_init(&exchange->body, server->options.max_body);
    atomic_fetch_add(&server->metrics.in_flight, 1);
    return exchange;
}

static void drop_body(assay_exchange *exchange)
{
    assay_buf_release(&exchange->body);
    atomic_fetch_sub(&exchange->server->metrics.body_bytes, exchange->counted);
    exchange->counted = 0;
}

static bool has_body_room(assay_exchange *exchange, size_t more)
{
    size_t most = BODIES_AT_ONCE * exchange->server->options.max_body;
    if (exchange->body.size + more <= SMALL_BODY) return true;
    exchange->counted += more;
    return atomic_fetch_add(&exchange->server->metrics.body_bytes, more) + more <= most;
}

/* A body that is not wanted is read on all the same (see begin), but not kept. */
static void take_body(assay_exchange *exchange, const char *data, size_t size)
{
    /* what needs no key needs no body */
    if (exchange->too_large || exchange->crowded || assay_http_is_open(exchange)) return;
    assay_status status =
        has_body_room(exchange, size) ? assay_buf_append(&exchange->body, data, size, NULL) : ASSAY_E_MEMORY;
    if (status == ASSAY_E_MEMORY) exchange->crowded = true;
    else exchange->too_large = status != ASSAY_OK;
    if (exchange->too_large || exchange->crowded) drop_body(exchange);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **exchange_context,
                         enum MHD_RequestTerminationCode code)
{
    assay_server *server = context;
    assay_exchange *exchange = *exchange_context;
    (void)connection, (void)code;
    if (!exchange) return;
    assay_peer_mark(server, exchange->peer, ASSAY_PEER_IDLE);
    assay_http_score_release(exchange);
    drop_body(exchange);
    assay_free(exchange);
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

static const char *given_key(struct MHD_Connection *connection)
{
    const char *bearer = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Authorization");
    if (bearer && !assay_text_compare_n(bearer, "Bearer ", 7)) return bearer + 7;
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "X-API-Key");
}

static bool may_ask(const assay_exchange *exchange)
{
    const assay_api_keys *keys = exchange->server->options.keys;
    return !keys || assay_http_is_open(exchange) || assay_api_keys_match(keys, given_key(exchange->connection));
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
static enum MHD_Result begin(assay_exchange *exchange)
{
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
    (void)version;
    if (!exchange) {
        *exchange_context = exchange = exchange_open(context, connection, url, method);
        return exchange ? begin(exchange) : MHD_NO;
    }
    if (exchange->then) return exchange->answered ? MHD_YES : exchange->then(exchange);
    if (*data_size == 0) return exchange->answered ? MHD_YES : dispatch(exchange);
    take_body(exchange, data, *data_size);
    *data_size = 0;
    return MHD_YES;
}

typedef union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
} address;

static assay_status read_address(const assay_server_options *options, address *out, bool *loopback, assay_error *err)
{
    const char *host = !strcmp(options->host, "localhost") ? "127.0.0.1" : options->host;
    uint16_t port = htons((uint16_t)options->port);
    *out = (address){.any.sa_family = AF_UNSPEC};
    if (inet_pton(AF_INET, host, &out->v4.sin_addr) == 1) {
        out->v4.sin_family = AF_INET;
        out->v4.sin_port = port;
        *loopback = (ntohl(out->v4.sin_addr.s_addr) >> 24) == 127;
        return ASSAY_OK;
    }
    struct in6_addr six;
    if (inet_pton(AF_INET6, host, &six) != 1)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--host %.200s: an address is expected, such as 127.0.0.1, ::1 or 0.0.0.0",
                               options->host);
    out->v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = port, .sin6_addr = six};
    *loopback = IN6_IS_ADDR_LOOPBACK(&six);
    return ASSAY_OK;
}

static assay_status start_daemon(assay_server *server, const address *where, assay_error *err)
{
    const assay_server_options *options = &server->options;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC |
                     (where->any.sa_family == AF_INET6 ? MHD_USE_IPv6 : 0);
    unsigned threads = options->max_connections < HTTP_THREADS ? 1 : HTTP_THREADS;
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR, &where->any, MHD_OPTION_THREAD_POOL_SIZE,
        threads, MHD_OPTION_CONNECTION_LIMIT, options->max_connections, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_BYTES, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_NOTIFY_CONNECTION,
        assay_peer_notice, server, MHD_OPTION_URI_LOG_CALLBACK, on_request_line, server,
        MHD_OPTION_LISTENING_ADDRESS_REUSE, 1u, MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024u, MHD_OPTION_END);
    if (!server->daemon)
        return assay_error_set(err, ASSAY_E_IO,
                               "cannot listen on %s port %u: is the port taken, or the limit of open files below %u?",
                               options->host, options->port, options->max_connections);
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_LISTEN_FD);
    address bound = {0};
    socklen_t size = sizeof bound;
    if (info && !getsockname(info->listen_fd, &bound.any, &size))
        server->port = ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
    return ASSAY_OK;
}

assay_status assay_server_start(assay_server **out, const assay_server_options *options, assay_served_set *models,
                                assay_score_worker *scorer, assay_error *err)
{
    address where;
    bool loopback = false;
    *out = NULL;
    ASSAY_TRY(read_address(options, &where, &loopback, err));
    if (!loopback && !options->keys)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--host %s would let anyone on the network ask: give --api-key-file as well",
                               options->host);
    assay_server *server = assay_alloc(1, sizeof *server);
    ASSAY_TRY_ALLOC(server, "the server", err);
    server->options = *options;
    server->models = models;
    server->scorer = scorer;
    server->metrics.started = assay_clock_seconds();
    pthread_mutex_init(&server->peers_mutex, NULL);
    assay_status status = start_daemon(server, &where, err);
    if (status != ASSAY_OK) {
        pthread_mutex_destroy(&server->peers_mutex);
        assay_free(server);
        return status;
    }
    *out = server;
    return ASSAY_OK;
}

unsigned assay_server_port(const assay_server *server) { return server->port; }

assay_status assay_server_reload(assay_server *server, assay_error *err)
{
    ASSAY_TRY(assay_served_set_reload(server->models, NULL, err));
    atomic_fetch_add(&server->metrics.reloads, 1);
    return ASSAY_OK;
}

static void wait_until_quiet(assay_server *server, double patience)
{
    double end = assay_clock_seconds() + patience;
    while (atomic_load(&server->metrics.in_flight) > 0 && assay_clock_seconds() < end) {
        assay_server_sweep(server);
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
}

void assay_server_stop(assay_server *server, double patience)
{
    if (!server) return;
    atomic_store(&server->draining, true);
    MHD_socket listening = MHD_quiesce_daemon(server->daemon);
    wait_until_quiet(server, patience);
    /* A suspended connection may not be stopped: what is still being scored or loaded is waited for, however long, and
     * its answer then has a moment to leave. Until then the scorer's figures may be asked for. */
    assay_score_worker_stop(server->scorer);
    while (atomic_load(&server->reloading) > 0) nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    wait_until_quiet(server, 5);
    MHD_stop_daemon(server->daemon);
    assay_score_worker_free(server->scorer);
    if (listening != MHD_INVALID_SOCKET) close(listening);
    pthread_mutex_destroy(&server->peers_mutex);
    assay_free(server);
}
