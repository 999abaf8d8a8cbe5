/* Products of bf16 operands compiled for avx2 registers, for what pack_bf16_avx2.c leaves; see plain_bf16.c. */
#if defined(__x86_64__)
#define ASSAY_BF16_TABLE assay_bf16_plain_avx2
#include "backend/plain_bf16.c"
#endif
