/* A process lives in a path of cgroups, and each group on the path may have a limit of its own: so the path is walked
 * up to the root, and the tightest counts. In a container the path in /proc/self/cgroup is often the host's and does
 * not exist inside; the walk up ends at the mount, which is then the container's own group. */
#include "machine/machine.h"

#include "base/alloc.h"
#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PSEUDO_FILE_CEILING = 1 << 20 };

/* Files of /proc and /sys have no size; they are read until they end. NULL when there is none. */
static char *read_pseudo(const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file) return NULL;
    size_t size = 0, capacity = 1 << 14;
    char *text = assay_alloc(1, capacity + 1);
    while (text && size < PSEUDO_FILE_CEILING) {
        size_t got = fread(text + size, 1, capacity - size, file);
        if (got == 0) break;
        size += got;
        if (size < capacity) continue;
        char *larger = assay_realloc(text, capacity + 1, 2 * capacity + 1, 1);
        if (!larger) break;
        text = larger;
        capacity *= 2;
    }
    fclose(file);
    if (text) text[size] = '\0';
    return text;
}

static bool read_whole(const char *text, uint64_t *out)
{
    char *end;
    text += strspn(text, " \t");
    errno = 0;
    *out = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && errno == 0;
}

/* The number behind `key` at the start of a line. */
static bool number_after(const char *text, const char *key, uint64_t *out)
{
    size_t length = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        if (*line == '\n') line++;
        if (strncmp(line, key, length) == 0) return read_whole(line + length, out);
    }
    return false;
}

typedef struct cgroup_names {
    const char *mount, *limit, *usage, *cache_key, *active_key;
} cgroup_names;

static const cgroup_names version_1 = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes",
                                       "total_inactive_file ", "total_active_file "};
static const cgroup_names version_2 = {"/sys/fs/cgroup", "memory.max", "memory.current", "inactive_file ",
                                       "active_file "};

static bool read_number(const char *folder, const char *name, uint64_t *out)
{
    char *path = assay_path_join(folder, name);
    char *text = path ? read_pseudo(path) : NULL;
    bool found = text && read_whole(text, out); /* "max" is no number: no limit */
    assay_free(text);
    assay_free(path);
    return found;
}

static uint64_t read_cache(const char *folder, const char *key)
{
    uint64_t cache = 0;
    char *path = assay_path_join(folder, "memory.stat");
    char *text = path ? read_pseudo(path) : NULL;
    if (text && !number_after(text, key, &cache)) cache = 0;
    assay_free(text);
    assay_free(path);
    return cache;
}

static uint64_t left_of(uint64_t limit, uint64_t used, uint64_t cache)
{
    used -= cache < used ? cache : used;
    return used < limit ? limit - used : 0;
}

static void apply_group(assay_machine_memory *memory, const char *folder, const char *group, const cgroup_names *names)
{
    uint64_t limit, used = 0;
    if (!read_number(folder, names->limit, &limit) || limit >= memory->total) return;
    read_number(folder, names->usage, &used);
    uint64_t cache = read_cache(folder, names->cache_key);
    uint64_t left = left_of(limit, used, cache),
             spare = left_of(limit, used, cache + read_cache(folder, names->active_key));
    if (limit < memory->limit) memory->limit = limit;
    if (left < memory->free) memory->free = left;
    if (spare < memory->group) {
        size_t length = strlen(group);
        memory->group = spare;
        if (length >= sizeof memory->tightest) length = 0;
        memcpy(memory->tightest, group, length);
        memory->tightest[length] = '\0';
    }
    if (spare < memory->spare) memory->spare = spare;
}

static void apply_path(assay_machine_memory *memory, const char *root, const char *group, const cgroup_names *names)
{
    char folder[PATH_MAX];
    size_t stem = (size_t)snprintf(folder, sizeof folder, "%s%s", root, names->mount);
    if (stem + strlen(group) >= sizeof folder) return;
    snprintf(folder + stem, sizeof folder - stem, "%s", group);
    while (true) {
        apply_group(memory, folder, folder + stem, names);
        char *slash = strrchr(folder + stem, '/');
        if (!slash) return;
        *slash = '\0';
    }
}

/* The next memory cgroup of a /proc/PID/cgroup, "" for the root; NULL: no more. *rest moves on, the text is cut up. */
static const char *next_group(char **rest, const cgroup_names **names)
{
    for (char *line = *rest ? strsep(rest, "\n") : NULL; line; line = strsep(rest, "\n")) {
        char *controllers = strchr(line, ':'), *group = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!group) continue;
        *group++ = '\0';
        *names = strcmp(line, "0:") == 0 ? &version_2 : strstr(controllers + 1, "memory") ? &version_1 : NULL;
        if (*names) return strcmp(group, "/") == 0 ? group + 1 : group;
    }
    return NULL;
}

static void apply_cgroups(assay_machine_memory *memory, const char *root)
{
    char path[PATH_MAX];
    const cgroup_names *names;
    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    char *text = read_pseudo(path), *rest = text;
    for (const char *group = next_group(&rest, &names); group; group = next_group(&rest, &names))
        apply_path(memory, root, group, names);
    assay_free(text);
}

bool assay_machine_in_group(const char *root, int pid, const char *group)
{
    char path[PATH_MAX];
    const cgroup_names *names;
    size_t length = strlen(group);
    bool found = false;
    snprintf(path, sizeof path, "%s/proc/%d/cgroup", root, pid);
    char *text = read_pseudo(path), *rest = text;
    for (const char *at = next_group(&rest, &names); at && !found; at = next_group(&rest, &names))
        found = strncmp(at, group, length) == 0 && (at[length] == '\0' || at[length] == '/');
    assay_free(text);
    return found;
}

/* "Max data size    SOFT    HARD    bytes" of /proc/self/limits against "VmData:" of /proc/self/status; what is
 * unlimited is no number. */
static void apply_process_limit(assay_machine_memory *memory, const char *limits, const char *status,
                                const char *limit_key, const char *use_key)
{
    uint64_t limit, used;
    if (!number_after(limits, limit_key, &limit) || !number_after(status, use_key, &used)) return;
    uint64_t left = left_of(limit, used << 10, 0);
    if (left < memory->own) memory->own = left;
}

static void apply_process_limits(assay_machine_memory *memory, const char *root)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/proc/self/limits", root);
    char *limits = read_pseudo(path);
    snprintf(path, sizeof path, "%s/proc/self/status", root);
    char *status = read_pseudo(path);
    if (limits && status) {
        apply_process_limit(memory, limits, status, "Max data size", "VmData:");
        apply_process_limit(memory, limits, status, "Max address space", "VmSize:");
    }
    assay_free(limits);
    assay_free(status);
}

assay_status assay_machine_memory_read(assay_machine_memory *memory, const char *root, assay_error *err)
{
    char path[PATH_MAX];
    uint64_t total, available;
    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    char *text = read_pseudo(path);
    bool known = text && number_after(text, "MemTotal:", &total) && number_after(text, "MemAvailable:", &available);
    assay_free(text);
    if (!known)
        return assay_error_set(err, ASSAY_E_IO, "cannot read the free memory from %s; say how much with --memory",
                               path);
    *memory = (assay_machine_memory){.total = total << 10,
                                     .available = available << 10,
                                     .limit = UINT64_MAX,
                                     .free = available << 10,
                                     .group = UINT64_MAX,
                                     .own = UINT64_MAX,
                                     .spare = available << 10};
    apply_cgroups(memory, root);
    apply_process_limits(memory, root);
    return ASSAY_OK;
}
