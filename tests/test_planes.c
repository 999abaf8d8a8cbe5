/* f32 in two planes: every bit comes back, the high plane is the bf16 that a product would have rounded to, and AdamW
 * moves such weights to the bits of floats. */
#include "test_support.h"

#include "base/float16.h"
#include "base/float_bits.h"
#include "base/rng.h"
#include "optim/optimizer.h"
#include "tensor/planes.h"

#include <math.h>
#include <string.h>

enum { BLOCK = ASSAY_PLANES_BLOCK, MOST = 1 << 16 };

static uint16_t memory[2 * MOST + MOST / BLOCK + 1];
static float values[MOST], back[MOST];

static void check_block(size_t count)
{
    const assay_planes planes = assay_planes_at(memory, count);
    assay_planes_split(&planes, 0, values, count);
    assay_planes_join(&planes, 0, back, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(planes.high[i], assay_f32_to_bf16(values[i]));
        uint32_t was = assay_float_bits(values[i]), is = assay_float_bits(back[i]);
        if (isnan(values[i])) assert_int_equal(is, was | 0x400000u);
        else assert_int_equal(is, was);
    }
}

/* What rounding and ties look at is the lower half, whether the upper is odd, and whether the exponent is full: every
 * upper half with the lower halves around each change, and every lower half with some upper ones. */
static void every_bit_comes_back(void **state)
{
    static const uint16_t lows[] = {0, 1, 2, 0x7ffe, 0x7fff, 0x8000, 0x8001, 0x8002, 0xfffe, 0xffff, 255, 256, 257};
    static const uint16_t tops[] = {0, 1, 0x3f80, 0x3f81, 0x7f7e, 0x7f7f, 0x7f80, 0x7f81, 0x7fff};
    (void)state;
    for (size_t l = 0; l < sizeof lows / sizeof *lows; l++) {
        for (uint32_t top = 0; top < MOST; top++) values[top] = assay_bits_float(top << 16 | lows[l]);
        check_block(MOST);
    }
    for (size_t t = 0; t < sizeof tops / sizeof *tops; t++)
        for (uint32_t sign = 0; sign < 2; sign++) {
            for (uint32_t low = 0; low < MOST; low++)
                values[low] = assay_bits_float(sign << 31 | (uint32_t)tops[t] << 16 | low);
            check_block(MOST);
        }
}

/* None, one, some, all of a block, and a block that is not whole. */
static void ties_in_any_number(void **state)
{
    static const uint32_t every[] = {1, 2, 3, 7, 100, 255, 256, 1000000};
    (void)state;
    for (size_t e = 0; e < sizeof every / sizeof *every; e++)
        for (size_t count = 1; count < 3 * BLOCK; count += 37) {
            for (uint32_t i = 0; i < count; i++)
                values[i] =
                    assay_bits_float((i % every[e] ? 0x3f800000u : 0x3f810000u) + (i % 3 ? 0x8000u : 0x8000u + i % 2));
            check_block(count);
        }
}

static void any_run_is_read(void **state)
{
    const size_t count = 3 * BLOCK + 11;
    const assay_planes planes = assay_planes_at(memory, count);
    (void)state;
    for (uint32_t i = 0; i < count; i++) values[i] = assay_bits_float(0x3f810000u + (i % 5 ? 0x8000u : i * 977u));
    assay_planes_split(&planes, 0, values, count);
    for (size_t first = 0; first < count; first += 13)
        for (size_t n = 0; first + n <= count; n += 29) {
            assay_planes_join(&planes, first, back, n);
            assert_memory_equal(back, values + first, n * sizeof *back);
        }
}

static void their_bytes(void **state)
{
    size_t bytes;
    (void)state;
    assert_true(assay_planes_bytes(BLOCK + 1, &bytes));
    assert_int_equal(bytes, (2 * (BLOCK + 1) + 2) * sizeof(uint16_t));
    assert_false(assay_planes_bytes(SIZE_MAX / 4, &bytes));
}

enum { WEIGHTS = 40000, STEPS = 12 };

/* Weights as an f16 file has them: one in eight is a tie. They are then moved off them, but for those whose gradient
 * and decay are nothing. */
static void adamw_moves_them_alike(void **state)
{
    static float floats[WEIGHTS], gradient[WEIGHTS];
    const assay_optimizer_hyper hyper = {.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .weight_decay = 0.01};
    const assay_kernels *kernels;
    assay_pool *pool;
    assay_error err = {0};
    (void)state;
    assert_int_equal(assay_kernels_select(&kernels, NULL, &err), ASSAY_OK);
    assert_int_equal(assay_pool_create(&pool, 2, &err), ASSAY_OK);
    for (int packed = 0; packed < 2; packed++) {
        const assay_planes planes = assay_planes_at(memory, WEIGHTS);
        assay_optimizer *plain, *split;
        assay_rng rng = {.seed = 5};
        for (size_t i = 0; i < WEIGHTS; i++)
            floats[i] = i % 97 ? assay_f16_to_f32(assay_f32_to_f16((float)assay_rng_normal(&rng))) : 0;
        assay_planes_split(&planes, 0, floats, WEIGHTS);
        assay_optimizer_item item = {.gradient = gradient, .count = WEIGHTS, .packed = packed, .decay = true};
        item.planes = planes;
        assert_int_equal(assay_optimizer_create(&split, &item, 1, &err), ASSAY_OK);
        item.planes = (assay_planes){0};
        item.weight = floats;
        assert_int_equal(assay_optimizer_create(&plain, &item, 1, &err), ASSAY_OK);
        for (int step = 0; step < STEPS; step++) {
            for (size_t i = 0; i < WEIGHTS; i++) gradient[i] = i % 97 ? (float)assay_rng_normal(&rng) : 0;
            assay_optimizer_step(plain, kernels, pool, &hyper, 1e-3, 1);
            assay_optimizer_step(split, kernels, pool, &hyper, 1e-3, 1);
            assay_planes_join(&planes, 0, back, WEIGHTS);
            assert_memory_equal(back, floats, sizeof floats);
        }
        assay_optimizer_free(plain);
        assay_optimizer_free(split);
    }
    assay_pool_destroy(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bit_comes_back),   cmocka_unit_test(ties_in_any_number),
        cmocka_unit_test(any_run_is_read),        cmocka_unit_test(their_bytes),
        cmocka_unit_test(adamw_moves_them_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
