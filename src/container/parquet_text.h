/* Single values as JSON text. For parquet.
 *
 * All append to `out`; a failure may leave a beginning there. Times are written as Python's isoformat() writes them:
 * the fraction of a second is left away when it is 0, else has 6 digits, and 9 where the column counts nanoseconds and
 * the last three are not 000. */
#ifndef ASSAY_CONTAINER_PARQUET_TEXT_H
#define ASSAY_CONTAINER_PARQUET_TEXT_H

#include "base/buf.h"

#include <stdint.h>

/* In quotes. ASSAY_E_FORMAT where the bytes are no UTF-8 (surrogates and overlong forms are none). */
assay_status assay_parquet_text_string(assay_buf *out, const void *bytes, size_t size, assay_error *err);

/* The shortest digits that read back as the same double, with a point or an exponent; NaN, Infinity and -Infinity as
 * those words. */
assay_status assay_parquet_text_real(assay_buf *out, double real, assay_error *err);

assay_status assay_parquet_text_whole(assay_buf *out, int64_t whole, bool is_unsigned, assay_error *err);

/* "2024-02-29" of days since 1970. Years 1 to 9999, else ASSAY_E_FORMAT. */
assay_status assay_parquet_text_date(assay_buf *out, int64_t days, assay_error *err);

/* "23:59:59.250000" of units of 10^-digits s since midnight; digits 3, 6 or 9. */
assay_status assay_parquet_text_time(assay_buf *out, int64_t units, int32_t digits, assay_error *err);

/* "2024-02-29T23:59:59.250000", with +00:00 where utc. */
assay_status assay_parquet_text_timestamp(assay_buf *out, int64_t units, int32_t digits, bool utc, assay_error *err);

#endif
