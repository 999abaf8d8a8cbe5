#include "machine/memory_watch.h"

#include "base/alloc.h"
#include "base/sizes.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint64_t MIB = 1 << 20;
static const double PERIOD = 0.5; /* seconds between two looks */

static uint64_t clamped(uint64_t value, uint64_t low, uint64_t high)
{
    return value < low ? low : assay_smaller_bytes(value, high);
}

/* The threshold, but never one that is passed before `share` of what was free, and 16 MiB, went away. */
static uint64_t threshold(uint64_t wanted, uint64_t free_bytes, uint64_t share)
{
    uint64_t gone = share > 16 * MIB ? share : 16 * MIB;
    return free_bytes > gone ? assay_smaller_bytes(wanted, free_bytes - gone) : 0;
}

assay_memory_limits assay_memory_limits_of(const assay_machine_memory *start)
{
    uint64_t usable = assay_smaller_bytes(start->total, start->limit);
    return (assay_memory_limits){
        .soft = threshold(clamped(usable / 20, 64 * MIB, 1024 * MIB), start->spare, start->spare / 4),
        .hard = threshold(clamped(usable / 200 * 3, 32 * MIB, 256 * MIB), start->spare, start->spare / 4 * 3)};
}

assay_memory_verdict assay_memory_judge(const assay_memory_limits *limits, uint64_t free_bytes)
{
    if (free_bytes < limits->hard) return ASSAY_MEMORY_OUT;
    return free_bytes < limits->soft ? ASSAY_MEMORY_LOW : ASSAY_MEMORY_FINE;
}

/* "pid (name) state ..." : the name may hold spaces and brackets, so it ends at the last one; field 24 is the resident
 * pages. */
static bool parse_stat(char *text, assay_process *out)
{
    char *open = strchr(text, '('), *close = strrchr(text, ')');
    if (!open || !close || close < open) return false;
    *close = '\0';
    out->pid = (int)strtol(text, NULL, 10);
    snprintf(out->name, sizeof out->name, "%.31s", open + 1);
    const char *at = close + 1;
    for (int field = 3; field < 24; field++) {
        at += strspn(at, " ");
        at += strcspn(at, " ");
    }
    at += strspn(at, " ");
    errno = 0;
    long pages = strtol(at, NULL, 10);
    if (*at < '0' || *at > '9' || errno != 0) return false;
    out->resident = (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
    return true;
}

static bool read_process(const char *proc, const char *pid, assay_process *out)
{
    char path[PATH_MAX], text[1024];
    snprintf(path, sizeof path, "%s/%s/stat", proc, pid);
    FILE *file = fopen(path, "re");
    if (!file) return false;
    size_t size = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[size] = '\0';
    return parse_stat(text, out);
}

void assay_process_list_read(assay_process_list *list, const char *root)
{
    char proc[PATH_MAX / 2];
    *list = (assay_process_list){.items = assay_alloc(ASSAY_PROCESSES_MAX, sizeof *list->items)};
    snprintf(proc, sizeof proc, "%s/proc", root);
    DIR *folder = list->items ? opendir(proc) : NULL;
    if (!folder) return;
    for (struct dirent *entry = readdir(folder); entry && list->count < ASSAY_PROCESSES_MAX; entry = readdir(folder))
        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9' &&
            read_process(proc, entry->d_name, &list->items[list->count]))
            list->count++;
    closedir(folder);
}

void assay_process_list_release(assay_process_list *list)
{
    assay_free(list->items);
    *list = (assay_process_list){0};
}

/* Leaves those of memory cgroup `group` and below it; "": all. */
static void keep_group(assay_process_list *list, const char *root, const char *group)
{
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++)
        if (!*group || assay_machine_in_group(root, list->items[i].pid, group)) list->items[kept++] = list->items[i];
    list->count = kept;
}

static uint64_t resident_before(const assay_process_list *before, const assay_process *process)
{
    for (size_t i = 0; i < before->count; i++)
        if (before->items[i].pid == process->pid && strcmp(before->items[i].name, process->name) == 0)
            return before->items[i].resident;
    return 0;
}

/* The process with the largest growth from `before` to `after` (new ones grew from 0); NULL: nobody grew. */
static const assay_process *most_grown(const assay_process_list *before, const assay_process_list *after,
                                       uint64_t *growth)
{
    const assay_process *grown = NULL;
    *growth = 0;
    for (size_t i = 0; i < after->count; i++) {
        uint64_t old = resident_before(before, &after->items[i]), now = after->items[i].resident;
        if (now <= old || now - old <= *growth) continue;
        *growth = now - old;
        grown = &after->items[i];
    }
    return grown;
}

void assay_memory_watch_begin(assay_memory_watch *watch, const char *root)
{
    *watch = (assay_memory_watch){.root = root, .looked = -PERIOD};
}

void assay_memory_watch_end(assay_memory_watch *watch) { assay_process_list_release(&watch->start); }

/* The first look, after a step: everything the run needs has been touched by then. */
static void arm(assay_memory_watch *watch, const assay_machine_memory *memory)
{
    watch->armed = true;
    watch->start_limit = memory->limit;
    watch->limits = assay_memory_limits_of(memory);
    assay_process_list_read(&watch->start, watch->root);
}

/* Where a cgroup is what is full, only those in it can have filled it. */
static void name_grown(const assay_memory_watch *watch, const assay_machine_memory *memory,
                       assay_memory_finding *finding)
{
    assay_process_list now;
    assay_process_list_read(&now, watch->root);
    if (memory->group <= memory->spare) keep_group(&now, watch->root, memory->tightest);
    const assay_process *grown = most_grown(&watch->start, &now, &finding->growth);
    finding->has_grown = grown != NULL;
    if (grown) finding->grown = *grown;
    assay_process_list_release(&now);
}

bool assay_memory_watch_look(assay_memory_watch *watch, double now, assay_memory_finding *finding)
{
    assay_machine_memory memory;
    *finding = (assay_memory_finding){0};
    if (now - watch->looked < PERIOD) return false;
    watch->looked = now;
    if (assay_machine_memory_read(&memory, watch->root, NULL) != ASSAY_OK) return false;
    if (!watch->armed) {
        arm(watch, &memory);
        return false;
    }
    *finding = (assay_memory_finding){.verdict = assay_memory_judge(&watch->limits, memory.spare),
                                      .free = memory.spare,
                                      .limit = memory.limit,
                                      .start_limit = watch->start_limit};
    finding->limit_shrank = memory.limit < watch->start_limit && !watch->said_limit;
    bool is_news = finding->limit_shrank || finding->verdict == ASSAY_MEMORY_OUT ||
                   (finding->verdict == ASSAY_MEMORY_LOW && !watch->warned);
    watch->said_limit |= finding->limit_shrank;
    watch->warned = finding->verdict != ASSAY_MEMORY_FINE;
    if (is_news && finding->verdict != ASSAY_MEMORY_FINE) name_grown(watch, &memory, finding);
    return is_news;
}
