/* Loops without branches first, for the compiler to turn into vectors; the chain of ties is followed afterwards, and
 * only where there is one: of trained weights one block in five hundred has it. */
#include "tensor/planes.h"

#include "base/alloc.h"
#include "base/float_bits.h"
#include "base/sizes.h"

#include <string.h>

enum { BLOCK = ASSAY_PLANES_BLOCK };

static size_t blocks_of(size_t count) { return (count + BLOCK - 1) / BLOCK; }

bool assay_planes_bytes(size_t count, size_t *bytes)
{
    size_t words;
    return assay_mul_size(count, 2, &words) && assay_add_size(words, blocks_of(count), &words) &&
           assay_mul_size(words, sizeof(uint16_t), bytes);
}

assay_planes assay_planes_at(void *memory, size_t count)
{
    uint16_t *high = memory;
    return (assay_planes){.high = high, .low = high + count, .ties = high + 2 * count};
}

/* Numbers alone have ties: the lower half of a NaN says nothing. */
static bool is_risen_tie(uint32_t bits) { return (bits & 0x1ffffu) == 0x18000u && (bits & 0x7fffffffu) < 0x7f800000u; }

static void chain_ties(const uint32_t *bits, size_t count, uint16_t *low, uint16_t *first)
{
    uint16_t *link = first;
    for (size_t i = 0; i < count; i++) {
        if (!is_risen_tie(bits[i])) continue;
        *link = (uint16_t)i;
        link = &low[i];
    }
    *link = BLOCK;
}

static void split_block(const assay_planes *planes, size_t first, const float *values, size_t count)
{
    uint32_t bits[BLOCK], ties = 0;
    uint16_t *high = planes->high + first, *low = planes->low + first, *start = &planes->ties[first / BLOCK];
    memcpy(bits, values, count * sizeof *bits);
    for (size_t i = 0; i < count; i++) {
        high[i] = assay_bf16_round(values[i]);
        low[i] = (uint16_t)bits[i];
        ties |= is_risen_tie(bits[i]);
    }
    *start = BLOCK;
    if (ties) chain_ties(bits, count, low, start);
}

void assay_planes_split(const assay_planes *planes, size_t first, const float *values, size_t count)
{
    for (size_t done = 0; done < count; done += BLOCK)
        split_block(planes, first + done, values + done, assay_smaller(count - done, BLOCK));
}

static uint32_t join_one(uint32_t high, uint32_t low)
{
    uint32_t risen = low > 0x8000u && (high & 0x7fffu) <= 0x7f80u;
    return (high - risen) << 16 | low;
}

/* Values [from, from + count) of a block. */
static void join_block(const assay_planes *planes, size_t block, size_t from, float *values, size_t count)
{
    uint32_t bits[BLOCK];
    const uint16_t *high = planes->high + block * BLOCK, *low = planes->low + block * BLOCK;
    for (size_t i = 0; i < count; i++) bits[i] = join_one(high[from + i], low[from + i]);
    for (size_t tie = planes->ties[block]; tie < from + count; tie = low[tie])
        if (tie >= from) bits[tie - from] = (high[tie] - 1u) << 16 | 0x8000u;
    memcpy(values, bits, count * sizeof *bits);
}

void assay_planes_join(const assay_planes *planes, size_t first, float *values, size_t count)
{
    for (size_t done = 0, n; done < count; done += n) {
        size_t from = (first + done) % BLOCK;
        n = assay_smaller(count - done, BLOCK - from);
        join_block(planes, (first + done) / BLOCK, from, values + done, n);
    }
}
