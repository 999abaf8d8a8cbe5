/* A trie laid out level by level. The pieces are sorted, so the pieces below a node are a range of the list and its
 * children are the places where the next byte changes. Working the nodes off in the order they were made puts the
 * children of a node side by side: one number a node finds them all, and their bytes lie in one or two cache lines. */
#include "subword/piece_index.h"

#include <stdlib.h>
#include <string.h>

typedef struct range {
    uint32_t first, last; /* of the entries below a node */
} range;

typedef struct builder {
    const assay_piece_entry *entries;
    assay_piece_index *index;
    range *ranges; /* by node */
} builder;

void assay_piece_index_release(assay_piece_index *index)
{
    assay_free(index->nodes);
    assay_free(index->bytes);
    *index = (assay_piece_index){0};
}

static int entry_compare(const void *a, const void *b)
{
    const assay_piece_entry *x = a, *y = b;
    int order = memcmp(x->text, y->text, x->size < y->size ? x->size : y->size);
    if (order) return order;
    if (x->size != y->size) return x->size < y->size ? -1 : 1;
    return x->value < y->value ? -1 : x->value > y->value;
}

static void node_put(builder *this, unsigned char byte, uint32_t first, uint32_t last)
{
    this->ranges[this->index->count] = (range){first, last};
    this->index->bytes[this->index->count++] = byte;
}

/* The entries of a node share `depth` bytes; those that end there come first. */
static void node_expand(builder *this, uint32_t node, uint32_t depth)
{
    const assay_piece_entry *entries = this->entries;
    uint32_t at = this->ranges[node].first, last = this->ranges[node].last;
    assay_piece_index_node *made = &this->index->nodes[node];
    *made = (assay_piece_index_node){.first_child = (uint32_t)this->index->count, .value = -1};
    for (; at < last && entries[at].size == depth; at++) made->value = entries[at].value;
    while (at < last) {
        unsigned char byte = (unsigned char)entries[at].text[depth];
        uint32_t start = at;
        while (at < last && (unsigned char)entries[at].text[depth] == byte) at++;
        node_put(this, byte, start, at);
    }
}

/* An upper bound of the nodes: each entry brings the bytes it does not share with the one before. */
static size_t nodes_bound(const assay_piece_entry *entries, size_t count)
{
    size_t nodes = 1;
    for (size_t i = 0; i < count; i++) {
        size_t shared = 0;
        while (i && shared < entries[i].size && shared < entries[i - 1].size &&
               entries[i].text[shared] == entries[i - 1].text[shared])
            shared++;
        nodes += entries[i].size - shared;
    }
    return nodes;
}

static assay_status nodes_make(builder *this, size_t count, size_t bound, assay_error *err)
{
    assay_piece_index *index = this->index;
    if (bound >= UINT32_MAX - 1) return assay_error_set(err, ASSAY_E_FORMAT, "a vocabulary of too many bytes");
    index->nodes = assay_alloc(bound + 1, sizeof(*index->nodes));
    index->bytes = assay_alloc(bound, 1);
    this->ranges = assay_alloc(bound, sizeof(*this->ranges));
    if (!index->nodes || !index->bytes || !this->ranges)
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a vocabulary");
    node_put(this, 0, 0, (uint32_t)count);
    uint32_t depth = 0;
    for (uint32_t node = 0, level = 1; node < index->count; node++) {
        if (node == level) {
            depth++;
            level = (uint32_t)index->count;
        }
        node_expand(this, node, depth);
    }
    index->nodes[index->count] = (assay_piece_index_node){.first_child = (uint32_t)index->count, .value = -1};
    return ASSAY_OK;
}

static void roots_fill(assay_piece_index *index)
{
    for (size_t i = 0; i < 256; i++) index->roots[i] = ASSAY_PIECE_NONE;
    for (uint32_t i = index->nodes[0].first_child; i < index->nodes[1].first_child; i++)
        index->roots[index->bytes[i]] = i;
}

assay_status assay_piece_index_build(assay_piece_index *index, assay_piece_entry *entries, size_t count,
                                     const char *where, assay_error *err)
{
    builder this = {.entries = entries, .index = index};
    *index = (assay_piece_index){0};
    for (size_t i = 0; i < count; i++)
        if (entries[i].size > ASSAY_PIECE_BYTES)
            return assay_error_set(err, ASSAY_E_UNSUPPORTED, "%s: piece %d has %u bytes, at most %d are taken", where,
                                   (int)entries[i].value, (unsigned)entries[i].size, ASSAY_PIECE_BYTES);
    if (count >= UINT32_MAX) return assay_error_set(err, ASSAY_E_FORMAT, "%s: too many pieces", where);
    if (count) qsort(entries, count, sizeof(*entries), entry_compare);
    size_t empty = 0;
    while (empty < count && !entries[empty].size) empty++;
    this.entries = entries + empty;
    assay_status status = nodes_make(&this, count - empty, nodes_bound(this.entries, count - empty), err);
    assay_free(this.ranges);
    if (status == ASSAY_OK) roots_fill(index);
    return status;
}

uint32_t assay_piece_index_step(const assay_piece_index *index, uint32_t node, unsigned char byte)
{
    if (node == ASSAY_PIECE_ROOT) return index->roots[byte];
    uint32_t low = index->nodes[node].first_child, end = index->nodes[node + 1].first_child, high = end;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (index->bytes[middle] < byte) low = middle + 1;
        else high = middle;
    }
    return low < end && index->bytes[low] == byte ? low : ASSAY_PIECE_NONE;
}

uint32_t assay_piece_index_walk(const assay_piece_index *index, const char *text, size_t size)
{
    uint32_t node = index->count ? ASSAY_PIECE_ROOT : ASSAY_PIECE_NONE;
    for (size_t i = 0; i < size && node != ASSAY_PIECE_NONE; i++)
        node = assay_piece_index_step(index, node, (unsigned char)text[i]);
    return node;
}
