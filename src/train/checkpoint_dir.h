/* A folder that is whole or absent.
 *
 *     char *working; // out/checkpoint-20.tmp-PID-N, empty
 *     ASSAY_TRY(assay_checkpoint_dir_begin(&working, "out/checkpoint-20", err));
 *     ... write files into working
 *     ASSAY_TRY(assay_checkpoint_dir_publish(working, "out/checkpoint-20", err)); // manifest, sync, rename; frees it
 *
 * publish writes manifest.json (every file's size and XXH3-128), syncs the files, the folder and, after the rename, the
 * parent. After a failure, or instead of publish, assay_checkpoint_dir_abandon removes what was written. verify reads
 * every byte back against the manifest.
 */
#ifndef ASSAY_TRAIN_CHECKPOINT_DIR_H
#define ASSAY_TRAIN_CHECKPOINT_DIR_H

#include "base/log.h"
#include "base/status.h"

#include <stdint.h>

assay_status assay_checkpoint_dir_begin(char **working, const char *final, assay_error *err);
assay_status assay_checkpoint_dir_publish(char *working, const char *final, assay_error *err);
void assay_checkpoint_dir_abandon(char *working); /* NULL is fine */

assay_status assay_checkpoint_dir_verify(const char *folder, assay_error *err);

/* The newest "checkpoint-N" in a run's folder that verifies; those skipped are said. *out NULL: there is none. Caller
 * frees *out. */
assay_status assay_checkpoint_dir_newest(const char *run, const assay_log *log, char **out, assay_error *err);

/* Removes all but the newest `keep` (0: keeps all), and what a killed run left half written. */
assay_status assay_checkpoint_dir_prune(const char *run, uint64_t keep, assay_error *err);

#endif
