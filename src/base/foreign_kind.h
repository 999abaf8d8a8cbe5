/* Things that are no model Assay runs, but that people bring: one table with a name, how it is told, and one line to
 * type. Whoever meets such a thing names its kind here, so that all sentences are alike and none ends without a way on.
 *
 *     return assay_foreign_error(err, "models/x/config.json", ASSAY_FOREIGN_GPTQ, "quant_method gptq");
 */
#ifndef ASSAY_BASE_FOREIGN_KIND_H
#define ASSAY_BASE_FOREIGN_KIND_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum assay_foreign_kind {
    ASSAY_FOREIGN_QUANTISED, /* any way that is not named below */
    ASSAY_FOREIGN_GPTQ,
    ASSAY_FOREIGN_AWQ,
    ASSAY_FOREIGN_COMPRESSED,
    ASSAY_FOREIGN_BITSANDBYTES,
    ASSAY_FOREIGN_FP8,
    ASSAY_FOREIGN_LFS_POINTER,    /* a text of three lines where a file should be */
    ASSAY_FOREIGN_CUT_SHORT,      /* a file that ends before its header says */
    ASSAY_FOREIGN_CUT_GGUF,       /* the same of a GGUF file, which `convert --quantize` writes too */
    ASSAY_FOREIGN_LONG_TOKENIZER, /* more tokens than the embedding has rows */
    ASSAY_FOREIGN_LABELS,         /* a classifier of several labels */
    ASSAY_FOREIGN_HEAD,           /* a trained head of another kind */
    ASSAY_FOREIGN_EXPERTS,        /* a mixture of experts */
    ASSAY_FOREIGN_KINDS
} assay_foreign_kind;

/* "<where>: <what it is> (<detail>). <what to do>"; detail may be NULL. Returns ASSAY_E_UNSUPPORTED, or ASSAY_E_FORMAT
 * for files that are broken. */
assay_status assay_foreign_error(assay_error *err, const char *where, assay_foreign_kind kind, const char *detail);

/* The kind by quantization_config's quant_method ("gptq"); ASSAY_FOREIGN_QUANTISED for any other. */
assay_foreign_kind assay_foreign_of_method(const char *method);

/* A tensor's name as only quantised checkpoints have it (".qweight", ".weight_scale_inv"); *kind says which. */
bool assay_foreign_tensor(const char *name, assay_foreign_kind *kind);

/* True when the bytes are a git-lfs pointer, which lies where the file itself was not downloaded. */
bool assay_foreign_is_lfs_pointer(const void *bytes, size_t size);

#endif
