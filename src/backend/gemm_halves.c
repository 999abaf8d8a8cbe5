/* Blocking of the bf16 product: a job is a panel of C's columns by a run of rows; for every stretch of k it packs B's panel once (it stays in
 * the second-level cache), then A block by block. Sums between stretches rest in a panel of f32 beside the packed operands. */
#include "backend/gemm_halves.h"

#include "backend/gemm_split.h"

#include <string.h>

enum {
    MR = ASSAY_HALVES_MR,
    NR = ASSAY_HALVES_NR,
    PANEL = 256,    /* columns of a packed panel of B */
    STRETCH = 1024, /* of k */
    BLOCK = 60,     /* rows of a packed block of A */
    RUN = 516,      /* rows of a job */
    RESULT_LD = PANEL + NR,
};

typedef struct halves_scratch {
    uint32_t *b, *a;
    float *result; /* [RUN + MR, RESULT_LD] */
    float *edge;   /* [MR, NR] */
} halves_scratch;

typedef struct halves_job {
    const assay_kernels *kernels;
    assay_gemm_halves_args args; /* as they are multiplied, see open_job */
    size_t c_row, c_col;         /* strides of args.c */
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

static const size_t b_words = (size_t)(PANEL + NR) * STRETCH / 2, a_words = (size_t)(BLOCK + MR) * STRETCH / 2;
static const size_t result_floats = (size_t)(RUN + MR) * RESULT_LD;

size_t assay_gemm_halves_scratch_bytes(void) { return (b_words + a_words + result_floats + MR * NR) * sizeof(float); }

static halves_scratch divide(void *memory)
{
    uint32_t *words = memory;
    halves_scratch s = {.b = words, .a = words + b_words};
    s.result = (float *)(void *)(s.a + a_words);
    s.edge = s.result + result_floats;
    return s;
}

static size_t smaller(size_t a, size_t b) { return a < b ? a : b; }

static void pack(const assay_halves *h, size_t width, const assay_matrix *m, size_t lane, size_t lanes, size_t k0, size_t k, uint32_t *dst)
{
    const assay_lanes from = assay_matrix_lanes(m, lane, lanes, k0, k);
    h->pack(dst, width, width * ((k + 1) / 2), &from);
}

static void border_tile(const assay_halves *h, size_t pairs, const uint32_t *a, const uint32_t *b, float *c, size_t ld, bool add, size_t rows, size_t cols,
                        float *edge)
{
    for (size_t i = 0; add && i < rows; i++) memcpy(edge + i * NR, c + i * ld, cols * sizeof *c);
    h->tile(pairs, a, b, edge, NR, add);
    for (size_t i = 0; i < rows; i++) memcpy(c + i * ld, edge + i * NR, cols * sizeof *c);
}

static void multiply_block(const assay_halves *h, const halves_scratch *s, const halves_region *r, size_t first, size_t rows, size_t pairs, bool add)
{
    for (size_t j = 0; j < r->cols; j += NR)
        for (size_t i = 0; i < rows; i += MR) {
            const uint32_t *a = s->a + i * pairs, *b = s->b + j * pairs;
            float *c = r->sums + (first + i) * r->ld + j;
            if (r->whole_tiles || (rows - i >= MR && r->cols - j >= NR))
                h->tile(pairs, a, b, c, r->ld, add);
            else
                border_tile(h, pairs, a, b, c, r->ld, add, smaller(MR, rows - i), smaller(NR, r->cols - j), s->edge);
        }
}

/* Adds A[:, k0 .. k0 + k) . B[k0 .. k0 + k, :] to the region's sums, in stretches; *add turns true after the first. */
static void multiply_fold(const assay_halves *h, const halves_scratch *s, const halves_region *r, const assay_matrix *a, const assay_matrix *b, size_t k0, size_t k,
                          bool *add)
{
    const assay_matrix columns = assay_matrix_transposed(*b);
    for (size_t done = 0; done < k; done += STRETCH) {
        size_t length = smaller(STRETCH, k - done);
        pack(h, NR, &columns, r->col, r->cols, k0 + done, length, s->b);
        for (size_t i = 0; i < r->rows; i += BLOCK) {
            size_t rows = smaller(BLOCK, r->rows - i);
            pack(h, MR, a, r->row + i, rows, k0 + done, length, s->a);
            multiply_block(h, s, r, i, rows, (length + 1) / 2, *add);
        }
        *add = true;
    }
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

/* One pass over the region's sums is all there is: they need not be brought together. */
static bool single_pass(const assay_gemm_halves_args *args) { return args->fold_count <= 1 && args->k + args->k2 <= STRETCH && (args->k == 0 || args->k2 == 0); }

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

static void multiply_all(const assay_kernels *kernels, const assay_gemm_halves_args *args, const halves_scratch *s, const halves_region *r)
{
    bool add = args->add && args->c;
    for (size_t f = 0; args->folds && f < args->fold_count; f++)
        multiply_fold(kernels->halves, s, r, &args->a, &args->b, args->folds[f], args->folds[f + 1] - args->folds[f], &add);
    if (!args->folds) multiply_fold(kernels->halves, s, r, &args->a, &args->b, 0, args->k, &add);
    multiply_fold(kernels->halves, s, r, &args->a2, &args->b2, 0, args->k2, &add);
    for (size_t i = 0; !add && i < r->rows; i++) memset(r->sums + i * r->ld, 0, r->cols * sizeof(float));
}

/* Sums of several passes rest beside C, close together: C's own rows may lie apart by a power of two and would share a few sets of the caches. */
static void multiply_region(const halves_job *job, void *memory, size_t row, size_t rows, size_t col, size_t cols)
{
    const assay_gemm_halves_args *args = &job->args;
    halves_scratch s = divide(memory);
    halves_region r = {.row = row, .rows = rows, .col = col, .cols = cols, .sums = s.result, .ld = RESULT_LD, .whole_tiles = true};
    halves_target target = {.c = args->c ? args->c + row * job->c_row + col * job->c_col : NULL, .row = job->c_row, .col = job->c_col};
    if (target.c && target.col == 1 && single_pass(args)) {
        r.sums = target.c;
        r.ld = target.row;
        r.whole_tiles = false;
    }
    bool beside = target.c && r.whole_tiles;
    if (beside && args->add) fetch_sums(&target, &r);
    multiply_all(job->kernels, args, &s, &r);
    if (beside) deliver_sums(&r, &target);
    if (args->half_c) round_rows(job->kernels, args, &r);
}

static void run_job(void *context, size_t tile, int worker)
{
    const halves_job *job = context;
    const assay_gemm_split *split = &job->split;
    size_t col = tile % split->panels * split->panel_cols, row = tile / split->panels * split->run_rows;
    multiply_region(job, job->scratch + (size_t)worker * assay_gemm_halves_scratch_bytes(), row, smaller(split->run_rows, job->args.m - row), col,
                    smaller(split->panel_cols, job->args.n - col));
}

/* An adapter's products have a handful of columns, a quarter of a tile's width; turned round they fill most of its height. Every element's chain stays the same. */
static halves_job open_job(const assay_kernels *kernels, void *scratch, const assay_gemm_halves_args *args)
{
    halves_job job = {.kernels = kernels, .args = *args, .scratch = scratch, .c_row = args->ldc, .c_col = 1};
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

void assay_gemm_halves(const assay_kernels *kernels, assay_pool *pool, void *scratch, const assay_gemm_halves_args *args)
{
    halves_job job = open_job(kernels, scratch, args);
    if (args->m == 0 || args->n == 0) return;
    job.split = assay_gemm_split_jobs(job.args.m, job.args.n, MR, NR, RUN, PANEL, (size_t)assay_pool_size(pool));
    assay_pool_run(pool, run_job, &job, job.split.jobs);
}

void assay_gemm_halves_serial(const assay_kernels *kernels, void *scratch, const assay_gemm_halves_args *args)
{
    halves_job job = open_job(kernels, scratch, args);
    for (size_t row = 0; row < job.args.m; row += RUN)
        for (size_t col = 0; col < job.args.n; col += PANEL)
            multiply_region(&job, scratch, row, smaller(RUN, job.args.m - row), col, smaller(PANEL, job.args.n - col));
}
