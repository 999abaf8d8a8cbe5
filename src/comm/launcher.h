/* Whether a launcher (mpirun, srun) started this process as one of several, and which MPI it speaks. Nothing but the
 * MPI itself is believed about rank and number. */
#ifndef ASSAY_COMM_LAUNCHER_H
#define ASSAY_COMM_LAUNCHER_H

#include "base/status.h"

#include <stdbool.h>

typedef struct assay_launcher {
    bool found;
    const char *plugin; /* "openmpi", "mpich" */
    const char *sign;   /* the variable that says so */
    long claimed;       /* processes, by that variable; 0: it does not say */
} assay_launcher;

/* Looks at the environment. ASSAY_E_USAGE, with the line to type, where several processes were started by something
 * that is no MPI: WORLD_SIZE (torchrun), or srun without --mpi. A script of sbatch alone is no launcher. */
assay_status assay_launcher_find(assay_launcher *launcher, assay_error *err);

#endif
