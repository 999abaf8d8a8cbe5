#include "comm/launcher.h"

#include <stdlib.h>

typedef struct sign {
    const char *variable, *plugin;
    bool counts; /* its value is the number of processes */
} sign;

/* Open MPI's mpirun; Slurm's and PRRTE's PMIx, which Open MPI speaks; MPICH's mpiexec and srun --mpi=pmi2. */
static const sign signs[] = {
    {"OMPI_COMM_WORLD_SIZE", "openmpi", true}, {"PMIX_RANK", "openmpi", false}, {"PMI_SIZE", "mpich", true}};

static long number_in(const char *variable)
{
    const char *text = getenv(variable);
    long number = text ? strtol(text, NULL, 10) : 0;
    return number > 0 ? number : 0;
}

assay_status assay_launcher_find(assay_launcher *launcher, assay_error *err)
{
    *launcher = (assay_launcher){0};
    for (size_t i = 0; i < sizeof signs / sizeof *signs && !launcher->found; i++) {
        const char *value = getenv(signs[i].variable);
        if (!value || !*value) continue;
        *launcher = (assay_launcher){true, signs[i].plugin, signs[i].variable,
                                     signs[i].counts ? number_in(signs[i].variable) : 0};
    }
    long step = number_in("SLURM_STEP_NUM_TASKS"), world = number_in("WORLD_SIZE");
    if (launcher->found) return ASSAY_OK;
    if (step > 1)
        return assay_error_set(err, ASSAY_E_USAGE,
                               "srun has started %ld processes that do not know of each other: srun --mpi=pmix (Open "
                               "MPI) or --mpi=pmi2 (MPICH) tells them; srun --mpi=list shows what there is",
                               step);
    if (world > 1)
        return assay_error_set(
            err, ASSAY_E_USAGE,
            "WORLD_SIZE says that %ld processes were started (torchrun?), but not by an MPI, so they "
            "do not know of each other; type: mpirun -n %ld assay ... (docs/clusters.md), or "
            "unset WORLD_SIZE for one process",
            world, world);
    return ASSAY_OK;
}
