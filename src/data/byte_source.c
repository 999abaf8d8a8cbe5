#include "data/byte_source.h"

#include "data/foreign_data.h"
#include "data/gunzip.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 18 };

/* Pipes are read as bytes come, so that a program may feed lines and wait for each answer. Waiting is done in poll,
 * which alone comes back when a handler ran (of a signal that asks to stop, or of the alarm behind it: no other has
 * one); a read that had begun is gone on with. 0: the end, or no more (stopped, failure). */
static size_t read_some(assay_byte_source *source, char *to)
{
    for (;;) {
        struct pollfd wait = {.fd = source->fd, .events = POLLIN};
        source->stopped = poll(&wait, 1, -1) < 0 && errno == EINTR;
        if (source->stopped) return 0;
        ssize_t got = read(source->fd, to, PIECE_BYTES);
        if (got >= 0) return (size_t)got;
        if (errno == EINTR || errno == EAGAIN) continue;
        source->failure = errno;
        return 0;
    }
}

static size_t unpack_some(assay_byte_source *source)
{
    for (;;) {
        size_t got =
            assay_gunzip_run(source->gunzip, &source->packed_at, &source->packed_left, source->piece, PIECE_BYTES);
        if (got || assay_gunzip_done(source->gunzip) || assay_gunzip_broken(source->gunzip)) return got;
        if (source->packed_left) continue;
        source->packed_at = source->packed;
        source->packed_left = read_some(source, source->packed);
        if (source->packed_left) continue;
        source->cut_off = !source->stopped && !source->failure && !assay_gunzip_between(source->gunzip);
        return 0;
    }
}

static void refill(assay_byte_source *source)
{
    size_t got = source->gunzip ? unpack_some(source) : read_some(source, source->piece);
    source->finished = got == 0;
    source->at = source->piece;
    source->end = source->piece + got;
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
    for (const char *from = source->at; from < stop && (from = memchr(from, '\n', (size_t)(stop - from))); from++)
        source->line++;
    source->at = stop;
}

assay_status assay_byte_source_status(const assay_byte_source *source, assay_error *err)
{
    const char *broken = source->gunzip ? assay_gunzip_broken(source->gunzip) : NULL;
    if (source->stopped) return assay_error_set(err, ASSAY_E_STOPPED, "interrupted while waiting for %s", source->name);
    if (source->failure)
        return assay_error_set(err, ASSAY_E_IO, "cannot read %s: %s", source->name, strerror(source->failure));
    if (!broken && !source->cut_off) return ASSAY_OK;
    if (broken && assay_gunzip_no_memory(source->gunzip))
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for unpacking %s", source->name);
    return assay_error_set(err, ASSAY_E_FORMAT, "%s: the gzip data is broken or cut off (%s); fetch the file again",
                           source->name, broken ? broken : "it ends too early");
}

/* Only what is known to lie there whole can be read from its end. */
static assay_status look_at_parquet(assay_byte_source *source, assay_error *err)
{
    struct stat about;
    if (source->gunzip)
        return assay_foreign_data_parquet(source->name, "packed with gzip", "unpack it with gunzip first", err);
    if (source->fd == STDIN_FILENO || fstat(source->fd, &about) || !S_ISREG(about.st_mode))
        return assay_foreign_data_parquet(source->name, "through a pipe", "give the file by its name", err);
    source->is_parquet = true;
    return ASSAY_OK;
}

static assay_status look_at_start(assay_byte_source *source, assay_error *err)
{
    if (!assay_byte_source_more(source)) return assay_byte_source_status(source, err);
    size_t there = (size_t)(source->end - source->at);
    const char *at = source->at;
    if (there >= 4 && !memcmp(at, "PAR1", 4)) return look_at_parquet(source, err);
    ASSAY_TRY(assay_foreign_data_check(source->name, at, there, err));
    if (there >= 3 && !memcmp(at, "\xEF\xBB\xBF", 3)) assay_byte_source_skip(source, 3);
    return ASSAY_OK;
}

/* Of what look_at_start knows: more bytes have to tell. */
static bool is_beginning(const char *bytes, size_t there)
{
    return (there < 3 && !memcmp(bytes, "\xEF\xBB\xBF", there)) || (there < 4 && !memcmp(bytes, "PAR1", there)) ||
           assay_foreign_data_begins(bytes, there);
}

/* A pipe's first bytes may come one by one. */
static void read_start(assay_byte_source *source)
{
    size_t there = 0, got;
    source->at = source->piece;
    while ((there < 2 || is_beginning(source->piece, there)) && (got = read_some(source, source->piece + there)))
        there += got;
    source->end = source->piece + there;
    source->finished = there < 2;
}

static assay_status begin_unpacking(assay_byte_source *source, assay_error *err)
{
    source->gunzip = assay_gunzip_new();
    source->packed = source->piece;
    source->packed_at = source->at;
    source->packed_left = (size_t)(source->end - source->at);
    source->at = source->end = source->piece = assay_alloc(PIECE_BYTES, 1);
    if (source->gunzip && source->piece) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for unpacking %s", source->name);
}

/* Not blocking: opening a named pipe would wait for its writer where no signal ends the wait. */
static assay_status open_named(assay_byte_source *source, const char *path, assay_error *err)
{
    source->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (source->fd < 0) return assay_error_set(err, ASSAY_E_IO, "cannot open %s: %s", path, strerror(errno));
    read_start(source);
    bool packed = source->end - source->at >= 2 && !memcmp(source->at, "\x1f\x8b", 2);
    return packed ? begin_unpacking(source, err) : ASSAY_OK;
}

static assay_status open_source(assay_byte_source *source, const char *path, bool standard, assay_error *err)
{
    source->name = assay_strdup(standard ? "standard input" : path);
    source->piece = assay_alloc(PIECE_BYTES + ASSAY_FOREIGN_DATA_BYTES, 1); /* read_start may append to so many */
    if (!source->name || !source->piece)
        return assay_error_set(err, ASSAY_E_MEMORY, "out of memory for reading %s", path);
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
    assay_gunzip_free(source->gunzip);
    if (source->fd > STDIN_FILENO) close(source->fd);
    assay_free(source->packed);
    assay_free(source->name);
    assay_free(source->piece);
    *source = (assay_byte_source){0};
}
