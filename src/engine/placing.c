/* A tree over time. A node stands for a range of instants, its two children for the halves; a life is cut into the
 * fewest nodes that make it up. Each node knows two sets of bytes:
 *   whole   taken by lives that have this very node as a piece: at every instant of it;
 *   touched taken by lives that have a piece here or below: at some instant of it.
 * What is taken during a life is then `touched` of its pieces and `whole` of all nodes above them, twice the tree's
 * height of sets in all. A set is a sorted list of ranges that neither meet nor touch: lives that lie side by side,
 * as the kept values of a training step do, melt into one range, so that the lists stay short however many lives
 * there are. */
#include "engine/placing.h"

#include "base/alloc.h"

#include <stdbool.h>
#include <string.h>

typedef struct range {
    size_t begin, end;
} range;

typedef struct range_set {
    range *items;
    size_t count, capacity;
} range_set;

typedef struct node {
    range_set whole, touched;
} node;

enum { MAX_SETS = 160 }; /* of one life: at most 5 at each of 32 heights */

/* One life on its way through the tree. */
typedef struct life {
    uint32_t first, last;
    range bytes;
    const range_set *sets[MAX_SETS];
    size_t count;
} life;

struct assay_placing {
    node *nodes;     /* node 1 is the root, 2n and 2n + 1 the halves of n */
    size_t instants; /* a power of two */
};

assay_status assay_placing_create(assay_placing **out, size_t instants, assay_error *err)
{
    assay_placing *placing = assay_alloc(1, sizeof *placing);
    *out = NULL;
    ASSAY_TRY_ALLOC(placing, "a layout", err);
    for (placing->instants = 1; placing->instants < instants;) placing->instants *= 2;
    placing->nodes = assay_alloc(placing->instants, 2 * sizeof *placing->nodes);
    if (!placing->nodes) {
        assay_free(placing);
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a layout");
    }
    *out = placing;
    return ASSAY_OK;
}

void assay_placing_free(assay_placing *placing)
{
    if (!placing) return;
    for (size_t i = 0; i < 2 * placing->instants; i++) {
        assay_free(placing->nodes[i].whole.items);
        assay_free(placing->nodes[i].touched.items);
    }
    assay_free(placing->nodes);
    assay_free(placing);
}

/* The first range that ends behind `place`. */
static size_t first_behind(const range_set *set, size_t place)
{
    size_t low = 0, high = set->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (set->items[middle].end > place) high = middle;
        else low = middle + 1;
    }
    return low;
}

static assay_status set_add(range_set *set, range bytes, assay_error *err)
{
    size_t from = bytes.begin ? first_behind(set, bytes.begin - 1) : 0, to = from;
    for (; to < set->count && set->items[to].begin <= bytes.end; to++) {
        if (set->items[to].begin < bytes.begin) bytes.begin = set->items[to].begin;
        if (set->items[to].end > bytes.end) bytes.end = set->items[to].end;
    }
    if (to == from) {
        ASSAY_TRY(assay_grow(&set->items, &set->capacity, set->count + 1, sizeof *set->items, err));
    }
    if (to != from + 1) memmove(&set->items[from + 1], &set->items[to], (set->count - to) * sizeof *set->items);
    set->count = set->count + 1 - (to - from);
    set->items[from] = bytes;
    return ASSAY_OK;
}

static void collect(life *l, const range_set *set)
{
    if (set->count) l->sets[l->count++] = set;
}

/* The node `at` stands for `span` instants from `start`. */
static void look(const assay_placing *p, life *l, size_t at, size_t start, size_t span)
{
    const node *n = &p->nodes[at];
    if (start > l->last || start + span <= l->first) return;
    if (l->first <= start && start + span - 1 <= l->last) {
        collect(l, &n->touched);
        return;
    }
    collect(l, &n->whole);
    look(p, l, 2 * at, start, span / 2);
    look(p, l, 2 * at + 1, start + span / 2, span / 2);
}

static assay_status mark(assay_placing *p, const life *l, size_t at, size_t start, size_t span, assay_error *err)
{
    node *n = &p->nodes[at];
    if (start > l->last || start + span <= l->first) return ASSAY_OK;
    ASSAY_TRY(set_add(&n->touched, l->bytes, err));
    if (l->first <= start && start + span - 1 <= l->last) return set_add(&n->whole, l->bytes, err);
    ASSAY_TRY(mark(p, l, 2 * at, start, span / 2, err));
    return mark(p, l, 2 * at + 1, start + span / 2, span / 2, err);
}

/* Goes up, range by range, until no set has anything there. */
static size_t lowest_place(const life *l, size_t bytes)
{
    size_t place = 0, agreed = 0;
    for (size_t i = 0; agreed < l->count; i = (i + 1) % l->count) {
        const range_set *set = l->sets[i];
        size_t before = place;
        for (size_t k = first_behind(set, place); k < set->count && set->items[k].begin < place + bytes; k++)
            place = set->items[k].end;
        agreed = place == before ? agreed + 1 : 1;
    }
    return place;
}

assay_status assay_placing_take(assay_placing *placing, uint32_t first, uint32_t last, size_t bytes, size_t *offset,
                                assay_error *err)
{
    life l = {.first = first, .last = last};
    look(placing, &l, 1, 0, placing->instants);
    *offset = lowest_place(&l, bytes);
    l.bytes = (range){*offset, *offset + bytes};
    return mark(placing, &l, 1, 0, placing->instants, err);
}
