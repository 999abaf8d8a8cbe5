#include "machine/machine_facts.h"

#include "base/file.h"
#include "base/json_doc.h"
#include "base/threads.h"
#include "machine/machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

static json_t *processor_name(void)
{
    char line[512];
    json_t *name = NULL;
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (file && !name && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon) continue;
        colon += strspn(colon, ": \t");
        name = json_stringn(colon, strcspn(colon, "\n"));
    }
    if (file) fclose(file);
    return name ? name : json_null();
}

static json_t *system_name(void)
{
    struct utsname name;
    return uname(&name) == 0 ? json_sprintf("%s %s %s", name.sysname, name.release, name.machine) : json_null();
}

#ifdef __clang__
#define COMPILER __VERSION__ /* "Clang 14.0.6" */
#else
#define COMPILER "gcc " __VERSION__
#endif

/* processor, processors, threads, kernels, memory_total_bytes, system, compiler. NULL: out of memory. What the system
 * does not tell is null. */
static json_t *facts_of(int threads, const char *kernels)
{
    assay_machine_memory memory;
    bool known = assay_machine_memory_read(&memory, "", NULL) == ASSAY_OK;
    return json_pack("{s:o, s:i, s:i, s:s, s:o, s:o, s:s}", "processor", processor_name(), "processors",
                     assay_processors(), "threads", threads, "kernels", kernels, "memory_total_bytes",
                     known ? json_integer((json_int_t)memory.total) : json_null(), "system", system_name(), "compiler",
                     COMPILER);
}

assay_status assay_machine_facts_save(const char *folder, int threads, const char *kernels, assay_error *err)
{
    json_t *facts = facts_of(threads, kernels);
    char *path = assay_path_join(folder, "machine.json");
    assay_status status = facts && path ? assay_json_save(facts, path, err)
                                        : assay_error_set(err, ASSAY_E_MEMORY, "out of memory for machine.json");
    json_decref(facts);
    assay_free(path);
    return status;
}
