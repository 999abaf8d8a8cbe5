#include "cli/saved_print.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/format.h"
#include "checkpoint/checkpoint.h"
#include "cli/terminal.h"

#include <string.h>

static assay_status print_sums(const char *folder, uint64_t parameters, uint64_t bytes, const char *architecture,
                               const json_t *quantised, bool json, assay_error *err)
{
    if (json) {
        json_t *object = json_pack("{s:s, s:s, s:I, s:I}", "output", folder, "architecture", architecture, "parameters",
                                   (json_int_t)parameters, "bytes", (json_int_t)bytes);
        ASSAY_TRY_ALLOC(object, "the result", err);
        if (quantised) json_object_set(object, "quantized", assay_json_lent(quantised));
        assay_status status = assay_print_json(object, err);
        json_decref(object);
        return status;
    }
    char size[32], *text;
    assay_format_bytes(bytes, size, sizeof size);
    text = assay_strfmt("%s: %s, %llu parameters, %s\n", folder, architecture, (unsigned long long)parameters, size);
    ASSAY_TRY_ALLOC(text, "the result", err);
    assay_status status = assay_print_text(text, err);
    assay_free(text);
    return status;
}

/* The types in the order they are met, with how many tensors have each, and the tensor that lost most. */
static assay_status print_packed(const json_t *quantised, assay_error *err)
{
    size_t count[ASSAY_DTYPE_COUNT] = {0}, crossing = 0, i;
    const json_t *row, *worst = NULL;
    assay_buf text;
    assay_buf_init(&text, 4096);
    json_array_foreach(quantised, i, row)
    {
        const char *type = json_string_value(json_object_get(row, "type"));
        for (int dtype = 0; dtype < ASSAY_DTYPE_COUNT; dtype++)
            if (!strcmp(assay_dtype_name((assay_dtype)dtype), type)) count[dtype]++;
        crossing += json_is_true(json_object_get(row, "blocks_cross_rows"));
        double error = json_number_value(json_object_get(row, "error"));
        if (!worst || error > json_number_value(json_object_get(worst, "error"))) worst = row;
    }
    assay_status status = assay_buf_text(&text, "packed:", err);
    for (int dtype = 0; dtype < ASSAY_DTYPE_COUNT && status == ASSAY_OK; dtype++)
        if (count[dtype])
            status = assay_buf_printf(&text, err, " %zu %s", count[dtype], assay_dtype_name((assay_dtype)dtype));
    if (status == ASSAY_OK && crossing)
        status = assay_buf_printf(&text, err, " (in %zu blocks of 64 cross rows)", crossing);
    if (status == ASSAY_OK && worst)
        status = assay_buf_printf(&text, err, "; most was lost in %s: %.3g %% of its size\n",
                                  json_string_value(json_object_get(worst, "name")),
                                  100 * json_number_value(json_object_get(worst, "error")));
    if (status == ASSAY_OK) status = assay_print_text(text.data, err);
    assay_buf_release(&text);
    return status;
}

assay_status assay_saved_print(const char *folder, const json_t *quantised, bool json, assay_error *err)
{
    assay_checkpoint *checkpoint;
    uint64_t parameters = 0, bytes = 0;
    ASSAY_TRY(assay_checkpoint_open(&checkpoint, folder, 0, err));
    for (size_t i = 0; i < checkpoint->weight_count; i++) {
        size_t elements = 0;
        if (assay_tensor_elements(&checkpoint->weights[i].tensor, &elements)) parameters += elements;
        bytes += assay_tensor_stored_bytes(&checkpoint->weights[i].tensor);
    }
    const char *architecture =
        json_string_value(json_array_get(json_object_get(checkpoint->config, "architectures"), 0));
    assay_status status =
        print_sums(folder, parameters, bytes, architecture ? architecture : "?", quantised, json, err);
    if (status == ASSAY_OK && !json && json_array_size(quantised) > 0) status = print_packed(quantised, err);
    assay_checkpoint_close(checkpoint);
    return status;
}
