/* Weights that bitsandbytes stores as several tensors (QuantState.as_dict(packed=True) in functional.py, and
 * Linear8bitLt in nn/modules.py). Of NF4 and FP4, X.weight holds nibbles, X.weight.absmax the scales of blocks, and
 * X.weight.quant_state.bitsandbytes__nf4 a JSON text with the shape; with nested scales there are nested_absmax and
 * nested_quant_map. Of INT8, X.weight holds bytes and X.SCB the rows' scales. All sizes are checked here against the
 * shape, so that whoever decodes need not.
 *
 * quant_map is only compared: bitsandbytes itself computes with its own tables whatever it says. */
#include "base/foreign_kind.h"
#include "base/sizes.h"
#include "base/text.h"
#include "checkpoint/checkpoint_private.h"
#include "family/quantisation.h"
#include "quant/four_bits.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_STATE = 4096, MAP_ENTRIES = 256, LEAST_BLOCK = 32, LARGEST_BLOCK = 4096 };

typedef struct joiner {
    assay_checkpoint *checkpoint;
    bool *joined; /* weights that became a part of another */
    size_t count; /* of checkpoint->parts that are in use */
    assay_error *err;
} joiner;

/* A weight and the beginning of its other tensors' names. */
typedef struct parted {
    joiner *j;
    assay_weight *weight;
    assay_parts *parts;
} parted;

static assay_status refuse(const parted *p, const char *what)
{
    return assay_error_set(p->j->err, ASSAY_E_FORMAT,
                           "%s: the quantised weight %s: %s. Fetch the model again (huggingface-cli download "
                           "OWNER/NAME), or take the unquantised one",
                           p->j->checkpoint->name, p->weight->tensor.name, what);
}

/* The tensor NAME + suffix, taken out of the list; NULL: there is none. */
static const assay_tensor *take(const parted *p, const char *name, size_t length, const char *suffix)
{
    return assay_checkpoint_take(p->j->checkpoint, p->j->joined, name, length, suffix);
}

static const assay_tensor *take_part(const parted *p, const char *suffix)
{
    return take(p, p->weight->tensor.name, strlen(p->weight->tensor.name), suffix);
}

/* A part of the given type and number of elements, whatever its rank. */
static assay_status need(const parted *p, const char *suffix, assay_dtype dtype, size_t elements, const uint8_t **out)
{
    char text[160];
    size_t found = 0;
    const assay_tensor *part = take_part(p, suffix);
    bool fits = part && part->dtype == dtype && assay_tensor_elements(part, &found) && found == elements;
    if (fits) {
        *out = part->data;
        return ASSAY_OK;
    }
    if (part)
        snprintf(text, sizeof text, "%s holds %zu x %s where its shape asks for %zu x %s", suffix, found,
                 assay_dtype_name(part->dtype), elements, assay_dtype_name(dtype));
    else snprintf(text, sizeof text, "%s is missing", suffix);
    return refuse(p, text);
}

/* ---- NF4 and FP4 ---- */

static assay_status read_shift(const parted *p, const json_t *state, const char *key, unsigned *shift)
{
    char text[96];
    const json_t *size = json_object_get(state, key);
    json_int_t value = json_integer_value(size);
    for (unsigned i = 0; json_is_integer(size) && LEAST_BLOCK << i <= LARGEST_BLOCK; i++)
        if (value == LEAST_BLOCK << i) {
            *shift = i + 5;
            return ASSAY_OK;
        }
    snprintf(text, sizeof text, "quant_state's %s should be a power of two from 32 to 4096", key);
    return refuse(p, text);
}

static assay_status read_round(const parted *p, const json_t *state, assay_parts_round *round)
{
    static const char *const names[] = {
        [ASSAY_PARTS_F32] = "float32", [ASSAY_PARTS_F16] = "float16", [ASSAY_PARTS_BF16] = "bfloat16"};
    const char *name = json_string_value(json_object_get(state, "dtype"));
    for (size_t i = 0; name && i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i])) {
            *round = (assay_parts_round)i;
            return ASSAY_OK;
        }
    return refuse(p, "quant_state's dtype should be bfloat16, float16 or float32");
}

static assay_status read_shape(const parted *p, const json_t *state, size_t *elements)
{
    const json_t *shape = json_object_get(state, "shape");
    json_int_t rows = json_integer_value(json_array_get(shape, 0)), cols = json_integer_value(json_array_get(shape, 1));
    bool whole = json_array_size(shape) == 2 && rows > 0 && cols > 0;
    if (!whole || !assay_mul_size((size_t)rows, (size_t)cols, elements))
        return refuse(p, "quant_state's shape should be two positive numbers");
    if (p->weight->tensor.bytes != *elements / 2 + *elements % 2)
        return refuse(p, "it has not half a byte for each element of quant_state's shape");
    p->weight->tensor.rank = 2;
    p->weight->tensor.shape[0] = (size_t)rows;
    p->weight->tensor.shape[1] = (size_t)cols;
    return ASSAY_OK;
}

static size_t blocks_of(size_t elements, unsigned shift) { return assay_divide_up(elements, (size_t)1 << shift); }

static assay_status read_scales(const parted *p, const json_t *state, size_t elements)
{
    size_t blocks = blocks_of(elements, p->parts->block_shift);
    bool nested = json_object_get(state, "nested_offset") != NULL;
    p->parts->scale_bytes = nested ? blocks : blocks * sizeof(float);
    ASSAY_TRY(need(p, ".absmax", nested ? ASSAY_U8 : ASSAY_F32, blocks, &p->parts->scales));
    if (!nested) return ASSAY_OK;
    const json_t *offset = json_object_get(state, "nested_offset");
    if (!json_is_number(offset)) return refuse(p, "quant_state's nested_offset should be a number");
    p->parts->offset = (float)json_number_value(offset);
    ASSAY_TRY(read_shift(p, state, "nested_blocksize", &p->parts->map_shift));
    size_t groups = blocks_of(blocks, p->parts->map_shift);
    p->parts->map_scale_bytes = groups * sizeof(float);
    ASSAY_TRY(need(p, ".nested_absmax", ASSAY_F32, groups, &p->parts->map_scales));
    return need(p, ".nested_quant_map", ASSAY_F32, MAP_ENTRIES, &p->parts->map);
}

/* Versions of bitsandbytes differ in the last bits of FP4's table. */
static assay_status check_map(const parted *p, const float *code)
{
    const uint8_t *map;
    float values[16];
    ASSAY_TRY(need(p, ".quant_map", ASSAY_F32, 16, &map));
    memcpy(values, map, sizeof values);
    for (size_t i = 0; i < 16; i++)
        if (!(fabsf(values[i] - code[i]) <= 1e-6f))
            return refuse(p, "its quant_map is not the table of its type, with which bitsandbytes computes");
    return ASSAY_OK;
}

static assay_status join_four_bits(const parted *p, const json_t *state, bool nf4)
{
    size_t elements;
    p->weight->tensor.dtype = nf4 ? ASSAY_NF4 : ASSAY_FP4;
    ASSAY_TRY(read_shape(p, state, &elements));
    ASSAY_TRY(read_shift(p, state, "blocksize", &p->parts->block_shift));
    ASSAY_TRY(read_round(p, state, &p->parts->round));
    ASSAY_TRY(read_scales(p, state, elements));
    return check_map(p, nf4 ? assay_nf4_values : assay_fp4_values);
}

static assay_status read_state(const parted *p, const assay_tensor *part, bool nf4)
{
    json_t *state;
    if (part->dtype != ASSAY_U8 || part->bytes > MAX_STATE) return refuse(p, "quant_state should be a short text");
    ASSAY_TRY(assay_json_parse(part->data, part->bytes, p->weight->tensor.name, &state, p->j->err));
    const char *type = json_string_value(json_object_get(state, "quant_type"));
    bool agrees = type && !strcmp(type, nf4 ? "nf4" : "fp4");
    assay_status status =
        agrees ? join_four_bits(p, state, nf4) : refuse(p, "quant_state's quant_type is not that of its name");
    json_decref(state);
    return status;
}

/* ---- INT8 ---- */

static assay_status join_int8(const parted *p, const assay_tensor *scales, const assay_tensor *format)
{
    assay_tensor *tensor = &p->weight->tensor;
    if (tensor->dtype != ASSAY_I8 || tensor->rank != 2) return refuse(p, "it should be a matrix of I8");
    if (format && (format->bytes != 1 || *(const uint8_t *)format->data != 0))
        return refuse(p, "weight_format is not that of plain rows (0), which bitsandbytes writes since 0.37");
    size_t rows = 0;
    if (scales->dtype != ASSAY_F32 || !assay_tensor_elements(scales, &rows) || rows != tensor->shape[0])
        return refuse(p, "SCB should hold one F32 a row");
    *p->parts = (assay_parts){.scales = scales->data, .scale_bytes = scales->bytes, .cols = tensor->shape[1]};
    tensor->dtype = ASSAY_INT8;
    return ASSAY_OK;
}

/* ---- the list ---- */

/* The weight that a part's name begins with, ready to be joined; NULL: there is none. */
static bool open_parted(joiner *j, const char *name, size_t length, const char *suffix, parted *out)
{
    *out = (parted){.j = j, .parts = &j->checkpoint->parts[j->count]};
    const assay_weight *found = assay_checkpoint_find_beside(j->checkpoint, name, length, suffix);
    if (!found || found->tensor.parts) return false;
    out->weight = &j->checkpoint->weights[found - j->checkpoint->weights];
    out->weight->tensor.parts = out->parts;
    j->count++;
    return true;
}

static assay_status orphan(const joiner *j, const char *name)
{
    return assay_error_set(j->err, ASSAY_E_FORMAT,
                           "%s: tensor %s of a quantised checkpoint belongs to a weight that is not there. Fetch the "
                           "model again: huggingface-cli download OWNER/NAME",
                           j->checkpoint->name, name);
}

static assay_status join(joiner *j, size_t index)
{
    static const char nf4[] = ".quant_state.bitsandbytes__nf4", fp4[] = ".quant_state.bitsandbytes__fp4", scb[] = "SCB";
    const char *name = j->checkpoint->weights[index].tensor.name;
    const assay_tensor *part = &j->checkpoint->weights[index].tensor;
    size_t length = strlen(name);
    parted p;
    bool is_nf4 = assay_text_ends(name, nf4);
    if (is_nf4 || assay_text_ends(name, fp4)) {
        if (!open_parted(j, name, length - (sizeof nf4 - 1), "", &p)) return orphan(j, name);
        j->joined[index] = true;
        return read_state(&p, part, is_nf4);
    }
    if (!assay_text_ends(name, ".SCB")) return ASSAY_OK;
    size_t stem = length - (sizeof scb - 1);
    if (!open_parted(j, name, stem, "weight", &p)) return orphan(j, name);
    j->joined[index] = true;
    return join_int8(&p, part, take(&p, name, stem, "weight_format"));
}

static void drop_joined(assay_checkpoint *checkpoint, const bool *joined)
{
    size_t kept = 0;
    for (size_t i = 0; i < checkpoint->weight_count; i++)
        if (!joined[i]) checkpoint->weights[kept++] = checkpoint->weights[i];
    checkpoint->weight_count = kept;
}

static assay_status join_bitsandbytes(assay_checkpoint *checkpoint, bool *joined, assay_error *err)
{
    joiner j = {.checkpoint = checkpoint, .joined = joined, .err = err};
    size_t count = checkpoint->weight_count;
    for (size_t i = 0; i < count; i++) ASSAY_TRY(join(&j, i));
    if (j.count) return ASSAY_OK;
    return assay_foreign_error(err, checkpoint->name, ASSAY_FOREIGN_BITSANDBYTES,
                               "config.json says so, but no weight lies packed: NF4 and FP4 have a tensor quant_state, "
                               "int8 has SCB");
}

typedef assay_status (*join_all)(assay_checkpoint *checkpoint, bool *joined, assay_error *err);

/* A joined weight may have another name than the tensor it was made of. */
static assay_status join_with(join_all how, assay_checkpoint *checkpoint, assay_error *err)
{
    bool *joined = assay_alloc(checkpoint->weight_count + 1, sizeof *joined);
    checkpoint->parts = assay_alloc(checkpoint->weight_count + 1, sizeof *checkpoint->parts);
    assay_status status = ASSAY_OK;
    if (!joined || !checkpoint->parts)
        status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a list of weights");
    else status = how(checkpoint, joined, err);
    if (status == ASSAY_OK) drop_joined(checkpoint, joined);
    assay_free(joined);
    return status == ASSAY_OK ? assay_checkpoint_sort_weights(checkpoint, err) : status;
}

assay_status assay_checkpoint_join_parts(assay_checkpoint *checkpoint, assay_error *err)
{
    static const join_all joins[] = {[ASSAY_QUANTISED_BITSANDBYTES] = join_bitsandbytes,
                                     [ASSAY_QUANTISED_FP8] = assay_checkpoint_join_fp8,
                                     [ASSAY_QUANTISED_GPTQ] = assay_checkpoint_join_gptq,
                                     [ASSAY_QUANTISED_AWQ] = assay_checkpoint_join_awq,
                                     [ASSAY_QUANTISED_COMPRESSED] = assay_checkpoint_join_compressed};
    assay_quantisation how = assay_quantisation_of(checkpoint->config);
    return how == ASSAY_QUANTISED_NOT ? ASSAY_OK : join_with(joins[how], checkpoint, err);
}
