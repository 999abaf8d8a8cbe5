/* The tree's places against the plain search: every place that is not the lowest free one is a failure. */
#include "test_support.h"

#include "base/rng.h"
#include "engine/placing.h"

#include <stdbool.h>

enum { LIVES = 300, CASES = 20 };

typedef struct life {
    uint32_t first, last;
    size_t bytes, offset;
} life;

static bool meet(const life *a, const life *b)
{
    return a->first <= b->last && b->first <= a->last && a->offset < b->offset + b->bytes &&
           b->offset < a->offset + a->bytes;
}

/* The lowest place is 0 or the end of something. */
static size_t lowest_place(const life *lives, size_t count, life wanted)
{
    size_t best = SIZE_MAX;
    for (size_t candidate = 0; candidate <= count; candidate++) {
        bool free = true;
        wanted.offset = candidate ? lives[candidate - 1].offset + lives[candidate - 1].bytes : 0;
        for (size_t i = 0; i < count; i++) free = free && !meet(&lives[i], &wanted);
        if (free && wanted.offset < best) best = wanted.offset;
    }
    return best;
}

static life draw_life(assay_rng *rng, size_t instants, uint64_t longest)
{
    life l = {.first = (uint32_t)assay_rng_below(rng, instants), .bytes = 64 * (1 + assay_rng_below(rng, 20))};
    uint64_t last = l.first + assay_rng_below(rng, longest);
    l.last = (uint32_t)(last < instants ? last : instants - 1);
    return l;
}

static void every_place_is_the_lowest_free_one(void **state)
{
    static life lives[LIVES];
    assay_rng rng = {.seed = 13, .stream = 8};
    (void)state;
    for (size_t c = 0; c < CASES; c++) {
        size_t instants = 1 + assay_rng_below(&rng, 300);
        uint64_t longest = 1 + assay_rng_below(&rng, c % 3 ? 12 : instants);
        assay_placing *placing;
        assert_int_equal(assay_placing_create(&placing, instants, NULL), ASSAY_OK);
        for (size_t i = 0; i < LIVES; i++) {
            lives[i] = draw_life(&rng, instants, longest);
            size_t expected = lowest_place(lives, i, lives[i]);
            assert_int_equal(
                assay_placing_take(placing, lives[i].first, lives[i].last, lives[i].bytes, &lives[i].offset, NULL),
                ASSAY_OK);
            if (lives[i].offset != expected)
                fail_msg("case %zu: life %zu lies at %zu, not at %zu", c, i, lives[i].offset, expected);
        }
        assay_placing_free(placing);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_place_is_the_lowest_free_one)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
