/* Free memory under cgroups of both versions, from made-up copies of /proc and /sys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file.h"
#include "cli/machine.h"

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
        cmocka_unit_test_setup_teardown(no_meminfo_is_an_error, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
