/* A file without a name in which values of a step wait between the forward and the backward pass (--spill).
 *
 *     assay_spill_file *file;
 *     ASSAY_TRY(assay_spill_file_open(&file, folder, bytes, err)); // made, unlinked, and all of its room taken
 *     ASSAY_TRY(assay_spill_file_write(file, offset, values, size, err));
 *     assay_spill_file_expect(file, offset, size); // will be read soon: the system may begin to bring it
 *     ASSAY_TRY(assay_spill_file_read(file, offset, values, size, err));
 *     assay_spill_file_close(file); // and nothing is left
 *
 * Only its owner can read it (mode 0600), and it loses its name as soon as it has one, so nothing stays behind however
 * the run ends. Its room is taken before anything is written: a disk that is too full is told before the first step,
 * not in the middle of a run. Writing goes through the page cache, which passes it on to the disk while others compute.
 * Failures are ASSAY_E_IO and name the folder. One thread at a time. */
#ifndef ASSAY_STREAM_SPILL_FILE_H
#define ASSAY_STREAM_SPILL_FILE_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct assay_spill_file assay_spill_file;

/* folder: copied. On failure *out is NULL. */
assay_status assay_spill_file_open(assay_spill_file **out, const char *folder, uint64_t bytes, assay_error *err);
void assay_spill_file_close(assay_spill_file *file); /* NULL is fine */

/* offset + size is within the file's bytes. */
assay_status assay_spill_file_write(assay_spill_file *file, uint64_t offset, const void *values, size_t size,
                                    assay_error *err);
assay_status assay_spill_file_read(assay_spill_file *file, uint64_t offset, void *values, size_t size,
                                   assay_error *err);
void assay_spill_file_expect(const assay_spill_file *file, uint64_t offset, size_t size);

uint64_t assay_spill_file_written(const assay_spill_file *file); /* bytes, since it was opened */

/* How fast files of the folder are written and read back, in bytes a second: of some megabytes, in a file of its own,
 * for half a second each at most (a slow disk: 8 MiB). */
assay_status assay_spill_file_speeds(const char *folder, double *writing, double *reading, assay_error *err);

#endif
