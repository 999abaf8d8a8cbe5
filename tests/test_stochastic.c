/* Rounding to bf16 at random: right on average, one of two neighbours, a function of its counter alone; and what it is
 * for: a weight in bf16 that learns from steps too small for the nearest bf16. */
#include "test_support.h"

#include "base/float16.h"
#include "base/rng.h"
#include "optim/optimizer.h"
#include "optim/stochastic.h"
#include "tensor/dtype.h"

#include <math.h>
#include <string.h>

enum { DRAWS = 1 << 15 };

static float wide(uint16_t half)
{
    float value;
    assay_dtype_to_f32(ASSAY_BF16, &half, &value, 1);
    return value;
}

/* The two bf16 values around a float, towards zero first, and how far it is from the first in parts of the gap. */
static double share_of_far(float value, float *near, float *far)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    *near = wide((uint16_t)(bits >> 16));
    *far = wide((uint16_t)((bits >> 16) + 1));
    return ((double)value - (double)*near) / ((double)*far - (double)*near);
}

/* The mean of n draws, each the far neighbour with probability p, has the deviation gap sqrt(p (1 - p) / n). Five of
 * them are left: the draws are always the same, so the test cannot fail by chance once it has passed. */
static void check_mean(float value, uint64_t step)
{
    static float values[DRAWS];
    static uint16_t rounded[DRAWS];
    float near, far;
    double share = share_of_far(value, &near, &far), sum = 0, gap = fabs((double)far - (double)near);
    const assay_stochastic draw = {.seed = 42, .step = step, .weight = assay_rng_stream("layers.0.weight")};
    for (size_t i = 0; i < DRAWS; i++) values[i] = value;
    assay_stochastic_round(&draw, 0, values, DRAWS, rounded);
    for (size_t i = 0; i < DRAWS; i++) {
        float got = wide(rounded[i]);
        assert_true(memcmp(&got, &near, sizeof got) == 0 || (share > 0 && memcmp(&got, &far, sizeof got) == 0));
        sum += (double)got - (double)near;
    }
    assert_true(fabs(fabs(sum / DRAWS) - share * gap) <= 5 * gap * sqrt(share * (1 - share) / DRAWS));
}

static void the_mean_is_the_value(void **state)
{
    static const float shares[] = {1.0f / 65536, 0.01f, 0.25f, 0.5f, 0.73f, 65535.0f / 65536};
    static const float scales[] = {1, -1, 3.2e-5f, -770, 1e-39f, 2.9e38f};
    (void)state;
    for (size_t s = 0; s < sizeof scales / sizeof *scales; s++)
        for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
            float near, far;
            share_of_far(scales[s], &near, &far);
            check_mean(near + (far - near) * shares[i], i);
        }
}

static void what_is_bf16_stays(void **state)
{
    const assay_stochastic draw = {.seed = 1, .step = 1, .weight = 1};
    (void)state;
    for (uint32_t half = 0; half < 65536; half++) {
        uint16_t got;
        float value = wide((uint16_t)half);
        assay_stochastic_round(&draw, half / 8 * 8, &value, 1, &got);
        if (isnan(value)) assert_true(isnan(wide(got)));
        else assert_int_equal(got, half);
    }
}

static void draw_all(const assay_stochastic *draw, const float *values, uint16_t *out)
{
    assay_stochastic_round(draw, 0, values, DRAWS, out);
}

/* However a weight is cut among workers. Another seed, step or weight draws others. */
static void the_counter_decides(void **state)
{
    static float values[DRAWS];
    static uint16_t whole[DRAWS], pieces[DRAWS], others[DRAWS];
    const assay_stochastic draw = {.seed = 42, .step = 7, .weight = 9};
    assay_rng rng = {.seed = 5};
    (void)state;
    for (size_t i = 0; i < DRAWS; i++) values[i] = (float)assay_rng_normal(&rng);
    draw_all(&draw, values, whole);
    for (size_t first = 0; first < DRAWS; first += 1000)
        assay_stochastic_round(&draw, first, values + first, first + 1000 < DRAWS ? 1000 : DRAWS - first,
                               pieces + first);
    assert_memory_equal(whole, pieces, sizeof whole);
    for (int which = 0; which < 3; which++) {
        assay_stochastic other = draw;
        *(which == 0 ? &other.seed : which == 1 ? &other.step : &other.weight) += 1;
        draw_all(&other, values, others);
        size_t same = 0;
        for (size_t i = 0; i < DRAWS; i++) same += whole[i] == others[i];
        /* two independent draws of the same share agree in 2 of 3 cases on average over all shares */
        assert_in_range(same, DRAWS * 6 / 10, DRAWS * 7 / 10 + DRAWS / 100);
    }
}

enum { WEIGHTS = 8192, STEPS = 200 };

/* AdamW with a constant gradient moves a weight by lr a step, here a 39th of the distance of two bf16 below 1. */
static void small_steps_count(void **state)
{
    static uint16_t half[WEIGHTS];
    static float gradient[WEIGHTS];
    const assay_kernels *kernels;
    assay_pool *pool;
    assay_optimizer *optimizer;
    assay_error err = {0};
    const assay_optimizer_hyper hyper = {.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .seed = 3};
    double lr = 1e-4, sum = 0, gap = 1.0 / 256, share = lr / gap;
    (void)state;
    assert_int_equal(assay_kernels_select(&kernels, NULL, &err), ASSAY_OK);
    assert_int_equal(assay_pool_create(&pool, 2, &err), ASSAY_OK);
    for (size_t i = 0; i < WEIGHTS; i++) half[i] = assay_f32_to_bf16(1);
    for (size_t i = 0; i < WEIGHTS; i++) gradient[i] = 0.5f;
    const assay_optimizer_item item = {.half = half, .gradient = gradient, .count = WEIGHTS, .stream = 11};
    assert_int_equal(assay_optimizer_create(&optimizer, &item, 1, &err), ASSAY_OK);
    for (int step = 0; step < STEPS; step++) assay_optimizer_step(optimizer, kernels, pool, &hyper, lr, 1);
    for (size_t i = 0; i < WEIGHTS; i++) sum += 1 - (double)wide(half[i]);
    /* the deviation of a sum of independent draws; AdamW's eps is 2e-8 of a step */
    assert_true(fabs(sum / WEIGHTS - STEPS * lr) <= 5 * gap * sqrt(share * (1 - share) * STEPS / WEIGHTS));
    assert_int_equal(assay_f32_to_bf16((float)(1 - lr)), assay_f32_to_bf16(1)); /* the nearest: never moved */
    assay_optimizer_free(optimizer);
    assay_pool_destroy(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mean_is_the_value),
        cmocka_unit_test(what_is_bf16_stays),
        cmocka_unit_test(the_counter_decides),
        cmocka_unit_test(small_steps_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
