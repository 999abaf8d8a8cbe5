/* Attention's softmax compiled for avx2 registers; same bits, see plain_scores.c. */
#if defined(__x86_64__)
#define ASSAY_SCORES_TABLE assay_scores_avx2
#include "backend/plain_scores.c"
#endif
