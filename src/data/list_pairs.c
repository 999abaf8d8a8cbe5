#include "data/list_pairs.h"

#include <math.h>

static assay_status add_couple(assay_pair_set *out, const assay_pair *list, size_t i, size_t j, assay_error *err)
{
    const assay_answer *better = &list->answers[i], *worse = &list->answers[j];
    bool equal = better->value == worse->value;
    if ((equal && !list->equal_is_tie) || assay_turns_equal(&better->turns, &worse->turns)) return ASSAY_OK;
    assay_pair pair = *list;
    pair.answers = NULL;
    pair.answer_count = 0;
    pair.chosen = better->turns;
    pair.rejected = worse->turns;
    pair.chosen_attributes = better->attributes;
    pair.rejected_attributes = worse->attributes;
    pair.share = equal ? 0.5 : (double)NAN;
    return assay_pair_set_add(out, &pair, err);
}

static assay_status add_couples(assay_pair_set *out, const assay_pair *list, assay_list_couples which, assay_error *err)
{
    if (which == ASSAY_LIST_ENDS) return add_couple(out, list, 0, list->answer_count - 1, err);
    for (size_t i = 0; i < list->answer_count; i++)
        for (size_t j = i + 1; j < list->answer_count; j++) ASSAY_TRY(add_couple(out, list, i, j, err));
    return ASSAY_OK;
}

assay_status assay_list_pairs(assay_pair_set *set, assay_list_couples which, assay_error *err)
{
    assay_pair_set made = {0};
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < set->count && status == ASSAY_OK; i++)
        status = set->pairs[i].answers ? add_couples(&made, &set->pairs[i], which, err)
                                       : assay_pair_set_add(&made, &set->pairs[i], err);
    if (status != ASSAY_OK) {
        assay_free(made.pairs);
        return status;
    }
    assay_free(set->pairs);
    set->pairs = made.pairs;
    set->count = made.count;
    set->capacity = made.capacity;
    return ASSAY_OK;
}
