/* Decoders of packed weights: every kernel set has the bits of the types' own, for random bytes in every field (NaN and
 * infinity as scales among them), from any element to any other. */
#include "backend/kernels.h"
#include "base/rng.h"

#include "container_check.h"

#include <math.h>

enum { COLS = 512, ROUNDS = 300 };

/* NaN has many bits, and no value. */
static bool same(float a, float b) { return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b)); }

static size_t between(assay_rng *rng, size_t most) { return (size_t)(assay_rng_uniform(rng) * (double)most); }

static void compare(const assay_stored *stored, size_t row, size_t first, size_t count)
{
    float wanted[COLS], found[COLS];
    assay_stored_to_f32(stored, row, first, count, wanted);
    for (size_t set = 0; assay_kernels_at(set); set++) {
        const assay_kernels *kernels = assay_kernels_at(set);
        assay_stored_decode(kernels->decoders, stored, row, first, count, found);
        for (size_t i = 0; i < count; i++)
            if (!same(wanted[i], found[i]))
                fail_msg("%s, %s: element %zu of %zu from %zu is %a, should be %a", kernels->name,
                         assay_dtype_name(stored->dtype), i, count, first, (double)found[i], (double)wanted[i]);
    }
}

static void every_block_type(void **state)
{
    uint8_t bytes[COLS * 4];
    assay_rng rng = {.seed = 8};
    (void)state;
    for (int type = 0; type < ASSAY_DTYPE_COUNT; type++) {
        const assay_stored stored = {.data = bytes, .dtype = (assay_dtype)type, .cols = COLS};
        if (!assay_dtype_is_packed(stored.dtype) || assay_dtype_block(stored.dtype) < ASSAY_GROUP) continue;
        for (int round = 0; round < ROUNDS; round++) {
            for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)between(&rng, 256);
            compare(&stored, 0, 0, COLS);
            size_t first = between(&rng, COLS);
            compare(&stored, 0, first, between(&rng, COLS - first + 1));
        }
    }
}

/* AWQ's and plain bytes have as many as their type says. */
static unsigned bits_of(int type, assay_rng *rng)
{
    unsigned any = 1 + (unsigned)between(rng, 8);
    return type == ASSAY_AWQ ? 4 : type == ASSAY_CT_INT8 ? 8 : any;
}

/* Scales of any bits, every rounding, nested or not, rows of any length. */
static void every_type_of_several_tensors(void **state)
{
    enum { ROWS = 3 };
    uint8_t bytes[ROWS * COLS], scales[ROWS * COLS * sizeof(float)], map[ASSAY_PARTS_MAP_BYTES];
    uint8_t *const fields[] = {bytes, scales, map};
    const size_t sizes[] = {sizeof bytes, sizeof scales, sizeof map};
    assay_rng rng = {.seed = 9};
    (void)state;
    for (int type = ASSAY_NF4; type < ASSAY_DTYPE_COUNT; type++)
        for (int round = 0; round < 12 * ROUNDS; round++) {
            for (size_t f = 0; f < 3; f++)
                for (size_t i = 0; i < sizes[f]; i++) fields[f][i] = (uint8_t)between(&rng, 256);
            const assay_parts parts = {.scales = scales,
                                       .map = round % 2 ? map : NULL,
                                       .map_scales = scales + 1,
                                       .offset = 0.25f,
                                       .block_shift = 5 + (unsigned)between(&rng, 3),
                                       .map_shift = 5,
                                       .round = (assay_parts_round)(round % 3),
                                       .cols = 1 + between(&rng, COLS),
                                       .block_rows = 1 + between(&rng, ROWS),
                                       .block_cols = 1 + between(&rng, COLS),
                                       .scale_type = (assay_parts_round)(round / 3 % 3),
                                       .zeros = round % 4 ? scales : NULL,
                                       .group_count = COLS,
                                       .rows = ROWS,
                                       .bits = bits_of(type, &rng),
                                       .zero_form = (assay_parts_zeros)(round / 4 % 3)};
            const assay_stored stored = {
                .data = bytes, .dtype = (assay_dtype)type, .parts = &parts, .cols = parts.cols};
            size_t first = between(&rng, parts.cols);
            compare(&stored, between(&rng, ROWS), first, between(&rng, parts.cols - first + 1));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_block_type),
                                       cmocka_unit_test(every_type_of_several_tensors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
