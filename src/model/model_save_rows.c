/* Weights on their way to disk. A run of rows at a time is brought to f32 and changed. The rows of a matrix are
 * independent, so a slice of them (the q of a fused qkv) is the same work with another first row. */
#include "model/model_save_rows.h"

#include "base/sizes.h"
#include "tensor/stored.h"

#include <string.h>

enum { CHUNK = 1 << 16 }; /* values */

bool assay_save_tensor_is_moved(const assay_save_tensor *tensor)
{
    return tensor->row_map || tensor->permuted_heads || tensor->grouped_heads || tensor->stored.permuted_heads ||
           tensor->stored.grouped_heads;
}

/* The model's row that lies at a row of what is written. */
static size_t model_row(const assay_save_tensor *tensor, size_t row)
{
    return assay_weight_model_row(&tensor->stored, tensor->rows, row);
}

static size_t source_row(const assay_save_tensor *tensor, size_t row)
{
    const assay_weight order = {.permuted_heads = tensor->permuted_heads, .grouped_heads = tensor->grouped_heads};
    size_t wanted = model_row(tensor, row);
    return tensor->row_map ? tensor->row_map[wanted] : assay_weight_source_row(&order, tensor->rows, wanted);
}

static void read_rows(const assay_save_tensor *tensor, size_t first, size_t count, float *dst)
{
    const assay_stored stored = {
        .data = tensor->data, .dtype = tensor->from, .parts = tensor->parts, .cols = tensor->cols};
    if (tensor->read) {
        tensor->read(tensor->context, tensor, first, count, dst);
        return;
    }
    if (!assay_save_tensor_is_moved(tensor)) {
        assay_stored_to_f32(&stored, first, 0, count * tensor->cols, dst);
        return;
    }
    for (size_t i = 0; i < count; i++)
        assay_stored_to_f32(&stored, source_row(tensor, first + i), 0, tensor->cols, dst + i * tensor->cols);
}

/* As PEFT merges (tuners/lora/layer.py, get_delta_weight): B A in f32, times the scale, added to W. delta: cols
 * values. */
static void add_adapter(const assay_save_tensor *tensor, size_t row, float *dst, float *delta)
{
    memset(delta, 0, tensor->cols * sizeof *delta);
    for (size_t r = 0; r < tensor->adapter_rank; r++) {
        float factor = tensor->b[row * tensor->adapter_rank + r];
        const float *a = tensor->a + r * tensor->cols;
        for (size_t i = 0; i < tensor->cols; i++) delta[i] += factor * a[i];
    }
    for (size_t i = 0; i < tensor->cols; i++) dst[i] += delta[i] * tensor->scale;
}

/* Rows of a run: few blocks divide rows that they do not divide one by one. */
static size_t run_rows(const assay_save_tensor *tensor, size_t block)
{
    size_t rows = tensor->cols < CHUNK ? CHUNK / tensor->cols : 1;
    return rows * tensor->cols % block ? (rows + block - 1) / block * block : rows;
}

bool assay_save_tensor_run(const assay_save_tensor *tensor, size_t block, size_t *values)
{
    *values = 0;
    return tensor->cols == 0 || assay_mul_size(run_rows(tensor, block), tensor->cols, values);
}

/* buffer: `step` rows of values, and one of an adapter's share. */
static assay_status read_runs(const assay_save_tensor *tensor, float *buffer, size_t step, assay_rows_taker take,
                              void *context, assay_error *err)
{
    float *delta = buffer + step * tensor->cols;
    float more = (tensor->stored.plus_one ? 1.0f : 0.0f) - (tensor->plus_one ? 1.0f : 0.0f);
    for (size_t done = 0, rows; done < tensor->count; done += rows) {
        rows = assay_smaller(tensor->count - done, step);
        size_t first = tensor->first + done;
        read_rows(tensor, first, rows, buffer);
        for (size_t i = 0; tensor->plus_one != tensor->stored.plus_one && i < rows * tensor->cols; i++)
            buffer[i] += more;
        for (size_t i = 0; tensor->a && i < rows; i++)
            add_adapter(tensor, model_row(tensor, first + i), buffer + i * tensor->cols, delta);
        ASSAY_TRY(take(context, buffer, rows * tensor->cols, err));
    }
    return ASSAY_OK;
}

assay_status assay_save_tensor_read(const assay_save_tensor *tensor, size_t block, assay_rows_taker take, void *context,
                                    assay_error *err)
{
    size_t needed;
    if (tensor->count == 0 || tensor->cols == 0) return ASSAY_OK;
    size_t step = run_rows(tensor, block);
    bool counted = assay_mul_size(step + 1, tensor->cols, &needed);
    float *buffer = counted ? assay_alloc(needed, sizeof *buffer) : NULL;
    ASSAY_TRY_ALLOC(buffer, tensor->name, err);
    assay_status status = read_runs(tensor, buffer, step, take, context, err);
    assay_free(buffer);
    return status;
}
