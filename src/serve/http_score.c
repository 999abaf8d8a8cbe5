/* A request for scores. begin: body -> ask -> ids -> job, the connection sleeps. The scorer calls job_done, which wakes
 * it. end: rewards -> answer. */
#include "serve/http_private.h"

#include "base/file.h"
#include "base/text.h"

#include <math.h>
#include <string.h>
#include <time.h>

enum { TOKEN_BYTES = 256 };

/* What is listed token by token is charged before it is made. Answers may take more than the request itself may. */
static assay_status charge_traces(assay_exchange *exchange, assay_error *err)
{
    size_t tokens = exchange->job.tokens;
    if (tokens > ASSAY_HTTP_LISTED_TOKENS)
        return assay_error_set(err, ASSAY_E_NO_FIT,
                               "a reward for each of %zu tokens is asked for, %d at a time are given; send fewer texts",
                               tokens, ASSAY_HTTP_LISTED_TOKENS);
    return assay_http_charge_answer(exchange, tokens * ASSAY_HTTP_LISTED_BYTES, err);
}

static assay_status prepare(assay_exchange *exchange, assay_error *err)
{
    const char *body = exchange->body.data ? exchange->body.data : "";
    ASSAY_TRY(assay_http_still_wanted(exchange, err));
    ASSAY_TRY(assay_ask_parse(&exchange->ask, exchange->path, body, exchange->body.size, &exchange->meter, err));
    assay_http_drop_body(exchange);
    exchange->job.model = assay_http_model(exchange->server, exchange->ask.model);
    if (!exchange->job.model) return assay_error_set(err, ASSAY_E_USAGE, "no such model; /v1/models lists them");
    ASSAY_TRY(assay_http_texts(exchange, err));
    if (exchange->ask.trace) {
        ASSAY_TRY(assay_prefix_check_trace(exchange->job.model->renderer->prefix, err));
        ASSAY_TRY(charge_traces(exchange, err));
    }
    assay_job *job = &exchange->job;
    ASSAY_TRY(assay_lot_begin(&job->lot, job->texts, job->count, exchange->ask.trace, err));
    return assay_lot_want_labels(&job->lot, job->model->batch->outputs, err);
}

/* libmicrohttpd may see the closed connection before it comes to an answer, so the abandoned are counted here. */
static void job_done(assay_job *job)
{
    const assay_exchange *exchange = job->context;
    bool abandoned = job->status == ASSAY_E_STOPPED && assay_peer_is_gone(exchange->peer);
    if (abandoned) atomic_fetch_add(&exchange->server->metrics.abandoned, 1);
    MHD_resume_connection(exchange->connection);
}

static bool job_unwanted(const assay_job *job)
{
    const assay_exchange *exchange = job->context;
    return assay_peer_is_gone(exchange->peer);
}

static bool wants_sigmoid(const assay_exchange *exchange)
{
    return exchange->ask.activation == ASSAY_ASK_SERVERS ? exchange->server->options.sigmoid
                                                         : exchange->ask.activation == ASSAY_ASK_SIGMOID;
}

/* A token as text. Of one that holds a part of a character the text is U+FFFD, and "bytes" has, in hexadecimal,
 * what whoever shows it joins with its neighbours. */
static json_t *token_json(const assay_tokenizer *tokenizer, int32_t id, double reward)
{
    char text[TOKEN_BYTES], hex[2 * TOKEN_BYTES + 1] = "";
    size_t size = assay_tokenizer_token_bytes(tokenizer, id, text, sizeof text);
    size = size < sizeof text ? size : sizeof text;
    json_t *whole = json_stringn(text, size);
    json_t *token = json_pack("{s:i, s:o, s:f}", "id", (int)id, "token",
                              whole ? whole : json_string(ASSAY_TEXT_NO_CHARACTER), "reward", reward);
    if (whole) return token;
    for (size_t i = 0; i < size; i++) snprintf(hex + 2 * i, 3, "%02x", (unsigned char)text[i]);
    json_object_set_new(token, "bytes", json_string(hex));
    return token;
}

static json_t *trace_of(const assay_job *job, size_t index)
{
    json_t *list = json_array();
    const assay_ids *ids = &job->texts[index];
    const assay_tokenizer *tokenizer = assay_template_tokenizer(job->model->chosen);
    for (size_t i = 0; i < ids->count; i++) {
        double reward = assay_nine_digits(job->lot.traces[index][i]);
        json_array_append_new(list, token_json(tokenizer, ids->data[i], reward));
    }
    return list;
}

static json_t *render(assay_exchange *exchange, double *rewards, double *scores, json_t **traces)
{
    const assay_job *job = &exchange->job;
    char id[64];
    bool sigmoid = wants_sigmoid(exchange);
    for (size_t i = 0; i < job->count; i++) {
        rewards[i] = assay_nine_digits(job->lot.scores[i]);
        scores[i] = sigmoid ? assay_nine_digits(1 / (1 + exp(-rewards[i]))) : rewards[i];
        if (traces) traces[i] = trace_of(job, i);
    }
    snprintf(id, sizeof id, "%.40s-%llu", assay_path_base(exchange->path),
             atomic_fetch_add(&exchange->server->next_id, 1) + 1);
    assay_reply reply = {.scores = scores,
                         .rewards = rewards,
                         .traces = traces,
                         .label = job->model->label,
                         .labels = job->lot.labels,
                         .head = &job->model->batch->setup.model->config.head,
                         .config = job->model->config,
                         .tokens = job->tokens,
                         .model = job->model->name,
                         .fingerprint = job->model->fingerprint,
                         .id = id,
                         .created = (int64_t)time(NULL)};
    json_t *answer = exchange->ask.dialect->render(&exchange->ask, &reply);
    for (size_t i = 0; traces && i < job->count; i++) json_decref(traces[i]);
    /* cppcheck-suppress returnDanglingLifetime ; a json_t holds copies, nothing of reply */
    return answer;
}

/* Streamed weights. Which file it is, is the operator's business. */
static enum MHD_Result unreadable(assay_exchange *exchange)
{
    const assay_job *job = &exchange->job;
    assay_serve_log_event(exchange->server->options.log, ASSAY_SERVE_ERROR, "weights",
                          json_pack("{s:s, s:s}", "model", job->model->name, "reason", job->error.text),
                          "model %s: its weights cannot be read: %s; loading it again (SIGHUP) opens the files anew",
                          job->model->name, job->error.text);
    return assay_http_error(exchange, MHD_HTTP_INTERNAL_SERVER_ERROR,
                            "the model's weights cannot be read any more; the server's log says which");
}

static enum MHD_Result score_end(assay_exchange *exchange)
{
    assay_job *job = &exchange->job;
    if (job->status == ASSAY_E_STOPPED) return assay_http_refuse(exchange, &job->error);
    if (job->status == ASSAY_E_IO) return unreadable(exchange);
    if (job->status != ASSAY_OK) return assay_http_status(exchange, job->status, &job->error);
    double *numbers = assay_alloc(2 * job->count, sizeof *numbers);
    json_t **traces = job->lot.traces ? assay_alloc(job->count, sizeof *traces) : NULL;
    json_t *answer =
        numbers && (traces || !job->lot.traces) ? render(exchange, numbers, numbers + job->count, traces) : NULL;
    assay_free(numbers);
    assay_free(traces);
    atomic_fetch_add(&exchange->server->metrics.texts, job->count);
    return assay_http_json(exchange, MHD_HTTP_OK, answer);
}

/* On a thread for work. The scorer may be done before offer returns. */
static void score_work(assay_exchange *exchange)
{
    assay_job *job = &exchange->job;
    assay_error error;
    job->context = exchange;
    job->done = job_done;
    job->unwanted = job_unwanted;
    assay_status status = prepare(exchange, &error);
    if (status == ASSAY_OK) status = assay_score_worker_offer(exchange->server->scorer, job, &error);
    if (status == ASSAY_OK) return;
    job->status = status;
    job->error = error;
    job_done(job);
}

enum MHD_Result assay_http_score_begin(assay_exchange *exchange)
{
    if (atomic_load(&exchange->server->draining))
        return assay_http_error(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "the server is stopping");
    return assay_http_work_add(exchange, score_work, score_end);
}
