#include "base/held_files.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PIECE_BYTES = 1 << 16 };

static const assay_held_file *find(const assay_held_files *held, const char *name)
{
    for (size_t i = 0; i < held->count; i++)
        if (!strcmp(held->items[i].name, name)) return &held->items[i];
    return NULL;
}

/* *fd -1: absent, or no regular file. Not waiting for the other end of a pipe. */
static assay_status open_regular(const char *path, int *fd, uint64_t *size, assay_error *err)
{
    struct stat info;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0 && (errno == ENOENT || errno == ENOTDIR)) return ASSAY_OK;
    if (*fd < 0) return assay_error_set(err, ASSAY_E_IO, "cannot open %s: %s", path, strerror(errno));
    if (fstat(*fd, &info) == 0 && S_ISREG(info.st_mode)) {
        *size = (uint64_t)info.st_size;
        return ASSAY_OK;
    }
    close(*fd);
    *fd = -1;
    return ASSAY_OK;
}

static assay_status keep(assay_held_files *held, const char *name, int fd, assay_error *err)
{
    ASSAY_TRY(assay_grow(&held->items, &held->capacity, held->count + 1, sizeof *held->items, err));
    char *copy = assay_strdup(name);
    ASSAY_TRY_ALLOC(copy, "a file name", err);
    held->items[held->count++] = (assay_held_file){copy, fd};
    return ASSAY_OK;
}

assay_status assay_held_files_add(assay_held_files *held, const char *folder, const char *name, assay_error *err)
{
    int fd;
    uint64_t size = 0;
    if (find(held, name)) return ASSAY_OK;
    char *path = assay_path_join(folder, name);
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = open_regular(path, &fd, &size, err);
    assay_free(path);
    if (status != ASSAY_OK || fd < 0) return status;
    status = keep(held, name, fd, err);
    if (status != ASSAY_OK) close(fd);
    else held->bytes += size;
    return status;
}

static ssize_t read_piece(int fd, char *piece, size_t size, off_t at)
{
    ssize_t got;
    do got = pread(fd, piece, size, at);
    while (got < 0 && errno == EINTR);
    return got;
}

assay_status assay_held_files_read(const assay_held_files *held, const char *name, size_t ceiling, char **out,
                                   size_t *size, assay_error *err)
{
    const assay_held_file *file = find(held, name);
    struct stat info;
    *out = NULL;
    *size = 0;
    if (!file) return ASSAY_OK;
    if (fstat(file->fd, &info) != 0 || (uint64_t)info.st_size > ceiling)
        return assay_error_set(err, ASSAY_E_FORMAT, "%s has more than the %zu bytes that are allowed here", name,
                               ceiling);
    char *text = assay_alloc((size_t)info.st_size + 1, 1);
    ASSAY_TRY_ALLOC(text, name, err);
    ssize_t got = 1;
    while (*size < (size_t)info.st_size && got > 0) {
        got = read_piece(file->fd, text + *size, (size_t)info.st_size - *size, (off_t)*size);
        if (got > 0) *size += (size_t)got;
    }
    if (got < 0) {
        assay_free(text);
        return assay_error_set(err, ASSAY_E_IO, "cannot read %s: %s", name, strerror(errno));
    }
    *out = text;
    return ASSAY_OK;
}

static assay_status copy_pieces(const assay_held_file *file, assay_writer *writer, assay_error *err)
{
    char piece[PIECE_BYTES];
    off_t at = 0;
    for (ssize_t got; (got = read_piece(file->fd, piece, sizeof piece, at)) != 0; at += got) {
        if (got < 0) return assay_error_set(err, ASSAY_E_IO, "cannot read %s: %s", file->name, strerror(errno));
        ASSAY_TRY(assay_writer_write(writer, piece, (size_t)got, err));
    }
    return ASSAY_OK;
}

static assay_status make_parent(char *path, assay_error *err)
{
    char *end = strrchr(path, '/');
    *end = '\0';
    assay_status status = assay_make_dirs(path, err);
    *end = '/';
    return status;
}

static assay_status write_one(const assay_held_file *file, const char *folder, assay_error *err)
{
    assay_writer writer;
    char *path = assay_path_join(folder, file->name);
    ASSAY_TRY_ALLOC(path, "a path", err);
    assay_status status = strchr(file->name, '/') ? make_parent(path, err) : ASSAY_OK;
    if (status == ASSAY_OK) status = assay_writer_open(&writer, path, err);
    if (status == ASSAY_OK) {
        status = copy_pieces(file, &writer, err);
        if (status == ASSAY_OK) status = assay_writer_commit(&writer, err);
        else assay_writer_abort(&writer);
    }
    assay_free(path);
    return status;
}

assay_status assay_held_files_write(const assay_held_files *held, const char *folder, assay_error *err)
{
    for (size_t i = 0; i < held->count; i++) ASSAY_TRY(write_one(&held->items[i], folder, err));
    return ASSAY_OK;
}

void assay_held_files_release(assay_held_files *held)
{
    for (size_t i = 0; i < held->count; i++) {
        close(held->items[i].fd);
        assay_free(held->items[i].name);
    }
    assay_free(held->items);
    *held = (assay_held_files){0};
}
