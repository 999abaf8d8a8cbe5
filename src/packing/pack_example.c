#include "packing/pack_example.h"

void assay_pack_example(assay_pack *pack, const assay_example_set *set, const assay_example *example, uint64_t identity)
{
    const assay_example_answer *answers = set->answers + example->answers;
    size_t shared = example->shared;
    assay_pack_tree(pack, identity);
    const int32_t *first = set->ids + answers[0].first;
    int prompt = assay_pack_prompt(pack, first, shared, assay_prefix_gate(&pack->prefix, first, answers[0].count));
    for (size_t i = 0; i < example->count; i++) {
        const int32_t *ids = set->ids + answers[i].first;
        size_t gate = assay_prefix_gate(&pack->prefix, ids, answers[i].count);
        assay_pack_answer(pack, ids, answers[i].count, shared, prompt, gate);
    }
}
