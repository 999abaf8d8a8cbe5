/* How the files of this room read a block's fields. */
#ifndef ASSAY_QUANT_BLOCK_BYTES_H
#define ASSAY_QUANT_BLOCK_BYTES_H

#include "base/float16.h"

#include <string.h>

static inline float assay_block_f16(const uint8_t *src)
{
    uint16_t bits;
    memcpy(&bits, src, sizeof bits);
    return assay_f16_to_f32(bits);
}

static inline uint32_t assay_block_u32(const uint8_t *src)
{
    uint32_t bits;
    memcpy(&bits, src, sizeof bits);
    return bits;
}

#endif
