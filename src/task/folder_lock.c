/* The file is removed while the lock is held, so a newcomer may have opened a file that is gone by the time it gets the
 * lock. Whoever has the lock therefore looks whether the path still leads to the file it holds, and begins anew
 * otherwise. */
#include "task/folder_lock.h"

#include "base/alloc.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HELD, FREE, NO_LOCKS, FAILED };

static int try_lock(int fd)
{
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR) continue;
        if (errno == EWOULDBLOCK) return HELD;
        return errno == ENOLCK || errno == ENOSYS || errno == EOPNOTSUPP || errno == EINVAL ? NO_LOCKS : FAILED;
    }
    return FREE;
}

static assay_status lock_error(assay_error *err, const char *verb, const char *path)
{
    return assay_error_set(err, ASSAY_E_IO, "cannot %s %s: %s", verb, path, strerror(errno));
}

static assay_status held_error(assay_error *err, const char *folder, int fd)
{
    char text[32] = "";
    ssize_t got = pread(fd, text, sizeof text - 1, 0);
    long pid = got > 0 ? strtol(text, NULL, 10) : 0;
    if (pid > 0)
        return assay_error_set(err, ASSAY_E_IO,
                               "process %ld is writing to %s: wait for its end, stop it (kill %ld), or name another "
                               "folder",
                               pid, folder, pid);
    return assay_error_set(err, ASSAY_E_IO,
                           "another process is writing to %s: wait for its end, or name another folder", folder);
}

assay_status assay_folder_lock_look(const char *folder, assay_error *err)
{
    assay_status status = ASSAY_OK;
    char *path = assay_path_join(folder, ASSAY_FOLDER_LOCK_NAME);
    ASSAY_TRY_ALLOC(path, "a path", err);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd >= 0 && try_lock(fd) == HELD) status = held_error(err, folder, fd);
    if (fd >= 0) close(fd);
    assay_free(path);
    return status;
}

static bool is_at(const char *path, int fd)
{
    struct stat here, there;
    return fstat(fd, &here) == 0 && lstat(path, &there) == 0 && here.st_ino == there.st_ino &&
           here.st_dev == there.st_dev;
}

/* Opens and locks until both are of the same file. *held: NO_LOCKS or FREE, and the descriptor is the caller's. */
static assay_status open_locked(const assay_folder_lock *lock, int *fd, int *held, assay_error *err)
{
    for (;;) {
        *fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0666);
        if (*fd < 0) return lock_error(err, "create", lock->path);
        *held = try_lock(*fd);
        if (*held == NO_LOCKS || (*held == FREE && is_at(lock->path, *fd))) return ASSAY_OK;
        assay_status status = *held == HELD     ? held_error(err, lock->folder, *fd)
                              : *held == FAILED ? lock_error(err, "lock", lock->path)
                                                : ASSAY_OK;
        close(*fd);
        ASSAY_TRY(status);
    }
}

/* A signal may come between, and a part be taken. */
static bool put(int fd, const char *text, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t more = pwrite(fd, text + done, size - done, (off_t)done);
        if (more > 0) done += (size_t)more;
        else if (more == 0 || errno != EINTR) return false;
    }
    return true;
}

static assay_status write_pid(const assay_folder_lock *lock, assay_error *err)
{
    char text[32];
    int length = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    bool written = ftruncate(lock->fd, 0) == 0 && put(lock->fd, text, (size_t)length);
    return written ? ASSAY_OK : lock_error(err, "write", lock->path);
}

static assay_status take(assay_folder_lock *lock, const char *folder, const assay_log *log, assay_error *err)
{
    int held = FREE;
    lock->folder = assay_strdup(folder);
    lock->path = assay_path_join(folder, ASSAY_FOLDER_LOCK_NAME);
    if (!lock->folder || !lock->path) return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a path");
    lock->made = !assay_path_exists(folder);
    ASSAY_TRY(assay_make_dirs(folder, err));
    ASSAY_TRY(open_locked(lock, &lock->fd, &held, err));
    if (held == FREE) return write_pid(lock, err);
    assay_note(log, "the file system of %s has no locks: nothing keeps a second run from writing there too", folder);
    unlink(lock->path);
    close(lock->fd);
    lock->fd = -1;
    return ASSAY_OK;
}

assay_status assay_folder_lock_take(assay_folder_lock *lock, const char *folder, const assay_log *log, assay_error *err)
{
    *lock = (assay_folder_lock){.fd = -1};
    assay_status status = take(lock, folder, log, err);
    if (status != ASSAY_OK) assay_folder_lock_release(lock);
    return status;
}

void assay_folder_lock_release(assay_folder_lock *lock)
{
    if (!lock->folder) return;
    if (lock->fd >= 0) {
        if (is_at(lock->path, lock->fd)) unlink(lock->path);
        close(lock->fd);
    }
    if (lock->made) rmdir(lock->folder); /* fails, as it should, where something was written */
    assay_free(lock->folder);
    assay_free(lock->path);
    *lock = (assay_folder_lock){.fd = -1};
}
