/* Files that hold data, but not in a form that is read: named, with the line to type. Told by their first bytes, for
 * names lie; only a spreadsheet is told from other archives by its name.
 *
 *     ASSAY_TRY(assay_foreign_data_check(path, first_bytes, size, err)); // ASSAY_OK: none of them
 */
#ifndef ASSAY_DATA_FOREIGN_DATA_H
#define ASSAY_DATA_FOREIGN_DATA_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* So many bytes are enough to tell. */
enum { ASSAY_FOREIGN_DATA_BYTES = 8 };

/* ASSAY_E_UNSUPPORTED for another program's form, ASSAY_E_FORMAT for text in another encoding. */
assay_status assay_foreign_data_check(const char *path, const char *bytes, size_t size, assay_error *err);

/* Whether what follows could make these bytes (fewer than the above) the beginning of one. */
bool assay_foreign_data_begins(const char *bytes, size_t size);

/* Whether a file's name promises one: such a file is not passed over in a folder where nothing else is. */
bool assay_foreign_data_named(const char *name);

/* A Parquet file that does not lie there as a file of its own: `how` says how it comes ("through a pipe"), `line` what
 * to type. Returns ASSAY_E_UNSUPPORTED. */
assay_status assay_foreign_data_parquet(const char *path, const char *how, const char *line, assay_error *err);

#endif
