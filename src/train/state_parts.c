#include "train/state_parts.h"

#include "base/sizes.h"

#include <string.h>

enum { RUN = 16 * ASSAY_PLANES_BLOCK }; /* values joined at a time */

static assay_state_part part_of(const char *prefix, void *values, assay_dtype dtype, size_t count)
{
    return (assay_state_part){.prefix = prefix,
                              .values = values,
                              .dtype = dtype,
                              .count = count,
                              .bytes = count * assay_dtype_block_bytes(dtype)};
}

void assay_state_parts(const assay_optimizer_item *item, assay_state_part parts[ASSAY_STATE_PARTS])
{
    size_t scales = item->packed ? (item->count + ASSAY_DYNAMIC_BLOCK - 1) / ASSAY_DYNAMIC_BLOCK : 0;
    parts[0] = part_of("weight", item->weight, ASSAY_F32, item->count);
    if (item->half) parts[0] = part_of("weight", item->half, ASSAY_BF16, item->count);
    parts[0].planes = item->planes;
    parts[1] = part_of("m", item->m, ASSAY_F32, item->count);
    parts[2] = part_of("v", item->v, ASSAY_F32, item->count);
    if (item->packed) {
        parts[1] = part_of("m", item->m_levels, ASSAY_U8, item->count);
        parts[2] = part_of("v", item->v_levels, ASSAY_U8, item->count);
    }
    parts[3] = part_of("m_scales", item->m_scales, ASSAY_F32, scales);
    parts[4] = part_of("v_scales", item->v_scales, ASSAY_F32, scales);
}

void assay_state_part_take(const assay_state_part *part, const void *bytes)
{
    float values[RUN];
    if (part->values) memcpy(part->values, bytes, part->bytes);
    for (size_t first = 0; part->planes.high && first < part->count; first += RUN) {
        size_t n = assay_smaller(part->count - first, RUN);
        memcpy(values, (const char *)bytes + first * sizeof *values, n * sizeof *values);
        assay_planes_split(&part->planes, first, values, n);
    }
}

assay_status assay_state_part_write_planes(const assay_state_part *part, assay_writer *writer, assay_error *err)
{
    float values[RUN];
    for (size_t first = 0; first < part->count; first += RUN) {
        size_t n = assay_smaller(part->count - first, RUN);
        assay_planes_join(&part->planes, first, values, n);
        ASSAY_TRY(assay_writer_write(writer, values, n * sizeof *values, err));
    }
    return ASSAY_OK;
}
