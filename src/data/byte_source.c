#include "data/byte_source.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

enum { PIECE_BYTES = 1 << 18 };

assay_status assay_parquet_refused(const char *path, assay_error *err)
{
    return assay_error_set(err, ASSAY_E_UNSUPPORTED,
                           "%s is a Parquet file, which is not read; convert it with: python3 -c \"import pandas; "
                           "pandas.read_parquet('%s').to_json('pairs.jsonl', orient='records', lines=True, force_ascii=False)\"",
                           path, path);
}

/* Pipes are read as bytes come, so that a program may feed lines and wait for each answer. Waiting is done in poll, which alone comes back when a
 * handler ran (of a signal that asks to stop: no other has one); a read that had begun is gone on with. */
static ssize_t read_some(assay_byte_source *source)
{
    struct pollfd wait = {.fd = source->fd, .events = POLLIN};
    if (poll(&wait, 1, -1) < 0 && errno == EINTR) {
        source->stopped = true;
        return -1;
    }
    for (;;) {
        ssize_t got = read(source->fd, source->piece, PIECE_BYTES);
        if (got >= 0 || errno != EINTR) return got;
    }
}

static void refill(assay_byte_source *source)
{
    ssize_t got = source->packed ? gzread(source->packed, source->piece, PIECE_BYTES) : read_some(source);
    source->failed = got < 0;
    source->finished = got <= 0;
    source->at = source->piece;
    source->end = source->piece + (got > 0 ? got : 0);
}

bool assay_byte_source_more(assay_byte_source *source)
{
    if (source->at == source->end && !source->finished) refill(source);
    return source->at != source->end;
}

void assay_byte_source_skip(assay_byte_source *source, size_t count)
{
    const char *stop = source->at + count;
    source->offset += count;
    for (const char *from = source->at; from < stop && (from = memchr(from, '\n', (size_t)(stop - from))); from++) source->line++;
    source->at = stop;
}

assay_status assay_byte_source_status(const assay_byte_source *source, assay_error *err)
{
    int code = Z_OK;
    if (!source->packed)
        return source->stopped  ? assay_error_set(err, ASSAY_E_STOPPED, "interrupted while waiting for %s", source->name)
               : source->failed ? assay_error_set(err, ASSAY_E_IO, "cannot read %s: %s", source->name, strerror(errno))
                                : ASSAY_OK;
    const char *text = gzerror(source->packed, &code);
    if (code == Z_OK && !source->failed) return ASSAY_OK;
    if (code == Z_ERRNO) return assay_error_set(err, ASSAY_E_IO, "cannot read %s: %s", source->name, strerror(errno));
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: the gzip data is broken or cut off (%s); fetch the file again", source->name, text);
}

static assay_status look_at_start(assay_byte_source *source, assay_error *err)
{
    if (!assay_byte_source_more(source)) return assay_byte_source_status(source, err);
    size_t there = (size_t)(source->end - source->at);
    const char *at = source->at;
    if (there >= 4 && !memcmp(at, "PAR1", 4)) return assay_parquet_refused(source->name, err);
    if (there >= 2 && (!memcmp(at, "\xFF\xFE", 2) || !memcmp(at, "\xFE\xFF", 2)))
        return assay_error_set(err, ASSAY_E_FORMAT, "%s is UTF-16 text; save it as UTF-8 (iconv -f UTF-16 -t UTF-8)", source->name);
    if (there >= 3 && !memcmp(at, "\xEF\xBB\xBF", 3)) assay_byte_source_skip(source, 3);
    return ASSAY_OK;
}

/* zlib reads what is packed, and pipes, which may be and cannot be looked at twice. Plain files are read here: zlib gives up at EINTR. */
static assay_status open_named(assay_byte_source *source, const char *path, assay_error *err)
{
    struct stat info;
    unsigned char magic[2] = {0};
    source->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (source->fd < 0) return assay_error_set(err, ASSAY_E_IO, "cannot open %s: %s", path, strerror(errno));
    bool regular = fstat(source->fd, &info) == 0 && S_ISREG(info.st_mode);
    if (regular && (pread(source->fd, magic, 2, 0) < 2 || magic[0] != 0x1f || magic[1] != 0x8b)) return ASSAY_OK;
    source->packed = gzdopen(source->fd, "rb");
    if (!source->packed) return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for reading %s", path);
    source->fd = -1; /* zlib's now */
    return ASSAY_OK;
}

static assay_status open_source(assay_byte_source *source, const char *path, bool standard, assay_error *err)
{
    source->name = assay_strdup(standard ? "standard input" : path);
    source->piece = assay_alloc(PIECE_BYTES, 1);
    if (!source->name || !source->piece) return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for reading %s", path);
    if (!standard) ASSAY_TRY(open_named(source, path, err));
    return look_at_start(source, err);
}

assay_status assay_byte_source_open(assay_byte_source *source, const char *path, assay_error *err)
{
    *source = (assay_byte_source){.line = 1};
    assay_status status = open_source(source, path, !strcmp(path, "-"), err);
    if (status != ASSAY_OK) assay_byte_source_close(source);
    return status;
}

void assay_byte_source_close(assay_byte_source *source)
{
    if (source->packed) gzclose_r(source->packed);
    if (source->fd > STDIN_FILENO) close(source->fd);
    assay_free(source->name);
    assay_free(source->piece);
    *source = (assay_byte_source){0};
}
