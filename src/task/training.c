#include "task/training.h"
#include "task/quantising.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/json_doc.h"
#include "data/pair_formats.h"
#include "model/model_stream.h"
#include "report/model_card.h"
#include "task/adapter_base.h"
#include "task/earlier_run.h"
#include "task/head_words.h"
#include "task/objective_choice.h"
#include "task/pair_input.h"
#include "task/resources.h"
#include "task/training_attributes.h"
#include "task/training_labels.h"
#include "task/training_steps.h"
#include "task/training_traps.h"
#include "tokenizer/tokenizer_save.h"
#include "train/checkpoint_dir.h"

#include <stdio.h>
#include <string.h>

enum { MOST_ENDS = 256 }; /* different last tokens looked at; templates have one or two */

static assay_tuning tuning_of(const assay_options *options)
{
    return options->tuning == ASSAY_OPT_FULL   ? ASSAY_TUNE_FULL
           : options->tuning == ASSAY_OPT_HEAD ? ASSAY_TUNE_HEAD
                                               : ASSAY_TUNE_LORA;
}

static assay_train_settings settings_of(const assay_options *o)
{
    static const assay_lr_shape shapes[] = {[ASSAY_OPT_COSINE] = ASSAY_LR_COSINE,
                                            [ASSAY_OPT_LINEAR] = ASSAY_LR_LINEAR,
                                            [ASSAY_OPT_CONSTANT] = ASSAY_LR_CONSTANT};
    static const assay_recompute recompute[] = {[ASSAY_OPT_RECOMPUTE_AUTO] = ASSAY_RECOMPUTE_AUTO,
                                                [ASSAY_OPT_RECOMPUTE_OFF] = ASSAY_RECOMPUTE_OFF,
                                                [ASSAY_OPT_RECOMPUTE_ALL] = ASSAY_RECOMPUTE_ALL};
    return (assay_train_settings){.batch_pairs = (uint64_t)o->batch_pairs,
                                  .max_steps = (uint64_t)o->max_steps,
                                  .epochs = o->epochs,
                                  .lr = o->lr,
                                  .shape = shapes[o->schedule],
                                  .min_lr = o->min_lr,
                                  .warmup = o->warmup,
                                  .margin = o->margin,
                                  .center = o->center,
                                  .seed = (uint64_t)o->seed,
                                  .recompute = recompute[o->recompute],
                                  .spill = o->spill,
                                  .micro_tokens = (size_t)o->micro_tokens,
                                  .eight_bits = o->moments == ASSAY_OPT_MOMENTS_8BIT,
                                  .half_weights = o->master == ASSAY_OPT_MASTER_BF16_STOCHASTIC,
                                  .early = o->gradients == ASSAY_OPT_GRADIENTS_EARLY,
                                  .skip_nan = o->on_nan == ASSAY_OPT_NAN_SKIP,
                                  .adam = {.beta1 = o->adam_beta1,
                                           .beta2 = o->adam_beta2,
                                           .eps = o->adam_epsilon,
                                           .weight_decay = o->weight_decay,
                                           .clip = o->clip,
                                           .seed = (uint64_t)o->seed}};
}

/* Evaluation pairs that are the training pairs again judge nothing: they are left out and a split takes their place. */
static assay_status read_evaluation(assay_training *t, const assay_options *options, const assay_log *log,
                                    assay_error *err)
{
    assay_overlap overlap;
    if (options->eval_data.count == 0) return ASSAY_OK;
    ASSAY_TRY(assay_pair_input_read(&t->eval_pairs, &options->eval_data, options, log, err));
    ASSAY_TRY(assay_overlap_find(&overlap, t->pairs, t->eval_pairs, err));
    if (overlap.pairs == t->eval_pairs->count) {
        assay_warn(log,
                   "all %zu evaluation pairs have prompts that are trained on (the same data twice?): they would "
                   "measure memory, so prompts are held out of the "
                   "training data instead",
                   overlap.pairs);
        assay_pair_set_free(t->eval_pairs);
        t->eval_pairs = NULL;
    } else if (overlap.pairs) {
        assay_warn(log,
                   "%zu of %zu evaluation pairs have a prompt that is also trained on; their accuracy is flattered",
                   overlap.pairs, t->eval_pairs->count);
    }
    return ASSAY_OK;
}

/* Once a file: what trains on a benchmark cannot be measured by it. */
static void warn_of_benchmarks(const assay_pair_set *pairs, const assay_log *log)
{
    for (size_t i = 0; i < pairs->count; i++) {
        const assay_pair *pair = &pairs->pairs[i];
        const char *name = assay_pair_format_benchmark(pair->format);
        if (name && (!i || pair->place.file != pairs->pairs[i - 1].place.file))
            assay_warn(log, "%s is %s, a benchmark: a model that trains on it can no longer be measured by it",
                       pairs->files[pair->place.file], name);
    }
}

static assay_status read_pairs(assay_training *t, const assay_options *options, const assay_log *log, assay_error *err)
{
    ASSAY_TRY(assay_pair_input_read(&t->pairs, &options->data, options, log, err));
    warn_of_benchmarks(t->pairs, log);
    ASSAY_TRY(read_evaluation(t, options, log, err));
    bool wanted = options->eval_split != 0 || options->eval_data.count;
    if (t->eval_pairs || !wanted) return ASSAY_OK;
    assay_split_size size = {.kind = options->eval_split > 0 ? ASSAY_SPLIT_SHARE : ASSAY_SPLIT_AUTO,
                             .share = options->eval_split};
    if (assay_split_wanted(&size, t->pairs->count) == 0) return ASSAY_OK;
    assay_status status = assay_split_make(&t->split, t->pairs, &size, (uint64_t)options->seed, err);
    if (status != ASSAY_E_FORMAT) return status;
    assay_warn(log, "no evaluation: %s", err->text);
    return ASSAY_OK;
}

static void say_drops(const assay_example_set *set, const char *what, const assay_options *options,
                      const assay_log *log)
{
    char pairs[32];
    snprintf(pairs, sizeof pairs, "%s pairs", what);
    for (int reason = 0; reason < ASSAY_DROP_COUNT; reason++) {
        size_t dropped = assay_example_set_dropped(set, (assay_drop_reason)reason);
        if (dropped)
            assay_warn(log, "%zu %s pairs are left out: %s", dropped, what, assay_drop_text((assay_drop_reason)reason));
    }
    assay_pair_input_say_cuts(set->truncated, pairs, options, log);
}

static size_t at_most(size_t count, int64_t limit)
{
    return limit > 0 && (size_t)limit < count ? (size_t)limit : count;
}

static const uint32_t *all_pairs(const assay_pair_set *set, uint32_t **kept)
{
    *kept = assay_alloc(set->count, sizeof **kept);
    for (size_t i = 0; *kept && i < set->count; i++) (*kept)[i] = (uint32_t)i;
    return *kept;
}

static assay_status make_set(assay_training *t, assay_example_set *out, const assay_pair_set *pairs,
                             const uint32_t *picked, size_t count, int64_t limit, const assay_options *options,
                             assay_error *err)
{
    uint32_t *all = NULL;
    bool judged = out == &t->evaluation;
    assay_example_options rule = {.max_length = (size_t)t->source->max_length,
                                  .truncate = assay_pair_input_truncate(options),
                                  .decided_only = judged || !t->settings.objective.objective->reads_labels,
                                  .ends_only = judged || !assay_objective_reads_rows(&t->settings.objective),
                                  .labels = t->labels.count ? &t->labels : NULL};
    if (rule.labels) rule.decided_only = rule.ends_only = false;
    const uint32_t *use = picked ? picked : all_pairs(pairs, &all);
    ASSAY_TRY_ALLOC(use, "a list of pairs", err);
    assay_status status = assay_example_set_build(out, pairs, use, at_most(picked ? count : pairs->count, limit),
                                                  &t->renderer, &rule, err);
    assay_free(all);
    if (status == ASSAY_E_FORMAT && out->count == 0 && judged)
        return assay_error_prefix(err, status, "the held-out pairs (--eval-split off holds out none): ");
    return status;
}

static assay_status make_examples(assay_training *t, const assay_options *options, const assay_log *log,
                                  assay_error *err)
{
    ASSAY_TRY(make_set(t, &t->examples, t->pairs, t->split.train, t->split.train_count, options->max_train_samples,
                       options, err));
    say_drops(&t->examples, "training", options, log);
    t->has_evaluation = t->eval_pairs || t->split.eval_count;
    if (!t->has_evaluation) return ASSAY_OK;
    const assay_pair_set *pairs = t->eval_pairs ? t->eval_pairs : t->pairs;
    ASSAY_TRY(make_set(t, &t->evaluation, pairs, t->eval_pairs ? NULL : t->split.eval, t->split.eval_count,
                       options->max_eval_samples, options, err));
    say_drops(&t->evaluation, "evaluation", options, log);
    return ASSAY_OK;
}

static void add_end(int32_t *ends, size_t *count, int32_t id)
{
    for (size_t i = 0; i < *count; i++)
        if (ends[i] == id) return;
    if (*count < MOST_ENDS) ends[(*count)++] = id;
}

/* Hugging Face scores the last token that differs from pad_token_id: it must be one that ends no text. */
static int64_t find_pad(const assay_training *t)
{
    int32_t ends[MOST_ENDS];
    size_t count = 0;
    for (size_t i = 0; i < t->examples.answer_count; i++) {
        const assay_example_answer *answer = &t->examples.answers[i];
        add_end(ends, &count, t->examples.ids[answer->first + answer->count - 1]);
    }
    return assay_tokenizer_unused_end(t->source->tokenizer, ends, count);
}

static assay_status open_model(assay_training *t, const assay_options *options, const assay_log *log, assay_error *err)
{
    ASSAY_TRY(assay_quantise_source(t->source, log, err));
    ASSAY_TRY(assay_model_open(&t->model, t->source->checkpoint, t->source->adapter, &t->wanted, err));
    if (t->planning.plan.streamed)
        ASSAY_TRY(
            assay_model_stream_list(&t->stream, t->model->program, t->source->checkpoint, t->source->adapter, err));
    if (t->source->checkpoint->unlisted_count)
        assay_warn(log, "%zu tensors lie in a shard but not in its index; they are not used",
                   t->source->checkpoint->unlisted_count);
    if (t->model->head_is_new)
        assay_note(log, "the reward head is new (the base has none): %s",
                   t->wanted.head_tokens ? options->head_init
                   : t->wanted.head_zero ? "zero"
                                         : "normal, deviation 1/sqrt(hidden + 1)");
    return assay_checkpoint_fingerprint(t->source->checkpoint, t->prints.base, err);
}

/* Where all weights are trained, the processes that have the same share their moments out. */
static size_t slices_of(const assay_options *options, const assay_comm *comm)
{
    int64_t stages = options->stages > 1 ? options->stages : 1;
    return options->tuning == ASSAY_OPT_FULL ? (size_t)(assay_staging_processes(options, comm, !comm) / stages) : 0;
}

static assay_status decide_settings(assay_training *t, const assay_options *options, const assay_task_context *context,
                                    assay_error *err)
{
    const assay_train_settings found = t->settings;
    t->settings = settings_of(options);
    t->settings.objective = found.objective;
    t->settings.lanes = found.lanes;
    t->settings.slices = slices_of(options, context->comm);
    t->tuning = tuning_of(options);
    ASSAY_TRY(assay_choose_kernels(&t->kernels, err));
    ASSAY_TRY(assay_pool_create(&t->pool, assay_threads_wanted(options, context->comm), err));
    ASSAY_TRY(assay_memory_room_read(options, context->comm, &t->room, err));
    t->lora = (assay_lora_spec){.rank = (size_t)options->lora_rank,
                                .alpha = options->lora_alpha,
                                .dropout = options->lora_dropout,
                                .targets = options->lora_targets.items,
                                .target_count = options->lora_targets.count};
    t->wanted = (assay_model_options){.tuning = t->tuning,
                                      .bf16 = assay_training_in_bf16(options, t->kernels, context->log),
                                      .seed = (uint64_t)options->seed,
                                      .half_weights = t->settings.half_weights,
                                      .planes = options->master == ASSAY_OPT_MASTER_PLANES,
                                      .quantise = t->source->quantise,
                                      .double_quant = t->source->double_quant,
                                      .outputs = assay_training_outputs(t, options),
                                      .steps = t->settings.objective.objective->of_steps,
                                      .lora = t->tuning == ASSAY_TUNE_LORA ? &t->lora : NULL};
    if (t->wanted.planes && !t->wanted.bf16)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--master planes is for products of bf16, and this run computes in f32: add --precision "
                               "bf16, or leave it out");
    const char *words;
    ASSAY_TRY(assay_head_init_read(options->head_init, &t->wanted.head_zero, &words, err));
    if (!words || !t->source->tokenizer) return ASSAY_OK; /* a plan without data has no tokenizer, and makes no head */
    ASSAY_TRY(assay_head_words_find(t->source->tokenizer, "--head-init", words, t->head_tokens, err));
    t->wanted.head_tokens = t->head_tokens;
    return ASSAY_OK;
}

/* Bytes that a stage lacks; below 0: it has more than enough. */
static double lack_of(const assay_planning *p) { return (double)p->plan.total_bytes - (double)p->budget; }

/* All stages of a row, each as it would be planned in its process; which has the least room. */
static assay_status plan_stages(assay_training *t, const assay_planning_subject *subject, assay_error *err)
{
    t->of_stages = assay_alloc((size_t)t->staging.stages, sizeof *t->of_stages);
    ASSAY_TRY_ALLOC(t->of_stages, "the stages", err);
    for (int s = 0; s < t->staging.stages; s++) {
        assay_planning_subject one = *subject;
        one.alone = true;
        assay_staging_enter(&t->staging, s, &one);
        ASSAY_TRY(assay_planning_make(&t->of_stages[s], &one, err));
        if (lack_of(&t->of_stages[s]) > lack_of(&t->of_stages[t->stage])) t->stage = s;
    }
    return ASSAY_OK;
}

/* The subject becomes that of this process's stage. */
static assay_status make_stages(assay_training *t, const assay_options *options, assay_comm *comm, bool planned,
                                assay_planning_subject *subject, assay_error *err)
{
    int processes = assay_staging_processes(options, comm, planned);
    ASSAY_TRY(assay_staging_make(&t->staging, options->stages, processes, comm, subject, err));
    t->stage = assay_comm_rank(comm) % t->staging.stages;
    if (planned && t->staging.stages > 1) ASSAY_TRY(plan_stages(t, subject, err));
    assay_staging_enter(&t->staging, t->stage, subject);
    t->wanted.slice = subject->model.slice;
    t->settings.flights = subject->settings.flights;
    t->settings.micro_tokens = subject->settings.micro_tokens;
    return ASSAY_OK;
}

/* Without a log nobody hears how long a run takes. */
static assay_status make_planning(assay_training *t, const assay_options *options, const assay_task_context *context,
                                  bool with_data, bool planned, assay_error *err)
{
    assay_planning_subject subject = {.checkpoint = t->source->checkpoint,
                                      .adapter = t->source->adapter,
                                      .model = t->wanted,
                                      .settings = t->settings,
                                      .room = t->room,
                                      .log_steps = options->log_steps,
                                      .examples = with_data ? &t->examples : NULL,
                                      .evaluation = t->has_evaluation ? &t->evaluation : NULL,
                                      .max_length = (size_t)t->source->max_length,
                                      .kernels = t->kernels,
                                      .cuts = options->truncate != ASSAY_OPT_DROP,
                                      .workers = assay_pool_size(t->pool),
                                      .pool = t->pool,
                                      .alternatives = planned,
                                      .timed = planned || context->log};
    if (t->source->checkpoint->gguf && t->source->tokenizer)
        subject.tokens_to_write = (size_t)assay_tokenizer_about(t->source->tokenizer)->vocab_size;
    ASSAY_TRY(make_stages(t, options, context->comm, planned, &subject, err));
    ASSAY_TRY(assay_planning_make(&t->planning, &subject, err));
    t->settings.early = t->planning.plan.early;
    t->settings.budget = t->planning.budget;
    t->settings.spill_flops = t->planning.spill.flops;
    return ASSAY_OK;
}

/* What is learned says what the head is, and that how texts are read. */
static assay_status read_data(assay_training *t, const assay_options *options, const assay_log *log, assay_error *err)
{
    ASSAY_TRY(read_pairs(t, options, log, err));
    return assay_objective_settle(options, t->pairs, &t->settings.objective, log, err);
}

static assay_status open_data(assay_training *t, const assay_options *options, const assay_log *log, assay_error *err)
{
    assay_renderer_of_template(&t->renderer, t->source->chosen, &t->source->config.prefix);
    ASSAY_TRY(assay_training_choose_labels(t, options, log, err));
    if (assay_pair_input_has_text_prompts(t->pairs)) assay_source_say_text_prompts(t->source, log);
    ASSAY_TRY(make_examples(t, options, log, err));
    t->pad_token = find_pad(t);
    return ASSAY_OK;
}

/* The output is written hours after the model's folder was found. */
static assay_status hold_files(assay_training *t, const assay_options *options, assay_error *err)
{
    const assay_checkpoint *checkpoint = t->source->checkpoint;
    t->is_hub_id = !assay_path_exists(checkpoint->name);
    t->license = assay_card_license(checkpoint->path);
    ASSAY_TRY(assay_tokenizer_hold(t->source->tokenizer_folder, &t->tokenizer_files, err));
    if (t->source->tokenizer_folder && !t->tokenizer_files.count)
        return assay_error_set(err, ASSAY_E_IO, "%s: the tokenizer's files are gone", t->source->tokenizer_folder);
    return tuning_of(options) == ASSAY_TUNE_FULL ? assay_model_hold_code(checkpoint, &t->code_files, err) : ASSAY_OK;
}

static assay_status open_all(assay_training *t, const assay_options *options, const assay_task_context *context,
                             bool plan_only, assay_error *err)
{
    assay_earlier_run earlier;
    const assay_log *log = context->log;
    bool with_data = !plan_only || options->data.count > 0;
    ASSAY_TRY(assay_staging_check(options, context->comm, plan_only, err));
    ASSAY_TRY(assay_earlier_run_find(&earlier, options, context->comm, err));
    ASSAY_TRY(assay_earlier_run_lanes(&earlier, options, context->comm, &t->settings.lanes, err));
    ASSAY_TRY(assay_objective_begin(options, &t->settings.objective, err));
    if (options->epochs <= 0 && options->max_steps <= 0)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--epochs %g trains nothing: give more, or a number of steps with --max-steps",
                               options->epochs);
    unsigned flags = plan_only ? ASSAY_SOURCE_CONFIG_ONLY | (with_data ? 0 : ASSAY_SOURCE_TOKENIZER_OPTIONAL) : 0;
    ASSAY_TRY(assay_model_source_open(&t->source, options->model, options->adapter, &options->ignore_config, NULL,
                                      flags, err));
    ASSAY_TRY(assay_quantise_choose(t->source, options, err));
    if (!plan_only) ASSAY_TRY(hold_files(t, options, err));
    t->source->rendering = earlier.was_01 ? 1 : ASSAY_RENDERING;
    if (with_data) ASSAY_TRY(read_data(t, options, log, err));
    ASSAY_TRY(assay_training_take_steps(t, options, log, err));
    ASSAY_TRY(with_data ? assay_model_source_settle(t->source, options, err)
                        : assay_model_source_settle_length(t->source, options, err));
    t->prints.rendering = t->source->rendering;
    assay_model_source_warn(t->source, log);
    if (with_data) ASSAY_TRY(open_data(t, options, log, err));
    ASSAY_TRY(decide_settings(t, options, context, err));
    if (with_data) ASSAY_TRY(assay_training_say_labels(t, log, err));
    ASSAY_TRY(make_planning(t, options, context, with_data, plan_only, err));
    if (plan_only) return ASSAY_OK;
    if (!t->planning.fits) return assay_staging_refuse(&t->staging, t->stage, &t->planning, err);
    ASSAY_TRY(open_model(t, options, log, err));
    assay_training_say_traps(t, log);
    return ASSAY_OK;
}

static assay_status open_training(assay_training **out, const assay_options *options, const assay_task_context *context,
                                  bool plan_only, assay_error *err)
{
    assay_training *t = assay_alloc(1, sizeof *t);
    *out = NULL;
    ASSAY_TRY_ALLOC(t, "a training run", err);
    assay_status status = open_all(t, options, context, plan_only, err);
    if (status != ASSAY_OK) {
        assay_training_close(t);
        return status;
    }
    *out = t;
    return ASSAY_OK;
}

assay_status assay_training_open(assay_training **out, const assay_options *options, const assay_task_context *context,
                                 assay_error *err)
{
    return open_training(out, options, context, false, err);
}

assay_status assay_training_open_plan(assay_training **out, const assay_options *options,
                                      const assay_task_context *context, assay_error *err)
{
    return open_training(out, options, context, true, err);
}

assay_status assay_training_start(assay_training *t, const assay_task_context *context, assay_error *err)
{
    if (json_is_true(json_object_get(t->source->checkpoint->config, "gradient_checkpointing")))
        assay_note(context->log, "gradient_checkpointing in the model's config.json is ignored; --recompute decides");
    assay_trainer_setup setup = {.settings = t->settings,
                                 .model = t->model,
                                 .examples = &t->examples,
                                 .evaluation = t->has_evaluation ? &t->evaluation : NULL,
                                 .kernels = t->kernels,
                                 .pool = t->pool,
                                 .plan = &t->planning.plan,
                                 .stream = t->stream,
                                 .planned_anonymous = t->planning.rss,
                                 .comm = context->comm,
                                 .stages = t->staging.stages,
                                 .borders = t->staging.borders,
                                 .interrupted = context->interrupted};
    ASSAY_TRY(assay_trainer_create(&t->trainer, &setup, err));
    assay_fingerprint_data(&t->examples, t->prints.data);
    assay_fingerprint_settings(&t->settings, assay_model_whole(t->model), t->trainer->total_steps, t->prints.settings);
    return ASSAY_OK;
}

void assay_training_close(assay_training *t)
{
    if (!t) return;
    assay_trainer_free(t->trainer);
    assay_pool_destroy(t->pool);
    assay_stream_list_free(t->stream);
    assay_staging_release(&t->staging);
    assay_free(t->of_stages);
    assay_free(t->of_ranks);
    assay_model_close(t->model);
    assay_example_set_release(&t->examples);
    assay_example_set_release(&t->evaluation);
    assay_split_release(&t->split);
    assay_label_list_release(&t->labels);
    assay_pair_set_free(t->pairs);
    assay_pair_set_free(t->eval_pairs);
    assay_model_source_close(t->source);
    assay_held_files_release(&t->tokenizer_files);
    assay_held_files_release(&t->code_files);
    assay_free(t->license);
    assay_free(t);
}

static assay_status save_full(const assay_training *t, assay_save_options *options, const char *folder,
                              assay_error *err)
{
    json_t *labels = assay_training_labels_json(t);
    if (t->labels.count) ASSAY_TRY_ALLOC(labels, "labels", err);
    options->labels = labels;
    assay_status status = assay_model_save_full(t->model, options, folder, err);
    json_decref(labels);
    return status;
}

/* What a folder of weights alone does not say of a head that is no plain one, and the end of the run would: a
 * checkpoint is a model, too. */
static assay_status save_head_notes(const assay_training *t, const char *folder, assay_error *err)
{
    json_t *notes;
    if (!t->labels.count && !t->model->config.head.steps) return ASSAY_OK;
    assay_status status = assay_source_notes(t->source, &notes, err);
    json_t *own = json_pack("{s:s, s:s, s:f, s:o*}", "precision", assay_program_precision(t->model->program),
                            "objective", assay_objective_name(&t->settings.objective), "score_offset", 0.0, "labels",
                            assay_training_labels_json(t));
    int failed = status != ASSAY_OK || !own || json_object_update(notes, own);
    if (!failed && t->tuning != ASSAY_TUNE_FULL) failed = assay_adapter_base_note(notes, t->source->checkpoint);
    if (failed) status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for " ASSAY_NOTES_NAME);
    else status = assay_notes_save(notes, folder, err);
    json_decref(notes);
    json_decref(own);
    return status;
}

static assay_status save_model(assay_training *t, const char *folder, assay_error *err)
{
    assay_save_options options = {.dtype = ASSAY_F32, .pad_token = t->pad_token, .code = &t->code_files};
    if (t->is_hub_id) options.base = t->source->checkpoint->name;
    if (t->tuning == ASSAY_TUNE_FULL) return save_full(t, &options, folder, err);
    if (t->source->adapter) options.adapter = &t->source->adapter->config;
    else if (t->tuning == ASSAY_TUNE_LORA) options.lora = &t->lora;
    return assay_model_save_adapter(t->model, &options, folder, err);
}

assay_status assay_training_save(void *context, const char *folder, assay_error *err)
{
    ASSAY_TRY(save_model(context, folder, err));
    return save_head_notes(context, folder, err);
}
