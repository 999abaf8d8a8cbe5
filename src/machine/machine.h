/* What this machine has left: memory that this process may use without anyone being killed, cgroup and process limits
 * included. */
#ifndef ASSAY_MACHINE_MACHINE_H
#define ASSAY_MACHINE_MACHINE_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct assay_machine_memory {
    uint64_t total;     /* bytes of RAM */
    uint64_t available; /* the kernel's estimate (MemAvailable) */
    uint64_t limit;     /* the tightest cgroup limit above this process; UINT64_MAX: none */
    /* the least of `available` and what each cgroup has left (its inactive page cache counted as left) */
    uint64_t free;
    /* what the tightest cgroup has left before it kills (all its page cache counted as left); UINT64_MAX: no limit */
    uint64_t group;
    /* memory that RLIMIT_DATA and RLIMIT_AS still let this process map for itself; UINT64_MAX: no limit */
    uint64_t own;
    /* `free` with the cgroups' active page cache counted as left too: what can be taken before the kernel kills */
    uint64_t spare;
    char tightest[256]; /* the group that `group` is of, as /proc/self/cgroup names it; "": none, or too long */
} assay_machine_memory;

/* root: "" or the folder of a copy of /proc and /sys (tests). Cgroups of version 1 and 2; a group or a process limit
 * that cannot be read sets no limit. ASSAY_E_IO when /proc/meminfo cannot be read. */
assay_status assay_machine_memory_read(assay_machine_memory *memory, const char *root, assay_error *err);

/* Whether process `pid` lives in that memory cgroup or below it; false where it cannot be told. */
bool assay_machine_in_group(const char *root, int pid, const char *group);

#endif
