/* The order of things: render everything, so that the longest text and the largest tree are known; plan one engine for
 * them; score the pairs, then the choices; and make the statistics once the model is closed again, so that --against
 * never holds two models. */
#include "task/eval_judge.h"

#include "base/file.h"
#include "base/sizes.h"
#include "score/score_examples.h"
#include "task/eval_attributes.h"
#include "task/folder_lock.h"
#include "task/pair_input.h"

#include <string.h>

typedef struct judging {
    assay_verdict *verdict;
    const assay_eval_data *data;
    const assay_options *options;
    const assay_task_context *context;
    assay_scoring *scoring;
    assay_example_set set;
    assay_ids **answers; /* of each choice; NULL: left out */
    double *rewards;     /* of all pairs, then of all choices */
    double *numbers;     /* of each answer of the pairs every label's, as in the verdict; NULL: there are none */
    bool own_numbers;    /* each label has one, else the score is every label's */
    size_t reward_count, longest, tree, scored;
    size_t cut; /* answers of choices, by --truncate */
    assay_error *err;
} judging;

static assay_status render_pairs(judging *j)
{
    assay_example_options rule = {.max_length = (size_t)j->scoring->source->max_length,
                                  .truncate = assay_pair_input_truncate(j->options),
                                  .decided_only = true};
    if (!j->data->pairs) return ASSAY_OK;
    ASSAY_TRY(assay_eval_labels(&j->verdict->labels, &j->own_numbers, j->scoring->source, j->data->pairs,
                                j->context->log, j->err));
    if (j->verdict->labels.count) rule.labels = &j->verdict->labels;
    if (assay_pair_input_has_text_prompts(j->data->pairs))
        assay_source_say_text_prompts(j->scoring->source, j->context->log);
    ASSAY_TRY(assay_example_set_build(&j->set, j->data->pairs, NULL, 0, &j->scoring->renderer, &rule, j->err));
    j->longest = j->set.longest;
    for (size_t i = 0; i < j->set.count; i++)
        j->tree = assay_larger(j->tree, assay_example_tokens(&j->set, &j->set.items[i]));
    j->scored = j->set.answer_count;
    j->verdict->pairs_left_out = j->set.drop_count;
    assay_pair_input_say_cuts(j->set.truncated, "pairs", j->options, j->context->log);
    if (j->set.drop_count)
        assay_warn(j->context->log, "%zu pairs are left out, most of them for %s", j->set.drop_count,
                   assay_drop_text(j->set.drops[0].reason));
    return ASSAY_OK;
}

static assay_status render_answer(judging *j, const assay_choice *choice, size_t answer, assay_turns *turns,
                                  assay_text_arena *arena, assay_ids *ids)
{
    const assay_renderer *renderer = &j->scoring->renderer;
    turns->count = 0;
    ASSAY_TRY(assay_turns_append(turns, arena, choice->prompt.items, choice->prompt.count, j->err));
    ASSAY_TRY(assay_turns_append(turns, arena, choice->answers[answer].items, choice->answers[answer].count, j->err));
    const assay_conversation conversation = {turns->items, turns->count, choice->prompt.context};
    return renderer->render(renderer->context, &conversation, ids, j->err);
}

static void free_answers(assay_ids *answers, size_t count)
{
    for (size_t i = 0; answers && i < count; i++) assay_ids_release(&answers[i]);
    assay_free(answers);
}

/* A choice with an answer that is too long is left out whole: without it the question is another one. */
static assay_status render_choice(judging *j, size_t index, assay_text_arena *arena)
{
    const assay_choice *choice = &j->data->choices.items[index];
    size_t most = (size_t)j->scoring->source->max_length;
    bool too_long = false;
    assay_turns turns = {0};
    assay_ids *answers = j->answers[index] = assay_alloc(choice->count, sizeof *answers);
    ASSAY_TRY_ALLOC(answers, "answers", j->err);
    for (size_t i = 0; i < choice->count; i++) {
        ASSAY_TRY(render_answer(j, choice, i, &turns, arena, &answers[i]));
        j->cut += assay_scoring_cut(j->scoring, j->options, &answers[i]);
        too_long |= answers[i].count > most || answers[i].count == 0;
        if (!too_long && answers[i].count > j->longest) j->longest = answers[i].count;
    }
    assay_text_arena_reset(arena);
    if (!too_long) return ASSAY_OK;
    free_answers(answers, choice->count);
    j->answers[index] = NULL;
    j->verdict->choices_left_out++;
    return ASSAY_OK;
}

static assay_status render_choices(judging *j)
{
    const assay_choice_set *choices = &j->data->choices;
    assay_text_arena arena = {0};
    assay_status status = ASSAY_OK;
    if (!choices->count) return ASSAY_OK;
    j->answers = assay_alloc(choices->count, sizeof *j->answers);
    ASSAY_TRY_ALLOC(j->answers, "choices", j->err);
    for (size_t i = 0; i < choices->count && status == ASSAY_OK; i++) status = render_choice(j, i, &arena);
    assay_text_arena_release(&arena);
    ASSAY_TRY(status);
    assay_pair_input_say_cuts(j->cut, "answers", j->options, j->context->log);
    if (j->tree < j->longest) j->tree = j->longest;
    if (j->scored < 64) j->scored = 64;
    if (j->verdict->choices_left_out)
        assay_warn(j->context->log, "%zu choices are left out: an answer is longer than the maximum length",
                   j->verdict->choices_left_out);
    if (j->verdict->choices_left_out < choices->count) return ASSAY_OK;
    return assay_error_set(
        j->err, ASSAY_E_FORMAT,
        "no choice is left to judge: all have an answer of more than %lld tokens; raise --max-length",
        (long long)j->scoring->source->max_length);
}

static size_t count_rewards(const judging *j)
{
    size_t count = j->set.answer_count;
    for (size_t i = 0; i < j->data->choices.count; i++) count += j->answers[i] ? j->data->choices.items[i].count : 0;
    return count;
}

static assay_status score_choice(judging *j, const assay_ids *answers, size_t count, double *rewards)
{
    assay_lot lot;
    ASSAY_TRY(assay_lot_begin(&lot, answers, count, false, j->err));
    assay_status status = assay_score_batch_all(&j->scoring->batch, &lot, j->err);
    if (status == ASSAY_OK) memcpy(rewards, lot.scores, count * sizeof *rewards);
    assay_lot_release(&lot);
    return status;
}

static assay_status score_choices(judging *j, double *rewards)
{
    for (size_t i = 0; i < j->data->choices.count; i++) {
        size_t count = j->data->choices.items[i].count;
        if (*j->context->interrupted) return assay_error_set(j->err, ASSAY_E_STOPPED, "interrupted");
        if (!j->answers[i]) continue;
        assay_status status = score_choice(j, j->answers[i], count, rewards);
        if (status != ASSAY_OK) return assay_error_prefix(j->err, status, "choice %zu: ", i + 1);
        rewards += count;
    }
    return ASSAY_OK;
}

static assay_status make_numbers(judging *j)
{
    size_t count = j->set.answer_count * j->set.label_count;
    if (!count) return ASSAY_OK;
    j->numbers = assay_alloc(count, sizeof *j->numbers);
    ASSAY_TRY_ALLOC(j->numbers, "the numbers of answers", j->err);
    return ASSAY_OK;
}

/* One number is every label's. */
static void spread_scores(judging *j)
{
    size_t labels = j->set.label_count;
    for (size_t i = 0; i < j->set.answer_count * labels; i++) j->numbers[i] = j->rewards[i / labels];
}

static assay_status score_pairs(judging *j)
{
    assay_score_batch *batch = &j->scoring->batch;
    if (!j->data->pairs) return ASSAY_OK;
    ASSAY_TRY(make_numbers(j));
    ASSAY_TRY(assay_score_examples(batch, &j->set, 0, j->set.count, j->context->interrupted, j->rewards,
                                   j->own_numbers ? j->numbers : NULL, j->err));
    if (!j->own_numbers) spread_scores(j);
    for (size_t i = 0; i < j->set.answer_count; i++) {
        assay_status status = assay_score_batch_check(batch, j->rewards[i], j->err);
        if (status != ASSAY_OK) return assay_error_prefix(j->err, status, "answer %zu: ", i + 1);
    }
    return ASSAY_OK;
}

static assay_status score_all(judging *j)
{
    ASSAY_TRY(assay_scoring_engine(j->scoring, j->options, j->longest, j->tree, j->scored, NULL, j->err));
    j->reward_count = count_rewards(j);
    j->rewards = assay_alloc(j->reward_count, sizeof *j->rewards);
    ASSAY_TRY_ALLOC(j->rewards, "rewards", j->err);
    ASSAY_TRY(score_pairs(j));
    return score_choices(j, j->rewards + j->set.answer_count);
}

static assay_status judge_pairs(judging *j)
{
    assay_verdict *v = j->verdict;
    if (!j->data->pairs) return ASSAY_OK;
    v->judged = assay_alloc(j->set.count, sizeof *v->judged);
    ASSAY_TRY_ALLOC(v->judged, "pairs", j->err);
    for (size_t i = 0; i < j->set.count; i++) {
        const assay_example *e = &j->set.items[i];
        if (e->count == 1) continue;
        const assay_pair *pair = &j->data->pairs->pairs[e->pair];
        v->judged[v->count++] = (assay_judged){.chosen = j->rewards[e->answers],
                                               .rejected = j->rewards[e->answers + e->count - 1],
                                               .pair = e->pair,
                                               .subset = pair->subset,
                                               .chosen_length = (double)assay_turns_length(&pair->chosen),
                                               .rejected_length = (double)assay_turns_length(&pair->rejected)};
    }
    ASSAY_TRY(assay_judge_singles(&j->set, j->rewards, &v->singles, j->err));
    if (j->numbers) ASSAY_TRY(assay_judge_attributes(&j->set, j->numbers, &v->attributes, j->err));
    v->has_pairs = v->count > 0;
    assay_length_bins(v->judged, v->count, v->length_bins);
    assay_calibration_make(v->judged, v->count, &v->calibration);
    ASSAY_TRY(assay_subsets_make(&v->subsets, v->judged, v->count, j->err));
    assay_judge_lists(&j->set, j->rewards, &v->lists);
    return assay_judge(&j->set, j->rewards, &v->judgement, j->err);
}

static assay_status judge_choices(judging *j)
{
    assay_verdict *v = j->verdict;
    const assay_choice_set *choices = &j->data->choices;
    size_t next = 0, rewards = j->reward_count - j->set.answer_count;
    if (!choices->count) return ASSAY_OK;
    v->has_choices = true;
    v->judged_choices = assay_alloc(choices->count, sizeof *v->judged_choices);
    v->choice_places = assay_alloc(choices->count, sizeof *v->choice_places);
    v->choice_rewards = assay_alloc(rewards, sizeof *v->choice_rewards);
    if (!v->judged_choices || !v->choice_places || !v->choice_rewards)
        return assay_error_set(j->err, ASSAY_E_MEMORY, "out of memory for choices");
    for (size_t i = 0; i < rewards; i++) v->choice_rewards[i] = j->rewards[j->set.answer_count + i];
    for (size_t i = 0; i < choices->count; i++) {
        const assay_choice *choice = &choices->items[i];
        if (!j->answers[i]) continue;
        v->choice_places[v->choice_count] = (uint32_t)i;
        v->judged_choices[v->choice_count++] =
            (assay_judged_choice){v->choice_rewards + next, choice->count, choice->correct, choice->id, choice->subset};
        next += choice->count;
    }
    return assay_choices_make(&v->choices, v->judged_choices, v->choice_count, j->err);
}

static assay_status keep_notes(judging *j)
{
    const assay_model_source *source = j->scoring->source;
    const char *folder = source->adapter_folder ? source->adapter_folder : source->checkpoint->path;
    if (assay_path_is_dir(folder)) ASSAY_TRY_ALLOC(j->verdict->notes_folder = assay_strdup(folder), "a path", j->err);
    return assay_source_notes(source, &j->verdict->notes, j->err);
}

static assay_status judge_all(judging *j)
{
    ASSAY_TRY(assay_scoring_open(&j->scoring, j->options, j->context, &(assay_scoring_wants){0}, j->err));
    ASSAY_TRY(assay_scoring_refuse_steps(j->scoring, "eval", j->err));
    ASSAY_TRY(keep_notes(j));
    ASSAY_TRY(render_pairs(j));
    ASSAY_TRY(render_choices(j));
    ASSAY_TRY(score_all(j));
    ASSAY_TRY(assay_reward_scale_make(&j->verdict->scale, j->rewards, j->reward_count, j->err));
    ASSAY_TRY(judge_pairs(j));
    return judge_choices(j);
}

assay_status assay_verdict_make(assay_verdict *verdict, const assay_eval_data *data, const assay_options *options,
                                const assay_task_context *context, assay_error *err)
{
    judging j = {.verdict = verdict, .data = data, .options = options, .context = context, .err = err};
    *verdict = (assay_verdict){0};
    assay_status status = judge_all(&j);
    for (size_t i = 0; j.answers && i < data->choices.count; i++)
        free_answers(j.answers[i], data->choices.items[i].count);
    assay_free(j.answers);
    assay_free(j.rewards);
    assay_free(j.numbers);
    assay_example_set_release(&j.set);
    assay_scoring_close(j.scoring);
    if (status != ASSAY_OK) assay_verdict_release(verdict);
    return status;
}

void assay_verdict_release(assay_verdict *verdict)
{
    assay_free(verdict->judged);
    assay_attributes_judgement_release(&verdict->attributes);
    assay_label_list_release(&verdict->labels);
    assay_subsets_release(&verdict->subsets);
    assay_free(verdict->judged_choices);
    assay_free(verdict->choice_places);
    assay_free(verdict->choice_rewards);
    assay_choices_release(&verdict->choices);
    assay_free(verdict->notes_folder);
    json_decref(verdict->notes);
    *verdict = (assay_verdict){0};
}

static assay_status store(const assay_verdict *verdict, assay_error *err)
{
    json_t *notes;
    ASSAY_TRY(assay_notes_load(verdict->notes_folder, &notes, err));
    if (!notes) notes = json_deep_copy(verdict->notes);
    bool good = notes && json_object_set_new(notes, "rewards", assay_reward_scale_json(&verdict->scale)) == 0;
    assay_status status = good ? assay_notes_save(notes, verdict->notes_folder, err)
                               : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for " ASSAY_NOTES_NAME);
    json_decref(notes);
    return status;
}

assay_status assay_verdict_store(const assay_verdict *verdict, const assay_log *log, char **path, assay_error *err)
{
    *path = NULL;
    if (!verdict->notes_folder)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--store needs a folder to keep the scale in, and the model is a single file: assay "
                               "convert makes a folder of it");
    *path = assay_path_join(verdict->notes_folder, ASSAY_NOTES_NAME);
    ASSAY_TRY_ALLOC(*path, "a path", err);
    assay_folder_lock lock;
    ASSAY_TRY(assay_folder_lock_take(&lock, verdict->notes_folder, log, err));
    assay_status status = store(verdict, err);
    assay_folder_lock_release(&lock);
    return status;
}
