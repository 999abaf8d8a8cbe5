/* The list of a checkpoint's weights, sorted by name, and the memory that goes with it. */
#include "base/alloc.h"
#include "base/text.h"
#include "checkpoint/checkpoint_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int compare_weights(const void *a, const void *b)
{
    return strcmp(((const assay_weight *)a)->tensor.name, ((const assay_weight *)b)->tensor.name);
}

assay_status assay_checkpoint_sort_weights(assay_checkpoint *checkpoint, assay_error *err)
{
    assay_weight *weights = checkpoint->weights;
    if (checkpoint->weight_count) qsort(weights, checkpoint->weight_count, sizeof *weights, compare_weights);
    for (size_t i = 1; i < checkpoint->weight_count; i++)
        if (!compare_weights(&weights[i - 1], &weights[i]))
            return assay_error_set(err, ASSAY_E_FORMAT, "%s: the weight \"%s\" is there twice, in %s and in %s",
                                   checkpoint->path, weights[i].tensor.name, weights[i - 1].file, weights[i].file);
    return ASSAY_OK;
}

assay_status assay_checkpoint_keep(assay_checkpoint *checkpoint, void *memory, assay_error *err)
{
    assay_status status = assay_grow(&checkpoint->kept, &checkpoint->kept_capacity, checkpoint->kept_count + 1,
                                     sizeof *checkpoint->kept, err);
    if (status == ASSAY_OK) checkpoint->kept[checkpoint->kept_count++] = memory;
    else assay_free(memory);
    return status;
}

const assay_weight *assay_checkpoint_find(const assay_checkpoint *checkpoint, const char *name)
{
    assay_weight key = {.tensor = {.name = name}};
    if (checkpoint->weight_count == 0) return NULL;
    return bsearch(&key, checkpoint->weights, checkpoint->weight_count, sizeof key, compare_weights);
}

const assay_weight *assay_checkpoint_find_beside(const assay_checkpoint *checkpoint, const char *name, size_t length,
                                                 const char *suffix)
{
    char text[512];
    int written = snprintf(text, sizeof text, "%.*s%s", (int)length, name, suffix);
    return written < (int)sizeof text ? assay_checkpoint_find(checkpoint, text) : NULL;
}

const assay_tensor *assay_checkpoint_take(const assay_checkpoint *checkpoint, bool *joined, const char *name,
                                          size_t length, const char *suffix)
{
    const assay_weight *found = assay_checkpoint_find_beside(checkpoint, name, length, suffix);
    if (found) joined[found - checkpoint->weights] = true;
    return found ? &found->tensor : NULL;
}

/* Bytes of the name before one of the ends and its dot; 0: it has none of them. */
static size_t stem_of(const char *name, const char *const *ends)
{
    size_t length = strlen(name);
    for (size_t end; *ends; ends++)
        if (assay_text_ends(name, *ends) && (end = strlen(*ends)) < length && name[length - end - 1] == '.')
            return length - end - 1;
    return 0;
}

assay_status assay_checkpoint_check_taken(const assay_checkpoint *checkpoint, const bool *joined,
                                          const char *const *beside, const char *levels, assay_error *err)
{
    for (size_t i = 0; i < checkpoint->weight_count; i++) {
        const char *name = checkpoint->weights[i].tensor.name;
        size_t stem = joined[i] ? 0 : stem_of(name, beside);
        if (stem > 0)
            return assay_error_set(err, ASSAY_E_FORMAT,
                                   "%s: %s is there, and %.*s.%s, whose weights it belongs to, is not. Fetch the model "
                                   "again (huggingface-cli download OWNER/NAME), or take the unquantised one",
                                   checkpoint->name, name, (int)stem, name, levels);
    }
    return ASSAY_OK;
}

bool assay_checkpoint_scale_type(const assay_tensor *scales, assay_parts_round *type)
{
    *type = scales->dtype == ASSAY_F32   ? ASSAY_PARTS_F32
            : scales->dtype == ASSAY_F16 ? ASSAY_PARTS_F16
                                         : ASSAY_PARTS_BF16;
    return scales->dtype == ASSAY_F32 || scales->dtype == ASSAY_F16 || scales->dtype == ASSAY_BF16;
}

static assay_status call_weight(assay_checkpoint *checkpoint, assay_weight *weight, size_t length, assay_error *err)
{
    size_t stem = strlen(weight->tensor.name) - length, size = stem + sizeof "weight";
    char *name = assay_alloc(size, 1);
    ASSAY_TRY_ALLOC(name, weight->tensor.name, err);
    snprintf(name, size, "%.*sweight", (int)stem, weight->tensor.name);
    weight->tensor.name = name;
    return assay_checkpoint_keep(checkpoint, name, err);
}

assay_status assay_checkpoint_call_weights(assay_checkpoint *checkpoint, assay_dtype type, const char *levels,
                                           assay_error *err)
{
    for (size_t i = 0; i < checkpoint->weight_count; i++)
        if (checkpoint->weights[i].tensor.dtype == type)
            ASSAY_TRY(call_weight(checkpoint, &checkpoint->weights[i], strlen(levels), err));
    return ASSAY_OK;
}
