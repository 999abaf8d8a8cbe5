/* A tree is measured before it is packed, against the room of an empty pack: so the same texts make the same trees
 * wherever they stand in a micro-batch, and a prompt is computed twice only where its answers pass all the room there
 * is. */
#include "packing/pack_texts.h"

#include "base/sizes.h"

#include <assert.h>

enum { SHARED_AT_LEAST = 8 };

typedef struct extent {
    size_t texts, shared, tokens; /* tokens: as computed, the shared ones once */
    size_t gate;                  /* of every one of the texts */
} extent;

/* Leading ids in common; each text keeps one of its own, whose row is scored. */
static size_t common_prefix(const assay_ids *a, const assay_ids *b)
{
    size_t most = assay_smaller(a->count, b->count) - 1, n = 0;
    while (n < most && a->data[n] == b->data[n]) n++;
    return n;
}

static extent first_tree(const assay_pack *pack, size_t rows, const assay_ids *texts, size_t count)
{
    extent tree = {
        .texts = 1, .tokens = texts->count, .gate = assay_prefix_gate(&pack->prefix, texts->data, texts->count)};
    size_t together = texts->count, most = assay_smaller(rows, pack->segment_capacity - 1);
    if (tree.gate) most /= 2;
    for (; tree.texts < count && tree.texts < most; tree.texts++) {
        const assay_ids *next = &texts[tree.texts];
        size_t common = assay_prefix_shared(&pack->prefix, texts->data, common_prefix(texts, next)),
               shared = tree.texts == 1 ? common : assay_smaller(common, tree.shared);
        together += next->count;
        size_t tokens = together - tree.texts * shared;
        if (common < SHARED_AT_LEAST || common < tree.shared / 2 || tokens > pack->token_capacity) break;
        if (assay_prefix_gate(&pack->prefix, next->data, next->count) != tree.gate) break;
        tree.shared = shared;
        tree.tokens = tokens;
    }
    return tree;
}

size_t assay_pack_texts(assay_pack *pack, size_t rows, const assay_ids *texts, size_t count)
{
    extent tree = first_tree(pack, rows, texts, count);
    size_t gates = tree.gate == 0 ? 0 : tree.gate <= tree.shared ? 1 : tree.texts;
    size_t segments = tree.texts + (tree.shared > 0) + gates;
    if (!assay_pack_fits(pack, tree.tokens, segments) || pack->scored + tree.texts + gates > rows) return 0;
    assay_pack_tree(pack, 0);
    int prompt = assay_pack_prompt(pack, texts->data, tree.shared, tree.gate);
    for (size_t i = 0; i < tree.texts; i++)
        assay_pack_answer(pack, texts[i].data, texts[i].count, tree.shared, prompt, tree.gate);
    return tree.texts;
}

bool assay_pack_chain(assay_pack *pack, size_t rows, const assay_ids *text)
{
    int parent = -1;
    assert(!pack->prefix.on && pack->prefix.gate_count == 0);
    if (!assay_pack_fits(pack, text->count, text->count) || pack->scored + text->count > rows) return false;
    assay_pack_tree(pack, 0);
    for (size_t i = 0; i < text->count; i++) parent = assay_pack_segment(pack, text->data + i, 1, parent, true);
    return true;
}

bool assay_pack_steps(assay_pack *pack, size_t rows, const assay_ids *text, const assay_ids *ends)
{
    int parent = -1;
    size_t begin = 0, tokens = (size_t)ends->data[ends->count - 1] + 1;
    assert(!pack->prefix.on);
    if (!assay_pack_fits(pack, tokens, ends->count) || pack->scored + ends->count > rows) return false;
    assay_pack_tree(pack, 0);
    for (size_t i = 0; i < ends->count; i++) {
        size_t end = (size_t)ends->data[i] + 1;
        parent = assay_pack_segment(pack, text->data + begin, end - begin, parent, true);
        begin = end;
    }
    return true;
}
