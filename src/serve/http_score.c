/* A request for scores. begin: body -> ask -> ids -> job, the connection sleeps. The scorer calls job_done, which wakes
 * it. end: rewards -> answer. */
#include "serve/http_private.h"

#include "base/file.h"

#include <math.h>
#include <string.h>
#include <time.h>

/* Tokens are taken as they are: nothing is added. */
static assay_status take_ids(const assay_tokenizer *tokenizer, const json_t *list, assay_ids *ids, assay_error *err)
{
    int32_t most = assay_tokenizer_about(tokenizer)->rows;
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_int_t id = json_integer_value(json_array_get(list, i));
        if (id < 0 || id >= most)
            return assay_error_set(err, ASSAY_E_FORMAT, "token %lld is not in the vocabulary (0 to %d)", (long long)id,
                                   (int)most - 1);
        ASSAY_TRY(assay_ids_push(ids, (int32_t)id, err));
    }
    return ASSAY_OK;
}

static assay_status encode(const assay_served *model, const assay_ask *ask, const assay_ask_item *item, assay_ids *ids,
                           assay_error *err)
{
    const assay_template_renderer *how = model->rendering;
    const assay_turns *turns = &item->turns;
    if (item->ids) return take_ids(how->tokenizer, item->ids, ids, err);
    if (!item->is_text)
        return assay_template_render(how->chosen, how->tokenizer, turns->items, turns->count, how->append_eos, ids,
                                     err);
    ASSAY_TRY(assay_template_encode_text(how->tokenizer, turns->items[0].text, turns->items[0].size, how->append_eos,
                                         ids, err));
    int32_t bos = assay_tokenizer_about(how->tokenizer)->bos;
    if (ask->single_bos && ids->count > 1 && bos >= 0 && ids->data[0] == bos && ids->data[1] == bos)
        memmove(ids->data, ids->data + 1, --ids->count * sizeof *ids->data);
    return ASSAY_OK;
}

static assay_status fit(const assay_ask *ask, const assay_served *model, size_t index, assay_ids *ids, assay_error *err)
{
    size_t most = ask->max_length > 0 && (size_t)ask->max_length < model->max_length ? (size_t)ask->max_length
                                                                                     : model->max_length;
    if (ids->count == 0) return assay_error_set(err, ASSAY_E_FORMAT, "text %zu: an empty text cannot be scored", index);
    if (ids->count <= most) return ASSAY_OK;
    if (!ask->truncate)
        return assay_error_set(err, ASSAY_E_NO_FIT,
                               "text %zu: %zu tokens, --max-length allows %zu; raise it, or send \"truncate\": true",
                               index, ids->count, most);
    if (ask->truncate_left) memmove(ids->data, ids->data + (ids->count - most), most * sizeof *ids->data);
    ids->count = most;
    return ASSAY_OK;
}

static assay_status make_traces(assay_job *job, assay_error *err)
{
    job->traces = assay_alloc(job->count, sizeof *job->traces);
    ASSAY_TRY_ALLOC(job->traces, "a trace", err);
    for (size_t i = 0; i < job->count; i++) {
        job->traces[i] = assay_alloc(job->texts[i].count, sizeof *job->traces[i]);
        ASSAY_TRY_ALLOC(job->traces[i], "a trace", err);
    }
    return ASSAY_OK;
}

static assay_status tokenise(assay_exchange *exchange, assay_error *err)
{
    assay_job *job = &exchange->job;
    const assay_ask *ask = &exchange->ask;
    job->texts = assay_alloc(ask->count, sizeof *job->texts);
    job->rewards = assay_alloc(ask->count, sizeof *job->rewards);
    if (!job->texts || !job->rewards) return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a request");
    job->count = ask->count;
    for (size_t i = 0; i < ask->count; i++) {
        assay_status status = encode(job->model, ask, &ask->items[i], &job->texts[i], err);
        if (status != ASSAY_OK) return assay_error_prefix(err, status, "text %zu: ", i);
        ASSAY_TRY(fit(ask, job->model, i, &job->texts[i], err));
        job->tokens += job->texts[i].count;
        if (job->tokens > exchange->server->options.max_tokens)
            return assay_error_set(err, ASSAY_E_NO_FIT,
                                   "more than %zu tokens in one request; send fewer texts at a time",
                                   exchange->server->options.max_tokens);
    }
    if (ask->trace && job->tokens > ASSAY_HTTP_LISTED_TOKENS)
        return assay_error_set(err, ASSAY_E_NO_FIT,
                               "a reward for each of %zu tokens is asked for, %d at a time are given; send fewer texts",
                               job->tokens, ASSAY_HTTP_LISTED_TOKENS);
    return ask->trace ? make_traces(job, err) : ASSAY_OK;
}

static void job_done(assay_job *job)
{
    const assay_exchange *exchange = job->context;
    MHD_resume_connection(exchange->connection);
}

static enum MHD_Result refuse_busy(assay_exchange *exchange, const assay_error *error)
{
    bool draining = atomic_load(&exchange->server->draining);
    return assay_http_error(exchange, draining ? MHD_HTTP_SERVICE_UNAVAILABLE : MHD_HTTP_TOO_MANY_REQUESTS,
                            error->text);
}

static bool wants_sigmoid(const assay_exchange *exchange)
{
    return exchange->ask.activation == ASSAY_ASK_SERVERS ? exchange->server->options.sigmoid
                                                         : exchange->ask.activation == ASSAY_ASK_SIGMOID;
}

/* The bytes of a token as text; a part of a character becomes U+FFFD. */
static json_t *token_text(const assay_tokenizer *tokenizer, int32_t id)
{
    char text[256];
    size_t size = assay_tokenizer_token_bytes(tokenizer, id, text, sizeof text);
    json_t *value = json_stringn(text, size < sizeof text ? size : sizeof text);
    return value ? value : json_string("\xef\xbf\xbd");
}

static json_t *trace_of(const assay_job *job, size_t index)
{
    json_t *list = json_array();
    const assay_ids *ids = &job->texts[index];
    for (size_t i = 0; i < ids->count; i++) {
        double reward = (double)job->traces[index][i] + job->model->score_offset;
        json_array_append_new(list, json_pack("{s:i, s:o, s:f}", "id", (int)ids->data[i], "token",
                                              token_text(job->model->rendering->tokenizer, ids->data[i]), "reward",
                                              isfinite(reward) ? assay_nine_digits(reward) : 0.0));
    }
    return list;
}

static json_t *render(assay_exchange *exchange, double *rewards, double *scores, json_t **traces)
{
    const assay_job *job = &exchange->job;
    char id[64];
    bool sigmoid = wants_sigmoid(exchange);
    for (size_t i = 0; i < job->count; i++) {
        rewards[i] = assay_nine_digits((double)job->rewards[i] + job->model->score_offset);
        scores[i] = sigmoid ? assay_nine_digits(1 / (1 + exp(-rewards[i]))) : rewards[i];
        if (traces) traces[i] = trace_of(job, i);
    }
    snprintf(id, sizeof id, "%.40s-%llu", assay_path_base(exchange->path),
             atomic_fetch_add(&exchange->server->next_id, 1) + 1);
    assay_reply reply = {.scores = scores,
                         .rewards = rewards,
                         .traces = traces,
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

static enum MHD_Result score_end(assay_exchange *exchange)
{
    assay_job *job = &exchange->job;
    if (job->status == ASSAY_E_STOPPED) return refuse_busy(exchange, &exchange->error);
    if (job->status != ASSAY_OK) return assay_http_status(exchange, job->status, &job->error);
    double *numbers = assay_alloc(2 * job->count, sizeof *numbers);
    json_t **traces = job->traces ? assay_alloc(job->count, sizeof *traces) : NULL;
    json_t *answer =
        numbers && (traces || !job->traces) ? render(exchange, numbers, numbers + job->count, traces) : NULL;
    assay_free(numbers);
    assay_free(traces);
    atomic_fetch_add(&exchange->server->metrics.texts, job->count);
    return assay_http_json(exchange, MHD_HTTP_OK, answer);
}

/* Suspended before it is offered: the scorer may be done before offer returns. */
static enum MHD_Result enqueue(assay_exchange *exchange)
{
    exchange->job.context = exchange;
    exchange->job.done = job_done;
    exchange->then = score_end;
    MHD_suspend_connection(exchange->connection);
    if (assay_score_worker_offer(exchange->server->scorer, &exchange->job, &exchange->error) == ASSAY_OK)
        return MHD_YES;
    exchange->job.status = ASSAY_E_STOPPED;
    MHD_resume_connection(exchange->connection);
    return MHD_YES;
}

enum MHD_Result assay_http_score_begin(assay_exchange *exchange)
{
    assay_error *error = &exchange->error;
    if (atomic_load(&exchange->server->draining))
        return assay_http_error(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, "the server is stopping");
    assay_status status = assay_ask_parse(&exchange->ask, exchange->path,
                                          exchange->body.data ? exchange->body.data : "", exchange->body.size, error);
    if (status != ASSAY_OK) return assay_http_status(exchange, status, error);
    exchange->job.model = assay_http_model(exchange->server, exchange->ask.model);
    if (!exchange->job.model)
        return assay_http_error(exchange, MHD_HTTP_NOT_FOUND, "no such model; /v1/models lists them");
    status = tokenise(exchange, error);
    return status == ASSAY_OK ? enqueue(exchange) : assay_http_status(exchange, status, error);
}

void assay_http_score_release(assay_exchange *exchange)
{
    assay_job *job = &exchange->job;
    for (size_t i = 0; job->texts && i < job->count; i++) assay_ids_release(&job->texts[i]);
    for (size_t i = 0; job->traces && i < job->count; i++) assay_free(job->traces[i]);
    assay_free(job->texts);
    assay_free(job->traces);
    assay_free(job->rewards);
    assay_served_give(job->model);
    assay_ask_release(&exchange->ask);
}
