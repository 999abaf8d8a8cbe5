/* Attention against a plain double computation on trees of every kind, in f32 and bf16; its bits against batch,
 * threads, sharing and kernel sets; its workspace against guard words. --time [TOKENS [HEADS [KEY_HEADS [COLUMNS
 * [f32]]]]] measures. */
#include "test_support.h"

#include "base/alloc.h"
#include "base/rng.h"
#include "ops/op.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_SEGMENTS = 8, GUARD = 64 };

typedef struct tree_shape {
    uint32_t prompt, answers[3]; /* rows; answers[0] 0: a text alone */
} tree_shape;

typedef struct shape {
    uint32_t heads, kv_heads, d;
    bool bf16, scored_queries;
} shape;

/* Values of all rows of all trees, and what attention makes of them. */
typedef struct lab {
    shape s;
    assay_segment segments[MAX_SEGMENTS];
    assay_tree trees[MAX_SEGMENTS];
    assay_geometry geometry;
    size_t tokens, queries;
    float *q, *k, *v, *dc; /* in bf16: rounded */
    uint16_t *bf16_q, *bf16_k, *bf16_v, *bf16_c;
    float *c, *dq, *dk, *dv;
} lab;

static void add_segment(lab *l, uint32_t rows, int32_t parent, bool scored)
{
    size_t index = l->geometry.segment_count++;
    uint32_t base = parent < 0 ? 0 : l->segments[parent].base + l->segments[parent].rows;
    int32_t scored_row = scored ? (int32_t)l->geometry.spaces[ASSAY_SCORED].rows++ : -1;
    l->segments[index] = (assay_segment){.first = (uint32_t)l->tokens,
                                         .rows = rows,
                                         .parent = parent,
                                         .base = base,
                                         .scored_row = scored_row,
                                         .tree = (uint32_t)l->geometry.tree_count - 1};
    l->trees[l->geometry.tree_count - 1].segments++;
    l->tokens += rows;
    if (base + rows > l->geometry.longest_path) l->geometry.longest_path = base + rows;
}

static void add_tree(lab *l, const tree_shape *tree)
{
    l->trees[l->geometry.tree_count++] = (assay_tree){.first_segment = (uint32_t)l->geometry.segment_count};
    int32_t root = (int32_t)l->geometry.segment_count;
    add_segment(l, tree->prompt, -1, !tree->answers[0]);
    for (int i = 0; i < 3 && tree->answers[i]; i++) add_segment(l, tree->answers[i], root, true);
}

/* Row t of tree number `identity` has the same values wherever the tree lies. */
static void draw(const lab *l, float *to, size_t cols, uint64_t what, uint64_t identity, size_t first, size_t rows,
                 bool round)
{
    assay_rng rng = {.seed = what, .stream = identity};
    for (size_t i = first * cols; i < (first + rows) * cols; i++) {
        to[i] = (float)assay_rng_normal(&rng);
        if (l->s.bf16 && round) to[i] = assay_bf16_to_f32(assay_f32_to_bf16(to[i]));
    }
}

static uint16_t *halve(const float *from, size_t count)
{
    uint16_t *half = assay_alloc(count + 1, sizeof *half);
    for (size_t i = 0; i < count; i++) half[i] = assay_f32_to_bf16(from[i]);
    return half;
}

static void lab_values(lab *l, uint64_t first_identity)
{
    size_t wide = l->s.heads * l->s.d, narrow = l->s.kv_heads * l->s.d;
    l->queries = l->s.scored_queries ? l->geometry.spaces[ASSAY_SCORED].rows : l->tokens;
    float **rows[] = {&l->q, &l->dc, &l->c, &l->dq}, **keys[] = {&l->k, &l->v, &l->dk, &l->dv};
    for (int i = 0; i < 4; i++)
        *rows[i] = assay_alloc(l->queries * wide, sizeof(float)),
        *keys[i] = assay_alloc(l->tokens * narrow, sizeof(float));
    for (size_t t = 0; t < l->geometry.tree_count; t++) {
        const assay_segment *first = &l->segments[l->trees[t].first_segment], *last = first + l->trees[t].segments - 1;
        size_t count = last->first + last->rows - first->first;
        draw(l, l->k, narrow, 3, first_identity + t, first->first, count, true);
        draw(l, l->v, narrow, 4, first_identity + t, first->first, count, true);
        if (l->s.scored_queries) continue;
        draw(l, l->q, wide, 1, first_identity + t, first->first, count, true);
        draw(l, l->dc, wide, 2, first_identity + t, first->first, count, true);
    }
    if (l->s.scored_queries)
        draw(l, l->q, wide, 1, 0, 0, l->queries, true), draw(l, l->dc, wide, 2, 0, 0, l->queries, true);
    if (!l->s.bf16) return;
    l->bf16_q = halve(l->q, l->queries * wide);
    l->bf16_k = halve(l->k, l->tokens * narrow);
    l->bf16_v = halve(l->v, l->tokens * narrow);
    l->bf16_c = halve(l->c, l->queries * wide);
}

static lab lab_open(const shape *s, const tree_shape *trees, size_t count, uint64_t first_identity)
{
    lab l = {.s = *s};
    for (size_t i = 0; i < count; i++) add_tree(&l, &trees[i]);
    lab_values(&l, first_identity);
    return l;
}

static void lab_close(lab *l)
{
    void *all[] = {l->q, l->k, l->v, l->dc, l->c, l->dq, l->dk, l->dv, l->bf16_q, l->bf16_k, l->bf16_v, l->bf16_c};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) assay_free(all[i]);
}

static assay_view view_of(float *data, uint16_t *half, size_t rows, size_t cols)
{
    return (assay_view){.data = half ? NULL : data, .bf16 = half, .rows = rows, .cols = cols, .ld = cols};
}

/* Of all threads: other programs on the machine do not count. */
static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* One direction with a workspace of exactly the promised size between guard words. */
static double run_direction(const lab *l, assay_op_run *run, assay_op_env *env, bool backward)
{
    size_t wide = l->s.heads * l->s.d, narrow = l->s.kv_heads * l->s.d;
    assay_op_shape op_shape = {
        .attr = run->attr, .inputs = 3, .outputs = 1, .in_cols = {wide, narrow, narrow}, .out_cols = {wide}};
    assay_bounds bounds = {.rows = {l->tokens, l->queries}, .longest_path = l->geometry.longest_path};
    assert_int_equal(assay_op_attention.check(&op_shape, NULL), ASSAY_OK);
    size_t bytes = assay_op_attention.workspace(&op_shape, &bounds, assay_pool_size(env->pool), backward);
    unsigned char *memory = NULL;
    assert_int_equal(posix_memalign((void **)&memory, 64, bytes + GUARD), 0);
    memset(memory, 0xff, bytes + GUARD); /* NaN: what is read unwritten shows */
    run->workspace = memory;
    double start = processor_seconds();
    (backward ? assay_op_attention.backward : assay_op_attention.forward)(run);
    double took = (processor_seconds() - start) / assay_pool_size(env->pool);
    for (size_t i = 0; i < GUARD; i++) assert_int_equal(memory[bytes + i], 0xff);
    free(memory);
    return took;
}

static void run_lab(lab *l, const assay_kernels *kernels, int threads, double seconds[2])
{
    size_t wide = l->s.heads * l->s.d, narrow = l->s.kv_heads * l->s.d;
    assay_op_attributes attr = {.heads = l->s.heads,
                                .kv_heads = l->s.kv_heads,
                                .head_dim = l->s.d,
                                .scale = 1.0f / sqrtf((float)l->s.d),
                                .bf16 = l->s.bf16};
    assay_op_env env = {.kernels = kernels, .geometry = &l->geometry};
    assay_op_run run = {.env = &env, .attr = &attr};
    l->geometry.segments = l->segments;
    l->geometry.trees = l->trees;
    assert_int_equal(assay_pool_create(&env.pool, threads, NULL), ASSAY_OK);
    env.scratch = assay_alloc((size_t)assay_pool_size(env.pool), assay_gemm_scratch_bytes());
    run.in_space[0] = run.out_space = l->s.scored_queries ? ASSAY_SCORED : ASSAY_TOKENS;
    run.in[0] = view_of(l->q, l->bf16_q, l->queries, wide);
    run.in[1] = view_of(l->k, l->bf16_k, l->tokens, narrow);
    run.in[2] = view_of(l->v, l->bf16_v, l->tokens, narrow);
    run.out[0] = view_of(l->c, l->bf16_c, l->queries, wide);
    run.d_out[0] = view_of(l->dc, NULL, l->queries, wide);
    run.d_in[0] = view_of(l->dq, NULL, l->queries, wide);
    run.d_in[1] = view_of(l->dk, NULL, l->tokens, narrow);
    run.d_in[2] = view_of(l->dv, NULL, l->tokens, narrow);
    seconds[0] = run_direction(l, &run, &env, false);
    seconds[1] = run_direction(l, &run, &env, true);
    if (l->bf16_c) kernels->rows->widen(l->bf16_c, l->c, l->queries * wide);
    assay_free(env.scratch);
    assay_pool_destroy(env.pool);
}

/* The definition in double; *_size: the same sums of absolute values, what errors are measured by. */
typedef struct reference {
    double *c, *c_size, *dq, *dq_size, *dk, *dk_size, *dv, *dv_size;
} reference;

static double dot(const float *x, const float *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * (double)y[i];
    return sum;
}

static size_t path_rows(const lab *l, int32_t segment, size_t *rows)
{
    size_t count = 0;
    if (l->segments[segment].parent >= 0) count = path_rows(l, l->segments[segment].parent, rows);
    for (size_t i = 0; i < l->segments[segment].rows; i++) rows[count++] = l->segments[segment].first + i;
    return count;
}

static void add_term(double *sum, double *size, double factor, double factor_size, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) sum[i] += factor * (double)x[i], size[i] += factor_size * fabs((double)x[i]);
}

static void reference_query(const lab *l, const reference *r, size_t row, size_t head, const size_t *path, size_t keys)
{
    size_t d = l->s.d, kv = head / (l->s.heads / l->s.kv_heads), narrow = l->s.kv_heads * d,
           at = row * l->s.heads * d + head * d;
    double *p = assay_alloc(keys, sizeof *p), *dp = assay_alloc(keys, sizeof *dp), total = 0, delta = 0, delta_size = 0,
           scale = 1 / sqrt((double)d);
    for (size_t j = 0; j < keys; j++) total += p[j] = exp(scale * dot(l->q + at, l->k + path[j] * narrow + kv * d, d));
    for (size_t j = 0; j < keys; j++) {
        p[j] /= total;
        dp[j] = dot(l->dc + at, l->v + path[j] * narrow + kv * d, d);
        delta += p[j] * dp[j];
        delta_size += p[j] * fabs(dp[j]);
    }
    for (size_t j = 0; j < keys; j++) {
        size_t key = path[j] * narrow + kv * d;
        double ds = p[j] * (dp[j] - delta) * scale, size = p[j] * (fabs(dp[j]) + delta_size) * scale;
        add_term(r->c + at, r->c_size + at, p[j], p[j], l->v + key, d);
        add_term(r->dq + at, r->dq_size + at, ds, size, l->k + key, d);
        add_term(r->dk + key, r->dk_size + key, ds, size, l->q + at, d);
        add_term(r->dv + key, r->dv_size + key, p[j], p[j], l->dc + at, d);
    }
    assay_free(p);
    assay_free(dp);
}

static void make_reference(const lab *l, const reference *r)
{
    size_t *path = assay_alloc(l->geometry.longest_path, sizeof *path);
    for (size_t s = 0; s < l->geometry.segment_count; s++) {
        const assay_segment *segment = &l->segments[s];
        path_rows(l, (int32_t)s, path);
        for (size_t head = 0; head < l->s.heads; head++) {
            if (l->s.scored_queries && segment->scored_row >= 0)
                reference_query(l, r, (size_t)segment->scored_row, head, path, segment->base + segment->rows);
            for (size_t i = 0; !l->s.scored_queries && i < segment->rows; i++)
                reference_query(l, r, segment->first + i, head, path, segment->base + i + 1);
        }
    }
    assay_free(path);
}

static void compare(const char *what, const float *got, const double *wanted, const double *size, size_t count,
                    double limit)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabs((double)got[i] - wanted[i]) <= limit * (size[i] + 1e-3)))
            fail_msg("%s[%zu] is %g, expected %g +- %g", what, i, (double)got[i], wanted[i], limit * (size[i] + 1e-3));
}

static const tree_shape forest[] = {{230, {25, 300, 1}}, {97, {0}}, {1, {0}}, {250, {0}}};

/* Sizes are sums of absolute terms. In f32 an error of 1e-6 in a score (a chain of d products, then exp) moves a term
 * by as much, the sums by a little more. In bf16 the operand p (or ds) is rounded by at most 2^-8 of itself (8
 * significant bits, to nearest), and c once more. */
static void check_values(const shape *s, const assay_kernels *kernels)
{
    lab l = lab_open(s, forest, 4, 1);
    double seconds[2], limit = s->bf16 ? 0x1p-8 + 4e-6 : 4e-6, *block, *next;
    size_t wide = l.queries * s->heads * s->d, narrow = l.tokens * s->kv_heads * s->d;
    block = next = assay_alloc(4 * (wide + narrow), sizeof *block);
    reference r = {.c = next, .c_size = next + wide, .dq = next + 2 * wide, .dq_size = next + 3 * wide};
    next += 4 * wide;
    r.dk = next, r.dk_size = next + narrow, r.dv = next + 2 * narrow, r.dv_size = next + 3 * narrow;
    make_reference(&l, &r);
    run_lab(&l, kernels, 2, seconds);
    compare("c", l.c, r.c, r.c_size, wide, s->bf16 ? 2 * limit : limit);
    compare("dq", l.dq, r.dq, r.dq_size, wide, limit);
    compare("dk", l.dk, r.dk, r.dk_size, narrow, limit);
    compare("dv", l.dv, r.dv, r.dv_size, narrow, limit);
    assay_free(block);
    lab_close(&l);
}

static const shape shapes[] = {{4, 2, 24, false, false}, {4, 2, 24, true, false}, {3, 1, 64, false, true},
                               {3, 1, 64, true, true},   {2, 2, 5, false, false}, {2, 2, 5, true, false}};

/* Under the sanitizers the first two shapes alone: what they look for is in where the loops end, not in the values. */
static size_t shape_count(void)
{
    return TESTS_ARE_SANITIZED && !tests_are_thorough() ? 2 : sizeof shapes / sizeof *shapes;
}

static void test_equals_double_precision(void **state)
{
    (void)state;
    for (size_t set = 0; assay_kernels_at(set); set++)
        for (size_t i = 0; i < shape_count(); i++) check_values(&shapes[i], assay_kernels_at(set));
}

/* A tree alone on one thread and behind two others on two threads; in f32 with every kernel set against plain. */
static void test_bits_know_no_threads_nor_kernels(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++)
        for (size_t set = 0; assay_kernels_at(set); set++) {
            static const tree_shape order[] = {{97, {0}}, {33, {400}}, {230, {25, 300, 1}}};
            const shape *s = &shapes[i];
            lab all = lab_open(s, order, 3, 5), alone = lab_open(s, order + 2, 1, 7);
            double seconds[2];
            size_t wide = s->heads * s->d, narrow = s->kv_heads * s->d, first = all.tokens - alone.tokens;
            run_lab(&all, assay_kernels_at(set), 2, seconds);
            run_lab(&alone, assay_kernels_at(s->bf16 ? set : 0), 1, seconds);
            assert_memory_equal(alone.c, all.c + first * wide, alone.tokens * wide * sizeof(float));
            assert_memory_equal(alone.dq, all.dq + first * wide, alone.tokens * wide * sizeof(float));
            assert_memory_equal(alone.dk, all.dk + first * narrow, alone.tokens * narrow * sizeof(float));
            assert_memory_equal(alone.dv, all.dv + first * narrow, alone.tokens * narrow * sizeof(float));
            lab_close(&all);
            lab_close(&alone);
        }
}

/* An answer behind a shared prompt and the same text in one piece: the same c, though blocks of queries are cut
 * elsewhere. */
static void test_shared_prompt(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++)
        for (size_t set = 0; assay_kernels_at(set); set++) {
            static const tree_shape shared = {230, {300}}, whole = {530, {0}};
            lab a = lab_open(&shapes[i], &shared, 1, 1), b = lab_open(&shapes[i], &whole, 1, 1);
            double seconds[2];
            run_lab(&a, assay_kernels_at(set), 2, seconds);
            run_lab(&b, assay_kernels_at(set), 2, seconds);
            assert_memory_equal(a.c, b.c, a.tokens * shapes[i].heads * shapes[i].d * sizeof(float));
            lab_close(&a);
            lab_close(&b);
        }
}

/* GFLOP/s of the causal half, 4 d of a query and key forward, 10 d backward, by the processor time of two threads that
 * share the work evenly. */
static int time_attention(int argc, char **argv)
{
    uint32_t n[4] = {2048, 32, 2, 128};
    double best[2] = {1e9, 1e9}, seconds[2];
    const assay_kernels *kernels;
    for (int i = 0; i < 4 && i + 2 < argc; i++) n[i] = (uint32_t)strtoul(argv[i + 2], NULL, 10);
    shape s = {.heads = n[1], .kv_heads = n[2], .d = n[3], .bf16 = argc < 7};
    tree_shape tree = {n[0], {0}};
    if (!n[0] || !n[1] || !n[2] || n[1] % n[2] || !n[3] || assay_kernels_select(&kernels, NULL, NULL)) return 1;
    lab l = lab_open(&s, &tree, 1, 1);
    for (int round = 0; round < 5; round++) {
        run_lab(&l, kernels, 2, seconds);
        for (int i = 0; i < 2; i++) best[i] = seconds[i] < best[i] ? seconds[i] : best[i];
    }
    double pairs = 1e-9 * (double)n[0] * (double)(n[0] + 1) / 2 * (double)n[1] * (double)n[3];
    printf("attention %s %s, %u tokens, %u / %u heads of %u: forward %.1f GFLOP/s, backward %.1f, both %.1f (%.1f ms a "
           "thread)\n",
           kernels->name, s.bf16 ? "bf16" : "f32", n[0], n[1], n[2], n[3], 4 * pairs / best[0], 10 * pairs / best[1],
           14 * pairs / (best[0] + best[1]), 1e3 * (best[0] + best[1]));
    lab_close(&l);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_equals_double_precision),
                                       cmocka_unit_test(test_bits_know_no_threads_nor_kernels),
                                       cmocka_unit_test(test_shared_prompt)};
    if (argc > 1 && !strcmp(argv[1], "--time")) return time_attention(argc, argv);
    return cmocka_run_group_tests_name("attention", tests, NULL, NULL);
}
