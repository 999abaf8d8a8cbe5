/* How long a row of stages takes: known sums where all stages are alike and messages cost nothing, and what slow ones
 * add.
 */
#include "test_support.h"

#include "task/row_time.h"

#include <math.h>

enum { MOST = 8 };

static double seconds_of(int count, double micro, const assay_row_stage *one, const assay_row_link *link)
{
    assay_row_stage stages[MOST];
    assay_error err;
    double seconds;
    for (int s = 0; s < count; s++) stages[s] = *one;
    for (int s = 0; s < count && one->ahead == 0; s++) stages[s].ahead = count - s;
    assert_int_equal(assay_row_seconds(stages, count, micro, link, &seconds, &err), ASSAY_OK);
    return seconds;
}

/* All sums here are of small whole numbers, which doubles have exactly. */
static void assert_seconds(double got, double wanted)
{
    if (got < wanted || got > wanted) fail_msg("%g seconds, not %g", got, wanted);
}

/* One forward pass and one backward pass of each micro-batch, and the row fills and empties once. */
static void test_alike_stages(void **state)
{
    static const assay_row_link none = {0};
    static const assay_row_stage one = {.forward = 1, .backward = 2};
    (void)state;
    for (int count = 1; count <= MOST; count++)
        for (int micro = 1; micro <= 20; micro++)
            assert_seconds(seconds_of(count, micro, &one, &none), 3 * (micro + count - 1));
}

/* With one micro-batch in flight everything happens one after the other. */
static void test_one_in_flight(void **state)
{
    static const assay_row_link none = {0}, slow = {.a_byte = 1, .latency = 4}, hashed = {.hashing = 1};
    static const assay_row_stage one = {.forward = 1, .backward = 2, .up_bytes = 16, .down_bytes = 32, .ahead = 1};
    (void)state;
    assert_seconds(seconds_of(3, 5, &one, &none), 5 * 3 * 3);
    assert_seconds(seconds_of(3, 1, &one, &slow), 3 * 3 + 2 * (16 + 32 + 2 * 4));
    assert_seconds(seconds_of(3, 1, &one, &hashed), 3 * 3 + 2 * 2 * (16 + 32));
}

/* The slowest stage is never idle behind its first pass; a slow wire holds all up. */
static void test_the_slowest_decides(void **state)
{
    static const assay_row_stage stages[] = {{1, 1, 8, 8, 2}, {4, 8, 0, 0, 1}};
    static const assay_row_link none = {0}, wire = {.a_byte = 4};
    assay_error err;
    double seconds;
    (void)state;
    assert_int_equal(assay_row_seconds(stages, 2, 10, &none, &seconds, &err), ASSAY_OK);
    assert_seconds(seconds, 1 + 10 * 12 + 1);
    assert_int_equal(assay_row_seconds(stages, 2, 10, &wire, &seconds, &err), ASSAY_OK);
    assert_true(seconds > 10 * 32 && seconds <= 10 * (32 + 32 + 12 + 2));
}

/* So many that not all are gone through: the time is in proportion. */
static void test_a_huge_step(void **state)
{
    static const assay_row_link none = {0};
    static const assay_row_stage one = {.forward = 1, .backward = 1};
    (void)state;
    double seconds = seconds_of(2, 1e9, &one, &none);
    assert_true(fabs(seconds / 2e9 - 1) < 1e-3); /* of 20,000 passes one more fills the row */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_alike_stages),
        cmocka_unit_test(test_one_in_flight),
        cmocka_unit_test(test_the_slowest_decides),
        cmocka_unit_test(test_a_huge_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
