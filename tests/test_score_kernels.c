/* The kernels of attention's softmax, which work on tiles of scores, one at a time; see kernel_trial.h. A tile has n /
 * ASSAY_QUERIES keys. */
#include "kernel_trial.h"

enum { Q = ASSAY_QUERIES, PANEL = 16 };

/* Fewer lanes in two tiles of three. Some keys are not seen, never a query's first. */
static const float SCALE = 0.125f;

static size_t keys_of(const operands *o) { return o->n / Q; }
static size_t lanes_of(const operands *o) { return Q - PANEL * (keys_of(o) % 3); }

static void tile_of(const operands *o, float s[MOST])
{
    memcpy(s, o->x, keys_of(o) * Q * sizeof *s);
    for (size_t i = 1; i < keys_of(o); i++)
        for (size_t j = 0; j < Q; j++)
            if ((i + j) % 5 == 0) s[i * Q + j] = -INFINITY;
}

/* The first tile of some queries, a later one of others. */
static double old_maximum(const operands *o, size_t j) { return j % 2 ? -INFINITY : at(o->z, j); }
static double old_sum(const operands *o, size_t j) { return j % 2 ? 0 : fabs(at(o->z, j)); }

static void begin_statistics(const operands *o, float max[], float sum[], float delta[])
{
    for (size_t j = 0; j < lanes_of(o); j++) {
        max[j] = (float)old_maximum(o, j);
        sum[j] = (float)old_sum(o, j);
        delta[j] = (float)(0.5 * old_sum(o, j));
    }
}

static double raised_maximum(const operands *o, const float s[MOST], size_t j)
{
    double most = old_maximum(o, j);
    for (size_t i = 0; i < keys_of(o); i++) most = fmax(most, at(s, i * Q + j) * (double)SCALE);
    return most;
}

static void run_fold(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    float *max = out[1].data, *sum = max + Q, *shrink = sum + Q, unused[Q];
    if (!keys_of(o)) return;
    tile_of(o, out[0].data);
    begin_statistics(o, max, sum, unused);
    k->scores->fold(out[0].data, keys_of(o), lanes_of(o), SCALE, max, sum, shrink);
}

static void define_fold(const operands *o, defined d[OUTPUTS])
{
    float s[MOST];
    tile_of(o, s);
    for (size_t i = 0; i < keys_of(o) * Q; i++) define(d, i, at(s, i), 0);
    for (size_t j = 0; keys_of(o) && j < lanes_of(o); j++) {
        double most = raised_maximum(o, s, j), shrink = exp(old_maximum(o, j) - most), sum = old_sum(o, j) * shrink,
               size = sum * (1 + fabs(at(o->z, j) - most));
        for (size_t i = 0; i < keys_of(o); i++) {
            double x = at(s, i * Q + j) * (double)SCALE - most, e = exp(x), own = isinf(x) ? 0 : e * (1 + fabs(x));
            define(d, i * Q + j, e, own + FAINT);
            sum += e;
            size += own;
        }
        define(&d[1], j, most, 0);
        define(&d[1], Q + j, sum, size + FAINT);
        define(&d[1], 2 * Q + j, shrink, shrink * (1 + fabs(at(o->z, j) - most)) + FAINT);
    }
}

static void run_fold_backward(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    float *max = out[1].data, *sum = max + Q, *delta = sum + Q;
    if (!keys_of(o)) return;
    tile_of(o, out[0].data);
    begin_statistics(o, max, sum, delta);
    k->scores->fold_backward(out[0].data, o->y, keys_of(o), lanes_of(o), SCALE, max, sum, delta);
}

static void define_fold_backward(const operands *o, defined d[OUTPUTS])
{
    float s[MOST];
    tile_of(o, s);
    for (size_t i = 0; i < keys_of(o) * Q; i++) define(d, i, at(s, i), 0);
    for (size_t j = 0; keys_of(o) && j < lanes_of(o); j++) {
        double most = raised_maximum(o, s, j), shrink = exp(old_maximum(o, j) - most), sum = old_sum(o, j) * shrink,
               delta = 0.5 * sum, size = sum * (1 + fabs(at(o->z, j) - most)), delta_size = size;
        for (size_t i = 0; i < keys_of(o); i++) {
            double x = at(s, i * Q + j) * (double)SCALE - most, e = exp(x), own = isinf(x) ? 0 : e * (1 + fabs(x));
            sum += e;
            size += own;
            delta += e * at(o->y, i * Q + j);
            delta_size += own * fabs(at(o->y, i * Q + j));
        }
        define(&d[1], j, most, 0);
        define(&d[1], Q + j, sum, size + FAINT);
        define(&d[1], 2 * Q + j, delta, delta_size + FAINT);
    }
}

static void run_gradients(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    float max[Q], inverse[Q];
    if (!keys_of(o)) return;
    tile_of(o, out[0].data);
    memcpy(out[1].data, o->y, keys_of(o) * Q * sizeof(float));
    for (size_t j = 0; j < Q; j++) {
        max[j] = (float)raised_maximum(o, out[0].data, j);
        inverse[j] = 0.25f;
    }
    k->scores->gradients(out[0].data, out[1].data, keys_of(o), lanes_of(o), SCALE, max, inverse, o->z);
}

static void define_gradients(const operands *o, defined d[OUTPUTS])
{
    float s[MOST];
    tile_of(o, s);
    for (size_t i = 0; i < keys_of(o) * Q; i++) {
        size_t j = i % Q;
        double dp = at(o->y, i), x = at(s, i) * (double)SCALE - raised_maximum(o, s, j), p = 0.25 * exp(x),
               size = (isinf(x) ? 0 : p * (1 + fabs(x))) + FAINT;
        bool looked_at = j < lanes_of(o);
        define(&d[0], i, looked_at ? p : at(s, i), looked_at ? size : 0);
        define(&d[1], i, looked_at ? p * (dp - at(o->z, j)) * (double)SCALE : dp,
               looked_at ? size * (fabs(dp) + fabs(at(o->z, j))) : 0);
    }
}

/* Panels of ASSAY_BF16_MR columns, pairs of keys in a word, the first key low; read out again in the tile's order. */
static void run_pack_scores(const assay_kernels *k, const operands *o, output out[OUTPUTS])
{
    uint32_t words[MOST + 1];
    size_t keys = keys_of(o) & ~(size_t)1, panel = keys / 2 * ASSAY_BF16_MR;
    words[Q / ASSAY_BF16_MR * panel] = 0x12345678u;
    k->scores->pack(words, panel, o->x, keys);
    assert_int_equal(words[Q / ASSAY_BF16_MR * panel], 0x12345678u);
    for (size_t i = 0; i < keys * Q; i++) {
        size_t key = i / Q, j = i % Q;
        uint32_t word = words[j / ASSAY_BF16_MR * panel + key / 2 * ASSAY_BF16_MR + j % ASSAY_BF16_MR];
        out[0].data[i] = assay_bf16_to_f32((uint16_t)(key % 2 ? word >> 16 : word & 0xffffu));
    }
}

static void define_pack_scores(const operands *o, defined d[OUTPUTS])
{
    size_t keys = keys_of(o) & ~(size_t)1;
    for (size_t i = 0; i < keys * Q; i++) define(d, i, (double)assay_bf16_to_f32(assay_f32_to_bf16(o->x[i])), 0);
}

/* Sums run down at most 20 keys, of which n / 16 makes 6 a key. */
static const row_kernel score_kernels[] = {
    {"scores fold", run_fold, define_fold, 8, true},
    {"scores fold_backward", run_fold_backward, define_fold_backward, 10, true},
    {"scores gradients", run_gradients, define_gradients, 10, false},
    {"scores pack", run_pack_scores, define_pack_scores, 0, false},
};

static void test_every_score_kernel(void **state)
{
    (void)state;
    check_kernels(score_kernels, sizeof score_kernels / sizeof *score_kernels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_score_kernel)};
    return cmocka_run_group_tests_name("score_kernels", tests, NULL, NULL);
}
