/* What nobody else plans, each measured with scripts/plan_accuracy on runs where it is the largest such part. WRITING:
 * a file being written has a buffer of 1 MiB and, while weights are converted, one of 256 KiB, rounded up. SMALL:
 * records of a step, stacks of threads and the buffers of the C library come to some 100 KiB; up to 1 MiB more was seen
 * where evaluation writes files too. LINE: a line of metrics takes 3 KiB as JSON and as much again when the report
 * reads it. TOKEN: a token and its merge, as JSON and as text, 300 bytes. PAGE: a tensor begins on a page of its own.
 * ROW: ids, positions and parents of a micro-batch's tokens. PAIR: an example and its place in the order. Tokenizer and
 * arena are never there together. */
#include "machine/process_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    WRITING_BYTES = 3 << 19,
    SMALL_BYTES = 5 << 18,
    LINE_BYTES = 7 << 10,
    TOKEN_BYTES = 320,
    PAGE_BYTES = 4096,
    ROW_BYTES = 16,
    PAIR_BYTES = 192
};

/* The fields of /proc/self/status in KiB; 0: not there. */
static void read_status(const char *const *keys, size_t count, unsigned long long *kib)
{
    char line[256];
    for (size_t i = 0; i < count; i++) kib[i] = 0;
    FILE *file = fopen("/proc/self/status", "r");
    if (!file) return;
    while (fgets(line, sizeof line, file))
        for (size_t i = 0; i < count; i++)
            if (strncmp(line, keys[i], strlen(keys[i])) == 0) kib[i] = strtoull(line + strlen(keys[i]), NULL, 10);
    fclose(file);
}

uint64_t assay_anonymous_bytes(void)
{
    static const char *const key[] = {"RssAnon:"};
    unsigned long long kib;
    read_status(key, 1, &kib);
    return kib * 1024;
}

uint64_t assay_resident_bytes(void)
{
    char line[256];
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file) return 0;
    const char *space = fgets(line, sizeof line, file) ? strchr(line, ' ') : NULL;
    unsigned long long pages = space ? strtoull(space, NULL, 10) : 0; /* the second number */
    fclose(file);
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The kernel keeps the high water of all resident memory; what files have of it hardly ever shrinks. */
void assay_anonymous_present(assay_anonymous_parts *parts)
{
    static const char *const keys[] = {"RssAnon:", "VmHWM:", "RssFile:", "RssShmem:"};
    unsigned long long kib[4];
    read_status(keys, 4, kib);
    parts->present = kib[0] * 1024;
    parts->before = kib[1] > kib[2] + kib[3] ? (kib[1] - kib[2] - kib[3]) * 1024 : 0;
}

static uint64_t sum(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }

static uint64_t product(uint64_t a, uint64_t b)
{
    uint64_t out;
    return __builtin_mul_overflow(a, b, &out) ? UINT64_MAX : out;
}

uint64_t assay_anonymous_tokenizer(const assay_anonymous_parts *parts) { return product(parts->tokens, TOKEN_BYTES); }

uint64_t assay_anonymous_besides(const assay_anonymous_parts *parts)
{
    uint64_t arrays = sum(product(parts->rows, ROW_BYTES), product(parts->pairs, PAIR_BYTES));
    return sum(sum(WRITING_BYTES + SMALL_BYTES, arrays),
               sum(product(parts->tensors, PAGE_BYTES), product(parts->lines, LINE_BYTES)));
}

uint64_t assay_anonymous_plan(const assay_anonymous_parts *parts)
{
    uint64_t tokenizer = assay_anonymous_tokenizer(parts),
             passing = parts->arena > tokenizer ? parts->arena : tokenizer;
    uint64_t held = sum(sum(parts->present, parts->weights),
                        sum(sum(product(parts->trained, sizeof(float)), parts->moments), passing));
    uint64_t total = sum(held, assay_anonymous_besides(parts));
    return total > parts->before ? total : parts->before;
}
