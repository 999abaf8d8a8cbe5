#include "stream/spill_file.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/sizes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { AT_ONCE = 4 << 20, LEAST = 8 << 20, MOST = 64 << 20 };

static const double longest = 0.5; /* seconds */

struct assay_spill_file {
    char *folder; /* for messages */
    int fd;
    uint64_t written;
};

static assay_status refuse(const assay_spill_file *file, const char *what, int error, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_IO, "--spill %s: %s: %s", file->folder, what, strerror(error));
}

/* mkstemp makes it with mode 0600 under a name that nobody has. */
static assay_status make(assay_spill_file *file, assay_error *err)
{
    char *name = assay_path_join(file->folder, "assay-spill-XXXXXX");
    ASSAY_TRY_ALLOC(name, "a path", err);
    file->fd = mkstemp(name);
    int error = errno;
    bool named = file->fd >= 0 && unlink(name) != 0;
    if (named) error = errno;
    assay_free(name);
    if (file->fd < 0) return refuse(file, "no file can be made there", error, err);
    if (named) return refuse(file, "a file that was made there keeps its name", error, err);
    (void)fcntl(file->fd, F_SETFD, FD_CLOEXEC);
    return ASSAY_OK;
}

static assay_status take_room(assay_spill_file *file, uint64_t bytes, assay_error *err)
{
    int error = EINTR;
    if (bytes > INT64_MAX) return refuse(file, "the file would be too large", EFBIG, err);
    while (bytes && error == EINTR) error = posix_fallocate(file->fd, 0, (off_t)bytes);
    if (!bytes || error == 0) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_IO,
                           "--spill %s: a file of %.1f MiB does not fit there: %s; make room, name a folder on another "
                           "disk, or leave --spill out",
                           file->folder, (double)bytes / 1048576, strerror(error));
}

assay_status assay_spill_file_open(assay_spill_file **out, const char *folder, uint64_t bytes, assay_error *err)
{
    assay_spill_file *file = assay_alloc(1, sizeof *file);
    *out = NULL;
    ASSAY_TRY_ALLOC(file, "spilled values", err);
    file->fd = -1;
    file->folder = assay_strdup(folder);
    assay_status status = file->folder ? make(file, err) : assay_error_set(err, ASSAY_E_MEMORY, "out of memory");
    if (status == ASSAY_OK) status = take_room(file, bytes, err);
    if (status == ASSAY_OK) *out = file;
    else assay_spill_file_close(file);
    return status;
}

void assay_spill_file_close(assay_spill_file *file)
{
    if (!file) return;
    if (file->fd >= 0) close(file->fd);
    assay_free(file->folder);
    assay_free(file);
}

assay_status assay_spill_file_write(assay_spill_file *file, uint64_t offset, const void *values, size_t size,
                                    assay_error *err)
{
    for (size_t done = 0; done < size;) {
        ssize_t put = pwrite(file->fd, (const char *)values + done, size - done, (off_t)(offset + done));
        if (put < 0 && errno == EINTR) continue;
        if (put <= 0) return refuse(file, "values cannot be written", put < 0 ? errno : ENOSPC, err);
        done += (size_t)put;
    }
    file->written += size;
    return ASSAY_OK;
}

assay_status assay_spill_file_read(assay_spill_file *file, uint64_t offset, void *values, size_t size, assay_error *err)
{
    for (size_t done = 0; done < size;) {
        ssize_t got = pread(file->fd, (char *)values + done, size - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return refuse(file, "values cannot be read back", errno, err);
        if (got == 0)
            return assay_error_set(err, ASSAY_E_IO,
                                   "--spill %s: values cannot be read back: the file ends %zu bytes early; the disk "
                                   "lost what was written",
                                   file->folder, size - done);
        done += (size_t)got;
    }
    return ASSAY_OK;
}

void assay_spill_file_expect(const assay_spill_file *file, uint64_t offset, size_t size)
{
    posix_fadvise(file->fd, (off_t)offset, (off_t)size, POSIX_FADV_WILLNEED);
}

uint64_t assay_spill_file_written(const assay_spill_file *file) { return file->written; }

/* The page cache is no disk: what is written has to be there before the time is taken. */
static assay_status measure_writing(assay_spill_file *file, const char *block, double *speed, assay_error *err)
{
    double start = assay_clock_seconds(), passed = 0;
    while (file->written < MOST && (passed < longest || file->written < LEAST)) {
        ASSAY_TRY(assay_spill_file_write(file, file->written, block, AT_ONCE, err));
        if (fdatasync(file->fd) != 0) return refuse(file, "values cannot be written", errno, err);
        passed = assay_clock_seconds() - start;
    }
    *speed = passed > 0 ? (double)file->written / passed : 0;
    return ASSAY_OK;
}

static assay_status measure_reading(assay_spill_file *file, char *block, double *speed, assay_error *err)
{
    posix_fadvise(file->fd, 0, 0, POSIX_FADV_DONTNEED);
    double start = assay_clock_seconds(), passed = 0;
    uint64_t read = 0;
    while (read < file->written && (passed < longest || read < LEAST)) {
        ASSAY_TRY(assay_spill_file_read(file, read, block, AT_ONCE, err));
        read += AT_ONCE;
        passed = assay_clock_seconds() - start;
    }
    *speed = passed > 0 ? (double)read / passed : 0;
    return ASSAY_OK;
}

assay_status assay_spill_file_speeds(const char *folder, double *writing, double *reading, assay_error *err)
{
    assay_spill_file *file;
    char *block = assay_alloc(AT_ONCE, 1);
    ASSAY_TRY_ALLOC(block, "a sample to write", err);
    assay_status status = assay_spill_file_open(&file, folder, 0, err);
    if (status == ASSAY_OK) status = measure_writing(file, block, writing, err);
    if (status == ASSAY_OK) status = measure_reading(file, block, reading, err);
    assay_spill_file_close(file);
    assay_free(block);
    return status;
}
