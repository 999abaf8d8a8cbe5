/* Texts as trees: what neighbouring ones begin with is computed once a tree.
 *
 *     for (size_t done = 0, taken; done < count; done += taken) {
 *         taken = assay_pack_texts(&pack, rows, texts + done, count - done);
 *         if (taken == 0) assay_pack_clear(&pack); // when what is in it was computed; then it fits
 *     }
 *
 * A text joins the tree of the texts before it while it begins like the tree's first one, and while what all of them
 * share stays long and their gates agree: answers to one prompt come together, strangers stay apart. A score's bits
 * depend neither on that nor on the neighbours. Scored segments come in the order of the texts.
 */
#ifndef ASSAY_PACKING_PACK_TEXTS_H
#define ASSAY_PACKING_PACK_TEXTS_H

#include "packing/pack.h"
#include "tokenizer/tokenizer.h"

/* Adds the first tree of the texts, none of them empty; rows: scored rows the pack may have. Returns how many texts it
 * took; 0: the tree does not fit into what is left of the pack, and nothing was added. A tree is never larger than an
 * empty pack, so 0 in an empty one says that the first text alone is. */
size_t assay_pack_texts(assay_pack *pack, size_t rows, const assay_ids *texts, size_t count);

/* One text of which every token is scored: a chain of segments, each the next one's parent. False: no room. Not for
 * models that read a prefix both ways, where a token's row depends on what follows it, nor for those with a gate. */
bool assay_pack_chain(assay_pack *pack, size_t rows, const assay_ids *text);

/* One text of which some tokens are scored, those at `ends`, rising: a chain of a segment each; what stands behind the
 * last one is left out, which no row before it depends on. False: no room. Not for such models either. */
bool assay_pack_steps(assay_pack *pack, size_t rows, const assay_ids *text, const assay_ids *ends);

#endif
