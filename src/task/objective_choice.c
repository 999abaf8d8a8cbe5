/* What the pairs are decides; a run that lists or ties have changed says so, with the words that change it back. */
#include "task/objective_choice.h"

#include <math.h>
#include <string.h>

typedef struct pair_census {
    size_t lists, answers, ties, shares; /* answers: of the lists, all together */
} pair_census;

static pair_census count(const assay_pair_set *pairs)
{
    pair_census census = {0};
    for (size_t i = 0; i < pairs->count; i++) {
        const assay_pair *pair = &pairs->pairs[i];
        census.lists += pair->answers != NULL;
        census.answers += pair->answer_count;
        census.ties += pair->share == 0.5;
        census.shares += !isnan(pair->share) && pair->share != 0.5 && pair->share != 1;
    }
    return census;
}

static const char *suited(const pair_census *census)
{
    if (census->lists) return "all-pairs";
    return census->ties ? "rao-kupper" : census->shares ? "soft" : "bt";
}

static void say_auto(const pair_census *census, const assay_objective_settings *settings, size_t pairs,
                     const assay_log *log)
{
    if (census->lists)
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
                                  is_auto(options) ? -1 : options->tie_parameter, settings, err);
}

assay_status assay_objective_settle(const assay_options *options, const assay_pair_set *pairs,
                                    assay_objective_settings *settings, const assay_log *log, assay_error *err)
{
    pair_census census = count(pairs);
    if (is_auto(options)) {
        ASSAY_TRY(
            assay_objective_choose(suited(&census), options->label_smoothing, options->tie_parameter, settings, err));
        say_auto(&census, settings, pairs->count, log);
        return ASSAY_OK;
    }
    if (census.lists && !assay_objective_reads_rows(settings))
        assay_note(log,
                   "--objective %s takes the best and the worst answer of %zu lists and leaves their other %zu answers "
                   "out; all-pairs, plackett-luce and first-best read them all",
                   assay_objective_name(settings), census.lists, census.answers - 2 * census.lists);
    return ASSAY_OK;
}
