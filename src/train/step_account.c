#include "train/step_account.h"

#include "train/loss.h"

#include <math.h>

static bool is_single(const assay_example *example) { return example->count == 1 && !example->steps; }

static bool counts(const assay_example *example)
{
    return is_single(example) ? example->share != 0.5 : !assay_share_is_undecided(example->share);
}

static void count_steps(assay_step_pairs *step, const assay_example_set *examples, const assay_example *example)
{
    for (size_t i = 0; i < example->count; i++) {
        double label = examples->values[example->answers + i];
        step->decided += label > 0.5 || label < 0.5;
        step->good += label > 0.5;
    }
    step->of_steps = true;
}

assay_step_pairs assay_step_pairs_of(const assay_train_settings *settings, const assay_example_set *examples,
                                     const uint32_t *picked, size_t count)
{
    assay_step_pairs step = {.picked = picked, .count = count};
    for (size_t i = 0; i < count; i++) {
        const assay_example *example = &examples->items[picked[i]];
        if (example->steps) {
            count_steps(&step, examples, example);
            continue;
        }
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

/* logits: of each step that of wrong, then that of right. An answer is met where the first step that is called wrong is
 * the first that is labelled so, or there is neither. */
static void account_steps(assay_step_record *record, const assay_step_pairs *step, const assay_example_set *examples,
                          const assay_example *example, const double *logits)
{
    size_t first_called = example->count, first_wrong = example->count;
    for (size_t i = example->count; i-- > 0;) {
        double label = examples->values[example->answers + i], odds = logits[2 * i + 1] - logits[2 * i];
        double share = 1 / (1 + exp(-odds));
        if (odds < 0) first_called = i;
        if (label < 0.5) first_wrong = i;
        if (label > 0.5) record->reward_chosen += share / (double)step->good;
        if (label < 0.5) record->reward_rejected += share / (double)(step->decided - step->good);
        bool decided = label > 0.5 || label < 0.5;
        if (decided) record->accuracy += ((odds >= 0) == (label > 0.5)) / (double)step->decided;
    }
    record->first_error += (first_called == first_wrong) / (double)step->count;
}

void assay_step_account(assay_step_record *record, const assay_step_pairs *step, const assay_example_set *examples,
                        const assay_example *example, const double *rewards)
{
    if (example->steps) account_steps(record, step, examples, example, rewards);
    else if (!step->graded && is_single(example)) account_single(record, step, example, rewards[0]);
    else if (!step->graded) account_compared(record, step, examples, example, rewards);
    record->tokens += assay_example_length(examples, example);
    record->tokens_shared += (example->count - 1) * example->shared;
}

void assay_step_account_end(assay_step_record *record, const assay_step_pairs *step)
{
    if (!step->decided || step->graded) record->accuracy = (double)NAN;
    if (step->graded) record->margin = record->reward_chosen = record->reward_rejected = (double)NAN;
    if (step->graded) return;
    if (!step->single && !step->of_steps) return;
    if (!step->good) record->reward_chosen = (double)NAN;
    if (step->good == (step->of_steps ? step->decided : step->count)) record->reward_rejected = (double)NAN;
    record->margin = record->reward_chosen - record->reward_rejected;
}
