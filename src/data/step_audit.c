#include "data/step_audit.h"

#include "base/sizes.h"
#include "data/hash_index.h"

#include <math.h>

/* `first` and its set may be NULL. */
static assay_status note(assay_finding *finding, const assay_step_set *set, const assay_step_answer *answer,
                         const assay_step_set *first_set, const assay_step_answer *first, assay_error *err)
{
    if (!assay_finding_count(finding)) return ASSAY_OK;
    char *text = assay_step_set_place(set, answer);
    if (first && first_set && text) {
        char *before = assay_step_set_place(first_set, first);
        char *both = before ? assay_strfmt("%s and %s", before, text) : NULL;
        assay_free(before);
        assay_free(text);
        text = both;
    }
    return assay_finding_list(finding, text, err);
}

/* ---- labels ---- */

static void count_labels(assay_step_audit *audit, const assay_step_answer *answer)
{
    size_t judged = assay_step_answer_judged(answer), wrong = answer->steps.count;
    for (size_t i = 0; i < answer->steps.count; i++) {
        double label = answer->labels[i];
        audit->right += label == 1;
        audit->wrong += label == 0;
        audit->between += label > 0 && label < 1;
        audit->unlabelled += isnan(label) != 0;
        audit->gaps += isnan(label) && i < judged;
        if (label < 0.5 && i < wrong) wrong = i;
    }
    audit->behind += judged ? answer->steps.count - judged : 0;
    audit->answers_unlabelled += !judged;
    if (wrong < answer->steps.count) audit->first_errors[wrong]++;
    audit->answers_wrong += wrong < answer->steps.count;
    audit->answers_right += judged && wrong == answer->steps.count;
}

static assay_status count_answers(assay_step_audit *audit, const assay_step_set *set, assay_error *err)
{
    for (size_t i = 0; i < set->count; i++) {
        size_t steps = set->items[i].steps.count;
        audit->steps += steps;
        audit->fewest = i ? assay_smaller(audit->fewest, steps) : steps;
        audit->most = assay_larger(audit->most, steps);
    }
    audit->first_errors = assay_alloc(audit->most, sizeof *audit->first_errors);
    ASSAY_TRY_ALLOC(audit->first_errors, "the places of first errors", err);
    for (size_t i = 0; i < set->count; i++) {
        const assay_step_answer *answer = &set->items[i];
        count_labels(audit, answer);
        audit->by_format[answer->format]++;
        audit->neutral += answer->neutral;
        audit->others += answer->others;
        if (assay_turns_blank(&answer->prompt)) ASSAY_TRY(note(&audit->empty_prompts, set, answer, NULL, NULL, err));
    }
    return ASSAY_OK;
}

static assay_status count_faults(assay_step_audit *audit, const assay_step_set *set, assay_error *err)
{
    audit->bad_lines = set->bad_count;
    for (size_t i = 0; i < set->bad_count && i < ASSAY_FINDING_PLACES; i++)
        ASSAY_TRY_ALLOC(audit->bad[i] = assay_strdup(set->bad[i]), "a message", err);
    audit->empty_steps.count = set->empty.count;
    for (size_t i = 0; i < set->empty.listed; i++)
        ASSAY_TRY(assay_finding_list(&audit->empty_steps, assay_strdup(set->empty.places[i]), err));
    return ASSAY_OK;
}

/* ---- repeats ---- */

/* Of the same steps: is one of them right here and wrong there? */
static bool says_opposite(const assay_step_answer *a, const assay_step_answer *b)
{
    if (a->steps.count != b->steps.count) return false;
    for (size_t i = 0; i < a->steps.count; i++)
        if ((a->labels[i] > 0.5 && b->labels[i] < 0.5) || (a->labels[i] < 0.5 && b->labels[i] > 0.5)) return true;
    return false;
}

static assay_status index_prompts(assay_hash_index *index, const assay_step_set *set, size_t *different,
                                  assay_error *err)
{
    assay_buf scratch;
    assay_buf_init(&scratch, SIZE_MAX / 4);
    assay_status status = assay_hash_index_init(index, set->count, err);
    for (size_t i = 0; i < set->count && status == ASSAY_OK; i++) {
        uint64_t key;
        status = assay_prompt_key(&set->items[i].prompt, &scratch, &key, err);
        if (status == ASSAY_OK) *different += assay_hash_index_add(index, key, (uint32_t)i) == i;
    }
    assay_buf_release(&scratch);
    return status;
}

static assay_status find_twins(assay_step_audit *audit, const assay_step_set *set, assay_hash_index *index,
                               assay_error *err)
{
    for (size_t i = 0; i < set->count; i++) {
        const assay_step_answer *answer = &set->items[i];
        uint64_t key = assay_turns_key(&answer->steps, assay_turns_key(&answer->prompt, 0));
        uint32_t first = assay_hash_index_add(index, key, (uint32_t)i);
        if (first == i) continue;
        bool opposite = says_opposite(&set->items[first], answer);
        assay_finding *finding = opposite ? &audit->contradictions : &audit->duplicates;
        ASSAY_TRY(note(finding, set, answer, set, &set->items[first], err));
    }
    return ASSAY_OK;
}

static assay_status count_twins(assay_step_audit *audit, const assay_step_set *set, assay_error *err)
{
    assay_hash_index answers = {0};
    assay_status status = assay_hash_index_init(&answers, set->count, err);
    if (status == ASSAY_OK) status = find_twins(audit, set, &answers, err);
    assay_hash_index_release(&answers);
    return status;
}

static assay_status find_leaks(assay_step_audit *audit, const assay_hash_index *prompts, const assay_step_set *set,
                               const assay_step_set *eval, assay_buf *scratch, assay_error *err)
{
    for (size_t i = 0; i < eval->count; i++) {
        uint64_t key;
        ASSAY_TRY(assay_prompt_key(&eval->items[i].prompt, scratch, &key, err));
        uint32_t first = assay_hash_index_find(prompts, key);
        if (first != ASSAY_HASH_NONE)
            ASSAY_TRY(note(&audit->in_both, eval, &eval->items[i], set, &set->items[first], err));
    }
    return ASSAY_OK;
}

static assay_status count_prompts(assay_step_audit *audit, const assay_step_set *set, const assay_step_set *eval,
                                  assay_error *err)
{
    assay_hash_index prompts = {0};
    assay_buf scratch;
    assay_buf_init(&scratch, SIZE_MAX / 4);
    assay_status status = index_prompts(&prompts, set, &audit->prompts, err);
    if (status == ASSAY_OK && eval) {
        audit->has_eval = true;
        audit->eval_answers = eval->count;
        status = find_leaks(audit, &prompts, set, eval, &scratch, err);
    }
    assay_buf_release(&scratch);
    assay_hash_index_release(&prompts);
    return status;
}

/* ---- lengths ---- */

static assay_status measure(assay_step_audit *audit, const assay_step_set *set, assay_error *err)
{
    size_t *prompts = assay_alloc(set->count + 1, sizeof *prompts),
           *steps = assay_alloc(audit->steps + 1, sizeof *steps);
    size_t count = 0;
    for (size_t i = 0; i < set->count && prompts && steps; i++) {
        const assay_step_answer *answer = &set->items[i];
        prompts[i] = assay_turns_length(&answer->prompt);
        for (size_t k = 0; k < answer->steps.count; k++)
            steps[count++] = assay_turns_length(&(assay_turns){.items = &answer->steps.items[k], .count = 1});
    }
    bool made = prompts && steps;
    if (made) {
        assay_length_stats_of(&audit->prompt_length, prompts, set->count);
        assay_length_stats_of(&audit->step_length, steps, count);
    }
    assay_free(prompts);
    assay_free(steps);
    return made ? ASSAY_OK : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the lengths");
}

static assay_status make(assay_step_audit *audit, const assay_step_set *set, const assay_step_set *eval,
                         assay_error *err)
{
    ASSAY_TRY(count_answers(audit, set, err));
    ASSAY_TRY(count_faults(audit, set, err));
    ASSAY_TRY(count_twins(audit, set, err));
    ASSAY_TRY(count_prompts(audit, set, eval, err));
    return measure(audit, set, err);
}

assay_status assay_step_audit_make(assay_step_audit *audit, const assay_step_set *set, const assay_step_set *eval,
                                   assay_error *err)
{
    *audit =
        (assay_step_audit){.files = set->file_count, .records = set->count + set->bad_count, .answers = set->count};
    assay_status status = make(audit, set, eval, err);
    if (status != ASSAY_OK) assay_step_audit_release(audit);
    return status;
}

void assay_step_audit_release(assay_step_audit *audit)
{
    for (size_t i = 0; i < ASSAY_FINDING_PLACES; i++) assay_free(audit->bad[i]);
    assay_finding_release(&audit->empty_steps);
    assay_finding_release(&audit->empty_prompts);
    assay_finding_release(&audit->duplicates);
    assay_finding_release(&audit->contradictions);
    assay_finding_release(&audit->in_both);
    assay_free(audit->first_errors);
    *audit = (assay_step_audit){0};
}
