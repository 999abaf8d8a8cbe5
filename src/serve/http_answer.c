/* Ways to answer. What a client sent and gets back (ids, documents) may hold any double, so numbers are written with as
 * many digits as tell it apart: 15, which keeps the answer's own nine as they are, or 17 where a number needs them. */
#include "serve/http_private.h"

#include "base/clock.h"
#include "base/json_doc.h"
#include "base/text.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

/* Pages of a host that --allow-host names may ask and read; others never get this far, or no leave to read. */
static void add_cors(const assay_exchange *exchange, struct MHD_Response *response)
{
    const char *origin = assay_http_allowed_origin(exchange);
    MHD_add_response_header(response, "Vary", "Origin");
    if (!origin) {
        MHD_add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
        return;
    }
    MHD_add_response_header(response, "Access-Control-Allow-Origin", origin);
    MHD_add_response_header(response, "Access-Control-Expose-Headers", "X-Assay-Fingerprint, Retry-After");
    if (strcmp(exchange->method, MHD_HTTP_METHOD_OPTIONS) != 0) return;
    MHD_add_response_header(response, "Access-Control-Allow-Methods", "GET, HEAD, POST");
    MHD_add_response_header(response, "Access-Control-Allow-Headers", "Authorization, Content-Type, X-API-Key");
    MHD_add_response_header(response, "Access-Control-Allow-Private-Network", "true");
    MHD_add_response_header(response, "Access-Control-Max-Age", "600");
}

static void add_headers(const assay_exchange *exchange, struct MHD_Response *response, unsigned code, const char *type)
{
    const assay_served *model = exchange->job.model;
    MHD_add_response_header(response, "Content-Type", type);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (model) MHD_add_response_header(response, "X-Assay-Fingerprint", model->fingerprint);
    if (code == MHD_HTTP_TOO_MANY_REQUESTS) MHD_add_response_header(response, "Retry-After", "1");
    if (code == MHD_HTTP_SERVICE_UNAVAILABLE) MHD_add_response_header(response, "Retry-After", "5");
    if (code == MHD_HTTP_UNAUTHORIZED) MHD_add_response_header(response, "WWW-Authenticate", "Bearer realm=\"assay\"");
    MHD_add_response_header(response, "Content-Security-Policy", "frame-ancestors 'none'");
    MHD_add_response_header(response, "X-Frame-Options", "DENY");
    add_cors(exchange, response);
    if (exchange->closes || atomic_load(&exchange->server->draining))
        MHD_add_response_header(response, "Connection", "close");
}

static void put_client(const assay_exchange *exchange, char *text, size_t room)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    snprintf(text, room, "?");
    if (address && address->sa_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text, (socklen_t)room);
    if (address && address->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text, (socklen_t)room);
}

static void log_answer(const assay_exchange *exchange, unsigned code, double seconds)
{
    char client[INET6_ADDRSTRLEN];
    put_client(exchange, client, sizeof client);
    assay_serve_log_request(exchange->server->options.log,
                            &(assay_serve_log_line){.client = client,
                                                    .method = exchange->method,
                                                    .path = exchange->path,
                                                    .model = exchange->job.model ? exchange->job.model->name : NULL,
                                                    .code = code,
                                                    .texts = exchange->job.count,
                                                    .tokens = exchange->job.tokens,
                                                    .seconds = seconds,
                                                    .reason = exchange->reason});
}

static enum MHD_Result queue(assay_exchange *exchange, unsigned code, const char *type, struct MHD_Response *response)
{
    if (!response) return MHD_NO;
    add_headers(exchange, response, code, type);
    enum MHD_Result result = MHD_queue_response(exchange->connection, code, response);
    MHD_destroy_response(response);
    double seconds = assay_clock_seconds() - exchange->started;
    exchange->answered = true;
    assay_peer_mark(exchange->server, exchange->peer, ASSAY_PEER_IDLE);
    assay_serve_metrics_answer(&exchange->server->metrics, code, seconds);
    log_answer(exchange, code, seconds);
    return result;
}

enum MHD_Result assay_http_text(assay_exchange *exchange, unsigned code, const char *type, const void *text,
                                size_t size)
{
    return queue(exchange, code, type,
                 MHD_create_response_from_buffer(size, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY));
}

static bool needs_all_digits(const json_t *value)
{
    char text[40];
    size_t index;
    const char *key;
    json_t *part, *whole = assay_json_lent(value);
    bool needs = false;
    if (json_is_real(value)) {
        assay_text_format(text, sizeof text, "%.15g", json_real_value(value));
        return assay_text_real(text, NULL) < json_real_value(value) ||
               assay_text_real(text, NULL) > json_real_value(value);
    }
    json_array_foreach(whole, index, part) if ((needs = needs_all_digits(part))) return true;
    json_object_foreach(whole, key, part) if ((needs = needs_all_digits(part))) return true;
    return needs;
}

static void release_text(void *text) { assay_free(text); }

enum MHD_Result assay_http_json(assay_exchange *exchange, unsigned code, json_t *value)
{
    char *text = assay_json_dump(
        value, JSON_COMPACT | (needs_all_digits(value) ? JSON_REAL_PRECISION(17) : JSON_REAL_PRECISION(15)));
    json_decref(value);
    if (!text)
        return assay_http_text(exchange, MHD_HTTP_INTERNAL_SERVER_ERROR, "application/json",
                               "{\"error\":{\"message\":\"out of memory\"}}", 39);
    /* the text is the response's; it may be as large as the answer's tree was */
    struct MHD_Response *response =
        MHD_create_response_from_buffer_with_free_callback(strlen(text), text, release_text);
    if (!response) assay_free(text);
    return queue(exchange, code, "application/json", response);
}

static const char *error_type(unsigned code)
{
    if (code == MHD_HTTP_UNAUTHORIZED) return "authentication_error";
    if (code == MHD_HTTP_TOO_MANY_REQUESTS || code == MHD_HTTP_SERVICE_UNAVAILABLE) return "overloaded_error";
    return code >= 500 ? "server_error" : "invalid_request_error";
}

enum MHD_Result assay_http_error(assay_exchange *exchange, unsigned code, const char *message)
{
    json_t *text = json_string(message);
    if (!text) text = json_string("the request is not valid UTF-8");
    exchange->reason = message;
    return assay_http_json(
        exchange, code,
        json_pack("{s:{s:o, s:s, s:i}}", "error", "message", text, "type", error_type(code), "code", (int)code));
}

enum MHD_Result assay_http_status(assay_exchange *exchange, assay_status status, const assay_error *error)
{
    unsigned code = MHD_HTTP_INTERNAL_SERVER_ERROR;
    if (status == ASSAY_E_FORMAT || status == ASSAY_E_UNSUPPORTED) code = MHD_HTTP_BAD_REQUEST;
    else if (status == ASSAY_E_NO_FIT) code = MHD_HTTP_CONTENT_TOO_LARGE;
    else if (status == ASSAY_E_USAGE) code = MHD_HTTP_NOT_FOUND;
    else if (status == ASSAY_E_MEMORY) code = MHD_HTTP_SERVICE_UNAVAILABLE;
    return assay_http_error(exchange, code, error->text);
}

enum MHD_Result assay_http_refuse(assay_exchange *exchange, const assay_error *error)
{
    bool draining = atomic_load(&exchange->server->draining);
    unsigned code = draining                             ? MHD_HTTP_SERVICE_UNAVAILABLE
                    : assay_peer_is_gone(exchange->peer) ? ASSAY_HTTP_CLIENT_GONE
                                                         : MHD_HTTP_TOO_MANY_REQUESTS;
    return assay_http_error(exchange, code, error->text);
}

assay_served *assay_http_model(const assay_server *server, const char *name)
{
    assay_served *model = assay_served_take(server->models, name);
    return model || assay_served_count(server->models) > 1 ? model : assay_served_take(server->models, NULL);
}
