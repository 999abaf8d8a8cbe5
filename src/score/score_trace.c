#include "score/score_trace.h"

#include <string.h>

assay_status assay_score_trace(assay_engine *engine, assay_pack *pack, const float **rewards, assay_error *err)
{
    ASSAY_TRY(assay_engine_forward(engine, assay_pack_finish_all(pack), 0, 0, false, err));
    *rewards = assay_engine_rewards(engine);
    return ASSAY_OK;
}

size_t assay_trace_length(const assay_pack *pack, size_t segment)
{
    return (size_t)pack->segments[segment].base + pack->segments[segment].rows;
}

void assay_trace_path(const assay_pack *pack, size_t segment, const float *rewards, int32_t *ids, float *path)
{
    for (int s = (int)segment; s >= 0; s = pack->segments[s].parent) {
        const assay_segment *part = &pack->segments[s];
        memcpy(ids + part->base, pack->ids + part->first, part->rows * sizeof *ids);
        memcpy(path + part->base, rewards + part->first, part->rows * sizeof *path);
    }
}
