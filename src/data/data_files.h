/* The data files of a path: the file itself, or all of a folder and the folders in it, sorted bytewise by path. Taken
 * from a folder: .json .jsonl .csv .tsv, each also with .gz, and .parquet, in any case of letters. Left out: hidden
 * files and folders, and the descriptions that other tools put beside data (dataset_info.json, dataset_infos.json,
 * dataset_dict.json, state.json). A path given as a file is read whatever its name. A folder with nothing to read is an
 * error; one with files in a form that is not read only (data/foreign_data.h) gives the first of them, so that its
 * reader names it. Links are followed, 16 levels deep at most.
 *
 * What does not exist and reads like ORG/NAME is a data set of the hub, looked for in the caches (base/hub_cache.h),
 * and ORG/NAME/REST a file, a folder or a split of it (data/hub_data.h).
 */
#ifndef ASSAY_DATA_DATA_FILES_H
#define ASSAY_DATA_DATA_FILES_H

#include "base/alloc.h"

typedef struct assay_data_files {
    char **names;
    size_t count, capacity;
    char *note; /* what was left out of a hub's data set, as a sentence to tell; NULL: nothing */
} assay_data_files;

assay_status assay_data_files_find(assay_data_files *files, const char *path, assay_error *err);
void assay_data_files_release(assay_data_files *files); /* safe on a zeroed one */

#endif
