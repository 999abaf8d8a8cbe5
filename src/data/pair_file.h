/* Files and folders into a pair set.
 *
 *     assay_pair_options options = {.columns = columns_or_null, .skip_bad_lines = false};
 *     ASSAY_TRY(assay_pair_set_read(pairs, "data/reward", &options, err));
 *
 * Which files of a folder: data/data_files.h. What a file may be: data/record_reader.h. What a line may be:
 * data/pair_formats.h. One file holds one format: a line of another is a bad line. A bad line stops with "file:line:
 * reason", or with skip_bad_lines is counted in the set (and the reading goes on behind it); a file that cannot be read
 * on (cut-off array, broken gzip) always stops. A path without a single record is an error, one whose lines are all bad
 * likewise. On failure the set keeps what was read before; free it as usual.
 */
#ifndef ASSAY_DATA_PAIR_FILE_H
#define ASSAY_DATA_PAIR_FILE_H

#include "data/columns.h"
#include "data/pair_set.h"

typedef struct assay_pair_options {
    const assay_columns *columns; /* NULL: fields have their own names */
    bool skip_bad_lines;
} assay_pair_options;

/* options: NULL is all zero. */
assay_status assay_pair_set_read(assay_pair_set *set, const char *path, const assay_pair_options *options,
                                 assay_error *err);

#endif
