/* The data files of a path: the file itself, or all of a folder and the folders in it, sorted bytewise by path. Taken
 * from a folder: .json .jsonl .csv .tsv, each also with .gz, in any case of letters. Left out: hidden files and
 * folders, and the descriptions that other tools put beside data (dataset_info.json, dataset_infos.json,
 * dataset_dict.json, state.json). A path given as a file is read whatever its name. A folder with nothing to read is an
 * error; one with Parquet files only says how to convert them. Links are followed, 16 levels deep at most. */
#ifndef ASSAY_DATA_DATA_FILES_H
#define ASSAY_DATA_DATA_FILES_H

#include "base/alloc.h"

typedef struct assay_data_files {
    char **names;
    size_t count, capacity;
} assay_data_files;

assay_status assay_data_files_find(assay_data_files *files, const char *path, assay_error *err);
void assay_data_files_release(assay_data_files *files); /* safe on a zeroed one */

#endif
