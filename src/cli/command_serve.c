/* Models into a server, and the wait for signals. The loader opens a whole scoring (cli/scoring.h) for every adapter:
 * the mapped base file is the same pages in memory for all of them, and what a model converted into memory of its own
 * is shared by hand (share_weights). */
#include "base/alloc.h"
#include "base/file.h"
#include "base/hash.h"
#include "cli/machine.h"
#include "cli/scoring.h"
#include "cli/training.h"
#include "serve/server.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { TOKENS_OF_REQUEST = 4 << 20 };

typedef struct loading {
    const assay_options *options;
    const assay_command_context *context;
    assay_scoring *base; /* the base alone, where there are adapters: weights to share. NULL: none */
    char base_fingerprint[33];
    size_t budget, models; /* bytes for all; engines that may exist at once */
    size_t own;            /* bytes for all engines, by limits of the process alone */
} loading;

static void close_scoring(void *owner) { assay_scoring_close(owner); }

/* Memory of the model's own that holds what the base's holds goes back; the base outlives every adapter. */
static void share_weights(assay_model *model, const assay_model *base)
{
    for (size_t i = 0; i < model->program->param_count; i++) {
        size_t elements = model->program->params[i].rows * model->program->params[i].cols;
        for (size_t k = 0; model->owned[i] && k < base->program->param_count; k++) {
            if (!base->owned[k] || strcmp(base->program->params[k].name, model->program->params[i].name) != 0) continue;
            size_t others = base->program->params[k].rows * base->program->params[k].cols;
            if (others != elements || memcmp(base->owned[k], model->owned[i], elements * sizeof(float)) != 0) continue;
            assay_free(model->owned[i]);
            model->owned[i] = NULL;
            model->params[i].data = base->owned[k];
            model->owned_bytes -= elements * sizeof(float);
        }
    }
}

static assay_status hash_file(XXH3_state_t *state, const char *folder, const char *name, assay_error *err)
{
    uint64_t size;
    char *path = assay_path_join(folder, name);
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = assay_hash_file(state, path, &size, err);
    assay_free(path);
    return status;
}

/* Of the base's fingerprint and both adapter files. */
static assay_status fingerprint(const loading *l, const assay_scoring *scoring, char text[33], assay_error *err)
{
    const char *folder = scoring->source->adapter_folder;
    memcpy(text, l->base_fingerprint, 33);
    if (!folder) return ASSAY_OK;
    XXH3_state_t *state = XXH3_createState();
    ASSAY_TRY_ALLOC(state, "a fingerprint", err);
    XXH3_128bits_reset(state);
    XXH3_128bits_update(state, l->base_fingerprint, 32);
    assay_status status = hash_file(state, folder, "adapter_config.json", err);
    if (status == ASSAY_OK) status = hash_file(state, folder, "adapter_model.safetensors", err);
    assay_hash_text(XXH3_128bits_digest(state), text);
    XXH3_freeState(state);
    return status;
}

/* A share of the budget: as many engines as there are models, and one that replaces another. */
static assay_status make_engine(const loading *l, assay_scoring *scoring, assay_error *err)
{
    assay_options share = *l->options;
    size_t weights = scoring->model->owned_bytes + scoring->model->borrowed_bytes,
           rest = l->budget > weights ? l->budget - weights : 1;
    share.memory = weights + (rest < l->own ? rest : l->own) / (l->models + 1);
    return assay_scoring_answer_engine(scoring, &share, (size_t)scoring->source->max_length, err);
}

static assay_status finish(const loading *l, assay_scoring *scoring, assay_served *model, assay_error *err)
{
    if (l->base) share_weights(scoring->model, l->base->model);
    ASSAY_TRY(make_engine(l, scoring, err));
    ASSAY_TRY(fingerprint(l, scoring, model->fingerprint, err));
    model->engine = scoring->engine;
    model->pack = &scoring->pack;
    model->scored_capacity = scoring->plan.bounds.rows[ASSAY_SCORED];
    model->rendering = &scoring->source->rendering;
    model->max_length = (size_t)scoring->source->max_length;
    model->planned_bytes = scoring->plan.total_bytes;
    model->score_offset = scoring->source->score_offset;
    model->owner = scoring;
    model->release = close_scoring;
    return ASSAY_OK;
}

static assay_status load(void *context, const char *folder, assay_served *model, assay_error *err)
{
    const loading *l = context;
    assay_options options = *l->options;
    assay_scoring *scoring;
    options.adapter = folder;
    ASSAY_TRY(assay_scoring_open(&scoring, &options, l->context, &(assay_scoring_wants){.need_head = true}, err));
    assay_status status = finish(l, scoring, model, err);
    if (status != ASSAY_OK) assay_scoring_close(scoring);
    return status;
}

/* Limits of the process alone do not count weights that lie mapped in their files: they bound the engines. */
static assay_status measure_room(loading *l, assay_error *err)
{
    assay_machine_memory memory;
    l->budget = l->options->memory;
    l->own = SIZE_MAX;
    if (l->options->memory) return ASSAY_OK;
    ASSAY_TRY(assay_machine_memory_read(&memory, "", err));
    l->budget = assay_memory_share(memory.free);
    if (memory.own != UINT64_MAX) l->own = assay_memory_share(memory.own);
    return ASSAY_OK;
}

/* Opens what all models share, and measures the memory there is before anything is taken. */
static assay_status open_base(loading *l, assay_error *err)
{
    assay_model_source *source;
    ASSAY_TRY(measure_room(l, err));
    ASSAY_TRY(assay_model_source_open(&source, l->options->model, NULL, 0, err));
    assay_status status = assay_checkpoint_fingerprint(source->checkpoint, l->base_fingerprint, err);
    assay_model_source_close(source);
    if (status != ASSAY_OK || l->options->adapters.count == 0) return status;
    assay_options options = *l->options;
    assay_command_context silent = *l->context;
    silent.log = NULL;
    options.adapter = NULL;
    return assay_scoring_open(&l->base, &options, &silent, &(assay_scoring_wants){0}, err);
}

/* NAME=DIR, or DIR, which is called by its last part. */
static assay_status add_adapter(assay_served_set *models, const char *text, assay_error *err)
{
    const char *equals = strchr(text, '='), *slash = strchr(text, '/');
    bool named = equals && equals > text && (!slash || equals < slash);
    const char *folder = named ? equals + 1 : text;
    char *name = named ? assay_strndup(text, (size_t)(equals - text)) : assay_strdup(text);
    ASSAY_TRY_ALLOC(name, "a name", err);
    size_t length = strlen(name);
    while (!named && length > 1 && name[length - 1] == '/') name[--length] = '\0';
    assay_status status = assay_served_set_add(models, named ? name : assay_path_base(name), folder, err);
    assay_free(name);
    return status;
}

static assay_status add_models(loading *l, assay_served_set *models, assay_error *err)
{
    const assay_string_list *adapters = &l->options->adapters;
    l->models = adapters->count ? adapters->count : 1;
    ASSAY_TRY(open_base(l, err));
    if (!adapters->count) return assay_served_set_add(models, "default", NULL, err);
    for (size_t i = 0; i < adapters->count; i++) ASSAY_TRY(add_adapter(models, adapters->items[i], err));
    return ASSAY_OK;
}

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
    while (!*context->interrupted) {
        assay_error error = {0};
        bool asked = sigtimedwait(&hangup, NULL, &tick) == SIGHUP;
        assay_server_sweep(server);
        if (!asked) continue;
        if (assay_server_reload(server, &error) == ASSAY_OK) assay_note(context->log, "reloaded");
        else assay_warn(context->log, "not reloaded, the old models stay: %s", error.text);
    }
}

static assay_status serve(assay_served_set *models, const assay_api_keys *keys, const assay_options *options,
                          const assay_command_context *context, assay_error *err)
{
    assay_scorer *scorer;
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
    ASSAY_TRY(assay_scorer_start(
        &scorer, &(assay_scorer_options){.max_queue = (size_t)options->max_queue, .wait_seconds = 0.002}, err));
    assay_status status = assay_server_start(&server, &how, models, scorer, err);
    if (status != ASSAY_OK) {
        assay_scorer_stop(scorer);
        assay_scorer_free(scorer);
        return status;
    }
    status = announce(server, options, models, err);
    if (status == ASSAY_OK) wait_for_signals(server, context);
    assay_note(context->log, "finishing what is under way");
    assay_server_stop(server, 30);
    return status;
}

static assay_status run(const assay_options *options, const assay_command_context *context, assay_error *err)
{
    assay_api_keys keys = {0};
    assay_served_set *models = NULL;
    loading l = {.options = options, .context = context};
    sigset_t hangup;
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    /* before any thread is made: all inherit it, and only the wait below takes it */
    pthread_sigmask(SIG_BLOCK, &hangup, NULL);
    raise_file_limit(options);
    assay_status status = options->api_key_file ? assay_api_keys_read(&keys, options->api_key_file, err) : ASSAY_OK;
    if (status == ASSAY_OK) status = assay_served_set_create(&models, &(assay_served_loader){&l, load}, err);
    if (status == ASSAY_OK) status = add_models(&l, models, err);
    if (status == ASSAY_OK) status = serve(models, options->api_key_file ? &keys : NULL, options, context, err);
    assay_served_set_free(models);
    assay_scoring_close(l.base);
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
