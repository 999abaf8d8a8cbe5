/* Moments in eight bits against bitsandbytes: its maps, the nearest values, five of its steps (the golden file is made
 * by tests/oracle/make_moments_golden.py). */
#include "test_support.h"

#include "base/alloc.h"
#include "container/safetensors.h"
#include "optim/optimizer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static assay_tensor_file *golden;

static const assay_tensor *tensor(const char *name)
{
    const assay_tensor *found = assay_tensor_file_find(golden, name);
    if (!found) fail_msg("%s is missing", name);
    return found;
}

static const assay_tensor *numbered(const char *name, int step)
{
    char text[32];
    snprintf(text, sizeof text, "%s.%d", name, step);
    return tensor(text);
}

static int open_golden(void **state)
{
    assay_error err;
    (void)state;
    return assay_safetensors_open(&golden, "tests/data/golden/moments.safetensors", &err) == ASSAY_OK ? 0 : -1;
}

static int close_golden(void **state)
{
    (void)state;
    assay_tensor_file_close(golden);
    return 0;
}

static void test_maps(void **state)
{
    float map[ASSAY_DYNAMIC_LEVELS];
    (void)state;
    assay_dynamic_map(map, true);
    assert_memory_equal(map, tensor("map.sign")->data, sizeof map);
    assay_dynamic_map(map, false);
    assert_memory_equal(map, tensor("map.square")->data, sizeof map);
}

static float largest_of(const float *values, size_t count)
{
    float most = 0;
    for (size_t i = 0; i < count; i++) most = fmaxf(most, fabsf(values[i]));
    return most;
}

static void check_packed(bool has_sign, const char *codes_name, const char *largest_name)
{
    float map[ASSAY_DYNAMIC_LEVELS], values[ASSAY_DYNAMIC_BLOCK], back[ASSAY_DYNAMIC_BLOCK], largest;
    uint8_t codes[ASSAY_DYNAMIC_BLOCK];
    const float *given = tensor("values")->data, *theirs = tensor(largest_name)->data;
    const uint8_t *expected = tensor(codes_name)->data;
    assay_dynamic_map(map, has_sign);
    for (size_t block = 0; block < tensor("values")->shape[0] / ASSAY_DYNAMIC_BLOCK; block++) {
        for (size_t i = 0; i < ASSAY_DYNAMIC_BLOCK; i++) {
            float value = given[block * ASSAY_DYNAMIC_BLOCK + i];
            values[i] = has_sign ? value : fabsf(value);
        }
        largest = largest_of(values, ASSAY_DYNAMIC_BLOCK);
        assay_dynamic_levels(map, values, ASSAY_DYNAMIC_BLOCK, largest, codes);
        assert_memory_equal(codes, expected + block * ASSAY_DYNAMIC_BLOCK, sizeof codes);
        assert_memory_equal(&largest, theirs + block, sizeof largest);
        assay_dynamic_values(map, codes, ASSAY_DYNAMIC_BLOCK, largest, back);
        for (size_t i = 0; i < ASSAY_DYNAMIC_BLOCK; i++) assert_true(back[i] == map[codes[i]] * largest);
    }
}

static void test_nearest_values(void **state)
{
    (void)state;
    check_packed(true, "codes.sign", "largest.sign");
    check_packed(false, "codes.square", "largest.square");
}

/* A moment that is no number does not become one by being packed: a diverging run must show. */
static void test_what_is_no_number(void **state)
{
    assay_error err;
    assay_pool *pool;
    assay_optimizer *optimizer;
    float weight[300] = {0}, gradient[300] = {0};
    const assay_optimizer_hyper hyper = {.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};
    assay_optimizer_item item = {.weight = weight, .gradient = gradient, .count = 300, .packed = true};
    (void)state;
    assert_int_equal(assay_pool_create(&pool, 1, &err), ASSAY_OK);
    assert_int_equal(assay_optimizer_create(&optimizer, &item, 1, &err), ASSAY_OK);
    gradient[3] = NAN;
    gradient[4] = 1;
    assay_optimizer_step(optimizer, &assay_kernels_plain, pool, &hyper, 1e-2, 1);
    assert_true(isnan(optimizer->items[0].m_scales[0]) && isnan(optimizer->items[0].v_scales[0]));
    assert_true(optimizer->items[0].m_scales[1] == 0);
    gradient[3] = 0;
    assay_optimizer_step(optimizer, &assay_kernels_plain, pool, &hyper, 1e-2, 1);
    for (size_t i = 0; i < 300; i++) assert_true(isnan(weight[i]) == (i < ASSAY_DYNAMIC_BLOCK));
    assay_optimizer_free(optimizer);
    assay_pool_destroy(pool);
}

/* The codes are bitsandbytes', so both unpack the same moments; a weight then differs by a rounding or two a step. */
static void test_steps(void **state)
{
    assay_error err;
    assay_pool *pool;
    assay_optimizer *optimizer;
    size_t count = numbered("weight", 0)->shape[0];
    const assay_optimizer_hyper hyper = {.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .weight_decay = 0.01};
    float *weight = assay_alloc(count, sizeof *weight), *gradient = assay_alloc(count, sizeof *gradient);
    assay_optimizer_item item = {.weight = weight, .gradient = gradient, .count = count, .decay = true, .packed = true};
    (void)state;
    memcpy(weight, numbered("weight", 0)->data, count * sizeof *weight);
    assert_int_equal(assay_pool_create(&pool, 2, &err), ASSAY_OK);
    assert_int_equal(assay_optimizer_create(&optimizer, &item, 1, &err), ASSAY_OK);
    for (int step = 1; step <= 5; step++) {
        const float *expected = numbered("weight", step)->data;
        memcpy(gradient, numbered("gradient", step)->data, count * sizeof *gradient);
        assay_optimizer_step(optimizer, &assay_kernels_plain, pool, &hyper, 1e-2, 1);
        assert_memory_equal(optimizer->items[0].m_levels, numbered("m", step)->data, count);
        assert_memory_equal(optimizer->items[0].v_levels, numbered("v", step)->data, count);
        for (size_t i = 0; i < count; i++)
            assert_true(fabsf(weight[i] - expected[i]) <= 1e-6f * (1 + fabsf(expected[i])));
    }
    assay_optimizer_free(optimizer);
    assay_pool_destroy(pool);
    assay_free(weight);
    assay_free(gradient);
}

/* Two bytes a value, and a float a block of each moment. */
static void test_bytes(void **state)
{
    (void)state;
    assert_int_equal(assay_optimizer_moment_bytes(1 << 20, false), 8 << 20);
    assert_int_equal(assay_optimizer_moment_bytes(1 << 20, true), (2 << 20) + (8 << 12));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_maps),  cmocka_unit_test(test_nearest_values), cmocka_unit_test(test_what_is_no_number),
        cmocka_unit_test(test_steps), cmocka_unit_test(test_bytes),
    };
    return cmocka_run_group_tests(tests, open_golden, close_golden);
}
