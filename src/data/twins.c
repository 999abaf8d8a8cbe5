/* Two keys a record: of what it says, and of what it is about. The first tells repeats. The second brings together
 * records of the same answers in whatever order, which are then compared couple by couple. */
#include "data/twins.h"

#include "base/alloc.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

typedef struct answer_view {
    uint64_t key;
    double value; /* the larger, the better */
} answer_view;

static size_t count_of(const assay_pair *pair) { return pair->answers ? pair->answer_count : pair->single ? 1 : 2; }

static answer_view view(const assay_pair *pair, size_t i)
{
    double share = isnan(pair->share) ? 1 : pair->share;
    if (pair->answers) return (answer_view){assay_turns_key(&pair->answers[i].turns, 0), pair->answers[i].value};
    return (answer_view){assay_turns_key(i == 0 ? &pair->chosen : &pair->rejected, 0), i == 0 ? share : 1 - share};
}

static uint64_t with(uint64_t key, double value) { return XXH3_64bits_withSeed(&value, sizeof value, key); }

/* What a single answer's label says. */
static uint64_t with_label(uint64_t key, const assay_pair *pair)
{
    const assay_attributes *attributes = &pair->chosen_attributes;
    if (!attributes->items) return with(key, pair->share > 0.5 ? 1 : pair->share == 0.5 ? 0.5 : 0);
    for (size_t i = 0; i < attributes->count; i++) {
        const assay_attribute *one = &attributes->items[i];
        if (isnan(one->value)) continue;
        key = with(XXH3_64bits_withSeed(one->name, strlen(one->name), key), one->value);
    }
    return key;
}

/* Of the answers in order: of pairs and lists the order is what they say. */
static uint64_t key_of_order(const assay_pair *pair)
{
    uint64_t key = assay_turns_key(&pair->prompt, count_of(pair));
    for (size_t i = 0; i < count_of(pair); i++) {
        answer_view answer = view(pair, i);
        key = XXH3_64bits_withSeed(&answer.key, sizeof answer.key, key);
    }
    return pair->single ? with_label(key, pair) : key;
}

/* A sum does not know the order. */
static uint64_t key_of_answers(const assay_pair *pair)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count_of(pair); i++) sum += view(pair, i).key;
    return XXH3_64bits_withSeed(&sum, sizeof sum, assay_turns_key(&pair->prompt, count_of(pair)));
}

static double value_in(const assay_pair *pair, uint64_t key)
{
    for (size_t i = 0; i < count_of(pair); i++) {
        answer_view answer = view(pair, i);
        if (answer.key == key) return answer.value;
    }
    return (double)NAN;
}

static bool orders_otherwise(const assay_pair *a, const assay_pair *b)
{
    for (size_t i = 0; i < count_of(a); i++)
        for (size_t j = i + 1; j < count_of(a); j++) {
            answer_view x = view(a, i), y = view(a, j);
            double here = x.value - y.value, there = value_in(b, x.key) - value_in(b, y.key);
            if (here * there < 0) return true;
        }
    return false;
}

static bool grades_otherwise(const assay_attributes *a, const assay_attributes *b)
{
    for (size_t i = 0; i < a->count; i++)
        for (size_t j = 0; j < b->count; j++) {
            const assay_attribute *x = &a->items[i], *y = &b->items[j];
            bool known = !isnan(x->value) && !isnan(y->value);
            if (known && x->value != y->value && !strcmp(x->name, y->name)) return true;
        }
    return false;
}

static bool says_opposite(const assay_pair *a, const assay_pair *b)
{
    if (a->single != b->single) return false;
    if (!a->single) return orders_otherwise(a, b);
    if (a->chosen_attributes.items) return grades_otherwise(&a->chosen_attributes, &b->chosen_attributes);
    return (a->share > 0.5 && b->share < 0.5) || (a->share < 0.5 && b->share > 0.5);
}

static void find(assay_twins *twins, const assay_pair_set *set, assay_hash_index *orders, assay_hash_index *answers)
{
    for (size_t i = 0; i < set->count; i++) {
        const assay_pair *pair = &set->pairs[i];
        uint32_t same = assay_hash_index_add(orders, key_of_order(pair), (uint32_t)i),
                 alike = assay_hash_index_add(answers, key_of_answers(pair), (uint32_t)i);
        bool opposite = alike != i && says_opposite(&set->pairs[alike], pair);
        twins->same[i] = same == i ? ASSAY_HASH_NONE : same;
        twins->opposite[i] = opposite ? alike : ASSAY_HASH_NONE;
    }
}

assay_status assay_twins_find(assay_twins *twins, const assay_pair_set *set, assay_error *err)
{
    assay_hash_index orders = {0}, answers = {0};
    *twins = (assay_twins){.same = assay_alloc(set->count, sizeof *twins->same),
                           .opposite = assay_alloc(set->count, sizeof *twins->opposite)};
    assay_status status = twins->same && twins->opposite
                              ? assay_hash_index_init(&orders, set->count, err)
                              : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a list of pairs");
    if (status == ASSAY_OK) status = assay_hash_index_init(&answers, set->count, err);
    if (status == ASSAY_OK) find(twins, set, &orders, &answers);
    else assay_twins_release(twins);
    assay_hash_index_release(&orders);
    assay_hash_index_release(&answers);
    return status;
}

void assay_twins_release(assay_twins *twins)
{
    assay_free(twins->same);
    assay_free(twins->opposite);
    *twins = (assay_twins){0};
}
