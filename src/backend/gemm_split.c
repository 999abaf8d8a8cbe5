/* A job of r rows and c columns multiplies r * c pairs for every k and packs r + c elements; with w workers, j jobs take j / w rounds, and since
 * the cores of a shared machine are rarely equally fast, half a job is lost at the end. The cheapest of a few cuts in both directions is taken.
 * It depends on sizes and workers alone, and no cut has a say in any bit. */
#include "backend/gemm_split.h"

enum { PACKING = 12, TRIED = 4, MOST_WORKERS = 4 }; /* packing one element costs as much as about 12 multiplications; cuts tried per worker and direction, of at most so many */

static size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }

/* Size of a part when `whole` is cut evenly into `parts`, in multiples of `unit`. */
static size_t part_size(size_t whole, size_t parts, size_t unit) { return divide_up(divide_up(whole, parts), unit) * unit; }

/* Twice the time until all workers are done. */
static size_t split_cost(const assay_gemm_split *s, size_t workers)
{
    size_t job = s->run_rows * s->panel_cols + PACKING * (s->run_rows + s->panel_cols);
    return (2 * divide_up(s->jobs, workers) + (workers > 1)) * job;
}

static assay_gemm_split cut(size_t m, size_t n, size_t mr, size_t nr, size_t runs, size_t panels)
{
    assay_gemm_split s = {.panel_cols = part_size(n, panels, nr), .run_rows = part_size(m, runs, mr)};
    s.panels = divide_up(n, s.panel_cols);
    s.jobs = s.panels * divide_up(m, s.run_rows);
    return s;
}

assay_gemm_split assay_gemm_split_jobs(size_t m, size_t n, size_t mr, size_t nr, size_t longest_run, size_t widest_panel, size_t workers)
{
    size_t runs = divide_up(m, longest_run), panels = divide_up(n, widest_panel), more = workers > 1 ? (workers < MOST_WORKERS ? workers : MOST_WORKERS) * TRIED : 0;
    assay_gemm_split best = cut(m, n, mr, nr, runs, panels);
    for (size_t i = 0; i <= more && (runs + i - 1) * mr < m; i++)
        for (size_t j = 0; j <= more && (panels + j - 1) * nr < n; j++) {
            assay_gemm_split s = cut(m, n, mr, nr, runs + i, panels + j);
            if (split_cost(&s, workers) < split_cost(&best, workers)) best = s;
        }
    return best;
}
