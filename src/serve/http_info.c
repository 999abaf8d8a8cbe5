/* Endpoints that score nothing. */
#include "serve/http_private.h"

#include "base/file.h"
#include "base/version.h"
#include "tokenizer/token_json.h"

#include <string.h>

static enum MHD_Result page(assay_exchange *exchange)
{
    return assay_http_text(exchange, MHD_HTTP_OK, "text/html; charset=utf-8", assay_page_html, assay_page_html_size);
}

static enum MHD_Result docs(assay_exchange *exchange)
{
    return assay_http_text(exchange, MHD_HTTP_OK, "text/html; charset=utf-8", assay_docs_html, assay_docs_html_size);
}

static enum MHD_Result health(assay_exchange *exchange)
{
    return assay_http_json(exchange, MHD_HTTP_OK, json_pack("{s:s}", "status", "ok"));
}

/* Text Embeddings Inference's description of itself, as far as it has a meaning here. */
static enum MHD_Result info(assay_exchange *exchange)
{
    const assay_server_options *options = &exchange->server->options;
    exchange->job.model = assay_served_take(exchange->server->models, NULL);
    const assay_served *model = exchange->job.model;
    json_t *labels = json_pack("{s:{s:s}, s:{s:i}}", "id2label", "0", model->label, "label2id", model->label, 0);
    return assay_http_json(
        exchange, MHD_HTTP_OK,
        json_pack("{s:s, s:s, s:s, s:{s:o}, s:I, s:I, s:I, s:I, s:b, s:s}", "model_id", model->name, "model_sha",
                  model->fingerprint, "model_dtype", model->bf16 ? "bfloat16" : "float32", "model_type", "classifier",
                  labels, "max_concurrent_requests", (json_int_t)options->max_queue, "max_input_length",
                  (json_int_t)model->max_length, "max_batch_tokens", (json_int_t)model->batch->setup.tokens,
                  "max_client_batch_size", (json_int_t)ASSAY_ASK_TEXTS, "auto_truncate",
                  options->cut == ASSAY_ASK_CUT_LEFT || options->cut == ASSAY_ASK_CUT_RIGHT, "version", ASSAY_VERSION));
}

static enum MHD_Result ready(assay_exchange *exchange)
{
    if (atomic_load(&exchange->server->draining))
        return assay_http_error(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "the server is stopping");
    return assay_http_json(exchange, MHD_HTTP_OK, json_pack("{s:s}", "status", "ready"));
}

/* Of the folder its name alone: where it lies is nobody's business. */
static json_t *model_json(const assay_served *model)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:s, s:I, s:s, s:s, s:s, s:s}", "id", model->name, "object", "model",
                     "owned_by", "assay", "fingerprint", model->fingerprint, "max_model_len",
                     (json_int_t)model->max_length, "template", assay_template_name(model->chosen), "planned_bytes",
                     (json_int_t)model->planned_bytes, "folder", assay_path_base(model->folder), "architecture",
                     model->architecture, "dtype", model->bf16 ? "bf16" : "f32", "version", ASSAY_VERSION);
}

static enum MHD_Result models(assay_exchange *exchange)
{
    json_t *data = json_array();
    for (size_t i = 0; i < assay_served_count(exchange->server->models); i++) {
        assay_served *model =
            assay_served_take(exchange->server->models, assay_served_name(exchange->server->models, i));
        json_array_append_new(data, model_json(model));
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
    size_t made = atomic_load(&exchange->server->memory.used);
    assay_status status =
        assay_serve_metrics_write(&exchange->server->metrics, &figures, made, &text, &exchange->error);
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
static const char *const text_names[] = {"prompt", "content", "text", "inputs", NULL};

static bool tokenize_reads(const void *context, const char *name)
{
    (void)context;
    for (size_t i = 0; text_names[i]; i++)
        if (!strcmp(text_names[i], name)) return true;
    return !strcmp(name, "messages") || !strcmp(name, "model");
}

static assay_status tokens_of(const assay_served *model, const json_t *body, assay_text_arena *arena, assay_ids *ids,
                              assay_error *err)
{
    const json_t *messages = json_object_get(body, "messages");
    assay_turns turns = {0};
    if (messages) {
        ASSAY_TRY(assay_turns_list(&turns, arena, messages, "messages", err));
        ASSAY_TRY(assay_turns_context(&turns, arena, body, err));
        const assay_conversation conversation = assay_turns_conversation(&turns);
        return model->renderer->render(model->renderer->context, &conversation, ids, err);
    }
    for (size_t i = 0; text_names[i]; i++) {
        const json_t *text = json_object_get(body, text_names[i]);
        if (json_is_string(text))
            return assay_template_encode_text(model->chosen, json_string_value(text), json_string_length(text), ids,
                                              err);
    }
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "nothing to tokenize: give \"text\" (or prompt, content, inputs) or \"messages\"");
}

static json_t *tokens_json(const assay_served *model, const assay_ids *ids)
{
    json_t *tokens = json_array(), *pieces = json_array();
    for (size_t i = 0; i < ids->count; i++) {
        json_array_append_new(tokens, json_integer(ids->data[i]));
        json_array_append_new(pieces, assay_token_stored_json(assay_template_tokenizer(model->chosen), ids->data[i]));
    }
    return json_pack("{s:I, s:I, s:o, s:o}", "count", (json_int_t)ids->count, "max_model_len",
                     (json_int_t)model->max_length, "tokens", tokens, "token_strs", pieces);
}

static assay_status find_tokens(assay_exchange *exchange, assay_text_arena *arena, assay_error *err)
{
    assay_json_reading reading = {.meter = &exchange->meter, .wanted = tokenize_reads, .python = true};
    json_t **body = &exchange->ask.body;
    assay_ids *ids = &exchange->tokens;
    ASSAY_TRY(assay_http_still_wanted(exchange, err));
    ASSAY_TRY(assay_json_parse_as(exchange->body.data ? exchange->body.data : "", exchange->body.size, "the request",
                                  &reading, body, err));
    exchange->job.model = assay_http_model(exchange->server, json_string_value(json_object_get(*body, "model")));
    if (!exchange->job.model) return assay_error_set(err, ASSAY_E_USAGE, "no such model; /v1/models lists them");
    ASSAY_TRY(tokens_of(exchange->job.model, *body, arena, ids, err));
    if (ids->count > ASSAY_HTTP_LISTED_TOKENS)
        return assay_error_set(err, ASSAY_E_NO_FIT, "%zu tokens, %d at a time are listed; send a shorter text",
                               ids->count, ASSAY_HTTP_LISTED_TOKENS);
    return assay_http_charge_answer(exchange, ids->count * ASSAY_HTTP_LISTED_BYTES, err);
}

static void tokenize_work(assay_exchange *exchange)
{
    assay_text_arena arena = {.meter = &exchange->meter};
    exchange->tokens.meter = &exchange->meter;
    assay_status status = find_tokens(exchange, &arena, &exchange->error);
    exchange->job.status = assay_meter_verdict(&exchange->meter, status, &exchange->error);
    assay_text_arena_release(&arena);
    MHD_resume_connection(exchange->connection);
}

static enum MHD_Result tokenize_end(assay_exchange *exchange)
{
    assay_status status = exchange->job.status;
    if (status == ASSAY_OK)
        return assay_http_json(exchange, MHD_HTTP_OK, tokens_json(exchange->job.model, &exchange->tokens));
    return status == ASSAY_E_STOPPED ? assay_http_refuse(exchange, &exchange->error)
                                     : assay_http_status(exchange, status, &exchange->error);
}

static enum MHD_Result tokenize(assay_exchange *exchange)
{
    return assay_http_work_add(exchange, tokenize_work, tokenize_end);
}

static const struct route {
    const char *path, *method;
    bool open;
    enum MHD_Result (*answer)(assay_exchange *exchange);
    // clang-format off
} routes[] = {
    {"/", "GET", true, page},           {"/health", "GET", true, health},        {"/ready", "GET", true, ready},
    {"/v1/models", "GET", false, models}, {"/metrics", "GET", false, metrics}, {"/openapi.json", "GET", false, openapi},
    {"/ping", "GET", true, health},      {"/info", "GET", false, info},       {"/docs", "GET", true, docs},
    {"/tokenize", "POST", false, tokenize}, {"/admin/reload", "POST", false, assay_http_reload},
};
// clang-format on

static bool is_options(const assay_exchange *exchange) { return !strcmp(exchange->method, MHD_HTTP_METHOD_OPTIONS); }

bool assay_http_is_open(const assay_exchange *exchange)
{
    if (!strcmp(exchange->method, "POST")) return false;
    if (is_options(exchange)) return true; /* what a page asks before it sends a key */
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (routes[i].open && !strcmp(routes[i].path, exchange->path)) return true;
    return false;
}

/* What a page asks before it sends anything else: the answer's headers say whether its host may (http_answer.c). */
static enum MHD_Result options(assay_exchange *exchange)
{
    bool known = assay_dialect_path_known(exchange->path);
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) known |= !strcmp(routes[i].path, exchange->path);
    if (!known) return assay_http_error(exchange, MHD_HTTP_NOT_FOUND, "no such endpoint; /openapi.json lists them");
    return assay_http_text(exchange, MHD_HTTP_NO_CONTENT, "text/plain", "", 0);
}

enum MHD_Result assay_http_info(assay_exchange *exchange, bool *known)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (strcmp(routes[i].path, exchange->path) != 0) continue;
        if (is_options(exchange)) break;
        /* "/": a page to GET, TEI's scores to POST */
        if (strcmp(exchange->method, "POST") == 0 && assay_dialect_path_known(exchange->path)) break;
        bool get = !strcmp(exchange->method, "HEAD") && !strcmp(routes[i].method, "GET");
        if (!get && strcmp(routes[i].method, exchange->method) != 0)
            return assay_http_error(exchange, MHD_HTTP_METHOD_NOT_ALLOWED, "this endpoint takes another method");
        return routes[i].answer(exchange);
    }
    *known = is_options(exchange);
    return *known ? options(exchange) : MHD_YES;
}
