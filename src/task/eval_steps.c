/* Answers are rendered, scored and judged one behind the other: what a long file needs is its texts and one
 * micro-batch. */
#include "task/eval_steps.h"

#include "base/file.h"
#include "task/scoring.h"
#include "task/step_input.h"

#include <math.h>
#include <string.h>

typedef struct judging {
    assay_step_verdict *verdict;
    const assay_options *options;
    const assay_task_context *context;
    assay_scoring *scoring;
    assay_message *messages; /* of the answer being rendered */
    size_t capacity;
    assay_ids ids, ends;
    assay_error *err;
} judging;

static assay_status render(judging *j, const assay_step_answer *answer)
{
    const assay_renderer *renderer = &j->scoring->renderer;
    size_t before = answer->prompt.count, count = before + answer->steps.count;
    ASSAY_TRY(assay_grow(&j->messages, &j->capacity, count, sizeof *j->messages, j->err));
    memcpy(j->messages, answer->prompt.items, before * sizeof *j->messages);
    memcpy(j->messages + before, answer->steps.items, answer->steps.count * sizeof *j->messages);
    j->ids.count = j->ends.count = 0;
    const assay_conversation conversation = {
        .messages = j->messages, .count = count, .context = answer->prompt.context};
    return renderer->render_steps(renderer->context, &conversation, &j->ids, &j->ends, j->err);
}

static assay_status find_subset(judging *j, const char *name, assay_step_subset **found)
{
    assay_step_verdict *v = j->verdict;
    for (size_t i = 0; i < v->subset_count; i++)
        if (!strcmp(v->subsets[i].name, name)) return *found = &v->subsets[i], ASSAY_OK;
    ASSAY_TRY(assay_grow(&v->subsets, &v->subset_capacity, v->subset_count + 1, sizeof *v->subsets, j->err));
    *found = &v->subsets[v->subset_count++];
    **found = (assay_step_subset){.name = name};
    return ASSAY_OK;
}

static assay_status judge(judging *j, const assay_step_answer *answer, const double *scores)
{
    const assay_step_set *set = &j->verdict->set;
    const assay_judged_steps judged = {.scores = scores, .labels = answer->labels, .count = answer->steps.count};
    const char *name = answer->subset;
    assay_step_subset *subset;
    if (!name && set->file_count > 1) name = assay_path_base(set->files[answer->place.file]);
    assay_step_judgement_add(&j->verdict->judgement, &judged);
    if (!name) return ASSAY_OK;
    ASSAY_TRY(find_subset(j, name, &subset));
    assay_step_judgement_add(&subset->judgement, &judged);
    return ASSAY_OK;
}

static assay_status score(judging *j, const assay_step_answer *answer)
{
    assay_lot lot;
    ASSAY_TRY(assay_lot_begin(&lot, &j->ids, 1, false, j->err));
    assay_status status = assay_lot_want_steps(&lot, &j->ends, j->err);
    if (status == ASSAY_OK) status = assay_score_batch_all(&j->scoring->batch, &lot, j->err);
    if (status == ASSAY_OK) status = judge(j, answer, lot.steps[0]);
    assay_lot_release(&lot);
    return status;
}

static assay_status judge_answer(judging *j, const assay_step_answer *answer)
{
    size_t most = (size_t)j->scoring->source->max_length;
    ASSAY_TRY(render(j, answer));
    if (j->ids.count > most) return j->verdict->left_out++, ASSAY_OK;
    return score(j, answer);
}

static assay_status judge_answers(judging *j)
{
    const assay_step_set *set = &j->verdict->set;
    size_t limit = (size_t)j->options->max_eval_samples, most = 1;
    size_t count = limit && limit < set->count ? limit : set->count;
    for (size_t i = 0; i < count; i++)
        if (set->items[i].steps.count > most) most = set->items[i].steps.count;
    ASSAY_TRY(assay_scoring_answer_engine(j->scoring, j->options, most, j->err));
    for (size_t i = 0; i < count; i++) {
        const assay_step_answer *answer = &set->items[i];
        if (*j->context->interrupted) return assay_error_set(j->err, ASSAY_E_STOPPED, "interrupted");
        assay_status status = judge_answer(j, answer);
        if (status != ASSAY_OK)
            return assay_error_prefix(j->err, status, "%s:%llu: ", set->files[answer->place.file],
                                      (unsigned long long)answer->place.line);
    }
    return ASSAY_OK;
}

static assay_status check_left(judging *j)
{
    assay_step_verdict *v = j->verdict;
    if (v->left_out)
        assay_warn(j->context->log, "%zu answers are left out: longer than the maximum length (--max-length)",
                   v->left_out);
    if (v->bad) assay_warn(j->context->log, "%zu lines could not be read and are left out", v->bad);
    if (v->judgement.answers) return ASSAY_OK;
    return assay_error_set(j->err, ASSAY_E_FORMAT,
                           "no answer is left to judge: %zu are longer than --max-length, %zu lines could not be read",
                           v->left_out, v->bad);
}

static void finish(assay_step_verdict *v)
{
    double sum = 0;
    assay_step_judgement_finish(&v->judgement);
    for (size_t i = 0; i < v->subset_count; i++) {
        assay_step_judgement_finish(&v->subsets[i].judgement);
        sum += v->subsets[i].judgement.f1;
    }
    v->mean_f1 = v->subset_count ? sum / (double)v->subset_count : (double)NAN;
}

static assay_status check_model(judging *j)
{
    const assay_model_source *source = j->scoring->source;
    if (source->config.head.steps) return ASSAY_OK;
    return assay_error_set(j->err, ASSAY_E_UNSUPPORTED,
                           "the data holds answers in labelled steps, and %s reads a text at one token; give a model "
                           "that scores steps: a head for token classification, or Qwen2.5-Math-PRM's",
                           source->checkpoint->name);
}

static assay_status judge_all(judging *j)
{
    size_t *bad = j->options->skip_bad_lines ? &j->verdict->bad : NULL;
    ASSAY_TRY(assay_step_input_read(&j->verdict->set, &j->options->data, bad, j->context->log, j->err));
    ASSAY_TRY(
        assay_scoring_open(&j->scoring, j->options, j->context, &(assay_scoring_wants){.need_head = true}, j->err));
    ASSAY_TRY(check_model(j));
    ASSAY_TRY(judge_answers(j));
    ASSAY_TRY(check_left(j));
    finish(j->verdict);
    return ASSAY_OK;
}

assay_status assay_step_verdict_make(assay_step_verdict *verdict, const assay_options *options,
                                     const assay_task_context *context, assay_error *err)
{
    judging j = {.verdict = verdict, .options = options, .context = context, .err = err};
    *verdict = (assay_step_verdict){0};
    assay_status status = judge_all(&j);
    assay_ids_release(&j.ids);
    assay_ids_release(&j.ends);
    assay_free(j.messages);
    assay_scoring_close(j.scoring);
    if (status != ASSAY_OK) assay_step_verdict_release(verdict);
    return status;
}

void assay_step_verdict_release(assay_step_verdict *verdict)
{
    assay_step_set_release(&verdict->set);
    assay_free(verdict->subsets);
    *verdict = (assay_step_verdict){0};
}
