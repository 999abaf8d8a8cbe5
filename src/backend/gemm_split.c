/* A job of r rows and c columns multiplies r * c pairs for every k, packs c elements and packs or fetches r; with w
 * workers, j jobs take j / w rounds, and since the cores of a shared machine are rarely equally fast, half a job is
 * lost at the end. The cheapest of a few cuts in both directions is taken. It depends on sizes and workers alone, and
 * no cut has a say in any bit. */
#include "backend/gemm_split.h"

/* Packing one element costs as much as about 12 multiplications, fetching a packed one as 6; cuts tried per worker and
 * direction, of at most so many. */
enum { PACKING = 12, FETCHING = 6, TRIED = 4, MOST_WORKERS = 4 };

static size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }

/* Size of a part when `whole` is cut evenly into `parts`, in multiples of `unit`. */
static size_t part_size(size_t whole, size_t parts, size_t unit)
{
    return divide_up(divide_up(whole, parts), unit) * unit;
}

/* Twice the time until all workers are done. */
static size_t split_cost(const assay_gemm_split *s, bool packs_rows, size_t workers)
{
    size_t job =
        s->run_rows * s->panel_cols + PACKING * s->panel_cols + (packs_rows ? PACKING : FETCHING) * s->run_rows;
    return (2 * divide_up(s->jobs, workers) + (workers > 1)) * job;
}

static assay_gemm_split cut(const assay_gemm_size *size, size_t runs, size_t panels)
{
    assay_gemm_split s = {.panel_cols = part_size(size->n, panels, size->nr),
                          .run_rows = part_size(size->m, runs, size->mr)};
    s.panels = divide_up(size->n, s.panel_cols);
    s.jobs = s.panels * divide_up(size->m, s.run_rows);
    return s;
}

assay_gemm_split assay_gemm_split_jobs(const assay_gemm_size *size, size_t workers)
{
    size_t runs = divide_up(size->m, size->longest_run), panels = divide_up(size->n, size->widest_panel);
    size_t more = workers > 1 ? (workers < MOST_WORKERS ? workers : MOST_WORKERS) * TRIED : 0;
    assay_gemm_split best = cut(size, runs, panels);
    for (size_t i = 0; i <= more && (runs + i - 1) * size->mr < size->m; i++)
        for (size_t j = 0; j <= more && (panels + j - 1) * size->nr < size->n; j++) {
            assay_gemm_split s = cut(size, runs + i, panels + j);
            if (split_cost(&s, size->packs_rows, workers) < split_cost(&best, size->packs_rows, workers)) best = s;
        }
    return best;
}
