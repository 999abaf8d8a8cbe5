#include "train/state_parts.h"

void assay_state_parts(const assay_optimizer_item *item, assay_state_part parts[ASSAY_STATE_PARTS])
{
    size_t scales = item->packed ? (item->count + ASSAY_DYNAMIC_BLOCK - 1) / ASSAY_DYNAMIC_BLOCK : 0;
    parts[0] = (assay_state_part){"weight", item->weight, ASSAY_F32, item->count, 0};
    if (item->half) parts[0] = (assay_state_part){"weight", item->half, ASSAY_BF16, item->count, 0};
    parts[1] = (assay_state_part){"m", item->m, ASSAY_F32, item->count, 0};
    parts[2] = (assay_state_part){"v", item->v, ASSAY_F32, item->count, 0};
    if (item->packed) {
        parts[1] = (assay_state_part){"m", item->m_levels, ASSAY_U8, item->count, 0};
        parts[2] = (assay_state_part){"v", item->v_levels, ASSAY_U8, item->count, 0};
    }
    parts[3] = (assay_state_part){"m_scales", item->m_scales, ASSAY_F32, scales, 0};
    parts[4] = (assay_state_part){"v_scales", item->v_scales, ASSAY_F32, scales, 0};
    for (size_t i = 0; i < ASSAY_STATE_PARTS; i++)
        parts[i].bytes = parts[i].count * assay_dtype_block_bytes(parts[i].dtype);
}
