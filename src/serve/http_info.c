/* Endpoints that score nothing. */
#include "serve/http_private.h"

#include <string.h>

enum { RELOADS_AT_ONCE = 8 }; /* one loads, the others wait for it */

static enum MHD_Result page(assay_exchange *exchange)
{
    return assay_http_text(exchange, MHD_HTTP_OK, "text/html; charset=utf-8", assay_page_html, assay_page_html_size);
}

static enum MHD_Result health(assay_exchange *exchange)
{
    return assay_http_json(exchange, MHD_HTTP_OK, json_pack("{s:s}", "status", "ok"));
}

static enum MHD_Result ready(assay_exchange *exchange)
{
    if (atomic_load(&exchange->server->draining))
        return assay_http_error(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "the server is stopping");
    return assay_http_json(exchange, MHD_HTTP_OK, json_pack("{s:s}", "status", "ready"));
}

static enum MHD_Result models(assay_exchange *exchange)
{
    json_t *data = json_array();
    for (size_t i = 0; i < assay_served_count(exchange->server->models); i++) {
        assay_served *model =
            assay_served_take(exchange->server->models, assay_served_name(exchange->server->models, i));
        json_array_append_new(data, json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:I}", "id", model->name, "object",
                                              "model", "owned_by", "assay", "fingerprint", model->fingerprint,
                                              "max_model_len", (json_int_t)model->max_length, "template",
                                              assay_template_name(model->rendering->chosen), "planned_bytes",
                                              (json_int_t)model->planned_bytes));
        assay_served_give(model);
    }
    return assay_http_json(exchange, MHD_HTTP_OK, json_pack("{s:s, s:o}", "object", "list", "data", data));
}

static enum MHD_Result metrics(assay_exchange *exchange)
{
    assay_buf text;
    assay_score_worker_figures figures;
    assay_buf_init(&text, 1 << 20);
    assay_score_worker_figures_read(exchange->server->scorer, &figures);
    assay_status status = assay_serve_metrics_write(&exchange->server->metrics, &figures, &text, &exchange->error);
    enum MHD_Result result =
        status == ASSAY_OK ? assay_http_text(exchange, MHD_HTTP_OK, "text/plain; version=0.0.4", text.data, text.size)
                           : assay_http_status(exchange, status, &exchange->error);
    assay_buf_release(&text);
    return result;
}

static enum MHD_Result openapi(assay_exchange *exchange)
{
    return assay_http_json(exchange, MHD_HTTP_OK, assay_openapi_document());
}

/* vLLM says prompt, llama.cpp content, Assay text; messages go through the template. */
static assay_status tokens_of(const assay_served *model, const json_t *body, assay_text_arena *arena, assay_ids *ids,
                              assay_error *err)
{
    static const char *const names[] = {"prompt", "content", "text", "inputs"};
    const assay_template_renderer *how = model->rendering;
    const json_t *messages = json_object_get(body, "messages");
    assay_turns turns = {0};
    if (messages) {
        ASSAY_TRY(assay_turns_list(&turns, arena, messages, "messages", err));
        return assay_template_render(how->chosen, how->tokenizer, turns.items, turns.count, how->append_eos, ids, err);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const json_t *text = json_object_get(body, names[i]);
        if (json_is_string(text))
            return assay_template_encode_text(how->tokenizer, json_string_value(text), json_string_length(text),
                                              how->append_eos, ids, err);
    }
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "nothing to tokenize: give \"text\" (or prompt, content, inputs) or \"messages\"");
}

/* As the vocabulary has it; a token of which a part of a character is all there is becomes U+FFFD. */
static json_t *token_as_stored(const assay_tokenizer *tokenizer, int32_t id)
{
    const char *token = assay_tokenizer_token(tokenizer, id);
    json_t *text = token ? json_string(token) : NULL;
    return text ? text : json_string("\xef\xbf\xbd");
}

static json_t *tokens_json(const assay_served *model, const assay_ids *ids)
{
    json_t *tokens = json_array(), *pieces = json_array();
    for (size_t i = 0; i < ids->count; i++) {
        json_array_append_new(tokens, json_integer(ids->data[i]));
        json_array_append_new(pieces, token_as_stored(model->rendering->tokenizer, ids->data[i]));
    }
    return json_pack("{s:I, s:I, s:o, s:o}", "count", (json_int_t)ids->count, "max_model_len",
                     (json_int_t)model->max_length, "tokens", tokens, "token_strs", pieces);
}

static enum MHD_Result tokenize(assay_exchange *exchange)
{
    json_t *body = NULL;
    assay_ids ids = {0};
    assay_text_arena arena = {0};
    assay_error *error = &exchange->error;
    assay_status status = assay_json_parse(exchange->body.data ? exchange->body.data : "", exchange->body.size,
                                           "the request", &body, error);
    exchange->job.model = assay_http_model(exchange->server, json_string_value(json_object_get(body, "model")));
    if (status == ASSAY_OK && !exchange->job.model)
        status = assay_error_set(error, ASSAY_E_USAGE, "no such model; /v1/models lists them");
    if (status == ASSAY_OK) status = tokens_of(exchange->job.model, body, &arena, &ids, error);
    if (status == ASSAY_OK && ids.count > ASSAY_HTTP_LISTED_TOKENS)
        status = assay_error_set(error, ASSAY_E_NO_FIT, "%zu tokens, %d at a time are listed; send a shorter text",
                                 ids.count, ASSAY_HTTP_LISTED_TOKENS);
    enum MHD_Result result = status == ASSAY_OK
                                 ? assay_http_json(exchange, MHD_HTTP_OK, tokens_json(exchange->job.model, &ids))
                                 : assay_http_status(exchange, status, error);
    assay_ids_release(&ids);
    assay_text_arena_release(&arena);
    json_decref(body);
    return result;
}

static enum MHD_Result reload_end(assay_exchange *exchange)
{
    assay_status status = exchange->job.status;
    /* a broken folder is no fault of the request */
    if (status != ASSAY_OK && status != ASSAY_E_USAGE && status != ASSAY_E_MEMORY)
        return assay_http_error(exchange, MHD_HTTP_INTERNAL_SERVER_ERROR, exchange->error.text);
    if (status != ASSAY_OK) return assay_http_status(exchange, status, &exchange->error);
    exchange->job.model = assay_served_take(exchange->server->models, exchange->ask.model);
    atomic_fetch_add(&exchange->server->metrics.reloads, 1);
    return assay_http_json(exchange, MHD_HTTP_OK,
                           json_pack("{s:s, s:s, s:s}", "status", "reloaded", "model", exchange->job.model->name,
                                     "fingerprint", exchange->job.model->fingerprint));
}

static void *reload_main(void *argument)
{
    assay_exchange *exchange = argument;
    assay_server *server = exchange->server;
    exchange->job.status = assay_served_set_reload(server->models, exchange->ask.model, &exchange->error);
    MHD_resume_connection(exchange->connection); /* the exchange may be gone after this */
    atomic_fetch_sub(&server->reloading, 1);
    return NULL;
}

/* On a thread of its own: the HTTP thread has other connections to answer. */
static enum MHD_Result reload_apart(assay_exchange *exchange)
{
    pthread_t thread;
    exchange->then = reload_end;
    MHD_suspend_connection(exchange->connection);
    if (pthread_create(&thread, NULL, reload_main, exchange) == 0) {
        pthread_detach(thread);
        return MHD_YES;
    }
    exchange->job.status = assay_error_set(&exchange->error, ASSAY_E_MEMORY, "cannot start a thread for loading");
    MHD_resume_connection(exchange->connection);
    atomic_fetch_sub(&exchange->server->reloading, 1);
    return MHD_YES;
}

/* Loads while everybody else is served; needs a key even on loopback. */
static enum MHD_Result reload(assay_exchange *exchange)
{
    assay_server *server = exchange->server;
    if (!server->options.keys)
        return assay_http_error(exchange, MHD_HTTP_FORBIDDEN,
                                "reloading over HTTP needs --api-key-file; or send SIGHUP");
    if (exchange->body.size) {
        assay_status parsed = assay_json_parse(exchange->body.data, exchange->body.size, "the request",
                                               &exchange->ask.body, &exchange->error);
        if (parsed != ASSAY_OK) return assay_http_status(exchange, parsed, &exchange->error);
        exchange->ask.model = json_string_value(json_object_get(exchange->ask.body, "model"));
    }
    /* counted before draining is read: stopping writes and reads them the other way round */
    bool room = atomic_fetch_add(&server->reloading, 1) < RELOADS_AT_ONCE;
    if (room && !atomic_load(&server->draining)) return reload_apart(exchange);
    atomic_fetch_sub(&server->reloading, 1);
    return assay_http_error(exchange, MHD_HTTP_SERVICE_UNAVAILABLE,
                            room ? "the server is stopping" : "models are being loaded already; try again");
}

static const struct route {
    const char *path, *method;
    bool open;
    enum MHD_Result (*answer)(assay_exchange *exchange);
    // clang-format off
} routes[] = {
    {"/", "GET", true, page},           {"/health", "GET", true, health},        {"/ready", "GET", true, ready},
    {"/v1/models", "GET", false, models}, {"/metrics", "GET", false, metrics}, {"/openapi.json", "GET", false, openapi},
    {"/tokenize", "POST", false, tokenize}, {"/admin/reload", "POST", false, reload},
};
// clang-format on

bool assay_http_is_open(const assay_exchange *exchange)
{
    if (!strcmp(exchange->method, "POST")) return false;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (routes[i].open && !strcmp(routes[i].path, exchange->path)) return true;
    return false;
}

enum MHD_Result assay_http_info(assay_exchange *exchange, bool *known)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (strcmp(routes[i].path, exchange->path) != 0) continue;
        /* "/": a page to GET, TEI's scores to POST */
        if (strcmp(exchange->method, "POST") == 0 && assay_dialect_path_known(exchange->path)) break;
        bool get = !strcmp(exchange->method, "HEAD") && !strcmp(routes[i].method, "GET");
        if (!get && strcmp(routes[i].method, exchange->method) != 0)
            return assay_http_error(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, "this endpoint takes another method");
        return routes[i].answer(exchange);
    }
    *known = false;
    return MHD_YES;
}
