/* A server from options, and the wait for signals. */
#include "base/alloc.h"
#include "cli/command.h"
#include "serve/model_loader.h"
#include "serve/server.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { TOKENS_OF_REQUEST = 4 << 20 };

/* A connection is a file; the soft limit is often 1024. */
static void raise_file_limit(const assay_options *options)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)options->max_connections + 256;
    if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= wanted) return;
    limit.rlim_cur = limit.rlim_max == RLIM_INFINITY || limit.rlim_max > wanted ? wanted : limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static assay_status announce(const assay_server *server, const assay_options *options, const assay_served_set *models,
                             assay_error *err)
{
    char host[128];
    snprintf(host, sizeof host, strchr(options->host, ':') ? "[%.100s]" : "%.100s", options->host);
    char *text = options->json ? assay_strfmt("{\"host\":\"%s\",\"port\":%u,\"models\":%zu}\n", options->host,
                                              assay_server_port(server), assay_served_count(models))
                               : assay_strfmt("listening on http://%s:%u\n", host, assay_server_port(server));
    ASSAY_TRY_ALLOC(text, "a line", err);
    assay_status status = assay_print_text(text, err);
    assay_free(text);
    return status;
}

static void wait_for_signals(assay_server *server, const assay_command_context *context)
{
    sigset_t hangup;
    struct timespec tick = {.tv_nsec = 100000000};
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    while (!*context->task.interrupted) {
        assay_error error = {0};
        bool asked = sigtimedwait(&hangup, NULL, &tick) == SIGHUP;
        assay_server_sweep(server);
        if (!asked) continue;
        if (assay_server_reload(server, &error) == ASSAY_OK) assay_note(context->task.log, "reloaded");
        else assay_warn(context->task.log, "not reloaded, the old models stay: %s", error.text);
    }
}

static assay_status serve(assay_served_set *models, const assay_api_keys *keys, const assay_options *options,
                          const assay_command_context *context, assay_error *err)
{
    assay_score_worker *scorer;
    assay_server *server;
    assay_server_options how = {.host = options->host,
                                .port = (unsigned)options->port,
                                .keys = keys,
                                .max_body = options->max_body,
                                .max_tokens = TOKENS_OF_REQUEST,
                                .max_connections = (unsigned)options->max_connections,
                                .request_seconds = options->request_timeout,
                                .idle_seconds = options->request_timeout > 60 ? options->request_timeout : 60,
                                .sigmoid = options->activation == ASSAY_OPT_ACTIVATION_SIGMOID};
    ASSAY_TRY(assay_score_worker_start(
        &scorer, &(assay_score_worker_options){.max_queue = (size_t)options->max_queue, .wait_seconds = 0.002}, err));
    assay_status status = assay_server_start(&server, &how, models, scorer, err);
    if (status != ASSAY_OK) {
        assay_score_worker_stop(scorer);
        assay_score_worker_free(scorer);
        return status;
    }
    status = announce(server, options, models, err);
    if (status == ASSAY_OK) wait_for_signals(server, context);
    assay_note(context->task.log, "finishing what is under way");
    assay_server_stop(server, 30);
    return status;
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    assay_api_keys keys = {0};
    assay_served_set *models = NULL;
    assay_model_loader *loader = NULL;
    sigset_t hangup;
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    /* before any thread is made: all inherit it, and only the wait below takes it */
    pthread_sigmask(SIG_BLOCK, &hangup, NULL);
    raise_file_limit(options);
    assay_status status = options->api_key_file ? assay_api_keys_read(&keys, options->api_key_file, err) : ASSAY_OK;
    if (status == ASSAY_OK) status = assay_model_loader_open(&loader, options, &context->task, &models, err);
    if (status == ASSAY_OK) status = serve(models, options->api_key_file ? &keys : NULL, options, context, err);
    assay_served_set_free(models);
    assay_model_loader_close(loader);
    assay_api_keys_release(&keys);
    return status;
}

const assay_command assay_command_serve = {
    .name = "serve",
    .summary = "answers over HTTP, in the dialects of OpenRLHF, vLLM, TEI, Jina, Cohere, LLaMA-Factory",
    .arguments = "--model M [--adapter [NAME=]DIR ...] [--port N] [options]",
    .help = "Scores over HTTP; docs/serving.md and the server's /openapi.json list the endpoints, and / is a page to "
            "try it on.\n"
            "Scores are raw rewards, the bits `assay score` gives, whatever else is asked at the same time. Several "
            "adapters\n"
            "share one base; a request names one as its \"model\". SIGHUP (or POST /admin/reload with a key) loads the "
            "models'\n"
            "files again without dropping a request; SIGTERM and Ctrl-C finish what is under way.\n"
            "\n"
            "Examples:\n"
            "  assay serve --model my-reward\n"
            "  assay serve --model base --adapter helpful=runs/helpful --adapter safe=runs/safe --port 0\n"
            "  assay serve --model my-reward --host 0.0.0.0 --api-key-file keys.txt\n",
    .takes = ASSAY_FOR_SERVE,
    .run = run,
};
