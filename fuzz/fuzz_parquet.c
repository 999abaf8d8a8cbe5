#include "fuzz_file.h"

#include "container/parquet.h"

/* A few bytes can stand for thousands of millions of equal values, so rows and bytes are counted. */
enum { MAX_ROWS = 20000, MAX_BYTES = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    assay_parquet *file;
    assay_parquet_row row = {0};
    size_t bytes = 0;
    if (assay_parquet_open(&file, assay_fuzz_put("rows.parquet", data, size), NULL, 0, NULL) != ASSAY_OK) return 0;
    for (int rows = 0; rows < MAX_ROWS && bytes < MAX_BYTES; rows++) {
        assay_status status = assay_parquet_next(file, &row, NULL);
        if (status == ASSAY_OK ? !row.text : assay_parquet_broken(file)) break;
        assay_fuzz_touch(row.text, row.size);
        bytes += row.size;
    }
    assay_parquet_close(file);
    return 0;
}
