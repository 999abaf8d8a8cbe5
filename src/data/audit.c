#include "data/audit.h"

#include "base/sizes.h"
#include "base/wilson.h"
#include "data/twins.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare_sizes(const void *a, const void *b)
{
    size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return x < y ? -1 : x > y;
}

static double percentile(const size_t *sorted, size_t count, double share)
{
    double at = share * (double)(count - 1);
    size_t below = (size_t)at;
    size_t above = below + 1 < count ? below + 1 : below;
    return (double)sorted[below] + (at - (double)below) * ((double)sorted[above] - (double)sorted[below]);
}

void assay_length_stats_of(assay_length_stats *stats, size_t *values, size_t count)
{
    *stats = (assay_length_stats){.count = count};
    if (!count) return;
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += (double)values[i];
    qsort(values, count, sizeof *values, compare_sizes);
    stats->mean = sum / (double)count;
    stats->median = percentile(values, count, 0.5);
    stats->p95 = percentile(values, count, 0.95);
    stats->max = values[count - 1];
}

/* `other` may be NULL. */
static assay_status note_finding(assay_finding *finding, const assay_pair_set *set, assay_place place,
                                 const assay_pair_set *other_set, const assay_place *other, assay_error *err)
{
    if (!assay_finding_count(finding)) return ASSAY_OK;
    char *text = assay_pair_set_place(set, place);
    if (other && other_set && text) {
        char *first = assay_pair_set_place(other_set, *other);
        char *both = first ? assay_strfmt("%s and %s", first, text) : NULL;
        assay_free(first);
        assay_free(text);
        text = both;
    }
    return assay_finding_list(finding, text, err);
}

static bool is_multi_turn(const assay_turns *prompt)
{
    size_t system = prompt->count && prompt->items[0].role == ASSAY_ROLE_SYSTEM;
    return prompt->count - system > 1;
}

static void count_list(assay_audit_lists *lists, const assay_pair *pair)
{
    size_t count = pair->answer_count;
    if (!pair->answers) return;
    lists->fewest = lists->count ? assay_smaller(lists->fewest, count) : count;
    lists->most = assay_larger(lists->most, count);
    lists->count++;
    lists->answers += count;
    lists->decided += pair->answers[0].value != pair->answers[count - 1].value;
    for (size_t i = 0; i < count; i++)
        for (size_t j = i + 1; j < count; j++) {
            bool equal = pair->answers[i].value == pair->answers[j].value;
            lists->compared += !equal;
            lists->ties += equal && pair->equal_is_tie;
        }
}

static assay_status count_pairs(assay_audit *audit, const assay_pair_set *set, assay_error *err)
{
    double sum = 0;
    for (size_t i = 0; i < set->count; i++) {
        const assay_pair *pair = set->pairs + i;
        audit->by_format[pair->format]++;
        audit->multi_turn += is_multi_turn(&pair->prompt);
        audit->tied += !pair->single && pair->share == 0.5;
        audit->shares += !pair->single && !isnan(pair->share) && pair->share != 0.5;
        audit->graded += assay_pair_is_graded(pair);
        audit->singles += pair->single && !assay_pair_is_graded(pair);
        audit->good += pair->single && pair->share > 0.5;
        count_list(&audit->lists, pair);
        if (assay_turns_blank(&pair->prompt))
            ASSAY_TRY(note_finding(&audit->empty_prompts, set, pair->place, NULL, NULL, err));
        if (isnan(pair->margin)) continue;
        audit->margin_min = audit->margins ? fmin(audit->margin_min, pair->margin) : pair->margin;
        audit->margin_max = audit->margins ? fmax(audit->margin_max, pair->margin) : pair->margin;
        audit->margins_negative += pair->margin < 0;
        audit->margins++;
        sum += pair->margin;
    }
    if (audit->margins) audit->margin_mean = sum / (double)audit->margins;
    return ASSAY_OK;
}

static assay_status count_faults(assay_audit *audit, const assay_pair_set *set, const assay_example_set *examples,
                                 assay_error *err)
{
    for (size_t i = 0; i < set->drop_count; i++)
        ASSAY_TRY(note_finding(audit->dropped + set->drops[i].reason, set, set->drops[i].place, NULL, NULL, err));
    for (size_t i = 0; examples && i < examples->drop_count; i++) {
        const assay_example_drop *drop = examples->drops + i;
        ASSAY_TRY(note_finding(audit->dropped + drop->reason, set, set->pairs[drop->pair].place, NULL, NULL, err));
    }
    audit->bad_lines = set->bad_count;
    for (size_t i = 0; i < set->bad_count && i < ASSAY_FINDING_PLACES; i++) {
        audit->bad[i] = assay_strdup(set->bad[i]);
        ASSAY_TRY_ALLOC(audit->bad[i], "a message", err);
    }
    return ASSAY_OK;
}

static assay_status note_twins(assay_audit *audit, const assay_pair_set *set, const assay_twins *twins,
                               assay_error *err)
{
    for (size_t i = 0; i < set->count; i++) {
        uint32_t opposite = twins->opposite[i], same = twins->same[i];
        assay_place place = set->pairs[i].place;
        if (opposite != ASSAY_HASH_NONE)
            ASSAY_TRY(note_finding(&audit->contradictions, set, place, set, &set->pairs[opposite].place, err));
        if (same != ASSAY_HASH_NONE)
            ASSAY_TRY(note_finding(&audit->duplicates, set, place, set, &set->pairs[same].place, err));
    }
    return ASSAY_OK;
}

static assay_status count_prompts(assay_audit *audit, const assay_pair_set *set, assay_error *err)
{
    uint64_t *keys;
    assay_hash_index prompts = {0};
    ASSAY_TRY(assay_prompt_keys(set, &keys, err));
    assay_status status = assay_hash_index_init(&prompts, set->count, err);
    for (size_t i = 0; i < set->count && status == ASSAY_OK; i++)
        audit->prompts += assay_hash_index_add(&prompts, keys[i], (uint32_t)i) == i;
    assay_hash_index_release(&prompts);
    assay_free(keys);
    return status;
}

static assay_status count_twins(assay_audit *audit, const assay_pair_set *set, assay_error *err)
{
    assay_twins twins;
    ASSAY_TRY(assay_twins_find(&twins, set, err));
    assay_status status = note_twins(audit, set, &twins, err);
    assay_twins_release(&twins);
    return status == ASSAY_OK ? count_prompts(audit, set, err) : status;
}

/* Both sorted. The number of (chosen, rejected) couples in which chosen is longer, ties half, over all couples. */
static double auc_of_sorted(const size_t *chosen, const size_t *rejected, size_t count)
{
    double wins = 0;
    size_t below = 0, upto = 0;
    for (size_t i = 0; i < count; i++) {
        while (below < count && rejected[below] < chosen[i]) below++;
        while (upto < count && rejected[upto] <= chosen[i]) upto++;
        wins += ((double)below + (double)upto) / 2;
    }
    return wins / ((double)count * (double)count);
}

static void judge_lengths(assay_audit *audit)
{
    size_t decided = audit->longer + audit->shorter;
    audit->longer_wins = decided ? (double)audit->longer / (double)decided : (double)NAN;
    assay_wilson_interval((double)audit->longer, (double)decided, &audit->longer_wins_low, &audit->longer_wins_high);
    double longer = ((double)audit->longer + (double)audit->ties / 2) / (double)(decided + audit->ties);
    audit->length_accuracy = audit->pairs ? fmax(longer, 1 - longer) : (double)NAN;
}

/* A single answer has no other side: it is among the chosen lengths, and nobody compared it. */
static assay_status measure_characters(assay_audit *audit, const assay_pair_set *set, assay_error *err)
{
    size_t count = set->count, pairs = 0;
    size_t *lengths = assay_alloc(count, 3 * sizeof *lengths);
    ASSAY_TRY_ALLOC(lengths, "the lengths", err);
    size_t *prompt = lengths, *chosen = lengths + count, *rejected = lengths + 2 * count;
    for (size_t i = 0; i < count; i++) {
        const assay_pair *pair = &set->pairs[i];
        prompt[i] = assay_turns_length(&pair->prompt);
        chosen[i] = assay_turns_length(&pair->chosen);
        if (pair->single) continue;
        rejected[pairs++] = assay_turns_length(&pair->rejected);
        if (pair->share <= 0.5) continue; /* nobody called chosen the better one */
        audit->longer += chosen[i] > rejected[pairs - 1];
        audit->shorter += chosen[i] < rejected[pairs - 1];
        audit->ties += chosen[i] == rejected[pairs - 1];
    }
    assay_length_stats_of(&audit->prompt_characters, prompt, count);
    assay_length_stats_of(&audit->chosen_characters, chosen, count);
    assay_length_stats_of(&audit->rejected_characters, rejected, pairs);
    audit->length_auc = pairs && pairs == count ? auc_of_sorted(chosen, rejected, count) : (double)NAN;
    judge_lengths(audit);
    assay_free(lengths);
    return ASSAY_OK;
}

static assay_status measure_tokens(assay_audit *audit, const assay_example_set *examples, assay_error *err)
{
    size_t count = examples->count, pairs = 0;
    size_t *lengths = assay_alloc(count, 3 * sizeof *lengths);
    ASSAY_TRY_ALLOC(lengths, "the lengths", err);
    size_t *chosen = lengths, *rejected = lengths + count, *shared = lengths + 2 * count;
    for (size_t i = 0; i < count; i++) {
        const assay_example *example = examples->items + i;
        chosen[i] = assay_example_best(examples, example)->count;
        if (example->count > 1) rejected[pairs++] = assay_example_worst(examples, example)->count;
        shared[i] = example->shared;
        audit->tokens += assay_example_tokens(examples, example);
        audit->tokens_shared += (example->count - 1) * example->shared;
    }
    assay_length_stats_of(&audit->chosen_tokens, chosen, count);
    assay_length_stats_of(&audit->rejected_tokens, rejected, pairs);
    assay_length_stats_of(&audit->shared_tokens, shared, count);
    audit->has_tokens = true;
    audit->truncated = examples->truncated;
    assay_free(lengths);
    return ASSAY_OK;
}

static assay_status measure_leakage(assay_audit *audit, const assay_pair_set *train, const assay_pair_set *eval,
                                    assay_error *err)
{
    assay_overlap overlap;
    ASSAY_TRY(assay_overlap_find(&overlap, train, eval, err));
    audit->has_eval = true;
    audit->eval_pairs = eval->count;
    for (size_t i = 0; i < overlap.listed; i++)
        ASSAY_TRY(note_finding(&audit->in_both, eval, eval->pairs[overlap.eval[i]].place, train,
                               &train->pairs[overlap.train[i]].place, err));
    audit->in_both.count = overlap.pairs;
    return ASSAY_OK;
}

static bool is_forged(const assay_template *chosen, const assay_pair *pair)
{
    return assay_template_forged(chosen, pair->prompt.items, pair->prompt.count) ||
           assay_template_forged(chosen, pair->chosen.items, pair->chosen.count) ||
           assay_template_forged(chosen, pair->rejected.items, pair->rejected.count);
}

static assay_status count_control_tokens(assay_audit *audit, const assay_pair_set *set, const assay_template *chosen,
                                         assay_error *err)
{
    audit->has_control = true;
    for (size_t i = 0; i < set->count; i++)
        if (is_forged(chosen, set->pairs + i))
            ASSAY_TRY(note_finding(&audit->control_tokens, set, set->pairs[i].place, NULL, NULL, err));
    return ASSAY_OK;
}

static assay_status make(assay_audit *audit, const assay_pair_set *pairs, const assay_example_set *examples,
                         const assay_pair_set *eval, const assay_template *chosen, assay_error *err)
{
    if (chosen) ASSAY_TRY(count_control_tokens(audit, pairs, chosen, err));
    ASSAY_TRY(count_pairs(audit, pairs, err));
    ASSAY_TRY(count_faults(audit, pairs, examples, err));
    ASSAY_TRY(count_twins(audit, pairs, err));
    ASSAY_TRY(measure_characters(audit, pairs, err));
    if (examples) ASSAY_TRY(measure_tokens(audit, examples, err));
    return eval ? measure_leakage(audit, pairs, eval, err) : ASSAY_OK;
}

assay_status assay_audit_make(assay_audit *audit, const assay_pair_set *pairs, const assay_example_set *examples,
                              const assay_pair_set *eval, const assay_template *chosen, assay_error *err)
{
    *audit = (assay_audit){.files = pairs->file_count,
                           .pairs = pairs->count,
                           .records = pairs->count + pairs->drop_count + pairs->bad_count};
    assay_status status = make(audit, pairs, examples, eval, chosen, err);
    if (status != ASSAY_OK) assay_audit_release(audit);
    return status;
}

void assay_audit_release(assay_audit *audit)
{
    for (size_t i = 0; i < ASSAY_FINDING_PLACES; i++) assay_free(audit->bad[i]);
    for (size_t i = 0; i < ASSAY_DROP_COUNT; i++) assay_finding_release(audit->dropped + i);
    assay_finding_release(&audit->empty_prompts);
    assay_finding_release(&audit->duplicates);
    assay_finding_release(&audit->contradictions);
    assay_finding_release(&audit->control_tokens);
    assay_finding_release(&audit->in_both);
    *audit = (assay_audit){0};
}
