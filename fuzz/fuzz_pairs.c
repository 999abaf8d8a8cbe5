/* A pair file. Its kind is told by the first byte: j .json, c .csv, t .tsv, z .jsonl.gz, p .parquet, anything else
 * .jsonl; the rest is the file. */
#include "fuzz_file.h"

#include "data/pair_file.h"

static const char *name_of(uint8_t kind)
{
    switch (kind) {
    case 'j':
        return "pairs.json";
    case 'c':
        return "pairs.csv";
    case 't':
        return "pairs.tsv";
    case 'z':
        return "pairs.jsonl.gz";
    case 'p':
        return "pairs.parquet";
    default:
        return "pairs.jsonl";
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_pair_set *pairs;
    assay_pair_options options = {.skip_bad_lines = true};
    if (size == 0 || assay_pair_set_new(&pairs, NULL) != ASSAY_OK) return 0;
    assay_pair_set_read(pairs, assay_fuzz_put(name_of(data[0]), data + 1, size - 1), &options, NULL);
    assay_pair_set_free(pairs);
    return 0;
}
