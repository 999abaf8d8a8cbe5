/* Sorted ranges of code points, for the tables of unicode*.c. */
#ifndef ASSAY_TEXT_UNICODE_RANGE_H
#define ASSAY_TEXT_UNICODE_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct assay_char_range {
    int32_t first, last;
} assay_char_range;

static inline bool assay_in_ranges(const assay_char_range *ranges, size_t count, int32_t code)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (code > ranges[middle].last) low = middle + 1;
        else high = middle;
    }
    return low < count && code >= ranges[low].first;
}

#define ASSAY_IN_RANGES(table, code) assay_in_ranges((table), sizeof(table) / sizeof((table)[0]), (code))

#endif
