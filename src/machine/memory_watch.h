/* Keeps an eye on the machine's memory while training runs, so that the run ends by its own decision and with a
 * checkpoint, never by the kernel's killer.
 *
 *     assay_memory_watch watch;
 *     assay_memory_watch_begin(&watch, ""); // before the first step
 *     ... after each step:
 *     if (assay_memory_watch_look(&watch, now, &finding)) return act_on(&finding);
 *     assay_memory_watch_end(&watch);
 *
 * A run takes its memory before its first step and no more later, so what is free may only shrink because of others (or
 * because a cgroup's limit was lowered). Thresholds are set from what is free after the first step
 * (assay_memory_limits_of):
 *   soft  5 % of what this process may use (RAM or cgroup limit), between 64 MiB and 1 GiB: a warning that names who
 *   grew most;
 *   hard  1.5 % of it, between 32 MiB and 256 MiB: checkpoint and stop.
 * A run that was tight from the start (its own cgroup, a little above the plan) is not stopped for it: either verdict
 * also asks that a quarter (soft) or three quarters (hard) of what was free at first, and at least 16 MiB, went away
 * since.
 */
#ifndef ASSAY_MACHINE_MEMORY_WATCH_H
#define ASSAY_MACHINE_MEMORY_WATCH_H

#include "machine/machine.h"

#include <stdbool.h>
#include <stddef.h>

typedef enum assay_memory_verdict { ASSAY_MEMORY_FINE, ASSAY_MEMORY_LOW, ASSAY_MEMORY_OUT } assay_memory_verdict;

typedef struct assay_memory_limits {
    uint64_t soft, hard; /* free bytes below which the verdict falls; 0: never */
} assay_memory_limits;

/* Of what was spare when the run had taken all its memory. */
assay_memory_limits assay_memory_limits_of(const assay_machine_memory *start);
assay_memory_verdict assay_memory_judge(const assay_memory_limits *limits, uint64_t free_bytes);

typedef struct assay_process {
    int pid;
    uint64_t resident; /* bytes */
    char name[32];
} assay_process;

enum { ASSAY_PROCESSES_MAX = 4096 };

typedef struct assay_process_list {
    assay_process *items;
    size_t count;
} assay_process_list;

/* All processes that can be read under root/proc (at most ASSAY_PROCESSES_MAX); empty where there is no memory or no
 * /proc. */
void assay_process_list_read(assay_process_list *list, const char *root);
void assay_process_list_release(assay_process_list *list); /* safe on a zeroed list */

typedef struct assay_memory_watch {
    const char *root;
    assay_process_list start;
    assay_memory_limits limits;
    uint64_t start_limit; /* of the cgroup; UINT64_MAX: none */
    double looked;        /* seconds */
    bool armed, warned, said_limit;
} assay_memory_watch;

typedef struct assay_memory_finding {
    assay_memory_verdict verdict;
    bool limit_shrank; /* the cgroup's limit is lower than at the start; said once */
    uint64_t free, limit, start_limit;
    bool has_grown; /* grown and growth are known */
    assay_process grown;
    uint64_t growth;
} assay_memory_finding;

/* root: "" or the folder of a copy of /proc and /sys (tests); borrowed. */
void assay_memory_watch_begin(assay_memory_watch *watch, const char *root);
void assay_memory_watch_end(assay_memory_watch *watch);

/* Call after every step; `now` in seconds. Reads at most twice a second. True: *finding is worth saying (a verdict
 * newly reached, or a limit that shrank). A LOW is said once until memory is fine again; where nothing can be read
 * nothing is found. */
bool assay_memory_watch_look(assay_memory_watch *watch, double now, assay_memory_finding *finding);

#endif
