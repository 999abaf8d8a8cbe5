/* Weight files as bitsandbytes and Transformers write them: of X.weight in NF4 the nibbles, X.weight.absmax, .quant_map
 * and a JSON text in .quant_state.bitsandbytes__nf4, nested ones with .nested_absmax and .nested_quant_map; in INT8 the
 * bytes, X.SCB and X.weight_format. (functional.py, QuantState.as_dict; nn/modules.py, Linear8bitLt) A tensor of the
 * list so becomes several of the file. Scales are found anew for each of them: they come at different places of the
 * file, and keeping those of a whole model would take a sixteenth of it. */
#include "model/model_save_private.h"

#include "base/alloc.h"
#include "base/sizes.h"
#include "base/text.h"
#include "checkpoint/checkpoint_write.h"
#include "model/model_save_parts.h"
#include "quant/dynamic_map.h"
#include "quant/four_bits.h"

#include <string.h>

enum { STATE_BYTES = 320, NAME_BYTES = 512, MOST_PARTS = 6 };

typedef enum part_kind {
    PART_WHOLE, /* a tensor that is not packed */
    PART_BYTES,
    PART_SCALES,
    PART_LEVELS, /* nested: what stands for the scales */
    PART_MAP_SCALES,
    PART_MAP,
    PART_TABLE,
    PART_STATE,
    PART_FORMAT
} part_kind;

typedef struct file_part {
    assay_save_tensor *item;
    part_kind kind;
} file_part;

/* tensors[i] is parts[i]; names are owned */
typedef struct parted_file {
    bool nested;
    assay_tensor *tensors;
    file_part *parts;
    size_t count;
} parted_file;

/* ---- what is in the file ---- */

static size_t elements_of(const assay_save_tensor *item) { return item->count * item->cols; }

/* The offset has a width of its own, so that the text's length is known before the offset is. */
static size_t state_text(const assay_save_tensor *item, bool nested, float offset, char text[STATE_BYTES])
{
    const char *dtype = item->plain == ASSAY_BF16 ? "bfloat16" : item->plain == ASSAY_F16 ? "float16" : "float32";
    int used = assay_text_format(
        text, STATE_BYTES, "{\"quant_type\": \"nf4\", \"blocksize\": %d, \"dtype\": \"%s\", \"shape\": [%zu, %zu]",
        ASSAY_NF4_BLOCK, dtype, item->count, item->cols);
    if (nested)
        used +=
            assay_text_format(text + used, STATE_BYTES - (size_t)used,
                              ", \"nested_blocksize\": %d, \"nested_dtype\": \"float32\", \"nested_offset\": %-24.17g",
                              ASSAY_DYNAMIC_BLOCK, (double)offset);
    used += assay_text_format(text + used, STATE_BYTES - (size_t)used, "}");
    return (size_t)used;
}

static void set_shape(assay_tensor *tensor, assay_dtype dtype, size_t rows, size_t cols)
{
    tensor->dtype = dtype;
    tensor->rank = cols ? 2 : rows ? 1 : 0;
    tensor->shape[0] = rows;
    tensor->shape[1] = cols;
    tensor->bytes = (rows ? rows : 1) * (cols ? cols : 1) * assay_dtype_block_bytes(dtype);
}

static void describe_whole(const assay_save_tensor *item, assay_tensor *tensor)
{
    tensor->dtype = item->dtype;
    tensor->rank = item->rank;
    memcpy(tensor->shape, item->shape, sizeof tensor->shape);
    tensor->bytes = elements_of(item) * assay_dtype_block_bytes(item->dtype);
}

/* Sizes fit: the matrix itself does, in a wider type. */
static void describe_part(const file_part *part, bool nested, assay_tensor *tensor)
{
    char text[STATE_BYTES];
    const assay_save_tensor *item = part->item;
    size_t elements = elements_of(item), blocks = assay_divide_up(elements, ASSAY_NF4_BLOCK);
    bool int8 = item->dtype == ASSAY_INT8;
    switch (part->kind) {
    case PART_WHOLE:
        describe_whole(item, tensor);
        break;
    case PART_BYTES:
        if (int8) set_shape(tensor, ASSAY_I8, item->count, item->cols);
        else set_shape(tensor, ASSAY_U8, assay_divide_up(elements, 2), 1);
        break;
    case PART_SCALES:
        set_shape(tensor, ASSAY_F32, int8 ? item->count : blocks, 0);
        break;
    case PART_LEVELS:
        set_shape(tensor, ASSAY_U8, blocks, 0);
        break;
    case PART_MAP_SCALES:
        set_shape(tensor, ASSAY_F32, assay_divide_up(blocks, ASSAY_DYNAMIC_BLOCK), 0);
        break;
    case PART_MAP:
        set_shape(tensor, ASSAY_F32, ASSAY_DYNAMIC_LEVELS, 0);
        break;
    case PART_TABLE:
        set_shape(tensor, ASSAY_F32, 16, 0);
        break;
    case PART_STATE:
        set_shape(tensor, ASSAY_U8, state_text(item, nested, 0, text), 0);
        break;
    case PART_FORMAT:
        set_shape(tensor, ASSAY_U8, 0, 0);
        break;
    }
}

/* The part NAME + suffix, or, where `cut`, with it for NAME's last component. */
static assay_status add_part(parted_file *file, assay_save_tensor *item, part_kind kind, bool cut, const char *suffix,
                             assay_error *err)
{
    const char *dot = strrchr(item->name, '.');
    int stem = (int)(cut && dot ? (size_t)(dot + 1 - item->name) : strlen(item->name));
    char *name = assay_strfmt("%.*s%s", stem, item->name, suffix);
    ASSAY_TRY_ALLOC(name, "a tensor's name", err);
    file->parts[file->count] = (file_part){.item = item, .kind = kind};
    file->tensors[file->count] = (assay_tensor){.name = name};
    describe_part(&file->parts[file->count], file->nested, &file->tensors[file->count]);
    file->count++;
    return ASSAY_OK;
}

static assay_status add_int8(parted_file *file, assay_save_tensor *item, assay_error *err)
{
    ASSAY_TRY(add_part(file, item, PART_BYTES, false, "", err));
    ASSAY_TRY(add_part(file, item, PART_SCALES, true, "SCB", err));
    return add_part(file, item, PART_FORMAT, true, "weight_format", err);
}

static assay_status add_nf4(parted_file *file, assay_save_tensor *item, assay_error *err)
{
    ASSAY_TRY(add_part(file, item, PART_BYTES, false, "", err));
    ASSAY_TRY(add_part(file, item, file->nested ? PART_LEVELS : PART_SCALES, false, ".absmax", err));
    ASSAY_TRY(add_part(file, item, PART_TABLE, false, ".quant_map", err));
    if (file->nested) ASSAY_TRY(add_part(file, item, PART_MAP_SCALES, false, ".nested_absmax", err));
    if (file->nested) ASSAY_TRY(add_part(file, item, PART_MAP, false, ".nested_quant_map", err));
    return add_part(file, item, PART_STATE, false, ".quant_state.bitsandbytes__nf4", err);
}

static assay_status list_parts(parted_file *file, assay_save_list *list, assay_error *err)
{
    file->tensors = assay_alloc(list->count * MOST_PARTS, sizeof *file->tensors);
    file->parts = assay_alloc(list->count * MOST_PARTS, sizeof *file->parts);
    if (!file->tensors || !file->parts)
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a list of tensors");
    for (size_t i = 0; i < list->count; i++) {
        assay_save_tensor *item = &list->items[i];
        ASSAY_TRY(item->dtype == ASSAY_INT8  ? add_int8(file, item, err)
                  : item->dtype == ASSAY_NF4 ? add_nf4(file, item, err)
                                             : add_part(file, item, PART_WHOLE, false, "", err));
    }
    return ASSAY_OK;
}

/* ---- writing it ---- */

static assay_status write_made(const file_part *part, const assay_made_parts *made, assay_writer *writer,
                               assay_error *err)
{
    char text[STATE_BYTES];
    const assay_save_sink sink = assay_save_into_file(writer);
    switch (part->kind) {
    case PART_BYTES:
        return assay_made_parts_write(made, part->item, &sink, err);
    case PART_SCALES:
        return assay_writer_write(writer, made->scales, made->count * sizeof(float), err);
    case PART_LEVELS:
        return assay_writer_write(writer, made->levels, made->count, err);
    case PART_MAP_SCALES:
        return assay_writer_write(writer, made->map_scales, made->parts.map_scale_bytes, err);
    case PART_MAP:
        return assay_writer_write(writer, made->map, ASSAY_PARTS_MAP_BYTES, err);
    default:
        return assay_writer_write(writer, text, state_text(part->item, made->map != NULL, made->parts.offset, text),
                                  err);
    }
}

static assay_status source(void *context, const assay_tensor *tensor, assay_writer *writer, assay_error *err)
{
    const parted_file *file = context;
    const file_part *part = &file->parts[tensor - file->tensors];
    const assay_save_sink sink = assay_save_into_file(writer);
    assay_made_parts made;
    if (part->kind == PART_WHOLE) return assay_save_tensor_write(part->item, &sink, err);
    if (part->kind == PART_FORMAT) return assay_writer_write(writer, "", 1, err);
    if (part->kind == PART_TABLE) return assay_writer_write(writer, assay_nf4_values, sizeof assay_nf4_values, err);
    ASSAY_TRY(assay_made_parts_open(&made, part->item, file->nested, err));
    assay_status status = write_made(part, &made, writer, err);
    assay_made_parts_close(&made);
    return status;
}

assay_status assay_save_list_write_parts(assay_save_list *list, bool nested, const char *folder, size_t shard_bytes,
                                         assay_error *err)
{
    parted_file file = {.nested = nested};
    assay_status status = list_parts(&file, list, err);
    if (status == ASSAY_OK)
        status = assay_checkpoint_write_sharded(folder, file.tensors, file.count, source, &file,
                                                shard_bytes ? shard_bytes : ASSAY_SHARD_BYTES, err);
    for (size_t i = 0; i < file.count; i++) assay_free(file.tensors[i].name);
    assay_free(file.tensors);
    assay_free(file.parts);
    return status;
}

/* ---- the config ---- */

static const char *last_component(const char *path)
{
    const char *dot = strrchr(path, '.');
    return dot ? dot + 1 : path;
}

/* As BitsAndBytesConfig.to_dict gives it. (Transformers, utils/quantization_config.py) */
json_t *assay_save_parts_config(const assay_architecture *arch, assay_dtype packed, assay_dtype plain, bool nested)
{
    bool int8 = packed == ASSAY_INT8;
    const char *compute = plain == ASSAY_BF16 ? "bfloat16" : plain == ASSAY_F16 ? "float16" : "float32";
    return json_pack("{s:s, s:b, s:b, s:b, s:b, s:s, s:s, s:s, s:b, s:b, s:b, s:f, s:[s, s]}", "quant_method",
                     "bitsandbytes", "load_in_4bit", !int8, "load_in_8bit", int8, "_load_in_4bit", !int8,
                     "_load_in_8bit", int8, "bnb_4bit_compute_dtype", compute, "bnb_4bit_quant_type",
                     int8 ? "fp4" : "nf4", "bnb_4bit_quant_storage", "uint8", "bnb_4bit_use_double_quant",
                     nested && !int8, "llm_int8_enable_fp32_cpu_offload", 0, "llm_int8_has_fp16_weight", 0,
                     "llm_int8_threshold", 6.0, "llm_int8_skip_modules", last_component(arch->names->language_head),
                     last_component(arch->names->head));
}
