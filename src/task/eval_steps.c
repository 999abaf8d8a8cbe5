/* Answers are rendered and scored one behind the other, each process its share, and judged when all numbers are there:
 * what a long file needs is its texts, a number a step and one micro-batch. */
#include "task/eval_steps.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/sizes.h"
#include "task/scoring.h"
#include "task/shared_work.h"
#include "task/step_input.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

typedef struct judging {
    assay_step_verdict *verdict;
    const assay_options *options;
    const assay_task_context *context;
    assay_scoring *scoring;
    assay_message *messages; /* of the answer being rendered */
    size_t capacity;
    assay_ids ids, ends;
    size_t count;    /* of the answers that are judged */
    double *scores;  /* of all their steps; NaN: the answer is too long */
    size_t *step_at; /* where each answer's begin; one more: where they end */
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

static assay_status score(judging *j, double *scores)
{
    assay_lot lot;
    ASSAY_TRY(assay_lot_begin(&lot, &j->ids, 1, false, j->err));
    assay_status status = assay_lot_want_steps(&lot, &j->ends, j->err);
    if (status == ASSAY_OK) status = assay_score_batch_all(&j->scoring->batch, &lot, j->err);
    if (status == ASSAY_OK) memcpy(scores, lot.steps[0], j->ends.count * sizeof *scores);
    assay_lot_release(&lot);
    return status;
}

static assay_status score_answer(judging *j, size_t item)
{
    const assay_step_answer *answer = &j->verdict->set.items[item];
    double *scores = j->scores + j->step_at[item];
    ASSAY_TRY(render(j, answer));
    if (j->ids.count <= (size_t)j->scoring->source->max_length) return score(j, scores);
    for (size_t i = 0; i < answer->steps.count; i++) scores[i] = (double)NAN;
    return ASSAY_OK;
}

static assay_status score_some(void *context, size_t first, size_t count, assay_error *err)
{
    judging *j = context;
    const assay_step_set *set = &j->verdict->set;
    for (size_t i = first; i < first + count; i++) {
        ASSAY_TRY(assay_comm_go_on(j->context->comm, j->context->interrupted, err));
        assay_status status = score_answer(j, i);
        if (status != ASSAY_OK)
            return assay_error_prefix(err, status, "%s:%llu: ", set->files[set->items[i].place.file],
                                      (unsigned long long)set->items[i].place.line);
    }
    return ASSAY_OK;
}

/* Its steps stand for its tokens, which only who scores it knows. */
static size_t size_of(const void *context, size_t item)
{
    const judging *j = context;
    return j->verdict->set.items[item].steps.count + 1;
}

static size_t place_of(const void *context, size_t item)
{
    const judging *j = context;
    return j->step_at[item];
}

static assay_status make_scores(judging *j)
{
    const assay_step_set *set = &j->verdict->set;
    j->step_at = assay_alloc(j->count + 1, sizeof *j->step_at);
    ASSAY_TRY_ALLOC(j->step_at, "answers", j->err);
    for (size_t i = 0; i < j->count; i++) j->step_at[i + 1] = j->step_at[i] + set->items[i].steps.count;
    j->scores = assay_alloc(j->step_at[j->count], sizeof *j->scores);
    ASSAY_TRY_ALLOC(j->scores, "scores of steps", j->err);
    return ASSAY_OK;
}

static assay_status judge_answers(judging *j)
{
    for (size_t i = 0; i < j->count; i++) {
        const double *scores = j->scores + j->step_at[i];
        if (j->step_at[i + 1] > j->step_at[i] && isnan(scores[0])) j->verdict->left_out++;
        else ASSAY_TRY(judge(j, &j->verdict->set.items[i], scores));
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

/* All that one process may fail at alone. */
static assay_status prepare(judging *j)
{
    const assay_step_set *set = &j->verdict->set;
    size_t limit = (size_t)j->options->max_eval_samples, most = 1;
    j->count = limit && limit < set->count ? limit : set->count;
    for (size_t i = 0; i < j->count; i++) most = assay_larger(most, set->items[i].steps.count);
    ASSAY_TRY(check_model(j));
    ASSAY_TRY(assay_scoring_answer_engine(j->scoring, j->options, most, j->err));
    return make_scores(j);
}

static assay_status score_answers(judging *j)
{
    const assay_shared_work work = {.comm = j->context->comm,
                                    .count = j->count,
                                    .size = size_of,
                                    .score = score_some,
                                    .place = place_of,
                                    .blocks = {{j->scores, 1}},
                                    .context = j};
    return assay_shared_work_run(&work, j->err);
}

static uint64_t hash_of_turns(const assay_turns *turns, uint64_t hash)
{
    for (size_t i = 0; i < turns->count; i++)
        hash = XXH3_64bits_withSeed(turns->items[i].text, turns->items[i].size, hash + turns->count);
    return hash;
}

static uint64_t hash_of_texts(const judging *j)
{
    uint64_t hash = j->count;
    for (size_t i = 0; i < j->count; i++) {
        hash = hash_of_turns(&j->verdict->set.items[i].prompt, hash);
        hash = hash_of_turns(&j->verdict->set.items[i].steps, hash);
    }
    return hash;
}

static assay_status judge_all(judging *j)
{
    assay_comm *comm = j->context->comm;
    size_t *bad = j->options->skip_bad_lines ? &j->verdict->bad : NULL;
    assay_status read = assay_step_input_read(&j->verdict->set, &j->options->data, bad, j->context->log, j->err);
    ASSAY_TRY(assay_comm_agree(comm, read, NULL, j->err));
    ASSAY_TRY(
        assay_scoring_open(&j->scoring, j->options, j->context, &(assay_scoring_wants){.need_head = true}, j->err));
    ASSAY_TRY(assay_comm_agree(comm, prepare(j), NULL, j->err));
    if (assay_comm_size(comm) > 1) ASSAY_TRY(assay_comm_compare(comm, hash_of_texts(j), "the data", j->err));
    ASSAY_TRY(score_answers(j));
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
    assay_free(j.scores);
    assay_free(j.step_at);
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
