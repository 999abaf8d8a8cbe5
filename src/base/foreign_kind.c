/* One row a kind. What to do comes last and is a line to type wherever one line does it. */
#include "base/foreign_kind.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

typedef struct foreign_row {
    const char *what, *advice;
    bool broken;
} foreign_row;

static const foreign_row rows[ASSAY_FOREIGN_KINDS] = {
    [ASSAY_FOREIGN_QUANTISED] = {"the checkpoint is quantised",
                                 "Take the unquantised model, or a GGUF of it, of type Q4_K_M say: assay inspect FILE",
                                 false},
    [ASSAY_FOREIGN_GPTQ] = {"the checkpoint is quantised (gptq)",
                            "Only the formats gptq and gptq_v2 of 2, 3, 4 and 8 bits are read; take the unquantised "
                            "model it was made of: huggingface-cli download OWNER/NAME",
                            false},
    [ASSAY_FOREIGN_AWQ] = {"the checkpoint is quantised (awq)",
                           "Only the version gemm of 4 bits is read; take the unquantised model it was made of: "
                           "huggingface-cli download OWNER/NAME",
                           false},
    [ASSAY_FOREIGN_COMPRESSED] = {"the checkpoint is quantised (compressed-tensors)",
                                  "Integers of 1 to 8 bits and FP8 are read; take the uncompressed model it was made "
                                  "of: huggingface-cli download OWNER/NAME",
                                  false},
    [ASSAY_FOREIGN_BITSANDBYTES] = {"the checkpoint is quantised (bitsandbytes)",
                                    "Only whole NF4, FP4 and int8 weights are read; take the unquantised model it was "
                                    "made of: huggingface-cli download OWNER/NAME",
                                    false},
    [ASSAY_FOREIGN_FP8] =
        {"the checkpoint is quantised (fp8)",
         "Only E4M3 weights with their scales are read; take the bf16 model it was made of: huggingface-cli download "
         "OWNER/NAME",
         false},
    [ASSAY_FOREIGN_LFS_POINTER] = {"this is a git-lfs pointer, three lines of text that stand for the file",
                                   "Fetch the file itself: git lfs pull", true},
    [ASSAY_FOREIGN_CUT_SHORT] = {"the file ends too early; the download was cut short",
                                 "Fetch it again: huggingface-cli download OWNER/NAME", true},
    [ASSAY_FOREIGN_CUT_GGUF] = {"the file ends too early; a download or a copy was cut short",
                                "Fetch it again (huggingface-cli download OWNER/NAME), or make it again where Assay "
                                "made it: assay convert MODEL --quantize q4_k --output DIR",
                                true},
    [ASSAY_FOREIGN_LONG_TOKENIZER] =
        {"the tokenizer has more tokens than the embedding has rows",
         "Give the tokenizer that belongs to the model: huggingface-cli download OWNER/NAME", true},
    [ASSAY_FOREIGN_LABELS] = {"the model has several labels; a reward is the number of one",
                              "Score with one of them, by name or number: --label NAME; to train, start from its "
                              "base: assay train --model BASE --data PAIRS",
                              false},
    [ASSAY_FOREIGN_HEAD] =
        {"the model has a trained head of a kind that is not read",
         "Take a model with one linear head (score), or train one on its base: assay train --model BASE "
         "--data PAIRS",
         false},
    [ASSAY_FOREIGN_EXPERTS] = {"mixtures of experts are not supported",
                               "Take a dense model of the family: assay models", false},
};

assay_status assay_foreign_error(assay_error *err, const char *where, assay_foreign_kind kind, const char *detail)
{
    const foreign_row *row = &rows[kind];
    assay_status status = row->broken ? ASSAY_E_FORMAT : ASSAY_E_UNSUPPORTED;
    if (detail) return assay_error_set(err, status, "%s: %s: %s. %s", where, row->what, detail, row->advice);
    return assay_error_set(err, status, "%s: %s. %s", where, row->what, row->advice);
}

assay_foreign_kind assay_foreign_of_method(const char *method)
{
    static const struct {
        const char *method;
        assay_foreign_kind kind;
    } known[] = {{"gptq", ASSAY_FOREIGN_GPTQ},
                 {"awq", ASSAY_FOREIGN_AWQ},
                 {"compressed-tensors", ASSAY_FOREIGN_COMPRESSED},
                 {"bitsandbytes", ASSAY_FOREIGN_BITSANDBYTES},
                 {"fp8", ASSAY_FOREIGN_FP8},
                 {"fbgemm_fp8", ASSAY_FOREIGN_FP8}};
    for (size_t i = 0; method && i < sizeof known / sizeof *known; i++)
        if (!strcmp(method, known[i].method)) return known[i].kind;
    return ASSAY_FOREIGN_QUANTISED;
}

bool assay_foreign_tensor(const char *name, assay_foreign_kind *kind)
{
    static const struct {
        const char *end;
        assay_foreign_kind kind;
    } known[] = {{".g_idx", ASSAY_FOREIGN_GPTQ},
                 {".qweight", ASSAY_FOREIGN_QUANTISED},
                 {".qzeros", ASSAY_FOREIGN_QUANTISED},
                 {".scales", ASSAY_FOREIGN_QUANTISED},
                 {".absmax", ASSAY_FOREIGN_BITSANDBYTES},
                 {".quant_map", ASSAY_FOREIGN_BITSANDBYTES},
                 {".quant_state.bitsandbytes__nf4", ASSAY_FOREIGN_BITSANDBYTES},
                 {".quant_state.bitsandbytes__fp4", ASSAY_FOREIGN_BITSANDBYTES},
                 {".SCB", ASSAY_FOREIGN_BITSANDBYTES},
                 {".weight_format", ASSAY_FOREIGN_BITSANDBYTES},
                 {".weight_scale_inv", ASSAY_FOREIGN_FP8},
                 {".weight_scale", ASSAY_FOREIGN_FP8},
                 {".input_scale", ASSAY_FOREIGN_FP8},
                 {".weight_packed", ASSAY_FOREIGN_QUANTISED},
                 {".weight_shape", ASSAY_FOREIGN_QUANTISED},
                 {".weight_zero_point", ASSAY_FOREIGN_QUANTISED}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (assay_text_ends(name, known[i].end)) {
            *kind = known[i].kind;
            return true;
        }
    return false;
}

bool assay_foreign_is_lfs_pointer(const void *bytes, size_t size)
{
    static const char start[] = "version https://git-lfs";
    return size >= sizeof start - 1 && !memcmp(bytes, start, sizeof start - 1);
}
