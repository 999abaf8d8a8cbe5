/* The memory watch: verdicts from fed numbers, and the whole watch on made-up copies of /proc and /sys that change
 * between two looks. */
#include "test_support.h"

#include "base/file.h"
#include "machine/memory_watch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const uint64_t MIB = 1 << 20, GIB = 1 << 30;
static char root[64];

static assay_memory_limits limits_for(uint64_t total, uint64_t limit, uint64_t spare)
{
    return assay_memory_limits_of(
        &(assay_machine_memory){.total = total, .available = spare, .limit = limit, .free = spare, .spare = spare});
}

static void thresholds_follow_the_machine(void **state)
{
    (void)state;
    assay_memory_limits big = limits_for(64 * GIB, UINT64_MAX, 40 * GIB),
                        small = limits_for(4 * GIB, UINT64_MAX, 3 * GIB), group = limits_for(64 * GIB, 2 * GIB, GIB);
    assert_int_equal(big.soft, 1024 * MIB);
    assert_int_equal(big.hard, 256 * MIB);
    assert_int_equal(small.soft, 4 * GIB / 20);
    assert_int_equal(small.hard, 4 * GIB / 200 * 3);
    assert_int_equal(group.soft, 2 * GIB / 20);
    assert_int_equal(group.hard, 32 * MIB);
    assert_true(assay_memory_judge(&small, 3 * GIB) == ASSAY_MEMORY_FINE);
    assert_true(assay_memory_judge(&small, small.soft) == ASSAY_MEMORY_FINE);
    assert_true(assay_memory_judge(&small, small.soft - 1) == ASSAY_MEMORY_LOW);
    assert_true(assay_memory_judge(&small, small.hard) == ASSAY_MEMORY_LOW);
    assert_true(assay_memory_judge(&small, small.hard - 1) == ASSAY_MEMORY_OUT);
    assert_true(assay_memory_judge(&small, 0) == ASSAY_MEMORY_OUT);
}

/* A group a little above the plan's need: whatever is left at the start, the start itself is fine, and with less than
 * 16 MiB nothing ever stops it. */
static void a_run_tight_from_the_start_goes_on(void **state)
{
    (void)state;
    for (uint64_t spare = 0; spare < 2 * GIB; spare += spare / 7 + 12345) {
        assay_memory_limits limits = limits_for(64 * GIB, 4 * GIB, spare);
        assert_true(limits.hard <= limits.soft);
        assert_true(assay_memory_judge(&limits, spare) == ASSAY_MEMORY_FINE);
        assert_true(assay_memory_judge(&limits, spare - spare / 5) == ASSAY_MEMORY_FINE || limits.soft == 4 * GIB / 20);
        if (spare <= 16 * MIB) assert_true(assay_memory_judge(&limits, 0) == ASSAY_MEMORY_FINE);
        if (spare > 64 * MIB) assert_true(assay_memory_judge(&limits, 0) == ASSAY_MEMORY_OUT);
    }
}

static void put(const char *path, const char *text)
{
    char full[256], folder[256];
    snprintf(full, sizeof full, "%s%s", root, path);
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(full, '/') - full), full);
    assert_int_equal(assay_make_dirs(folder, NULL), ASSAY_OK);
    assert_int_equal(assay_file_write_atomic(full, text, strlen(text), NULL), ASSAY_OK);
}

static void put_free(uint64_t kib)
{
    char text[128];
    snprintf(text, sizeof text, "MemTotal: 16000000 kB\nMemAvailable: %llu kB\n", (unsigned long long)kib);
    put("/proc/meminfo", text);
}

static void put_process(int pid, const char *name, uint64_t bytes)
{
    char path[64], text[256];
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    snprintf(text, sizeof text,
             "%d (%s) S 1 1 1 0 -1 4194560 100 0 0 0 5 6 0 0 20 0 1 0 77 123456789 %llu 18446744073709551615 1 1", pid,
             name, (unsigned long long)(bytes / (uint64_t)sysconf(_SC_PAGESIZE)));
    put(path, text);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/assay-watch-XXXXXX");
    if (!mkdtemp(root)) return -1;
    put_free(8000000);
    put_process(1, "init", 10 * MIB);
    put_process(40, "bad ) name (", 100 * MIB);
    put_process(50, "assay", 900 * MIB);
    put("/proc/notanumber/stat", "x");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return assay_remove_tree(root, NULL) == ASSAY_OK ? 0 : -1;
}

static void who_grew_is_named(void **state)
{
    assay_memory_watch watch;
    assay_memory_finding found;
    (void)state;
    assay_memory_watch_begin(&watch, root);
    assert_false(assay_memory_watch_look(&watch, 0, &found)); /* arms */
    put_process(40, "bad ) name (", 5100 * MIB);
    put_process(77, "newcomer", 3000 * MIB);
    put_free(700000);                                           /* below 5 % of 16 GB */
    assert_false(assay_memory_watch_look(&watch, 0.1, &found)); /* too soon */
    assert_true(assay_memory_watch_look(&watch, 1, &found));
    assert_true(found.verdict == ASSAY_MEMORY_LOW && found.has_grown);
    assert_int_equal(found.grown.pid, 40);
    assert_string_equal(found.grown.name, "bad ) name (");
    assert_int_equal(found.growth, 5000 * MIB);
    assert_false(assay_memory_watch_look(&watch, 2, &found)); /* said already */
    put_free(8000000);
    assert_false(assay_memory_watch_look(&watch, 3, &found));
    put_free(700000);
    assert_true(assay_memory_watch_look(&watch, 4, &found)); /* low again is news again */
    put_process(77, "newcomer", 6000 * MIB);
    put_free(100000);
    assert_true(assay_memory_watch_look(&watch, 5, &found));
    assert_true(found.verdict == ASSAY_MEMORY_OUT);
    assert_int_equal(found.grown.pid, 77);
    assay_memory_watch_end(&watch);
}

static void a_group_that_shrinks_is_noticed(void **state)
{
    assay_memory_watch watch;
    assay_memory_finding found;
    (void)state;
    put("/proc/self/cgroup", "0::/job\n");
    put("/sys/fs/cgroup/job/memory.max", "4294967296\n");
    put("/sys/fs/cgroup/job/memory.current", "2147483648\n");
    put("/sys/fs/cgroup/job/memory.stat", "inactive_file 0\nactive_file 0\n");
    assay_memory_watch_begin(&watch, root);
    assert_false(assay_memory_watch_look(&watch, 0, &found));
    put("/sys/fs/cgroup/job/memory.max", "3221225472\n");
    assert_true(assay_memory_watch_look(&watch, 1, &found));
    assert_true(found.limit_shrank && found.verdict == ASSAY_MEMORY_FINE);
    assert_int_equal(found.limit, 3 * GIB);
    assert_int_equal(found.start_limit, 4 * GIB);
    assert_false(assay_memory_watch_look(&watch, 2, &found));
    put("/sys/fs/cgroup/job/memory.max", "2157483648\n"); /* 10 MB above what is used */
    assert_true(assay_memory_watch_look(&watch, 3, &found));
    assert_true(found.verdict == ASSAY_MEMORY_OUT);
    /* cache is dropped before anyone is killed */
    put("/sys/fs/cgroup/job/memory.stat", "inactive_file 0\nactive_file 1500000000\n");
    assert_false(assay_memory_watch_look(&watch, 4, &found));
    assay_memory_watch_end(&watch);
}

static void only_those_in_a_full_group_are_named(void **state)
{
    assay_memory_watch watch;
    assay_memory_finding found;
    (void)state;
    put("/proc/self/cgroup", "4:memory:/job/run\n0::/\n");
    put("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "4294967296\n");
    put("/sys/fs/cgroup/memory/job/memory.usage_in_bytes", "1073741824\n");
    put("/proc/1/cgroup", "4:memory:/\n");
    put("/proc/40/cgroup", "4:memory:/jobs\n3:cpu:/job\n");
    put("/proc/50/cgroup", "4:memory:/job/run\n");
    put("/proc/60/cgroup", "4:memory:/job\n");
    put_process(60, "neighbour", 10 * MIB);
    assay_memory_watch_begin(&watch, root);
    assert_false(assay_memory_watch_look(&watch, 0, &found));
    put_process(40, "bad ) name (", 5100 * MIB);
    put_process(60, "neighbour", 3000 * MIB);
    put("/sys/fs/cgroup/memory/job/memory.usage_in_bytes", "4284967296\n");
    assert_true(assay_memory_watch_look(&watch, 1, &found));
    assert_true(found.verdict == ASSAY_MEMORY_OUT && found.has_grown);
    assert_int_equal(found.grown.pid, 60);
    /* now the machine is full, before the group */
    put("/proc/meminfo", "MemTotal: 16000000 kB\nMemAvailable: 5000 kB\n");
    assert_true(assay_memory_watch_look(&watch, 2, &found));
    assert_int_equal(found.grown.pid, 40);
    assay_memory_watch_end(&watch);
}

static void without_proc_nothing_is_found(void **state)
{
    assay_memory_watch watch;
    assay_memory_finding found;
    (void)state;
    assay_memory_watch_begin(&watch, "/nonexistent");
    for (int i = 0; i < 3; i++) assert_false(assay_memory_watch_look(&watch, i, &found));
    assay_memory_watch_end(&watch);
}

static void this_very_process_is_listed(void **state)
{
    assay_process_list list;
    bool seen = false;
    (void)state;
    assay_process_list_read(&list, "");
    for (size_t i = 0; i < list.count; i++) seen |= list.items[i].pid == (int)getpid() && list.items[i].resident > 0;
    assay_process_list_release(&list);
    assert_true(seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thresholds_follow_the_machine),
        cmocka_unit_test(a_run_tight_from_the_start_goes_on),
        cmocka_unit_test_setup_teardown(who_grew_is_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_group_that_shrinks_is_noticed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_those_in_a_full_group_are_named, set_up, tear_down),
        cmocka_unit_test(without_proc_nothing_is_found),
        cmocka_unit_test(this_very_process_is_listed),
    };
    return cmocka_run_group_tests_name("memory_watch", tests, NULL, NULL);
}
