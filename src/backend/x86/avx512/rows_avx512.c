/* The plain row kernels compiled for avx512 registers (the Makefile gives this folder its flags); same bits, see
 * plain_rows.c. */
#if defined(__x86_64__)
#define ASSAY_ROWS_TABLE assay_rows_avx512
#include "backend/plain_rows.c"
#endif
