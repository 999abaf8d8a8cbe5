/* Weights that compressed-tensors stores as integers: of X.weight_packed, X.weight_shape says rows and columns;
 * X.weight itself may be bytes. Beside both lie X.weight_scale, of groups of columns, of rows or of all, and
 * X.weight_zero_point where zero is not the middle level, and X.weight_g_idx where columns are in any order. What an
 * integer's bits are may differ by weight; its shape tells. Scales of what a product is fed with belong to products of
 * integers, which are not computed here. All sizes and groups are checked, so that whoever decodes need not.
 * (compressed-tensors, compressors/pack_quantized, compressors/naive_quantized) */
#include "base/alloc.h"
#include "base/foreign_kind.h"
#include "base/text.h"
#include "checkpoint/checkpoint_private.h"
#include "family/quantisation.h"
#include "quant/grouped.h"

#include <stdio.h>
#include <string.h>

enum { MOST_BITS = 8 };

static const char packed_end[] = "weight_packed", bytes_end[] = "weight";

typedef struct joiner {
    assay_checkpoint *checkpoint;
    bool *joined;                 /* weights that became a part of another, or are not read */
    size_t count;                 /* of checkpoint->parts that are in use */
    bool wanted[MOST_BITS + 1];   /* bits that the config says some weights have */
    bool all_zeroed, none_zeroed; /* every weight has zeros of its own, or none, as the config says */
    assay_error *err;
} joiner;

/* A weight on its way. */
typedef struct compressed {
    joiner *j;
    assay_tensor *tensor; /* its levels */
    size_t stem;          /* bytes of the name that all its tensors share */
    assay_parts *parts;
    const assay_tensor *scales, *zeros;
} compressed;

static assay_status refuse(const compressed *c, const char *what)
{
    return assay_error_set(c->j->err, ASSAY_E_FORMAT,
                           "%s: the compressed-tensors weight %s: %s. Fetch the model again (huggingface-cli download "
                           "OWNER/NAME), or take the uncompressed one",
                           c->j->checkpoint->name, c->tensor->name, what);
}

static const assay_tensor *take(const compressed *c, const char *suffix)
{
    return assay_checkpoint_take(c->j->checkpoint, c->j->joined, c->tensor->name, c->stem, suffix);
}

static assay_status misfit(const compressed *c, const char *suffix, const assay_tensor *part, const char *wanted)
{
    char text[320], shape[64], matrix[64];
    snprintf(text, sizeof text, "%s is %s %s, and for a matrix %s of %u bits it should be %s", suffix,
             assay_dtype_name(part->dtype), assay_shape_text(part, shape, sizeof shape),
             assay_shape_text(c->tensor, matrix, sizeof matrix), c->parts->bits, wanted);
    return refuse(c, text);
}

/* ---- the matrix ---- */

static bool has_words(const compressed *c, size_t words, unsigned bits)
{
    return c->j->wanted[bits] && assay_packed_words(c->parts->cols, bits) == words;
}

/* The shape is two numbers of a tensor's contents. */
static assay_status unpack_shape(const compressed *c)
{
    char text[160];
    int64_t shape[2];
    const assay_tensor *said = take(c, "weight_shape");
    size_t words = c->tensor->shape[1], kinds = 0;
    if (!said) return refuse(c, "weight_shape is missing");
    if (said->dtype != ASSAY_I64 || said->bytes != sizeof shape)
        return refuse(c, "weight_shape should hold two I64, rows and columns");
    memcpy(shape, said->data, sizeof shape);
    c->parts->cols = shape[1] > 0 ? (size_t)shape[1] : 0;
    for (unsigned bits = 1; bits <= MOST_BITS; bits++) {
        if (!has_words(c, words, bits)) continue;
        c->parts->bits = bits;
        kinds++;
    }
    if (c->parts->cols > 0 && kinds == 1 && (size_t)shape[0] == c->tensor->shape[0]) {
        c->tensor->shape[1] = c->parts->cols;
        return ASSAY_OK;
    }
    snprintf(text, sizeof text,
             "weight_shape says %lld x %lld, and it has %zu rows of %zu words, which hold that in none, or in more "
             "than one, of the config's num_bits",
             (long long)shape[0], (long long)shape[1], c->tensor->shape[0], words);
    return refuse(c, text);
}

static assay_status find_matrix(const compressed *c, bool packed)
{
    if (c->tensor->rank != 2 || c->tensor->bytes == 0) return refuse(c, "it should be a matrix");
    if (packed && c->tensor->dtype != ASSAY_I32) return refuse(c, "it should hold I32, into which integers are packed");
    if (packed) ASSAY_TRY(unpack_shape(c));
    if (!packed) c->parts->bits = MOST_BITS;
    c->parts->rows = c->tensor->shape[0];
    c->parts->cols = c->tensor->shape[1];
    return ASSAY_OK;
}

/* ---- what lies beside it ---- */

/* Scales lie as a group of the config says. Where no strategy is given, the size of groups tells it, as the reference
 * has it. (compressed_tensors, quantization/quant_args.py) */
static bool lies_as(const assay_parts *parts, const json_t *weights)
{
    const char *strategy = json_string_value(json_object_get(weights, "strategy"));
    json_int_t size = json_integer_value(json_object_get(weights, "group_size"));
    bool one = parts->block_rows == parts->rows && parts->block_cols == parts->cols;
    if (!strategy) strategy = size > 0 ? "group" : size < 0 ? "channel" : "tensor";
    if (!strcmp(strategy, "tensor")) return one;
    if (parts->block_rows != 1) return false;
    if (!strcmp(strategy, "channel")) return parts->block_cols == parts->cols;
    return !strcmp(strategy, "group") && size > 0 && (json_int_t)parts->block_cols == size;
}

static bool lies_as_said(const compressed *c)
{
    const char *name;
    json_t *group;
    const json_t *how = json_object_get(c->j->checkpoint->config, "quantization_config");
    json_object_foreach(assay_json_lent(json_object_get(how, "config_groups")), name, group)
    {
        if (lies_as(c->parts, json_object_get(group, "weights"))) return true;
    }
    return false;
}

static assay_status find_scales(const compressed *c)
{
    const assay_tensor *scales = c->scales;
    assay_parts *parts = c->parts;
    size_t count;
    if (!scales) return refuse(c, "weight_scale is missing");
    if (!assay_checkpoint_scale_type(scales, &parts->scale_type) || !assay_tensor_elements(scales, &count))
        return misfit(c, "weight_scale", scales, "F16, BF16 or F32");
    bool one = count == 1, by_row = scales->rank > 0 && scales->shape[0] == parts->rows && count > 0;
    parts->group_count = one || !by_row ? 1 : count / parts->rows;
    parts->block_rows = one ? parts->rows : 1;
    parts->block_cols = parts->cols / parts->group_count;
    parts->scales = scales->data;
    parts->scale_bytes = scales->bytes;
    if (!(one || by_row) || parts->cols % parts->group_count != 0)
        return misfit(c, "weight_scale", scales, "one, one a row, or as many a row as divide the columns");
    if (lies_as_said(c)) return ASSAY_OK;
    return misfit(c, "weight_scale", scales, "as many as strategy and group_size of the config say");
}

static bool is_bytes(const compressed *c, const assay_tensor *zeros)
{
    return zeros->dtype == ASSAY_I8 && zeros->bytes * assay_dtype_block_bytes(c->scales->dtype) == c->scales->bytes;
}

static bool is_packed(const compressed *c, const assay_tensor *zeros)
{
    return zeros->dtype == ASSAY_I32 && zeros->rank == 2 && c->parts->block_rows == 1 &&
           zeros->shape[0] == assay_packed_words(c->parts->rows, c->parts->bits) &&
           zeros->shape[1] == c->parts->group_count;
}

/* One zero a scale: bytes, or, of packed levels of rows and groups, packed down the rows. */
static assay_status find_zeros(const compressed *c, bool packed)
{
    const assay_tensor *zeros = c->zeros;
    if (!zeros && c->j->all_zeroed)
        return refuse(c, "weight_zero_point is missing, and the config says symmetric false");
    if (!zeros) return ASSAY_OK;
    bool words = packed && is_packed(c, zeros);
    if (words && c->j->none_zeroed) return refuse(c, "it has a weight_zero_point, and the config says symmetric true");
    if (!words && !is_bytes(c, zeros))
        return misfit(c, "weight_zero_point", zeros,
                      packed ? "I32 packed down the rows, or an I8 a scale" : "an I8 a scale");
    c->parts->zeros = zeros->data;
    c->parts->zero_bytes = zeros->bytes;
    c->parts->zero_form = words ? ASSAY_ZEROS_PACKED : ASSAY_ZEROS_BYTES;
    return ASSAY_OK;
}

/* The reference sorts columns by group and counts them off, so each group has as many as another; -1 is no order. */
static assay_status count_columns(const compressed *c, const assay_tensor *g_idx, size_t *found)
{
    char text[160];
    const size_t groups = c->parts->group_count;
    for (size_t i = 0; i < c->parts->cols; i++) {
        uint32_t group = assay_packed_word(g_idx->data, i);
        if (group < groups && found[group]++ < c->parts->block_cols) continue;
        snprintf(text, sizeof text, "weight_g_idx says group %d of column %zu, and there are %zu groups of %zu columns",
                 (int)(int32_t)group, i, groups, c->parts->block_cols);
        return refuse(c, text);
    }
    return ASSAY_OK;
}

static bool is_unordered(const compressed *c, const assay_tensor *g_idx)
{
    for (size_t i = 0; i < c->parts->cols; i++)
        if (assay_packed_word(g_idx->data, i) == UINT32_MAX) return false;
    return true;
}

static assay_status find_groups(const compressed *c)
{
    const assay_tensor *g_idx = take(c, "weight_g_idx");
    if (!g_idx) return ASSAY_OK;
    if (g_idx->dtype != ASSAY_I32 || g_idx->rank != 1 || g_idx->shape[0] != c->parts->cols)
        return misfit(c, "weight_g_idx", g_idx, "one I32 a column");
    if (!is_unordered(c, g_idx)) return ASSAY_OK;
    size_t *found = assay_alloc(c->parts->group_count, sizeof *found);
    ASSAY_TRY_ALLOC(found, c->tensor->name, c->j->err);
    assay_status status = count_columns(c, g_idx, found);
    assay_free(found);
    c->parts->groups = g_idx->data;
    c->parts->group_bytes = g_idx->bytes;
    return status;
}

/* ---- all of them ---- */

static assay_status join(joiner *j, size_t index)
{
    assay_tensor *tensor = &j->checkpoint->weights[index].tensor;
    bool packed = assay_text_ends(tensor->name, ".weight_packed"),
         bytes = assay_text_ends(tensor->name, ".weight") && tensor->dtype == ASSAY_I8;
    if (!packed && !bytes) return ASSAY_OK;
    compressed c = {.j = j, .tensor = tensor, .parts = &j->checkpoint->parts[j->count]};
    c.stem = strlen(tensor->name) - strlen(packed ? packed_end : bytes_end);
    ASSAY_TRY(find_matrix(&c, packed));
    c.scales = take(&c, "weight_scale");
    ASSAY_TRY(find_scales(&c));
    c.zeros = take(&c, "weight_zero_point");
    ASSAY_TRY(find_zeros(&c, packed));
    ASSAY_TRY(find_groups(&c));
    tensor->dtype = packed ? ASSAY_CT_PACKED : ASSAY_CT_INT8;
    tensor->parts = c.parts;
    j->count++;
    return ASSAY_OK;
}

/* Of products of integers, and of a cache of keys and values. */
static void drop_activation_scales(const joiner *j)
{
    static const char *const ends[] = {".input_scale",       ".input_zero_point", ".output_scale",
                                       ".output_zero_point", ".k_scale",          ".v_scale",
                                       ".q_scale",           ".k_zero_point",     ".v_zero_point"};
    for (size_t i = 0; i < j->checkpoint->weight_count; i++)
        for (size_t e = 0; e < sizeof ends / sizeof *ends; e++)
            if (assay_text_ends(j->checkpoint->weights[i].tensor.name, ends[e])) j->joined[i] = true;
}

/* Which bits and zeros weights may have, by all groups of the config. */
static void read_config(joiner *j)
{
    const char *name;
    json_t *group;
    const json_t *how = json_object_get(j->checkpoint->config, "quantization_config");
    j->none_zeroed = true;
    j->all_zeroed = json_object_size(json_object_get(how, "config_groups")) > 0;
    json_object_foreach(assay_json_lent(json_object_get(how, "config_groups")), name, group)
    {
        const json_t *weights = json_object_get(group, "weights");
        json_int_t bits = json_integer_value(json_object_get(weights, "num_bits"));
        if (bits >= 1 && bits <= MOST_BITS) j->wanted[bits] = true;
        if (json_is_false(json_object_get(weights, "symmetric"))) j->none_zeroed = false;
        else j->all_zeroed = false;
    }
}

assay_status assay_checkpoint_join_compressed(assay_checkpoint *checkpoint, bool *joined, assay_error *err)
{
    static const char *const beside[] = {"weight_shape", "weight_g_idx", NULL};
    joiner j = {.checkpoint = checkpoint, .joined = joined, .err = err};
    read_config(&j);
    for (size_t i = 0; i < checkpoint->weight_count; i++) ASSAY_TRY(join(&j, i));
    ASSAY_TRY(assay_checkpoint_check_taken(checkpoint, joined, beside, packed_end, err));
    drop_activation_scales(&j);
    if (!j.count)
        return assay_foreign_error(err, checkpoint->name, ASSAY_FOREIGN_COMPRESSED,
                                   "config.json says so, but no weight lies as X.weight_packed or as bytes");
    return assay_checkpoint_call_weights(checkpoint, ASSAY_CT_PACKED, packed_end, err);
}
