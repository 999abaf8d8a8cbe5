#include "backend/gemm_split.h"

static size_t divide_up(size_t a, size_t b) { return (a + b - 1) / b; }

assay_gemm_split assay_gemm_split_jobs(size_t m, size_t n, size_t mr, size_t nr, size_t longest_run, size_t widest_panel, size_t workers)
{
    size_t wanted = workers > 1 ? 4 * workers : 1;
    assay_gemm_split s = {.panel_cols = widest_panel, .run_rows = m < longest_run ? m : longest_run};
    while (divide_up(n, s.panel_cols) * divide_up(m, s.run_rows) < wanted) {
        if (s.panel_cols > 4 * nr || (s.panel_cols > nr && s.run_rows <= 2 * mr))
            s.panel_cols = divide_up(s.panel_cols / 2, nr) * nr;
        else if (s.run_rows > 2 * mr)
            s.run_rows = divide_up(s.run_rows / 2, mr) * mr;
        else
            break;
    }
    s.panels = divide_up(n, s.panel_cols);
    s.jobs = s.panels * divide_up(m, s.run_rows);
    return s;
}
