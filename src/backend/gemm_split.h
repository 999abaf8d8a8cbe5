/* How a product's C is cut into jobs: panels of columns by runs of rows, evenly, so that the workers are done
 * soonest. */
#ifndef ASSAY_BACKEND_GEMM_SPLIT_H
#define ASSAY_BACKEND_GEMM_SPLIT_H

#include <stdbool.h>
#include <stddef.h>

typedef struct assay_gemm_split {
    size_t panel_cols, run_rows; /* of a job: multiples of the tile's sides */
    /* job j: columns from (j mod panels) * panel_cols, rows from (j / panels) * run_rows */
    size_t panels, jobs;
} assay_gemm_split;

/* What is to be cut, m and n at least 1, and what a job's scratch holds. */
typedef struct assay_gemm_size {
    size_t m, n, mr, nr; /* mr, nr: the tile's sides */
    size_t longest_run, widest_panel;
    bool packs_rows; /* a job packs its rows of A by itself */
} assay_gemm_size;

assay_gemm_split assay_gemm_split_jobs(const assay_gemm_size *size, size_t workers);

#endif
