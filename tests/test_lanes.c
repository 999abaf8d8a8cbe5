/* The order of a step's sum: which pairs a lane has, in which tree lanes are joined, and how many buffers that takes;
 * against the definition in train/lanes.h, written down a second time and otherwise. */
#include "test_support.h"

#include "train/lanes.h"

#include <stdio.h>
#include <string.h>

enum { VALUES = 40000, MOST_PAIRS = 40, MOST_LANES = 16 }; /* values: more than one job joins */

/* Numbers whose sums depend on their order. */
static float gradient(size_t pair, size_t value)
{
    float base = 1.0f / (float)(3 + 7 * pair + value % 11);
    return pair % 3 ? base : -1000 * base;
}

typedef struct watched {
    size_t next; /* the pair that must come next */
    float *first, *end;
} watched;

static assay_status add(void *context, size_t begin, size_t end, float *buffer, assay_error *err)
{
    watched *w = context;
    (void)err;
    assert_true(begin == w->next && begin < end);
    assert_true(buffer >= w->first && buffer + VALUES <= w->end);
    for (size_t i = 0; i < VALUES; i++) assert_true(buffer[i] == 0);
    for (size_t p = begin; p < end; p++)
        for (size_t i = 0; i < VALUES; i++) buffer[i] += gradient(p, i);
    w->next = end;
    return ASSAY_OK;
}

/* Level by level, from lanes that know their pairs by the formula. */
static float defined(size_t lanes, size_t pairs, size_t value)
{
    float sums[MOST_LANES] = {0};
    bool there[MOST_LANES] = {false};
    for (size_t p = 0; p < pairs; p++) {
        size_t lane = p * lanes / pairs;
        sums[lane] += gradient(p, value);
        there[lane] = true;
    }
    for (size_t width = 1; width < lanes; width *= 2)
        for (size_t i = 0; i < lanes; i += 2 * width) {
            float right = sums[i + width];
            if (there[i + width]) sums[i] = there[i] ? sums[i] + right : right;
            there[i] |= there[i + width];
        }
    return sums[0];
}

static void sum_and_compare(assay_pool *pool, size_t lanes, size_t pairs)
{
    static float buffers[6 * VALUES];
    size_t count = assay_lane_buffers(lanes);
    watched w = {.first = buffers, .end = buffers + count * VALUES};
    bool any = false;
    assay_lane_sum sum = {
        .lanes = lanes, .pairs = pairs, .buffers = buffers, .values = VALUES, .pool = pool, .add = add, .context = &w};
    memset(buffers, 0x7f, sizeof buffers); /* a lane begins at zero, whatever was there */
    assert_int_equal(assay_lane_sum_make(&sum, 0, lanes, &any, NULL), ASSAY_OK);
    assert_true(any && w.next == pairs);
    for (size_t i = 0; i < VALUES; i += i < 100 ? 1 : 997) {
        float wanted = defined(lanes, pairs, i);
        assert_memory_equal(&buffers[i], &wanted, sizeof wanted);
    }
}

static void test_the_tree_is_the_definition(void **state)
{
    static const size_t counts[] = {1, 2, 3, 5, 8, 15, 16, 17, MOST_PAIRS};
    (void)state;
    for (int threads = 1; threads <= 2; threads++) {
        assay_pool *pool;
        assert_int_equal(assay_pool_create(&pool, threads, NULL), ASSAY_OK);
        for (size_t lanes = 1; lanes <= MOST_LANES; lanes *= 2)
            for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) sum_and_compare(pool, lanes, counts[i]);
        assay_pool_destroy(pool);
    }
}

static void test_every_pair_has_its_lane(void **state)
{
    (void)state;
    for (size_t lanes = 1; lanes <= ASSAY_LANES_MOST; lanes *= 4)
        for (size_t pairs = 1; pairs < 2100; pairs += pairs < 40 ? 1 : 101) {
            size_t most = 0;
            for (size_t lane = 0; lane < lanes; lane++) {
                size_t begin = assay_lane_begin(lane, lanes, pairs), end = assay_lane_begin(lane + 1, lanes, pairs);
                for (size_t p = begin; p < end; p++) assert_int_equal(p * lanes / pairs, lane);
                most = end - begin > most ? end - begin : most;
            }
            assert_int_equal(assay_lane_begin(0, lanes, pairs), 0);
            assert_int_equal(assay_lane_begin(lanes, lanes, pairs), pairs);
            assert_int_equal(assay_lane_pairs(lanes, pairs), most);
        }
}

static void test_buffers_are_counted(void **state)
{
    (void)state;
    assert_int_equal(assay_lane_buffers(0), 1);
    assert_int_equal(assay_lane_buffers(1), 1);
    assert_int_equal(assay_lane_buffers(2), 2);
    assert_int_equal(assay_lane_buffers(8), 4);
    assert_int_equal(assay_lane_buffers(1024), 11);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_tree_is_the_definition),
        cmocka_unit_test(test_every_pair_has_its_lane),
        cmocka_unit_test(test_buffers_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
