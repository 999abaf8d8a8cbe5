/* Attention's softmax, a tile of scores at a time, in plain C; compiled once a kernel set, like plain_rows.c. A column
 * of the tile is a query, so every sum runs down its own column, key by key, and lanes of any width hold neighbouring
 * queries: no bit depends on the width. The sums of a tile are taken alone and then added to the running ones (Milakov
 * & Gimelshein, arXiv:1805.02867: the running maximum rises, what was summed before shrinks by e to the difference). */
#include "backend/exponential.h"
#include "backend/kernels.h"

#ifndef ASSAY_SCORES_TABLE
#define ASSAY_SCORES_TABLE assay_scores_plain
#endif

enum { Q = ASSAY_QUERIES, MR = ASSAY_BF16_MR };

/* Raises max to the tile's and gives what earlier sums shrink by. */
static void raise_maximum(const float *restrict s, size_t keys, size_t lanes, float scale, float *restrict max,
                          float *restrict shrink)
{
    float tile[Q];
    memcpy(tile, s, lanes * sizeof *tile);
    for (size_t i = 1; i < keys; i++)
        for (size_t j = 0; j < lanes; j++) tile[j] = s[i * Q + j] > tile[j] ? s[i * Q + j] : tile[j];
    for (size_t j = 0; j < lanes; j++) {
        float old = max[j], here = tile[j] * scale, raised = here > old ? here : old;
        shrink[j] = assay_exp(old - raised);
        max[j] = raised;
    }
}

static void fold(float *restrict s, size_t keys, size_t lanes, float scale, float *restrict max, float *restrict sum,
                 float *restrict shrink)
{
    float total[Q] = {0};
    raise_maximum(s, keys, lanes, scale, max, shrink);
    for (size_t i = 0; i < keys; i++)
        for (size_t j = 0; j < lanes; j++) {
            float e = assay_exp(fmaf(s[i * Q + j], scale, -max[j]));
            s[i * Q + j] = e;
            total[j] += e;
        }
    for (size_t j = 0; j < lanes; j++) sum[j] = fmaf(sum[j], shrink[j], total[j]);
}

static void fold_backward(const float *restrict s, const float *restrict dp, size_t keys, size_t lanes, float scale,
                          float *restrict max, float *restrict sum, float *restrict delta)
{
    float total[Q] = {0}, products[Q] = {0}, shrink[Q];
    raise_maximum(s, keys, lanes, scale, max, shrink);
    for (size_t i = 0; i < keys; i++)
        for (size_t j = 0; j < lanes; j++) {
            float e = assay_exp(fmaf(s[i * Q + j], scale, -max[j]));
            total[j] += e;
            products[j] = fmaf(e, dp[i * Q + j], products[j]);
        }
    for (size_t j = 0; j < lanes; j++) {
        sum[j] = fmaf(sum[j], shrink[j], total[j]);
        delta[j] = fmaf(delta[j], shrink[j], products[j]);
    }
}

static void gradients(float *restrict s, float *restrict dp, size_t keys, size_t lanes, float scale,
                      const float *restrict max, const float *restrict inverse, const float *restrict delta)
{
    for (size_t i = 0; i < keys; i++)
        for (size_t j = 0; j < lanes; j++) {
            float p = assay_exp(fmaf(s[i * Q + j], scale, -max[j])) * inverse[j];
            s[i * Q + j] = p;
            dp[i * Q + j] = p * (dp[i * Q + j] - delta[j]) * scale;
        }
}

static inline uint32_t rounded(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t nearest = (bits + 0x7fffu + (bits >> 16 & 1u)) >> 16, quiet = bits >> 16 | 0x40u;
    return (bits & 0x7fffffffu) > 0x7f800000u ? quiet : nearest;
}

static void pack(uint32_t *restrict dst, size_t panel, const float *restrict s, size_t keys)
{
    for (size_t i = 0; i < keys; i += 2, s += 2 * Q) {
        uint32_t words[Q];
        for (size_t j = 0; j < Q; j++) words[j] = rounded(s[j]) | rounded(s[Q + j]) << 16;
        for (size_t j = 0; j < Q; j += MR) memcpy(dst + j / MR * panel + i / 2 * MR, words + j, MR * sizeof *words);
    }
}

const assay_scores ASSAY_SCORES_TABLE = {
    .fold = fold, .fold_backward = fold_backward, .gradients = gradients, .pack = pack};
