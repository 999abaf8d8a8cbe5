#include "task/quantise_name.h"

#include <string.h>

static const struct {
    const char *name;
    assay_dtype type;
} types[] = {[ASSAY_OPT_QUANTIZE_NONE] = {"none", ASSAY_F32},  [ASSAY_OPT_QUANTIZE_Q4_K] = {"q4_k", ASSAY_Q4_K},
             [ASSAY_OPT_QUANTIZE_Q5_K] = {"q5_k", ASSAY_Q5_K}, [ASSAY_OPT_QUANTIZE_Q6_K] = {"q6_k", ASSAY_Q6_K},
             [ASSAY_OPT_QUANTIZE_Q8_0] = {"q8_0", ASSAY_Q8_0}, [ASSAY_OPT_QUANTIZE_NF4] = {"nf4", ASSAY_NF4},
             [ASSAY_OPT_QUANTIZE_INT8] = {"int8", ASSAY_INT8}};

assay_dtype assay_quantise_type(assay_opt_quantize wanted) { return types[wanted].type; }

const char *assay_quantise_name(assay_dtype type)
{
    size_t i = 0;
    while (types[i].type != type) i++;
    return types[i].name;
}

bool assay_quantise_read(const char *name, assay_dtype *out)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strcmp(name, types[i].name)) {
            *out = types[i].type;
            return true;
        }
    return false;
}
