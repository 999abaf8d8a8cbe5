/* How a product's C is cut into jobs: panels of columns by runs of rows, evenly, so that the workers are done soonest. */
#ifndef ASSAY_BACKEND_GEMM_SPLIT_H
#define ASSAY_BACKEND_GEMM_SPLIT_H

#include <stddef.h>

typedef struct assay_gemm_split {
    size_t panel_cols, run_rows; /* of a job: multiples of the tile's sides */
    size_t panels, jobs;         /* job j: columns from (j mod panels) * panel_cols, rows from (j / panels) * run_rows */
} assay_gemm_split;

/* longest_run and widest_panel: what a job's scratch holds. m and n are at least 1. */
assay_gemm_split assay_gemm_split_jobs(size_t m, size_t n, size_t mr, size_t nr, size_t longest_run, size_t widest_panel, size_t workers);

#endif
