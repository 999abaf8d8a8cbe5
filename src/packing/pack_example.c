#include "packing/pack_example.h"

/* Each step is read, and the next one's parent. */
static void pack_steps(assay_pack *pack, const assay_example_set *set, const assay_example *example)
{
    int parent = -1;
    for (size_t i = 0; i < example->count; i++) {
        const assay_example_answer *step = &set->answers[example->answers + i];
        parent = assay_pack_segment(pack, set->ids + step->first, step->count, parent, true);
    }
}

void assay_pack_example(assay_pack *pack, const assay_example_set *set, const assay_example *example, uint64_t identity)
{
    const assay_example_answer *answers = set->answers + example->answers;
    size_t shared = example->shared;
    assay_pack_tree(pack, identity);
    if (example->steps) {
        pack_steps(pack, set, example);
        return;
    }
    const int32_t *first = set->ids + answers[0].first;
    int prompt = assay_pack_prompt(pack, first, shared, assay_prefix_gate(&pack->prefix, first, answers[0].count));
    for (size_t i = 0; i < example->count; i++) {
        const int32_t *ids = set->ids + answers[i].first;
        size_t gate = assay_prefix_gate(&pack->prefix, ids, answers[i].count);
        assay_pack_answer(pack, ids, answers[i].count, shared, prompt, gate);
    }
}
