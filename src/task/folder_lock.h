/* One writer a folder: an advisory lock (flock) on FOLDER/.assay.lock, which holds the writer's process number and is
 * gone when it ends. What a killed writer left is no lock: the next one takes it over.
 *
 *     ASSAY_TRY(assay_folder_lock_look(folder, err));         // early, changes nothing
 *     assay_folder_lock lock;
 *     ASSAY_TRY(assay_folder_lock_take(&lock, folder, log, err));
 *     ... look again at what the folder holds: another writer may have been here between ...
 *     assay_folder_lock_release(&lock);
 */
#ifndef ASSAY_TASK_FOLDER_LOCK_H
#define ASSAY_TASK_FOLDER_LOCK_H

#include "base/log.h"

#include <stdbool.h>

#define ASSAY_FOLDER_LOCK_NAME ".assay.lock"

typedef struct assay_folder_lock {
    char *folder, *path; /* NULL: nothing is held */
    int fd;              /* -1: the file system has no locks */
    bool made;           /* the folder was made for the lock */
} assay_folder_lock;

/* ASSAY_E_IO, with the other process's number, where somebody else holds the folder. A folder that is not there is
 * free. */
assay_status assay_folder_lock_look(const char *folder, assay_error *err);

/* The same, and takes it; the folder is made where it is absent. Where the file system has no locks that is said on the
 * log and nothing is held. After a failure there is nothing to release. */
assay_status assay_folder_lock_take(assay_folder_lock *lock, const char *folder, const assay_log *log,
                                    assay_error *err);

/* Removes the file, and the folder if it was made by take and is empty. Safe on a zeroed or released lock. */
void assay_folder_lock_release(assay_folder_lock *lock);

#endif
