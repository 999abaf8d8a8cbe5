#include "task/training_steps.h"

#include "model/model_tensors.h"

#include <string.h>

static assay_status refuse(const char *option, const char *why, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_USAGE, "%s, and --objective process %s; leave it out", option, why);
}

static assay_status check_options(const assay_options *options, assay_error *err)
{
    if (options->num_labels > 0 && options->num_labels != 2)
        return refuse("--num-labels is given", "has two for a step, wrong and right", err);
    if (options->center > 0)
        return refuse("--center keeps rewards around 0", "has a probability for each step, not a reward", err);
    if (options->margin > 0) return refuse("--margin is a distance between two answers", "compares none", err);
    if (!strncmp(options->head_init, "tokens:", 7))
        return refuse("--head-init tokens: makes a head of one number", "has two numbers for a step", err);
    if (options->truncate == ASSAY_OPT_TRUNCATE_LEFT)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "--truncate left would cut what the first steps are judged by; --truncate right leaves "
                               "out the steps behind the maximum length, and without it such answers are left out");
    return ASSAY_OK;
}

/* What Transformers has no class for is read by Assay alone. */
static void say_class(const assay_training *t, const assay_log *log)
{
    const assay_architecture *arch = t->source->config.arch;
    if (!arch->token_head)
        assay_note(log,
                   "Transformers has no class for token classification of %s: what is saved is read by Assay, and by "
                   "others as the base and a linear layer beside it",
                   arch->title);
}

assay_status assay_training_take_steps(assay_training *t, const assay_options *options, const assay_log *log,
                                       assay_error *err)
{
    if (!t->settings.objective.objective->of_steps) return ASSAY_OK;
    ASSAY_TRY(check_options(options, err));
    ASSAY_TRY(assay_model_config_take_steps(t->source->checkpoint, t->source->adapter, &t->source->config, err));
    say_class(t, log);
    return ASSAY_OK;
}
