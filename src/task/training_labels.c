/* A label that nobody reads is said, not ignored: shares of votes and ties that the objective does not use, a margin
 * that it needs and is not there. */
#include "task/training_labels.h"

#include "base/alloc.h"

#include <math.h>

typedef struct label_count {
    size_t shares, margins, weights;
} label_count;

static label_count count_labels(const assay_example_set *set)
{
    label_count count = {0};
    for (size_t i = 0; i < set->count; i++) {
        count.shares += !isnan(set->items[i].share) ? 1 : 0;
        count.margins += !isnan(set->items[i].margin) ? 1 : 0;
        count.weights += set->items[i].weight != 1;
    }
    return count;
}

/* A pair scaled by less than nothing would be unlearned without bound. */
static assay_status check_scale(const assay_training *t, assay_error *err)
{
    const assay_pair_set *pairs = t->examples.pairs;
    for (size_t i = 0; i < t->examples.count; i++) {
        const assay_example *e = &t->examples.items[i];
        if (isnan(e->margin) || e->margin >= 0) continue;
        char *place = assay_pair_set_place(pairs, pairs->pairs[e->pair].place);
        assay_error_set(err, ASSAY_E_FORMAT,
                        "%s: the margin is %g, and --objective scaled-bt multiplies the loss by it; swap chosen and "
                        "rejected there, or give --objective bt",
                        place ? place : "a pair", e->margin);
        assay_free(place);
        return ASSAY_E_FORMAT;
    }
    return ASSAY_OK;
}

assay_status assay_training_say_labels(const assay_training *t, const assay_log *log, assay_error *err)
{
    const assay_objective *objective = t->settings.objective.objective;
    label_count count = count_labels(&t->examples);
    if (count.weights)
        assay_note(log, "%zu of %zu training pairs have a weight: the loss is their weighted mean", count.weights,
                   t->examples.count);
    size_t undecided = assay_example_set_dropped(&t->examples, ASSAY_DROP_UNDECIDED);
    if ((count.shares || undecided) && !objective->reads_labels)
        assay_warn(log,
                   "%zu training pairs are labelled with ties or shares of votes, which --objective %s does not read: "
                   "it takes %zu of them for sure wins of chosen and learns nothing from the other %zu; rao-kupper and "
                   "davidson model ties, soft the shares",
                   count.shares + undecided, objective->name, count.shares, undecided);
    if (!count.shares && objective->reads_labels && !objective->row)
        assay_warn(log,
                   "no training pair is labelled with a tie or a share of votes (fields tie and p): --objective %s "
                   "takes every pair for a sure win of chosen",
                   objective->name);
    if (!objective->scales_by_margin || t->settings.margin > 0) return ASSAY_OK;
    if (t->settings.margin == 0)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--objective %s multiplies the loss by the margin, which --margin off leaves out; give "
                               "one of them",
                               objective->name);
    if (!count.margins) assay_warn(log, "no training pair has a margin: --objective %s is bt then", objective->name);
    return check_scale(t, err);
}
