/* Ways to answer. Nine digits tell every float apart, and they are the digits `assay score` prints. */
#include "serve/http_private.h"

#include "base/clock.h"

#include <string.h>

static void add_headers(const assay_exchange *exchange, struct MHD_Response *response, unsigned code, const char *type)
{
    const assay_served *model = exchange->job.model;
    MHD_add_response_header(response, "Content-Type", type);
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (model) MHD_add_response_header(response, "X-Assay-Fingerprint", model->fingerprint);
    if (code == MHD_HTTP_TOO_MANY_REQUESTS) MHD_add_response_header(response, "Retry-After", "1");
    if (code == MHD_HTTP_SERVICE_UNAVAILABLE) MHD_add_response_header(response, "Retry-After", "5");
    if (code == MHD_HTTP_UNAUTHORIZED) MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
    if (atomic_load(&exchange->server->draining)) MHD_add_response_header(response, "Connection", "close");
}

enum MHD_Result assay_http_text(assay_exchange *exchange, unsigned code, const char *type, const void *text, size_t size)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(size, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    if (!response) return MHD_NO;
    add_headers(exchange, response, code, type);
    enum MHD_Result result = MHD_queue_response(exchange->connection, code, response);
    MHD_destroy_response(response);
    exchange->answered = true;
    assay_peer_mark(exchange->server, exchange->peer, ASSAY_PEER_IDLE);
    assay_serve_metrics_answer(&exchange->server->metrics, code, assay_clock_seconds() - exchange->started);
    return result;
}

enum MHD_Result assay_http_json(assay_exchange *exchange, unsigned code, json_t *value)
{
    char *text = assay_json_dump(value, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(value);
    if (!text) return assay_http_text(exchange, MHD_HTTP_INTERNAL_SERVER_ERROR, "application/json", "{\"error\":{\"message\":\"out of memory\"}}", 39);
    enum MHD_Result result = assay_http_text(exchange, code, "application/json", text, strlen(text));
    assay_free(text);
    return result;
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
    return assay_http_json(exchange, code, json_pack("{s:{s:o, s:s, s:i}}", "error", "message", text, "type", error_type(code), "code", (int)code));
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
