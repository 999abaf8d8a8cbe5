/* A server from options, and the wait for signals. */
#include "base/alloc.h"
#include "base/threads.h"
#include "cli/command.h"
#include "serve/model_loader.h"
#include "serve/server.h"
#include "task/resources.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { TOKENS_OF_REQUEST = 4 << 20, REQUESTS_AT_MOST = 256 << 20 };

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
        bool asked = sigtimedwait(&hangup, NULL, &tick) == SIGHUP;
        assay_server_sweep(server);
        if (asked) assay_server_reload(server);
    }
}

/* One call for a line, so that lines of several threads do not mix. */
static void write_line(void *context, const char *line, size_t size) { fwrite(line, 1, size, context); }

/* --quiet leaves what has gone wrong. */
static assay_serve_log make_log(const assay_options *options)
{
    static const assay_serve_level levels[] = {[ASSAY_OPT_LOG_ERROR] = ASSAY_SERVE_ERROR,
                                               [ASSAY_OPT_LOG_WARN] = ASSAY_SERVE_WARN,
                                               [ASSAY_OPT_LOG_INFO] = ASSAY_SERVE_INFO,
                                               [ASSAY_OPT_LOG_DEBUG] = ASSAY_SERVE_DEBUG};
    bool given = assay_options_given(options, "log-level");
    return (assay_serve_log){.level = options->quiet && !given ? ASSAY_SERVE_WARN : levels[options->log_level],
                             .json = options->log_format == ASSAY_OPT_LOG_JSON,
                             .write = write_line,
                             .context = stderr};
}

static void tell_start(const assay_server *server, const assay_serve_log *log, const assay_options *options,
                       size_t memory, size_t requests)
{
    int threads = options->threads ? (int)options->threads : assay_processors();
    assay_server_tell_models(server);
    assay_serve_log_event(log, ASSAY_SERVE_INFO, "start",
                          json_pack("{s:s, s:i, s:i, s:I, s:I}", "host", options->host, "port",
                                    (int)assay_server_port(server), "threads", threads, "memory_bytes",
                                    (json_int_t)memory, "request_memory_bytes", (json_int_t)requests),
                          "listening on %s port %u: %d threads, %zu MiB for models, %zu MiB for requests",
                          options->host, assay_server_port(server), threads, memory >> 20, requests >> 20);
}

static assay_ask_cut cut_of(const assay_options *options)
{
    static const assay_ask_cut cuts[] = {[ASSAY_OPT_DROP] = ASSAY_ASK_CUT_OFF,
                                         [ASSAY_OPT_TRUNCATE_LEFT] = ASSAY_ASK_CUT_LEFT,
                                         [ASSAY_OPT_TRUNCATE_RIGHT] = ASSAY_ASK_CUT_RIGHT};
    return cuts[options->truncate];
}

/* What requests may make out of their bodies, all together. */
static size_t request_memory(size_t memory) { return memory / 8 < REQUESTS_AT_MOST ? memory / 8 : REQUESTS_AT_MOST; }

/* *ended: nothing uses the models any more. */
static assay_status serve(assay_served_set *models, const assay_api_keys *keys, const assay_options *options,
                          const assay_command_context *context, bool *ended, assay_error *err)
{
    assay_score_worker *scorer;
    assay_server *server;
    size_t memory;
    assay_serve_log log = make_log(options);
    assay_server_options how = {.host = options->host,
                                .port = (unsigned)options->port,
                                .keys = keys,
                                .allow_hosts = options->allow_hosts.items,
                                .allow_host_count = options->allow_hosts.count,
                                .log = &log,
                                .max_body = options->max_body,
                                .max_tokens = TOKENS_OF_REQUEST,
                                .max_queue = (size_t)options->max_queue,
                                .max_connections = (unsigned)options->max_connections,
                                .request_seconds = options->request_timeout,
                                .idle_seconds = options->request_timeout > 60 ? options->request_timeout : 60,
                                .sigmoid = options->activation == ASSAY_OPT_ACTIVATION_SIGMOID,
                                .cut = cut_of(options),
                                .refuses_control = options->refuse_control_tokens};
    ASSAY_TRY(assay_memory_budget(options, NULL, 0, &memory, err));
    how.request_memory = request_memory(memory);
    ASSAY_TRY(assay_score_worker_start(
        &scorer, &(assay_score_worker_options){.max_queue = (size_t)options->max_queue, .wait_seconds = 0.002}, err));
    assay_status status = assay_server_start(&server, &how, models, scorer, err);
    if (status != ASSAY_OK) {
        assay_score_worker_stop(scorer);
        assay_score_worker_free(scorer);
        return status;
    }
    status = announce(server, options, models, err);
    if (status == ASSAY_OK) tell_start(server, &log, options, memory, how.request_memory);
    if (status == ASSAY_OK) wait_for_signals(server, context);
    assay_serve_log_event(&log, ASSAY_SERVE_INFO, "stop", NULL, "finishing what is under way");
    *ended = assay_server_stop(server, options->drain_timeout);
    return status;
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    assay_api_keys keys = {0};
    assay_served_set *models = NULL;
    assay_model_loader *loader = NULL;
    sigset_t hangup;
    bool ended = true;
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    assay_alloc_keep_one_heap();
    /* before any thread is made: all inherit it, and only the wait below takes it */
    pthread_sigmask(SIG_BLOCK, &hangup, NULL);
    raise_file_limit(options);
    assay_status status = options->api_key_file ? assay_api_keys_read(&keys, options->api_key_file, err) : ASSAY_OK;
    if (status == ASSAY_OK && keys.readable_by_all)
        assay_warn(context->task.log, "%s can be read by everybody on this machine: chmod 600 it",
                   options->api_key_file);
    if (status == ASSAY_OK) status = assay_model_loader_open(&loader, options, &context->task, &models, err);
    if (status == ASSAY_OK) status = serve(models, options->api_key_file ? &keys : NULL, options, context, &ended, err);
    if (!ended) { /* a load that is still running reads models and options: nothing may be freed, not even by exit */
        fflush(NULL);
        _exit(assay_status_exit_code(status));
    }
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
    .saves = true,
    .run = run,
};
