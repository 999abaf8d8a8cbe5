#include "comm/plugin.h"

#include "base/alloc.h"
#include "base/file.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The folder of the program that runs; "" where the system does not say. */
static void program_folder(char folder[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 1);
    folder[length > 0 ? length : 0] = 0;
    char *slash = strrchr(folder, '/');
    if (slash) *slash = 0;
}

/* NULL with a message: it is nowhere. The caller frees it. */
static char *find(const assay_launcher *launcher, assay_error *err)
{
    static const char *const places[] = {"", "/../lib/assay"};
    const char *named = getenv("ASSAY_MPI");
    char folder[PATH_MAX];
    if (named && *named) return assay_strdup(named);
    program_folder(folder);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        char *path = assay_strfmt("%s%s/assay-mpi-%s.so", folder, places[i], launcher->plugin);
        if (path && assay_path_exists(path)) return path;
        assay_free(path);
    }
    assay_error_set(err, ASSAY_E_USAGE,
                    "%s says that an MPI started this process, and %s has no assay-mpi-%s.so to speak to it: install "
                    "that MPI's mpicc and build again (scripts/build makes it; docs/clusters.md), or unset %s for one "
                    "process",
                    launcher->sign, folder, launcher->plugin, launcher->sign);
    return NULL;
}

/* The plug-ins of an MPI look for its symbols in what is open already. */
static assay_status load(const char *path, const assay_transport **out, assay_error *err)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_GLOBAL);
    if (!library) return assay_error_set(err, ASSAY_E_USAGE, "cannot open the plug-in for MPI: %s", dlerror());
    *out = dlsym(library, ASSAY_TRANSPORT_SYMBOL);
    if (*out && (*out)->version == ASSAY_TRANSPORT_VERSION) return ASSAY_OK;
    return assay_error_set(err, ASSAY_E_USAGE, "%s is no plug-in of this version; build it again (scripts/build)",
                           path);
}

assay_status assay_plugin_open(const assay_launcher *launcher, const assay_transport **out, assay_error *err)
{
    char *path = find(launcher, err);
    if (!path) return ASSAY_E_USAGE;
    assay_status status = load(path, out, err);
    assay_free(path);
    return status;
}
