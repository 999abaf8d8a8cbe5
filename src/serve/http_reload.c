/* POST /admin/reload, and the signal. A load may take minutes or, on a broken disk, for ever: it runs on a thread of
 * its own, so that connections are answered, and a server that is told to stop stops. A request for it sleeps
 * meanwhile. When the server stops, whoever sleeps is woken and told so, and the thread is left to itself. */
#include "serve/http_private.h"

static enum MHD_Result reload_end(assay_exchange *exchange)
{
    assay_status status = exchange->job.status;
    if (status == ASSAY_E_STOPPED)
        return assay_http_error(exchange, MHD_HTTP_SERVICE_UNAVAILABLE, exchange->error.text);
    /* a broken folder is no fault of the request */
    if (status != ASSAY_OK && status != ASSAY_E_USAGE && status != ASSAY_E_MEMORY)
        return assay_http_error(exchange, MHD_HTTP_INTERNAL_SERVER_ERROR, exchange->error.text);
    if (status != ASSAY_OK) return assay_http_status(exchange, status, &exchange->error);
    exchange->job.model = assay_served_take(exchange->server->models, exchange->ask.model);
    return assay_http_json(exchange, MHD_HTTP_OK,
                           json_pack("{s:s, s:s, s:s}", "status", "reloaded", "model", exchange->job.model->name,
                                     "fingerprint", exchange->job.model->fingerprint));
}

/* The slot is free for another; *error goes to whoever still waits. */
static void finish(assay_reload_task *task, assay_status status, const assay_error *error)
{
    assay_server *server = task->server;
    pthread_mutex_lock(&server->reloads.mutex);
    assay_exchange *exchange = task->exchange;
    assay_free(task->model);
    *task = (assay_reload_task){0};
    if (exchange) {
        exchange->job.status = status;
        exchange->error = *error;
        MHD_resume_connection(exchange->connection);
    }
    pthread_mutex_unlock(&server->reloads.mutex);
}

static void *reload_main(void *argument)
{
    assay_reload_task *task = argument;
    assay_server *server = task->server;
    assay_error error = {0};
    assay_status status = assay_served_set_reload(server->models, task->model, &error);
    assay_server_tell_reload(server, status, &error);
    finish(task, status, &error);
    atomic_fetch_sub(&server->reloads.running, 1);
    return NULL;
}

static assay_reload_task *take_slot(assay_server *server, assay_exchange *exchange)
{
    assay_reloads *reloads = &server->reloads;
    assay_reload_task *found = NULL;
    pthread_mutex_lock(&reloads->mutex);
    for (size_t i = 0; i < ASSAY_RELOADS_AT_ONCE && !found; i++)
        if (!reloads->tasks[i].taken) found = &reloads->tasks[i];
    if (found) *found = (assay_reload_task){.server = server, .exchange = exchange, .taken = true};
    pthread_mutex_unlock(&reloads->mutex);
    return found;
}

/* The task ends by itself from here on; one that cannot begin ends at once. */
static void start_task(assay_reload_task *task, const char *model)
{
    pthread_t thread;
    assay_error none;
    assay_server *server = task->server;
    assay_status status = ASSAY_OK;
    task->model = assay_strdup(model);
    if (model && !task->model) status = assay_error_set(&none, ASSAY_E_MEMORY, "out of memory for a name");
    else if (pthread_create(&thread, NULL, reload_main, task) != 0)
        status = assay_error_set(&none, ASSAY_E_MEMORY, "cannot start a thread for loading");
    else pthread_detach(thread);
    if (status == ASSAY_OK) return;
    assay_server_tell_reload(server, status, &none);
    finish(task, status, &none);
    atomic_fetch_sub(&server->reloads.running, 1);
}

static enum MHD_Result reload_apart(assay_exchange *exchange, assay_reload_task *task)
{
    exchange->then = reload_end;
    MHD_suspend_connection(exchange->connection);
    start_task(task, exchange->ask.model);
    return MHD_YES;
}

void assay_server_reload(assay_server *server)
{
    assay_error busy;
    atomic_fetch_add(&server->reloads.running, 1);
    assay_reload_task *task = take_slot(server, NULL);
    if (task) {
        start_task(task, NULL);
        return;
    }
    atomic_fetch_sub(&server->reloads.running, 1);
    assay_status status = assay_error_set(&busy, ASSAY_E_MEMORY, "models are being loaded already; try again");
    assay_server_tell_reload(server, status, &busy);
}

/* An empty body means all models. */
static assay_status parse_reload(assay_exchange *exchange)
{
    assay_error *error = &exchange->error;
    assay_json_reading reading = {.meter = &exchange->meter, .python = true};
    json_t **body = &exchange->ask.body;
    if (!exchange->body.size) return ASSAY_OK;
    ASSAY_TRY(assay_json_parse_as(exchange->body.data, exchange->body.size, "the request", &reading, body, error));
    if (!json_is_object(*body))
        return assay_error_set(error, ASSAY_E_FORMAT, "the request should be a JSON object and is %s",
                               assay_json_kind(*body));
    return assay_json_string(*body, "model", false, &exchange->ask.model, "the request", error);
}

enum MHD_Result assay_http_reload(assay_exchange *exchange)
{
    assay_server *server = exchange->server;
    if (!server->options.keys)
        return assay_http_error(exchange, MHD_HTTP_FORBIDDEN,
                                "reloading over HTTP needs --api-key-file; or send SIGHUP");
    assay_status parsed = parse_reload(exchange);
    if (parsed != ASSAY_OK) return assay_http_status(exchange, parsed, &exchange->error);
    /* counted before draining is read: stopping writes and reads them the other way round */
    atomic_fetch_add(&server->reloads.running, 1);
    bool draining = atomic_load(&server->draining);
    assay_reload_task *task = draining ? NULL : take_slot(server, exchange);
    if (task) return reload_apart(exchange, task);
    atomic_fetch_sub(&server->reloads.running, 1);
    return assay_http_error(exchange, MHD_HTTP_SERVICE_UNAVAILABLE,
                            draining ? "the server is stopping" : "models are being loaded already; try again");
}

bool assay_http_reloads_abandon(assay_server *server)
{
    assay_reloads *reloads = &server->reloads;
    pthread_mutex_lock(&reloads->mutex);
    for (size_t i = 0; i < ASSAY_RELOADS_AT_ONCE; i++) {
        assay_exchange *exchange = reloads->tasks[i].exchange;
        if (!exchange) continue;
        reloads->tasks[i].exchange = NULL;
        exchange->job.status = assay_error_set(&exchange->error, ASSAY_E_STOPPED, "the server is stopping");
        MHD_resume_connection(exchange->connection);
    }
    pthread_mutex_unlock(&reloads->mutex);
    return atomic_load(&reloads->running) == 0;
}
