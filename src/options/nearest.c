#include "options/nearest.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

enum { LONGEST = 63 };

static int folded(char letter) { return letter == '_' ? '-' : tolower((unsigned char)letter); }

static unsigned least(unsigned a, unsigned b) { return a < b ? a : b; }

/* Optimal string alignment, all rows kept: words are short. */
static unsigned distance_of(const char *a, size_t m, const char *b, size_t n)
{
    unsigned table[LONGEST + 1][LONGEST + 1];
    for (size_t i = 0; i <= m; i++) table[i][0] = (unsigned)i;
    for (size_t j = 0; j <= n; j++) table[0][j] = (unsigned)j;
    for (size_t i = 1; i <= m; i++)
        for (size_t j = 1; j <= n; j++) {
            unsigned cost = folded(a[i - 1]) != folded(b[j - 1]);
            table[i][j] = least(least(table[i - 1][j], table[i][j - 1]) + 1, table[i - 1][j - 1] + cost);
            bool swapped =
                i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) && folded(a[i - 2]) == folded(b[j - 1]);
            if (swapped) table[i][j] = least(table[i][j], table[i - 2][j - 2] + 1);
        }
    return table[m][n];
}

static bool begins_like(const char *a, const char *b, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (folded(a[i]) != folded(b[i])) return false;
    return true;
}

void assay_nearest_begin(assay_nearest *nearest, const char *word, size_t length)
{
    *nearest = (assay_nearest){.word = word, .length = length < LONGEST ? length : LONGEST, .distance = UINT_MAX};
}

void assay_nearest_offer(assay_nearest *nearest, const char *candidate)
{
    size_t length = strlen(candidate);
    if (length > LONGEST) length = LONGEST;
    unsigned distance = distance_of(nearest->word, nearest->length, candidate, length);
    size_t shorter = length < nearest->length ? length : nearest->length;
    if (shorter >= 3 && begins_like(nearest->word, candidate, shorter)) distance = least(distance, 2);
    if (distance >= nearest->distance) return;
    nearest->distance = distance;
    nearest->best = candidate;
}
