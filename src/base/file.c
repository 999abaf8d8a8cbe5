/* Reading and mapping files, paths and folders. The write-aside-then-rename side is in file_write.c. */
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static assay_status io_error(assay_error *err, const char *verb, const char *path)
{
    return assay_error_set(err, ASSAY_E_IO, "cannot %s %s: %s", verb, path, strerror(errno));
}

static const char *kind_of(mode_t mode)
{
    if (S_ISDIR(mode)) return "is a folder, not a file";
    if (S_ISFIFO(mode)) return "is a named pipe, not a regular file";
    if (S_ISSOCK(mode)) return "is a socket, not a regular file";
    return "is not a regular file";
}

assay_status assay_file_open(const char *path, int *fd, uint64_t *size, assay_error *err)
{
    struct stat info;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    /* A regular file whose lease somebody holds: they are being told, and give it back soon. */
    if (*fd < 0 && errno == EWOULDBLOCK && stat(path, &info) == 0 && S_ISREG(info.st_mode))
        *fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (*fd < 0) return io_error(err, "open", path);
    bool looked = fstat(*fd, &info) == 0;
    if (looked && S_ISREG(info.st_mode)) {
        if (size) *size = (uint64_t)info.st_size;
        return ASSAY_OK;
    }
    assay_status status = looked ? assay_error_set(err, ASSAY_E_IO, "%s %s", path, kind_of(info.st_mode))
                                 : io_error(err, "look at", path);
    close(*fd);
    *fd = -1;
    return status;
}

static assay_status open_regular(const char *path, int *fd, size_t *size, assay_error *err)
{
    uint64_t bytes = 0;
    ASSAY_TRY(assay_file_open(path, fd, &bytes, err));
    *size = (size_t)bytes;
    return ASSAY_OK;
}

assay_status assay_map_open(assay_mapping *map, const char *path, assay_error *err)
{
    int fd;
    *map = (assay_mapping){0};
    ASSAY_TRY(open_regular(path, &fd, &map->size, err));
    if (map->size == 0) {
        close(fd);
        return ASSAY_OK;
    }
    void *data = mmap(NULL, map->size, PROT_READ, MAP_PRIVATE, fd, 0);
    int failure = errno;
    close(fd);
    errno = failure;
    if (data == MAP_FAILED) {
        map->size = 0;
        return io_error(err, "map", path);
    }
    map->data = data;
    return ASSAY_OK;
}

void assay_map_forget(const assay_mapping *map)
{
    if (map->size) madvise((void *)(uintptr_t)map->data, map->size, MADV_DONTNEED);
}

void assay_map_forget_bytes(const void *data, size_t bytes)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = ((uintptr_t)data + page - 1) / page * page,
              end = ((uintptr_t)data + bytes) / page * page;
    if (end > first) madvise((void *)first, end - first, MADV_DONTNEED);
}

void assay_map_close(assay_mapping *map)
{
    if (map->data) munmap((void *)(uintptr_t)map->data, map->size);
    *map = (assay_mapping){0};
}

static bool read_fully(int fd, char *data, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t got = read(fd, data + done, size - done);
        if (got < 0 && errno == EINTR) continue;
        if (got == 0) errno = EIO;
        if (got <= 0) return false;
        done += (size_t)got;
    }
    return true;
}

assay_status assay_file_read(const char *path, size_t ceiling, char **out, size_t *size, assay_error *err)
{
    int fd;
    size_t length;
    *out = NULL;
    ASSAY_TRY(open_regular(path, &fd, &length, err));
    assay_status status = ASSAY_OK;
    if (length > ceiling) {
        status = assay_error_set(err, ASSAY_E_FORMAT, "%s has %zu bytes, at most %zu are allowed here", path, length,
                                 ceiling);
    } else if (!(*out = assay_alloc(length + 1, 1))) {
        status = assay_error_set(err, ASSAY_E_MEMORY, "out of memory for %s (%zu bytes)", path, length);
    } else if (!read_fully(fd, *out, length)) {
        status = io_error(err, "read", path);
        assay_free(*out);
        *out = NULL;
    }
    close(fd);
    if (size) *size = length;
    return status;
}

/* What cannot be looked at is not taken for absent: whoever opens it then says why. */
bool assay_path_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 || (errno != ENOENT && errno != ENOTDIR && errno != ENAMETOOLONG);
}

bool assay_folder_holds(const char *folder, const char *name)
{
    char *path = assay_path_join(folder, name);
    bool there = !path || assay_path_exists(path);
    assay_free(path);
    return there;
}

bool assay_path_is_dir(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

assay_status assay_path_look(const char *path, bool *exists, bool *is_dir, assay_error *err)
{
    struct stat info;
    *exists = *is_dir = false;
    if (stat(path, &info) != 0) return errno == ENOENT || errno == ENOTDIR ? ASSAY_OK : io_error(err, "look at", path);
    *exists = true;
    *is_dir = S_ISDIR(info.st_mode);
    return ASSAY_OK;
}

char *assay_path_join(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    const char *slash = length && folder[length - 1] == '/' ? "" : "/";
    return length ? assay_strfmt("%s%s%s", folder, slash, name) : assay_strdup(name);
}

const char *assay_path_base(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

assay_status assay_path_absolute(const char *path, char **out, assay_error *err)
{
    char resolved[PATH_MAX];
    if (!realpath(path, resolved)) return io_error(err, "resolve", path);
    *out = assay_strdup(resolved);
    ASSAY_TRY_ALLOC(*out, "a path", err);
    return ASSAY_OK;
}

assay_status assay_make_dirs(const char *path, assay_error *err)
{
    char *copy = assay_strdup(path);
    ASSAY_TRY_ALLOC(copy, "a path", err);
    for (char *at = copy + 1;; at++) {
        if (*at != '/' && *at != 0) continue;
        char kept = *at;
        *at = 0;
        bool made = mkdir(copy, 0777) == 0 || (errno == EEXIST && assay_path_is_dir(copy));
        if (!made) {
            assay_status status = io_error(err, "create the folder", copy);
            assay_free(copy);
            return status;
        }
        *at = kept;
        if (kept == 0) break;
    }
    assay_free(copy);
    return ASSAY_OK;
}

static int compare_names(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

void assay_names_free(char **names, size_t count)
{
    for (size_t i = 0; i < count; i++) assay_free(names[i]);
    assay_free(names);
}

static assay_status list_entries(DIR *dir, const char *path, char ***names, size_t *count, assay_error *err)
{
    size_t capacity = 0;
    for (struct dirent *entry; errno = 0, (entry = readdir(dir));) {
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        ASSAY_TRY(assay_grow(&*names, &capacity, *count + 1, sizeof **names, err));
        (*names)[*count] = assay_strdup(entry->d_name);
        ASSAY_TRY_ALLOC((*names)[*count], "a file name", err);
        ++*count;
    }
    return errno ? io_error(err, "list", path) : ASSAY_OK;
}

assay_status assay_list_dir(const char *path, char ***names, size_t *count, assay_error *err)
{
    *names = NULL;
    *count = 0;
    DIR *dir = opendir(path);
    if (!dir) return io_error(err, "list", path);
    assay_status status = list_entries(dir, path, names, count, err);
    closedir(dir);
    if (status != ASSAY_OK) {
        assay_names_free(*names, *count);
        *names = NULL;
        *count = 0;
        return status;
    }
    if (*count) qsort(*names, *count, sizeof **names, compare_names);
    return ASSAY_OK;
}

static assay_status remove_children(const char *path, assay_error *err)
{
    char **names;
    size_t count;
    ASSAY_TRY(assay_list_dir(path, &names, &count, err));
    assay_status status = ASSAY_OK;
    for (size_t i = 0; i < count && status == ASSAY_OK; i++) {
        char *child = assay_path_join(path, names[i]);
        status =
            child ? assay_remove_tree(child, err) : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for a path");
        assay_free(child);
    }
    assay_names_free(names, count);
    return status;
}

assay_status assay_remove_tree(const char *path, assay_error *err)
{
    struct stat info;
    if (lstat(path, &info) != 0) return errno == ENOENT ? ASSAY_OK : io_error(err, "look at", path);
    if (S_ISDIR(info.st_mode)) ASSAY_TRY(remove_children(path, err));
    int failed = S_ISDIR(info.st_mode) ? rmdir(path) : unlink(path);
    return failed ? io_error(err, "remove", path) : ASSAY_OK;
}
