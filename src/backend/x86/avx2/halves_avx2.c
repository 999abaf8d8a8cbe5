/* Products of bf16 operands compiled for avx2 registers; see plain_halves.c. */
#if defined(__x86_64__)
#define ASSAY_HALVES_TABLE assay_halves_avx2
#include "backend/plain_halves.c"
#endif
