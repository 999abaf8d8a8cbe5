/* Several adapters on one base: what a model holds in memory of its own is given back where the base holds the same,
 * whatever type it is of. The base is stored in F64, so that nothing can be used where it lies. */
#include "container_check.h"

#include "container/safetensors.h"
#include "model/model.h"

#include <stdio.h>

#define BASE "tests/data/golden/llama"

static void must(assay_status status, const assay_error *err)
{
    if (status != ASSAY_OK) fail_msg("%s", err->text);
}

static double *widen(const assay_tensor *tensor, size_t count)
{
    float *single = assay_alloc(count, sizeof *single);
    double *values = assay_alloc(count, sizeof *values);
    assert_true(single && values);
    assay_dtype_to_f32(tensor->dtype, tensor->data, single, count);
    for (size_t i = 0; i < count; i++) values[i] = single[i];
    assay_free(single);
    return values;
}

static void write_weights(const char *path)
{
    enum { MOST = 128 };
    assay_tensor_file *file;
    assay_tensor tensors[MOST];
    assay_error err = {0};
    must(assay_safetensors_open(&file, BASE "/model.safetensors", &err), &err);
    assert_true(file->count <= MOST);
    for (size_t i = 0; i < file->count; i++) {
        size_t count = file->tensors[i].bytes / assay_dtype_block_bytes(file->tensors[i].dtype);
        tensors[i] = file->tensors[i];
        tensors[i].data = (const uint8_t *)widen(&file->tensors[i], count);
        tensors[i].dtype = ASSAY_F64;
        tensors[i].bytes = count * sizeof(double);
    }
    must(assay_safetensors_write(path, tensors, file->count, NULL, NULL, &err), &err);
    for (size_t i = 0; i < file->count; i++) assay_free(tensors[i].data);
    assay_tensor_file_close(file);
}

static assay_checkpoint *open_wide_base(const char *folder)
{
    assay_checkpoint *checkpoint;
    assay_error err = {0};
    char *weights = assay_path_join(folder, "model.safetensors"), *config = assay_path_join(folder, "config.json"),
         *text;
    size_t size;
    write_weights(weights);
    must(assay_file_read(BASE "/config.json", 1 << 20, &text, &size, &err), &err);
    must(assay_file_write_atomic(config, text, size, &err), &err);
    must(assay_checkpoint_open(&checkpoint, folder, 0, &err), &err);
    assay_free(text);
    assay_free(weights);
    assay_free(config);
    return checkpoint;
}

static assay_model *open_model(const assay_checkpoint *checkpoint, bool bf16)
{
    assay_model *model;
    assay_error err = {0};
    must(assay_model_open(&model, checkpoint, NULL, &(assay_model_options){.bf16 = bf16, .seed = 1}, &err), &err);
    assert_true(model->owned_bytes > 0 && model->borrowed_bytes == 0);
    return model;
}

static void shares_all(const assay_checkpoint *checkpoint, bool bf16)
{
    assay_model *base = open_model(checkpoint, bf16), *model = open_model(checkpoint, bf16);
    assay_model_share(model, base);
    assert_int_equal(model->owned_bytes, 0);
    for (size_t i = 0; i < model->program->param_count; i++) {
        assert_ptr_equal(model->params[i].data, base->params[i].data);
        assert_int_equal(model->params[i].dtype, base->params[i].dtype);
    }
    assay_model_close(model);
    assay_model_close(base);
}

static void what_is_equal_is_shared(void **state)
{
    char *folder = fresh_folder();
    (void)state;
    assay_checkpoint *checkpoint = open_wide_base(folder);
    shares_all(checkpoint, false);
    shares_all(checkpoint, true);
    assay_checkpoint_close(checkpoint);
    drop_folder(folder);
}

/* A frozen matrix of a bf16 run and one of an f32 run are no equals, whatever their bytes. One changed value keeps the
 * weight; all others go. */
static void what_differs_stays(void **state)
{
    char *folder = fresh_folder();
    (void)state;
    assay_checkpoint *checkpoint = open_wide_base(folder);
    assay_model *base = open_model(checkpoint, false), *model = open_model(checkpoint, true);
    size_t matrices = 0, changed = 0;
    for (size_t i = 0; i < model->program->param_count; i++) {
        if (model->owned[i].dtype != ASSAY_BF16) continue;
        matrices += model->owned[i].bytes;
        assert_null(assay_model_own_f32(model, i));
    }
    assert_true(matrices > 0);
    assay_model_share(model, base);
    assert_int_equal(model->owned_bytes, matrices);
    assay_model_close(model);
    model = open_model(checkpoint, false);
    float *values = assay_model_own_f32(model, changed);
    assert_non_null(values);
    values[0] += 1;
    assay_model_share(model, base);
    assert_int_equal(model->owned_bytes, model->owned[changed].bytes);
    assert_ptr_equal(model->params[changed].data, values);
    assay_model_close(model);
    assay_model_close(base);
    assay_checkpoint_close(checkpoint);
    drop_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_equal_is_shared),
        cmocka_unit_test(what_differs_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
