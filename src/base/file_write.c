/* Writing: aside, synced, renamed, folder synced. A reader sees the old file or the new one.
 *
 * What is written goes to the disk a piece at a time, and the next but one waits for it: pages that are not on the disk
 * yet count as a cgroup's memory and cannot be dropped, and a large file handed over at once has got its writer killed
 * where the limit is near. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum { PENDING_BYTES = 1 << 20, NAMES_TRIED = 1000 };

static assay_status write_error(assay_error *err, const char *verb, const char *path)
{
    const char *hint = errno == ENOSPC  ? " (free some room and start again)"
                       : errno == EFBIG ? " (more than ulimit -f or the file system allows for one file)"
                                        : "";
    return assay_error_set(err, ASSAY_E_IO, "cannot %s %s: %s%s", verb, path, strerror(errno), hint);
}

assay_status assay_sync_dir(const char *path, assay_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return write_error(err, "open the folder", path);
    int failed = fsync(fd);
    int failure = errno;
    close(fd);
    errno = failure;
    return failed ? write_error(err, "sync the folder", path) : ASSAY_OK;
}

static assay_status sync_parent(const char *path, assay_error *err)
{
    const char *base = assay_path_base(path);
    char *parent = base == path ? assay_strdup(".") : assay_strndup(path, (size_t)(base - path));
    ASSAY_TRY_ALLOC(parent, "a path", err);
    assay_status status = assay_sync_dir(parent, err);
    assay_free(parent);
    return status;
}

/* A rename would put a file where a device, a pipe or a link was. */
static assay_status check_replaceable(const char *path, assay_error *err)
{
    struct stat info;
    if (lstat(path, &info) != 0 || S_ISREG(info.st_mode)) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_IO, "%s is there and is not a regular file; name another", path);
}

/* The n-th name to try: whoever can write to the folder may have put a link or a file where the first would be. */
static char *name_beside(const char *path, const char *mark, int n)
{
    return assay_strfmt("%s.%s-%ld-%d", path, mark, (long)getpid(), n);
}

/* Makes it exclusively, a file (*fd) or a folder (fd NULL); false with errno set. */
static bool make_new(const char *name, int *fd)
{
    if (!fd) return mkdir(name, 0777) == 0;
    *fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    return *fd >= 0;
}

static assay_status make_beside(const char *path, const char *mark, char **out, int *fd, assay_error *err)
{
    *out = NULL;
    for (int n = 0; n < NAMES_TRIED; n++) {
        char *name = name_beside(path, mark, n);
        ASSAY_TRY_ALLOC(name, "a path", err);
        if (make_new(name, fd)) {
            *out = name;
            return ASSAY_OK;
        }
        int failure = errno;
        assay_free(name);
        errno = failure;
        if (failure != EEXIST) break;
    }
    return write_error(err, "create", path);
}

assay_status assay_make_dir_beside(const char *path, const char *mark, char **out, assay_error *err)
{
    const char *base = assay_path_base(path);
    *out = NULL;
    if (base > path + 1) {
        char *parent = assay_strndup(path, (size_t)(base - path));
        ASSAY_TRY_ALLOC(parent, "a path", err);
        assay_status status = assay_make_dirs(parent, err);
        assay_free(parent);
        ASSAY_TRY(status);
    }
    return make_beside(path, mark, out, NULL, err);
}

assay_status assay_writer_open(assay_writer *writer, const char *path, assay_error *err)
{
    *writer = (assay_writer){0};
    ASSAY_TRY(check_replaceable(path, err));
    writer->path = assay_strdup(path);
    writer->pending = assay_alloc(PENDING_BYTES, 1);
    assay_status status = writer->path && writer->pending
                              ? make_beside(path, "tmp", &writer->temporary, &writer->fd, err)
                              : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for writing %s", path);
    writer->open = status == ASSAY_OK;
    if (status != ASSAY_OK) assay_writer_abort(writer);
    return status;
}

/* The kernel tells of a failed transfer once: not seen here, fsync would not tell of it either. What a file system does
 * not offer is left to fsync. */
static bool sync_piece(int fd, uint64_t from, uint64_t to, unsigned how)
{
    while (sync_file_range(fd, (off_t)from, (off_t)(to - from), how) != 0)
        if (errno != EINTR)
            return errno == ENOSYS || errno == EINVAL || errno == ESPIPE || errno == EOPNOTSUPP || errno == EPERM;
    return true;
}

/* Starts the transfer of what was handed to the kernel and waits for the piece before. */
static bool push_piece(assay_writer *writer, size_t size)
{
    writer->handed += size;
    if (writer->handed - writer->started < PENDING_BYTES) return true;
    bool sound = sync_piece(writer->fd, writer->started, writer->handed, SYNC_FILE_RANGE_WRITE);
    if (sound && writer->started > writer->settled)
        sound = sync_piece(writer->fd, writer->settled, writer->started,
                           SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
    writer->settled = writer->started;
    writer->started = writer->handed;
    return sound;
}

static assay_status write_all(assay_writer *writer, const uint8_t *data, size_t size, assay_error *err)
{
    size_t done = 0;
    while (done < size) {
        size_t piece = size - done < PENDING_BYTES ? size - done : PENDING_BYTES;
        ssize_t put = write(writer->fd, data + done, piece);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return write_error(err, "write", writer->path);
        done += (size_t)put;
        if (!push_piece(writer, (size_t)put)) return write_error(err, "write", writer->path);
    }
    return ASSAY_OK;
}

static assay_status flush_pending(assay_writer *writer, assay_error *err)
{
    size_t size = writer->pending_size;
    writer->pending_size = 0;
    return write_all(writer, writer->pending, size, err);
}

assay_status assay_writer_write(assay_writer *writer, const void *data, size_t size, assay_error *err)
{
    writer->written += size;
    if (size > PENDING_BYTES - writer->pending_size) {
        ASSAY_TRY(flush_pending(writer, err));
        if (size >= PENDING_BYTES) return write_all(writer, data, size, err);
    }
    if (size) memcpy(writer->pending + writer->pending_size, data, size);
    writer->pending_size += size;
    return ASSAY_OK;
}

static void writer_release(assay_writer *writer)
{
    assay_free(writer->path);
    assay_free(writer->temporary);
    assay_free(writer->pending);
    *writer = (assay_writer){0};
}

void assay_writer_abort(assay_writer *writer)
{
    if (writer->open) {
        close(writer->fd);
        unlink(writer->temporary);
    }
    writer_release(writer);
}

static assay_status writer_finish(assay_writer *writer, assay_error *err)
{
    ASSAY_TRY(flush_pending(writer, err));
    if (fsync(writer->fd) != 0) return write_error(err, "sync", writer->path);
    if (rename(writer->temporary, writer->path) != 0) return write_error(err, "rename into place", writer->path);
    return sync_parent(writer->path, err);
}

assay_status assay_writer_commit(assay_writer *writer, assay_error *err)
{
    assay_status status = writer_finish(writer, err);
    if (status != ASSAY_OK) {
        assay_writer_abort(writer);
        return status;
    }
    if (close(writer->fd) != 0) status = write_error(err, "close", writer->path);
    writer_release(writer);
    return status;
}

assay_status assay_file_write_atomic(const char *path, const void *data, size_t size, assay_error *err)
{
    assay_writer writer;
    ASSAY_TRY(assay_writer_open(&writer, path, err));
    assay_status status = assay_writer_write(&writer, data, size, err);
    if (status != ASSAY_OK) {
        assay_writer_abort(&writer);
        return status;
    }
    return assay_writer_commit(&writer, err);
}

assay_status assay_file_check_writable(const char *path, assay_error *err)
{
    assay_writer writer;
    ASSAY_TRY(assay_writer_open(&writer, path, err));
    assay_writer_abort(&writer);
    return ASSAY_OK;
}

char *assay_disk_of(const char *path, uint64_t *free_bytes)
{
    struct statvfs disk;
    struct stat here, above;
    char *at = NULL;
    *free_bytes = statvfs(path, &disk) == 0 ? (uint64_t)disk.f_bavail * disk.f_frsize : UINT64_MAX;
    if (assay_path_absolute(path, &at, NULL) != ASSAY_OK) return assay_strdup(path);
    for (char *slash = strrchr(at, '/'); slash && slash[1]; slash = strrchr(at, '/')) {
        char kept = slash == at ? slash[1] : slash[0], *cut = slash == at ? slash + 1 : slash;
        int failed = stat(at, &here);
        *cut = 0;
        if (!failed && stat(at, &above) == 0 && above.st_dev == here.st_dev) continue;
        *cut = kept;
        break;
    }
    return at;
}

int assay_file_make_nameless(char *path, bool *named)
{
    int fd = mkstemp(path);
    *named = fd >= 0 && unlink(path) != 0;
    if (!*named) {
        if (fd >= 0) (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
        return fd;
    }
    int failure = errno;
    close(fd);
    errno = failure;
    return -1;
}

int assay_file_take_room(int fd, off_t bytes)
{
    int error = bytes ? EINTR : 0;
    while (error == EINTR) error = posix_fallocate(fd, 0, bytes);
    return error;
}

bool assay_file_put(int fd, const void *data, size_t size, uint64_t offset)
{
    for (size_t done = 0; done < size;) {
        ssize_t put = pwrite(fd, (const char *)data + done, size - done, (off_t)(offset + done));
        if (put < 0 && errno == EINTR) continue;
        if (put == 0) errno = ENOSPC;
        if (put <= 0) return false;
        done += (size_t)put;
    }
    return true;
}

assay_status assay_file_copy(const char *from, const char *to, assay_error *err)
{
    assay_mapping map;
    ASSAY_TRY(assay_map_open(&map, from, err));
    assay_status status = assay_file_write_atomic(to, map.data, map.size, err);
    assay_map_close(&map);
    return status;
}
