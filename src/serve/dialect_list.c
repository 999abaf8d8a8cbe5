#include "serve/dialect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Order matters where a path is shared: the first whose field is there. */
// clang-format off
static const assay_dialect *const dialects[] = {
    &assay_dialect_pairs,
    &assay_dialect_own,
    &assay_dialect_openrlhf,
    &assay_dialect_classify,
    &assay_dialect_sglang,
    &assay_dialect_pooling,
    &assay_dialect_tei_rerank,
    &assay_dialect_rerank,
    &assay_dialect_tei_predict,
    &assay_dialect_llamafactory,
};
// clang-format on

const assay_dialect *assay_dialect_at(size_t index)
{
    return index < sizeof dialects / sizeof *dialects ? dialects[index] : NULL;
}

bool assay_dialect_has_path(const assay_dialect *dialect, const char *path)
{
    for (const char *const *one = dialect->paths; *one; one++)
        if (!strcmp(*one, path)) return true;
    return false;
}

bool assay_dialect_path_known(const char *path)
{
    for (size_t i = 0; assay_dialect_at(i); i++)
        if (assay_dialect_has_path(assay_dialect_at(i), path)) return true;
    return false;
}
