/* Blocking of the bf16 product. The workers pack the left operand together, a slab of it, then take jobs: a panel of
 * C's columns by a run of the slab's rows. A job packs B's panel once for every stretch of k (it stays in the
 * second-level cache) and passes over the slab block by block. So a row of A is packed once for all columns, and a
 * column of B once for a run of rows. A slab goes over the whole of k where C is bf16, because sums are rounded once;
 * where C itself holds f32 sums it is no deeper than the last-level cache likes. k is counted in pairs: the folds of
 * the first product one after another, each filled up to whole pairs, then the second product's. Sums between stretches
 * rest in a panel of f32 beside B's. */
#include "backend/gemm_bf16.h"

#include "backend/gemm_split.h"
#include "backend/unpack.h"
#include "base/sizes.h"

#include <assert.h>
#include <string.h>

enum {
    MR = ASSAY_BF16_MR,
    NR = ASSAY_BF16_NR,
    PANEL = 128,         /* columns of a packed panel of B */
    STRETCH = 544,       /* pairs of k at most: 1024 of k and a rank of up to 64 are one stretch */
    BLOCK = 60,          /* rows of A that stay in the second-level cache while a panel passes over them */
    RUN = 516,           /* rows of a job */
    DEPTH = 8 * STRETCH, /* pairs of k of a slab at most, where C is f32: RUN rows of it are 9 MB */
    RESULT_LD = PANEL + NR,
};

typedef struct bf16_job {
    const assay_kernels *kernels;
    assay_gemm_bf16_args args;  /* as they are multiplied, see open_job */
    size_t c_row, c_col;        /* strides of args.c */
    size_t row, rows, slivers;  /* the slab: its rows of C, and how many times MR rows they are */
    size_t first, end, stretch; /* its pairs of k, and in how many at a time they are multiplied */
    char *scratch;
    size_t workers;
    assay_gemm_split split;
} bf16_job;

/* A part of C, where its sums are and what else its worker has in hand. */
typedef struct bf16_region {
    size_t row, rows, col, cols;
    float *sums; /* if beside C: [RUN + MR, RESULT_LD] */
    size_t ld;
    bool whole_tiles;           /* sums has room for tiles that stick out */
    uint32_t *b;                /* B's panel, packed */
    float *edge;                /* [MR, NR] */
    size_t next_col, next_cols; /* of the job that probably comes next; no columns: of none */
    assay_ahead ahead;
} bf16_region;

/* A fold of the first product, or the second product: `pairs` pairs of k from `first` on. */
typedef struct bf16_piece {
    size_t index;
    assay_matrix a, columns; /* columns: B transposed */
    size_t k0, k, first, pairs;
} bf16_piece;

static const size_t b_words = (size_t)(PANEL + NR) * STRETCH, result_floats = (size_t)(RUN + MR) * RESULT_LD;

size_t assay_gemm_bf16_scratch_bytes(void) { return (b_words + result_floats + MR * NR) * sizeof(float); }

static size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }

/* The size of one part when `whole`, at least 1, is cut evenly into parts of at most `most`. */
static size_t even_part(size_t whole, size_t most) { return divide_up(whole, divide_up(whole, most)); }

size_t assay_gemm_bf16_packed_bytes(size_t m, size_t pairs, bool bf16_c)
{
    return assay_smaller(divide_up(m, MR) * MR, RUN) * assay_larger(bf16_c ? pairs : assay_smaller(pairs, DEPTH), 1) *
           sizeof(uint32_t);
}

/* From {0} through all pieces; false behind the last. */
static bool next_piece(const assay_gemm_bf16_args *args, bf16_piece *p)
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

static size_t count_pairs(const assay_gemm_bf16_args *args)
{
    size_t pairs = 0;
    for (bf16_piece p = {0}; next_piece(args, &p);) pairs += p.pairs;
    return pairs;
}

/* What a piece has of a run of pairs: k elements from k0 on, `lead` pairs later; k is 0 if they do not meet. */
typedef struct bf16_run {
    const assay_matrix *matrix; /* its rows are A's, or B's columns */
    size_t k0, k, lead;
} bf16_run;

/* Rows of A (width MR) or columns of B (NR). */
static bf16_run piece_run(const bf16_piece *p, size_t width, size_t first, size_t pairs)
{
    size_t from = assay_larger(first, p->first), to = assay_smaller(first + pairs, p->first + p->pairs);
    if (from >= to) return (bf16_run){0};
    size_t before = 2 * (from - p->first);
    return (bf16_run){.matrix = width == MR ? &p->a : &p->columns,
                      .k0 = p->k0 + before,
                      .k = assay_smaller(p->k - before, 2 * (to - from)),
                      .lead = from - first};
}

/* Tile by tile. Tiles but the last hold whole pairs: a run begins at an even element, as groups do. */
static void pack_unpacked(const bf16_job *job, const bf16_run *run, size_t width, size_t lane, size_t lanes,
                          size_t panel, uint32_t *dst)
{
    assay_unpack_tile tile;
    const assay_unpack_shape shape = assay_matrix_unpack_shape(run->matrix, width);
    for (size_t j = 0; j < lanes; j += shape.lanes)
        for (size_t i = 0, step; i < run->k; i += step) {
            step = assay_unpack_step(&shape, run->k0 + i, run->k - i);
            const assay_lanes from = assay_matrix_unpack(
                job->kernels, run->matrix, lane + j, assay_smaller(shape.lanes, lanes - j), run->k0 + i, step, &tile);
            job->kernels->bf16->pack(dst + j / width * panel + i / 2 * width, width, panel, &from);
        }
}

static void pack(const bf16_job *job, size_t width, size_t lane, size_t lanes, size_t first, size_t pairs,
                 uint32_t *dst)
{
    for (bf16_piece p = {0}; next_piece(&job->args, &p);) {
        const bf16_run run = piece_run(&p, width, first, pairs);
        if (run.k == 0) continue;
        if (assay_matrix_is_packed(run.matrix)) {
            pack_unpacked(job, &run, width, lane, lanes, width * pairs, dst + run.lead * width);
            continue;
        }
        const assay_lanes from = assay_matrix_lanes(run.matrix, lane, lanes, run.k0, run.k);
        job->kernels->bf16->pack(dst + run.lead * width, width, width * pairs, &from);
    }
}

/* What to fetch while tiles multiply: the columns of B that are packed next, as they lie in memory. Only the first
 * product's are fetched. Those of an adapter are few, and further folds are fetched when their turn comes. Packed
 * weights are asked for where they are decoded, row by row (unpack.c). */
static assay_ahead look_ahead(const bf16_job *job, size_t col, size_t cols, size_t first, size_t pairs)
{
    assay_lanes lanes = {0};
    for (bf16_piece p = {0}; lanes.k == 0 && next_piece(&job->args, &p);) {
        const bf16_run run = piece_run(&p, NR, first, pairs);
        if (run.k == 0) continue;
        if (assay_matrix_is_packed(run.matrix)) return (assay_ahead){0};
        lanes = assay_matrix_lanes(run.matrix, col, cols, run.k0, run.k);
    }
    bool along = lanes.k_stride == 1;
    size_t bytes = lanes.k ? assay_dtype_block_bytes(lanes.dtype) : 0,
           run = divide_up((along ? lanes.k : cols) * bytes, ASSAY_CACHE_LINE);
    ptrdiff_t stride = (along ? lanes.lane_stride : lanes.k_stride) * (ptrdiff_t)bytes;
    return (assay_ahead){.at = (uintptr_t)lanes.src,
                         .jump = stride - (ptrdiff_t)(run * ASSAY_CACHE_LINE),
                         .run = run,
                         .in_run = run,
                         .lines = run * (along ? cols : lanes.k)};
}

/* Where the slab's rows from `sliver` on are packed for the stretch that begins at pair `first`: all rows of a stretch
 * lie together. */
static uint32_t *packed_rows(const bf16_job *job, size_t sliver, size_t first, size_t pairs)
{
    return job->args.packed + ((first - job->first) * job->slivers + sliver * pairs) * MR;
}

/* A tile packs one block of rows for one stretch. */
static void run_packing(void *context, size_t tile, int worker)
{
    const bf16_job *job = context;
    size_t blocks = divide_up(job->rows, BLOCK), row = tile % blocks * BLOCK,
           first = job->first + tile / blocks * job->stretch;
    size_t pairs = assay_smaller(job->stretch, job->end - first);
    (void)worker;
    pack(job, MR, job->row + row, assay_smaller(BLOCK, job->rows - row), first, pairs,
         packed_rows(job, row / MR, first, pairs));
}

static void border_tile(const assay_bf16_kernels *h, bf16_region *r, size_t pairs, const uint32_t *a, const uint32_t *b,
                        float *c, bool add, size_t rows, size_t cols)
{
    for (size_t i = 0; add && i < rows; i++) memcpy(r->edge + i * NR, c + i * r->ld, cols * sizeof *c);
    h->tile(pairs, a, b, r->edge, NR, add, &r->ahead);
    for (size_t i = 0; i < rows; i++) memcpy(c + i * r->ld, r->edge + i * NR, cols * sizeof *c);
}

/* Rows from `first` of the region on, packed at a, by all its columns. */
static void multiply_block(const assay_bf16_kernels *h, bf16_region *r, size_t first, size_t rows, const uint32_t *a,
                           size_t pairs, bool add)
{
    for (size_t j = 0; j < r->cols; j += NR)
        for (size_t i = 0; i < rows; i += MR) {
            const uint32_t *b = r->b + j * pairs;
            float *c = r->sums + (first + i) * r->ld + j;
            if (r->whole_tiles || (rows - i >= MR && r->cols - j >= NR))
                h->tile(pairs, a + i * pairs, b, c, r->ld, add, &r->ahead);
            else
                border_tile(h, r, pairs, a + i * pairs, b, c, add, assay_smaller(MR, rows - i),
                            assay_smaller(NR, r->cols - j));
        }
}

/* The region's sums: A . B, on top of what is there if `add`. */
static void multiply_all(const bf16_job *job, bf16_region *r, bool add)
{
    for (size_t first = job->first; first < job->end; first += job->stretch, add = true) {
        size_t pairs = assay_smaller(job->stretch, job->end - first), next = first + pairs;
        pack(job, NR, r->col, r->cols, first, pairs, r->b);
        r->ahead = next < job->end
                       ? look_ahead(job, r->col, r->cols, next, assay_smaller(job->stretch, job->end - next))
                       : look_ahead(job, r->next_col, r->next_cols, job->first,
                                    assay_smaller(job->stretch, job->end - job->first));
        for (size_t i = 0; i < r->rows; i += BLOCK)
            multiply_block(job->kernels->bf16, r, i, assay_smaller(BLOCK, r->rows - i),
                           packed_rows(job, (r->row - job->row + i) / MR, first, pairs), pairs, add);
    }
    for (size_t i = 0; !add && i < r->rows; i++) memset(r->sums + i * r->ld, 0, r->cols * sizeof(float));
}

/* Sums, bias, residual: one f32 row after another, rounded into C. */
static void round_rows(const assay_kernels *kernels, const assay_gemm_bf16_args *args, const bf16_region *r)
{
    float wide[PANEL];
    for (size_t i = 0; i < r->rows; i++) {
        float *sums = r->sums + i * r->ld;
        size_t offset = (r->row + i) * args->ld_residual + r->col;
        if (args->bias) kernels->rows->axpy(1.0f, args->bias + r->col, sums, r->cols);
        if (args->bf16_residual) kernels->rows->widen(args->bf16_residual + offset, wide, r->cols);
        if (args->residual || args->bf16_residual)
            kernels->rows->axpy(1.0f, args->residual ? args->residual + offset : wide, sums, r->cols);
        kernels->rows->narrow(sums, args->bf16_c + (r->row + i) * args->ldc + r->col, r->cols);
    }
}

/* Element (i, j) is at[i * row + j * col]. */
typedef struct bf16_sums {
    float *at;
    size_t row, col;
} bf16_sums;

static void copy_sums(bf16_sums to, bf16_sums from, size_t rows, size_t cols)
{
    for (size_t i = 0; i < rows; i++)
        if (to.col == 1 && from.col == 1) memcpy(to.at + i * to.row, from.at + i * from.row, cols * sizeof(float));
        else
            for (size_t j = 0; j < cols; j++) to.at[i * to.row + j * to.col] = from.at[i * from.row + j * from.col];
}

/* Between the stretches of a slab sums rest beside C, close together: C's own rows may lie apart by a power of two and
 * would share a few sets of the caches. Between slabs C holds them. */
static void multiply_region(const bf16_job *job, bf16_region *r)
{
    const assay_gemm_bf16_args *args = &job->args;
    const bf16_sums sums = {.at = r->sums, .row = r->ld, .col = 1},
                    c = {.at = args->c ? args->c + r->row * job->c_row + r->col * job->c_col : NULL,
                         .row = job->c_row,
                         .col = job->c_col};
    bool add = args->c && (args->add || job->first > 0), single_pass = job->end - job->first <= job->stretch;
    if (c.at && c.col == 1 && single_pass) {
        r->sums = c.at;
        r->ld = c.row;
        r->whole_tiles = false;
    }
    bool beside = c.at && r->whole_tiles;
    if (beside && add) copy_sums(sums, c, r->rows, r->cols);
    multiply_all(job, r, add);
    if (beside) copy_sums(c, sums, r->rows, r->cols);
    if (args->bf16_c) round_rows(job->kernels, args, r);
}

static size_t panel_cols(const bf16_job *job, size_t col)
{
    return col < job->args.n ? assay_smaller(job->split.panel_cols, job->args.n - col) : 0;
}

/* Where all workers are equally fast, the job after this one is as many further as there are workers; a wrong guess
 * costs a prefetch. */
static void run_job(void *context, size_t tile, int worker)
{
    const bf16_job *job = context;
    const assay_gemm_split *split = &job->split;
    size_t row = tile / split->panels * split->run_rows, next = tile + job->workers;
    uint32_t *memory = (uint32_t *)(void *)(job->scratch + (size_t)worker * assay_gemm_bf16_scratch_bytes());
    float *result = (float *)(void *)(memory + b_words);
    bf16_region r = {.row = job->row + row,
                     .rows = assay_smaller(split->run_rows, job->rows - row),
                     .col = tile % split->panels * split->panel_cols,
                     .sums = result,
                     .ld = RESULT_LD,
                     .whole_tiles = true,
                     .b = memory,
                     .edge = result + result_floats,
                     .next_col = next % split->panels * split->panel_cols};
    r.cols = panel_cols(job, r.col);
    r.next_cols = next < split->jobs ? panel_cols(job, r.next_col) : 0;
    multiply_region(job, &r);
}

/* An adapter's products have a handful of columns, a quarter of a tile's width; turned round they fill most of its
 * height. Every element's chain stays the same. */
static bf16_job open_job(const assay_kernels *kernels, assay_pool *pool, void *scratch,
                         const assay_gemm_bf16_args *args)
{
    bf16_job job = {.kernels = kernels,
                    .args = *args,
                    .scratch = scratch,
                    .workers = (size_t)assay_pool_size(pool),
                    .c_row = args->ldc,
                    .c_col = 1};
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

/* Pairs of a slab. Where C is f32, short room costs pairs before it costs rows: C can rest between slabs, a slab of few
 * rows packs all of B again. */
static size_t slab_pairs(const bf16_job *job, size_t pairs)
{
    size_t rows = assay_smaller(divide_up(job->args.m, MR) * MR, RUN),
           room = job->args.packed_bytes / (rows * sizeof(uint32_t));
    return job->args.bf16_c ? assay_larger(pairs, 1)
                            : even_part(assay_larger(pairs, 1), assay_smaller(assay_larger(room, STRETCH), DEPTH));
}

/* Rows of a slab of so many pairs: as many as there is room for, evenly cut. */
static size_t slab_rows(const bf16_job *job, size_t pairs)
{
    size_t room = job->args.packed_bytes / (pairs * MR * sizeof(uint32_t));
    assert(room > 0);
    return even_part(divide_up(job->args.m, MR), room) * MR;
}

/* Packs and multiplies it. */
static void run_slab(bf16_job *job, assay_pool *pool)
{
    size_t pairs = job->end - job->first;
    job->slivers = divide_up(job->rows, MR);
    job->stretch = even_part(assay_larger(pairs, 1), STRETCH);
    assay_pool_run(pool, run_packing, job, divide_up(job->rows, BLOCK) * divide_up(pairs, job->stretch));
    const assay_gemm_size size = {
        .m = job->rows, .n = job->args.n, .mr = MR, .nr = NR, .longest_run = RUN, .widest_panel = PANEL};
    job->split = assay_gemm_split_jobs(&size, job->workers);
    assay_pool_run(pool, run_job, job, job->split.jobs);
}

void assay_gemm_bf16(const assay_kernels *kernels, assay_pool *pool, void *scratch, const assay_gemm_bf16_args *args)
{
    bf16_job job = open_job(kernels, pool, scratch, args);
    if (args->m == 0 || args->n == 0) return;
    size_t m = job.args.m, pairs = count_pairs(args), depth = slab_pairs(&job, pairs), rows = slab_rows(&job, depth);
    for (job.row = 0; job.row < m; job.row += rows)
        for (job.first = 0; job.first == 0 || job.first < pairs; job.first += depth) {
            job.rows = assay_smaller(rows, m - job.row);
            job.end = assay_smaller(job.first + depth, pairs);
            run_slab(&job, pool);
        }
}
