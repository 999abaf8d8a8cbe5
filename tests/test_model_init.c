/* Random checkpoints: they open, the seed decides every byte, and the numbers are what they should be. */
#include "container_check.h"

#include "model/model_init.h"

#include <math.h>

static void must(assay_status status, const assay_error *err)
{
    if (status != ASSAY_OK) fail_msg("%s", err->text);
}

static assay_checkpoint *open_checkpoint(const char *path)
{
    assay_checkpoint *checkpoint;
    assay_error err = {0};
    must(assay_checkpoint_open(&checkpoint, path, 0, &err), &err);
    return checkpoint;
}

static float *read_named(const assay_checkpoint *checkpoint, const char *name, size_t *elements)
{
    const assay_weight *weight = assay_checkpoint_find(checkpoint, name);
    if (!weight) fail_msg("the tensor %s is missing", name);
    assert_true(assay_tensor_elements(&weight->tensor, elements));
    float *values = assay_alloc(*elements, sizeof *values);
    assert_int_equal(assay_checkpoint_read(checkpoint, weight, values, NULL), ASSAY_OK);
    return values;
}

static void init_one(const char *folder, const char *name, uint64_t seed, size_t layers)
{
    const assay_model_shape *shape;
    const assay_architecture *arch;
    assay_error err = {0};
    must(assay_model_shape_find(&shape, &arch, name, &err), &err);
    must(assay_model_init(shape, arch,
                          &(assay_init_options){
                              .seed = seed, .layers = layers, .pad_token = 259, .bos_token = 256, .eos_token = 258},
                          folder, &err),
         &err);
}

static void test_init(void **state)
{
    (void)state;
    char fingerprint[3][33];
    assay_error err = {0};
    for (size_t i = 0; assay_model_shape_at(i, NULL); i++) {
        if (!assay_model_shape_at(i, NULL)->tiny) continue;
        for (size_t turn = 0; turn < 3; turn++) {
            char *folder = fresh_folder();
            assay_model *model;
            init_one(folder, assay_model_shape_at(i, NULL)->name, 5 + turn / 2, 3);
            assay_checkpoint *checkpoint = open_checkpoint(folder);
            must(assay_model_open(&model, checkpoint, NULL, &(assay_model_options){.seed = 1}, &err), &err);
            assert_int_equal(model->config.layers, 3);
            assert_true(model->head_is_new);
            must(assay_checkpoint_fingerprint(checkpoint, fingerprint[turn], &err), &err);
            assay_model_close(model);
            assay_checkpoint_close(checkpoint);
            drop_folder(folder);
        }
        assert_string_equal(fingerprint[0], fingerprint[1]);
        assert_string_not_equal(fingerprint[0], fingerprint[2]);
    }
    const assay_model_shape *shape;
    const assay_architecture *arch;
    assert_int_equal(assay_model_shape_find(&shape, &arch, "gpt-9", &err), ASSAY_E_USAGE);
}

/* 20480 values: the mean of so many is within 5 deviations of its own, 0.02 / sqrt(20480), the deviation within 5 of
 * 0.02 / sqrt(2 * 20480). */
static void test_init_numbers(void **state)
{
    (void)state;
    char *folder = fresh_folder();
    size_t count;
    double sum = 0, squares = 0;
    init_one(folder, "llama", 42, 0);
    assay_checkpoint *checkpoint = open_checkpoint(folder);
    float *values = read_named(checkpoint, "model.embed_tokens.weight", &count);
    assert_int_equal(count, 320 * 64);
    for (size_t i = 0; i < count; i++) {
        sum += (double)values[i];
        squares += (double)values[i] * (double)values[i];
    }
    double mean = sum / (double)count, deviation = sqrt(squares / (double)count - mean * mean);
    assert_true(fabs(mean) < 5 * 0.02 / sqrt((double)count));
    assert_true(fabs(deviation - 0.02) < 5 * 0.02 / sqrt(2.0 * (double)count));
    assay_free(values);
    values = read_named(checkpoint, "model.norm.weight", &count);
    for (size_t i = 0; i < count; i++) assert_true(values[i] == 1);
    assay_free(values);
    assay_checkpoint_close(checkpoint);
    drop_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_init), cmocka_unit_test(test_init_numbers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
