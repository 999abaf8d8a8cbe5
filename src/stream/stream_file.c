#include "stream/stream_file.h"

#include "base/file.h"
#include "base/sizes.h"
#include "stream/stream_list.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 4 << 20 }; /* read at once: enough for a disk, and soon over where somebody wants to stop */

/* Some file systems take O_DIRECT when a file is opened and refuse the first read. */
static bool takes_direct(int fd)
{
    _Alignas(ASSAY_STREAM_BLOCK) char block[ASSAY_STREAM_BLOCK];
    return pread(fd, block, sizeof block, 0) >= 0;
}

static bool go_direct(int fd)
{
#ifdef O_DIRECT
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_DIRECT) != 0) return false;
    if (takes_direct(fd)) return true;
    fcntl(fd, F_SETFL, flags);
#else
    (void)fd;
#endif
    return false;
}

assay_status assay_pass_file_open(assay_pass_file *file, const char *path, uint64_t bytes, assay_error *err)
{
    uint64_t found = 0;
    *file = (assay_pass_file){.path = path, .bytes = bytes, .fd = -1};
    ASSAY_TRY(assay_file_open(path, &file->fd, &found, err));
    if (found != bytes) {
        assay_pass_file_close(file);
        return assay_error_set(err, ASSAY_E_IO,
                               "%s has %llu bytes now and had %llu when its header was read: somebody writes to it",
                               path, (unsigned long long)found, (unsigned long long)bytes);
    }
    file->direct = go_direct(file->fd);
    return ASSAY_OK;
}

void assay_pass_file_close(assay_pass_file *file)
{
    if (file->fd >= 0) close(file->fd);
    file->fd = -1;
}

static assay_status ends_early(const assay_pass_file *file, uint64_t offset, size_t bytes, size_t got,
                               const char *tensor, assay_error *err)
{
    return assay_error_set(
        err, ASSAY_E_IO,
        "%s: tensor %s has %zu bytes from byte %llu on, but the file gave %zu of them: it was cut "
        "short since its header was read. Put it back and start again; training goes on with --resume",
        file->path, tensor, bytes, (unsigned long long)offset, got);
}

/* One transfer may be shorter than asked for. Past the page cache the next one begins at a block all the same; where
 * there is none left, the file ends. False: it does. */
static bool go_on(const assay_pass_file *file, uint64_t start, size_t got, size_t *done)
{
    size_t before = *done;
    *done += got;
    if (got == 0 || start + *done >= file->bytes) return false;
    if (!file->direct || *done % ASSAY_STREAM_BLOCK == 0) return true;
    size_t whole = *done / ASSAY_STREAM_BLOCK * ASSAY_STREAM_BLOCK;
    if (whole <= before) return false;
    *done = whole;
    return true;
}

assay_status assay_pass_file_read(const assay_pass_file *file, uint64_t offset, size_t bytes, void *to,
                                  const char *tensor, const atomic_bool *stopped, uint64_t *read, assay_error *err)
{
    size_t span = assay_stream_span(offset, bytes), done = 0, before = (size_t)(offset % ASSAY_STREAM_BLOCK);
    uint64_t start = offset - before;
    bool more = true;
    while (more && done < span) {
        if (atomic_load(stopped)) return assay_error_set(err, ASSAY_E_STOPPED, "stopped");
        ssize_t got = pread(file->fd, (char *)to + done, assay_smaller(span - done, PIECE), (off_t)(start + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return assay_error_set(err, ASSAY_E_IO, "cannot read tensor %s of %s: %s", tensor, file->path,
                                   strerror(errno));
        *read += (uint64_t)got;
        more = go_on(file, start, (size_t)got, &done);
    }
    if (!file->direct) posix_fadvise(file->fd, (off_t)start, (off_t)done, POSIX_FADV_DONTNEED);
    if (done >= before + bytes) return ASSAY_OK;
    return ends_early(file, offset, bytes, done > before ? done - before : 0, tensor, err);
}
