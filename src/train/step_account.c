#include "train/step_account.h"

#include "train/loss.h"

#include <math.h>

static bool is_single(const assay_example *example) { return example->count == 1; }

static bool counts(const assay_example *example)
{
    return is_single(example) ? example->share != 0.5 : !assay_share_is_undecided(example->share);
}

assay_step_pairs assay_step_pairs_of(const assay_train_settings *settings, const assay_example_set *examples,
                                     const uint32_t *picked, size_t count)
{
    assay_step_pairs step = {.picked = picked, .count = count};
    for (size_t i = 0; i < count; i++) {
        const assay_example *example = &examples->items[picked[i]];
        step.decided += counts(example);
        step.single |= is_single(example);
        step.good += is_single(example) && example->share > 0.5;
    }
    step.graded = settings->objective.objective && settings->objective.objective->of_attributes;
    step.weight = assay_loss_divisor(settings, examples, picked, count);
    return step;
}

static void account_single(assay_step_record *record, const assay_step_pairs *step, const assay_example *example,
                           double reward)
{
    bool good = example->share > 0.5;
    double right = reward == 0 ? 0.5 : (reward > 0) == good;
    if (counts(example)) record->accuracy += right / (double)step->decided;
    if (good) record->reward_chosen += reward / (double)step->good;
    else record->reward_rejected += reward / (double)(step->count - step->good);
}

static void account_compared(assay_step_record *record, const assay_step_pairs *step, const assay_example_set *examples,
                             const assay_example *example, const double *rewards)
{
    double pairs = (double)step->count, best = rewards[0], worst = rewards[example->count - 1];
    if (counts(example)) record->accuracy += assay_example_order(examples, example, rewards) / (double)step->decided;
    record->ties += best == worst;
    record->margin += (best - worst) / pairs;
    record->reward_chosen += best / pairs;
    record->reward_rejected += worst / pairs;
}

void assay_step_account(assay_step_record *record, const assay_step_pairs *step, const assay_example_set *examples,
                        const assay_example *example, const double *rewards)
{
    if (!step->graded && is_single(example)) account_single(record, step, example, rewards[0]);
    else if (!step->graded) account_compared(record, step, examples, example, rewards);
    record->tokens += assay_example_length(examples, example);
    record->tokens_shared += (example->count - 1) * example->shared;
}

void assay_step_account_end(assay_step_record *record, const assay_step_pairs *step)
{
    if (!step->decided || step->graded) record->accuracy = (double)NAN;
    if (step->graded) record->margin = record->reward_chosen = record->reward_rejected = (double)NAN;
    if (step->graded) return;
    if (!step->single) return;
    if (!step->good) record->reward_chosen = (double)NAN;
    if (step->good == step->count) record->reward_rejected = (double)NAN;
    record->margin = record->reward_chosen - record->reward_rejected;
}
