/* The life of a request: its body while it arrives, what it may make, and the end of both. */
#include "serve/http_private.h"

#include "base/clock.h"

#include <string.h>

/* Bodies are held until they are answered, whatever their number: what they have beyond SMALL_BODY bytes is counted,
 * and at most BODIES_AT_ONCE of the largest are taken. A small request is never turned away for large ones. */
enum { SMALL_BODY = 64 << 10, BODIES_AT_ONCE = 8 };

/* What a request may make: so many times its body, and a fixed sum for a small one that needs much (a batch of token
 * ids before they are cut). The first UNPOOLED bytes are not counted in what all requests may make together. After one
 * that made more than GIVEN_BACK the memory goes back to the system at once. */
enum { MADE_OF_BODY = 16, MADE_AT_LEAST = 16 << 20, UNPOOLED = 256 << 10, GIVEN_BACK = 1 << 20 };

void assay_http_open_meter(assay_exchange *exchange)
{
    size_t most = exchange->body.size * MADE_OF_BODY + MADE_AT_LEAST;
    assay_meter_init(&exchange->meter, &exchange->server->memory, most);
    exchange->meter.unpooled = UNPOOLED;
}

assay_status assay_http_charge_answer(assay_exchange *exchange, size_t bytes, assay_error *err)
{
    size_t most = exchange->server->memory.most;
    exchange->meter.most = exchange->meter.most + bytes < most ? exchange->meter.most + bytes : most;
    return assay_meter_take(&exchange->meter, bytes, err);
}

/* Clients join an address that ends with a slash and a path that begins with one, or the other way round. */
static const char *trim_path(assay_exchange *exchange, const char *path)
{
    size_t length = strlen(path);
    if (length < 2 || path[length - 1] != '/' || length > sizeof exchange->trimmed) return path;
    memcpy(exchange->trimmed, path, length - 1);
    exchange->trimmed[length - 1] = '\0';
    return exchange->trimmed;
}

assay_exchange *assay_http_exchange_open(assay_server *server, struct MHD_Connection *connection, const char *path,
                                         const char *method)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    assay_exchange *exchange = assay_alloc(1, sizeof *exchange);
    if (!exchange) return NULL;
    *exchange = (assay_exchange){
        .server = server, .connection = connection, .method = method, .started = assay_clock_seconds()};
    exchange->peer = info ? info->socket_context : NULL;
    exchange->path = trim_path(exchange, path);
    assay_buf_init(&exchange->body, server->options.max_body);
    atomic_fetch_add(&server->metrics.in_flight, 1);
    return exchange;
}

void assay_http_drop_body(assay_exchange *exchange)
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

/* A body that is not wanted is read on all the same (http_server.c), but not kept. */
void assay_http_take_body(assay_exchange *exchange, const char *data, size_t size)
{
    if (exchange->too_large || exchange->crowded) return;
    assay_status status =
        has_body_room(exchange, size) ? assay_buf_append(&exchange->body, data, size, NULL) : ASSAY_E_MEMORY;
    if (status == ASSAY_E_MEMORY) exchange->crowded = true;
    else exchange->too_large = status != ASSAY_OK;
    if (exchange->too_large || exchange->crowded) assay_http_drop_body(exchange);
}

void assay_http_exchange_close(assay_exchange *exchange)
{
    size_t made = exchange->meter.peak;
    assay_job *job = &exchange->job;
    for (size_t i = 0; job->texts && i < job->count; i++) assay_ids_release(&job->texts[i]);
    assay_free(job->texts);
    assay_lot_release(&job->lot);
    assay_ids_release(&exchange->tokens);
    assay_served_give(job->model);
    assay_ask_release(&exchange->ask);
    assay_http_drop_body(exchange);
    assay_meter_release(&exchange->meter);
    assay_free(exchange);
    if (made > GIVEN_BACK) assay_alloc_trim();
}
