/* A data set as the hub's programs keep it: one folder, whose files are named by split.
 *
 *     assay_hub_data data;
 *     ASSAY_TRY(assay_hub_data_locate(&data, "org/name/test", err));
 *     ... list data.folder, or data.folder is the file ...
 *     ASSAY_TRY(assay_hub_data_choose(&data, names, &count, &note, err));
 *     assay_hub_data_release(&data);
 *
 * A file belongs to the split that its name, or else a folder on the way to it, has as a word: train, test, validation
 * (valid, val, dev), eval; or to NAME where it is called NAME-00000-of-00001.parquet (the hub's documentation, "Data
 * files configuration"). Nothing is downloaded. */
#ifndef ASSAY_DATA_HUB_DATA_H
#define ASSAY_DATA_HUB_DATA_H

#include "base/status.h"

#include <stddef.h>

typedef struct assay_hub_data {
    char *folder; /* or file */
    size_t root;  /* bytes of the snapshot's own name in front of what is inside */
    char *id;     /* org/name */
    char *split;  /* asked for; NULL: none */
} assay_hub_data;

/* `path` is ORG/NAME or ORG/NAME/REST, REST a path inside the data set or the name of a split. A path that reads
 * otherwise "does not exist"; one that no cache holds is an error with the line that fetches it. */
assay_status assay_hub_data_locate(assay_hub_data *data, const char *path, assay_error *err);
void assay_hub_data_release(assay_hub_data *data); /* safe on a zeroed one */

/* Leaves in `names` the files of the split asked for; where none was, those of train where there is one, all where
 * there is but one split; else an error names the splits. The names left out are freed. *note (the caller's, NULL:
 * nothing to say): which splits were left out. */
assay_status assay_hub_data_choose(const assay_hub_data *data, char **names, size_t *count, char **note,
                                   assay_error *err);

#endif
