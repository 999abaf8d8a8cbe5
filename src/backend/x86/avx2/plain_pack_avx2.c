/* Packing compiled for avx2 registers, for what pack_avx2.c leaves; see plain_pack.c. */
#if defined(__x86_64__)
#define ASSAY_PANEL_PACK assay_panel_pack_plain_avx2
#include "backend/plain_pack.c"
#endif
