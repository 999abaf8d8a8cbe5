#include "cli/saved_print.h"

#include "base/alloc.h"
#include "base/format.h"
#include "checkpoint/checkpoint.h"
#include "cli/terminal.h"

static assay_status print_sums(const char *folder, uint64_t parameters, uint64_t bytes, const char *architecture,
                               bool json, assay_error *err)
{
    if (json) {
        json_t *object = json_pack("{s:s, s:s, s:I, s:I}", "output", folder, "architecture", architecture, "parameters",
                                   (json_int_t)parameters, "bytes", (json_int_t)bytes);
        ASSAY_TRY_ALLOC(object, "the result", err);
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

assay_status assay_saved_print(const char *folder, bool json, assay_error *err)
{
    assay_checkpoint *checkpoint;
    uint64_t parameters = 0, bytes = 0;
    ASSAY_TRY(assay_checkpoint_open(&checkpoint, folder, 0, err));
    for (size_t i = 0; i < checkpoint->weight_count; i++) {
        size_t elements = 0;
        if (assay_tensor_elements(&checkpoint->weights[i].tensor, &elements)) parameters += elements;
        bytes += checkpoint->weights[i].tensor.bytes;
    }
    const char *architecture =
        json_string_value(json_array_get(json_object_get(checkpoint->config, "architectures"), 0));
    assay_status status = print_sums(folder, parameters, bytes, architecture ? architecture : "?", json, err);
    assay_checkpoint_close(checkpoint);
    return status;
}
