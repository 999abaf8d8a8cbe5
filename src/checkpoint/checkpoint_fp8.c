/* FP8 weights (E4M3) and their scales, one weight made of both. Who writes them: DeepSeek and Qwen (quant_method fp8,
 * X.weight_scale_inv, one for 128 x 128), FBGEMM (fbgemm_fp8, X.weight_scale, one a row), compressed-tensors
 * (float-quantized, X.weight_scale, one a row or one for all). All are factors, whatever they are called. Scales of
 * what a product is fed with (input_scale) belong to products of bytes, which are not computed here. */
#include "base/foreign_kind.h"
#include "base/sizes.h"
#include "base/text.h"
#include "checkpoint/checkpoint_private.h"

#include <stdio.h>
#include <string.h>

enum { BLOCK = 128 };

typedef struct joiner {
    assay_checkpoint *checkpoint;
    bool *joined;            /* weights that became a part of another, or are not read */
    size_t count;            /* of checkpoint->parts that are in use */
    size_t block[2];         /* rows and columns of a block, as the config says */
    assay_parts_round round; /* likewise */
    assay_error *err;
} joiner;

static assay_status refuse(const joiner *j, const char *name, const char *what)
{
    return assay_error_set(j->err, ASSAY_E_FORMAT,
                           "%s: the fp8 weight %s: %s. Fetch the model again (huggingface-cli download OWNER/NAME), or "
                           "take the bf16 one",
                           j->checkpoint->name, name, what);
}

/* The tensor whose name is `length` bytes of name, and suffix, taken out of the list; NULL: there is none. */
static const assay_tensor *take(const joiner *j, const char *name, size_t length, const char *suffix)
{
    return assay_checkpoint_take(j->checkpoint, j->joined, name, length, suffix);
}

/* How many rows and columns share a scale, by the scales' shape. */
static bool find_blocks(const joiner *j, const assay_tensor *weight, const assay_tensor *scales, assay_parts *parts)
{
    size_t rows = weight->shape[0], cols = weight->shape[1], count;
    if (!assay_tensor_elements(scales, &count)) return false;
    bool grid = scales->rank == 2 && scales->shape[0] == assay_divide_up(rows, j->block[0]) &&
                scales->shape[1] == assay_divide_up(cols, j->block[1]);
    bool by_row = count == rows && scales->shape[0] == rows && scales->rank > 0;
    parts->block_rows = grid ? j->block[0] : by_row ? 1 : rows;
    parts->block_cols = grid ? j->block[1] : cols;
    return grid || by_row || count == 1;
}

static assay_status join(joiner *j, size_t index)
{
    char text[160], shape[64], matrix[64];
    assay_tensor *tensor = &j->checkpoint->weights[index].tensor;
    assay_parts *parts = &j->checkpoint->parts[j->count];
    if (tensor->dtype != ASSAY_F8_E4M3) return ASSAY_OK;
    if (tensor->rank != 2 || tensor->bytes == 0) return refuse(j, tensor->name, "it should be a matrix");
    const assay_tensor *scales = take(j, tensor->name, strlen(tensor->name), "_scale_inv");
    if (!scales) scales = take(j, tensor->name, strlen(tensor->name), "_scale");
    if (!scales) return refuse(j, tensor->name, "its scales (weight_scale_inv, weight_scale) are missing");
    *parts = (assay_parts){
        .scales = scales->data, .scale_bytes = scales->bytes, .cols = tensor->shape[1], .round = j->round};
    if (!assay_checkpoint_scale_type(scales, &parts->scale_type))
        return refuse(j, tensor->name, "its scales should be F32, F16 or BF16");
    if (!find_blocks(j, tensor, scales, parts)) {
        snprintf(text, sizeof text,
                 "scales %s for a matrix %s are neither one for each %zu x %zu, nor one a row, nor one",
                 assay_shape_text(scales, shape, sizeof shape), assay_shape_text(tensor, matrix, sizeof matrix),
                 j->block[0], j->block[1]);
        return refuse(j, tensor->name, text);
    }
    tensor->dtype = ASSAY_FP8;
    tensor->parts = parts;
    j->count++;
    return ASSAY_OK;
}

/* X.input_scale beside X.weight. */
static void drop_input_scale(const joiner *j, size_t index)
{
    static const char weight[] = "weight";
    const assay_tensor *tensor = &j->checkpoint->weights[index].tensor;
    if (tensor->dtype != ASSAY_FP8 || !assay_text_ends(tensor->name, weight)) return;
    take(j, tensor->name, strlen(tensor->name) - (sizeof weight - 1), "input_scale");
}

static assay_status read_config(joiner *j)
{
    static const struct {
        const char *name;
        assay_parts_round round;
    } types[] = {{"bfloat16", ASSAY_PARTS_BF16}, {"float16", ASSAY_PARTS_F16}, {"float32", ASSAY_PARTS_F32}};
    const json_t *config = j->checkpoint->config, *how = json_object_get(config, "quantization_config"),
                 *block = json_object_get(how, "weight_block_size"), *type = json_object_get(config, "torch_dtype");
    const char *name = json_string_value(type ? type : json_object_get(config, "dtype"));
    j->round = ASSAY_PARTS_BF16;
    for (size_t i = 0; name && i < sizeof types / sizeof *types; i++)
        if (!strcmp(name, types[i].name)) j->round = types[i].round;
    for (size_t i = 0; i < 2; i++) {
        json_int_t value = json_integer_value(json_array_get(block, i));
        j->block[i] = BLOCK;
        if (!block || json_is_null(block)) continue;
        if (value < 1 || value > 1 << 20)
            return assay_error_set(j->err, ASSAY_E_FORMAT,
                                   "%s: weight_block_size of config.json should be two positive numbers",
                                   j->checkpoint->name);
        j->block[i] = (size_t)value;
    }
    return ASSAY_OK;
}

assay_status assay_checkpoint_join_fp8(assay_checkpoint *checkpoint, bool *joined, assay_error *err)
{
    joiner j = {.checkpoint = checkpoint, .joined = joined, .err = err};
    ASSAY_TRY(read_config(&j));
    for (size_t i = 0; i < checkpoint->weight_count; i++) ASSAY_TRY(join(&j, i));
    for (size_t i = 0; i < checkpoint->weight_count; i++) drop_input_scale(&j, i);
    if (j.count) return ASSAY_OK;
    return assay_foreign_error(err, checkpoint->name, ASSAY_FOREIGN_FP8,
                               "config.json says so, but no weight is F8_E4M3 with scales beside it");
}
