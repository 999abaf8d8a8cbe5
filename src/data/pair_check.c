#include "data/pair_check.h"

#include "data/attributes.h"

#include <math.h>

static assay_status check_answer(const assay_turns *answer, const char *side, assay_error *err)
{
    if (!answer->count) return assay_error_set(err, ASSAY_E_FORMAT, "%s has no message of its own", side);
    assay_role last = answer->items[answer->count - 1].role;
    if (last == ASSAY_ROLE_ASSISTANT || last == ASSAY_ROLE_TOOL_CALL) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT, "%s ends with a %s message and should end with the assistant's", side,
                           assay_role_name(last));
}

assay_status assay_pair_check_answers(const assay_pair *pair, assay_error *err)
{
    ASSAY_TRY(check_answer(&pair->chosen, "chosen", err));
    if (!pair->single) ASSAY_TRY(check_answer(&pair->rejected, "rejected", err));
    for (size_t i = 1; i + 1 < pair->answer_count; i++)
        ASSAY_TRY(check_answer(&pair->answers[i].turns, "an answer", err));
    return ASSAY_OK;
}

assay_status assay_pair_check_label(const assay_pair *pair, double own, assay_error *err)
{
    bool said = pair->share != own && !(isnan(pair->share) && isnan(own));
    if (pair->single && said)
        return assay_error_set(err, ASSAY_E_FORMAT,
                               "a tie or a share of votes (p, preference) is of two answers, and the line has one with "
                               "a label");
    bool all_equal = pair->answers && pair->answers[0].value == pair->answers[pair->answer_count - 1].value;
    if (!pair->answers || isnan(pair->share) || (all_equal && pair->share == 0.5)) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_FORMAT,
                           "a tie or a share of votes (p, preference) is of two answers, and the line has %zu",
                           pair->answer_count);
}

static bool any_step_known(const assay_pair *pair)
{
    for (size_t i = 0; i < pair->chosen.count; i++)
        if (!isnan(pair->step_labels[i])) return true;
    return false;
}

/* Of a list all answers, not its ends alone: which of equal worst ones is an end, the record's order decides. */
static bool all_equal(const assay_pair *pair)
{
    if (!assay_turns_equal(&pair->chosen, &pair->rejected)) return false;
    for (size_t i = 1; i < pair->answer_count; i++)
        if (!assay_turns_equal(&pair->answers[0].turns, &pair->answers[i].turns)) return false;
    return true;
}

assay_drop_reason assay_pair_judge(const assay_pair *pair)
{
    if (assay_turns_blank(&pair->chosen)) return ASSAY_DROP_EMPTY_CHOSEN;
    if (pair->step_labels && !any_step_known(pair)) return ASSAY_DROP_NO_LABEL;
    if (assay_pair_is_graded(pair) && !assay_attributes_known(&pair->chosen_attributes)) return ASSAY_DROP_NO_LABEL;
    if (pair->single) return ASSAY_DROP_COUNT;
    if (assay_turns_blank(&pair->rejected)) return ASSAY_DROP_EMPTY_REJECTED;
    for (size_t i = 1; i + 1 < pair->answer_count; i++)
        if (assay_turns_blank(&pair->answers[i].turns)) return ASSAY_DROP_EMPTY_ANSWER;
    if (pair->not_compared) return ASSAY_DROP_NOT_COMPARED;
    return all_equal(pair) ? ASSAY_DROP_IDENTICAL : ASSAY_DROP_COUNT;
}
