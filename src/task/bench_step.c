/* The bench's model is the shape's own program with three changes: a small vocabulary (nothing but layers is to be
 * measured), every row of the last layer computed, and a trained embedding, so that the gradient is carried through
 * every layer to its input as in the middle of a deep model. */
#include "task/bench_step.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/rng.h"
#include "model/model_init.h"
#include "packing/pack.h"

#include <string.h>

enum { VOCAB = 256, LAYERS = 4 };

struct assay_bench_step {
    assay_program *program;
    void **weights;
    float **gradients;
    assay_pool *pool;
    assay_plan plan;
    assay_engine *engine;
    assay_pack pack;
    double flops;
    bool backward;
};

static assay_status write_program(assay_bench_step *b, const assay_options *o, bool bf16, assay_error *err)
{
    const assay_model_shape *shape;
    const assay_architecture *arch;
    assay_model_config config;
    static const assay_tuning tunings[] = {
        [ASSAY_OPT_LORA] = ASSAY_TUNE_LORA, [ASSAY_OPT_FULL] = ASSAY_TUNE_FULL, [ASSAY_OPT_HEAD] = ASSAY_TUNE_HEAD};
    assay_lora_spec lora = {.rank = (size_t)o->lora_rank,
                            .alpha = o->lora_alpha,
                            .targets = o->lora_targets.items,
                            .target_count = o->lora_targets.count};
    if (!o->arch)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "bench step: --arch is missing (chatglm2-6b, qwen2.5-0.5b, ...; see assay models)");
    ASSAY_TRY(assay_model_shape_find(&shape, &arch, o->arch, err));
    const assay_init_options options = {.layers = o->layers ? (size_t)o->layers : LAYERS};
    ASSAY_TRY(assay_model_shape_config(shape, arch, &options, &config, NULL, err));
    config.vocab = VOCAB;
    ASSAY_TRY(assay_lora_check(&lora, config.arch, err));
    assay_decoder_options decoder = {
        .tuning = tunings[o->tuning], .bf16 = bf16, .all_rows = true, .input_gradient = o->tuning != ASSAY_OPT_HEAD};
    if (decoder.tuning == ASSAY_TUNE_LORA) {
        decoder.adapter = assay_lora_rank_by_spec;
        decoder.adapter_context = &lora;
    }
    b->backward = decoder.tuning != ASSAY_TUNE_HEAD;
    return assay_decoder_program(&b->program, &config, &decoder, err);
}

static assay_status make_weight(assay_bench_step *b, size_t index, bool bf16, assay_error *err)
{
    const assay_param *param = &b->program->params[index];
    size_t count = param->rows * param->cols;
    bool narrow = bf16 && !param->trained && !param->vector && param->role == ASSAY_ROLE_BASE;
    assay_rng rng = {.seed = 42, .stream = assay_rng_stream(param->name)};
    void *weight = b->weights[index] = assay_alloc(count, narrow ? sizeof(uint16_t) : sizeof(float));
    ASSAY_TRY_ALLOC(weight, "a weight", err);
    for (size_t i = 0; i < count; i++) {
        float value = param->vector ? 1 : (float)(0.04 * assay_rng_uniform(&rng) - 0.02);
        if (narrow) ((uint16_t *)weight)[i] = assay_f32_to_bf16(value);
        else ((float *)weight)[i] = value;
    }
    if (param->trained) {
        b->gradients[index] = assay_alloc(count, sizeof(float));
        ASSAY_TRY_ALLOC(b->gradients[index], "a gradient", err);
    }
    assay_engine_bind(b->engine, (int)index,
                      &(assay_param_view){.data = weight,
                                          .dtype = narrow ? ASSAY_BF16 : ASSAY_F32,
                                          .rows = param->rows,
                                          .cols = param->cols,
                                          .gradient = b->gradients[index]});
    return ASSAY_OK;
}

/* Of the work of one step, as the engine's own schedule divides it. */
static assay_status count_flops(assay_bench_step *b, const assay_schedule_options *options, size_t tokens,
                                assay_error *err)
{
    const assay_step_work work = {.rows = {(double)tokens, 1}, .context = (double)tokens / 2};
    assay_scheduler *scheduler;
    assay_schedule schedule = {0};
    ASSAY_TRY(assay_scheduler_create(&scheduler, b->program, NULL, &work, err));
    assay_status status = assay_scheduler_make(scheduler, options, &schedule, err);
    b->flops = schedule.flops;
    assay_schedule_clear(&schedule);
    assay_scheduler_free(scheduler);
    return status;
}

static assay_status make_engine(assay_bench_step *b, const assay_options *o, const assay_kernels *kernels,
                                assay_error *err)
{
    static const assay_recompute recompute[] = {[ASSAY_OPT_RECOMPUTE_AUTO] = ASSAY_RECOMPUTE_AUTO,
                                                [ASSAY_OPT_RECOMPUTE_OFF] = ASSAY_RECOMPUTE_OFF,
                                                [ASSAY_OPT_RECOMPUTE_ALL] = ASSAY_RECOMPUTE_ALL};
    size_t tokens = (size_t)o->tokens;
    ASSAY_TRY(assay_pool_create(&b->pool, (int)o->threads, err));
    assay_plan_request request = {.program = b->program,
                                  .kernels = kernels,
                                  .workers = assay_pool_size(b->pool),
                                  .backward = b->backward,
                                  .recompute = recompute[o->recompute],
                                  .micro_tokens = tokens,
                                  .longest_pair = tokens,
                                  .longest_path = tokens,
                                  .step_tokens = tokens,
                                  .step_scored = 1,
                                  .budget = o->memory ? o->memory : SIZE_MAX};
    ASSAY_TRY(assay_plan_make(&request, &b->plan, err));
    assay_engine_config config = assay_plan_engine(&request, &b->plan, b->pool);
    ASSAY_TRY(assay_engine_create(&b->engine, &config, err));
    return count_flops(b, &config.schedule, tokens, err);
}

static assay_status make_text(assay_bench_step *b, size_t tokens, assay_error *err)
{
    int32_t *ids = assay_alloc(tokens, sizeof *ids);
    ASSAY_TRY_ALLOC(ids, "ids", err);
    for (size_t i = 0; i < tokens; i++) ids[i] = (int32_t)(i * 37 % VOCAB);
    assay_status status = assay_pack_init(&b->pack, tokens, 1, NULL, err);
    if (status == ASSAY_OK) {
        assay_pack_tree(&b->pack, 0);
        assay_pack_segment(&b->pack, ids, tokens, -1, true);
    }
    assay_free(ids);
    return status;
}

static assay_status build(assay_bench_step *b, const assay_options *options, const assay_kernels *kernels, bool bf16,
                          assay_error *err)
{
    ASSAY_TRY(write_program(b, options, bf16, err));
    ASSAY_TRY(make_engine(b, options, kernels, err));
    b->weights = assay_alloc(b->program->param_count, sizeof *b->weights);
    b->gradients = assay_alloc(b->program->param_count, sizeof *b->gradients);
    if (!b->weights || !b->gradients) return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for weights");
    for (size_t i = 0; i < b->program->param_count; i++) ASSAY_TRY(make_weight(b, i, bf16, err));
    return make_text(b, (size_t)options->tokens, err);
}

assay_status assay_bench_step_open(assay_bench_step **out, const assay_options *options, const assay_kernels *kernels,
                                   bool bf16, assay_error *err)
{
    assay_bench_step *b = assay_alloc(1, sizeof *b);
    *out = NULL;
    ASSAY_TRY_ALLOC(b, "a benchmark", err);
    assay_status status = build(b, options, kernels, bf16, err);
    if (status != ASSAY_OK) {
        assay_bench_step_close(b);
        return status;
    }
    *out = b;
    return ASSAY_OK;
}

void assay_bench_step_close(assay_bench_step *b)
{
    if (!b) return;
    for (size_t i = 0; b->weights && i < b->program->param_count; i++) assay_free(b->weights[i]);
    for (size_t i = 0; b->gradients && i < b->program->param_count; i++) assay_free(b->gradients[i]);
    assay_free(b->weights);
    assay_free(b->gradients);
    assay_engine_free(b->engine);
    assay_pack_release(&b->pack);
    assay_pool_destroy(b->pool);
    assay_program_free(b->program);
    assay_free(b);
}

assay_status assay_bench_step_run(assay_bench_step *b, double *seconds, assay_error *err)
{
    float seed = 1;
    double start = assay_clock_seconds();
    ASSAY_TRY(assay_engine_forward(b->engine, assay_pack_finish(&b->pack), 42, 0, true, err));
    if (b->backward) ASSAY_TRY(assay_engine_backward(b->engine, &seed, err));
    *seconds = assay_clock_seconds() - start;
    return ASSAY_OK;
}

double assay_bench_step_flops(const assay_bench_step *b) { return b->flops; }
size_t assay_bench_step_planned(const assay_bench_step *b) { return assay_engine_planned_bytes(b->engine); }
size_t assay_bench_step_used(const assay_bench_step *b) { return assay_engine_used_bytes(b->engine); }
int assay_bench_step_layers(const assay_bench_step *b) { return b->program->layers; }
int assay_bench_step_replayed(const assay_bench_step *b) { return b->plan.replayed; }
assay_pool *assay_bench_step_pool(const assay_bench_step *b) { return b->pool; }
