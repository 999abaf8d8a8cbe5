#include "task/scoring.h"

#include "base/alloc.h"
#include "task/head_words.h"
#include "task/quantising.h"
#include "task/resources.h"
#include "task/scoring_likeness.h"

static assay_status open_all(assay_scoring *s, const assay_options *options, const assay_task_context *context,
                             const assay_scoring_wants *wants, assay_error *err)
{
    assay_model_options model = {.tuning = ASSAY_TUNE_NOTHING,
                                 .need_head = wants->need_head,
                                 .all_rows = wants->all_rows || wants->every_token,
                                 .seed = (uint64_t)options->seed};
    s->every_token = wants->every_token;
    s->log = context->log;
    s->comm = context->comm;
    ASSAY_TRY(assay_model_source_open(&s->source, options->model, options->adapter, &options->ignore_config,
                                      options->label, 0, err));
    ASSAY_TRY(assay_model_source_settle(s->source, options, err));
    assay_renderer_of_template(&s->renderer, s->source->chosen, &s->source->config.prefix);
    assay_model_source_warn(s->source, context->log);
    ASSAY_TRY(assay_choose_kernels(&s->kernels, err));
    model.bf16 = !wants->exact && assay_scoring_in_bf16(options, s->source, s->kernels, context->log);
    if (wants->exact && options->precision == ASSAY_OPT_BF16)
        assay_note(context->log, "--precision bf16 has no meaning here: computing in f32");
    if (options->head_from_tokens) {
        ASSAY_TRY(assay_head_words_find(s->source->tokenizer, "--head-from-tokens", options->head_from_tokens,
                                        s->head_tokens, err));
        model.head_tokens = s->head_tokens;
    }
    ASSAY_TRY(assay_quantise_source(s->source, context->log, err));
    ASSAY_TRY(assay_model_open(&s->model, s->source->checkpoint, s->source->adapter, &model, err));
    if (options->head_from_tokens)
        assay_note(context->log,
                   "no head was trained: a score is the logit of the first of \"%s\" (tokens %d, %d) less that of the "
                   "second, behind the text",
                   options->head_from_tokens, (int)s->head_tokens[0], (int)s->head_tokens[1]);
    else if (s->model->head_is_new)
        assay_warn(context->log, "%s has no reward head: a random one is used, its scores mean nothing",
                   s->source->checkpoint->name);
    return assay_pool_create(&s->pool, assay_threads_wanted(options, s->comm), err);
}

assay_status assay_scoring_open(assay_scoring **out, const assay_options *options, const assay_task_context *context,
                                const assay_scoring_wants *wants, assay_error *err)
{
    assay_scoring *s = assay_alloc(1, sizeof *s);
    *out = NULL;
    ASSAY_TRY_ALLOC(s, "a model", err);
    assay_status status = open_all(s, options, context, wants, err);
    status = assay_comm_agree(context->comm, status, NULL, err);
    if (status == ASSAY_OK) {
        const assay_scoring_parts parts = {s->source, s->model, s->head_tokens, s->kernels, s->pool};
        status = assay_scoring_compare(&parts, context->comm, err);
    }
    if (status != ASSAY_OK) {
        assay_scoring_close(s);
        return status;
    }
    *out = s;
    return ASSAY_OK;
}

static assay_status render_text(const assay_template *chosen, const assay_message *text, assay_ids *ids,
                                assay_ids *ends, assay_error *err)
{
    return ends ? assay_template_encode_steps(chosen, text->text, text->size, ids, ends, err)
                : assay_template_encode_text(chosen, text->text, text->size, ids, err);
}

static assay_status render_turns(const assay_template *chosen, const assay_turns *turns, assay_ids *ids,
                                 assay_ids *ends, assay_error *err)
{
    const assay_conversation conversation = assay_turns_conversation(turns);
    if (ends) return assay_template_render_steps(chosen, &conversation, ids, ends, err);
    if (!turns->count || !turns->items[turns->count - 1].step)
        return assay_template_render(chosen, &conversation, ids, err);
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "the answer is a list of steps, and the model reads a text at one token; give the answer as "
                           "one text, or a model that scores steps (a head for token classification)");
}

assay_status assay_scoring_render(const assay_scoring *s, const assay_input *input, size_t item, assay_ids *ids,
                                  assay_ids *ends, assay_error *err)
{
    const assay_template *chosen = s->source->chosen;
    const assay_turns *turns = &input->items[item];
    ASSAY_TRY(input->is_text ? render_text(chosen, &turns->items[0], ids, ends, err)
                             : render_turns(chosen, turns, ids, ends, err));
    return assay_prefix_check(s->renderer.prefix, ids->data, ids->count, err);
}

static bool reads_steps(const assay_scoring *s) { return s->source->config.head.steps; }

assay_status assay_scoring_refuse_steps(const assay_scoring *s, const char *command, assay_error *err)
{
    if (!reads_steps(s)) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "%s: its head scores the steps of an answer, and assay %s reads a text at one token; assay "
                           "score --model %s writes the scores of all steps",
                           s->source->checkpoint->name, command, s->source->checkpoint->name);
}

bool assay_scoring_cut(const assay_scoring *s, const assay_options *options, assay_ids *ids)
{
    size_t most = (size_t)s->source->max_length;
    bool left = options->truncate == ASSAY_OPT_TRUNCATE_LEFT, right = options->truncate == ASSAY_OPT_TRUNCATE_RIGHT;
    if (ids->count <= most || (!left && !right)) return false;
    if (left) assay_renderer_cut_left(&s->renderer, ids, most);
    else ids->count = most;
    return true;
}

assay_status assay_scoring_answers(const assay_scoring *s, const assay_options *options, const assay_input *input,
                                   assay_answer_ids *list, assay_error *err)
{
    size_t most = (size_t)s->source->max_length;
    bool steps = reads_steps(s);
    ASSAY_TRY(assay_grow(&list->ids, &list->capacity, input->count, sizeof *list->ids, err));
    if (steps) ASSAY_TRY(assay_grow(&list->ends, &list->end_capacity, input->count, sizeof *list->ends, err));
    for (size_t i = 0; i < input->count; i++) {
        assay_ids *ids = &list->ids[i], *ends = steps ? &list->ends[i] : NULL;
        ids->count = 0;
        if (ends) ends->count = 0;
        ASSAY_TRY(assay_scoring_render(s, input, i, ids, ends, err));
        if (ids->count == 0) return assay_error_set(err, ASSAY_E_FORMAT, "an empty text cannot be scored");
        if (!steps) list->cut += assay_scoring_cut(s, options, ids);
        if (ids->count > most)
            return assay_error_set(err, ASSAY_E_FORMAT, "%zu tokens, --max-length allows %zu; %s", ids->count, most,
                                   steps ? "raise it: where steps are scored, none is cut off"
                                         : "raise it or give --truncate left");
        ASSAY_TRY(assay_prefix_check(s->renderer.prefix, ids->data, ids->count, err));
    }
    return ASSAY_OK;
}

void assay_answer_ids_release(assay_answer_ids *list)
{
    for (size_t i = 0; i < list->capacity; i++) assay_ids_release(&list->ids[i]);
    for (size_t i = 0; i < list->end_capacity; i++) assay_ids_release(&list->ends[i]);
    assay_free(list->ids);
    assay_free(list->ends);
    *list = (assay_answer_ids){0};
}

void assay_scoring_close(assay_scoring *s)
{
    if (!s) return;
    assay_score_batch_release(&s->batch);
    assay_engine_free(s->engine);
    assay_stream_list_free(s->stream);
    assay_pool_destroy(s->pool);
    assay_model_close(s->model);
    assay_model_source_close(s->source);
    assay_free(s);
}
