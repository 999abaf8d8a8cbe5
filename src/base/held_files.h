/* Small files that are wanted later, held open: what happens to their folder meanwhile (removed, renamed, unmounted
 * lazily) does not matter. No byte of them is in memory. A file that was written to in place meanwhile is given as it
 * is then.
 *
 *     assay_held_files held = {0};
 *     ASSAY_TRY(assay_held_files_add(&held, "model", "tokenizer.json", err));
 *     ... hours ...
 *     ASSAY_TRY(assay_held_files_write(&held, "output", err));
 *     assay_held_files_release(&held);
 */
#ifndef ASSAY_BASE_HELD_FILES_H
#define ASSAY_BASE_HELD_FILES_H

#include "base/alloc.h"

#include <stdint.h>

typedef struct assay_held_file {
    char *name; /* its path below the folder */
    int fd;
} assay_held_file;

typedef struct assay_held_files {
    assay_held_file *items;
    size_t count, capacity;
    uint64_t bytes; /* of all, when they were opened */
} assay_held_files;

/* A name that is absent, held already, or no regular file adds nothing; one that is there and cannot be opened is an
 * error. */
assay_status assay_held_files_add(assay_held_files *held, const char *folder, const char *name, assay_error *err);

/* The bytes of one, as assay_file_read gives them; *out NULL: no such file is held. */
assay_status assay_held_files_read(const assay_held_files *held, const char *name, size_t ceiling, char **out,
                                   size_t *size, assay_error *err);

/* All of them into a folder, each whole or not at all, byte for byte; folders in their names are made. */
assay_status assay_held_files_write(const assay_held_files *held, const char *folder, assay_error *err);

void assay_held_files_release(assay_held_files *held); /* safe on a zeroed one */

#endif
