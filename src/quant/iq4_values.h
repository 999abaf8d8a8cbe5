/* The sixteen values a nibble of IQ4_NL and IQ4_XS stands for: closer together near zero. (ggml, kvalues_iq4nl) */
#ifndef ASSAY_QUANT_IQ4_VALUES_H
#define ASSAY_QUANT_IQ4_VALUES_H

#include <stdint.h>

static const int8_t assay_iq4_values[16] = {-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113};

#endif
