/* Makes the n-th call of a kind fail, or end the process, in a program that knows nothing of it. Test only, loaded with
 * LD_PRELOAD; a leak checker (liblsan.so) may be loaded behind it.
 *
 *     INJECT_WHAT  alloc | open | read | write | sync | rename | map | name | thread | close | query | any (all but
 *     alloc) | save (what a save calls: for kills)
 *     INJECT_HOW   fail (the errno of INJECT_ERRNO, default EIO) | short (half of what was asked) | kill (SIGKILL
 *     before the call) | after (SIGKILL behind it)
 *                  | term, int, usr1, usr2, hup, xcpu (that signal before the call)
 *                  | trap (SIGTRAP before the call: to look at the place with a debugger)
 *     INJECT_AT    n, from 1; 0 or absent: none, only counted
 *     INJECT_ALSO  how many calls behind the n-th fail too (default 0; a large number: from there on)
 *     INJECT_COUNT a file that gets, when the program ends by itself, "CALLS LEFT": calls seen, and blocks that were
 *     never freed (those that the C
 *                  library made for itself are not counted), each followed by a line with where it was asked for
 *     INJECT_PLACES a file that gets a line "N PLACE" for every call: PLACE is the same for calls from the same stack
 *     of callers
 *
 * "name" is what works on names: mkdir, unlink, rmdir, stat, lstat, realpath, opendir, readdir. Standard streams' own
 * writes are caught at fflush. "query" is what asks the system about itself: statvfs, getrlimit, sched_getaffinity,
 * sysconf, uname, madvise. Only one process is counted; threads are counted together.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

enum {
    ALLOC = 1,
    OPEN = 2,
    READ = 4,
    WRITE = 8,
    SYNC = 16,
    RENAME = 32,
    MAP = 64,
    NAME = 128,
    THREAD = 256,
    CLOSE = 512,
    QUERY = 1024,
    ANY = 2046,
    SAVE = OPEN | WRITE | SYNC | RENAME | NAME
};
enum { FAIL, SHORT, KILL, AFTER, TERM, INTERRUPT, TRAP, USER, USER_TOO, HANGUP, LIMIT };

static struct {
    int what, how, code;
    long at, also;
    const char *count_file;
    FILE *places;
    bool ready;
} plan;
static atomic_long seen;
/* of our own calls, which are not counted; volatile: dlsym is declared to call nothing of ours, and does */
static _Thread_local volatile bool inside;

static int word(const char *text, const char *const *words, const int *values, int otherwise)
{
    for (int i = 0; text && words[i]; i++)
        if (!strcmp(text, words[i])) return values[i];
    return otherwise;
}

static long number(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text ? atol(text) : otherwise;
}

/* Blocks alive, in an open hash table: who asked for them. Addresses are kept inverted, so that a leak checker that
 * looks here finds no pointer. */
enum { BLOCKS = 1 << 18 };
static struct {
    uintptr_t block; /* 0: never used */
    const void *caller;
} live[BLOCKS];
static pthread_mutex_t live_lock = PTHREAD_MUTEX_INITIALIZER;
static const uintptr_t gone = 1;

static size_t place_of(uintptr_t key) { return (size_t)((~key >> 4) * 0x9E3779B97F4A7C15u >> 46); }

static void *born(void *block, const void *caller)
{
    if (!block) return NULL;
    uintptr_t key = ~(uintptr_t)block;
    pthread_mutex_lock(&live_lock);
    size_t at = place_of(key), tries = 0;
    while (live[at].block && live[at].block != gone && tries++ < BLOCKS) at = (at + 1) % BLOCKS;
    live[at].block = key;
    live[at].caller = caller;
    pthread_mutex_unlock(&live_lock);
    return block;
}

static void died(const void *block)
{
    if (!block) return;
    uintptr_t key = ~(uintptr_t)block;
    pthread_mutex_lock(&live_lock);
    size_t at = place_of(key), tries = 0;
    while (live[at].block && live[at].block != key && tries++ < BLOCKS) at = (at + 1) % BLOCKS;
    if (live[at].block == key) live[at].block = gone;
    pthread_mutex_unlock(&live_lock);
}

/* Asked for by the program or a library, not by the C library for its streams. */
static bool is_ours(size_t at, Dl_info *where)
{
    if (!live[at].block || live[at].block == gone) return false;
    return dladdr(live[at].caller, where) && !strstr(where->dli_fname, "libc.so") &&
           !strstr(where->dli_fname, "/ld-linux");
}

static void report(void)
{
    Dl_info where;
    long left = 0;
    inside = true;
    if (plan.places) fclose(plan.places);
    plan.places = NULL;
    FILE *file = plan.count_file ? fopen(plan.count_file, "w") : NULL;
    if (!file) return;
    for (size_t i = 0; i < BLOCKS; i++) left += is_ours(i, &where);
    fprintf(file, "%ld %ld\n", atomic_load(&seen), left);
    for (size_t i = 0; i < BLOCKS; i++)
        if (is_ours(i, &where))
            fprintf(file, "%s+%#lx\n", where.dli_fname,
                    (unsigned long)((const char *)live[i].caller - (const char *)where.dli_fbase));
    fclose(file);
}

static void open_places(void)
{
    const char *path = getenv("INJECT_PLACES");
    if (!path) return;
    inside = true;
    plan.places = fopen(path, "w");
    void *frames[1];
    backtrace(frames, 1); /* loads what it needs */
    inside = false;
}

/* Only ever compared within one run. */
static void note_place(long nth)
{
    void *frames[64];
    inside = true;
    int depth = backtrace(frames, 64);
    uint64_t place = (uint64_t)depth;
    for (int i = 0; i < depth; i++)
        place = (place ^ (uint64_t)((char *)frames[i] - (char *)frames[0])) * 0x100000001B3u;
    fprintf(plan.places, "%ld %016llx\n", nth, (unsigned long long)place);
    inside = false;
}

__attribute__((constructor)) static void begin(void)
{
    static const char *const whats[] = {"alloc", "open",   "read",  "write", "sync", "rename", "map",
                                        "name",  "thread", "close", "query", "any",  "save",   NULL};
    static const int what_values[] = {ALLOC, OPEN,   READ,  WRITE, SYNC, RENAME, MAP,
                                      NAME,  THREAD, CLOSE, QUERY, ANY,  SAVE};
    static const char *const hows[] = {"fail", "short", "kill", "after", "term", "int",
                                       "trap", "usr1",  "usr2", "hup",   "xcpu", NULL};
    static const int how_values[] = {FAIL, SHORT, KILL, AFTER, TERM, INTERRUPT, TRAP, USER, USER_TOO, HANGUP, LIMIT};
    static const char *const codes[] = {"EIO", "ENOSPC", "EINTR", "EMFILE", "ENOMEM", "EACCES", NULL};
    static const int code_values[] = {EIO, ENOSPC, EINTR, EMFILE, ENOMEM, EACCES};
    plan.ready = true;
    void *volatile first = malloc(1);
    free(first); /* a leak checker behind this one begins with the first block it is asked for */
    plan.what = word(getenv("INJECT_WHAT"), whats, what_values, 0);
    plan.how = word(getenv("INJECT_HOW"), hows, how_values, FAIL);
    plan.code = word(getenv("INJECT_ERRNO"), codes, code_values, EIO);
    plan.at = number("INJECT_AT", 0);
    plan.also = number("INJECT_ALSO", 0);
    plan.count_file = getenv("INJECT_COUNT");
    atexit(report);
    open_places();
}

static bool hit(int kind, long *nth)
{
    if (!plan.ready || inside || !(plan.what & kind)) return false;
    *nth = atomic_fetch_add(&seen, 1) + 1;
    if (plan.places) note_place(*nth);
    return plan.at > 0 && *nth >= plan.at && *nth <= plan.at + plan.also;
}

/* True: the call is to fail, errno is set. *half: it is to do half. *end: the process is to end behind it. */
static bool strike(int kind, bool *half, bool *end)
{
    long nth;
    *half = *end = false;
    if (!hit(kind, &nth)) return false;
    if (plan.how == KILL) kill(getpid(), SIGKILL);
    if (plan.how == TERM) kill(getpid(), SIGTERM);
    if (plan.how == INTERRUPT) kill(getpid(), SIGINT);
    if (plan.how == TRAP) raise(SIGTRAP);
    if (plan.how == USER) kill(getpid(), SIGUSR1);
    if (plan.how == USER_TOO) kill(getpid(), SIGUSR2);
    if (plan.how == HANGUP) kill(getpid(), SIGHUP);
    if (plan.how == LIMIT) kill(getpid(), SIGXCPU);
    *half = plan.how == SHORT;
    *end = plan.how == AFTER;
    errno = plan.code;
    return plan.how == FAIL;
}

static void finish(bool end)
{
    if (end) kill(getpid(), SIGKILL);
}

/* The real function behind ours. dlsym may allocate: those calls pass uncounted. */
static void *real(const char *name)
{
    bool before = inside;
    inside = true;
    void *found = dlsym(RTLD_NEXT, name);
    inside = before;
    return found;
}

#define REAL(name)                 \
    static __typeof__(&name) next; \
    if (!next) next = (__typeof__(&name))real(#name)

/* Before everything is loaded (dlsym and sanitizers allocate then), a small store serves. */
static char early[1 << 20];
static size_t early_used;

static void *early_block(size_t bytes)
{
    size_t at = early_used;
    early_used += (bytes + 15) & ~(size_t)15;
    return early_used <= sizeof early ? early + at : NULL;
}

static bool is_early(const void *block)
{
    return (const char *)block >= early && (const char *)block < early + sizeof early;
}

void *malloc(size_t size)
{
    static void *(*next)(size_t);
    bool half, end;
    if (!next) {
        if (inside || !plan.ready) return early_block(size);
        next = (void *(*)(size_t))real("malloc");
        if (!next) return early_block(size); /* a sanitizer that is still looking for its own */
    }
    if (strike(ALLOC, &half, &end)) return errno = ENOMEM, NULL;
    return born(next(size), __builtin_return_address(0));
}

void *calloc(size_t count, size_t size)
{
    static void *(*next)(size_t, size_t);
    bool half, end;
    if (!next) {
        if (inside || !plan.ready) return early_block(count * size);
        next = (void *(*)(size_t, size_t))real("calloc");
        if (!next) return early_block(count * size); /* a sanitizer that is still looking for its own */
    }
    if (strike(ALLOC, &half, &end)) return errno = ENOMEM, NULL;
    return born(next(count, size), __builtin_return_address(0));
}

void *realloc(void *block, size_t size)
{
    if (is_early(block)) {
        void *moved = malloc(size);
        if (moved)
            memcpy(moved, block,
                   size < (size_t)(early + sizeof early - (char *)block)
                       ? size
                       : (size_t)(early + sizeof early - (char *)block));
        return moved;
    }
    REAL(realloc);
    bool half, end;
    if (strike(ALLOC, &half, &end)) return errno = ENOMEM, NULL;
    void *moved = next(block, size);
    if (moved) died(block);
    return born(moved, __builtin_return_address(0));
}

void free(void *block)
{
    static void (*next)(void *);
    if (is_early(block)) return;
    if (!next && inside) return; /* dlsym, which is looking for it, drops an old message */
    if (!next) next = (void (*)(void *))real("free");
    died(block);
    next(block);
}

static int open_as(const char *name, const char *path, int flags, mode_t mode)
{
    int (*next)(const char *, int, ...) = (int (*)(const char *, int, ...))real(name);
    bool half, end;
    if (strike(OPEN, &half, &end)) return -1;
    int fd = next(path, flags, mode);
    finish(end);
    return fd;
}

#define OPEN_LIKE(name)                                           \
    int name(const char *path, int flags, ...)                    \
    {                                                             \
        va_list args;                                             \
        va_start(args, flags);                                    \
        mode_t mode = flags & O_CREAT ? va_arg(args, mode_t) : 0; \
        va_end(args);                                             \
        return open_as(#name, path, flags, mode);                 \
    }
OPEN_LIKE(open)
OPEN_LIKE(open64)

FILE *fopen(const char *path, const char *mode)
{
    REAL(fopen);
    bool half, end;
    if (strike(OPEN, &half, &end)) return NULL;
    FILE *file = next(path, mode);
    finish(end);
    return file;
}

ssize_t read(int fd, void *data, size_t size)
{
    REAL(read);
    bool half, end;
    if (strike(READ, &half, &end)) return -1;
    return next(fd, data, half && size > 1 ? (size + 1) / 2 : size);
}

ssize_t __read_chk(int fd, void *data, size_t size, size_t room);
ssize_t __read_chk(int fd, void *data, size_t size, size_t room) { return size <= room ? read(fd, data, size) : -1; }

ssize_t pread(int fd, void *data, size_t size, off_t from)
{
    REAL(pread);
    bool half, end;
    if (strike(READ, &half, &end)) return -1;
    return next(fd, data, half && size > 1 ? (size + 1) / 2 : size, from);
}

/* Reading through a stream: a part, and the stream's error is not set; fgets: as at the end. */
size_t fread(void *data, size_t size, size_t count, FILE *file)
{
    REAL(fread);
    bool half, end;
    if (strike(READ, &half, &end) && errno != EINTR) return 0;
    return next(data, size, count, file);
}

char *fgets(char *line, int size, FILE *file)
{
    REAL(fgets);
    bool half, end;
    if (strike(READ, &half, &end) && errno != EINTR) return NULL;
    return next(line, size, file);
}

ssize_t write(int fd, const void *data, size_t size)
{
    REAL(write);
    bool half, end;
    if (strike(WRITE, &half, &end)) return -1;
    ssize_t done = next(fd, data, half && size > 1 ? (size + 1) / 2 : size);
    finish(end);
    return done;
}

/* Standard streams write inside the C library; a failed flush leaves what was buffered. Short is none of their
 * business. */
int fflush(FILE *file)
{
    REAL(fflush);
    bool half, end;
    if (strike(WRITE, &half, &end) && errno != EINTR) return EOF;
    int result = next(file);
    finish(end);
    return result;
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t to)
{
    REAL(pwrite);
    bool half, end;
    if (strike(WRITE, &half, &end)) return -1;
    ssize_t result = next(fd, data, half && size > 1 ? (size + 1) / 2 : size, to);
    finish(end);
    return result;
}

int posix_fallocate(int fd, off_t from, off_t size)
{
    REAL(posix_fallocate);
    bool half, end;
    if (strike(WRITE, &half, &end)) return errno;
    int result = next(fd, from, size);
    finish(end);
    return result;
}

int mkstemp(char *name)
{
    REAL(mkstemp);
    bool half, end;
    if (strike(OPEN, &half, &end)) return -1;
    int fd = next(name);
    finish(end);
    return fd;
}

int fdatasync(int fd)
{
    REAL(fdatasync);
    bool half, end;
    if (strike(SYNC, &half, &end)) return -1;
    int result = next(fd);
    finish(end);
    return result;
}

int fsync(int fd)
{
    REAL(fsync);
    bool half, end;
    if (strike(SYNC, &half, &end)) return -1;
    int result = next(fd);
    finish(end);
    return result;
}

int sync_file_range(int fd, off_t from, off_t size, unsigned how)
{
    REAL(sync_file_range);
    bool half, end;
    if (strike(SYNC, &half, &end)) return -1;
    int result = next(fd, from, size, how);
    finish(end);
    return result;
}

int rename(const char *from, const char *to)
{
    REAL(rename);
    bool half, end;
    if (strike(RENAME, &half, &end)) return -1;
    int result = next(from, to);
    finish(end);
    return result;
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    REAL(renameat2);
    bool half, end;
    if (strike(RENAME, &half, &end)) return -1;
    int result = next(from_folder, from, to_folder, to, flags);
    finish(end);
    return result;
}

/* Closed all the same, as Linux does; what was still to be written may be lost. */
int close(int fd)
{
    REAL(close);
    bool half, end, fails = strike(CLOSE, &half, &end);
    int code = errno, result = next(fd);
    finish(end);
    if (!fails) return result;
    errno = code;
    return -1;
}

int fclose(FILE *file)
{
    REAL(fclose);
    bool half, end, fails = strike(CLOSE, &half, &end);
    int code = errno, result = next(file);
    finish(end);
    if (!fails) return result;
    errno = code;
    return EOF;
}

static void *map_as(const char *name, void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    void *(*next)(void *, size_t, int, int, int, off_t) = (void *(*)(void *, size_t, int, int, int, off_t))real(name);
    bool half, end;
    if (strike(MAP, &half, &end)) return errno = ENOMEM, MAP_FAILED;
    return next(at, size, protection, flags, fd, offset);
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    return map_as("mmap", at, size, protection, flags, fd, offset);
}
void *mmap64(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    return map_as("mmap64", at, size, protection, flags, fd, offset);
}

#define CALL_LIKE(kind, type, name, declared, passed, failed) \
    type name declared                                        \
    {                                                         \
        REAL(name);                                           \
        bool half, end;                                       \
        if (strike(kind, &half, &end)) return failed;         \
        type result = next passed;                            \
        finish(end);                                          \
        return result;                                        \
    }
CALL_LIKE(NAME, int, mkdir, (const char *path, mode_t mode), (path, mode), -1)
CALL_LIKE(NAME, int, unlink, (const char *path), (path), -1)
CALL_LIKE(NAME, int, rmdir, (const char *path), (path), -1)
CALL_LIKE(NAME, int, stat, (const char *path, struct stat *info), (path, info), -1)
CALL_LIKE(NAME, int, lstat, (const char *path, struct stat *info), (path, info), -1)
CALL_LIKE(NAME, int, fstat, (int fd, struct stat *info), (fd, info), -1)
CALL_LIKE(NAME, char *, realpath, (const char *path, char *resolved), (path, resolved), NULL)
CALL_LIKE(NAME, DIR *, opendir, (const char *path), (path), NULL)
CALL_LIKE(NAME, struct dirent *, readdir, (DIR * dir), (dir), NULL)
CALL_LIKE(QUERY, int, statvfs, (const char *path, struct statvfs *info), (path, info), -1)
CALL_LIKE(QUERY, int, getrlimit, (__rlimit_resource_t what, struct rlimit *limit), (what, limit), -1)
CALL_LIKE(QUERY, int, sched_getaffinity, (pid_t process, size_t size, cpu_set_t *set), (process, size, set), -1)
CALL_LIKE(QUERY, long, sysconf, (int what), (what), -1)
CALL_LIKE(QUERY, int, uname, (struct utsname * info), (info), -1)
CALL_LIKE(QUERY, int, madvise, (void *at, size_t size, int advice), (at, size, advice), -1)

char *__realpath_chk(const char *path, char *resolved, size_t room);
char *__realpath_chk(const char *path, char *resolved, size_t room)
{
    (void)room;
    return realpath(path, resolved);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *argument)
{
    REAL(pthread_create);
    bool half, end;
    if (strike(THREAD, &half, &end)) return EAGAIN;
    return next(thread, attributes, start, argument);
}
