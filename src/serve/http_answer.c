/* Ways to answer. What a client sent and gets back (ids, documents) may hold any double, so numbers are written with as
 * many digits as tell it apart: 15, which keeps the answer's own nine as they are, or 17 where a number needs them. */
#include "base/text.h"
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

enum MHD_Result assay_http_text(assay_exchange *exchange, unsigned code, const char *type, const void *text,
                                size_t size)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(size, (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    if (!response) return MHD_NO;
    add_headers(exchange, response, code, type);
    enum MHD_Result result = MHD_queue_response(exchange->connection, code, response);
    MHD_destroy_response(response);
    exchange->answered = true;
    assay_peer_mark(exchange->server, exchange->peer, ASSAY_PEER_IDLE);
    assay_serve_metrics_answer(&exchange->server->metrics, code, assay_clock_seconds() - exchange->started);
    return result;
}

static bool needs_all_digits(const json_t *value)
{
    char text[40];
    size_t index;
    const char *key;
    json_t *part, *whole = (json_t *)(uintptr_t)value;
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

enum MHD_Result assay_http_json(assay_exchange *exchange, unsigned code, json_t *value)
{
    char *text = assay_json_dump(
        value, JSON_COMPACT | (needs_all_digits(value) ? JSON_REAL_PRECISION(17) : JSON_REAL_PRECISION(15)));
    json_decref(value);
    if (!text)
        return assay_http_text(exchange, MHD_HTTP_INTERNAL_SERVER_ERROR, "application/json",
                               "{\"error\":{\"message\":\"out of memory\"}}", 39);
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

assay_served *assay_http_model(const assay_server *server, const char *name)
{
    assay_served *model = assay_served_take(server->models, name);
    return model || assay_served_count(server->models) > 1 ? model : assay_served_take(server->models, NULL);
}
