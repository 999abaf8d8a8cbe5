/* Attention's softmax compiled for avx512 registers; same bits, see plain_scores.c. */
#if defined(__x86_64__)
#define ASSAY_SCORES_TABLE assay_scores_avx512
#include "backend/plain_scores.c"
#endif
