/* The order of things: render everything, so that the longest text and the largest tree are known; plan one engine for
 * them; score the pairs, then the choices; and make the statistics once the model is closed again, so that --against
 * never holds two models. Several processes render all and score their shares; then all have all numbers, and the
 * statistics are those of one. */
#include "task/eval_judge.h"

#include "base/file.h"
#include "base/sizes.h"
#include "score/score_examples.h"
#include "task/eval_attributes.h"
#include "task/folder_lock.h"
#include "task/pair_input.h"
#include "task/shared_work.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

typedef struct judging {
    assay_verdict *verdict;
    const assay_eval_data *data;
    const assay_options *options;
    const assay_task_context *context;
    assay_scoring *scoring;
    assay_example_set set;
    assay_ids **answers; /* of each choice; NULL: left out */
    double *rewards;     /* of all pairs, then of all choices */
    size_t *choice_at;   /* where each choice's begin; one more: where they end */
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

static assay_status place_rewards(judging *j)
{
    size_t choices = j->data->choices.count, at = j->set.answer_count;
    j->choice_at = assay_alloc(choices + 1, sizeof *j->choice_at);
    ASSAY_TRY_ALLOC(j->choice_at, "choices", j->err);
    for (size_t i = 0; i < choices; i++) {
        j->choice_at[i] = at;
        at += j->answers[i] ? j->data->choices.items[i].count : 0;
    }
    j->choice_at[choices] = j->reward_count = at;
    j->rewards = assay_alloc(at, sizeof *j->rewards);
    ASSAY_TRY_ALLOC(j->rewards, "rewards", j->err);
    return ASSAY_OK;
}

static assay_status go_on(void *context, assay_error *err)
{
    const judging *j = context;
    return assay_comm_go_on(j->context->comm, j->context->interrupted, err);
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

static assay_status score_some_choices(void *context, size_t first, size_t count, assay_error *err)
{
    judging *j = context;
    for (size_t i = first; i < first + count; i++) {
        ASSAY_TRY(go_on(j, err));
        if (!j->answers[i]) continue;
        assay_status status =
            score_choice(j, j->answers[i], j->data->choices.items[i].count, j->rewards + j->choice_at[i]);
        if (status != ASSAY_OK) return assay_error_prefix(err, status, "choice %zu: ", i + 1);
    }
    return ASSAY_OK;
}

static size_t tokens_of_choice(const void *context, size_t item)
{
    const judging *j = context;
    size_t tokens = 1;
    for (size_t i = 0; j->answers[item] && i < j->data->choices.items[item].count; i++)
        tokens += j->answers[item][i].count;
    return tokens;
}

static size_t place_of_choice(const void *context, size_t item)
{
    const judging *j = context;
    return j->choice_at[item];
}

static assay_status score_choices(judging *j)
{
    const assay_shared_work work = {.comm = j->context->comm,
                                    .count = j->data->choices.count,
                                    .size = tokens_of_choice,
                                    .score = score_some_choices,
                                    .place = place_of_choice,
                                    .blocks = {{j->rewards, 1}},
                                    .context = j};
    return assay_shared_work_run(&work, j->err);
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

static assay_status score_some_pairs(void *context, size_t first, size_t count, assay_error *err)
{
    judging *j = context;
    const assay_score_watch watch = {go_on, j};
    return assay_score_examples(&j->scoring->batch, &j->set, first, count, &watch, j->rewards,
                                j->own_numbers ? j->numbers : NULL, err);
}

static size_t tokens_of_pair(const void *context, size_t item)
{
    const judging *j = context;
    return assay_example_tokens(&j->set, &j->set.items[item]);
}

static size_t place_of_pair(const void *context, size_t item)
{
    const judging *j = context;
    return item < j->set.count ? j->set.items[item].answers : j->set.answer_count;
}

static assay_status score_pairs(judging *j)
{
    const assay_shared_work work = {
        .comm = j->context->comm,
        .count = j->set.count,
        .size = tokens_of_pair,
        .score = score_some_pairs,
        .place = place_of_pair,
        .blocks = {{j->rewards, 1}, {j->own_numbers ? j->numbers : NULL, j->set.label_count}},
        .context = j};
    if (!j->data->pairs) return ASSAY_OK;
    ASSAY_TRY(assay_shared_work_run(&work, j->err));
    if (!j->own_numbers) spread_scores(j);
    for (size_t i = 0; i < j->set.answer_count; i++) {
        assay_status status = assay_score_batch_check(&j->scoring->batch, j->rewards[i], j->err);
        if (status != ASSAY_OK) return assay_error_prefix(j->err, status, "answer %zu: ", i + 1);
    }
    return ASSAY_OK;
}

static uint64_t hash_of_texts(const judging *j)
{
    uint64_t hash = j->set.id_count ? XXH3_64bits(j->set.ids, j->set.id_count * sizeof *j->set.ids) : 0;
    for (size_t i = 0; i < j->data->choices.count; i++)
        for (size_t a = 0; j->answers[i] && a < j->data->choices.items[i].count; a++)
            hash = XXH3_64bits_withSeed(j->answers[i][a].data, j->answers[i][a].count * sizeof *j->set.ids, hash);
    return hash;
}

/* Chosen, of what stands against 0; NaN: nothing is known that it could be judged by. */
static double towards_label(const judging *j, const assay_example *e)
{
    double reward = j->rewards[e->answers];
    const double *targets = j->set.targets + e->answers * j->set.label_count;
    if (e->share == 0.5) return (double)NAN;
    if (!isnan(e->share)) return e->share > 0.5 ? reward : -reward;
    return j->own_numbers && j->set.label_count && !isnan(targets[0]) ? -fabs(reward - targets[0]) : (double)NAN;
}

static assay_status judge_alone(judging *j)
{
    assay_verdict *v = j->verdict;
    size_t labelled = 0;
    v->alone = assay_alloc(j->set.count, sizeof *v->alone);
    ASSAY_TRY_ALLOC(v->alone, "answers", j->err);
    for (int graded = 0; graded < 2; graded++) {
        for (size_t i = 0; i < j->set.count; i++) {
            const assay_example *e = &j->set.items[i];
            double towards = e->count == 1 ? towards_label(j, e) : (double)NAN;
            if (isnan(towards) || isnan(e->share) != graded) continue;
            v->alone[v->alone_count++] =
                (assay_judged){.chosen = towards, .pair = e->pair, .subset = j->data->pairs->pairs[e->pair].subset};
        }
        if (!graded) labelled = v->alone_count;
    }
    return assay_subsets_make(&v->alone_subsets, v->alone, labelled, j->err);
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
    ASSAY_TRY(judge_alone(j));
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

/* All that one process may fail at alone. */
static assay_status prepare(judging *j)
{
    if (j->scoring->source->config.head.steps)
        return assay_error_set(j->err, ASSAY_E_UNSUPPORTED,
                               "%s: its head scores the steps of an answer, and the data has no answers in labelled "
                               "steps; assay score writes the scores of all steps",
                               j->scoring->source->checkpoint->name);
    ASSAY_TRY(keep_notes(j));
    ASSAY_TRY(render_pairs(j));
    ASSAY_TRY(render_choices(j));
    ASSAY_TRY(assay_scoring_engine(j->scoring, j->options, j->longest, j->tree, j->scored, NULL, j->err));
    ASSAY_TRY(make_numbers(j));
    return place_rewards(j);
}

static assay_status judge_all(judging *j)
{
    assay_comm *comm = j->context->comm;
    ASSAY_TRY(assay_scoring_open(&j->scoring, j->options, j->context, &(assay_scoring_wants){0}, j->err));
    ASSAY_TRY(assay_comm_agree(comm, prepare(j), NULL, j->err));
    if (assay_comm_size(comm) > 1) ASSAY_TRY(assay_comm_compare(comm, hash_of_texts(j), "the data", j->err));
    ASSAY_TRY(score_pairs(j));
    ASSAY_TRY(score_choices(j));
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
    assay_free(j.choice_at);
    assay_example_set_release(&j.set);
    assay_scoring_close(j.scoring);
    if (status != ASSAY_OK) assay_verdict_release(verdict);
    return status;
}

void assay_verdict_release(assay_verdict *verdict)
{
    assay_free(verdict->judged);
    assay_free(verdict->alone);
    assay_subsets_release(&verdict->alone_subsets);
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
