/* Which packed weights are decoded in AVX2; every other type keeps its file's own decoder in quant/. */
#if defined(__x86_64__)
#include "backend/x86/avx2/decode_avx2.h"

const assay_decoders assay_decoders_avx2 = {.groups = {[ASSAY_Q8_0] = assay_q8_0_avx2,
                                                       [ASSAY_Q4_0] = assay_q4_0_avx2,
                                                       [ASSAY_Q4_1] = assay_q4_1_avx2,
                                                       [ASSAY_Q5_0] = assay_q5_0_avx2,
                                                       [ASSAY_Q5_1] = assay_q5_1_avx2,
                                                       [ASSAY_Q2_K] = assay_q2_k_avx2,
                                                       [ASSAY_Q3_K] = assay_q3_k_avx2,
                                                       [ASSAY_Q4_K] = assay_q4_k_avx2,
                                                       [ASSAY_Q5_K] = assay_q5_k_avx2,
                                                       [ASSAY_Q6_K] = assay_q6_k_avx2,
                                                       [ASSAY_IQ4_NL] = assay_iq4_nl_avx2,
                                                       [ASSAY_IQ4_XS] = assay_iq4_xs_avx2,
                                                       [ASSAY_MXFP4] = assay_mxfp4_avx2},
                                            .parts = {[ASSAY_NF4] = assay_nf4_avx2,
                                                      [ASSAY_FP4] = assay_fp4_avx2,
                                                      [ASSAY_INT8] = assay_int8_avx2,
                                                      [ASSAY_FP8] = assay_fp8_avx2}};
#endif
