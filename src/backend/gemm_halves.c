/* Blocking of the bf16 product. The workers pack the left operand together, a slab of its rows over the whole of k, then take jobs: a panel of C's
 * columns by a run of the slab's rows. A job packs B's panel once for every stretch of k (it stays in the second-level cache) and passes over
 * the slab block by block. So a row of A is packed once for all columns, and a column of B once for a run of rows.
 *
 * k is counted in pairs: the folds of the first product one after another, each filled up to whole pairs, then the second product's. Sums between
 * stretches rest in a panel of f32 beside B's.
 */
#include "backend/gemm_halves.h"

#include "backend/gemm_split.h"

#include <assert.h>
#include <string.h>

enum {
    MR = ASSAY_HALVES_MR,
    NR = ASSAY_HALVES_NR,
    PANEL = 256,   /* columns of a packed panel of B */
    STRETCH = 512, /* pairs of k */
    BLOCK = 60,    /* rows of A that stay in the second-level cache while a panel passes over them */
    RUN = 516,     /* rows of a job */
    RESULT_LD = PANEL + NR,
};

typedef struct halves_scratch {
    uint32_t *b;
    float *result; /* [RUN + MR, RESULT_LD] */
    float *edge;   /* [MR, NR] */
} halves_scratch;

typedef struct halves_job {
    const assay_kernels *kernels;
    assay_gemm_halves_args args; /* as they are multiplied, see open_job */
    size_t c_row, c_col;         /* strides of args.c */
    size_t pairs;                /* of k */
    size_t row, rows, slivers;   /* the slab: its rows of C, and how many times MR rows they are */
    char *scratch;
    assay_gemm_split split;
} halves_job;

/* A part of C and where its sums are. */
typedef struct halves_region {
    size_t row, rows, col, cols;
    float *sums;
    size_t ld;
    bool whole_tiles; /* sums has room for tiles that stick out */
} halves_region;

/* A fold of the first product, or the second product: `pairs` pairs of k from `first` on. */
typedef struct halves_piece {
    size_t index;
    assay_matrix a, columns; /* columns: B transposed */
    size_t k0, k, first, pairs;
} halves_piece;

static const size_t b_words = (size_t)(PANEL + NR) * STRETCH, result_floats = (size_t)(RUN + MR) * RESULT_LD;

size_t assay_gemm_halves_scratch_bytes(void) { return (b_words + result_floats + MR * NR) * sizeof(float); }

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static size_t larger(size_t a, size_t b) { return a > b ? a : b; }

static size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }

size_t assay_gemm_halves_packed_bytes(size_t m, size_t pairs) { return smaller(divide_up(m, MR) * MR, RUN) * larger(pairs, 1) * sizeof(uint32_t); }

static halves_scratch divide(void *memory)
{
    halves_scratch s = {.b = memory};
    s.result = (float *)(void *)(s.b + b_words);
    s.edge = s.result + result_floats;
    return s;
}

/* From {0} through all pieces; false behind the last. */
static bool next_piece(const assay_gemm_halves_args *args, halves_piece *p)
{
    size_t folds = args->folds ? args->fold_count : 1, index = p->index++;
    if (index > folds) return false;
    bool second = index == folds;
    p->a = second ? args->a2 : args->a;
    p->columns = assay_matrix_transposed(second ? args->b2 : args->b);
    p->k0 = second || !args->folds ? 0 : args->folds[index];
    p->k = second ? args->k2 : args->folds ? args->folds[index + 1] - args->folds[index] : args->k;
    p->first += p->pairs;
    p->pairs = (p->k + 1) / 2;
    return true;
}

static size_t count_pairs(const assay_gemm_halves_args *args)
{
    size_t pairs = 0;
    for (halves_piece p = {0}; next_piece(args, &p);) pairs += p.pairs;
    return pairs;
}

/* Rows of A (width MR) or columns of B (NR) over a run of pairs. */
static void pack(const halves_job *job, size_t width, size_t lane, size_t lanes, size_t first, size_t pairs, uint32_t *dst)
{
    for (halves_piece p = {0}; next_piece(&job->args, &p);) {
        size_t from = larger(first, p.first), to = smaller(first + pairs, p.first + p.pairs);
        if (from >= to) continue;
        size_t before = 2 * (from - p.first), k = smaller(p.k - before, 2 * (to - from));
        const assay_lanes source = assay_matrix_lanes(width == MR ? &p.a : &p.columns, lane, lanes, p.k0 + before, k);
        job->kernels->halves->pack(dst + (from - first) * width, width, width * pairs, &source);
    }
}

/* Where the slab's rows from `sliver` on are packed for the stretch that begins at pair `first`: all rows of a stretch lie together. */
static uint32_t *packed_rows(const halves_job *job, size_t sliver, size_t first, size_t pairs)
{
    return job->args.packed + (first * job->slivers + sliver * pairs) * MR;
}

/* A tile packs one block of rows for one stretch. */
static void run_packing(void *context, size_t tile, int worker)
{
    const halves_job *job = context;
    size_t blocks = divide_up(job->rows, BLOCK), row = tile % blocks * BLOCK, first = tile / blocks * STRETCH, pairs = smaller(STRETCH, job->pairs - first);
    (void)worker;
    pack(job, MR, job->row + row, smaller(BLOCK, job->rows - row), first, pairs, packed_rows(job, row / MR, first, pairs));
}

static void border_tile(const assay_halves *h, size_t pairs, const uint32_t *a, const uint32_t *b, float *c, size_t ld, bool add, size_t rows, size_t cols,
                        float *edge)
{
    for (size_t i = 0; add && i < rows; i++) memcpy(edge + i * NR, c + i * ld, cols * sizeof *c);
    h->tile(pairs, a, b, edge, NR, add);
    for (size_t i = 0; i < rows; i++) memcpy(c + i * ld, edge + i * NR, cols * sizeof *c);
}

/* Rows from `first` of the region on, packed at a, by all its columns. */
static void multiply_block(const assay_halves *h, const halves_scratch *s, const halves_region *r, size_t first, size_t rows, const uint32_t *a, size_t pairs, bool add)
{
    for (size_t j = 0; j < r->cols; j += NR)
        for (size_t i = 0; i < rows; i += MR) {
            const uint32_t *b = s->b + j * pairs;
            float *c = r->sums + (first + i) * r->ld + j;
            if (r->whole_tiles || (rows - i >= MR && r->cols - j >= NR))
                h->tile(pairs, a + i * pairs, b, c, r->ld, add);
            else
                border_tile(h, pairs, a + i * pairs, b, c, r->ld, add, smaller(MR, rows - i), smaller(NR, r->cols - j), s->edge);
        }
}

/* The region's sums: A . B, on top of what is there if `add`. */
static void multiply_all(const halves_job *job, const halves_scratch *s, const halves_region *r, bool add)
{
    for (size_t first = 0; first < job->pairs; first += STRETCH, add = true) {
        size_t pairs = smaller(STRETCH, job->pairs - first);
        pack(job, NR, r->col, r->cols, first, pairs, s->b);
        for (size_t i = 0; i < r->rows; i += BLOCK)
            multiply_block(job->kernels->halves, s, r, i, smaller(BLOCK, r->rows - i), packed_rows(job, (r->row - job->row + i) / MR, first, pairs), pairs, add);
    }
    for (size_t i = 0; !add && i < r->rows; i++) memset(r->sums + i * r->ld, 0, r->cols * sizeof(float));
}

/* Sums, bias, residual: one f32 row after another, rounded into C. */
static void round_rows(const assay_kernels *kernels, const assay_gemm_halves_args *args, const halves_region *r)
{
    float wide[PANEL];
    for (size_t i = 0; i < r->rows; i++) {
        float *sums = r->sums + i * r->ld;
        size_t offset = (r->row + i) * args->ld_residual + r->col;
        if (args->bias) kernels->rows->axpy(1.0f, args->bias + r->col, sums, r->cols);
        if (args->half_residual) kernels->rows->widen(args->half_residual + offset, wide, r->cols);
        if (args->residual || args->half_residual) kernels->rows->axpy(1.0f, args->residual ? args->residual + offset : wide, sums, r->cols);
        kernels->rows->narrow(sums, args->half_c + (r->row + i) * args->ldc + r->col, r->cols);
    }
}

/* C element (i, j) is c[i * row + j * col]. */
typedef struct halves_target {
    float *c;
    size_t row, col;
} halves_target;

static void fetch_sums(const halves_target *from, const halves_region *r)
{
    for (size_t i = 0; i < r->rows; i++)
        for (size_t j = 0; j < r->cols; j++) r->sums[i * r->ld + j] = from->c[i * from->row + j * from->col];
}

static void deliver_sums(const halves_region *r, const halves_target *to)
{
    for (size_t i = 0; i < r->rows; i++) {
        const float *sums = r->sums + i * r->ld;
        float *c = to->c + i * to->row;
        if (to->col == 1)
            memcpy(c, sums, r->cols * sizeof *c);
        else
            for (size_t j = 0; j < r->cols; j++) c[j * to->col] = sums[j];
    }
}

/* Sums of several passes rest beside C, close together: C's own rows may lie apart by a power of two and would share a few sets of the caches. */
static void multiply_region(const halves_job *job, void *memory, size_t row, size_t rows, size_t col, size_t cols)
{
    const assay_gemm_halves_args *args = &job->args;
    halves_scratch s = divide(memory);
    halves_region r = {.row = row, .rows = rows, .col = col, .cols = cols, .sums = s.result, .ld = RESULT_LD, .whole_tiles = true};
    halves_target target = {.c = args->c ? args->c + row * job->c_row + col * job->c_col : NULL, .row = job->c_row, .col = job->c_col};
    if (target.c && target.col == 1 && job->pairs <= STRETCH) {
        r.sums = target.c;
        r.ld = target.row;
        r.whole_tiles = false;
    }
    bool beside = target.c && r.whole_tiles;
    if (beside && args->add) fetch_sums(&target, &r);
    multiply_all(job, &s, &r, target.c && args->add);
    if (beside) deliver_sums(&r, &target);
    if (args->half_c) round_rows(job->kernels, args, &r);
}

static void run_job(void *context, size_t tile, int worker)
{
    const halves_job *job = context;
    const assay_gemm_split *split = &job->split;
    size_t col = tile % split->panels * split->panel_cols, row = tile / split->panels * split->run_rows;
    multiply_region(job, job->scratch + (size_t)worker * assay_gemm_halves_scratch_bytes(), job->row + row, smaller(split->run_rows, job->rows - row), col,
                    smaller(split->panel_cols, job->args.n - col));
}

/* An adapter's products have a handful of columns, a quarter of a tile's width; turned round they fill most of its height. Every element's chain stays the same. */
static halves_job open_job(const assay_kernels *kernels, void *scratch, const assay_gemm_halves_args *args)
{
    halves_job job = {.kernels = kernels, .args = *args, .scratch = scratch, .c_row = args->ldc, .c_col = 1};
    job.pairs = count_pairs(args);
    if (!args->c || args->n > MR || args->m <= args->n) return job;
    job.args.m = args->n;
    job.args.n = args->m;
    job.args.a = assay_matrix_transposed(args->b);
    job.args.b = assay_matrix_transposed(args->a);
    job.args.a2 = assay_matrix_transposed(args->b2);
    job.args.b2 = assay_matrix_transposed(args->a2);
    job.c_row = 1;
    job.c_col = args->ldc;
    return job;
}

/* As many rows as there is room for, evenly cut. */
static size_t slab_rows(const halves_job *job)
{
    size_t m = job->args.m, sliver = MR * sizeof(uint32_t) * larger(job->pairs, 1), room = job->args.packed_bytes / sliver;
    assert(room > 0);
    return divide_up(divide_up(m, MR), divide_up(divide_up(m, MR), room)) * MR;
}

static void run_slab(halves_job *job, assay_pool *pool)
{
    job->slivers = divide_up(job->rows, MR);
    assay_pool_run(pool, run_packing, job, divide_up(job->rows, BLOCK) * divide_up(job->pairs, STRETCH));
    job->split = assay_gemm_split_jobs(job->rows, job->args.n, MR, NR, RUN, PANEL, (size_t)assay_pool_size(pool));
    assay_pool_run(pool, run_job, job, job->split.jobs);
}

void assay_gemm_halves(const assay_kernels *kernels, assay_pool *pool, void *scratch, const assay_gemm_halves_args *args)
{
    halves_job job = open_job(kernels, scratch, args);
    size_t rows = slab_rows(&job);
    if (args->n == 0) return;
    for (job.row = 0; job.row < job.args.m; job.row += rows) {
        job.rows = smaller(rows, job.args.m - job.row);
        run_slab(&job, pool);
    }
}
