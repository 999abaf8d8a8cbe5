/* Packing compiled for avx512 registers; see plain_pack.c. */
#if defined(__x86_64__)
#define ASSAY_PANEL_PACK assay_panel_pack_avx512
#include "backend/plain_pack.c"
#endif
