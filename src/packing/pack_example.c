#include "packing/pack_example.h"

void assay_pack_example(assay_pack *pack, const assay_example_set *set, const assay_example *example, uint64_t identity)
{
    const assay_example_answer *answers = set->answers + example->answers;
    size_t shared = example->shared;
    assay_pack_tree(pack, identity);
    int prompt = shared ? assay_pack_segment(pack, set->ids + answers[0].first, shared, -1, false) : -1;
    for (size_t i = 0; i < example->count; i++)
        assay_pack_segment(pack, set->ids + answers[i].first + shared, answers[i].count - shared, prompt, true);
}
