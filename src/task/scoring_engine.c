/* The memory of scoring: a plan that keeps all weights, of the trees that were asked for the first that fits; where
 * none does, the same with the layers' weights streamed. */
#include "task/scoring.h"

#include "base/format.h"
#include "base/sizes.h"
#include "model/model_stream.h"
#include "stream/stream_speed.h"
#include "task/resources.h"

enum { TREE_TOKENS = 4096, WIDE_TOKENS = 2048 };

typedef struct demand {
    size_t path, scored;
    size_t trees[2]; /* tokens of the largest tree: the one that is quickest, then what must fit */
    size_t tree_count;
} demand;

/* What a model takes besides its engine, and what both may take. */
static assay_status read_budget(const assay_scoring *s, const assay_options *options, size_t weights, size_t *budget,
                                assay_error *err)
{
    const assay_scoring_room *room = &s->room;
    if (!room->engines) return assay_memory_budget(options, s->comm, weights, budget, err);
    *budget = room->budget;
    if (room->budget > weights) *budget = weights + assay_smaller(room->budget - weights, room->own) / room->engines;
    return ASSAY_OK;
}

static size_t weights_kept(const assay_scoring *s)
{
    return s->model->owned_bytes + s->model->borrowed_bytes - (s->stream ? s->stream->bytes : 0);
}

static assay_plan_request request_of(const assay_scoring *s, const assay_options *options, const demand *d, size_t tree)
{
    return (assay_plan_request){.program = s->model->program,
                                .kernels = s->kernels,
                                .workers = assay_pool_size(s->pool),
                                .micro_tokens = (size_t)options->micro_tokens,
                                .longest_pair = tree,
                                .longest_path = d->path,
                                .step_tokens = assay_larger(tree, WIDE_TOKENS),
                                .step_scored = s->model->config.prefix.gate_count ? 2 * d->scored : d->scored,
                                .fixed_bytes = weights_kept(s),
                                .stream = s->stream};
}

static assay_status plan_trees(assay_scoring *s, const assay_options *options, const demand *d, assay_error *err)
{
    size_t budget;
    assay_status status = ASSAY_E_NO_FIT;
    ASSAY_TRY(read_budget(s, options, weights_kept(s), &budget, err));
    for (size_t i = 0; i < d->tree_count && status == ASSAY_E_NO_FIT; i++) {
        assay_plan_request request = request_of(s, options, d, d->trees[i]);
        request.budget = budget;
        status = assay_plan_make(&request, &s->plan, err);
    }
    return status;
}

/* Of two plans that do not fit, the smaller is told of. */
static assay_status make_plan(assay_scoring *s, const assay_options *options, const demand *d, assay_error *err)
{
    assay_error kept = {0};
    assay_status status = plan_trees(s, options, d, &kept);
    size_t least = s->plan.total_bytes;
    if (status == ASSAY_OK) return ASSAY_OK;
    if (status != ASSAY_E_NO_FIT || !least) return assay_error_set(err, status, "%s", kept.text);
    ASSAY_TRY(assay_model_stream_list(&s->stream, s->model->program, s->source->checkpoint, s->source->adapter, err));
    if (s->stream) status = plan_trees(s, options, d, err);
    if (status != ASSAY_E_NO_FIT || (s->stream && s->plan.total_bytes < least)) return status;
    return assay_error_set(err, status, "%s", kept.text);
}

/* Reads some megabytes to see how fast that goes. */
static assay_status say_streamed(const assay_scoring *s, assay_error *err)
{
    double speed;
    char weights[32], read[32], second[32], takes[32];
    ASSAY_TRY(assay_stream_speed(s->stream, &speed, err));
    assay_format_bytes(s->streamed, weights, sizeof weights);
    assay_format_bytes(s->plan.read_bytes, read, sizeof read);
    assay_format_bytes((uint64_t)speed, second, sizeof second);
    assay_format_seconds(speed > 0 ? (double)s->plan.read_bytes / speed : 0, takes, sizeof takes);
    assay_note(s->log,
               "%s of weights do not stay in memory: they are read from the model's files while others compute, at "
               "most %s for every micro-batch of %zu tokens, which takes about %s at %s a second",
               weights, read, s->plan.micro_tokens, takes, second);
    return ASSAY_OK;
}

static assay_status make_engine(assay_scoring *s, const assay_options *options, const demand *d, const bool *observed,
                                assay_error *err)
{
    const assay_plan_request request = request_of(s, options, d, d->trees[0]);
    assay_engine_config config = assay_plan_engine(&request, &s->plan, s->pool);
    config.schedule.observed = observed;
    ASSAY_TRY(assay_engine_create(&s->engine, &config, err));
    for (size_t i = 0; i < s->model->program->param_count; i++)
        assay_engine_bind(s->engine, (int)i, &s->model->params[i]);
    const assay_score_setup setup = {.engine = s->engine,
                                     .model = s->model,
                                     .tokens = s->plan.micro_tokens,
                                     .rows = s->plan.bounds.rows[ASSAY_SCORED],
                                     .offset = s->source->notes.score_offset,
                                     .every_row = s->every_token};
    return assay_score_batch_init(&s->batch, &setup, err);
}

static assay_status open_engine(assay_scoring *s, const assay_options *options, const demand *d, const bool *observed,
                                assay_error *err)
{
    ASSAY_TRY(make_plan(s, options, d, err));
    s->streamed = s->stream ? s->stream->bytes : 0;
    if (s->stream && s->log) ASSAY_TRY(say_streamed(s, err));
    return make_engine(s, options, d, observed, err);
}

assay_status assay_scoring_engine(assay_scoring *s, const assay_options *options, size_t longest_path,
                                  size_t longest_tree, size_t scored, const bool *observed, assay_error *err)
{
    const demand d = {.path = longest_path, .scored = scored, .trees = {longest_tree}, .tree_count = 1};
    return open_engine(s, options, &d, observed, err);
}

assay_status assay_scoring_answer_engine(assay_scoring *s, const assay_options *options, size_t scored,
                                         assay_error *err)
{
    size_t most = (size_t)s->source->max_length;
    const demand d = {
        .path = most, .scored = scored, .trees = {assay_larger(2 * most, TREE_TOKENS), most}, .tree_count = 2};
    return open_engine(s, options, &d, NULL, err);
}
