#include "base/hash.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 17 };

void assay_hash_text(XXH128_hash_t hash, char text[ASSAY_HASH_TEXT])
{
    snprintf(text, ASSAY_HASH_TEXT, "%016llx%016llx", (unsigned long long)hash.high64, (unsigned long long)hash.low64);
}

static bool add_all(XXH3_state_t *state, int fd, char *piece, uint64_t *size)
{
    for (ssize_t got = 1; got != 0;) {
        got = read(fd, piece, PIECE_BYTES);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;
        XXH3_128bits_update(state, piece, (size_t)got);
        *size += (uint64_t)got;
    }
    return true;
}

/* Read a small piece at a time, nothing ahead: pages on their way in cannot be dropped, and where a cgroup has little
 * left a disk that reads 8 MiB ahead of a mapped file gets the process killed. */
assay_status assay_hash_file(XXH3_state_t *state, const char *path, uint64_t *size, assay_error *err)
{
    char *piece = assay_alloc(PIECE_BYTES, 1);
    *size = 0;
    if (!piece) return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for reading %s", path);
    int fd;
    assay_status status = assay_file_open(path, &fd, NULL, err);
    if (status == ASSAY_OK) {
        posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
        if (!add_all(state, fd, piece, size))
            status = assay_error_set(err, ASSAY_E_IO, "cannot read %s: %s", path, strerror(errno));
        close(fd);
    }
    assay_free(piece);
    return status;
}
