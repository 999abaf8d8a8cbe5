/* Files: read whole, map, write whole or not at all. assay_file_write_atomic writes beside the target, syncs, renames
 * and syncs the folder: the target is the old file or the new one, never a half. assay_writer does the same for a file
 * written in pieces. Messages name the path and errno's text. */
#ifndef ASSAY_BASE_FILE_H
#define ASSAY_BASE_FILE_H

#include "base/alloc.h"

#include <stdint.h>
#include <sys/types.h>

/* Opens for reading, whatever stands there: opened without blocking, then looked at, for a named pipe in a folder of
 * somebody else's would wait for a writer. What is no regular file is refused by name. size may be NULL; the caller
 * closes *fd. Everything that reads a file opens it so (pair files may be pipes: data/byte_source.h). */
assay_status assay_file_open(const char *path, int *fd, uint64_t *size, assay_error *err);

/* A read-only mapping of a whole file. An empty file has data == NULL and size == 0. */
typedef struct assay_mapping {
    const uint8_t *data;
    size_t size;
} assay_mapping;

assay_status assay_map_open(assay_mapping *map, const char *path, assay_error *err);
/* gives its pages back to the page cache; they come again when touched */
void assay_map_forget(const assay_mapping *map);
/* the same of whole pages among bytes of a mapping, and of nothing else: other memory would lose what it holds */
void assay_map_forget_bytes(const void *data, size_t bytes);
void assay_map_close(assay_mapping *map); /* safe on a zeroed or closed mapping */

/* Reads a whole file of at most `ceiling` bytes; *out ends with a zero byte, freed by the caller with assay_free. */
assay_status assay_file_read(const char *path, size_t ceiling, char **out, size_t *size, assay_error *err);

assay_status assay_file_write_atomic(const char *path, const void *data, size_t size, assay_error *err);

bool assay_path_exists(const char *path); /* true also where the system refuses to look */

/* folder/name, likewise: true also where there is no memory for the path. Whoever goes on to open it then says so;
 * taken for absent, settings would be passed over without a word. Not for what only may be done where a file is
 * there. */
bool assay_folder_holds(const char *folder, const char *name);
bool assay_path_is_dir(const char *path);

/* Both at once, with a path that cannot be looked at as an error. */
assay_status assay_path_look(const char *path, bool *exists, bool *is_dir, assay_error *err);

/* "folder/name" in fresh memory; NULL when out of memory. */
char *assay_path_join(const char *folder, const char *name);
const char *assay_path_base(const char *path); /* the part behind the last slash */

/* Absolute and free of links; the path must exist. */
assay_status assay_path_absolute(const char *path, char **out, assay_error *err);

/* mkdir -p */
assay_status assay_make_dirs(const char *path, assay_error *err);

/* A new, empty folder beside `path`, whose parents are made as needed: PATH.MARK-PID-N with the first N whose name is
 * free, so nothing that was there before is used or followed. *out is its name, freed by the caller; NULL after a
 * failure. */
assay_status assay_make_dir_beside(const char *path, const char *mark, char **out, assay_error *err);

/* Removes a file or a folder with all it holds; links are removed, not followed. A missing path is no error. */
assay_status assay_remove_tree(const char *path, assay_error *err);

/* Names in a folder (without . and ..), sorted bytewise. Free with assay_names_free. */
assay_status assay_list_dir(const char *path, char ***names, size_t *count, assay_error *err);
void assay_names_free(char **names, size_t count);

assay_status assay_sync_dir(const char *path, assay_error *err);

/* Whether a file of this name could be written: makes one beside it and takes it away again. */
assay_status assay_file_check_writable(const char *path, assay_error *err);

/* The folder at which the disk that holds `path` is mounted, in fresh memory (NULL: out of memory), and the bytes free
 * on it (UINT64_MAX: not known). */
char *assay_disk_of(const char *path, uint64_t *free_bytes);

/* A new file that loses its name at once, so that nothing of it stays however the process ends: mode 0600, closed by
 * exec. path: for mkstemp, which fills in the XXXXXX that it ends with. Returns its descriptor; -1 with errno set: it
 * could not be made, or (*named) could not lose its name. */
int assay_file_make_nameless(char *path, bool *named);

/* Takes the blocks of so many bytes of a file now, whatever comes between: a full disk is told here, not when they are
 * written to. 0, or what posix_fallocate says; of no bytes 0. */
int assay_file_take_room(int fd, off_t bytes);

/* Writes all of it from `offset` on; false with errno set. A signal may come between, and a part be taken. */
bool assay_file_put(int fd, const void *data, size_t size, uint64_t offset);

/* Byte-for-byte copy (atomic at the target), for tests that lay out their folders. */
assay_status assay_file_copy(const char *from, const char *to, assay_error *err);

/* A file written in pieces beside `path`, under a name nobody has (as above), and renamed by assay_writer_commit. After
 * an error, or instead of a commit, call assay_writer_abort, which removes the piece. Both are safe on a zeroed writer.
 */
typedef struct assay_writer {
    int fd;
    bool open;
    char *path, *temporary;
    uint64_t written;
    uint8_t *pending; /* writes are gathered into 1 MiB pieces */
    size_t pending_size;
    /* bytes given to the kernel; of them on the way to the disk; of them waited for */
    uint64_t handed, started, settled;
} assay_writer;

assay_status assay_writer_open(assay_writer *writer, const char *path, assay_error *err);
assay_status assay_writer_write(assay_writer *writer, const void *data, size_t size, assay_error *err);
assay_status assay_writer_commit(assay_writer *writer, assay_error *err);
void assay_writer_abort(assay_writer *writer);

#endif
