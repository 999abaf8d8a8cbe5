/* GPTQ's and AWQ's weights, one made of each X.qweight and what lies beside it: X.qzeros, X.scales, and, of GPTQ,
 * X.g_idx, which says the group of every column. Files turn a matrix over: [columns' words, rows], of AWQ [columns,
 * rows' words]. How many bits an integer of GPTQ's has, and which columns make a group, may differ by weight (`dynamic`
 * of the config); g_idx and the shapes tell. All sizes and groups are checked here, so that whoever decodes need not.
 * (GPTQModel, nn_modules/qlinear/__init__.py; AutoAWQ, modules/linear/gemm.py) */
#include "base/alloc.h"
#include "base/foreign_kind.h"
#include "base/json_doc.h"
#include "base/sizes.h"
#include "base/text.h"
#include "checkpoint/checkpoint_private.h"
#include "family/quantisation.h"
#include "quant/grouped.h"

#include <stdio.h>
#include <string.h>

enum { WORD = 32 };

static const char levels_end[] = "qweight";

typedef struct joiner {
    assay_checkpoint *checkpoint;
    bool *joined;     /* weights that became a part of another */
    size_t count;     /* of checkpoint->parts that are in use */
    assay_dtype type; /* ASSAY_GPTQ or ASSAY_AWQ */
    unsigned bits;
    size_t group_size; /* 0: all columns of a row */
    bool dynamic;
    assay_parts_zeros zero_form;
    assay_error *err;
} joiner;

/* A weight on its way: what the config and the shapes say, and its tensors. */
typedef struct grouped {
    joiner *j;
    const char *name; /* of its levels */
    size_t stem;      /* bytes of the name that all its tensors share */
    size_t rows, cols, groups;
    unsigned bits;
} grouped;

static assay_status refuse(const grouped *g, const char *what)
{
    return assay_error_set(g->j->err, ASSAY_E_FORMAT,
                           "%s: the %s weight %s: %s. Fetch the model again (huggingface-cli download OWNER/NAME), or "
                           "take the unquantised one",
                           g->j->checkpoint->name, assay_dtype_name(g->j->type), g->name, what);
}

static const assay_tensor *take(const grouped *g, const char *suffix)
{
    return assay_checkpoint_take(g->j->checkpoint, g->j->joined, g->name, g->stem, suffix);
}

/* A part is of the type and shape that the others ask for. */
static assay_status check(const grouped *g, const char *suffix, const assay_tensor *part, const char *type, bool typed,
                          size_t rows, size_t cols)
{
    char text[320], shape[64];
    if (typed && part->rank == 2 && part->shape[0] == rows && part->shape[1] == cols) return ASSAY_OK;
    snprintf(text, sizeof text,
             "%s is %s %s where %s [%zu, %zu] should be: a matrix of %zu x %zu, %u bits, %zu group%s a row", suffix,
             assay_dtype_name(part->dtype), assay_shape_text(part, shape, sizeof shape), type, rows, cols, g->rows,
             g->cols, g->bits, g->groups, g->groups == 1 ? "" : "s");
    return refuse(g, text);
}

/* ---- columns, bits and groups ---- */

static bool has_words(const grouped *g, const assay_tensor *levels, unsigned bits)
{
    return assay_packed_words(g->cols, bits) == levels->shape[0];
}

/* With g_idx its length is the columns', and the shape tells the bits; without it the config's bits tell the columns.
 */
static assay_status find_columns(grouped *g, const assay_tensor *levels, const assay_tensor *g_idx)
{
    static const unsigned all[] = {2, 3, 4, 8};
    char text[200];
    g->bits = g->j->bits;
    g->cols = g_idx ? g_idx->shape[0] : levels->shape[0] * WORD / g->bits;
    for (size_t i = 0; g_idx && g->j->dynamic && !has_words(g, levels, g->bits) && i < sizeof all / sizeof *all; i++)
        if (has_words(g, levels, all[i])) g->bits = all[i];
    if (!g_idx && g->j->dynamic) return refuse(g, "g_idx is missing, and bits may differ by weight (\"dynamic\")");
    if (has_words(g, levels, g->bits)) return ASSAY_OK;
    snprintf(text, sizeof text, "it has %zu rows of words, and %zu columns of %u bits take %zu", levels->shape[0],
             g->cols, g->bits, assay_packed_words(g->cols, g->bits));
    return refuse(g, text);
}

static assay_status find_matrix(grouped *g, const assay_tensor *levels, const assay_tensor *g_idx)
{
    if (g->j->type == ASSAY_GPTQ) {
        g->rows = levels->shape[1];
        return find_columns(g, levels, g_idx);
    }
    g->bits = g->j->bits;
    g->cols = levels->shape[0];
    g->rows = levels->shape[1] * (WORD / g->bits);
    return ASSAY_OK;
}

static bool is_in_order(const assay_tensor *g_idx, size_t group_size)
{
    for (size_t i = 0; i < g_idx->shape[0]; i++)
        if (assay_packed_word(g_idx->data, i) != i / group_size) return false;
    return true;
}

static assay_status check_groups(const grouped *g, const assay_tensor *g_idx)
{
    char text[160];
    for (size_t i = 0; i < g->cols; i++) {
        uint32_t group = assay_packed_word(g_idx->data, i);
        if (group < g->groups) continue;
        snprintf(text, sizeof text, "g_idx says group %d of column %zu, and there are scales for %zu groups",
                 (int)(int32_t)group, i, g->groups);
        return refuse(g, text);
    }
    return ASSAY_OK;
}

/* Columns in any order (desc_act) keep their list; all others are counted off. */
static assay_status find_groups(const grouped *g, const assay_tensor *g_idx, assay_parts *parts)
{
    char text[160];
    size_t said = g->j->group_size ? g->j->group_size : g->cols, even = assay_divide_up(g->cols, g->groups);
    parts->block_cols = said;
    if (assay_divide_up(g->cols, said) != g->groups && !(g_idx && g->j->dynamic)) {
        snprintf(text, sizeof text,
                 "it has scales for %zu groups, and %zu columns in groups of %zu (group_size of config.json) make %zu",
                 g->groups, g->cols, said, assay_divide_up(g->cols, said));
        return refuse(g, text);
    }
    if (!g_idx) return ASSAY_OK;
    ASSAY_TRY(check_groups(g, g_idx));
    if (is_in_order(g_idx, said)) return ASSAY_OK;
    parts->block_cols = even;
    if (is_in_order(g_idx, even)) return ASSAY_OK;
    parts->groups = g_idx->data;
    parts->group_bytes = g_idx->bytes;
    return ASSAY_OK;
}

/* ---- one weight ---- */

static assay_status put_together(grouped *g, assay_tensor *levels, assay_parts *parts)
{
    const assay_tensor *zeros = take(g, "qzeros"), *scales = take(g, "scales"),
                       *g_idx = g->j->type == ASSAY_GPTQ ? take(g, "g_idx") : NULL;
    bool listed = !g_idx || (g_idx->dtype == ASSAY_I32 && g_idx->rank == 1 && g_idx->shape[0] > 0);
    if (levels->dtype != ASSAY_I32 || levels->rank != 2 || levels->bytes == 0)
        return refuse(g, "it should be a matrix of I32, into which integers are packed");
    if (!listed) return refuse(g, "g_idx should hold one I32 a column");
    ASSAY_TRY(find_matrix(g, levels, g_idx));
    if (!scales) return refuse(g, "scales is missing");
    if (!zeros) return refuse(g, "qzeros is missing");
    g->groups = scales->rank == 2 && scales->shape[0] > 0 ? scales->shape[0] : 1;
    bool typed = assay_checkpoint_scale_type(scales, &parts->scale_type);
    ASSAY_TRY(check(g, "scales", scales, "F16, BF16 or F32", typed, g->groups, g->rows));
    ASSAY_TRY(
        check(g, "qzeros", zeros, "I32", zeros->dtype == ASSAY_I32, g->groups, assay_packed_words(g->rows, g->bits)));
    ASSAY_TRY(find_groups(g, g_idx, parts));
    parts->scales = scales->data;
    parts->scale_bytes = scales->bytes;
    parts->zeros = zeros->data;
    parts->zero_bytes = zeros->bytes;
    return ASSAY_OK;
}

static assay_status join(joiner *j, size_t index)
{
    assay_tensor *tensor = &j->checkpoint->weights[index].tensor;
    assay_parts *parts = &j->checkpoint->parts[j->count];
    size_t length = strlen(tensor->name);
    if (!assay_text_ends(tensor->name, ".qweight")) return ASSAY_OK;
    grouped g = {.j = j, .name = tensor->name, .stem = length - (sizeof levels_end - 1)};
    ASSAY_TRY(put_together(&g, tensor, parts));
    parts->block_rows = 1;
    parts->rows = g.rows;
    parts->cols = g.cols;
    parts->bits = g.bits;
    parts->group_count = g.groups;
    parts->zero_form = j->zero_form;
    tensor->dtype = j->type;
    tensor->shape[0] = g.rows;
    tensor->shape[1] = g.cols;
    tensor->parts = parts;
    j->count++;
    return ASSAY_OK;
}

/* ---- all of them ---- */

static assay_status read_config(joiner *j)
{
    const json_t *how = json_object_get(j->checkpoint->config, "quantization_config"),
                 *size = json_object_get(how, "group_size");
    json_int_t value = !size || json_is_null(size) ? 128 : json_integer_value(size); /* 0 of what is no number */
    j->bits = (unsigned)json_integer_value(json_object_get(how, "bits"));
    j->dynamic = j->type == ASSAY_GPTQ && !assay_json_is_off(json_object_get(how, "dynamic"));
    bool first = j->type == ASSAY_GPTQ && strcmp(assay_quantisation_format(how), "gptq_v2") != 0;
    j->zero_form = first ? ASSAY_ZEROS_LESS_ONE : ASSAY_ZEROS_PACKED;
    j->group_size = value > 0 ? (size_t)value : 0;
    if (value > 0 || value == -1) return ASSAY_OK;
    char *text = assay_json_dump(size, JSON_COMPACT | JSON_ENCODE_ANY);
    assay_status status =
        assay_error_set(j->err, ASSAY_E_FORMAT,
                        "%s: group_size of config.json's quantization_config is %.40s; it should be a "
                        "positive whole number, or -1 for whole rows",
                        j->checkpoint->name, text ? text : "set");
    assay_free(text);
    return status;
}

static assay_status join_all(joiner *j, assay_foreign_kind kind)
{
    static const char *const beside[] = {"qzeros", "scales", "g_idx", NULL};
    assay_checkpoint *checkpoint = j->checkpoint;
    ASSAY_TRY(read_config(j));
    for (size_t i = 0; i < checkpoint->weight_count; i++) ASSAY_TRY(join(j, i));
    ASSAY_TRY(assay_checkpoint_check_taken(checkpoint, j->joined, beside, levels_end, j->err));
    if (!j->count)
        return assay_foreign_error(j->err, checkpoint->name, kind,
                                   "config.json says so, but no weight lies packed as X.qweight");
    return assay_checkpoint_call_weights(checkpoint, j->type, levels_end, j->err);
}

assay_status assay_checkpoint_join_gptq(assay_checkpoint *checkpoint, bool *joined, assay_error *err)
{
    joiner j = {.checkpoint = checkpoint, .joined = joined, .type = ASSAY_GPTQ, .err = err};
    return join_all(&j, ASSAY_FOREIGN_GPTQ);
}

assay_status assay_checkpoint_join_awq(assay_checkpoint *checkpoint, bool *joined, assay_error *err)
{
    joiner j = {.checkpoint = checkpoint, .joined = joined, .type = ASSAY_AWQ, .err = err};
    return join_all(&j, ASSAY_FOREIGN_AWQ);
}
