/* Products of bf16 operands compiled for avx512 registers; see plain_halves.c. */
#if defined(__x86_64__)
#define ASSAY_HALVES_TABLE assay_halves_avx512
#include "backend/plain_halves.c"
#endif
