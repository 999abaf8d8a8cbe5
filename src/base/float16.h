/* f16 (IEEE 754 binary16) and bf16 (the upper half of an f32), in bits, against f32. Widening is exact. */
#ifndef ASSAY_BASE_FLOAT16_H
#define ASSAY_BASE_FLOAT16_H

#include <stdint.h>

float assay_f16_to_f32(uint16_t half);
uint16_t assay_f32_to_f16(float value); /* nearest even */
float assay_bf16_to_f32(uint16_t bits);
uint16_t assay_f32_to_bf16(float value); /* nearest even; NaN stays NaN */

#endif
