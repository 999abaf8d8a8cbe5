#include "serve/dialect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIALECT_ADDRESS(name) &assay_dialect_##name,
static const assay_dialect *const dialects[] = {ASSAY_DIALECT_MAP(DIALECT_ADDRESS)};
#undef DIALECT_ADDRESS

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
