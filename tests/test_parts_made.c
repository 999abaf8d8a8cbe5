/* What is packed as bitsandbytes packs it, level by level and scale by scale: tests/oracle/make_parts_made_golden.py
 * says where the golden comes from. */
#include "quant/dynamic_map.h"
#include "quant/parts_make.h"

#include "container/safetensors.h"

#include "container_check.h"

static const char golden[] = "tests/data/container/parts_made.safetensors";

static const void *values_of(const assay_tensor_file *file, const char *name, size_t *bytes)
{
    const assay_tensor *tensor = assay_tensor_file_find(file, name);
    assert_non_null(tensor);
    *bytes = tensor->bytes;
    return tensor->data;
}

/* The tensor's values in memory of their own, aligned. */
static float *floats_of(const assay_tensor_file *file, const char *name, size_t *count)
{
    size_t bytes;
    const void *data = values_of(file, name, &bytes);
    float *copy = assay_alloc(bytes, 1);
    assert_non_null(copy);
    memcpy(copy, data, bytes);
    *count = bytes / sizeof *copy;
    return copy;
}

static assay_tensor_file *open_golden(void)
{
    assay_tensor_file *file;
    assert_int_equal(assay_safetensors_open(&file, golden, NULL), ASSAY_OK);
    return file;
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static void nf4_has_its_levels_and_scales(void **state)
{
    assay_tensor_file *file = open_golden();
    size_t count, blocks, bytes;
    float *weight = floats_of(file, "weight", &count), *scales = floats_of(file, "nf4.absmax", &blocks);
    const uint8_t *wanted = values_of(file, "nf4", &bytes);
    uint8_t levels[ASSAY_NF4_BLOCK + 1];
    (void)state;
    assert_int_equal(bytes, (count + 1) / 2);
    for (size_t block = 0; block < blocks; block++) {
        size_t first = block * ASSAY_NF4_BLOCK, length = smaller(ASSAY_NF4_BLOCK, count - first);
        float scale = assay_parts_largest(weight + first, length);
        assert_memory_equal(&scale, &scales[block], sizeof scale);
        assay_nf4_levels(weight + first, length, scale, levels);
        levels[length] = ASSAY_NF4_ZERO;
        for (size_t i = 0; i < length; i += 2)
            assert_int_equal(levels[i] << 4 | levels[i + 1], wanted[(first + i) / 2]);
    }
    assay_free(weight);
    assay_free(scales);
    assay_tensor_file_close(file);
}

static void nested_scales_have_their_levels(void **state)
{
    assay_tensor_file *file = open_golden();
    size_t count, blocks, entries, bytes;
    float *rests = floats_of(file, "rests", &count), *scales = floats_of(file, "nested.absmax", &blocks),
          *wanted_map = floats_of(file, "map", &entries), map[ASSAY_DYNAMIC_LEVELS];
    const uint8_t *wanted = values_of(file, "nested", &bytes);
    uint8_t levels[ASSAY_DYNAMIC_BLOCK];
    (void)state;
    assay_dynamic_map(map, true);
    assert_int_equal(entries, ASSAY_DYNAMIC_LEVELS);
    assert_memory_equal(map, wanted_map, sizeof map);
    for (size_t block = 0; block < blocks; block++) {
        size_t first = block * ASSAY_DYNAMIC_BLOCK, length = smaller(ASSAY_DYNAMIC_BLOCK, count - first);
        float scale = assay_parts_largest(rests + first, length);
        assert_memory_equal(&scale, &scales[block], sizeof scale);
        assay_dynamic_levels(map, rests + first, length, scale, levels);
        assert_memory_equal(levels, wanted + first, length);
    }
    assay_free(rests);
    assay_free(scales);
    assay_free(wanted_map);
    assay_tensor_file_close(file);
}

static void int8_has_its_levels_and_scales(void **state)
{
    assay_tensor_file *file = open_golden();
    size_t count, rows, bytes;
    float *weight = floats_of(file, "weight", &count), *scales = floats_of(file, "int8.SCB", &rows);
    const uint8_t *wanted = values_of(file, "int8", &bytes);
    size_t cols = count / rows;
    uint8_t levels[128];
    (void)state;
    assert_true(cols <= sizeof levels);
    assay_int8_round(weight, count);
    for (size_t row = 0; row < rows; row++) {
        float scale = assay_parts_largest(weight + row * cols, cols);
        assert_memory_equal(&scale, &scales[row], sizeof scale);
        assay_int8_levels(weight + row * cols, cols, scale, levels);
        assert_memory_equal(levels, wanted + row * cols, cols);
    }
    assay_free(weight);
    assay_free(scales);
    assay_tensor_file_close(file);
}

/* bitsandbytes divides zero by zero here, or by almost zero. */
static void zeros_stay_zeros(void **state)
{
    float zeros[ASSAY_NF4_BLOCK] = {0}, map[ASSAY_DYNAMIC_LEVELS];
    uint8_t levels[ASSAY_NF4_BLOCK];
    (void)state;
    assay_nf4_levels(zeros, ASSAY_NF4_BLOCK, 0, levels);
    for (size_t i = 0; i < ASSAY_NF4_BLOCK; i++) assert_int_equal(levels[i], ASSAY_NF4_ZERO);
    assay_int8_levels(zeros, ASSAY_NF4_BLOCK, 0, levels);
    for (size_t i = 0; i < ASSAY_NF4_BLOCK; i++) assert_int_equal(levels[i], 0);
    assay_dynamic_map(map, true);
    assay_dynamic_levels(map, zeros, ASSAY_NF4_BLOCK, 0, levels);
    for (size_t i = 0; i < ASSAY_NF4_BLOCK; i++) assert_true(map[levels[i]] <= 0 && map[levels[i]] >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nf4_has_its_levels_and_scales), cmocka_unit_test(nested_scales_have_their_levels),
        cmocka_unit_test(int8_has_its_levels_and_scales), cmocka_unit_test(zeros_stay_zeros)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
