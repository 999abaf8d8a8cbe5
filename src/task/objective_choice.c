/* What the pairs are decides; a run that lists or ties have changed says so, with the words that change it back. */
#include "task/objective_choice.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct pair_census {
    size_t lists, answers, ties, shares; /* answers: of the lists, all together */
    size_t singles;                      /* with labels */
    size_t graded;                       /* single answers with attributes */
    size_t stepped, steps;               /* answers in labelled steps, and these */
    size_t attributed;                   /* records of any kind with attributes */
} pair_census;

static bool has_attributes(const assay_pair *pair)
{
    bool any = pair->chosen_attributes.items || pair->rejected_attributes.items;
    for (size_t i = 0; i < pair->answer_count; i++) any |= pair->answers[i].attributes.items != NULL;
    return any;
}

static pair_census count(const assay_pair_set *pairs)
{
    pair_census census = {0};
    for (size_t i = 0; i < pairs->count; i++) {
        const assay_pair *pair = &pairs->pairs[i];
        bool graded = assay_pair_is_graded(pair);
        census.stepped += pair->step_labels != NULL;
        census.steps += pair->step_labels ? pair->chosen.count : 0;
        census.attributed += has_attributes(pair);
        census.graded += graded;
        census.singles += pair->single && !graded && !pair->step_labels;
        if (pair->single) continue;
        census.lists += pair->answers != NULL;
        census.answers += pair->answer_count;
        census.ties += pair->share == 0.5;
        census.shares += !isnan(pair->share) && pair->share != 0.5 && pair->share != 1;
    }
    return census;
}

static const char *suited(const pair_census *census)
{
    if (census->stepped) return "process";
    if (census->graded) return "regression";
    if (census->singles) return "bce";
    if (census->lists) return "all-pairs";
    return census->ties ? "rao-kupper" : census->shares ? "soft" : "bt";
}

static void say_auto(const pair_census *census, const assay_objective_settings *settings, size_t pairs,
                     const assay_log *log)
{
    if (census->stepped)
        assay_note(
            log,
            "%zu answers have %zu labelled steps: --objective process, the head tells right from wrong at the end "
            "of each step",
            census->stepped, census->steps);
    else if (census->graded)
        assay_note(log,
                   "%zu answers have attributes: --objective regression, the head gives a number for each of them and "
                   "the loss is the mean square error",
                   census->graded);
    else if (census->singles)
        assay_note(log, "%zu answers have labels of their own: --objective bce, the reward is the log-odds of good",
                   census->singles);
    else if (census->lists)
        assay_note(
            log,
            "%zu of %zu prompts have more than two answers: --objective all-pairs compares each of them with each "
            "other, and a prompt weighs 1; --objective bt takes the best and the worst alone%s",
            census->lists, pairs, census->attributed ? ", regression learns the answers' attributes" : "");
    else if (census->ties)
        assay_note(
            log,
            "%zu of %zu pairs are ties: --objective rao-kupper, tie parameter %s%g%s; --objective bt leaves them "
            "out",
            census->ties, pairs, settings->tie_learned ? "learned from " : "", settings->tie_parameter,
            settings->tie_learned ? " on" : "");
    else if (census->shares)
        assay_note(log,
                   "%zu of %zu pairs have shares of votes: --objective soft; --objective bt takes every share above "
                   "1/2 for a sure win",
                   census->shares, pairs);
}

static bool is_auto(const assay_options *options) { return !strcmp(options->objective, "auto"); }

assay_status assay_objective_begin(const assay_options *options, assay_objective_settings *settings, assay_error *err)
{
    return assay_objective_choose(options->objective, options->label_smoothing,
                                  is_auto(options) ? -1 : options->tie_parameter, settings, err);
}

/* What an objective is of, and what data that is of: for sentences. */
static const char *kind_of(const assay_objective *objective)
{
    return objective->of_steps        ? "learns from labelled steps"
           : objective->of_attributes ? "learns attributes"
           : objective->of_single     ? "is of single answers with labels"
                                      : "compares answers";
}

static assay_status refuse_kind(const assay_objective *objective, const char *data, const char *instead,
                                assay_error *err)
{
    return assay_error_set(err, ASSAY_E_USAGE, "--objective %s %s, and the data %s; leave it out, or give %s",
                           objective->name, kind_of(objective), data, instead);
}

/* A label of one answer, a comparison of two and an attribute ask different things of a number. */
static assay_status check_one_kind(const assay_pair_set *pairs, const pair_census *census, assay_error *err)
{
    size_t single = census->singles + census->graded + census->stepped;
    int kinds = (census->singles > 0) + (census->graded > 0) + (census->stepped > 0) + (single < pairs->count);
    char graded[64] = "", stepped[64] = "";
    if (kinds <= 1) return ASSAY_OK;
    if (census->graded) snprintf(graded, sizeof graded, ", %zu with attributes", census->graded);
    if (census->stepped) snprintf(stepped, sizeof stepped, ", %zu are answers in labelled steps", census->stepped);
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "%zu records are single answers with a label%s%s and %zu compare answers; train on one kind "
                           "at a time, the second run with --adapter",
                           census->singles, graded, stepped, pairs->count - single);
}

static assay_status check_kind(const assay_pair_set *pairs, const pair_census *census,
                               const assay_objective_settings *settings, assay_error *err)
{
    const assay_objective *objective = settings->objective;
    if (objective->of_attributes && census->attributed) return ASSAY_OK;
    ASSAY_TRY(check_one_kind(pairs, census, err));
    if (census->stepped && !objective->of_steps)
        return refuse_kind(objective, "is answers in labelled steps", "process", err);
    if (objective->of_steps && !census->stepped) return refuse_kind(objective, "has none", "auto", err);
    if (census->graded) return refuse_kind(objective, "is single answers with attributes", "regression", err);
    if (census->singles && !objective->of_single)
        return refuse_kind(objective, "has single answers with labels", "bce", err);
    if (!census->singles && !census->stepped && (objective->of_single || objective->of_attributes))
        return refuse_kind(objective, "compares answers", "bt", err);
    return ASSAY_OK;
}

assay_status assay_objective_settle(const assay_options *options, const assay_pair_set *pairs,
                                    assay_objective_settings *settings, const assay_log *log, assay_error *err)
{
    pair_census census = count(pairs);
    if (is_auto(options)) {
        ASSAY_TRY(
            assay_objective_choose(suited(&census), options->label_smoothing, options->tie_parameter, settings, err));
        ASSAY_TRY(check_one_kind(pairs, &census, err));
        say_auto(&census, settings, pairs->count, log);
        return ASSAY_OK;
    }
    ASSAY_TRY(check_kind(pairs, &census, settings, err));
    if (settings->objective->of_attributes && census.attributed < pairs->count)
        assay_note(log, "%zu of %zu records have no attributes and are left out", pairs->count - census.attributed,
                   pairs->count);
    if (census.lists && !assay_objective_reads_rows(settings))
        assay_note(log,
                   "--objective %s takes the best and the worst answer of %zu lists and leaves their other %zu answers "
                   "out; all-pairs, plackett-luce and first-best read them all",
                   assay_objective_name(settings), census.lists, census.answers - 2 * census.lists);
    return ASSAY_OK;
}
