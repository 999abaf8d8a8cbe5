/* The matrix product's tile in plain C: the reference for the others. */
#include "backend/kernels.h"

#include <math.h>
#include <string.h>

enum { MR = 4, NR = 16 };

static void tile(size_t k, const float *a, const float *b, float *c, size_t ldc, bool add)
{
    float chains[MR][NR];
    memset(chains, 0, sizeof chains);
    for (size_t p = 0; p < k; p++, a += MR, b += NR)
        for (int i = 0; i < MR; i++)
            for (int j = 0; j < NR; j++) chains[i][j] = fmaf(a[i], b[j], chains[i][j]);
    for (size_t i = 0; i < MR; i++)
        for (size_t j = 0; j < NR; j++) c[i * ldc + j] = add ? c[i * ldc + j] + chains[i][j] : chains[i][j];
}

const assay_kernels assay_kernels_plain = {.name = "plain",
                                           .rows = &assay_rows_plain,
                                           .pack = assay_panel_pack_plain,
                                           .mr = MR,
                                           .nr = NR,
                                           .tile = tile,
                                           .bf16 = &assay_bf16_plain,
                                           .scores = &assay_scores_plain};
