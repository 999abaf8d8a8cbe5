#include "data/split.h"

#include "base/text.h"
#include "data/hash_index.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

size_t assay_split_wanted(const assay_split_size *size, size_t pairs)
{
    if (pairs < 2) return 0;
    size_t wanted = (size_t)llround(size->share * (double)pairs);
    if (size->kind == ASSAY_SPLIT_AUTO) {
        wanted = pairs / 20 > 200 ? pairs / 20 : 200;
        if (wanted > pairs / 5) wanted = pairs / 5;
    }
    if (wanted < 1) wanted = 1;
    return wanted < pairs ? wanted : pairs - 1;
}

assay_status assay_prompt_keys(const assay_pair_set *pairs, uint64_t **keys, assay_error *err)
{
    assay_buf scratch;
    assay_buf_init(&scratch, SIZE_MAX / 4);
    *keys = assay_alloc(pairs->count, sizeof **keys);
    ASSAY_TRY_ALLOC(*keys, "the prompts' keys", err);
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < pairs->count && status == ASSAY_OK; i++)
        status = assay_prompt_key(&pairs->pairs[i].prompt, &scratch, *keys + i, err);
    assay_buf_release(&scratch);
    if (status == ASSAY_OK) return ASSAY_OK;
    assay_free(*keys);
    *keys = NULL;
    return status;
}

typedef struct prompt_group {
    uint64_t order, key; /* order: hash of seed and key */
    size_t pairs;
    bool eval;
} prompt_group;

typedef struct prompt_groups {
    prompt_group *items; /* sorted by order */
    size_t count;
    uint64_t *keys; /* a pair's */
} prompt_groups;

static int compare_groups(const void *a, const void *b)
{
    const prompt_group *x = a, *y = b;
    if (x->order != y->order) return x->order < y->order ? -1 : 1;
    return x->key < y->key ? -1 : x->key > y->key;
}

static void groups_release(prompt_groups *groups)
{
    assay_free(groups->items);
    assay_free(groups->keys);
    *groups = (prompt_groups){0};
}

static void count_groups(prompt_groups *groups, assay_hash_index *index, size_t pairs, uint64_t seed)
{
    for (size_t i = 0; i < pairs; i++) {
        uint64_t key = groups->keys[i];
        uint32_t at = assay_hash_index_add(index, key, (uint32_t)groups->count);
        if (at == groups->count)
            groups->items[groups->count++] =
                (prompt_group){XXH3_64bits_withSeed(&key, sizeof key, seed), key, 0, false};
        groups->items[at].pairs++;
    }
    if (groups->count) qsort(groups->items, groups->count, sizeof *groups->items, compare_groups);
}

static assay_status groups_make(prompt_groups *groups, const assay_pair_set *pairs, uint64_t seed, assay_error *err)
{
    assay_hash_index index;
    *groups = (prompt_groups){0};
    ASSAY_TRY(assay_prompt_keys(pairs, &groups->keys, err));
    assay_status status = assay_hash_index_init(&index, pairs->count, err);
    groups->items = status == ASSAY_OK ? assay_alloc(pairs->count, sizeof *groups->items) : NULL;
    if (status == ASSAY_OK && !groups->items)
        status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the prompts");
    if (status == ASSAY_OK) count_groups(groups, &index, pairs->count, seed);
    else groups_release(groups);
    assay_hash_index_release(&index);
    return status;
}

/* Never more than wanted, unless every group is larger than that: then the smallest. */
static void choose_groups(prompt_groups *groups, size_t wanted)
{
    size_t taken = 0, smallest = 0, chosen = 0;
    for (size_t i = 0; i < groups->count; i++) {
        prompt_group *group = groups->items + i;
        if (group->pairs < groups->items[smallest].pairs) smallest = i;
        if (group->pairs > wanted - taken || chosen + 1 == groups->count) continue;
        group->eval = true;
        taken += group->pairs;
        chosen++;
    }
    if (!taken) groups->items[smallest].eval = true;
}

static assay_status share_out(assay_split *split, const prompt_groups *groups, size_t pairs, assay_error *err)
{
    assay_hash_index eval;
    ASSAY_TRY(assay_hash_index_init(&eval, groups->count, err));
    for (size_t i = 0; i < groups->count; i++)
        if (groups->items[i].eval) assay_hash_index_add(&eval, groups->items[i].key, 0);
    split->train = assay_alloc(pairs, sizeof *split->train);
    split->eval = assay_alloc(pairs, sizeof *split->eval);
    bool room = split->train && split->eval;
    for (size_t i = 0; room && i < pairs; i++) {
        if (assay_hash_index_find(&eval, groups->keys[i]) != ASSAY_HASH_NONE)
            split->eval[split->eval_count++] = (uint32_t)i;
        else split->train[split->train_count++] = (uint32_t)i;
    }
    assay_hash_index_release(&eval);
    return room ? ASSAY_OK : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for the split");
}

assay_status assay_split_make(assay_split *split, const assay_pair_set *pairs, const assay_split_size *size,
                              uint64_t seed, assay_error *err)
{
    prompt_groups groups;
    *split = (assay_split){0};
    ASSAY_TRY(groups_make(&groups, pairs, seed, err));
    assay_status status = ASSAY_OK;
    if (groups.count < 2)
        status = assay_error_set(
            err, ASSAY_E_FORMAT,
            "%zu pairs with %zu prompts cannot be split by prompt; give evaluation pairs with --eval-data",
            pairs->count, groups.count);
    if (status == ASSAY_OK) {
        choose_groups(&groups, assay_split_wanted(size, pairs->count));
        split->prompts = groups.count;
        status = share_out(split, &groups, pairs->count, err);
    }
    groups_release(&groups);
    if (status != ASSAY_OK) assay_split_release(split);
    return status;
}

void assay_split_release(assay_split *split)
{
    assay_free(split->train);
    assay_free(split->eval);
    *split = (assay_split){0};
}

static bool same_answers(const assay_pair *a, const assay_pair *b)
{
    return assay_turns_equal(&a->chosen, &b->chosen) && assay_turns_equal(&a->rejected, &b->rejected);
}

static void collect_overlap(assay_overlap *overlap, const assay_pair_set *train, const assay_pair_set *eval,
                            const uint64_t *train_keys, const uint64_t *eval_keys, assay_hash_index *prompts,
                            assay_hash_index *whole)
{
    for (size_t i = 0; i < train->count; i++) {
        const assay_pair *pair = train->pairs + i;
        assay_hash_index_add(prompts, train_keys[i], (uint32_t)i);
        assay_hash_index_add(whole, assay_turns_key(&pair->rejected, assay_turns_key(&pair->chosen, train_keys[i])),
                             (uint32_t)i);
    }
    for (size_t i = 0; i < eval->count; i++) {
        const assay_pair *pair = eval->pairs + i;
        uint32_t prompt = assay_hash_index_find(prompts, eval_keys[i]);
        if (prompt == ASSAY_HASH_NONE) continue;
        uint32_t twin = assay_hash_index_find(
            whole, assay_turns_key(&pair->rejected, assay_turns_key(&pair->chosen, eval_keys[i])));
        bool exact = twin != ASSAY_HASH_NONE && same_answers(train->pairs + twin, pair);
        overlap->pairs++;
        overlap->exact += exact;
        if (overlap->listed == ASSAY_OVERLAP_LISTED) continue;
        overlap->train[overlap->listed] = exact ? twin : prompt;
        overlap->eval[overlap->listed++] = (uint32_t)i;
    }
}

assay_status assay_overlap_find(assay_overlap *overlap, const assay_pair_set *train, const assay_pair_set *eval,
                                assay_error *err)
{
    uint64_t *train_keys = NULL, *eval_keys = NULL;
    assay_hash_index prompts = {0}, whole = {0};
    *overlap = (assay_overlap){0};
    assay_status status = assay_prompt_keys(train, &train_keys, err);
    if (status == ASSAY_OK) status = assay_prompt_keys(eval, &eval_keys, err);
    if (status == ASSAY_OK) status = assay_hash_index_init(&prompts, train->count, err);
    if (status == ASSAY_OK) status = assay_hash_index_init(&whole, train->count, err);
    if (status == ASSAY_OK) collect_overlap(overlap, train, eval, train_keys, eval_keys, &prompts, &whole);
    assay_hash_index_release(&prompts);
    assay_hash_index_release(&whole);
    assay_free(train_keys);
    assay_free(eval_keys);
    return status;
}
