/* Free memory under cgroups of both versions, from made-up copies of /proc and /sys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "machine/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char root[64];
static assay_error error;

static void put(const char *path, const char *text)
{
    char full[256], folder[256];
    snprintf(full, sizeof full, "%s%s", root, path);
    snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(full, '/') - full), full);
    assert_int_equal(assay_make_dirs(folder, &error), ASSAY_OK);
    assert_int_equal(assay_file_write_atomic(full, text, strlen(text), &error), ASSAY_OK);
}

static assay_machine_memory read_memory(void)
{
    assay_machine_memory memory = {0};
    assert_int_equal(assay_machine_memory_read(&memory, root, &error), ASSAY_OK);
    return memory;
}

static int set_up(void **state)
{
    (void)state;
    snprintf(root, sizeof root, "/tmp/assay-machine-XXXXXX");
    if (!mkdtemp(root)) return -1;
    put("/proc/meminfo", "MemTotal:       16000 kB\nMemFree:  1 kB\nMemAvailable:   8000 kB\n");
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return assay_remove_tree(root, &error) == ASSAY_OK ? 0 : -1;
}

static void without_groups(void **state)
{
    (void)state;
    assay_machine_memory memory = read_memory();
    assert_int_equal(memory.total, 16000 << 10);
    assert_int_equal(memory.free, 8000 << 10);
    assert_true(memory.limit == UINT64_MAX);
}

static void the_tightest_of_version_2(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "0::/a/b\n");
    put("/sys/fs/cgroup/a/memory.max", "5000000\n");
    put("/sys/fs/cgroup/a/memory.current", "3000000\n");
    put("/sys/fs/cgroup/a/memory.stat", "anon 5\ninactive_file 1000000\n");
    put("/sys/fs/cgroup/a/b/memory.max", "max\n");
    assay_machine_memory memory = read_memory();
    assert_int_equal(memory.limit, 5000000);
    assert_int_equal(memory.free, 3000000); /* 5 - (3 - 1) million */
}

static void a_container_with_the_hosts_path(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "9:name=systemd:/\n8:cpu,memory:/docker/1234\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "4000000\n");
    put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "4500000\n");
    assay_machine_memory memory = read_memory();
    assert_int_equal(memory.limit, 4000000);
    assert_int_equal(memory.free, 0);
}

static void no_limit_is_a_huge_number_in_version_1(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "8:memory:/\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    assert_true(read_memory().limit == UINT64_MAX);
}

static void the_tightest_on_the_way_to_the_root(void **state)
{
    (void)state;
    put("/proc/self/cgroup", "4:memory:/job/step/task\n0::/\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "6000000\n");
    put("/sys/fs/cgroup/memory/job/memory.usage_in_bytes", "4000000\n");
    put("/sys/fs/cgroup/memory/job/memory.stat",
        "inactive_file 7\ntotal_inactive_file 500000\ntotal_active_file 250000\n");
    put("/sys/fs/cgroup/memory/job/step/memory.limit_in_bytes", "5000000\n");
    put("/sys/fs/cgroup/memory/job/step/memory.usage_in_bytes", "1000000\n");
    put("/sys/fs/cgroup/memory/job/step/task/memory.limit_in_bytes", "7000000\n");
    put("/sys/fs/cgroup/memory/job/step/task/memory.usage_in_bytes", "1000000\n");
    assay_machine_memory memory = read_memory();
    assert_int_equal(memory.limit, 5000000);
    assert_int_equal(memory.free, 2500000);  /* in job, which others fill as well */
    assert_int_equal(memory.group, 2750000); /* its active cache goes before anyone is killed */
    assert_true(memory.own == UINT64_MAX);
}

static void limits_of_the_process(void **state)
{
    (void)state;
    put("/proc/self/status", "Name:\tassay\nVmSize:\t  3000 kB\nVmData:\t  1000 kB\n");
    put("/proc/self/limits", "Limit                     Soft Limit           Hard Limit           Units     \n"
                             "Max data size             unlimited            unlimited            bytes     \n"
                             "Max address space         unlimited            unlimited            bytes     \n");
    assert_true(read_memory().own == UINT64_MAX);
    put("/proc/self/limits", "Max data size             4096000              unlimited            bytes     \nMax "
                             "address space         unlimited  unlimited  bytes\n");
    assert_int_equal(read_memory().own, 4096000 - (1000 << 10));
    put("/proc/self/limits", "Max data size             4096000              unlimited            bytes     \nMax "
                             "address space         3500000  3500000  bytes\n");
    assert_int_equal(read_memory().own, 3500000 - (3000 << 10));
    put("/proc/self/limits", "Max data size             1000                 unlimited            bytes     \n");
    assert_int_equal(read_memory().own, 0);
    assert_int_equal(read_memory().free, 8000 << 10); /* of the machine, mapped files included */
}

static void no_meminfo_is_an_error(void **state)
{
    (void)state;
    assay_machine_memory memory;
    put("/proc/meminfo", "nothing\n");
    assert_int_equal(assay_machine_memory_read(&memory, root, &error), ASSAY_E_IO);
    assert_non_null(strstr(error.text, "--memory"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(without_groups, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_tightest_of_version_2, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_container_with_the_hosts_path, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_limit_is_a_huge_number_in_version_1, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_tightest_on_the_way_to_the_root, set_up, tear_down),
        cmocka_unit_test_setup_teardown(limits_of_the_process, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_meminfo_is_an_error, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
