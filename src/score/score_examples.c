#include "score/score_examples.h"

#include "base/alloc.h"

#include <string.h>

void assay_pack_example(assay_pack *pack, const assay_example_set *set, const assay_example *example, uint64_t identity)
{
    const int32_t *chosen = set->ids + example->chosen, *rejected = set->ids + example->rejected;
    size_t shared = example->shared;
    assay_pack_tree(pack, identity);
    int prompt = shared ? assay_pack_segment(pack, chosen, shared, -1, false) : -1;
    assay_pack_segment(pack, chosen + shared, example->chosen_count - shared, prompt, true);
    assay_pack_segment(pack, rejected + shared, example->rejected_count - shared, prompt, true);
}

static assay_status score_runs(assay_engine *engine, assay_pack *pack, const assay_example_set *set,
                               const uint32_t *picked, const assay_micro_runs *runs, const volatile sig_atomic_t *stop,
                               float *rewards, assay_error *err)
{
    for (size_t r = 0; r < runs->count; r++) {
        size_t begin = runs->begin[r], end = runs->begin[r + 1];
        if (stop && *stop) return assay_error_set(err, ASSAY_E_STOPPED, "interrupted");
        assay_pack_clear(pack);
        for (size_t i = begin; i < end; i++) assay_pack_example(pack, set, &set->items[picked[i]], picked[i]);
        ASSAY_TRY(assay_engine_forward(engine, assay_pack_finish(pack), 0, 0, false, err));
        memcpy(rewards + 2 * begin, assay_engine_rewards(engine), 2 * (end - begin) * sizeof *rewards);
    }
    return ASSAY_OK;
}

static const uint32_t *everything(size_t count)
{
    uint32_t *all = assay_alloc(count, sizeof *all);
    for (size_t i = 0; all && i < count; i++) all[i] = (uint32_t)i;
    return all;
}

assay_status assay_score_examples(assay_engine *engine, assay_pack *pack, const assay_example_set *set,
                                  const uint32_t *picked, size_t count, size_t micro_tokens,
                                  const volatile sig_atomic_t *stop, float *rewards, assay_error *err)
{
    const uint32_t *all = picked ? NULL : everything(count = set->count), *order = picked ? picked : all;
    assay_micro_runs runs = {0};
    ASSAY_TRY_ALLOC(order, "an order of pairs", err);
    assay_status status = assay_micro_runs_cut(&runs, set, order, count, micro_tokens, err);
    if (status == ASSAY_OK) status = score_runs(engine, pack, set, order, &runs, stop, rewards, err);
    assay_micro_runs_release(&runs);
    assay_free((void *)(uintptr_t)all);
    return status;
}
