#include "packing/pack_example.h"

void assay_pack_example(assay_pack *pack, const assay_example_set *set, const assay_example *example, uint64_t identity)
{
    const int32_t *chosen = set->ids + example->chosen, *rejected = set->ids + example->rejected;
    size_t shared = example->shared;
    assay_pack_tree(pack, identity);
    int prompt = shared ? assay_pack_segment(pack, chosen, shared, -1, false) : -1;
    assay_pack_segment(pack, chosen + shared, example->chosen_count - shared, prompt, true);
    assay_pack_segment(pack, rejected + shared, example->rejected_count - shared, prompt, true);
}
