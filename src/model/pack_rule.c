/* Of block types: every matrix but the head. Rows that a block of 256 does not divide take the type of blocks of 32
 * with one bit more, as llama.cpp does; rows that 32 does not divide stay whole. Of NF4 and INT8: linear layers alone,
 * as bitsandbytes replaces them. */
#include "model/pack_rule.h"

#include "base/text.h"
#include "model/lora.h"

#include <string.h>

static bool is_head(const assay_architecture *arch, const char *name)
{
    const char *head = arch->names->head;
    return !strncmp(name, head, strlen(head)) && name[strlen(head)] == '.';
}

/* X.weight of a linear layer: what an adapter could go to. */
static bool is_linear(const assay_architecture *arch, const char *name)
{
    const char *modules[9];
    size_t count = assay_lora_modules(arch, modules), length = strlen(name);
    if (!assay_text_ends(name, ".weight")) return false;
    size_t end = length - strlen(".weight");
    for (size_t i = 0; i < count; i++) {
        size_t size = strlen(modules[i]);
        bool fits = end > size && name[end - size - 1] == '.';
        if (fits && !strncmp(name + end - size, modules[i], size)) return true;
    }
    return false;
}

static assay_dtype block_type(size_t cols, assay_dtype wanted)
{
    assay_dtype small = wanted == ASSAY_Q4_K ? ASSAY_Q5_0 : wanted == ASSAY_Q5_K ? ASSAY_Q5_1 : ASSAY_Q8_0;
    if (cols % ASSAY_GROUP) return ASSAY_F32;
    return cols % assay_dtype_block(wanted) == 0 ? wanted : small;
}

assay_dtype assay_pack_rule(const assay_architecture *arch, const char *name, size_t cols, assay_dtype wanted)
{
    if (wanted == ASSAY_F32 || cols == 0) return ASSAY_F32;
    if (wanted == ASSAY_NF4 || wanted == ASSAY_INT8) return is_linear(arch, name) ? wanted : ASSAY_F32;
    return is_head(arch, name) ? ASSAY_F32 : block_type(cols, wanted);
}
