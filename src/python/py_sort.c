#include "python/py_sort.h"

#include "python/py_run.h"

#include <string.h>

/* Two sorted runs [from, middle) and [middle, to) into one; the left goes first where neither is smaller. */
static assay_status merge(assay_py_run *run, const assay_py_keyed *from, assay_py_keyed *into, size_t start,
                          size_t middle, size_t end, bool reverse)
{
    size_t left = start, right = middle;
    int order;
    for (size_t at = start; at < end; at++) {
        bool take_right = left == middle;
        if (!take_right && right < end) {
            ASSAY_TRY(assay_py_value_order(run, &from[right].key, &from[left].key, "<", &order));
            take_right = reverse ? order == 1 : order == -1;
        }
        into[at] = take_right ? from[right++] : from[left++];
    }
    return ASSAY_OK;
}

assay_status assay_py_sort(assay_py_run *run, assay_py_keyed *items, size_t count, bool reverse)
{
    void *memory;
    ASSAY_TRY(assay_py_run_alloc(run, count, sizeof *items, &memory));
    assay_py_keyed *from = items, *into = memory;
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t start = 0; start < count; start += 2 * width) {
            size_t middle = start + width < count ? start + width : count,
                   end = middle + width < count ? middle + width : count;
            ASSAY_TRY(merge(run, from, into, start, middle, end, reverse));
        }
        assay_py_keyed *other = from;
        from = into;
        into = other;
    }
    if (from != items && count) memcpy(items, from, count * sizeof *items);
    return ASSAY_OK;
}
