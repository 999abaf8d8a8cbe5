/* GPTQ: of each row (an output) the levels of its columns (inputs) stand one after another in words, the words of all
 * rows side by side; the zeros of a group's rows stand in words of their own. The file's first version stores zeros
 * less one; two, four and eight bits get it back by one addition to a whole word, whose carries go where gptqmodel's go
 * (utils/model.py, convert_gptq_v1_to_v2_format_module), three bits field by field. (GPTQModel,
 * nn_modules/qlinear/torch.py, dequantize_weight) */
#include "quant/grouped.h"

static void read_levels(const uint8_t *src, const assay_parts *parts, size_t row, size_t col, size_t count,
                        uint8_t *levels)
{
    assay_packed_fields(src + 4 * row, parts->rows, col, count, parts->bits, levels);
}

static int read_zero(const assay_parts *parts, size_t row, size_t group)
{
    const unsigned bits = parts->bits;
    const uint32_t mask = (1u << bits) - 1;
    const uint8_t *words = parts->zeros + 4 * group * assay_packed_words(parts->rows, bits);
    const bool less = parts->zero_form == ASSAY_ZEROS_LESS_ONE;
    if (!less || 32 % bits) return (int)((assay_packed_field(words, 1, row, bits) + less) & mask);
    uint32_t ones = UINT32_MAX / mask, word = assay_packed_word(words, row * bits / 32) + ones;
    return (int)(word >> row * bits % 32 & mask);
}

void assay_gptq_decode(const uint8_t *src, const assay_parts *parts, size_t first, size_t count, float *dst)
{
    static const assay_grouped_type type = {.levels = read_levels, .zero = read_zero, .scales_by_group = true};
    assay_grouped_decode(&type, src, parts, first, count, dst);
}
