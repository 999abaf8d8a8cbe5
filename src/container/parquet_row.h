/* Records put together from columns. For parquet.
 *
 * One call makes one row from the next values of all wanted columns. A row whose text cannot be made (no UTF-8, no
 * calendar's year, longer than ASSAY_PARQUET_ROW_MAX) is still walked to its end, so that the next one can be read:
 * `fault` then says why, and the call succeeds. It fails where the columns themselves are broken or disagree. */
#ifndef ASSAY_CONTAINER_PARQUET_ROW_H
#define ASSAY_CONTAINER_PARQUET_ROW_H

#include "container/parquet.h"
#include "container/parquet_column.h"

typedef struct assay_parquet_record {
    assay_parquet_column *columns; /* by leaf; those that are not wanted are not touched */
    assay_buf text;
    size_t values;     /* of the row so far */
    assay_error fault; /* status ASSAY_OK: none */
} assay_parquet_record;

assay_status assay_parquet_record_make(assay_parquet_record *record, const assay_parquet_node *root, assay_error *err);

#endif
