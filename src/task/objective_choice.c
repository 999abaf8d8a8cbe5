/* What the pairs are decides; a run that lists or ties have changed says so, with the words that change it back. */
#include "task/objective_choice.h"

#include <math.h>
#include <string.h>

typedef struct pair_census {
    size_t lists, answers, ties, shares; /* answers: of the lists, all together */
    size_t singles;
} pair_census;

static pair_census count(const assay_pair_set *pairs)
{
    pair_census census = {0};
    for (size_t i = 0; i < pairs->count; i++) {
        const assay_pair *pair = &pairs->pairs[i];
        census.singles += pair->single;
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
    if (census->singles) return "bce";
    if (census->lists) return "all-pairs";
    return census->ties ? "rao-kupper" : census->shares ? "soft" : "bt";
}

static void say_auto(const pair_census *census, const assay_objective_settings *settings, size_t pairs,
                     const assay_log *log)
{
    if (census->singles)
        assay_note(log, "%zu answers have labels of their own: --objective bce, the reward is the log-odds of good",
                   census->singles);
    else if (census->lists)
        assay_note(
            log,
            "%zu of %zu prompts have more than two answers: --objective all-pairs compares each of them with each "
            "other, and a prompt weighs 1; --objective bt takes the best and the worst alone",
            census->lists, pairs);
    else if (census->ties)
        assay_note(log,
                   "%zu of %zu pairs are ties: --objective rao-kupper, tie parameter %g; --objective bt leaves them "
                   "out",
                   census->ties, pairs, settings->tie_parameter);
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
                                  is_auto(options) && options->tie_parameter >= 0 ? -1 : options->tie_parameter,
                                  settings, err);
}

/* A label of one answer and a comparison of two ask different things of a reward. */
static assay_status check_kind(const assay_pair_set *pairs, const pair_census *census,
                               const assay_objective_settings *settings, assay_error *err)
{
    bool wanted = settings->objective->of_single;
    if (census->singles && census->singles < pairs->count)
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "%zu records are single answers with a label and %zu compare answers; train on one kind "
                               "at a time, the second run with --adapter",
                               census->singles, pairs->count - census->singles);
    if ((census->singles > 0) == wanted) return ASSAY_OK;
    return wanted ? assay_error_set(err, ASSAY_E_USAGE,
                                    "--objective %s is of single answers with labels, and the data compares answers; "
                                    "leave it out, or give bt",
                                    settings->objective->name)
                  : assay_error_set(err, ASSAY_E_USAGE,
                                    "--objective %s compares answers, and the data has single answers with labels; "
                                    "leave it out, or give bce",
                                    settings->objective->name);
}

assay_status assay_objective_settle(const assay_options *options, const assay_pair_set *pairs,
                                    assay_objective_settings *settings, const assay_log *log, assay_error *err)
{
    pair_census census = count(pairs);
    if (is_auto(options)) {
        ASSAY_TRY(
            assay_objective_choose(suited(&census), options->label_smoothing, options->tie_parameter, settings, err));
        ASSAY_TRY(check_kind(pairs, &census, settings, err));
        say_auto(&census, settings, pairs->count, log);
        return ASSAY_OK;
    }
    ASSAY_TRY(check_kind(pairs, &census, settings, err));
    if (census.lists && !assay_objective_reads_rows(settings))
        assay_note(log,
                   "--objective %s takes the best and the worst answer of %zu lists and leaves their other %zu answers "
                   "out; all-pairs, plackett-luce and first-best read them all",
                   assay_objective_name(settings), census.lists, census.answers - 2 * census.lists);
    return ASSAY_OK;
}
